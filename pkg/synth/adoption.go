package synth

import "github.com/postern-gateway/postern/pkg/civil"

// adoptionPlan is a small child's way from an interim care order to an adoption: the decision that the child should be
// placed, a placement order (or consent), the match, the placement with the adopters, the adoption. One decision in
// twelve is reversed.
func (g *generator) adoptionPlan(start civil.Date, p *person) plan {
	d := &g.draw
	pl := plan{start: start}
	a := &pl.adoption
	a.planned = true
	a.decided = start + civil.Date(d.between(120, 300))
	pl.ordered = a.decided + civil.Date(d.between(1, 60))
	pl.consent = d.chance(80)
	if d.chance(80) {
		a.reversed, a.reversedReason = true, d.pick(reversals)
		a.ceased = pl.ordered + civil.Date(d.between(60, 400))
		pl.end = min(a.ceased+civil.Date(d.between(30, 3000)), p.eighteen)
		return pl
	}
	pl.placed = pl.ordered + civil.Date(d.between(20, 240))
	a.matched = max(a.decided, pl.placed-civil.Date(d.between(7, 45)))
	a.adopters = d.pick(adopters)
	pl.end = pl.placed + civil.Date(d.between(75, 300))
	a.carer = d.chance(180)
	return pl
}

// placeForAdoption moves a child to the adopters, who are the foster carers where the plan says so and the child is in
// foster care. It returns the reason for the new episode. A3 and A5 are the codes of adoption by the current carers,
// A5 and A6 those under a placement order.
func (g *generator) placeForAdoption(p *person, pl *plan, s *stay, on civil.Date) string {
	a := &pl.adoption
	a.carer = a.carer && s.place[0] == 'U'
	if a.carer {
		s.place = oneOf(pl.consent, "A3", "A5")
		s.place2026 = s.place
		return "T"
	}
	g.settle(p, s, oneOf(pl.consent, "A4", "A6"), on)
	return "P"
}

// adoptedAndBack is a child who is adopted from care and comes back into care later, under an LA child ID and a UPN that
// nothing links to the first ones.
func (g *generator) adoptedAndBack(p *person) {
	d := &g.draw
	first, last := g.window.from, g.window.to
	adopted := first + civil.Date(d.between(0, int(last-first)-120))
	p.born(adopted)
	pl := g.adoptionPlan(0, p)
	for pl.adoption.reversed {
		pl = g.adoptionPlan(0, p)
	}
	pl.shift(adopted - pl.end)
	p.born(pl.start - civil.Date(d.between(0, 1200)))
	pl.cin, pl.permanence = "N1", permanence{code: "Z1"}
	g.care(p, &p.first, &pl)

	start := adopted + civil.Date(d.between(60, int(last-adopted)-10))
	back := plan{start: start, end: min(start+civil.Date(d.days(stays)), p.eighteen), cin: d.pick(needs)}
	back.permanence = permanence{code: "P1", la: d.pick(permanenceLAs), date: adopted, unsure: d.below(4)}
	g.care(p, &p.second, &back)
	g.again(p, &p.second, 100)
}

// shift moves a plan in time.
func (pl *plan) shift(by civil.Date) {
	for _, on := range []*civil.Date{&pl.start, &pl.end, &pl.ordered, &pl.placed, &pl.adoption.decided, &pl.adoption.matched} {
		*on += by
	}
}

// permanenceBefore draws an earlier permanence for a few, in 1,000, of those old enough to have had one.
func (g *generator) permanenceBefore(p *person, start civil.Date, share int) permanence {
	d := &g.draw
	old := int(start - p.birth)
	if p.uasc || old < 900 || !d.chance(share) {
		return permanence{code: "Z1"}
	}
	before := permanence{
		code: d.pick(weights{{"P1", 40}, {"P2", 40}, {"P3", 15}, {"P4", 5}}), la: d.pick(permanenceLAs),
		date: p.birth + civil.Date(d.between(400, old-60)), unsure: d.below(4),
	}
	if before.code == "P4" {
		before.la, before.unsure = "999", 3
	}
	return before
}
