package synth

import (
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
)

// spans are the child's periods of care as the files of the cohort can tell them: each with those of its episodes that are
// in a set. Periods of short breaks (V3, V4) are left out unless they count.
func (c *Child) spans(shortBreaks bool) [][]Episode {
	var out [][]Episode
	for from := 0; from < len(c.Episodes); {
		to := from + 1
		for to < len(c.Episodes) && c.Episodes[to].Period == c.Episodes[from].Period {
			to++
		}
		one := c.Episodes[from:to]
		from = to
		if ls := one[0].LegalStatus; shortBreaks || ls != "V3" && ls != "V4" {
			out = append(out, one)
		}
	}
	return out
}

// inPlacements are the episodes of each placement: a child stays where he or she is when only the legal status changes.
func inPlacements(span []Episode) [][]Episode {
	var out [][]Episode
	for i := range span {
		if i > 0 && span[i].StartReason == "L" {
			out[len(out)-1] = span[i-len(out[len(out)-1]) : i+1]
			continue
		}
		out = append(out, span[i:i+1])
	}
	return out
}

func (e *Episode) kin() bool { return e.Place == "U1" || e.Place == "U2" || e.Place == "U3" }

func (e *Episode) home() bool { return e.EndReason == "E4A" || e.EndReason == "E4B" }

func latestOf(span []Episode) string {
	var years []int
	for i := range span {
		years = append(years, span[i].Years...)
	}
	return strconv.Itoa(slices.Max(years))
}

// corePeriods adds one row for each period of being looked after.
func (c *Child) corePeriods(shortBreaks bool, add func(...string)) {
	for i, span := range c.spans(shortBreaks) {
		first, last := &span[0], &span[len(span)-1]
		whole := first.StartReason == "S" // else its earlier episodes are of a year before the cohort's first
		start, legal, count, placements, before := "", "", "", "", ""
		if whole {
			start, legal = first.Start.String(), first.LegalStatus
			count, placements = strconv.Itoa(len(span)), strconv.Itoa(len(inPlacements(span)))
		}
		if i == 0 {
			before = yesNo(!whole)
		} else {
			before = "false"
		}
		kin := slices.ContainsFunc(span, func(e Episode) bool { return e.kin() })
		kinship := ""
		if kin || whole {
			kinship = yesNo(kin)
		}
		reunified := ""
		if last.Ended {
			reunified = yesNo(last.home())
		}
		add(start, dateIf(last.Ended, last.End), yesNo(last.Ended), last.EndReason, reunified, kinship, legal, count, placements, before, latestOf(span))
	}
}

// corePlacements adds one row for each placement.
func (c *Child) corePlacements(shortBreaks bool, add func(...string)) {
	for _, span := range c.spans(shortBreaks) {
		all := inPlacements(span)
		for i, stay := range all {
			first, last := &stay[0], &stay[len(stay)-1]
			known := first.StartReason != "L"
			home := ""
			if last.Ended {
				home = yesNo(i == len(all)-1 && last.home())
			}
			add(dateIf(known, first.Start), dateIf(last.Ended, last.End), yesNo(last.Ended), last.Place, last.Provider, yesNo(last.kin()),
				yesNo(last.Place == "P1"), last.ChangeReason, home, dateIf(span[0].StartReason == "S", span[0].Start), latestOf(stay))
		}
	}
}

// coreReReferrals adds one row for each referral after an earlier case was closed, or after a referral that opened none.
// Cases of a child do not overlap.
func (c *Child) coreReReferrals(add func(...string)) {
	for i := 1; i < len(c.Referrals); i++ {
		r, before := &c.Referrals[i], &c.Referrals[i-1]
		if !before.NoFurtherAction && !before.Closed || before.Closed && before.ClosureDate > r.Date {
			continue
		}
		days := ""
		if before.Closed {
			days = strconv.Itoa(int(r.Date - before.ClosureDate))
		}
		y, m, d := before.Date.YMD()
		limit, ok := civil.FromYMD(y+1, m, d)
		if !ok {
			limit = civil.MustYMD(y+1, 2, 28)
		}
		add(r.Date.String(), before.Date.String(), dateIf(before.Closed, before.ClosureDate), days, yesNo(r.Date <= limit), latest(r.Years))
	}
}
