package synth

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// TestCoreRowsFollowFromTheFiles makes the core tables a second time, from the files alone and all children at once, and
// holds Rows to them.
func TestCoreRowsFollowFromTheFiles(t *testing.T) {
	for _, opt := range []CohortOptions{{Children: 800, Seed: 17, Years: 4}, {Children: 300, Seed: 18, Years: 10}, {Children: 200, Seed: 19, Years: 3, LastYear: 2024}} {
		w := readWide(t, opt)
		truth := w.truth(t)
		for table, rows := range w.coreTables(t) {
			var want []string
			for i := range truth {
				for _, row := range truth[i].Rows(table) {
					if len(row) != len(CoreColumns(table)) {
						t.Fatalf("%s: %d cells", table, len(row))
					}
					want = append(want, strings.Join(row, ","))
				}
			}
			slices.Sort(want)
			slices.Sort(rows)
			if len(rows) < 10 {
				t.Errorf("%s: %d rows", table, len(rows))
			}
			if !slices.Equal(rows, want) {
				t.Errorf("%s: %d rows from the files, %d from Truth", table, len(rows), len(want))
				for i := range min(len(rows), len(want)) {
					if rows[i] != want[i] {
						t.Fatalf("the files say %s, Truth says %s", rows[i], want[i])
					}
				}
			}
		}
	}
}

// fact is what a return of a year says; the one with the highest rank that says anything decides.
type fact struct {
	rank  int
	value string
}

func (f *fact) say(rank int, value string) {
	if value != "" && rank > f.rank {
		f.rank, f.value = rank, value
	}
}

// coreTables are the core tables but the episodes, whose truth has a test of its own; one line for each row.
func (w *wideCohort) coreTables(t *testing.T) map[string][]string {
	out := map[string][]string{}
	facts := map[string]*[4]fact{} // sex, ethnicity, birth date, disabled
	of := func(id string) *[4]fact {
		if facts[id] == nil {
			facts[id] = &[4]fact{}
		}
		return facts[id]
	}
	uasc := map[string]string{}
	events := map[string]string{} // table, child and date: the latest row
	owner := map[string]string{}  // by UPN, "two" for more than one
	own := func(upn, id string) {
		if form, outcome := identifier.NormaliseForLinkage(identifier.UPN, upn); outcome == identifier.OK {
			if owner[form] != "" && owner[form] != id {
				id = "two"
			}
			owner[form] = id
		}
	}
	text := func(d *xmlDate) string {
		if d == nil {
			return ""
		}
		return d.on().String()
	}
	for _, year := range slices.Sorted(maps.Keys(w.header)) {
		for _, r := range w.header[year] {
			f := of(r.get("CHILD"))
			f[0].say(2*year, strings.NewReplacer("1", "M", "2", "F").Replace(r.get("SEX")))
			f[1].say(2*year, r.get("ETHNIC"))
			f[2].say(2*year, r.date(t, "DOB").String())
			own(r.get("UPN"), r.get("CHILD"))
			uasc[r.get("CHILD")] = cmp.Or(uasc[r.get("CHILD")], "false")
		}
		for _, r := range w.asylum[year] {
			uasc[r.get("CHILD")] = "true"
		}
	}
	for _, year := range slices.Sorted(maps.Keys(w.xml)) {
		for _, c := range w.xml[year].Children {
			f := of(c.ID)
			f[0].say(2*year+1, strings.NewReplacer("0", "U", "9", "U", "1", "M", "2", "F").Replace(c.Gender)+c.Sex)
			f[1].say(2*year+1, c.Ethnic)
			f[2].say(2*year+1, text(c.Birth))
			if c.Block != nil {
				f[3].say(2*year+1, strconv.FormatBool(!slices.Equal(c.Block.Codes, []string{"NONE"})))
			}
			own(c.UPN, c.ID)
			own(c.Former, c.ID)
			for _, k := range c.Cases {
				put := func(table string, cells ...string) {
					events[table+" "+c.ID+" "+cells[0]] = strings.Join(append(append([]string{c.ID}, cells...), strconv.Itoa(year)), ",")
				}
				put("referrals", text(k.Referral), k.Source, k.Need, strconv.FormatBool(yes(t, k.NoAction)), text(k.Closure), k.Reason)
				for _, a := range k.Assessments {
					put("assessments", text(a.Start), text(a.Authorised))
				}
				for _, p := range k.Plans {
					put("cin_plans", text(p.Start), text(p.End))
				}
				for _, p := range k.Protections {
					put("cp_plans", text(p.Start), text(p.End), strconv.Itoa(p.Previous))
				}
			}
		}
	}
	for id, f := range facts {
		out["children"] = append(out["children"], strings.Join([]string{id, f[0].value, f[1].value, f[2].value, f[3].value, uasc[id]}, ","))
	}
	for key, row := range events {
		table, _, _ := strings.Cut(key, " ")
		out[table] = append(out[table], row)
	}
	w.coreSchools(t, owner, out)
	return out
}

// coreSchools adds the tables of education.
func (w *wideCohort) coreSchools(t *testing.T, owner map[string]string, out map[string][]string) {
	t.Helper()
	child := func(upns ...string) string {
		for _, upn := range upns {
			if form, _ := identifier.NormaliseForLinkage(identifier.UPN, upn); form != "" && owner[form] != "" && owner[form] != "two" {
				return owner[form]
			}
		}
		return ""
	}
	sums, meals, premiums := map[string][3]int{}, map[string]bool{}, map[string]bool{}
	// The census days of 2017 to 2026, from a calendar.
	days := map[string]civil.Date{}
	for i, october := range []int{5, 4, 3, 1, 7, 6, 5, 3, 2} {
		days[fmt.Sprint(2018+i, " autumn")] = civil.MustYMD(2017+i, 10, october)
	}
	for i, january := range []int{18, 17, 16, 21, 20, 19, 18, 16, 15} {
		days[fmt.Sprint(2018+i, " spring")] = civil.MustYMD(2018+i, 1, january)
	}
	for i, may := range []int{17, 16, 21, 20, 19, 18, 16, 15} {
		days[fmt.Sprint(2018+i, " summer")] = civil.MustYMD(2018+i, 5, may)
	}
	for _, r := range w.rolls(t) {
		id := child(r.UPN, r.FormerUPN)
		if id == "" || strings.Contains("SFO", cmp.Or(r.EnrolStatus, "-")) {
			continue
		}
		for part, a := range r.Attended {
			key := fmt.Sprintf("%s,%d,%s", id, r.AcademicYear-1, []string{"summer_first_half", "summer_second_half"}[part])
			if r.Term == "spring" {
				key = fmt.Sprintf("%s,%d,autumn", id, r.AcademicYear)
			}
			if r.Term == "summer" {
				key = fmt.Sprintf("%s,%d,spring", id, r.AcademicYear)
			}
			sum := sums[key]
			sum[0] += a.Possible
			if !a.HasMarks {
				sum[1], sum[2] = sum[1]+a.Authorised, sum[2]+a.Unauthorised
			}
			for _, m := range a.Marks {
				if isCode(m.Code, "C C1 C2 E I J1 M R S T H F") {
					sum[1] += m.Sessions
				} else if isCode(m.Code, "G N O U") {
					sum[2] += m.Sessions
				}
			}
			sums[key] = sum
		}
		if r.Off {
			continue
		}
		day := days[fmt.Sprint(r.AcademicYear, " ", r.Term)]
		eligible := false
		for _, m := range r.Meals {
			eligible = eligible || m.Start <= day && (!m.Ended || day <= m.End) && isCode("x"+m.Country, "x xENG")
		}
		key := fmt.Sprintf("%s,%d,%s,%s", id, r.AcademicYear, r.Term, day)
		meals[key] = meals[key] || eligible
	}
	for year, rows := range w.premiums {
		for _, r := range rows {
			if id := child(r.get("UPN")); id != "" {
				key := fmt.Sprint(id, ",", year)
				any := r.get("Deprivation Pupil Premium") + r.get("Service Child Premium") + r.get("Adopted from Care Premium") + r.get("Looked After Premium")
				premiums[key] = premiums[key] || strings.Contains(any, "1")
			}
		}
	}
	for key, sum := range sums {
		out["attendance"] = append(out["attendance"], fmt.Sprintf("%s,%d,%d,%d", key, sum[0], sum[1], sum[2]))
	}
	for key, yes := range meals {
		out["free_school_meals"] = append(out["free_school_meals"], fmt.Sprint(key, ",", yes))
	}
	for key, yes := range premiums {
		out["pupil_premium"] = append(out["pupil_premium"], fmt.Sprint(key, ",", yes))
	}
}
