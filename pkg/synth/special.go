package synth

import "github.com/postern-gateway/postern/pkg/civil"

// asylumSeeker is an unaccompanied asylum-seeking child: mostly a boy of 15 to 17, with a date of birth that is often
// a dummy (the 1st or the 15th of a month, 1 January most of all), without a home postcode.
func (g *generator) asylumSeeker(p *person) {
	d := &g.draw
	p.uasc, p.home = true, 0
	p.setSex(d, 70)
	p.ethnicity = d.pick(ethnicitiesUASC)
	var pl plan
	for try := 0; ; try++ {
		start := g.entry(try, 700)
		p.born(g.dummyBirth(start - civil.Date(d.days(entryAgesUASC))))
		if p.eighteen < start+7 {
			continue
		}
		pl = plan{start: start, end: p.eighteen, cin: "N8"}
		if d.chance(220) {
			pl.end = min(start+civil.Date(d.between(5, 400)), p.eighteen)
		}
		if pl.end >= g.window.from {
			break
		}
	}
	pl.permanence = permanence{code: "Z1"}
	g.care(p, &p.first, &pl)
}

// dummyBirth makes some dates of birth the 1st or 15th of their month, or 1 January of their year.
func (g *generator) dummyBirth(on civil.Date) civil.Date {
	y, m, _ := on.YMD()
	switch n := g.draw.below(100); {
	case n < 28:
		return civil.MustYMD(y, 1, 1)
	case n < 48:
		return civil.MustYMD(y, m, 1)
	case n < 64:
		return civil.MustYMD(y, m, 15)
	default:
		return on
	}
}

// disabled is a child with short breaks only: a series of which one agreement is returned (V4, one long episode), or the
// breaks themselves (V3: by law 17 days each and 75 days a year at most). Neither has a postcode or URN, nor anything
// but episodes.
func (g *generator) disabled(p *person) {
	d := &g.draw
	days := d.between(5*365, 15*365)
	if d.chance(450) {
		length := d.between(60, 1500)
		start := g.window.from + civil.Date(d.between(-min(length, 900), int(g.window.to-g.window.from)-3))
		p.born(start - civil.Date(days))
		g.shortBreak(p, "V4", start, min(start+civil.Date(length), p.eighteen))
		return
	}
	start := g.window.from + civil.Date(d.between(0, int(g.window.to-g.window.from)-3))
	p.born(start - civil.Date(days))
	for range d.between(2, 14) {
		end := start + civil.Date(d.between(1, 14))
		if start > g.window.to || end > p.eighteen {
			return
		}
		g.shortBreak(p, "V3", start, end)
		start = end + civil.Date(d.between(80, 130))
	}
}

// shortBreak adds a period of one episode.
func (g *generator) shortBreak(p *person, ls string, start, end civil.Date) {
	id, d := &p.first, &g.draw
	place := d.pick(placesBreaks)
	if len(id.episodes) > 0 {
		place = id.episodes[0].place // the child knows the place
	}
	e := episode{
		start: start, end: never, period: len(id.periods), rne: "S", ls: ls, cin: "N2",
		place: place, place2026: place, provider: d.provider(place),
	}
	per := period{start: start, end: never, first: len(id.episodes), last: len(id.episodes) + 1, shortBreak: true}
	if end <= g.window.to {
		per.end, per.reason = end, d.pick(endsBreaks)
		e.end, e.rec = end, per.reason
	}
	id.episodes = append(id.episodes, e)
	id.periods = append(id.periods, per)
}
