package synth

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/schemas"
)

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

// TestCellsFitTheDefinitions decodes every cell of a cohort as the gate's readers do, by the built-in definitions of the
// year: none breaks a rule, and each table of the return is there.
func TestCellsFitTheDefinitions(t *testing.T) {
	catalogue, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	sets, _, _ := cohort(t, CohortOptions{Formats: ssda903Only, Children: 3000, Seed: 21})
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
			source := &extract.Source{Table: table, Year: s.number}
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
					if _, rule := extract.Decode(source, def, []byte(r[column])); rule != "" {
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

// TestOtherCellsFitTheDefinitions does the same for the tables of the school census and of GIAP. Columns are found by
// their names without spaces and case.
func TestOtherCellsFitTheDefinitions(t *testing.T) {
	catalogue, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	w := readWide(t, CohortOptions{Children: 600, Seed: 22, Years: 5})
	cells := 0
	check := func(name, term string, year int, rows []row) {
		table := catalogue.Table(name)
		if table == nil || !table.In(year) || term != "" && !table.InTerm(term) {
			t.Fatalf("%s of %d %s is not defined", name, year, term)
		}
		source := &extract.Source{Table: table, Year: year, Term: term}
		for i := range rows {
			for header, at := range rows[i].at {
				column := strings.ReplaceAll(header, " ", "")
				def := slices.IndexFunc(table.Columns, func(c *dataset.Column) bool { return strings.EqualFold(c.Name, column) })
				if def < 0 {
					t.Fatalf("%s: column %s is not defined", name, header)
				}
				cells++
				if _, rule := extract.Decode(source, table.Columns[def], []byte(rows[i].cells[at])); rule != "" {
					t.Fatalf("%d: %s: %s %q breaks %s", year, name, header, rows[i].cells[at], rule)
				}
			}
		}
	}
	for name, rows := range w.census {
		var year int
		var term, table string
		if _, err := fmt.Sscan(name, &year, &term, &table); err != nil {
			t.Fatal(err)
		}
		check("school_census/"+table, term, year, rows)
	}
	for year, rows := range w.premiums {
		check("giap/pupil_premium", "", year, rows)
	}
	if cells < 100_000 {
		t.Errorf("%d cells", cells)
	}
}
