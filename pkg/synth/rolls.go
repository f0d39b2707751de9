package synth

import "github.com/postern-gateway/postern/pkg/civil"

// rolls draws a pupil's rows, census by census.
func (g *generator) rolls(p *person, id *identity, w *way) {
	d := &g.draw
	s := &id.school
	periods := g.mealPeriods(p, w)
	at, moved := none, 0 // school of the last census; moves so far
	entered := civil.Date(0)
	for k := g.others; k < len(g.window.years); k++ {
		academic := g.window.years[k].number
		year := curriculumYear(p.birth, academic)
		for term := autumn; term < terms; term++ {
			census, day := terms*k+term, censusDay(academic, term)
			if year < 1 || year > 11 || !g.window.taken(k, term) {
				continue
			}
			upn, former := w.upnIn(census, &id.numbers)
			row := roll{census: census, upn: upn, former: former, status: w.statuses, year: year}
			for part := range row.parts() {
				row.attended[part].possible = termLength(d, academic, term)
			}
			if k == g.others && term == autumn && day-200 >= w.from && day-75 < w.until {
				// On roll before the first census that is written.
				at, entered = w.schoolIn(year), max(civil.MustYMD(academic-2, 9, 2)-civil.Date(365*d.below(min(year, 5))), w.from)
			}
			if day < w.from || day >= w.until {
				if at != none {
					// Left the council's schools during the term that this census asks about.
					row.off, row.school, row.slot, row.entry, at = true, at, moved%3, entered, none
					row.leaving = min(day-civil.Date(d.between(5, 75)), w.until)
					last := &row.attended[row.parts()-1]
					last.possible = d.between(10, last.possible-10)
					g.addRoll(s, row, w)
				}
				continue
			}
			now := w.schoolIn(year)
			switch {
			case at == none:
				entered = min(max(civil.MustYMD(academic-1, 9, 2), w.from), day-1)
			case at != now:
				entered, moved = civil.MustYMD(academic-1, 9, 3), moved+1
			case d.chance(30) && moved < 2:
				// Moved during the term that this census asks about: sessions at both schools.
				left := row
				left.off, left.school, left.slot, left.entry = true, at, moved%3, entered
				left.leaving = day - civil.Date(d.between(20, 75))
				partWays(d, &left, &row)
				g.addRoll(s, left, w)
				if year >= 7 {
					w.secondary = otherSchool(d, w.secondary, 100, 10)
				} else {
					w.primary = otherSchool(d, w.primary, 0, 45)
				}
				now = w.schoolIn(year)
				entered, moved = left.leaving+civil.Date(d.between(1, 8)), moved+1
			}
			at = now
			row.school, row.slot, row.entry = now, moved%3, entered
			g.onRoll(s, row, w, periods)
		}
	}
}

// schoolIn is the pupil's school in a national curriculum year.
func (w *way) schoolIn(year int) int {
	if year >= 7 {
		return w.secondary
	}
	return w.primary
}

// partWays parts the sessions of a term between the school that a pupil left and the one that he or she came to.
func partWays(d *draw, left, came *roll) {
	in := d.below(left.parts()) // the part of the term in which it was
	for part := range left.parts() {
		l, c := &left.attended[part], &came.attended[part]
		switch {
		case part < in:
			c.possible = 0
		case part > in:
			l.possible = 0
		default:
			l.possible = d.between(10, l.possible-10)
			c.possible -= l.possible
		}
	}
}

// otherSchool draws another school of the same kind and parity.
func otherSchool(d *draw, not, first, pairs int) int {
	for {
		if n := first + 2*d.below(pairs) + not%2; n != not {
			return n
		}
	}
}

// unit is the first of the pupil referral units, where the second of two registrations is.
const unit = 130

// onRoll adds a row of a pupil on roll with the meal periods known then, and the second row of a dual registration.
func (g *generator) onRoll(s *school, row roll, w *way, periods []meal) {
	d := &g.draw
	second := row
	special := w.dual != none && row.census >= w.dual && row.census < w.dual+3
	if special {
		row.status = w.dualKind
		if w.dualKind == "F" && row.year < 10 {
			row.status = "O"
		}
	}
	row.meals[0] = len(s.meals)
	day := censusDay(g.window.years[row.census/terms].number, row.census%terms)
	for i := range periods {
		m := periods[i]
		if m.start > day+10 || m.end < day-250 {
			continue
		}
		if m.end > day+10 {
			m.end = never // not known yet
		}
		s.meals = append(s.meals, m)
	}
	row.meals[1] = len(s.meals)
	g.addRoll(s, row, w)
	if special && w.dualKind == "M" {
		second.status, second.school, second.slot = "S", unit+row.school%2, 3
		for part := range second.parts() {
			second.attended[part].possible = d.between(10, 40)
		}
		second.entry = max(second.entry, day-civil.Date(d.between(60, 100)))
		second.meals = [2]int{len(s.meals), len(s.meals)}
		if d.chance(300) {
			s.meals = append(s.meals, meal{start: day - 100, end: never, country: "ENG"})
			second.meals[1]++
		}
		g.addRoll(s, second, w)
	}
}

// termLength is the possible sessions of what a census asks about: autumn in spring, spring in summer, and in autumn each
// half of summer.
func termLength(d *draw, academic, term int) int {
	switch term {
	case autumn:
		return 56 + academic%3*2 + d.below(7)
	case summer:
		return 104 + academic%2*2 + d.below(7)
	}
	return 138 + academic%2*2 + d.below(7)
}

// addRoll adds a row with the sessions of it: by code where the census has that table, and in aggregate.
func (g *generator) addRoll(s *school, row roll, w *way) {
	for part := range row.parts() {
		g.attendance(s, &row.attended[part], w, g.window.years[row.census/terms].number)
	}
	s.rolls = append(s.rolls, row)
}

// attendance draws what became of the possible sessions.
func (g *generator) attendance(s *school, a *attended, w *way, academic int) {
	d := &g.draw
	t := tally{authorised: g.missed(a.possible, w.absent, 520), unauthorised: g.missed(a.possible, w.absent, 190)}
	t.unauthorised = min(t.unauthorised, a.possible-t.authorised)
	if d.chance(60) {
		t.educational = min(d.between(1, 12), a.possible-t.authorised-t.unauthorised)
	}
	if d.chance(30) {
		t.exceptional = d.between(1, 6)
	}
	a.aggregate = t
	a.marks = [2]int{len(s.marks), len(s.marks)}
	if a.possible == 0 {
		a.aggregate = tally{}
		return
	}
	if academic < detailsFrom {
		return
	}
	g.detail(s, t, a.possible, academic)
	a.marks[1] = len(s.marks)
	if d.chance(30) && a.aggregate.authorised > 0 {
		a.aggregate.authorised-- // the summary was not made from the marks
	}
}

// missed draws a number of sessions missed: none for most but a share in 1,000, a few for most others, many for some.
func (g *generator) missed(possible, weight, share int) int {
	d := &g.draw
	if !d.chance(share) || possible == 0 {
		return 0
	}
	n := 1 + d.below(5*weight) + d.below(5*weight)
	if d.chance(40 * weight) {
		n += d.below(possible / 2)
	}
	return min(n, possible)
}

// detail adds session rows by attendance code, each code once.
func (g *generator) detail(s *school, t tally, possible, academic int) {
	d := &g.draw
	g.split(s, t.authorised, authorisedCodes(academic))
	g.split(s, t.unauthorised, unauthorisedCodes)
	if t.educational > 0 {
		s.marks = append(s.marks, mark{d.pick(educatedCodes(academic)), t.educational})
	}
	if t.exceptional > 0 {
		s.marks = append(s.marks, mark{d.pick(impossibleCodes(academic)), t.exceptional})
	}
	if rest := possible - t.authorised - t.unauthorised - t.educational; rest > 1 && d.chance(40) {
		s.marks = append(s.marks, mark{"/", rest / 2}, mark{`\`, rest - rest/2})
	}
}

// split parts sessions over codes: most of them one, some two or three.
func (g *generator) split(s *school, sessions int, codes weights) {
	d := &g.draw
	first := len(s.marks)
	for sessions > 0 {
		n := sessions
		if sessions > 3 && len(s.marks)-first < 2 && d.chance(150) {
			n = d.between(1, sessions-1)
		}
		code := d.pick(codes)
		for again := true; again; {
			again = false
			for i := first; i < len(s.marks); i++ {
				if s.marks[i].code == code {
					code, again = d.pick(codes), true
					break
				}
			}
		}
		s.marks = append(s.marks, mark{code, n})
		sessions -= n
	}
}

// mealPeriods draws a pupil's periods of free school meals in the order of their start.
func (g *generator) mealPeriods(p *person, w *way) []meal {
	d := &g.draw
	if !w.poor {
		return nil
	}
	first := g.window.years[g.others].start
	start := max(first+civil.Date(d.between(-900, int(g.window.to-first))), p.birth+1700)
	country := d.pick(mealCountries)
	periods := []meal{{start: start, end: never, country: country}}
	one := &periods[0]
	switch n := d.below(100); {
	case n < 45: // open
	case n < 65: // ended
		one.end = start + civil.Date(d.between(30, 900))
	case n < 78: // ended and begun again
		one.end = start + civil.Date(d.between(30, 400))
		again := one.end + civil.Date(d.between(1, 300))
		periods = append(periods, meal{start: again, end: never, country: country})
	case n < 88: // two open: schools begin a new one and leave the old one as it is
		again := start + civil.Date(d.between(30, 500))
		periods = append(periods, meal{start: again, end: never, country: d.pick(mealCountries)})
	case n < 91:
		for range d.between(2, 4) {
			start += civil.Date(d.between(10, 300))
			periods = append(periods, meal{start: start, end: never, country: d.pick(mealCountries)})
		}
	case n < 97: // begins or ends on a census date
		k := d.between(g.others, len(g.window.years)-1)
		day := censusDay(g.window.years[k].number, d.below(terms))
		*one = meal{start: day, end: never, country: country}
		if d.chance(500) {
			*one = meal{start: day - civil.Date(d.between(30, 200)), end: day, country: country}
		}
	default: // abroad, then here
		one.country, one.end = oneOf(d.chance(500), "WLS", "SCT"), start+civil.Date(d.between(100, 400))
		periods = append(periods, meal{start: one.end + 1, end: never, country: "ENG"})
	}
	return periods
}
