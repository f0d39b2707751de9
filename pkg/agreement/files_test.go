package agreement_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/schemas"
)

// Two tables whose names differ in the slash alone would be written to one file of the drop.
func TestOneFileForEachTable(t *testing.T) {
	cat, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("../../testdata/agreements/looked-after.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(whole), "\ntables:\n")
	daily, own := "  attendance_daily:\n    child_id: {treatment: pseudonym}\n", "  attendance/daily:\n    la_child_id: {treatment: pseudonym}\n"
	for tables, want := range map[string]int{daily: 0, own: 0, daily + own: 1, own + daily: 1} {
		_, err := agreement.Parse("a.yaml", []byte(before+"\ntables:\n"+tables), cat)
		var problems document.Problems
		errors.As(err, &problems)
		got := 0
		for _, p := range problems {
			if strings.Contains(p.Message, "leaves in a file of the same name, attendance_daily") && p.Hint != "" {
				got++
			}
		}
		if got != want {
			t.Errorf("%d problems of files, want %d: %v\n%s", got, want, err, tables)
		}
	}
}
