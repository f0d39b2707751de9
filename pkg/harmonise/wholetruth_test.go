package harmonise_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// everything makes tables side by side, as a run does: links first, then the tables.
func (c *council) everything(t testing.TB, tables []string, columns func(table string) []string) (map[string]*made, *harmonise.Links) {
	t.Helper()
	in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read, Choices: harmonise.Choices{Premiums: synth.Premiums()}}
	links := harmonise.NewLinks(c.catalogue.Links(), &finding.Report{})
	if err := harmonise.Make(context.Background(), in, nil, links); err != nil {
		t.Fatal(err)
	}
	in.Links = links
	out := make(map[string]*made)
	var jobs []*harmonise.Job
	for _, id := range tables {
		m := &made{columns: columns(id), found: make(map[string]int64)}
		out[id] = m
		jobs = append(jobs, &harmonise.Job{Table: c.catalogue.Table(id), Columns: m.columns, Report: &finding.Report{}, Sink: func(b *extract.Batch) error {
			for row := range b.Len() {
				cells := make([]string, len(m.columns))
				for i, name := range m.columns {
					column := b.Column(name)
					if cells[i] = cell(column.Def, column.At(row)); cells[i] == "unusable: missing" {
						cells[i] = "" // a blank identifier leaves as null
					}
				}
				m.rows = append(m.rows, cells)
			}
			return nil
		}})
	}
	if err := harmonise.Make(context.Background(), in, jobs, nil); err != nil {
		t.Fatal(err)
	}
	for i, id := range tables {
		out[id].tally = jobs[i].Tally
		for _, f := range jobs[i].Report.Findings() {
			out[id].found[f.Rule] += f.Count
		}
	}
	return out, links
}

// TestWholeTruth makes every core table from the files of a cohort, in all formats, and holds each cell to what the
// generator meant, which it tells without going through a file.
func TestWholeTruth(t *testing.T) {
	for name, c := range map[string]struct {
		opt  synth.CohortOptions
		rows int // the most rows in a batch
	}{
		"ten thousand children over four years": {synth.CohortOptions{Children: 10_000, Seed: 31, Years: 4}, 0},
		"other years, small batches": {synth.CohortOptions{Children: 700, Seed: 5, Years: 5, LastYear: 2024, AttendanceYears: 1,
			Formats: append(synth.DefaultFormats(), synth.GIAPCensus, synth.Attendance)}, 7},
		"schools by the department's downloads alone": {synth.CohortOptions{Children: 700, Seed: 6, Years: 3, LastYear: 2020,
			Formats: []string{synth.SSDA903, synth.CIN, synth.GIAPCensus}}, 0},
		"two years, even batches": {synth.CohortOptions{Children: 500, Seed: 9, Years: 2, LastYear: 2023}, 64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cohort")
			if _, err := synth.Cohort(context.Background(), dir, c.opt); err != nil {
				t.Fatal(err)
			}
			council := discover(t, builtIn(t), dir)
			council.rows = c.rows
			ids := slices.DeleteFunc(synth.CoreTables(), func(id string) bool {
				has := func(format string) bool {
					return c.opt.Formats == nil && format != synth.Attendance || slices.Contains(c.opt.Formats, format)
				}
				switch id {
				case "attendance":
					return !has(synth.SchoolCensus)
				case "attendance_daily":
					return !has(synth.Attendance)
				case "pupil_premium":
					return !has(synth.GIAP)
				case "cin_plans":
					return c.opt.LastYear == 2020 // the census has none yet
				default:
					return false
				}
			})
			tables, _ := council.everything(t, ids, synth.CoreColumns)
			want := make(map[string][]string)
			truth, err := synth.Truth(c.opt)
			if err != nil {
				t.Fatal(err)
			}
			for child := range truth {
				for _, id := range ids {
					for _, row := range child.Rows(id) {
						want[id] = append(want[id], strings.Join(row, " "))
					}
				}
			}
			for _, id := range ids {
				m := tables[id]
				compare(t, id, m, want[id], 20)
				if m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) {
					t.Errorf("%s: %+v", id, m.tally)
				}
			}
			if c.opt.Children == 10_000 {
				blanks(t, tables)
			}
		})
	}
}

// blanks holds the traps of the mapping to having been met: every column that may be null is, and is not, somewhere.
func blanks(t *testing.T, tables map[string]*made) {
	t.Helper()
	for id, columns := range map[string][]string{
		"children": {"birth_date", "disabled", "uasc"}, "referrals": {"closure_date"}, "cp_plans": {"end_date"}, "looked_after_episodes": {"end_date"},
	} {
		m := tables[id]
		for _, name := range columns {
			at, null := slices.Index(m.columns, name), 0
			for _, row := range m.rows {
				if row[at] == "" {
					null++
				}
			}
			if null == 0 || null == len(m.rows) {
				t.Errorf("%s.%s is null in %d of %d rows: the cohort does not show it", id, name, null, len(m.rows))
			}
		}
	}
}
