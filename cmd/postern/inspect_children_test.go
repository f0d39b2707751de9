package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// Whoever only looks at extracts sees the numbers that a spreadsheet has changed, before a run keeps their rows back.
func TestNameless(t *testing.T) {
	cat, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		header, rows string
		want         int64
	}{
		{"CHILD,DOB,MISSING,MIS_START,MIS_END", "4711,,M,05/06/2025,\n1.23E+11,,M,05/06/2025,\n4711.0,,M,05/06/2025,\n,,M,05/06/2025,\nUNKNOWN,,M,05/06/2025,\n", 4},
		{"CHILD,DOB,MISSING,MIS_START,MIS_END", "4711,,M,05/06/2025,\n1.23E+11,,M,05/06/2066 x,\n", 0}, // a row that is kept back already
	} {
		path := filepath.Join(t.TempDir(), "2025-26.csv")
		if err := os.WriteFile(path, []byte(c.header+"\n"+c.rows), 0o600); err != nil {
			t.Fatal(err)
		}
		report := &finding.Report{}
		inventory, err := extract.Discover(context.Background(), cat, map[string]extract.Reader{".csv": csv.Reader{}}, []string{path}, report)
		if err != nil {
			t.Fatal(err)
		}
		src := inventory.Sources[0]
		got := int64(0)
		d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, src.Table.ChildID, "MIS_START"), Report: report}
		d.Sink = func(b *extract.Batch) error {
			got += nameless(cat, b, report)
			return nil
		}
		if err := (csv.Reader{}).Read(context.Background(), []*extract.Demand{d}); err != nil {
			t.Fatal(err)
		}
		told := int64(0)
		for _, f := range report.Findings() {
			if f.Rule == "ID_UNUSABLE" {
				told += f.Count
				if f.Place.Column != "CHILD" || strings.Contains(f.String(), "4711") {
					t.Errorf("%s", f)
				}
			}
		}
		if got != c.want || told != c.want {
			t.Errorf("%d rows, %d told, want %d", got, told, c.want)
		}
	}
}
