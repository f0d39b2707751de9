package synth

import "github.com/postern-gateway/postern/pkg/civil"

// Roll is one row of a pupil table of the school census, with the rows of other tables that belong to it.
type Roll struct {
	AcademicYear int    // of the census, by the year it ends in
	Term         string // of the census: autumn or spring
	Off          bool   // in pupilnolongeronroll
	Key          string // pupilonrolltableid or pupilnolongeronrolltableid
	School       string // NativeId
	UPN          string // "" for none
	FormerUPN    string
	EnrolStatus  string // C, M, S, F, O or ""; of a row no longer on roll always ""
	Possible     int
	// Authorised and Unauthorised are the aggregate columns, where HasAggregates says that the census has them.
	HasAggregates            bool
	Authorised, Unauthorised int
	// Marks are the session rows, where HasMarks says that the census has them.
	HasMarks bool
	Marks    []Mark
	Meals    []Meal // of a row on roll
}

// Mark is one row of session details.
type Mark struct {
	Code     string
	Sessions int
}

// Meal is one period of free school meals.
type Meal struct {
	Start   civil.Date
	Ended   bool
	End     civil.Date
	Country string // ukcountry, "" for none
}

// Premium is one row of PupilPremium.
type Premium struct {
	FinancialYear                              int // by the year it ends in
	UPN                                        string
	Deprivation, Service, Adopted, LookedAfter bool
}

// aggregatesUntil is the last calendar year whose pupil tables have the aggregate columns.
const aggregatesUntil = 2024

func (g *generator) trueRolls(id *identity) []Roll {
	if !g.formats.census {
		return nil
	}
	var out []Roll
	for i := range id.school.rolls {
		r := &id.school.rolls[i]
		academic, calendar := g.window.years[r.census/terms].number, g.window.years[r.census/terms].number
		if r.census%terms == autumn {
			calendar--
		}
		t := Roll{
			AcademicYear: academic, Term: termNames[r.census%terms], Off: r.off,
			Key: trimmed(line(nil).key(g.keys.pupilKey(id.school.key, r.slot))), School: trimmed(line(nil).school(r.school)),
			UPN: r.upn, FormerUPN: r.former, Possible: r.possible, HasMarks: academic >= detailsFrom,
		}
		if !r.off {
			t.EnrolStatus = r.status
		}
		if calendar <= aggregatesUntil {
			t.HasAggregates, t.Authorised, t.Unauthorised = true, r.aggregate.authorised, r.aggregate.unauthorised
		}
		for _, m := range id.school.marks[r.marks[0]:r.marks[1]] {
			t.Marks = append(t.Marks, Mark{m.code, m.sessions})
		}
		for _, m := range id.school.meals[r.meals[0]:r.meals[1]] {
			ended := m.end != never
			t.Meals = append(t.Meals, Meal{m.start, ended, orNone(ended, m.end), m.country})
		}
		out = append(out, t)
	}
	return out
}

// trimmed is what a line has before its last comma.
func trimmed(b line) string { return string(b[:len(b)-1]) }

func (g *generator) truePremiums(id *identity) []Premium {
	if !g.formats.giap {
		return nil
	}
	var out []Premium
	for i := range id.school.premiums {
		r := &id.school.premiums[i]
		out = append(out, Premium{
			FinancialYear: g.window.years[r.year].number, UPN: r.upn,
			Deprivation: r.deprivation, Service: r.service, Adopted: r.adopted, LookedAfter: r.careNow,
		})
	}
	return out
}
