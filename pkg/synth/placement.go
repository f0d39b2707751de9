package synth

import "github.com/postern-gateway/postern/pkg/civil"

// place draws a placement that age, legal status and year allow, into s.
func (g *generator) place(p *person, s *stay, on civil.Date) {
	d := &g.draw
	place := d.pick(placesFor(p, s, on))
	for place == "P1" && s.ls != "C1" && s.ls != "C2" || place == "R5" && s.ls[0] != 'J' && s.ls != "C2" {
		// Nobody is placed with parents under an agreement with the parents.
		place = d.pick(placesFor(p, s, on))
	}
	g.settle(p, s, place, on)
}

func placesFor(p *person, s *stay, on civil.Date) weights {
	years, supported := age(p.birth, on), on.CollectionYear() >= 2025
	switch {
	case s.ls[0] == 'J':
		return placesRemand
	case p.uasc && years >= 16 && supported:
		return placesUASCSupported
	case p.uasc:
		return placesUASC
	case years >= 16 && supported:
		return placesOlderSupported
	case years >= 16:
		return placesOlder
	case years >= 10:
		return placesTeen
	case years >= 5:
		return placesChild
	case years >= 1:
		return placesYoung
	default:
		return placesInfant
	}
}

// settle fills in what goes with a placement: its code in the years that follow, provider, postcode and URN.
func (g *generator) settle(p *person, s *stay, place string, on civil.Date) {
	d := &g.draw
	if place == "Z" {
		place = "Z1"
		if on.CollectionYear() >= 2026 {
			place = d.pick(otherPlaces)
		}
	}
	*s = stay{ls: s.ls, place: place, place2026: place}
	if place == "Z1" {
		s.place2026 = d.pick(otherPlaces)
	}
	s.provider = d.provider(place)
	if place == "P1" {
		s.postcode = p.home
		return
	}
	switch place[0] {
	case 'U', 'A':
		// A fostering or adoption agency: a few for the whole council, some of them long registered.
		s.urn = uint32(30_000 + d.below(40)*251)
		if d.chance(300) {
			s.urn = uint32(1_200_000 + d.below(60)*173)
		}
	case 'K', 'R', 'S':
		if place != "R2" && place != "R5" {
			s.urn = uint32(1_250_000 + d.below(4000)*37)
			if d.chance(300) {
				s.urn = uint32(50_000 + d.below(900)*7)
			}
			s.postcode = 1 + uint32(mix(uint64(s.urn))%postcodes) // a home has one address
			return
		}
	}
	for s.postcode = g.postcode(); s.postcode == p.home; {
		s.postcode = g.postcode()
	}
}

// provider draws who provides a kind of placement. Temporary and other placements have none.
func (d *draw) provider(place string) string {
	switch place[0] {
	case 'P':
		if place == "P1" {
			return "PR0"
		}
		return "PR4"
	case 'U':
		if place <= "U3" {
			return d.pick(providersKin)
		}
		return d.pick(providersFoster)
	case 'A':
		return d.pick(providersAdoption)
	case 'K':
		return d.pick(providersHome)
	case 'R':
		if place == "R2" || place == "R5" {
			return "PR3"
		}
		return d.pick(providersCentre)
	case 'S':
		return d.pick(providersCentre)
	default:
		return ""
	}
}

// sameCarer changes the placement's code and not the carer, for some foster placements: a match becomes long-term.
func (g *generator) sameCarer(s *stay) bool {
	if !g.draw.chance(160) {
		return false
	}
	var place string
	switch s.place {
	case "U6":
		place = "U4"
	case "U5":
		place = "U6"
	case "U3":
		place = "U1"
	default:
		return false
	}
	s.place, s.place2026 = place, place
	return true
}

// temporary lets a child be away from a placement for a while, one time in twenty: e, which ends, and the episode away
// are added to the identity. It reports false, and adds nothing, where that cannot be. The return has its limits: 42 days
// in hospital (T1), 21 for a carer's holiday (T3), 7 otherwise (T4); care neither begins nor ends so.
func (g *generator) temporary(p *person, id *identity, pl *plan, e episode, due []change) bool {
	d := &g.draw
	if !d.chance(50) {
		return false
	}
	place, longest := "T4", 7
	switch d.below(4) {
	case 0:
		place, longest = "T1", 42
	case 1:
		place, longest = "T3", 21
	case 2:
		place, longest = "T0", 14
	}
	back := e.end + civil.Date(d.between(1, longest))
	if back+7 > pl.end || len(due) > 0 && back >= due[0].on || pl.adoption.planned && back >= pl.adoption.decided {
		return false
	}
	away := stay{ls: e.ls, place: place, place2026: place, postcode: g.postcode()}
	for away.postcode == p.home {
		away.postcode = g.postcode()
	}
	t := g.episode(&away, e.end, "P", e.cin, e.period)
	if back <= g.window.to {
		t.end, t.rec = back, "X1"
	}
	id.episodes = append(id.episodes, e, t)
	return true
}
