package synth

import "github.com/postern-gateway/postern/pkg/civil"

// history is what the council's social care holds of an identity, as the CIN census is made from it. Dates that are
// after the cohort's last day are never.
type history struct {
	referrals   []referral
	assessments []assessment
	plans       []cinPlan
	inquiries   []inquiry
	protections []protection
	returns     [maxYears]described
}

func (h *history) emptied() history {
	return history{
		referrals: h.referrals[:0], assessments: h.assessments[:0], plans: h.plans[:0], inquiries: h.inquiries[:0],
		protections: h.protections[:0],
	}
}

// referral is one case: a CINdetails block of each year that it overlaps.
type referral struct {
	on, closed  civil.Date
	source      string
	need        string
	needAtFirst string // what the first year returned, when another one followed; "" for the same
	reason      string // for closure
	noAction    bool   // nothing but the referral is known, and only the year of it has it
	conference  civil.Date
}

// assessment belongs to the case at a position.
type assessment struct {
	referral          int
	start, authorised civil.Date
	factors           [3]string // "" for none
}

type cinPlan struct {
	referral   int
	start, end civil.Date
}

// inquiry is a Section 47 inquiry.
type inquiry struct {
	referral           int
	start, target      civil.Date
	conference         civil.Date // never for none
	conferenceUnneeded bool
}

// protection is a child protection plan.
type protection struct {
	referral      int
	start, end    civil.Date
	category      string
	later         string // category at last
	previous      int
	first, others int // days to the first review, and from each to the next
}

// described is what one year's CIN census says of the child.
type described struct {
	present      bool
	upn, former  string
	unknown      string // UPNunknown
	sex          string // M, F or U; "9" for a U that was returned as 9 up to 2024
	ethnicity    string // "" for no element
	block        bool   // has a Disabilities block
	disabilities [3]string
}

// The pairs of children who were given one UPN by mistake: in each thousand, the children at two ordinals. Neither is
// ever looked after.
const (
	mistakenEvery = 1000
	mistakenWith  = 40 // the child whose UPN it is
	mistaken      = 41 // the child who was given it
)

// inPair says whether the child at an ordinal is one of a pair.
func (g *generator) inPair(ordinal int) bool {
	at := ordinal % mistakenEvery
	return (at == mistakenWith || at == mistaken) && ordinal-at+mistaken < g.children
}

// partner is the ordinal of the other child of a pair.
func partner(ordinal int) int {
	if ordinal%mistakenEvery == mistaken {
		return ordinal - 1
	}
	return ordinal + 1
}

// inNeedOnly says whether the child at an ordinal is never looked after. Without a CIN census all are.
func (g *generator) inNeedOnly(ordinal int) bool {
	if !g.formats.need() || g.needed == len(g.window.years) {
		return false
	}
	return g.inPair(ordinal) || mix(g.seed^uint64(ordinal)<<24^0x3e3d)%3 != 0
}

// inNeed is a child in need who never enters care. At least one CIN census has him or her.
func (g *generator) inNeed(p *person) {
	d := &g.draw
	id := &p.first
	g.name(p, id)
	from := g.window.years[g.needed].start
	on := from + civil.Date(d.between(-400, int(g.window.to-from)-3))
	days := d.days(referralAges)
	if g.inPair(p.ordinal) {
		on, days = from-civil.Date(d.between(10, 200)), d.between(2600, 4700)
	}
	if on < from {
		days = min(days, 6400-int(from-on)) // not grown up by then
	}
	p.born(on - civil.Date(days))
	id.numbers = g.pupil(p, id)
	if g.inPair(p.ordinal) {
		id.numbers.temporary, id.numbers.years = "", 0
	}
	g.draw.reset(g.seed^beyondCare, p.ordinal)
	g.casesFrom(p, id, on)
	g.describe(p, id)
	g.schooling(p, id)
}

// stretch is a case before its content is drawn.
type stretch struct {
	on, closed civil.Date
	kind       int
	care       civil.Date // first day of care in it, never for none
	ended      string     // REC of the last period of care in it
}

// The kinds of case, by what comes of the referral.
const (
	noAction = iota
	assessed
	planned
	protected
	lookedAfter
)

// casesFrom draws the cases of a child who is never looked after: one from a day on, and those that follow.
func (g *generator) casesFrom(p *person, id *identity, on civil.Date) {
	d := &g.draw
	from := g.window.years[g.needed].start
	for first := true; first || d.chance(380); first = false {
		if !first {
			last := &id.need.referrals[len(id.need.referrals)-1]
			ended := last.closed
			if last.noAction {
				ended = last.on
			}
			if ended == never {
				return
			}
			on = ended + civil.Date(d.between(21, 700))
		}
		if on > g.window.to || on > p.eighteen-60 || on >= p.died {
			return
		}
		s := g.ordinaryCase(p, on)
		if first {
			// The first case is known in the census years.
			for s.kind == noAction && s.on < from || s.closed < from {
				s = g.ordinaryCase(p, on)
			}
			if g.inPair(p.ordinal) {
				s.kind, s.closed = planned, from+civil.Date(d.between(400, 700))
				if s.closed > g.window.to {
					s.closed = never
				}
			}
		}
		if s.kind != noAction && d.chance(2) && s.closed != never && s.closed > p.birth {
			p.died = s.closed
		}
		g.fill(p, id, &s)
	}
}

// ordinaryCase draws what comes of a referral on a day.
func (g *generator) ordinaryCase(p *person, on civil.Date) stretch {
	d := &g.draw
	s := stretch{on: on, care: never}
	switch n := d.below(100); {
	case n < 14:
		s.kind, s.closed = noAction, never
		return s
	case n < 52:
		s.kind, s.closed = assessed, on+civil.Date(d.between(12, 75))
	case n < 86:
		s.kind, s.closed = planned, on+civil.Date(d.days(plannedLengths))
	default:
		s.kind, s.closed = protected, on+civil.Date(d.days(protectedLengths))
	}
	s.closed = min(s.closed, p.eighteen)
	if s.closed > g.window.to {
		s.closed = never
	}
	return s
}

// cases draws the cases of a child who is looked after at some time: they cover every period of care.
func (g *generator) cases(p *person, id *identity) {
	d := &g.draw
	stretches := g.careCases(p, id)
	from := g.window.years[g.needed].start
	defer g.describe(p, id)
	first := &stretches[0]
	if before := first.on - civil.Date(d.between(21, 700)); d.chance(300) && before > p.birth+400 && id == &p.first && !p.uasc {
		s := g.ordinaryCase(p, before-civil.Date(d.between(15, 300)))
		if s.kind != noAction {
			s.closed = min(s.closed, before)
		}
		stretches = append([]stretch{s}, stretches...)
	}
	for i := range stretches {
		s := &stretches[i]
		if s.kind == noAction && s.on < from || s.closed < from {
			continue // before the first census there is
		}
		g.fill(p, id, s)
	}
	last := stretches[len(stretches)-1]
	if last.closed == never || !mayReturn(last.ended) || !d.chance(300) {
		return
	}
	if on := last.closed + civil.Date(d.between(21, 700)); on <= g.window.to && on < p.eighteen-60 {
		if s := g.ordinaryCase(p, on); on >= from || s.kind != noAction && s.closed >= from {
			g.fill(p, id, &s)
		}
	}
}

// careCases are the cases in which a child was looked after. Periods of care that are close are in one.
func (g *generator) careCases(p *person, id *identity) []stretch {
	d := &g.draw
	var out []stretch
	for i := range id.periods {
		per := &id.periods[i]
		lead := d.days(leadsToCare)
		if p.uasc {
			lead = d.between(0, 2)
		}
		s := stretch{on: max(per.start-civil.Date(lead), p.birth-120), closed: per.end, kind: lookedAfter, care: per.start, ended: per.reason}
		s.on = min(s.on, per.start)
		if id == &p.second {
			s.on = max(s.on, p.first.periods[len(p.first.periods)-1].end+1)
		}
		if per.end != never && mayReturn(per.reason) {
			s.closed = max(per.end, min(per.end+civil.Date(d.between(0, 300)), p.eighteen))
		}
		if s.closed > g.window.to {
			s.closed = never
		}
		if n := len(out) - 1; n >= 0 && s.on <= out[n].closed+20 {
			out[n].closed, out[n].ended = s.closed, s.ended
			continue
		}
		out = append(out, s)
	}
	if last := &id.periods[len(id.periods)-1]; last.reason == "E2" {
		p.died = last.end
	}
	return out
}
