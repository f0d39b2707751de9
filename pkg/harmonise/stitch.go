package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// stitch puts the episodes of one child together to periods. An episode with reason S begins one; any other goes on from
// the episode before it, which has ceased on the same day with reason X1; one that ceased with any other reason is the
// last. Where two episodes do not meet so, what that leaves in doubt is not known:
//
//	the episode before       the next            what comes of it
//	X1, open, or no reason   S                   a new period; when the one before ended is not known  PERIOD_NOT_ENDED
//	goes on beyond the day   S                   the same                                              PERIOD_OVERLAP
//	ceased care after it     S                   the same; nor is known when the new one began         PERIOD_OVERLAP
//	X1, or no reason         later, not S        one period, of which something is missing             PERIOD_GAP
//	goes on beyond the day   not S               the same                                              PERIOD_OVERLAP
//	ceased care              later, not S        a new period; when it began is not known              PERIOD_GAP
//	ceased care              same day, not S     the same; nor is known when the one before ended      PERIOD_GAP
//	X1                       none                when it ended is not known                            PERIOD_GAP
//	open in an older return  none                when it ended is not known                            PERIOD_NOT_ENDED
//
// Where an episode is held back that may belong there, the rule is PERIOD_INCOMPLETE.
func (c *care) stitch(d *derived, rows, lost []event) []*period {
	s := &stitching{care: c, derived: d, rows: rows, lost: lost}
	s.first()
	for at := 1; at < len(rows); at++ {
		s.next(at)
	}
	s.close()
	s.last()
	for _, p := range s.out {
		s.inside(p)
	}
	return s.out
}

// stitching is the periods of one child in the making.
type stitching struct {
	*care
	*derived
	rows, lost []event
	out        []*period
	now        *period // the last of out
	from       int     // where its episodes begin
}

func (s *stitching) starts(e *event) bool { return e.codes[startReason] == s.started }

// ceased reports whether an episode was the last of a period, as it says itself.
func (s *stitching) ceased(e *event) bool {
	return e.codes[endReason] != noCode && e.codes[endReason] != s.goesOn
}

// open begins a period with an episode.
func (s *stitching) open(at int, start int32) {
	s.now = &period{start: start, end: noDay, ended: unknown, reason: noCode, whole: start != noDay}
	s.out = append(s.out, s.now)
	s.from = at
	s.take(at, true)
}

// take adds an episode to the period.
func (s *stitching) take(at int, clean bool) {
	s.now.episodes, s.now.clean = s.rows[s.from:at+1], append(s.now.clean, clean)
	if s.isBrief(&s.rows[at]) {
		s.now.brief, s.now.whole = true, false
	}
}

// first begins the first period of a child.
func (s *stitching) first() {
	e := &s.rows[0]
	if s.starts(e) {
		s.open(0, e.start)
		return
	}
	s.open(0, noDay)
	s.now.before = yes
	held := s.holds(noDay+1, e.start)
	if held || e.codes[startReason] == noCode {
		s.now.before = unknown
	}
	if held || s.now.before == unknown || civil.Date(e.start) >= s.derived.first { // else what it goes on from is of a return that there is not
		s.doubt(RuleGap, e, noDay+1, e.start, s.now)
	}
}

// next adds an episode behind the one before it.
func (s *stitching) next(at int) {
	p, e := &s.rows[at-1], &s.rows[at]
	known, starts, ceased := p.until != noDay, s.starts(e), s.ceased(p)
	over := known && p.until <= e.start // the one before
	before := s.now
	switch {
	case starts && ceased && over:
		s.close()
		s.now.ended = yes // whatever is in doubt of it
		s.open(at, e.start)
	case starts && ceased && known:
		s.unfinished(yes)
		s.open(at, noDay)
		s.doubt(RuleOverlap, e, p.start, e.start, before, s.now)
	case starts:
		s.unfinished(yes)
		s.open(at, e.start)
		rule := RuleNotEnded
		if known && !over {
			rule = RuleOverlap
		}
		s.doubt(rule, e, p.start, e.start, before)
	case ceased && over && p.until < e.start:
		s.close()
		s.open(at, noDay)
		s.doubt(RuleGap, e, p.start, e.start, s.now)
	case ceased && (over || !known):
		s.unfinished(unknown)
		s.open(at, noDay)
		s.doubt(RuleGap, e, p.start, e.start, before, s.now)
	case known && p.until == e.start:
		s.take(at, true)
	default:
		s.take(at, false)
		rule := RuleGap
		if !over {
			rule = RuleOverlap
		}
		s.doubt(rule, e, p.start, e.start, s.now)
	}
}

// unfinished leaves a period of which it is not known when and how it ended.
func (s *stitching) unfinished(ended truth) {
	s.now.ended, s.now.end, s.now.reason = ended, noDay, noCode
}

// close ends a period with its last episode, when that has ceased and all others were over by then.
func (s *stitching) close() {
	l := &s.now.episodes[len(s.now.episodes)-1]
	if !s.ceased(l) || slices.ContainsFunc(s.now.episodes[:len(s.now.episodes)-1], func(e event) bool {
		return s.ceased(&e) || e.until == noDay || l.until != noDay && e.until > l.until
	}) {
		return
	}
	s.now.ended, s.now.end, s.now.reason = yes, l.until, l.codes[endReason]
}

// last looks at the last episode of all: it has ceased, or goes on in the latest return that there is.
func (s *stitching) last() {
	l := &s.rows[len(s.rows)-1]
	open := l.until == noDay && l.codes[endReason] == noCode
	const forever = 1<<31 - 1
	switch {
	case s.now.ended == yes && s.now.end != noDay:
	case open && int(l.year) == s.latestOf(l) && !s.holds(l.start, forever):
		if !slices.ContainsFunc(s.now.episodes, func(e event) bool { return s.ceased(&e) }) {
			s.now.ended = no
		}
	case l.until != noDay && l.codes[endReason] == s.goesOn:
		s.doubt(RuleGap, l, l.start, forever, s.now)
	case l.until == noDay || l.codes[endReason] == noCode:
		s.doubt(RuleNotEnded, l, l.start, forever, s.now)
	}
}

// inside looks for episodes that are held back and began in the midst of a period in which nothing else is amiss.
func (s *stitching) inside(p *period) {
	l := &p.episodes[len(p.episodes)-1]
	until := l.until - 1
	if l.until == noDay {
		until = l.start // what comes behind an open one was looked at
	}
	if p.whole && slices.ContainsFunc(s.lost, func(e event) bool { return e.start > p.episodes[0].start && e.start <= until }) {
		s.doubt(RuleHoles, &p.episodes[0], p.episodes[0].start, until, p)
	}
}

// holds reports whether an episode is held back that began between two days, or on one that cannot be read.
func (s *stitching) holds(from, to int32) bool {
	return slices.ContainsFunc(s.lost, func(l event) bool { return l.start == noDay || l.start >= from && l.start <= to })
}

// doubt reports what is not as it should be with an episode, of periods that are not whole for it; or, where an episode is
// held back that began between two days, that it is lacking.
func (s *stitching) doubt(rule string, e *event, from, to int32, of ...*period) {
	if s.holds(from, to) {
		rule = RuleHoles
	}
	column, message, hint := "", "", "correct the child's episodes in the source system; where an earlier return has what is missing, add it"
	switch rule {
	case RuleGap:
		message = "the child's episodes do not follow one another: one that this goes on from, or that goes on from it, is missing; what is not known of the period leaves as null"
	case RuleOverlap:
		column, message = "start_date", "the episode began before the one before it had ended; what is not known of the period leaves as null"
	case RuleNotEnded:
		message = "the returns do not say how a period of being looked after ended, though it is over; its end leaves as null"
	default:
		message = "an episode of the child is held back; what is not known of the period leaves as null"
		hint = "correct the row that is held back: see the findings on it"
	}
	severity := s.note(rule, finding.Warning, e, column, message, hint)
	for _, p := range of {
		p.whole, p.weighs = false, max(p.weighs, severity)
	}
}
