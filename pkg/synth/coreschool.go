package synth

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// links says whether a row with a UPN and, for the school census, a former UPN is the child's: by the UPN, else by the
// former one.
func (c *Child) links(linking []string, upn, former string) bool {
	has := func(s string) bool { return s != "" && slices.Contains(linking, strings.ToUpper(s)) }
	return has(upn) || has(former)
}

// counts says whether a row counts for the child: those of a second registration (S), of further education (F) and of
// other providers (O) are held back.
func (r *Roll) counts() bool {
	return r.EnrolStatus != "S" && r.EnrolStatus != "F" && r.EnrolStatus != "O"
}

// asksAbout is the term whose attendance a part of a row has, one in arrears, and its academic year.
func (r *Roll) asksAbout(part int) (academic int, term string) {
	switch {
	case r.Term == "spring":
		return r.AcademicYear, "autumn"
	case r.Term == "summer":
		return r.AcademicYear, "spring"
	case part == 0:
		return r.AcademicYear - 1, "summer_first_half"
	default:
		return r.AcademicYear - 1, "summer_second_half"
	}
}

// missed are the sessions missed with and without authorisation, by code where there are codes.
func (a *Attended) missed() (authorised, unauthorised int) {
	if !a.HasMarks {
		return a.Authorised, a.Unauthorised
	}
	for _, m := range a.Marks {
		switch m.Code {
		case "C", "C1", "C2", "E", "I", "J1", "M", "R", "S", "T", "H", "F":
			authorised += m.Sessions
		case "G", "N", "O", "U":
			unauthorised += m.Sessions
		}
	}
	return authorised, unauthorised
}

// coreAttendance adds one row for each term of attendance, or half of a summer term: academic_year, term, possible,
// authorised, unauthorised.
func (c *Child) coreAttendance(add func(...string)) {
	type total struct {
		academic                           int
		term                               string
		possible, authorised, unauthorised int
	}
	var totals []total
	linking := c.LinkingUPNs()
	for i := range c.Rolls {
		r := &c.Rolls[i]
		if !r.counts() || !c.links(linking, r.UPN, r.FormerUPN) {
			continue
		}
		for part := range r.Attended {
			a := &r.Attended[part]
			academic, term := r.asksAbout(part)
			at := slices.IndexFunc(totals, func(t total) bool { return t.academic == academic && t.term == term })
			if at < 0 {
				at = len(totals)
				totals = append(totals, total{academic: academic, term: term})
			}
			authorised, unauthorised := a.missed()
			t := &totals[at]
			t.possible, t.authorised, t.unauthorised = t.possible+a.Possible, t.authorised+authorised, t.unauthorised+unauthorised
		}
	}
	slices.SortFunc(totals, func(a, b total) int {
		return cmp.Or(cmp.Compare(a.academic, b.academic), cmp.Compare(a.term, b.term))
	})
	for _, t := range totals {
		add(strconv.Itoa(t.academic), t.term, strconv.Itoa(t.possible), strconv.Itoa(t.authorised), strconv.Itoa(t.unauthorised))
	}
}

// CensusDate is the day of a school census: the first Thursday of October for autumn, the third Thursday of January for
// spring and of May for summer, in the academic year named by the year it ends in.
func CensusDate(academicYear int, term string) civil.Date {
	day, nth := civil.MustYMD(academicYear, 1, 1), 3
	switch term {
	case "autumn":
		day, nth = civil.MustYMD(academicYear-1, 10, 1), 1
	case "summer":
		day = civil.MustYMD(academicYear, 5, 1)
	}
	for (day.FirstOfWeek() + 3) != day { // weeks begin on Monday
		day++
	}
	return day + civil.Date(7*(nth-1))
}

// coreMeals adds one row for each census that has the child on roll: academic_year, term, census_date, eligible.
func (c *Child) coreMeals(add func(...string)) {
	linking := c.LinkingUPNs()
	type census struct {
		academic int
		term     string
	}
	eligible := map[census]bool{}
	var order []census
	for i := range c.Rolls {
		r := &c.Rolls[i]
		if r.Off || !r.counts() || !c.links(linking, r.UPN, r.FormerUPN) {
			continue
		}
		key := census{r.AcademicYear, r.Term}
		if _, seen := eligible[key]; !seen {
			order = append(order, key)
		}
		day := CensusDate(r.AcademicYear, r.Term)
		eligible[key] = eligible[key] || slices.ContainsFunc(r.Meals, func(m Meal) bool {
			return m.Start <= day && (!m.Ended || m.End >= day) && (m.Country == "ENG" || m.Country == "")
		})
	}
	own := len(order)
	for i := range c.Downloads {
		r := &c.Downloads[i]
		if r.EnrolStatus == "S" || r.EnrolStatus == "F" || r.EnrolStatus == "O" || !c.links(linking, r.UPN, r.FormerUPN) {
			continue
		}
		key := census{r.AcademicYear, r.Term}
		at := slices.Index(order, key)
		if at < 0 {
			at = len(order)
			order = append(order, key)
		}
		if at >= own { // the council's own census counts where it has the child
			eligible[key] = eligible[key] || r.Eligible
		}
	}
	for _, key := range order {
		add(strconv.Itoa(key.academic), key.term, CensusDate(key.academic, key.term).String(), yesNo(eligible[key]))
	}
}

// corePremium adds one row for each financial year: financial_year, eligible by one of the premiums that count.
func (c *Child) corePremium(counts []string, add func(...string)) {
	linking := c.LinkingUPNs()
	eligible := map[int]bool{}
	var order []int
	for i := range c.Premiums {
		r := &c.Premiums[i]
		if !c.links(linking, r.UPN, "") {
			continue
		}
		if _, seen := eligible[r.FinancialYear]; !seen {
			order = append(order, r.FinancialYear)
		}
		eligible[r.FinancialYear] = eligible[r.FinancialYear] ||
			r.Deprivation && slices.Contains(counts, "deprivation") || r.Service && slices.Contains(counts, "service") ||
			r.Adopted && slices.Contains(counts, "adopted_from_care") || r.LookedAfter && slices.Contains(counts, "looked_after")
	}
	for _, year := range order {
		add(strconv.Itoa(year), yesNo(eligible[year]))
	}
}
