package synth

import "github.com/postern-gateway/postern/pkg/civil"

// reviews adds the reviews of a period of care: the first within 20 working days, the second within three months of
// it, then one at least every six months. Only those of the cohort's years are kept.
func (g *generator) reviews(p *person, id *identity, per *period) {
	if per.shortBreak {
		return
	}
	d := &g.draw
	last := min(per.end, g.window.to)
	on := per.start + civil.Date(d.between(14, 28))
	four := birthday(p.birth, 4)
	for next := d.between(60, 91); on <= last; next = d.between(155, 183) {
		if on >= g.window.from {
			code := "PN0" // the child was under four
			if on >= four {
				code = d.pick(reviewCodes)
			}
			id.reviews = append(id.reviews, review{on, code})
		}
		on += civil.Date(next)
	}
}

// absences adds the times that a child of twelve or more was missing, or away without authorisation, from a placement.
// They do not overlap, and each ends before the placement does.
func (g *generator) absences(p *person, id *identity, per *period) {
	if per.shortBreak {
		return
	}
	d := &g.draw
	twelve := birthday(p.birth, 12)
	for i := per.first; i < per.last; i++ {
		e := &id.episodes[i]
		from, to := max(e.start, twelve, g.window.from-30), min(e.end, g.window.to)
		days := int(to - from)
		if days < 10 || e.place[0] == 'T' || !d.chance(min(150, 40+days/3)) {
			continue
		}
		number := d.between(1, 6)
		for on := from; number > 0; number-- {
			on += civil.Date(d.between(1, 1+days/2))
			length := 1
			switch n := d.below(10); {
			case n == 9:
				length = d.between(7, 45)
			case n > 5:
				length = d.between(2, 6)
			}
			end := on + civil.Date(length)
			if on > to || end >= e.end {
				break
			}
			id.missing = append(id.missing, absence{on, end, d.pick(missingKinds)})
			on = end
		}
	}
}

// workersSince is the first day of the 2023-24 return, the first with social workers.
var workersSince = civil.MustYMD(workersFrom-1, 4, 1)

// workersFrom is the first collection year with social workers.
const workersFrom = 2024

// workers adds the social workers that a child had in a period of care, one after the other.
func (g *generator) workers(id *identity, per *period) {
	if per.shortBreak || per.end < workersSince || g.window.to < workersSince {
		return
	}
	d := &g.draw
	reason := "FCONTA"
	for at := per.start; at < per.end && at <= g.window.to; {
		end := min(at+civil.Date(d.between(30, 900)), per.end)
		w := worker{start: at, end: end, number: 12_000 + d.below(800)*131, unknown: d.chance(8), reason: reason}
		if end >= workersSince {
			id.workers = append(id.workers, w)
		}
		at, reason = end, d.pick(workerReasons)
	}
}

// motherhood makes a few girls in care mothers.
func (g *generator) motherhood(p *person, id *identity) {
	if p.sex != "F" || p.sexLater != "F" || p.motherSince != never || !g.draw.chance(30) {
		return
	}
	per := &id.periods[len(id.periods)-1]
	from, to := max(per.start, birthday(p.birth, 14)), min(per.end, g.window.to)
	if !per.shortBreak && to-from >= 30 {
		p.motherSince = from + civil.Date(g.draw.between(0, int(to-from)-1))
	}
}

// health adds an OC2 row to each year at the end of which the child had been looked after for twelve months.
func (g *generator) health(p *person, id *identity) {
	d := &g.draw
	for k, y := range g.window.years {
		due := false
		for i := range id.periods {
			per := &id.periods[i]
			due = due || !per.shortBreak && per.start < y.start && per.end > y.end
		}
		if !due {
			continue
		}
		atStart, atEnd := age(p.birth, y.start), age(p.birth, y.end)
		h := health{due: true, score: -1}
		switch {
		case atEnd < 4 || atStart >= 17:
			// The questionnaire is for 4 to 16.
		case atStart < 4 && d.chance(500) || atEnd > 16:
			h.reason = "SDQ1"
		case d.chance(800):
			h.score = d.below(8) + d.below(8) + d.below(8) + d.below(8)
			if d.chance(100) {
				h.score += d.below(13)
			}
		default:
			h.reason = d.pick(sdqReasons)
		}
		if atEnd >= 10 {
			h.convicted = d.yes(30)
		}
		if atEnd < 5 {
			h.check = d.yes(880)
		}
		h.immunised, h.teeth, h.assessed = d.yes(830), d.yes(760), d.yes(890)
		h.misuse = d.yes(30)
		if h.misuse == "1" {
			h.received = d.yes(450)
			if h.received == "0" {
				h.offeredIt = d.yes(600)
			}
		}
		id.years[k].health = h
	}
}

// yes is 1 with a chance in 1,000, else 0.
func (d *draw) yes(n int) string { return oneOf(d.chance(n), "1", "0") }

// careLeaving adds an OC3 row to each year in which a young person who has left care turns 17 to 21: one who was
// looked after past the 16th birthday and for 13 weeks since the 14th.
func (g *generator) careLeaving(p *person, id *identity) {
	d := &g.draw
	last := &id.periods[len(id.periods)-1]
	if last.shortBreak || last.end == never || last.end < birthday(p.birth, 16) {
		return
	}
	switch last.reason {
	case "E2", "E3", "E11", "E12", "E15", "E16":
		return
	}
	days := 0
	for i := range id.periods {
		days += max(0, int(id.periods[i].end-max(id.periods[i].start, birthday(p.birth, 14))))
	}
	if days < 91 {
		return
	}
	for k, y := range g.window.years {
		turns := age(p.birth, y.end)
		if turns < 17 || turns > 21 || last.end >= birthday(p.birth, turns) {
			continue
		}
		a := &id.years[k]
		a.careLeaver, a.contact, a.activity, a.dwelling = true, d.pick(contacts), "0", "0"
		if a.contact == "YES" {
			a.activity, a.dwelling = d.pick(activitiesIn(y.number)), d.pick(dwellingsAt(turns))
		}
		if a.contact == "DIED" {
			return
		}
	}
}

func activitiesIn(year int) weights {
	if year < 2022 {
		return activities21
	}
	return activities
}

func dwellingsAt(years int) weights {
	if years == 17 {
		return dwellings17
	}
	return dwellings
}
