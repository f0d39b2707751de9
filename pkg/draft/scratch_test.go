package draft_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/draft"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/schemas"
)

func TestScratch(t *testing.T) {
	cat, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := draft.Inspect(context.Background(), "rows", csv.Rows(context.Background(), "/tmp/pn/h_sample.csv", "x.csv"), cat, draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(draft.Write("early_help", []*draft.Table{tab})))
}
