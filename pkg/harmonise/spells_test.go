package harmonise_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// spell is one episode of a history drawn by chance; end is 0 while it is open.
type spell struct {
	child                  string
	start, end             civil.Date
	rne, ls, place, reason string
}

// in writes an episode as the return of a year has it.
func (s *spell) in(year int, ended bool) string {
	end, reason := "-", "-"
	if ended && s.end != 0 {
		end, reason = s.end.String(), s.reason
	}
	return fmt.Sprintf("%d %s %s %s %s %s %s %s", year, s.start, s.rne, s.ls, s.place, end, reason, s.child)
}

// histories draws the care of some children, in which every episode follows the one before as it should, until the end of
// March 2022.
func histories(r *rand.Rand) []spell {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	last := civil.MustYMD(2022, 3, 31)
	var out []spell
	for child := range 1 + r.IntN(5) {
		on := civil.MustYMD(2017, 4, 1) + civil.Date(r.IntN(1500))
		rne := pick("S", "S", "S", "P", "L")
		place := pick("U1", "U3", "U6", "K2", "P1")
		for {
			s := spell{child: fmt.Sprint(child + 1), start: on, rne: rne, ls: pick("C1", "C2", "V2"), place: place}
			s.end = on + civil.Date(1+r.IntN(400))
			if s.end > last {
				s.end = 0
				out = append(out, s)
				break
			}
			s.reason = pick("X1", "X1", "E4A", "E4B", "E5", "E12")
			out = append(out, s)
			on = s.end
			rne = pick("L", "P", "T", "B", "U")
			if s.reason != "X1" {
				rne, on = "S", s.end+civil.Date(r.IntN(200))
			}
			if rne != "L" {
				place = pick("U1", "U3", "U6", "K2", "P1", "T1")
			}
			if on > last || r.IntN(6) == 0 && s.reason != "X1" {
				break
			}
		}
	}
	return out
}

// TestPeriodsHoweverReturned: the same episodes in one return, or over annual returns in any way, in any order of rows, give
// the same periods and placements; and the placements of a period fill it.
func TestPeriodsHoweverReturned(t *testing.T) {
	catalogue := builtIn(t)
	ended, lasting := 0, 0
	for round := range 60 {
		r := rand.New(rand.NewPCG(9, uint64(round)))
		spells := histories(r)
		var once, split []string
		for i := range spells {
			s := &spells[i]
			once = append(once, s.in(2022, true))
			if s.end == 0 {
				split = append(split, s.in(2022, true))
			}
			// The return of some year, that of its end or later, has it as it ended; earlier ones have it too, or not.
			final := 2022
			if s.end != 0 {
				final = s.end.CollectionYear() + r.IntN(2023-s.end.CollectionYear())
				split = append(split, s.in(final, true))
			}
			for year := max(2018, s.start.CollectionYear()); year < final; year++ {
				if r.IntN(2) == 0 {
					split = append(split, s.in(year, s.end != 0 && s.end.CollectionYear() <= year && r.IntN(2) == 0))
				}
			}
		}
		r.Shuffle(len(split), func(i, j int) { split[i], split[j] = split[j], split[i] })
		var ways [2]map[string]*made
		for i, episodes := range [][]string{once, split} {
			council := discover(t, catalogue, write(t, returned(episodes...))...)
			council.rows = i * (1 + r.IntN(4))
			ways[i] = council.under(t, harmonise.Choices{}, "looked_after_periods", "placements")
		}
		for _, id := range []string{"looked_after_periods", "placements"} {
			a, b := brief(ways[0][id]), brief(ways[1][id])
			if !slices.Equal(a, b) {
				t.Fatalf("round %d: %s in one return\n%s\nand over several\n%s\n%s", round, id, strings.Join(a, "\n"), strings.Join(b, "\n"), strings.Join(split, "\n"))
			}
			if m := ways[1][id]; m.tally.Read != sum(m.tally) || m.tally.Quarantined != 0 {
				t.Fatalf("round %d: %s: %+v", round, id, m.tally)
			}
		}
		e, l := filled(t, ways[1])
		ended, lasting = ended+e, lasting+l
	}
	if ended < 100 || lasting < 30 {
		t.Errorf("only %d periods that ended and %d that last", ended, lasting)
	}
}

// filled holds placements to filling the periods whose beginning and end are known, without gaps and as many as it says.
func filled(t *testing.T, tables map[string]*made) (ended, lasting int) {
	t.Helper()
	at := func(m *made, row []string, name string) string { return row[slices.Index(m.columns, name)] }
	periods, placements := tables["looked_after_periods"], tables["placements"]
	day := func(text string) civil.Date {
		d, err := civil.ParseISO(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, p := range periods.rows {
		start, end := at(periods, p, "start_date"), at(periods, p, "end_date")
		if start == "" {
			continue
		}
		n, days, kin := 0, civil.Date(0), "false"
		for _, in := range placements.rows {
			if at(placements, in, "child_id") != at(periods, p, "child_id") || at(placements, in, "period_start_date") != start {
				continue
			}
			n++
			if at(placements, in, "kinship") == "true" {
				kin = "true"
			}
			if to := at(placements, in, "end_date"); to != "" {
				days += day(to) - day(at(placements, in, "start_date"))
			}
		}
		if fmt.Sprint(n) != at(periods, p, "placements") || kin != at(periods, p, "kinship") {
			t.Errorf("%v has %d placements, kinship %s", p, n, kin)
		}
		if end == "" {
			lasting++
			continue
		}
		ended++
		if days != day(end)-day(start) {
			t.Errorf("%v is of %d days, its placements of %d", p, day(end)-day(start), days)
		}
	}
	return ended, lasting
}

// TestPeriodsOfAnything draws episodes that need not fit: whatever they are, every row is accounted for, two orders of rows
// give the same, no period that is told overlaps another, and each finding there is comes up.
func TestPeriodsOfAnything(t *testing.T) {
	catalogue := builtIn(t)
	found := make(map[string]int64)
	for round := range 120 {
		r := rand.New(rand.NewPCG(10, uint64(round)))
		pick := func(from ...string) string { return from[r.IntN(len(from))] }
		var episodes []string
		for range 1 + r.IntN(9) {
			year := 2019 + r.IntN(3)
			start := civil.MustYMD(year-1, 4, 1) + civil.Date(30*r.IntN(9))
			end := pick("-", (start + 30).String(), (start + 30).String(), (start + 60).String(), (start + 31).String())
			reason := "-"
			if end != "-" {
				reason = pick("X1", "X1", "X1", "E4A", "-")
			}
			begins := start.String()
			if r.IntN(12) == 0 {
				begins = pick("31/02/2019", "-")
			}
			episodes = append(episodes, fmt.Sprintf("%d %s %s %s %s %s %s %s", year, begins, pick("S", "P", "L", "-"), pick("C1", "V3", "-", "C9"), pick("U1", "K2", "-"), end, reason, pick("71", "71", "72", "12.0")))
		}
		var texts [2]string
		for i := range texts {
			council := discover(t, catalogue, write(t, returned(episodes...))...)
			council.rows = i * 2
			made := council.under(t, harmonise.Choices{ShortBreaks: round%2 == 0}, "looked_after_periods", "placements")
			for id, m := range made {
				if m.tally.Read != int64(len(episodes)) || m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) {
					t.Fatalf("round %d: %s: %+v\n%s", round, id, m.tally, strings.Join(episodes, "\n"))
				}
				texts[i] += strings.Join(brief(m), "\n")
				for rule, n := range m.found {
					found[rule] += n
				}
			}
			apart(t, made["looked_after_periods"], episodes)
			texts[i] = strings.Join(append(brief(made["looked_after_periods"]), brief(made["placements"])...), "\n")
			r.Shuffle(len(episodes), func(i, j int) { episodes[i], episodes[j] = episodes[j], episodes[i] })
		}
		if texts[0] != texts[1] {
			t.Fatalf("round %d: in two orders\n%s\nand\n%s\n%s", round, texts[0], texts[1], strings.Join(episodes, "\n"))
		}
	}
	for _, rule := range []string{harmonise.RuleGap, harmonise.RuleOverlap, harmonise.RuleNotEnded, harmonise.RuleHoles, harmonise.RulePlacements, harmonise.RuleUnstated, harmonise.RuleNobody} {
		if found[rule] == 0 {
			t.Errorf("%s never came up", rule)
		}
	}
}

// apart holds the periods of a child whose beginning and end are told to lying apart.
func apart(t *testing.T, m *made, episodes []string) {
	t.Helper()
	for i, a := range m.rows {
		if a[1] != "" && a[2] != "" && a[2] < a[1] {
			t.Fatalf("%v ends before it begins\n%s", a, strings.Join(episodes, "\n"))
		}
		for _, b := range m.rows[i+1:] {
			if a[0] == b[0] && a[1] != "" && a[2] != "" && b[1] != "" && b[2] != "" && a[1] < b[2] && b[1] < a[2] {
				t.Fatalf("%v and %v overlap\n%s", a, b, strings.Join(episodes, "\n"))
			}
		}
	}
}
