package synth

import "github.com/postern-gateway/postern/pkg/civil"

// Roll is one row of a pupil table of the school census, with the rows of other tables that belong to it.
type Roll struct {
	AcademicYear int    // of the census, by the year it ends in
	Term         string // of the census: autumn, spring or summer
	Off          bool   // in pupilnolongeronroll
	Key          string // pupilonrolltableid or pupilnolongeronrolltableid
	School       string // NativeId
	UPN          string // "" for none
	FormerUPN    string
	EnrolStatus  string // C, M, S, F, O or ""; of a row no longer on roll always ""
	// Attended are the parts of the term that the census asks about: one in spring and summer, the term; two in autumn, the halves
	// of summer.
	Attended []Attended
	Meals    []Meal // of a row on roll
}

// Attended is what a row says of a term, or of half a term.
type Attended struct {
	Possible int
	// Authorised and Unauthorised are the aggregate columns, where HasAggregates says that the census has them.
	HasAggregates            bool
	Authorised, Unauthorised int
	// Marks are the session rows, where HasMarks says that the census has them.
	HasMarks bool
	Marks    []Mark
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
	if !g.formats[SchoolCensus] {
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
			AcademicYear: academic, Term: termName(r.census % terms), Off: r.off,
			Key: trimmed(line(nil).key(g.keys.pupilKey(id.school.key, r.slot))), School: trimmed(line(nil).school(r.school)),
			UPN: r.upn, FormerUPN: r.former,
		}
		if !r.off {
			t.EnrolStatus = r.status
		}
		for part := range r.parts() {
			a := &r.attended[part]
			one := Attended{Possible: a.possible, HasMarks: academic >= detailsFrom}
			if calendar <= aggregatesUntil {
				one.HasAggregates, one.Authorised, one.Unauthorised = true, a.aggregate.authorised, a.aggregate.unauthorised
			}
			for _, m := range id.school.marks[a.marks[0]:a.marks[1]] {
				one.Marks = append(one.Marks, Mark{m.code, m.sessions})
			}
			t.Attended = append(t.Attended, one)
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
	if !g.formats[GIAP] {
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
