package harmonise_test

import (
	"context"
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

func TestZZFuzz(t *testing.T) {
	base := filepath.Join(t.TempDir(), "x")
	if _, err := synth.Cohort(context.Background(), base, synth.CohortOptions{Children: 120, Seed: 3, Years: 3, Formats: []string{synth.CIN, synth.SSDA903, synth.SchoolCensus, synth.GIAP, synth.SSD, synth.GIAPCensus, synth.Attendance}}); err != nil {
		t.Fatal(err)
	}
	tables := []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes", "looked_after_periods", "placements", "re_referrals", "attendance", "attendance_daily", "free_school_meals", "pupil_premium"}
	rules := strings.Fields("CHILD_UNKNOWN CODE_TOO_BROAD CODE_UNDECIDED DAILY_REPEATED ENROLMENT_NOT_STATED EVENT_REPEATED FACT_CHANGED FORMULA_CELL JOIN_KEY_TWICE JOIN_MISSING PERIOD_GAP PERIOD_INCOMPLETE PERIOD_NOT_ENDED PERIOD_OVERLAP PLACEMENT_UNCLEAR PUPIL_NUMBER_MALFORMED SHORT_BREAK_NOT_STATED SOURCES_DIFFER")
	seen := map[string]int{}
	ran := 0
	for seed := int64(1); seed <= 60; seed++ {
		r := rand.New(rand.NewSource(seed))
		dir := filepath.Join(t.TempDir(), "y")
		rate := []float64{0.01, 0.05, 0.2}[seed%3]
		filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(base, path)
			to := filepath.Join(dir, rel)
			if d.IsDir() {
				return os.MkdirAll(to, 0o700)
			}
			data, _ := os.ReadFile(path)
			switch filepath.Ext(path) {
			case ".csv":
				ls := strings.Split(strings.TrimRight(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"), "\n")
				secret := strings.Count(ls[0], "in_confidence") == 0 && !strings.Contains(string(data), `"`) && r.Intn(2) == 0
				if strings.Contains(path, "giap") || strings.Contains(path, "premium") {
					secret = secret && true
				}
				out := []string{ls[0]}
				if secret {
					out[0] += ",in_confidence"
				}
				for _, l := range ls[1:] {
					n := 1
					if r.Float64() < rate/3 {
						n = 2
					}
					for range n {
						m := l
						if !strings.Contains(l, `"`) && r.Float64() < rate {
							c := strings.Split(l, ",")
							k := r.Intn(len(c))
							switch r.Intn(5) {
							case 0:
								c[k] = ""
							case 1:
								c[k] = "XX"
							case 2:
								c[k] = "31/02/2024"
							case 3:
								c = append(c, "9")
							case 4:
								o := strings.Split(ls[1+r.Intn(len(ls)-1)], ",")
								if k < len(o) {
									c[k] = o[k]
								}
							}
							m = strings.Join(c, ",")
						}
						if secret {
							if r.Float64() < rate {
								m += ",1"
							} else {
								m += ","
							}
						}
						out = append(out, m)
					}
				}
				data = []byte(strings.Join(out, "\n") + "\n")
			case ".xml":
				s := string(data)
				if r.Intn(2) == 0 {
					parts := strings.Split(s, "><")
					for i := range parts {
						if r.Float64() < rate/20 && strings.Contains(parts[i], ">") && !strings.Contains(parts[i], "Year") && !strings.Contains(parts[i], "LEA") && !strings.Contains(parts[i], "ReferenceDate") && !strings.Contains(parts[i], "Collection") {
							a, b := strings.Index(parts[i], ">"), strings.LastIndex(parts[i], "<")
							if b > a {
								parts[i] = parts[i][:a+1] + "XX" + parts[i][b:]
							}
						}
					}
					s = strings.Join(parts, "><")
				}
				data = []byte(s)
			}
			return os.WriteFile(to, data, 0o600)
		})
		cat := builtIn(t)
		readers := map[string]extract.Reader{}
		for _, ending := range []string{".csv", ".tab", ".xml", ".xlsx"} {
			readers[ending] = readerOf(ending)
		}
		c := &council{catalogue: cat}
		var err error
		if c.inventory, err = extract.Discover(context.Background(), cat, readers, []string{dir}, &finding.Report{}); err != nil {
			t.Logf("seed %d: %.200s", seed, err.Error())
			continue
		}
		raised := map[string]finding.Severity{}
		for _, rule := range rules {
			if r.Intn(2) == 0 {
				raised[rule] = finding.Quarantine
			}
		}
		choices := harmonise.Choices{Premiums: synth.Premiums()[:1+r.Intn(3)], ShortBreaks: r.Intn(2) == 0}
		for _, id := range tables {
			if r.Intn(6) == 0 {
				choices.Confidential = append(choices.Confidential, id)
			}
		}
		report := &finding.Report{}
		report.Raise(raised)
		in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read, Choices: choices}
		links := harmonise.NewLinks(cat.Links(), report)
		if err := harmonise.Make(context.Background(), in, nil, links); err != nil {
			t.Logf("seed %d links: %.200s", seed, err.Error())
			continue
		}
		in.Links = links
		var jobs []*harmonise.Job
		n := map[string]int64{}
		for _, id := range tables {
			keys := map[string]bool{}
			jobs = append(jobs, &harmonise.Job{Table: cat.Table(id), Columns: synth.CoreColumns(id), Report: report, Sink: func(b *extract.Batch) error {
				n[id] += int64(b.Len())
				for row := range b.Len() {
					k := ""
					for _, name := range cat.Table(id).OneRowPer {
						k += cell(b.Column(name).Def, b.Column(name).At(row)) + "|"
					}
					if keys[k] && id != "attendance_daily" {
						seen["twice "+id]++
						if id == "children" || id == "attendance" || id == "free_school_meals" || id == "pupil_premium" || id == "re_referrals" || raised["EVENT_REPEATED"] != 0 && !strings.HasPrefix(k, "unusable") && id != "placements" && id != "looked_after_periods" {
							t.Errorf("seed %d: %s twice %s", seed, id, k)
						}
					}
					keys[k] = true
				}
				return nil
			}})
		}
		if err := harmonise.Make(context.Background(), in, jobs, nil); err != nil {
			t.Logf("seed %d make: %.200s", seed, err.Error())
			continue
		}
		ran++
		for _, j := range jobs {
			if j.Tally.Read != sum(j.Tally) || n[j.Table.ID()] != j.Tally.Left {
				t.Errorf("seed %d %s: %+v sum %d out %d", seed, j.Table.ID(), j.Tally, sum(j.Tally), n[j.Table.ID()])
			}
			for _, x := range []int64{j.Tally.Quarantined, j.Tally.Superseded, j.Tally.Marks, j.Tally.Merged, j.Tally.Aside, j.Tally.Unlinked, j.Tally.Elsewhere, j.Tally.Confidential, j.Tally.Left} {
				if x < 0 {
					t.Errorf("seed %d negative %s %+v", seed, j.Table.ID(), j.Tally)
				}
			}
		}
		for _, f := range report.Findings() {
			seen[f.Rule] += int(f.Count)
		}
	}
	t.Log(ran, seen)
}
