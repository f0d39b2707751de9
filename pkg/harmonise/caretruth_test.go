package harmonise_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// under makes tables under some choices of an agreement, without links.
func (c *council) under(t testing.TB, choices harmonise.Choices, tables ...string) map[string]*made {
	t.Helper()
	out := make(map[string]*made)
	var jobs []*harmonise.Job
	for _, id := range tables {
		m := &made{columns: synth.CoreColumns(id), found: make(map[string]int64), places: make(map[string]string)}
		out[id] = m
		jobs = append(jobs, &harmonise.Job{Table: c.catalogue.Table(id), Columns: m.columns, Report: &finding.Report{}, Sink: func(b *extract.Batch) error {
			for row := range b.Len() {
				var cells []string
				for _, name := range m.columns {
					column := b.Column(name)
					cells = append(cells, cell(column.Def, column.At(row)))
				}
				m.rows = append(m.rows, cells)
			}
			return nil
		}})
	}
	in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read, Choices: choices}
	if err := harmonise.Make(context.Background(), in, jobs, nil); err != nil {
		t.Fatal(err)
	}
	for i, id := range tables {
		out[id].tally = jobs[i].Tally
		for _, f := range jobs[i].Report.Findings() {
			out[id].found[f.Rule] += f.Count
			if _, seen := out[id].places[f.Rule]; !seen {
				out[id].places[f.Rule] = fmt.Sprintf("%s:%d", filepath.Base(filepath.Dir(f.Place.File)), f.Place.Row)
			}
		}
	}
	return out
}

// TestCareTruth holds periods, placements and re-referrals to what the generator meant, over many years, with short breaks
// and without; and their rows to the rows read.
func TestCareTruth(t *testing.T) {
	for name, c := range map[string]struct {
		opt  synth.CohortOptions
		rows int
	}{
		"ten years of children looked after": {synth.CohortOptions{Children: 900, Seed: 41, Formats: []string{synth.SSDA903}}, 0},
		"three years, small batches":         {synth.CohortOptions{Children: 400, Seed: 42, Years: 3, LastYear: 2023, Formats: []string{synth.SSDA903}}, 5},
		"with children in need":              {synth.CohortOptions{Children: 900, Seed: 43, Years: 6}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cohort")
			if _, err := synth.Cohort(context.Background(), dir, c.opt); err != nil {
				t.Fatal(err)
			}
			council := discover(t, builtIn(t), dir)
			council.rows = c.rows
			tables := []string{"looked_after_periods", "placements"}
			if c.opt.Formats == nil {
				tables = append(tables, "re_referrals")
			}
			var periods [2]int
			for i, counted := range []bool{false, true} {
				made := council.under(t, harmonise.Choices{ShortBreaks: counted}, tables...)
				want := make(map[string][]string)
				truth, err := synth.Truth(c.opt)
				if err != nil {
					t.Fatal(err)
				}
				for child := range truth {
					for _, id := range tables {
						for _, row := range child.RowsBy(id, synth.CoreChoices{ShortBreaks: counted}) {
							want[id] = append(want[id], strings.Join(row, " "))
						}
					}
				}
				for _, id := range tables {
					m := made[id]
					compare(t, id, m, want[id], 100)
					if m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) || m.tally.Quarantined != 0 {
						t.Errorf("%s: %+v", id, m.tally)
					}
					for _, rule := range []string{harmonise.RuleGap, harmonise.RuleOverlap, harmonise.RuleNotEnded, harmonise.RuleHoles, harmonise.RulePlacements, harmonise.RuleReferralUnclear} {
						if m.found[rule] != 0 {
							t.Errorf("%s: %s in returns of which nothing is wrong: %s", id, rule, m.places[rule])
						}
					}
				}
				aside := made["looked_after_periods"].tally.Aside
				if (aside > 0) == counted {
					t.Errorf("%d episodes of short breaks were set aside, counted: %v", aside, counted)
				}
				periods[i] = len(made["looked_after_periods"].rows)
			}
			if periods[0] >= periods[1] {
				t.Errorf("%d periods without short breaks, %d with", periods[0], periods[1])
			}
		})
	}
}
