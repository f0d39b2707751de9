package synth

import "github.com/postern-gateway/postern/pkg/civil"

// fill draws what is done in a case and adds it to the identity's history. What was over before the first CIN census
// that is written leaves no trace, but a plan then is still one of the previous ones.
func (g *generator) fill(p *person, id *identity, s *stretch) {
	d := &g.draw
	h := &id.need
	r := referral{on: s.on, closed: s.closed, conference: never, noAction: s.kind == noAction}
	r.source = d.pick(referralSources)
	if s.on.CollectionYear() < 2023 && r.source == "5D" {
		r.source = "5A"
	}
	r.need = d.pick(caseNeeds)
	if p.uasc && id == &p.first {
		r.need = "N8"
	}
	if d.chance(60) {
		r.needAtFirst = "N0" // not stated yet
	}
	if s.closed != never {
		r.reason = g.whyClosed(p, s)
	}
	h.referrals = append(h.referrals, r)
	at := len(h.referrals) - 1
	if s.kind != noAction {
		g.assess(p, s, h, at)
	}
	switch s.kind {
	case assessed:
		if d.chance(80) {
			g.inquire(s, h, at, s.on+civil.Date(d.between(0, 5)), false)
		}
	case planned:
		if d.chance(120) {
			g.inquire(s, h, at, s.on+civil.Date(d.between(0, 20)), false)
		}
		g.plan(s, h, at, s.on+civil.Date(d.between(15, 60)))
	case protected:
		g.protect(s, h, at, s.on+civil.Date(d.between(0, 30)))
	case lookedAfter:
		switch n := d.below(10); {
		case p.uasc || s.care-s.on < 20:
		case n < 4:
			g.plan(s, h, at, s.on+civil.Date(d.between(5, 15)))
		case n < 8:
			g.protect(s, h, at, s.on+civil.Date(d.between(0, 6)))
		}
	}
}

// whyClosed draws the reason for closure.
func (g *generator) whyClosed(p *person, s *stretch) string {
	d := &g.draw
	switch {
	case p.died == s.closed:
		return "RC2"
	case s.kind == assessed && s.closed.CollectionYear() >= 2023 && d.chance(400):
		return "RC9"
	case s.kind == assessed:
		return "RC8"
	case s.closed == p.eighteen:
		return oneOf(d.chance(300), "RC6", "RC7")
	}
	switch s.ended {
	case "E11", "E12":
		return "RC1"
	case "E43", "E44", "E45", "E46", "E47", "E48":
		return "RC4"
	case "E41":
		return "RC3"
	case "E3":
		return "RC5"
	case "E7":
		return "RC6"
	}
	return d.pick(closures)
}

// ends is a day by which something ends: the closure of the case, or never where nobody knows yet.
func (g *generator) ends(s *stretch, on civil.Date) civil.Date {
	on = min(on, s.closed)
	if on > g.window.to {
		return never
	}
	return on
}

// assess adds the assessments of a case, one after the other.
func (g *generator) assess(p *person, s *stretch, h *history, at int) {
	d := &g.draw
	from := g.window.years[g.needed].start
	for start := s.on + civil.Date(d.below(8)); start < s.closed && start <= g.window.to; {
		a := assessment{referral: at, start: start, authorised: g.ends(s, start+civil.Date(d.between(10, 63)))}
		n := d.below(4)
		for i := range min(n, len(a.factors)) {
			a.factors[i] = factorIn(d.pick(factors), a.start.CollectionYear())
		}
		if a.factors[0] == a.factors[1] || a.factors[1] == a.factors[2] || a.factors[0] == a.factors[2] {
			a.factors[1], a.factors[2] = "", ""
		}
		if p.uasc {
			a.factors[0] = "9A"
		}
		if a.authorised >= from {
			h.assessments = append(h.assessments, a)
		}
		if a.authorised == never {
			return
		}
		start = a.authorised + civil.Date(d.between(150, 700))
	}
}

// factorIn is what a factor is called in a collection year: 18A and 19A were divided in 2021, and 24A is of 2022.
func factorIn(code string, year int) string {
	switch {
	case code == "24A" && year < 2022:
		return "21"
	case code == "18B" && year < 2021:
		return "18A"
	case (code == "19B" || code == "19C") && year < 2021:
		return "19A"
	default:
		return code
	}
}

// inquire adds a Section 47 inquiry, and reports the day of the conference that followed, never for none.
func (g *generator) inquire(s *stretch, h *history, at int, start civil.Date, conference bool) civil.Date {
	d := &g.draw
	from := g.window.years[g.needed].start
	q := inquiry{referral: at, start: start, target: start + civil.Date(d.between(19, 23)), conference: never, conferenceUnneeded: !conference}
	if conference {
		q.conference = start + civil.Date(d.between(9, 24))
	}
	if start >= s.closed || start > g.window.to || conference && q.conference >= s.closed {
		return never
	}
	if start >= from || q.conference >= from && q.conference != never {
		h.inquiries = append(h.inquiries, q)
	}
	return q.conference
}

// plan adds Child in Need plans from a day on, at most three, one after the other.
func (g *generator) plan(s *stretch, h *history, at int, start civil.Date) {
	d := &g.draw
	from := g.window.years[g.needed].start
	until := min(s.closed, s.care)
	for range 3 {
		if start >= until || start > g.window.to {
			return
		}
		pl := cinPlan{referral: at, start: start, end: g.ends(s, min(start+civil.Date(d.days(planLengths)), until))}
		if pl.end >= from {
			h.plans = append(h.plans, pl)
		}
		if pl.end == never || d.chance(700) {
			return
		}
		start = pl.end + civil.Date(d.between(1, 60))
	}
}

// protect adds an inquiry with its conference, the child protection plan that begins on its day and, where the case goes
// on without care, a Child in Need plan to step down to.
func (g *generator) protect(s *stretch, h *history, at int, inquired civil.Date) {
	d := &g.draw
	from := g.window.years[g.needed].start
	start := g.inquire(s, h, at, inquired, true)
	if start == never || start > g.window.to || start > s.care {
		return
	}
	h.referrals[at].conference = start
	end := start + civil.Date(d.days(protectionLengths))
	if s.care != never {
		end = min(end, s.care+civil.Date(d.between(1, 30)))
	}
	pr := protection{
		referral: at, start: start, end: g.ends(s, end), category: d.pick(categories), previous: len(h.protections),
		first: d.between(60, 91), others: d.between(150, 183),
	}
	pr.later = pr.category
	if d.chance(100) {
		pr.later = d.pick(categories)
	}
	if d.chance(60) {
		pr.previous++ // one elsewhere
	}
	if pr.end >= from {
		h.protections = append(h.protections, pr)
	}
	if pr.end == never || s.care != never || !d.chance(700) {
		return
	}
	g.plan(s, h, at, pr.end+civil.Date(d.below(5)))
}
