package synth

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/schemas"
)

// TestCellsFitTheDefinitions decodes every cell of a cohort as the gate's readers do, by the built-in definitions of the
// year: none breaks a rule, and each table of the return is there.
func TestCellsFitTheDefinitions(t *testing.T) {
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	sets, _, _ := cohort(t, CohortOptions{Children: 3000, Seed: 21})
	cells := 0
	for _, s := range sets {
		for file, rows := range s.tables {
			name := strings.TrimSuffix(file, ".csv")
			if name == "previous_permanence" {
				name = "prev_perm"
			}
			table := catalogue.Table("ssda903/" + name)
			if table == nil || !table.In(s.number) {
				t.Fatalf("%s of %d is not defined", file, s.number)
			}
			for _, column := range strings.Split(s.lines[file], ",") {
				def := table.Column(column)
				if def == nil {
					if column != "LOCAL_REF" {
						t.Errorf("%s: column %s is not defined", file, column)
					}
					continue
				}
				for _, r := range rows {
					cells++
					if _, rule := extract.Decode(table, def, s.number, []byte(r[column])); rule != "" {
						t.Fatalf("%d: %s: %s %q breaks %s", s.number, file, column, r[column], rule)
					}
				}
			}
		}
	}
	if cells < 100_000 {
		t.Errorf("%d cells", cells)
	}
}
