package synth

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// in says whether the CIN census of a year has the case.
func (r *referral) in(y year) bool {
	if r.noAction {
		return y.holds(r.on)
	}
	return y.overlaps(r.on, r.closed)
}

// describe decides what each year's CIN census says of the child.
func (g *generator) describe(p *person, id *identity) {
	h := &id.need
	for k := g.needed; k < len(g.window.years); k++ {
		h.returns[k] = described{}
		for i := range h.referrals {
			if h.referrals[i].in(g.window.years[k]) {
				h.returns[k].present = true
				break
			}
		}
	}
	g.characteristics(p, id)
	g.disabilities(p, id)
	g.pupilNumbers(p, id)
}

// characteristics are sex and ethnicity. For a few children the census says something else than the return of children
// looked after, or does not know yet.
func (g *generator) characteristics(p *person, id *identity) {
	d := &g.draw
	sex, ethnicity := p.sex, p.ethnicity
	switch n := d.below(1000); {
	case n < 6:
		sex = oneOf(d.chance(500), "U", "9")
	case n < 9:
		sex = oneOf(sex == "M", "F", "M")
	}
	switch n := d.below(1000); {
	case n < 12:
		ethnicity = "NOBT"
	case n < 20:
		ethnicity = d.pick(ethnicities)
	}
	late, missing := d.chance(10), d.chance(8) // not obtained in the first year; no element in one year
	for k := g.needed; k < len(g.window.years); k++ {
		r := &id.need.returns[k]
		if !r.present {
			continue
		}
		r.sex, r.ethnicity = sex, ethnicity
		if late {
			r.ethnicity, late = "NOBT", false
		} else if missing {
			r.ethnicity, missing = "", false
		}
		if g.unborn(p, k) {
			r.sex, r.ethnicity = oneOf(d.chance(500), "U", "9"), oneOf(d.chance(500), "NOBT", "")
		}
	}
}

// unborn says whether the child is not born by the reference date of a year.
func (g *generator) unborn(p *person, k int) bool { return p.birth > g.window.years[k].end }

// disabilities: one child in seven has some, one in six has no block at all, for a few it changes with the year.
func (g *generator) disabilities(p *person, id *identity) {
	d := &g.draw
	var has [3]string
	chance := 120
	if len(id.periods) > 0 && id.periods[0].shortBreak {
		chance = 960
	}
	if d.chance(chance) {
		for i := range 1 + d.below(3) {
			has[i] = d.pick(disabilityCodes)
		}
		if has[1] == has[0] || has[2] == has[0] || has[2] == has[1] {
			has[1], has[2] = "", ""
		}
	}
	block, later := !d.chance(170), d.chance(60)
	for k := g.needed; k < len(g.window.years); k++ {
		r := &id.need.returns[k]
		if !r.present {
			continue
		}
		if later && g.window.years[k].number%2 == 0 {
			// Another worker: nothing was said, or what was said was not true any more.
			r.block = !block
			if r.block {
				r.disabilities[0] = "NONE"
			}
			continue
		}
		if r.block = block; block {
			r.disabilities = has
			if has[0] == "" {
				r.disabilities[0] = "NONE"
			}
		}
	}
}

// pupilNumbers decides UPN, FormerUPN and UPNunknown of each year. Where the return of children looked after says
// something in the same year, the census says the same.
func (g *generator) pupilNumbers(p *person, id *identity) {
	d, h := &g.draw, &id.need
	n := id.numbers
	temporaryYears, unknownYears := d.between(1, 2), n.years
	forgets := d.chance(100) // the former number
	lower := d.chance(4)
	if len(id.periods) == 0 && unknownYears > 0 && !p.uasc {
		n.unknown = d.pick(upnNoneInNeed)
	}
	replaced := false
	for k := g.needed; k < len(g.window.years); k++ {
		r, y := &id.need.returns[k], g.window.years[k]
		if said := &id.years[k]; said.returned() && said.upn == n.permanent && n.temporary != "" {
			replaced = true
		}
		if !r.present {
			continue
		}
		switch stated := g.statedBy(id, k); {
		case !n.atSchool(y.number, p.birth):
			r.unknown = "UN1"
		case len(stated) == 3:
			r.unknown = stated
		case stated != "":
			r.upn = stated
		case unknownYears > 0:
			r.unknown = n.unknown
			unknownYears--
		case n.temporary != "" && temporaryYears > 0 && !replaced:
			r.upn = n.temporary
			temporaryYears--
		default:
			r.upn = n.permanent
		}
		if !id.years[k].returned() && h.nothingDone(g.window.years[k]) && d.chance(250) {
			r.upn, r.unknown = "", "UN7"
		}
		if r.upn == n.permanent && n.temporary != "" {
			replaced = true
			if !forgets {
				r.former = n.temporary
			}
		}
		if p.ordinal%mistakenEvery == mistaken && g.inPair(p.ordinal) && k > g.needed {
			r.upn, r.former, r.unknown = g.partnersUPN(p.ordinal), "", ""
		}
		if lower {
			r.upn = strings.ToLower(r.upn)
		}
	}
}

// nothingDone says whether a year's census has nothing but referrals on which no action was taken: a UPN is not asked for.
func (h *history) nothingDone(y year) bool {
	for i := range h.referrals {
		if r := &h.referrals[i]; r.in(y) && !r.noAction {
			return false
		}
	}
	return true
}

// statedBy is what the return of children looked after says in a year, or in the next one that it says anything in;
// after the last one, "".
func (g *generator) statedBy(id *identity, k int) string {
	for ; k < len(g.window.years); k++ {
		if said := &id.years[k]; said.returned() {
			if said.upn == "UN4" || said.upn == "UN1" {
				return "" // true of that year's end only
			}
			return said.upn
		}
	}
	return ""
}

// atSchool says whether a child may have a UPN in a collection year: has begun school, or nursery, by its autumn.
func (s *pupil) atSchool(year int, birth civil.Date) bool {
	starts := schoolYear(birth, 4)
	if s.nursery {
		starts--
	}
	return starts < year
}

// partnersUPN is the UPN of the other child of a pair, who is made anew for it.
func (g *generator) partnersUPN(ordinal int) string {
	return g.twin().person(partner(ordinal)).first.numbers.permanent
}

// twin is another generator of the same cohort.
func (g *generator) twin() *generator {
	return &generator{
		window: g.window, seed: g.seed, identifiers: g.identifiers, keys: g.keys, children: g.children, formats: g.formats, others: g.others, needed: g.needed,
	}
}
