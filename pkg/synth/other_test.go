package synth

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// TestOtherFormats makes a cohort in all formats, reads it back with the readers of the standard library, and holds it
// to Truth and to the rules of the returns.
func TestOtherFormats(t *testing.T) {
	w := readWide(t, CohortOptions{Children: 2000, Seed: 7, Years: 4})
	t.Run("truth of the CIN census", func(t *testing.T) { w.checkNeed(t) })
	t.Run("truth of the schools", func(t *testing.T) { w.checkSchools(t) })
	t.Run("linkage", func(t *testing.T) { w.checkLinkage(t) })
	t.Run("rules", func(t *testing.T) { w.checkRules(t) })
	t.Run("quirks", func(t *testing.T) { w.checkQuirks(t) })
}

// More shapes of cohort, without the counts of quirks.
func TestOtherFormatsOfOtherShapes(t *testing.T) {
	for _, opt := range []CohortOptions{
		{Children: 400, Seed: 3, Years: 1},
		{Children: 300, Seed: 4, Years: 10},
		{Children: 300, Seed: 5, Years: 6, LastYear: 2023, LACode: "330"},
		{Children: 300, Seed: 6, Years: 3, LastYear: 2024, Formats: []string{CIN, GIAP}},
		{Children: 300, Seed: 8, Years: 3, LastYear: 2025, Formats: []string{SSDA903, SchoolCensus}},
	} {
		t.Run(fmt.Sprint(opt.LastYear, " ", opt.Years), func(t *testing.T) {
			w := readWide(t, opt)
			w.checkNeed(t)
			w.checkSchools(t)
			w.checkLinkage(t)
			w.checkRules(t)
			for _, set := range w.summary.Sets {
				for _, table := range set.Tables {
					if set.Year < Earliest(table.Format) {
						t.Errorf("%d: %s", set.Year, table.File)
					}
				}
			}
		})
	}
}

func (w *wideCohort) truth(t *testing.T) []Child {
	t.Helper()
	seq, err := Truth(w.opt)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(seq)
}

// checkNeed puts each child together again from the CIN censuses alone, the latest deciding.
func (w *wideCohort) checkNeed(t *testing.T) {
	read := map[string]*Child{}
	for year := Earliest(CIN); year <= LatestYear; year++ {
		if census := w.xml[year]; census != nil {
			for i := range census.Children {
				gatherNeed(t, year, &census.Children[i], read)
			}
		}
	}
	n := 0
	for _, want := range w.truth(t) {
		got := read[want.ID]
		if got == nil {
			if len(want.CIN) > 0 {
				t.Fatalf("child %s is in no census", want.ID)
			}
			continue
		}
		n++
		for _, pair := range [][2]any{
			{got.CIN, want.CIN}, {got.Referrals, want.Referrals}, {got.Assessments, want.Assessments}, {got.CINPlans, want.CINPlans},
			{got.CPPlans, want.CPPlans},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Fatalf("%s: the files say\n%+v\nTruth says\n%+v", want.ID, pair[0], pair[1])
			}
		}
		if got.BirthDate != 0 && got.BirthDate != want.BirthDate {
			t.Errorf("%s: born on another day", want.ID)
		}
	}
	if n != len(read) {
		t.Errorf("%d children in the censuses, %d in Truth", len(read), n)
	}
}

// at finds an item by its date, or adds it.
func at[T any](items *[]T, same func(*T) bool) *T {
	if i := slices.IndexFunc(*items, func(item T) bool { return same(&item) }); i >= 0 {
		return &(*items)[i]
	}
	var fresh T
	*items = append(*items, fresh)
	return &(*items)[len(*items)-1]
}

func gatherNeed(t *testing.T, year int, x *xmlChild, read map[string]*Child) {
	t.Helper()
	c := read[x.ID]
	if c == nil {
		c = &Child{ID: x.ID}
		read[x.ID] = c
	}
	said := CINReturn{
		Year: year, UPN: x.UPN, FormerUPN: x.Former, UPNUnknown: x.Unknown, Ethnicity: x.Ethnic, Born: x.Birth != nil,
		Sex: strings.NewReplacer("0", "U", "9", "U", "1", "M", "2", "F").Replace(x.Gender) + x.Sex,
	}
	if (x.Birth == nil) == (x.Expected == nil) || (x.Sex != "") != (year >= 2025) || (x.Gender != "") != (year < 2025) {
		t.Errorf("%d: identifiers %+v", year, x)
	}
	if x.Birth != nil {
		c.BirthDate = x.Birth.on()
	}
	if x.Death != nil {
		said.Died, said.DeathDate = true, x.Death.on()
	}
	if x.Block != nil {
		said.HasDisabilities, said.Disabilities = true, x.Block.Codes
	}
	c.CIN = append(c.CIN, said)
	for i := range x.Cases {
		k := &x.Cases[i]
		on := k.Referral.on()
		r := at(&c.Referrals, func(r *Referral) bool { return r.Date == on })
		closed := k.Closure != nil
		*r = Referral{
			on, k.Source, k.Need, yes(t, k.NoAction), closed, orNone(closed, k.Closure.on()), k.Reason, append(r.Years, year),
		}
		for _, a := range k.Assessments {
			one := at(&c.Assessments, func(b *Assessment) bool { return b.Start == a.Start.on() })
			known := a.Authorised != nil
			*one = Assessment{on, a.Start.on(), known, orNone(known, a.Authorised.on()), append(one.Years, year)}
		}
		for _, p := range k.Plans {
			one := at(&c.CINPlans, func(b *Plan) bool { return b.Start == p.Start.on() })
			known := p.End != nil
			*one = Plan{on, p.Start.on(), known, orNone(known, p.End.on()), append(one.Years, year)}
		}
		for _, p := range k.Protections {
			one := at(&c.CPPlans, func(b *CPPlan) bool { return b.Start == p.Start.on() })
			known := p.End != nil
			reviews := one.Reviews
			for _, on := range p.Reviews {
				reviews = append(reviews, on.on())
			}
			*one = CPPlan{on, p.Start.on(), known, orNone(known, p.End.on()), p.Previous, reviews, append(one.Years, year)}
		}
	}
}

// rollKey is what tells a row of a pupil table.
func rollKey(year int, term string, off bool, key, school string) string {
	return fmt.Sprint(year, " ", term, " ", off, " ", key, " ", school)
}

// checkSchools puts the rows of the school census together from its tables and holds them to Truth and Pupils, and those
// of PupilPremium too.
func (w *wideCohort) checkSchools(t *testing.T) {
	read := maps.Clone(w.rolls(t))
	premiums := map[string]int{}
	for year, rows := range w.premiums {
		for _, r := range rows {
			premiums[fmt.Sprint(Premium{
				year, r.get("UPN"), r.get("Deprivation Pupil Premium") == "1", r.get("Service Child Premium") == "1", r.get("Adopted from Care Premium") == "1",
				r.get("Looked After Premium") == "1",
			})]++
		}
	}
	check := func(rolls []Roll, paid []Premium) {
		possible := map[string]int{} // by census, of a pupil: a move does not make a term longer
		for _, want := range rolls {
			for part, a := range want.Attended {
				if want.EnrolStatus != "S" {
					possible[fmt.Sprint(want.AcademicYear, want.Term, part)] += a.Possible
				}
			}
			key := rollKey(want.AcademicYear, want.Term, want.Off, want.Key, want.School)
			got, ok := read[key]
			if !ok {
				t.Fatalf("row %s is in no file", key)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("the files say\n%+v\nTruth says\n%+v", got, want)
			}
			delete(read, key)
		}
		for census, n := range possible {
			if n > 150 || n < 1 {
				t.Errorf("%s: %d sessions", census, n)
			}
		}
		for _, want := range paid {
			premiums[fmt.Sprint(want)]--
		}
	}
	for _, c := range w.truth(t) {
		check(c.Rolls, c.Premiums)
	}
	pupils, err := Pupils(w.opt)
	if err != nil {
		t.Fatal(err)
	}
	for p := range pupils {
		check(p.Rolls, p.Premiums)
	}
	if len(read) > 0 {
		t.Errorf("%d rows of pupil tables are nobody's", len(read))
	}
	for row, n := range premiums {
		if n != 0 {
			t.Fatalf("%d more rows in the files: %s", n, row)
		}
	}
}

// rolls reads every row of the pupil tables with the rows that belong to it.
func (w *wideCohort) rolls(t *testing.T) map[string]Roll {
	t.Helper()
	if w.read1 != nil {
		return w.read1
	}
	read := map[string]*Roll{}
	for _, set := range w.summary.Sets {
		for _, term := range []string{"autumn", "spring", "summer"} {
			rows := func(table string) ([]row, bool) {
				r, ok := w.census[fmt.Sprint(set.Year, " ", term, " ", table)]
				return r, ok
			}
			for _, side := range []struct{ pupils, details, half, key string }{
				{"pupilonroll", "termlysessiondetailsonroll", "summerhalfterm2sessiondetailsonroll", "pupilonrolltableid"},
				{"pupilnolongeronroll", "termlysessiondetailsoffroll", "summerhalfterm2sessiondetailsoffroll", "pupilnolongeronrolltableid"},
			} {
				off := side.pupils != "pupilonroll"
				pupils, _ := rows(side.pupils)
				for _, r := range pupils {
					one := &Roll{
						AcademicYear: set.Year, Term: term, Off: off, Key: r.get(side.key), School: r.get("NativeId"), UPN: r.get("upn"),
						FormerUPN: r.get("formerupn"), EnrolStatus: r.get("enrolstatus"),
					}
					for _, part := range []struct{ columns, details string }{{"termlysessions", side.details}, {"summerhalfterm2sessions", side.half}} {
						if !r.has(part.columns + "possible") {
							continue
						}
						a := Attended{Possible: float(t, r.get(part.columns+"possible"))}
						_, a.HasMarks = rows(part.details)
						if r.has(part.columns + "authorised") {
							a.HasAggregates = true
							a.Authorised, a.Unauthorised = float(t, r.get(part.columns+"authorised")), float(t, r.get(part.columns+"unauthorised"))
						}
						one.Attended = append(one.Attended, a)
					}
					key := rollKey(set.Year, term, off, one.Key, one.School)
					if read[key] != nil {
						t.Fatalf("two rows %s", key)
					}
					read[key] = one
				}
				for part, name := range []string{side.details, side.half} {
					details, _ := rows(name)
					for _, r := range details {
						one := read[rollKey(set.Year, term, off, r.get(side.key), r.get("NativeId"))]
						if one == nil {
							t.Fatalf("session details of nobody: %v", r)
						}
						marks := &one.Attended[part].Marks
						*marks = append(*marks, Mark{r.get("attendancereason"), float(t, r.get("sessions"))})
					}
				}
			}
			name := "fsmperiod"
			if term == "autumn" {
				name = "fsmperiodsonroll"
			}
			meals, _ := rows(name)
			for _, r := range meals {
				one := read[rollKey(set.Year, term, false, r.get("pupilonrolltableid"), r.get("NativeId"))]
				if one == nil {
					t.Fatalf("meals of nobody: %v", r)
				}
				end := day(t, r.get("fsmenddate"))
				one.Meals = append(one.Meals, Meal{day(t, r.get("fsmstartdate")), end != never, orNone(end != never, end), r.get("ukcountry")})
			}
		}
	}
	w.read1 = map[string]Roll{}
	for key, r := range read {
		w.read1[key] = *r
	}
	return w.read1
}

// checkLinkage makes the crosswalk of UPNs from the files alone: no UPN belongs to two LA child IDs but those that
// Truth says are shared, and no row of another child or pupil has a UPN that links to a child.
func (w *wideCohort) checkLinkage(t *testing.T) {
	owners := map[string]map[string]bool{}
	own := func(upn, id string) {
		if form, outcome := identifier.NormaliseForLinkage(identifier.UPN, upn); outcome == identifier.OK {
			if owners[form] == nil {
				owners[form] = map[string]bool{}
			}
			owners[form][id] = true
		} else if outcome != identifier.Missing && outcome != identifier.Unknown {
			t.Errorf("UPN %q: %v", upn, outcome)
		}
	}
	for _, census := range w.xml {
		for _, c := range census.Children {
			own(c.UPN, c.ID)
			own(c.Former, c.ID)
		}
	}
	for _, rows := range w.header {
		for _, r := range rows {
			own(r.get("UPN"), r.get("CHILD"))
		}
	}
	shared, pairs := 0, 0
	for _, ids := range owners {
		if len(ids) > 1 {
			shared++
		}
	}
	linked := func(upn, former string) string {
		for _, u := range []string{upn, former} {
			if form, _ := identifier.NormaliseForLinkage(identifier.UPN, u); len(owners[form]) == 1 {
				for id := range owners[form] {
					return id
				}
			}
		}
		return ""
	}
	for _, c := range w.truth(t) {
		pairs += len(c.SharedUPNs)
		for _, upn := range c.KnownUPNs() {
			if !owners[upn][c.ID] || (len(owners[upn]) > 1) != slices.Contains(c.SharedUPNs, upn) {
				t.Errorf("%s: UPN %s belongs to %v, Truth says shared: %v", c.ID, upn, owners[upn], c.SharedUPNs)
			}
		}
		linking := c.LinkingUPNs()
		for _, r := range c.Rolls {
			if got := linked(r.UPN, r.FormerUPN); got != "" && got != c.ID || (got != "") != c.links(linking, r.UPN, r.FormerUPN) {
				t.Errorf("a row of %s is linked to %q", c.ID, got)
			}
		}
		for _, r := range c.Premiums {
			if got := linked(r.UPN, ""); got != "" && got != c.ID || (got != "") != c.links(linking, r.UPN, "") {
				t.Errorf("a premium of %s is linked to %q", c.ID, got)
			}
		}
	}
	if pairs != 2*shared {
		t.Errorf("%d UPNs belong to two children, Truth says %d", shared, pairs)
	}
	pupils, err := Pupils(w.opt)
	if err != nil {
		t.Fatal(err)
	}
	for p := range pupils {
		for _, r := range p.Rolls {
			if linked(r.UPN, r.FormerUPN) != "" {
				t.Errorf("a pupil of nobody's care is linked")
			}
		}
	}
}

// between says whether a day is from one to another, both included.
func between(d, low, high civil.Date) bool { return low <= d && d <= high }
