package harmonise_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/harmonise"
)

// returned writes episodes as a council's returns: each is "YEAR START RNE LS PLACE END REC", with a hyphen for an empty cell;
// dates are YYYY-MM-DD, and the child is 71 unless an eighth word says so.
func returned(episodes ...string) map[string]string {
	uk := func(day string) string {
		if d := strings.Split(day, "-"); len(d) == 3 {
			return d[2] + "/" + d[1] + "/" + d[0]
		}
		return day
	}
	rows := make(map[string][]string)
	for _, text := range episodes {
		w := append(strings.Fields(text), "71")
		for i := range w {
			if w[i] == "-" {
				w[i] = ""
			}
		}
		file := fmt.Sprintf("%s/episodes.csv", w[0])
		rows[file] = append(rows[file], strings.Join([]string{w[7], uk(w[1]), w[2], w[3], "N1", w[4], "PR1", uk(w[5]), w[6], "", "", "", ""}, ","))
	}
	files := make(map[string]string)
	for file, lines_ := range rows {
		files[file] = lines(episodesLine, lines_...)
	}
	return files
}

// brief writes periods as "START END ENDED REASON REUNIFIED KINSHIP LS EPISODES PLACEMENTS BEFORE", and placements as "START
// END ENDED TYPE KINSHIP PARENTS HOME PERIOD"; a hyphen is null, t and f are true and false.
func brief(m *made, leave ...string) []string {
	var out []string
	for _, row := range m.rows {
		var words []string
		for i, name := range m.columns {
			if name == "child_id" || name == "collection_year" || slices.Contains(leave, name) {
				continue
			}
			word := map[string]string{"": "-", "true": "t", "false": "f"}[row[i]]
			if word == "" {
				word = row[i]
			}
			words = append(words, word)
		}
		out = append(out, strings.Join(words, " "))
	}
	slices.Sort(out)
	return out
}

// TestPeriods: what episodes come to, and what is told where they do not follow one another.
func TestPeriods(t *testing.T) {
	catalogue := builtIn(t)
	for _, c := range []struct {
		name       string
		episodes   []string
		periods    []string
		placements []string
		found      string // the rule, "" for none
		counted    bool   // short breaks count
	}{
		{"a period", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A"},
			[]string{"2019-05-01 2019-09-01 t E4A t f C1 1 1 f"}, []string{"2019-05-01 2019-09-01 t U6 f f t 2019-05-01"}, "", false},
		{"one that lasts", []string{"2020 2019-05-01 S C1 U1 - -"},
			[]string{"2019-05-01 - f - - t C1 1 1 f"}, []string{"2019-05-01 - f U1 t f - 2019-05-01"}, "", false},
		{"over three returns", []string{
			"2019 2018-05-01 S C1 U6 - -", "2020 2018-05-01 S C1 U6 2019-06-01 X1", "2020 2019-06-01 L C2 U6 - -",
			"2021 2019-06-01 L C2 U6 2020-07-01 X1", "2021 2020-07-01 P C2 U3 2020-09-01 X1", "2021 2020-09-01 T C2 U1 2021-01-01 E41"},
			[]string{"2018-05-01 2021-01-01 t E41 f t C1 4 3 f"},
			[]string{"2018-05-01 2020-07-01 t U6 f f f 2018-05-01", "2020-07-01 2020-09-01 t U3 t f f 2018-05-01", "2020-09-01 2021-01-01 t U1 t f f 2018-05-01"}, "", false},
		{"home, and back the same day", []string{"2020 2019-05-01 S C1 P1 2019-09-01 E4B", "2020 2019-09-01 S V2 K2 - -"},
			[]string{"2019-05-01 2019-09-01 t E4B t f C1 1 1 f", "2019-09-01 - f - - f V2 1 1 f"},
			[]string{"2019-05-01 2019-09-01 t P1 f t t 2019-05-01", "2019-09-01 - f K2 f f - 2019-09-01"}, "", false},
		{"begun before the data", []string{"2020 2018-05-01 P C2 U6 2019-09-01 X1", "2020 2019-09-01 P C2 U3 2019-12-01 E4A"},
			[]string{"- 2019-12-01 t E4A t t - - - t"}, []string{"2018-05-01 2019-09-01 t U6 f f f -", "2019-09-01 2019-12-01 t U3 t f t -"}, "", false},
		{"begun before the data by a legal status", []string{"2020 2018-05-01 L C2 U6 - -"},
			[]string{"- - f - - - - - - t"}, []string{"- - f U6 f f - -"}, "", false},
		{"a first episode that goes on from one in the data", []string{"2020 2019-06-01 P C2 U6 2019-09-01 E5"},
			[]string{"- 2019-09-01 t E5 f - - - - t"}, []string{"2019-06-01 2019-09-01 t U6 f f f -"}, harmonise.RuleGap, false},
		{"a first episode that does not say", []string{"2020 2018-06-01 - C2 U6 2019-09-01 E5"},
			[]string{"- 2019-09-01 t E5 f - - - - -"}, []string{"- 2019-09-01 t U6 f f f -"}, harmonise.RuleGap, false},
		{"X1 and nothing after it", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1"},
			[]string{"2019-05-01 - - - - - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01"}, harmonise.RuleGap, false},
		{"X1 and a gap", []string{"2020 2019-05-01 S C1 U3 2019-09-01 X1", "2020 2019-10-01 P C1 U6 2019-12-01 E4A"},
			[]string{"2019-05-01 2019-12-01 t E4A t t C1 - - f"}, []string{"2019-05-01 - - U3 t f - 2019-05-01", "2019-10-01 2019-12-01 t U6 f f t 2019-05-01"}, harmonise.RuleGap, false},
		{"X1 and a gap, and the legal status changed", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-10-01 L C2 U6 - -"},
			[]string{"2019-05-01 - f - - - C1 - - f"}, []string{"- - f U6 f f - 2019-05-01", "2019-05-01 - - U6 f f - 2019-05-01"}, harmonise.RuleGap, false},
		{"X1 and a new period", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-10-01 S C1 U6 - -"},
			[]string{"2019-05-01 - t - - - C1 - - f", "2019-10-01 - f - - f C1 1 1 f"}, []string{"2019-05-01 - t U6 f f - 2019-05-01", "2019-10-01 - f U6 f f - 2019-10-01"}, harmonise.RuleNotEnded, false},
		{"open, and a new period", []string{"2019 2018-05-01 S C1 U6 - -", "2020 2019-10-01 S C1 K2 - -"},
			[]string{"2018-05-01 - t - - - C1 - - f", "2019-10-01 - f - - f C1 1 1 f"}, []string{"2018-05-01 - t U6 f f - 2018-05-01", "2019-10-01 - f K2 f f - 2019-10-01"}, harmonise.RuleNotEnded, false},
		{"open, and not in the next return", []string{"2019 2018-05-01 S C1 U6 - -", "2020 2019-10-01 S C1 K2 - - 72"},
			[]string{"2018-05-01 - - - - - C1 - - f", "2019-10-01 - f - - f C1 1 1 f"}, []string{"2018-05-01 - - U6 f f - 2018-05-01", "2019-10-01 - f K2 f f - 2019-10-01"}, harmonise.RuleNotEnded, false},
		{"an end without a reason", []string{"2020 2019-05-01 S C1 U6 2019-09-01 -"},
			[]string{"2019-05-01 - - - - - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01"}, harmonise.RuleNotEnded, false},
		{"a reason without an end", []string{"2020 2019-05-01 S C1 U6 - E4A"},
			[]string{"2019-05-01 - t E4A t - C1 - - f"}, []string{"2019-05-01 - t U6 f f t 2019-05-01"}, harmonise.RuleNotEnded, false},
		{"an end without a reason, and the next says that it goes on", []string{"2020 2019-05-01 S C1 U6 2019-09-01 -", "2020 2019-09-01 P C1 U3 - -"},
			[]string{"2019-05-01 - f - - t C1 2 2 f"}, []string{"2019-05-01 2019-09-01 t U6 f f f 2019-05-01", "2019-09-01 - f U3 t f - 2019-05-01"}, "", false},
		{"an overlap", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-08-01 P C1 U3 2019-12-01 E4A"},
			[]string{"2019-05-01 2019-12-01 t E4A t t C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01", "2019-08-01 2019-12-01 t U3 t f t 2019-05-01"}, harmonise.RuleOverlap, false},
		{"one within another", []string{"2020 2019-05-01 S C1 U6 2019-12-01 X1", "2020 2019-08-01 P C1 U6 2019-09-01 E4A"},
			[]string{"2019-05-01 - - - - - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01", "2019-08-01 - - U6 f f - 2019-05-01"}, harmonise.RuleOverlap, false},
		{"the one before has not ended", []string{"2019 2018-05-01 S C1 U6 - -", "2020 2019-08-01 P C1 U3 2019-12-01 E4A"},
			[]string{"2018-05-01 - - - - t C1 - - f"}, []string{"2018-05-01 - - U6 f f - 2018-05-01", "2019-08-01 - - U3 t f - 2018-05-01"}, harmonise.RuleOverlap, false},
		{"a new period within one that goes on", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-08-01 S C1 K2 - -"},
			[]string{"2019-05-01 - t - - - C1 - - f", "2019-08-01 - f - - f C1 1 1 f"}, []string{"2019-05-01 - t U6 f f - 2019-05-01", "2019-08-01 - f K2 f f - 2019-08-01"}, harmonise.RuleOverlap, false},
		{"a new period before the end of the last", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A", "2020 2019-08-01 S C1 K2 - -"},
			[]string{"- - f - - - - - - f", "2019-05-01 - t - - - C1 - - f"}, []string{"- - f K2 f f - -", "2019-05-01 - t U6 f f - 2019-05-01"}, harmonise.RuleOverlap, false},
		{"over, and one that goes on later", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A", "2020 2019-10-01 P C1 K2 - -"},
			[]string{"- - f - - - - - - f", "2019-05-01 2019-09-01 t E4A t f C1 1 1 f"}, []string{"2019-05-01 2019-09-01 t U6 f f t 2019-05-01", "2019-10-01 - f K2 f f - -"}, harmonise.RuleGap, false},
		{"over, and one that goes on the same day", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A", "2020 2019-09-01 P C1 P1 - -"},
			[]string{"- - f - - - - - - f", "2019-05-01 - - - - - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01", "2019-09-01 - f P1 f t - -"}, harmonise.RuleGap, false},
		{"one held back in the midst", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-09-01 P C1 U3 31/02/2019 X1", "2020 2019-10-01 P C1 K2 2019-12-01 E4A"},
			[]string{"2019-05-01 2019-12-01 t E4A t - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01", "2019-10-01 2019-12-01 t K2 f f t 2019-05-01"}, harmonise.RuleHoles, false},
		{"one held back at the end", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-09-01 P C1 U3 31/02/2019 X1"},
			[]string{"2019-05-01 - - - - - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01"}, harmonise.RuleHoles, false},
		{"one held back behind one that lasts", []string{"2020 2019-05-01 S C1 U6 - -", "2020 31/02/2020 P C1 U3 - -"},
			[]string{"2019-05-01 - - - - - C1 - - f"}, []string{"2019-05-01 - - U6 f f - 2019-05-01"}, harmonise.RuleHoles, false},
		{"one held back at the beginning", []string{"2020 2019-05-01 S C9 U6 2019-09-01 X1", "2020 2019-09-01 P C1 U3 2020-01-01 E5"},
			[]string{"- 2020-01-01 t E5 f t - - - -"}, []string{"2019-09-01 2020-01-01 t U3 t f f -"}, harmonise.RuleHoles, false},
		{"one held back within one", []string{"2020 2019-05-01 S C1 U6 2019-12-01 E5", "2020 2019-09-01 P C1 U3 31/02/2019 X1"},
			[]string{"2019-05-01 2019-12-01 t E5 f - C1 - - f"}, []string{"2019-05-01 2019-12-01 t U6 f f f 2019-05-01"}, harmonise.RuleHoles, false},
		{"one held back after it was over", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A", "2020 2019-10-01 S C1 U3 31/02/2020 E5", "2020 2020-01-01 S C1 K2 - -"},
			[]string{"2019-05-01 2019-09-01 t E4A t f C1 1 1 f", "2020-01-01 - f - - f C1 1 1 f"}, []string{"2019-05-01 2019-09-01 t U6 f f t 2019-05-01", "2020-01-01 - f K2 f f - 2020-01-01"}, "", false},
		{"another code for the same placement", []string{"2025 2024-05-01 S C1 Z1 2025-02-01 X1", "2026 2025-02-01 L C2 Z12 - -"},
			[]string{"2024-05-01 - f - - f C1 2 1 f"}, []string{"2024-05-01 - f Z12 f f - 2024-05-01"}, "", false},
		{"another placement, and only the legal status changed", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-09-01 L C2 K2 - -"},
			[]string{"2019-05-01 - f - - f C1 2 - f"}, []string{"2019-05-01 - f - - - - 2019-05-01"}, harmonise.RulePlacements, false},
		{"no reason, and another placement", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-09-01 - C1 K2 - -"},
			[]string{"2019-05-01 - f - - f C1 2 2 f"}, []string{"2019-05-01 2019-09-01 t U6 f f f 2019-05-01", "2019-09-01 - f K2 f f - 2019-05-01"}, "", false},
		{"no reason, and a placement of the same type", []string{"2020 2019-05-01 S C1 U6 2019-09-01 X1", "2020 2019-09-01 - C1 U6 - -"},
			[]string{"2019-05-01 - f - - f C1 2 - f"}, []string{"- - f U6 f f - 2019-05-01", "2019-05-01 - - U6 f f - 2019-05-01"}, harmonise.RulePlacements, false},
		{"no placement type", []string{"2020 2019-05-01 S C1 - 2019-09-01 E4A"},
			[]string{"2019-05-01 2019-09-01 t E4A t - C1 1 1 f"}, []string{"2019-05-01 2019-09-01 t - - - t 2019-05-01"}, "", false},
		{"a row twice", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A", "2020 2019-05-01 S C1 U6 2019-09-01 E4A"},
			[]string{"2019-05-01 2019-09-01 t E4A t f C1 1 1 f"}, []string{"2019-05-01 2019-09-01 t U6 f f t 2019-05-01"}, harmonise.RuleRepeated, false},
		{"a day with two rows that differ", []string{"2020 2019-05-01 S C1 U6 2019-09-01 E4A", "2020 2019-05-01 S C1 U6 2019-10-01 E4A"},
			[]string{"- 2019-10-01 t E4A t - - - - f", "2019-05-01 - t - - - C1 - - f"}, []string{"- 2019-10-01 t U6 f f t -", "2019-05-01 - t U6 f f - 2019-05-01"}, harmonise.RuleOverlap, false},
		{"short breaks set aside", []string{"2020 2019-05-01 S V3 U6 2019-05-08 E8", "2020 2019-09-01 S V4 R1 - -", "2020 2019-06-01 S C1 U6 2019-07-01 E4A"},
			[]string{"2019-06-01 2019-07-01 t E4A t f C1 1 1 f"}, []string{"2019-06-01 2019-07-01 t U6 f f t 2019-06-01"}, "", false},
		{"short breaks counted", []string{"2020 2019-05-01 S V3 U6 2019-05-08 E8", "2020 2019-06-01 S C1 U6 2019-07-01 E4A"},
			[]string{"2019-05-01 2019-05-08 t E8 f f V3 1 1 f", "2019-06-01 2019-07-01 t E4A t f C1 1 1 f"}, []string{"2019-05-01 2019-05-08 t U6 f f f 2019-05-01", "2019-06-01 2019-07-01 t U6 f f t 2019-06-01"}, "", true},
		{"a short break that is held back", []string{"2020 2019-05-01 S V3 U9 2019-05-08 E8", "2020 2019-06-01 P C1 U6 2019-07-01 E4A"},
			[]string{"- 2019-07-01 t E4A t - - - - t"}, []string{"2019-06-01 2019-07-01 t U6 f f t -"}, harmonise.RuleGap, false},
		{"no legal status", []string{"2020 2019-05-01 S - U6 2019-09-01 E4A"},
			[]string{"2019-05-01 2019-09-01 t E4A t f - 1 1 f"}, []string{"2019-05-01 2019-09-01 t U6 f f t 2019-05-01"}, harmonise.RuleUnstated, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := discover(t, catalogue, write(t, returned(c.episodes...))...).under(t, harmonise.Choices{ShortBreaks: c.counted}, "looked_after_periods", "placements")
			if got := brief(made["looked_after_periods"]); !slices.Equal(got, c.periods) {
				t.Errorf("periods\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.periods, "\n"))
			}
			if got := brief(made["placements"], "provider", "change_reason"); !slices.Equal(got, c.placements) {
				t.Errorf("placements\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.placements, "\n"))
			}
			for id, m := range made {
				if m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) || m.tally.Read != int64(len(c.episodes)) {
					t.Errorf("%s: %+v", id, m.tally)
				}
			}
			found := 0
			for _, rule := range []string{harmonise.RuleGap, harmonise.RuleOverlap, harmonise.RuleNotEnded, harmonise.RuleHoles, harmonise.RulePlacements, harmonise.RuleUnstated} {
				if n := made["placements"].found[rule]; n > 0 {
					found++
				}
			}
			if c.found != "" && made["placements"].found[c.found] == 0 || c.found == "" && found > 0 || found > 1 {
				t.Errorf("found %v, want %q", made["placements"].found, c.found)
			}
		})
	}
}
