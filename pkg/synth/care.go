package synth

import "github.com/postern-gateway/postern/pkg/civil"

// plan is a period of care before its episodes are drawn.
type plan struct {
	start, end civil.Date // end is at most the 18th birthday; it may be after the cohort's last day
	adoption   adoption
	ordered    civil.Date // placement order, or consent: the day the legal status changes
	consent    bool       // no placement order: placed with the parents' consent
	placed     civil.Date // with the adopters
	cin        string
	permanence permanence
}

// ordinary is a child in care for any of the usual reasons, once or more.
func (g *generator) ordinary(p *person) {
	d := &g.draw
	var pl plan
	for try := 0; ; try++ {
		days := d.days(entryAges)
		start := g.entry(try, 2200)
		p.born(start - civil.Date(days))
		if days < 1600 && d.chance(260) {
			pl = g.adoptionPlan(start, p)
		} else {
			pl = plan{start: start, end: min(start+civil.Date(d.days(stays)), p.eighteen)}
		}
		if pl.end >= g.window.from {
			break
		}
	}
	pl.cin = d.pick(needs)
	pl.permanence = g.permanenceBefore(p, pl.start, 30)
	g.care(p, &p.first, &pl)
	g.again(p, &p.first, 150)
}

// entry draws the first day of care: up to a number of days before the cohort's first day, after some tries within it,
// so that every child is in at least one set.
func (g *generator) entry(try, before int) civil.Date {
	if try >= 6 {
		before = 0
	}
	return g.window.from + civil.Date(g.draw.between(-before, int(g.window.to-g.window.from)-3))
}

// again adds further periods of care with a chance in 1,000 each, while there is time for one.
func (g *generator) again(p *person, id *identity, chance int) {
	d := &g.draw
	for d.chance(chance) {
		last := &id.periods[len(id.periods)-1]
		start := last.end + civil.Date(d.between(20, 900))
		if last.end == never || !mayReturn(last.reason) || start > g.window.to-3 || start > p.eighteen-30 {
			return
		}
		pl := plan{start: start, end: min(start+civil.Date(d.days(stays)), p.eighteen), cin: d.pick(needs)}
		switch last.reason {
		case "E43", "E44", "E45", "E46", "E47", "E48":
			pl.permanence = permanence{code: "P2", la: g.identifiers.laCode, date: last.end}
		case "E41":
			pl.permanence = permanence{code: "P3", la: g.identifiers.laCode, date: last.end}
		default:
			pl.permanence = last.permanence
		}
		g.care(p, id, &pl)
	}
}

// mayReturn says whether a child whose care ended so may be looked after again under the same LA child ID.
func mayReturn(reason string) bool {
	switch reason {
	case "E2", "E3", "E11", "E12", "E15", "E16", "E17", "E7", "E9":
		return false
	default:
		return true
	}
}

// stay is where a child is and by what right: what one episode says until something changes.
type stay struct {
	ls, place, place2026, provider string
	postcode, urn                  uint32
}

// change is a change of legal status that is due.
type change struct {
	on civil.Date
	ls string
}

// care draws the episodes of a period of care, adds them to the identity, and then the period.
func (g *generator) care(p *person, id *identity, pl *plan) {
	per := period{start: pl.start, end: never, first: len(id.episodes)}
	if g.spells(p, id, pl) {
		per.end, per.reason = pl.end, id.episodes[len(id.episodes)-1].rec
	}
	per.last, per.adoption, per.permanence = len(id.episodes), pl.adoption, pl.permanence
	id.periods = append(id.periods, per)
}

// spells adds a period's episodes, from one change to the next. It reports whether care ended by the cohort's last day;
// if not, the last episode is open.
func (g *generator) spells(p *person, id *identity, pl *plan) bool {
	d := &g.draw
	now, due := g.legalPath(p, pl)
	g.place(p, &now, pl.start)
	move, placed := g.nextMove(pl, pl.start, firstMoves, &now), never
	if pl.adoption.planned && !pl.adoption.reversed {
		placed = pl.placed
	}
	for at, rne := pl.start, "S"; ; {
		e := g.episode(&now, at, rne, pl.cin, len(id.periods))
		next := min(pl.end, move, placed)
		if len(due) > 0 {
			next = min(next, due[0].on)
		}
		if next > g.window.to {
			id.episodes = append(id.episodes, e)
			return false
		}
		e.end, e.rec = next, "X1"
		if next == pl.end {
			e.rec = g.reasonEnded(p, pl, &now)
			id.episodes = append(id.episodes, e)
			return true
		}
		legal := len(due) > 0 && due[0].on == next
		moves := next == move || legal && placed == never && !frozen(pl, next) && d.chance(150)
		if moves && !legal && g.temporary(p, id, pl, e, due) {
			// Away for a while and back in the same placement.
			away := &id.episodes[len(id.episodes)-1]
			if away.end == never {
				return false
			}
			at, rne, move = away.end, "P", g.nextMove(pl, away.end, laterMoves, &now)
			continue
		}
		if legal {
			now.ls, due = due[0].ls, due[1:]
		}
		switch {
		case next == placed:
			rne, e.change, placed = g.placeForAdoption(p, pl, &now, next), "CARPL", never
		case moves && g.sameCarer(&now):
			rne, e.change = oneOf(legal, "U", "T"), "CARPL"
		case moves:
			for before := now.postcode; now.postcode == before; {
				g.place(p, &now, next)
			}
			rne, e.change = oneOf(legal, "B", "P"), g.reasonMoved(p, next)
		default:
			rne = "L"
		}
		if rne != "L" {
			move = g.nextMove(pl, next, laterMoves, &now)
		}
		id.episodes = append(id.episodes, e)
		at = next
	}
}

func oneOf(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (g *generator) episode(s *stay, start civil.Date, rne, cin string, period int) episode {
	return episode{
		start: start, end: never, period: period, rne: rne, ls: s.ls, cin: cin,
		place: s.place, place2026: s.place2026, provider: s.provider, postcode: s.postcode, urn: s.urn,
	}
}

// nextMove draws the day of the next change of placement. Nobody moves while an adoption is under way.
func (g *generator) nextMove(pl *plan, after civil.Date, spans []span, now *stay) civil.Date {
	days := g.draw.days(spans)
	if now.place == "U4" || now.place == "U1" {
		days *= 2
	}
	at := after + civil.Date(days)
	if !pl.adoption.planned || at < pl.adoption.decided {
		return at
	}
	if pl.adoption.reversed {
		return max(at, pl.adoption.ceased+civil.Date(days))
	}
	return never
}

// frozen says whether an adoption is under way on a day.
func frozen(pl *plan, on civil.Date) bool {
	return pl.adoption.planned && on >= pl.adoption.decided && (!pl.adoption.reversed || on <= pl.adoption.ceased)
}

// legalPath draws the legal status at the start and the changes of it, in order.
func (g *generator) legalPath(p *person, pl *plan) (stay, []change) {
	d := &g.draw
	if p.uasc {
		return stay{ls: "V2"}, nil
	}
	if pl.adoption.planned {
		due := []change{{pl.ordered, oneOf(pl.consent, "C2", "E1")}}
		if pl.adoption.reversed && !pl.consent {
			due = append(due, change{pl.adoption.ceased, "C2"})
		}
		return stay{ls: "C1"}, due
	}
	var due []change
	first := firstStatusYoung
	if age(p.birth, pl.start) >= 12 {
		first = firstStatusTeen
	}
	s := stay{ls: d.pick(first)}
	last, ls := pl.start, s.ls
	follow := func(days int, status string) {
		last, ls = last+civil.Date(days), status
		due = append(due, change{last, status})
	}
	switch s.ls {
	case "L1": // police protection: 72 hours at most
		follow(d.between(1, 3), oneOf(d.chance(600), "C1", "V2"))
	case "L2": // emergency protection order: 21 days at most
		follow(d.between(4, 20), oneOf(d.chance(800), "C1", "V2"))
	case "L3": // child assessment order: 7 days at most
		follow(d.between(4, 7), oneOf(d.chance(500), "C1", "V2"))
	case "J1", "J2", "J3":
		if pl.start < g.window.from {
			s.ls, ls = "C2", "C2" // a remand would be over before the cohort's first day
			break
		}
		pl.end = min(pl.end, pl.start+civil.Date(d.between(3, 140)))
	}
	if ls == "V2" && d.chance(250) {
		follow(d.between(30, 200), "C1")
	}
	if ls == "C1" && d.chance(850) {
		follow(d.between(120, 270), "C2")
	}
	return s, due
}

// reasonMoved draws why a placement changed.
func (g *generator) reasonMoved(p *person, on civil.Date) string {
	if on.CollectionYear() >= 2020 && age(p.birth, on) >= 12 {
		return g.draw.pick(changesTeen)
	}
	return g.draw.pick(changes2019)
}

// reasonEnded draws why care ended, as the child's age, the stay and the year allow.
func (g *generator) reasonEnded(p *person, pl *plan, now *stay) string {
	d := &g.draw
	foster := now.place[0] == 'U'
	switch {
	case pl.adoption.planned && !pl.adoption.reversed:
		return oneOf(pl.consent || d.chance(350), "E11", "E12")
	case pl.end == p.eighteen && foster:
		return d.pick(endsAtEighteenFoster)
	case pl.end == p.eighteen:
		return d.pick(endsAtEighteen)
	case p.uasc:
		return d.pick(endsUASC)
	case now.ls[0] == 'J':
		return d.pick(endsRemand)
	case pl.end-pl.start < 57:
		return d.pick(endsSoon)
	case age(p.birth, pl.end) >= 16:
		return g.guardianship(d.pick(endsOlder), now, pl.end)
	default:
		return g.guardianship(d.pick(endsChild), now, pl.end)
	}
}

// guardianship gives a special guardianship order its code: E43 and E44 before the 2018-19 return, E45 to E48 after it,
// by whether the guardian was the foster carer, and in the later codes whether a relative or friend. Descriptions of the
// return differ on which of them 2018-19 had, so in that year care ends with another order (E41).
func (g *generator) guardianship(reason string, now *stay, on civil.Date) string {
	if reason != "SGO" {
		return reason
	}
	kin := now.place == "U1" || now.place == "U2" || now.place == "U3"
	carer := kin || now.place[0] == 'U' && g.draw.chance(400)
	switch year := on.CollectionYear(); {
	case year < 2019:
		return oneOf(carer, "E43", "E44")
	case year == 2019:
		return "E41"
	case carer:
		return oneOf(kin, "E45", "E46")
	default:
		return oneOf(g.draw.chance(850), "E47", "E48")
	}
}
