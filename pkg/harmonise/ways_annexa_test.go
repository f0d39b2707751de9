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

// annexTables are those that an Annex A feeds.
func annexTables() []string {
	return []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes"}
}

// episodeAt finds the child's episode that began on a day.
func episodeAt(c *synth.Child, day string) *synth.Episode {
	for i := range c.Episodes {
		if c.Episodes[i].Start.String() == day {
			return &c.Episodes[i]
		}
	}
	return nil
}

// annexDifferences are those between the returns and an Annex A of the same children.
func annexDifferences(day string) []difference {
	half, whole := day[:4], day[:4]
	half, whole = earlier(half)+"-10-01", earlier(whole)+"-04-01"
	date := func(key string) string { return strings.Fields(key)[1] }
	gone := func(returns, other string) bool { return returns != "" && other == "" }
	blank := func(_, other string, _ *synth.Child) bool { return other == "" }
	period := func(returns, other string, c *synth.Child) bool { return returns != other }
	return []difference{
		{"children of none of the lists 3 to 10", "children", "", func(a, b string, c *synth.Child) bool { return gone(a, b) && !c.AnnexA.Listed }},
		{"referrals of more than twelve months ago", "referrals", "", func(a, b string, c *synth.Child) bool { return gone(a, b) && date(a) < whole }},
		{"assessments authorised more than six months ago", "assessments", "", func(a, b string, c *synth.Child) bool {
			return gone(a, b) && slices.ContainsFunc(c.Assessments, func(s synth.Assessment) bool {
				return s.Start.String() == date(a) && s.Authorised && s.AuthorisedDate.String() < half
			})
		}},
		{"child protection plans ended more than six months ago", "cp_plans", "", func(a, b string, c *synth.Child) bool {
			return gone(a, b) && slices.ContainsFunc(c.CPPlans, func(s synth.CPPlan) bool {
				return s.Start.String() == date(a) && s.Ended && s.End.String() < half
			})
		}},
		{"plans have the first day of the case, and only those that run are there", "cin_plans", "", func(a, b string, c *synth.Child) bool {
			return gone(a, b) || slices.ContainsFunc(c.Referrals, func(r synth.Referral) bool { return r.Date.String() == date(b) && !r.Closed })
		}},
		{"sex as it is now", "children", "sex", func(a, b string, c *synth.Child) bool {
			return b == c.AnnexA.Sex && said(a, c, func(r *synth.CINReturn) string { return r.Sex }, func(h *synth.Header) string { return h.Sex })
		}},
		{"ethnicity as it is now", "children", "ethnicity", func(a, b string, c *synth.Child) bool {
			return b != "" && b == c.AnnexA.Ethnicity && said(a, c, func(r *synth.CINReturn) string { return r.Ethnicity }, func(h *synth.Header) string { return h.Ethnicity })
		}},
		{"an ethnic group and no more", "children", "ethnicity", blank},
		{"no disability is mostly not noted, and list 3 does not ask", "children", "disabled", blank},
		{"whether the child came alone is asked in lists 8 and 9", "children", "uasc", blank},
		{"list 3 says nothing of the case", "referrals", "primary_need", blank},
		{"list 3 says nothing of the case", "referrals", "closure_date", blank},
		{"list 3 says nothing of the case", "referrals", "closure_reason", blank},
		{"periods of care that ended more than six months ago", "looked_after_episodes", "", func(a, b string, c *synth.Child) bool {
			if !gone(a, b) {
				return false
			}
			e := episodeAt(c, date(a))
			last := e
			for i := range c.Episodes {
				if c.Episodes[i].Period == e.Period {
					last = &c.Episodes[i]
				}
			}
			return last.Ended && last.End.String() < half
		}},
		{"episodes after the first of a period", "looked_after_episodes", "", func(a, b string, c *synth.Child) bool {
			return gone(a, b) && episodeAt(c, date(a)).StartReason != "S"
		}},
		{"periods that began before the first return", "looked_after_episodes", "", func(a, b string, c *synth.Child) bool {
			return a == "" && episodeAt(c, date(b)) == nil && date(b) < c.Episodes[0].Start.String()
		}},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "end_date", period},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "legal_status", period},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "placement_type", period},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "placement_provider", period},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "placement_urn", period},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "end_reason", period},
		{"a period as it stands, in the place of its first episode", "looked_after_episodes", "collection_year", period},
		{"why a placement changed is not on the form", "looked_after_episodes", "placement_change_reason", blank},
	}
}

func earlier(year string) string {
	n := 0
	for _, c := range year {
		n = n*10 + int(c-'0')
	}
	n--
	return string([]byte{byte('0' + n/1000), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}

// TestAnnexA hands the same children over as an Annex A alone. What is made of it is what the generator meant, cell by
// cell; and it is what is made of the returns, up to a closed list of differences, of which each is met.
func TestAnnexA(t *testing.T) {
	tables, seen := annexTables(), make(map[string]int)
	for _, c := range []struct {
		opt synth.CohortOptions
		day string
	}{
		{synth.CohortOptions{Children: 4000, Seed: 41, Years: 4}, "2026-03-31"},
		{synth.CohortOptions{Children: 2500, Seed: 7, Years: 3, LastYear: 2024}, "2024-03-31"},
	} {
		all := truthOf(t, c.opt, synth.CIN, synth.SSDA903, synth.AnnexA)
		returns := handed(t, c.opt, tables, synth.CIN, synth.SSDA903)
		form := handed(t, c.opt, tables, synth.AnnexA)
		for _, id := range tables {
			var want []string
			for _, child := range all {
				for _, row := range child.AnnexARows(id) {
					want = append(want, strings.Join(row, " "))
				}
			}
			compare(t, id+" of the form", form.tables[id], want, 20)
		}
		if aside := form.tables["cin_plans"].tally.Aside; aside < 50 {
			t.Errorf("%d rows of list 6 are no plans", aside)
		}
		if found := form.tables["children"].found; found[harmonise.RuleBroad] == 0 {
			t.Errorf("no ethnicity is a group only: %v", found)
		}
		held(t, returns, form, tables, all, annexDifferences(c.day), seen)
	}
	for _, d := range annexDifferences("2026-03-31") {
		if seen[d.name] == 0 {
			t.Errorf("no child shows the difference %q", d.name)
		}
	}
}

// TestAnnexABesideReturns reads the returns and the form together. The form is the last resort: nothing that the returns
// say is different for it, and what it adds is of children and events of whom they say nothing.
func TestAnnexABesideReturns(t *testing.T) {
	opt, tables := synth.CohortOptions{Children: 1500, Seed: 8, Years: 3}, annexTables()
	returns := handed(t, opt, tables, synth.CIN, synth.SSDA903)
	both := handed(t, opt, tables, synth.CIN, synth.SSDA903, synth.AnnexA)
	for _, id := range tables {
		a, _ := keyed(returns.tables[id], id)
		b, twice := keyed(both.tables[id], id)
		if len(twice) > 0 || len(b) != len(a) {
			t.Errorf("%s: %d rows of both ways, %d of the returns, %d twice", id, len(b), len(a), len(twice))
		}
		for key, row := range a {
			for i, cell := range row {
				if b[key] == nil || cell != "" && b[key][i] != cell || cell == "" && id != "children" && b[key][i] != "" {
					t.Fatalf("%s: the returns make\n%v\nand with the form it is\n%v", id, row, b[key])
				}
			}
		}
		if superseded := both.tables[id].tally.Superseded - returns.tables[id].tally.Superseded; superseded < 20 && id != "cin_plans" && id != "cp_plans" {
			t.Errorf("%s: %d rows of the form are superseded", id, superseded)
		}
	}
	if found := both.tables["children"].found; found[harmonise.RuleDiffer] < 5 {
		t.Errorf("facts that differ are not counted: %v", found)
	}
}

// TestAnnexAAfterReturns reads returns up to one year and the form of a later one: events of the year that has no return
// are the form's, and a child of whom the returns have an episode of care or a plan keeps those.
func TestAnnexAAfterReturns(t *testing.T) {
	tables := annexTables()
	opt := synth.CohortOptions{Children: 1500, Seed: 8, Years: 3}
	dir := filepath.Join(t.TempDir(), "all")
	opt.Formats = []string{synth.CIN, synth.SSDA903, synth.AnnexA}
	if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	early := []string{filepath.Join(dir, "2023-24"), filepath.Join(dir, "2024-25")}
	before, _ := discover(t, builtIn(t), early...).everything(t, tables, synth.CoreColumns)
	after, _ := discover(t, builtIn(t), append(early, filepath.Join(dir, "2025-26", "annex_a.xlsx"))...).everything(t, tables, synth.CoreColumns)
	for _, id := range tables {
		a, _ := keyed(before[id], id)
		b, twice := keyed(after[id], id)
		added := 0
		for key, row := range b {
			if a[key] == nil {
				added++
				if year := row[len(row)-1]; id != "children" && year != "2026" {
					t.Errorf("%s: a row of %s is added", id, year)
				}
			}
		}
		known := make(map[string]bool)
		for key := range a {
			known[strings.Fields(key)[0]] = true
			if b[key] == nil {
				t.Errorf("%s: the form takes a row away", id)
			}
		}
		for key := range b {
			if child := strings.Fields(key)[0]; a[key] == nil && known[child] && (id == "cin_plans" || id == "looked_after_episodes") {
				t.Errorf("%s: the form adds a row of a child of whom the returns have one", id)
			}
		}
		if added < 10 || len(twice) > 0 || after[id].tally.Read != sum(after[id].tally) {
			t.Errorf("%s: %d rows are added, %d twice: %+v", id, added, len(twice), after[id].tally)
		}
	}
}
