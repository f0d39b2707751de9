package synth

import (
	"fmt"

	"github.com/postern-gateway/postern/pkg/civil"
)

// maxYears is the longest cohort: FirstYear to LatestYear.
const maxYears = LatestYear - FirstYear + 1

// never is later than every date of a cohort.
const never = civil.Date(1 << 30)

// window is the collection years of a cohort, earliest first.
type window struct {
	years []year
	from  civil.Date // first day of the first year
	to    civil.Date // last day of the last year
}

// year is one collection year: 2026 is 1 April 2025 to 31 March 2026.
type year struct {
	number     int
	start, end civil.Date
}

func newWindow(last, years int) *window {
	w := &window{}
	for n := last - years + 1; n <= last; n++ {
		w.years = append(w.years, year{number: n, start: civil.MustYMD(n-1, 4, 1), end: civil.MustYMD(n, 3, 31)})
	}
	w.from, w.to = w.years[0].start, w.years[years-1].end
	return w
}

// folder is the name that returns go by: 2025-26.
func (y year) folder() string { return fmt.Sprintf("%d-%02d", y.number-1, y.number%100) }

// overlaps says whether something that lasted from start to end, both days included, is of the year. An episode that
// ceased on 1 April is: it was open at the end of the year before.
func (y year) overlaps(start, end civil.Date) bool { return start <= y.end && end >= y.start }

// holds says whether a day is in the year.
func (y year) holds(d civil.Date) bool { return y.start <= d && d <= y.end }

// birthday is the day on which a child born on birth completes a number of years; for 29 February, 1 March of a
// common year.
func birthday(birth civil.Date, years int) civil.Date {
	y, m, d := birth.YMD()
	if day, ok := civil.FromYMD(y+years, m, d); ok {
		return day
	}
	return civil.MustYMD(y+years, 3, 1)
}

// age is the completed years on a day on or after birth.
func age(birth, on civil.Date) int {
	months, _ := civil.MonthsOfAge(birth, on)
	return months / 12
}

// others is the position of the first year with a format of schools, the number of years when there is none.
func (w *window) others() int { return w.since(EarliestOther) }

// since is the position of the first year from a collection year on, the number of years when there is none.
func (w *window) since(number int) int {
	for k, y := range w.years {
		if y.number >= number {
			return k
		}
	}
	return len(w.years)
}
