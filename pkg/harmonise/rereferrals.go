package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of re-referrals.
const (
	RuleOpenCase        = "RE_REFERRAL_OPEN_CASE"
	RuleReferralUnclear = "RE_REFERRAL_UNCLEAR"
)

// noAction is the place in event.codes of whether a referral led to no further action.
const noAction = 0

// reReferrals is the shape of re-referrals: referrals of a child whose case before was closed by then. A referral that led
// to no further action opened no case: it is over whether or not a closure is stated.
func reReferrals() shape {
	return shape{until: "closure_date", stated: -1, codes: [6]string{noAction: "no_further_action"}, make: func(d *derived, rows, lost []event) []result {
		var out []result
		var earlier []*referral
		for len(rows) > 0 {
			n := 1
			for n < len(rows) && rows[n].start == rows[0].start {
				n++ // referrals of one day are one: their case is closed when all are
			}
			out = append(out, d.referred(rows[:n], earlier, lost))
			earlier, rows = append(earlier, referralOf(rows[:n])), rows[n:]
		}
		return out
	}}
}

// referral is the referrals of one day.
type referral struct {
	on     int32
	closed int32 // noDay while the case is open, or where no case was opened and nothing states a closure
	over   bool
	year   int16
}

func referralOf(rows []event) *referral {
	r := &referral{on: rows[0].start, closed: noDay, over: true}
	for i := range rows {
		e := &rows[i]
		r.year = max(r.year, e.year)
		switch {
		case e.until != noDay:
			r.closed = max(r.closed, e.until)
		case e.codes[noAction] != 1:
			r.over = false
		}
	}
	if !r.over {
		r.closed = noDay
	}
	return r
}

// openOn reports whether the case of a referral is known to have been open on a later day.
func (d *derived) openOn(r *referral, day int32) bool {
	return r.over && r.closed > day || !r.over && civil.Date(day) < d.yearBegins(int(r.year)+1)
}

// referred makes the row of a referral, if it is one after a case that was closed. Of the cases before it none may be open:
// a referral that led to no further action may have come in the midst of one.
func (d *derived) referred(rows []event, earlier []*referral, lost []event) result {
	r := result{from: rows, begun: rows[0].start}
	e := &rows[0]
	var before *referral
	since := noDay
	if len(earlier) > 0 {
		before = earlier[len(earlier)-1]
		since = before.on
	}
	held := slices.ContainsFunc(lost, func(l event) bool { return l.start == noDay || l.start >= since && l.start <= e.start })
	switch {
	case held:
		r.weighs = d.note(RuleReferralUnclear, finding.Warning, e, "", "another referral of the child is held back, so that it is not known whether this one came after a case was closed; it is not told as a re-referral",
			"correct the row that is held back: see the findings on it")
	case before == nil:
	case slices.ContainsFunc(earlier, func(r *referral) bool { return d.openOn(r, e.start) }):
		r.weighs = d.note(RuleOpenCase, finding.Notice, e, "referral_date", "the referral was made while a case before it was open, so it is no re-referral", "nothing, if the case was open")
	case before.over:
		r.cell = referralCells(e, before, latestYear(rows))
	default:
		r.weighs = d.note(RuleReferralUnclear, finding.Warning, e, "", "the case before this one is open in its return, and not in the later one, so that it is not known whether it was closed; this is not told as a re-referral",
			"state in the source system when that case was closed")
	}
	return r
}

func referralCells(e *event, before *referral, year int32) func(string) extract.Value {
	on := e.start
	return func(name string) extract.Value {
		switch name {
		case "referral_date":
			return dayCell(on)
		case "previous_referral_date":
			return dayCell(before.on)
		case "previous_closure_date":
			return dayCell(before.closed)
		case "days_since_closure":
			return numberCell(on-before.closed, before.closed != noDay)
		case "within_12_months_of_referral":
			return truthCell(truthOf(on <= int32(inAYear(civil.Date(before.on)))))
		default:
			return numberCell(year, true)
		}
	}
}

// inAYear is the same day of the next year; of 29 February, the 28th.
func inAYear(on civil.Date) civil.Date {
	y, m, d := on.YMD()
	if day, ok := civil.FromYMD(y+1, m, d); ok {
		return day
	}
	return civil.MustYMD(y+1, m, d-1)
}
