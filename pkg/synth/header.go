package synth

import "github.com/postern-gateway/postern/pkg/civil"

// header decides what each year's Header row says: ethnicity, UPN, and whether a girl is a mother.
func (g *generator) header(p *person, id *identity) {
	returned := 0
	for k := range g.window.years {
		if id.years[k].returned() {
			returned++
		}
	}
	first := p.ethnicity
	if returned > 1 && g.draw.chance(12) {
		first = "NOBT" // not obtained yet
	}
	numbers := g.pupil(p, id)
	id.numbers = numbers
	for k, y := range g.window.years {
		a := &id.years[k]
		if !a.returned() {
			continue
		}
		a.ethnicity, first = first, p.ethnicity
		a.upn = numbers.in(&g.draw, y, p.birth, id)
		if a.lookedAfter && p.sex == "F" && p.sexLater == "F" && !onlyShortBreaks(id) && age(p.birth, y.end) >= 12 {
			a.mother = oneOf(p.motherSince <= y.end, "1", "0")
		}
	}
}

func onlyShortBreaks(id *identity) bool { return id.periods[0].shortBreak }

// pupil is how a child's UPN comes to be known.
type pupil struct {
	permanent string
	temporary string // returned once, before the permanent one; "" for most
	unknown   string // UN2, UN3 or UN5, returned while a child of school age has no UPN
	years     int    // for how many sets it is
	nursery   bool   // has a UPN a year before school
	known     bool   // a UPN was returned
}

// pupil draws it. Most have the UPN that the first school gave them; young people who came alone from abroad have none
// at first.
func (g *generator) pupil(p *person, id *identity) pupil {
	d := &g.draw
	laCode := g.identifiers.laCode
	if d.chance(150) {
		laCode = d.pick(neighbours)
	}
	s := pupil{nursery: d.chance(300), unknown: "UN2"}
	allocated := schoolYear(p.birth, 4)
	if s.nursery {
		allocated--
	}
	if len(id.periods) > 0 && (id.index >= MaxChildren || p.uasc) {
		laCode, allocated = g.identifiers.laCode, max(allocated, id.periods[0].start.CollectionYear()-1)
	}
	s.permanent = g.identifiers.permanentUPN(id.index, laCode, allocated)
	switch {
	case p.uasc && d.chance(600):
		s.years = d.between(1, 3)
	case !p.uasc && d.chance(12):
		s.years, s.unknown = d.between(1, 6), d.pick(upnNone)
	}
	if d.chance(32) {
		s.temporary = g.identifiers.temporaryUPN(id.index, allocated)
	}
	return s
}

// schoolYear is the calendar year in whose September a child has completed a number of years, on 31 August.
func schoolYear(birth civil.Date, years int) int {
	y, m, _ := birth.YMD()
	if m > 8 {
		y++
	}
	return y + years
}

// in is what the UPN column says in the set of a year. UN1 is a child not of school age, UN4 one who came into care in
// the year's last week.
func (s *pupil) in(d *draw, y year, birth civil.Date, id *identity) string {
	starts := schoolYear(birth, 4)
	if s.nursery {
		starts--
	}
	if starts >= y.number {
		return "UN1"
	}
	if s.years > 0 {
		s.years--
		return s.unknown
	}
	newly := false
	for i := range id.periods {
		newly = newly || y.holds(id.periods[i].start) && id.periods[i].start > y.end-7
	}
	if newly && !s.known && d.chance(400) {
		return "UN4"
	}
	s.known = true
	if s.temporary != "" {
		temporary := s.temporary
		s.temporary = ""
		return temporary
	}
	return s.permanent
}
