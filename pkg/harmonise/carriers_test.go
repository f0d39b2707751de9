package harmonise_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/synth"
)

// The return of children looked after is the same children whether it comes as a set of text files, as one document or as
// one workbook: every core table that it feeds is the same, cell by cell, and so is every table of its own that the three
// hold. What differs is named: the document has no social workers, and the workbook a line that somebody typed below the
// reviews, which is kept back.
func TestThreeCarriersOfOneReturn(t *testing.T) {
	own := func(t *dataset.Table) []string {
		var names []string
		for _, c := range t.Columns {
			if c.Class.Releasable() && !t.Marks(c.Name) {
				names = append(names, c.Name)
			}
		}
		return names
	}
	sorted := func(m *made) []string {
		rows := strings.Split(m.text(), "\n")
		slices.Sort(rows)
		return rows
	}
	want := make(map[string][]string)
	for _, format := range []string{synth.SSDA903, synth.SSDA903XML, synth.SSDA903Sheet} {
		dir := filepath.Join(t.TempDir(), format)
		opt := synth.CohortOptions{Children: 900, Seed: 12, Formats: []string{format, synth.CIN}}
		if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
			t.Fatal(err)
		}
		council := discover(t, builtIn(t), dir)
		cores, _ := council.everything(t, []string{"children", "looked_after_episodes"}, synth.CoreColumns)
		for id, m := range cores {
			if m.tally.Quarantined != 0 || m.tally.Read != sum(m.tally) {
				t.Errorf("%s of %s: %+v", id, format, m.tally)
			}
		}
		for _, table := range council.catalogue.Tables() {
			if table.Format != "ssda903" || len(council.inventory.Of(table.ID())) == 0 {
				continue
			}
			m := council.table(t, table.ID(), own(table)...)
			quarantined := int64(0)
			if format == synth.SSDA903Sheet && table.Name == "reviews" {
				quarantined = int64(len(council.inventory.Of(table.ID()))) // one a year
			}
			if m.tally.Quarantined != quarantined || m.tally.Read != sum(m.tally) {
				t.Errorf("%s of %s: %+v, %d were to be kept back: %v", table.ID(), format, m.tally, quarantined, m.found)
			}
			cores[table.ID()] = m
		}
		if _, has := cores["ssda903/sw_episodes"]; has == (format == synth.SSDA903XML) {
			t.Errorf("%s has social workers: %v", format, has)
		}
		for id, m := range cores {
			switch rows := sorted(m); {
			case format == synth.SSDA903:
				want[id] = rows
				if least := map[string]int{"children": 900, "ssda903/ad1": 10, "ssda903/uasc": 15}[id]; len(rows) < max(least, 5) {
					t.Errorf("%s has %d rows: this test shows little", id, len(rows))
				}
			case !slices.Equal(rows, want[id]):
				t.Errorf("%s of %s: %d rows, %d of the set of text files%s", id, format, len(rows), len(want[id]), unlike(rows, want[id]))
			}
		}
		if tables := len(cores); tables != map[string]int{synth.SSDA903: 13, synth.SSDA903XML: 12, synth.SSDA903Sheet: 13}[format] {
			t.Errorf("%s has %d tables", format, tables)
		}
	}
}

// unlike is the first row that one has and the other has not.
func unlike(got, want []string) string {
	for _, row := range got {
		if !slices.Contains(want, row) {
			return "; one is " + row
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			return "; there is no " + row
		}
	}
	return ""
}
