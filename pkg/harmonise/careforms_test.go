package harmonise_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// careIn makes periods, placements and re-referrals of a cohort in one format, and what is true of it.
func careIn(t *testing.T, format string, tables []string, choices harmonise.Choices) (map[string]*made, map[string][][]string) {
	t.Helper()
	opt := synth.CohortOptions{Children: 600, Seed: 5, Formats: []string{format}, Years: 4}
	dir := filepath.Join(t.TempDir(), "cohort")
	if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	truth, err := synth.Truth(opt)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string][][]string)
	for child := range truth {
		for _, id := range tables {
			want[id] = append(want[id], child.RowsBy(id, synth.CoreChoices{ShortBreaks: choices.ShortBreaks})...)
		}
	}
	return discover(t, builtIn(t), dir).under(t, choices, tables...), want
}

// TestCareInOtherForms: the return as a document and as a workbook says the same, and the dataset says the same but for what
// it does not have (docs/formats.md, The same children in other formats).
func TestCareInOtherForms(t *testing.T) {
	for format, null := range map[string][]string{
		synth.SSDA903XML: nil, synth.SSDA903Sheet: nil, synth.SSD: {"collection_year", "change_reason"},
	} {
		tables := []string{"looked_after_periods", "placements"}
		if format == synth.SSD {
			tables = append(tables, "re_referrals")
		}
		made, truth := careIn(t, format, tables, harmonise.Choices{})
		for _, id := range tables {
			m := made[id]
			var want []string
			for _, row := range truth[id] {
				want = append(want, strings.Join(row, " "))
			}
			if null != nil {
				want = nil
				for _, rows := range [][][]string{truth[id], m.rows} {
					for _, row := range rows {
						for _, name := range null {
							if at := slices.Index(m.columns, name); at >= 0 {
								row[at] = ""
							}
						}
					}
				}
				for _, row := range truth[id] {
					want = append(want, strings.Join(row, " "))
				}
			}
			compare(t, format+" "+id, m, want, 100)
			if m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) {
				t.Errorf("%s %s: %+v", format, id, m.tally)
			}
			if (m.tally.Aside > 0) != (len(m.rows) > 0) || m.found[harmonise.RuleUnstated] > 0 {
				t.Errorf("%s %s: %d rows were set aside, %v", format, id, m.tally.Aside, m.found)
			}
		}
	}
}

// TestCareOfAnnexA: a list of who is or was lately looked after says when that began and ended, and how the child is placed
// now. What came before that is not known, and is not made up.
func TestCareOfAnnexA(t *testing.T) {
	tables, truth := careIn(t, synth.AnnexA, []string{"looked_after_periods", "placements"}, harmonise.Choices{ShortBreaks: true})
	periods, placements := tables["looked_after_periods"], tables["placements"]
	if len(periods.rows) < 50 || len(placements.rows) != len(periods.rows) {
		t.Fatalf("%d periods and %d placements", len(periods.rows), len(placements.rows))
	}
	cells := func(m *made, row []string, names ...string) string {
		var out []string
		for _, name := range names {
			out = append(out, row[slices.Index(m.columns, name)])
		}
		return strings.Join(out, " ")
	}
	var known []string
	for _, row := range truth["looked_after_periods"] {
		known = append(known, cells(periods, row, "child_id", "start_date", "end_date", "ended"))
	}
	for _, row := range periods.rows {
		// It knows the beginning of a period that began before the first of the cohort's returns too.
		early := strings.Replace(cells(periods, row, "child_id", "start_date", "end_date", "ended"), cells(periods, row, "start_date"), "", 1)
		if !slices.Contains(known, cells(periods, row, "child_id", "start_date", "end_date", "ended")) && !slices.Contains(known, early) {
			t.Errorf("no such period: %v", row)
		}
		if got := cells(periods, row, "legal_status", "episodes", "placements"); strings.TrimSpace(got) != "" || cells(periods, row, "kinship") == "false" {
			t.Errorf("what one row cannot tell is told: %v", row)
		}
	}
	for _, row := range placements.rows {
		if cells(placements, row, "start_date") != "" || cells(placements, row, "period_start_date") == "" {
			t.Errorf("when the placement began is told, or when the period did is not: %v", row)
		}
	}
}
