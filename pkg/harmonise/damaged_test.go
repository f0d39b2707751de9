package harmonise_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// TestDamagedExtracts spoils rows of a mixed set at random (cells emptied, changed, one too many, rows repeated and given in
// confidence), under choices and weights drawn at random, and asks of every table that each row read is left, held back or
// quarantined, and none twice.
func TestDamagedExtracts(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	if _, err := synth.Cohort(context.Background(), whole, synth.CohortOptions{Children: 100, Seed: 3, Years: 3, Formats: []string{
		synth.CIN, synth.SSDA903, synth.SchoolCensus, synth.GIAP, synth.SSD, synth.GIAPCensus, synth.Attendance}}); err != nil {
		t.Fatal(err)
	}
	tables := []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes", "looked_after_periods", "placements",
		"re_referrals", "attendance", "attendance_daily", "free_school_meals", "pupil_premium"}
	weighed := strings.Fields("CHILD_UNKNOWN CODE_TOO_BROAD CODE_UNDECIDED DAILY_REPEATED ENROLMENT_NOT_STATED EVENT_REPEATED FACT_CHANGED JOIN_KEY_TWICE " +
		"JOIN_MISSING PERIOD_GAP PERIOD_INCOMPLETE PERIOD_NOT_ENDED PERIOD_OVERLAP PLACEMENT_UNCLEAR PUPIL_NUMBER_MALFORMED SHORT_BREAK_NOT_STATED SOURCES_DIFFER")
	made, found := 0, make(map[string]bool)
	for seed := range int64(9) {
		r := rand.New(rand.NewSource(seed + 1))
		dir := filepath.Join(t.TempDir(), "damaged")
		damage(t, whole, dir, r, []float64{0.01, 0.05, 0.2}[seed%3])
		c := discover(t, builtIn(t), dir)
		report, raised := &finding.Report{}, make(map[string]finding.Severity)
		for _, rule := range weighed {
			if r.Intn(2) == 0 {
				raised[rule] = finding.Quarantine
			}
		}
		report.Raise(raised)
		in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read,
			Choices: harmonise.Choices{Premiums: synth.Premiums()[:1+r.Intn(3)], ShortBreaks: r.Intn(2) == 0}}
		left := make(map[string]int64)
		var jobs []*harmonise.Job
		for _, id := range tables {
			if r.Intn(6) == 0 {
				in.Choices.Confidential = append(in.Choices.Confidential, id)
			}
			table, seen := c.catalogue.Table(id), make(map[string]bool)
			once := table.PerChild() || table.PerPupil() || id == "re_referrals" // of events, what one return repeats leaves twice
			jobs = append(jobs, &harmonise.Job{Table: table, Columns: synth.CoreColumns(id), Report: report, Sink: func(b *extract.Batch) error {
				left[id] += int64(b.Len())
				for row := 0; once && row < b.Len(); row++ {
					key := ""
					for _, name := range table.OneRowPer {
						key += cell(b.Column(name).Def, b.Column(name).At(row)) + " "
					}
					if seen[key] {
						t.Errorf("seed %d: %s has %s twice", seed, id, key)
					}
					seen[key] = true
				}
				return nil
			}})
		}
		in.Links = harmonise.NewLinks(c.catalogue.Links(), report)
		err := harmonise.Make(context.Background(), in, nil, in.Links)
		if err == nil {
			err = harmonise.Make(context.Background(), in, jobs, nil)
		}
		var stop *extract.Invalid
		switch {
		case errors.As(err, &stop):
			continue // so damaged that the run ends
		case err != nil:
			t.Fatal(err)
		}
		made++
		for _, j := range jobs {
			if j.Tally.Read != sum(j.Tally) || j.Tally.Left != left[j.Table.ID()] || j.Tally.Read == 0 {
				t.Errorf("seed %d, %s: %+v come to %d, and %d were made", seed, j.Table.ID(), j.Tally, sum(j.Tally), left[j.Table.ID()])
			}
			for _, n := range []int64{j.Tally.Quarantined, j.Tally.Superseded, j.Tally.Marks, j.Tally.Merged, j.Tally.Aside, j.Tally.Confidential} {
				if n < 0 {
					t.Errorf("seed %d, %s: %+v", seed, j.Table.ID(), j.Tally)
				}
			}
		}
		for _, f := range report.Findings() {
			found[f.Rule] = true
		}
	}
	if made < 5 || len(found) < 25 {
		t.Errorf("%d runs were made, with findings of %d rules: this test shows little", made, len(found))
	}
}

// damage copies extracts, and spoils a share of the rows of some: of those without quotes, since a quote that is not closed
// ends a run.
func damage(t *testing.T, from, to string, r *rand.Rand, share float64) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, rel), 0o700))
		}
		data, err := os.ReadFile(path)
		if err == nil && filepath.Ext(path) == ".csv" && !strings.Contains(string(data), `"`) {
			data = []byte(spoilt(string(data), r, share))
		}
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), data, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func spoilt(text string, r *rand.Rand, share float64) string {
	rows := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	out := []string{rows[0] + ",in_confidence"}
	for _, row := range rows[1:] {
		again := row
		if cells := strings.Split(row, ","); r.Float64() < share {
			other, at := strings.Split(rows[1+r.Intn(len(rows)-1)], ","), r.Intn(len(cells))
			cells[at] = []string{"", "XX", "31/02/2024", "9,9", other[at%len(other)]}[r.Intn(5)]
			row = strings.Join(cells, ",")
		}
		if r.Float64() < share {
			row += ",1"
		} else {
			row += ","
		}
		if out = append(out, row); r.Float64() < share/3 {
			out = append(out, again+",")
		}
	}
	return strings.Join(out, "\n") + "\n"
}
