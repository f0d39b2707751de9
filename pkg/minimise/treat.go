package minimise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// Outcome says what a treatment made of a value. The set is closed; it is what run records count and what the
// treatment vectors name.
type Outcome string

// The outcomes.
const (
	Treated     Outcome = "ok"            // a value
	NoValue     Outcome = "empty"         // nothing was returned, so nothing leaves
	NotUsable   Outcome = "unusable"      // an identifier that stands for nobody
	BeforeBirth Outcome = "before-birth"  // the reference date is before the birth date
	OutOfPeriod Outcome = "out-of-period" // a date outside the agreement's data period
	Imprecise   Outcome = "imprecise"     // a partial date known less finely than it was to leave
	NoEvent     Outcome = "no-event"      // the child has no index event to count from
	NotAgreed   Outcome = "not-agreed"    // a code that the agreement does not list
)

// treatment turns one value into one cell. It is pure: it is called once per distinct value of a batch.
type treatment func(v extract.Value) (int32, Outcome)

// known wraps a treatment of known values: what is empty stays empty.
func known(treat func(n int32) (int32, Outcome)) treatment {
	return func(v extract.Value) (int32, Outcome) {
		if v.State != extract.Known {
			return 0, NoValue
		}
		return treat(v.Num)
	}
}

// keepNumber passes a number or a boolean.
func keepNumber(n int32) (int32, Outcome) { return n, Treated }

// mapCode translates codes into places in the released list. A code that becomes none of them is not agreed.
func mapCode(column *dataset.Column, to func(string) string, codes []dataset.CodeValue) treatment {
	place := places(column, to, codes)
	return known(func(n int32) (int32, Outcome) {
		if place[n] < 0 {
			return 0, NotAgreed
		}
		return place[n], Treated
	})
}

// places finds, for each code of a source column, the place of what it becomes in the released list; -1 for nowhere.
func places(column *dataset.Column, to func(string) string, codes []dataset.CodeValue) []int32 {
	released := &dataset.Column{Codes: codes}
	out := make([]int32, len(column.Codes))
	for i, c := range column.Codes {
		at, _ := released.Code(to(c.Value), 0)
		out[i] = int32(at)
	}
	return out
}

// flag is true for any of the codes, false for any other, and empty where nothing was returned.
func flag(column *dataset.Column, codes []string) treatment {
	set := make([]int32, len(column.Codes))
	for i, c := range column.Codes {
		if slices.Contains(codes, c.Value) {
			set[i] = 1
		}
	}
	return known(func(n int32) (int32, Outcome) { return set[n], Treated })
}

// ageMonths counts completed months from birth to the reference date.
func ageMonths(reference civil.Date) treatment {
	return known(func(n int32) (int32, Outcome) {
		months, ok := civil.MonthsOfAge(civil.Date(n), reference)
		if !ok {
			return 0, BeforeBirth
		}
		return int32(months), Treated
	})
}

// ageYears counts completed years.
func ageYears(reference civil.Date) treatment {
	months := ageMonths(reference)
	return func(v extract.Value) (int32, Outcome) {
		n, outcome := months(v)
		return n / 12, outcome
	}
}

// ageBand gives the place of the band of completed years. The first band begins at 0, and no age is below it.
func ageBand(reference civil.Date, bands *agreement.Ranges) treatment {
	years := ageYears(reference)
	return func(v extract.Value) (int32, Outcome) {
		n, outcome := years(v)
		if outcome != Treated {
			return 0, outcome
		}
		return bands.Place(int(n)), Treated
	}
}

// bandNumber gives the place of the range of a number. The first range begins at the least number of the column.
func bandNumber(bands *agreement.Ranges) treatment {
	return known(func(n int32) (int32, Outcome) { return bands.Place(int(n)), Treated })
}

// Granularity is how finely a date leaves.
type Granularity string

// The granularities.
const (
	Day     Granularity = "day"
	Week    Granularity = "week"
	Month   Granularity = "month"
	Quarter Granularity = "quarter"
	Year    Granularity = "year"
)

// dateTo gives the first day of the day, week, month, quarter or year. A date outside the data period leaves as empty;
// so does a partial date that is known less finely.
func dateTo(to Granularity, from, until civil.Date) treatment {
	return func(v extract.Value) (int32, Outcome) {
		switch v.State {
		case extract.Known:
		case extract.Month:
			if to == Day || to == Week {
				return 0, Imprecise
			}
		case extract.Year:
			if to != Year {
				return 0, Imprecise
			}
		default:
			return 0, NoValue
		}
		d := civil.Date(v.Num)
		if d < from || d > until {
			return 0, OutOfPeriod
		}
		return int32(firstOf(to, d)), Treated
	}
}

func firstOf(to Granularity, d civil.Date) civil.Date {
	switch to {
	case Week:
		return d.FirstOfWeek()
	case Month:
		return d.FirstOfMonth()
	case Quarter:
		return d.FirstOfQuarter()
	case Year:
		return d.FirstOfYear()
	default:
		return d
	}
}
