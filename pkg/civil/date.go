// Package civil has the calendar date, without time or zone, that extracts, agreements and drops are written in.
//
// A Date is a count of days, so that a column of dates is a column of 32-bit numbers, the same numbers that Parquet's
// DATE type holds. The calendar is the Gregorian one. What "today" is, is decided in Europe/London, where English
// agreements begin and end at midnight.
package civil

import (
	"errors"
	"fmt"
	"time"
)

// Date is a day, counted from 1 January 1970 (day 0). Dates before it are negative.
type Date int32

// Earliest and Latest bound what is accepted as a date of a child's life: a year outside is a slip of the keyboard
// (1066, 20201), not history.
const (
	EarliestYear = 1900
	LatestYear   = 2100
)

const secondsPerDay = 24 * 60 * 60

// errImpossible is returned for text that is no day of the calendar. It never repeats the text.
var errImpossible = errors.New("not a date of the calendar")

// FromYMD makes a date. It reports false for a day that the calendar does not have, such as 30 February,
// and for years outside EarliestYear to LatestYear.
func FromYMD(year, month, day int) (Date, bool) {
	if year < EarliestYear || year > LatestYear || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return Date(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay), true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// MustYMD is FromYMD for dates written in the program; it panics for an impossible one.
func MustYMD(year, month, day int) Date {
	d, ok := FromYMD(year, month, day)
	if !ok {
		panic("civil: impossible date in the program")
	}
	return d
}

// ParseISO reads YYYY-MM-DD, exactly as Date.String writes it. The error does not repeat the text.
func ParseISO(s string) (Date, error) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, errImpossible
	}
	return fromDigits(s[0:4], s[5:7], s[8:10])
}

// ParseUK reads DD/MM/YYYY, the form of SSDA903 returns. The error does not repeat the text.
func ParseUK(s string) (Date, error) {
	if len(s) != 10 || s[2] != '/' || s[5] != '/' {
		return 0, errImpossible
	}
	return fromDigits(s[6:10], s[3:5], s[0:2])
}

func fromDigits(year, month, day string) (Date, error) {
	y, ok1 := digits(year)
	m, ok2 := digits(month)
	d, ok3 := digits(day)
	date, ok := FromYMD(y, m, d)
	if !ok1 || !ok2 || !ok3 || !ok {
		return 0, errImpossible
	}
	return date, nil
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// On is the civil date of an instant in Europe/London. An instant outside EarliestYear to LatestYear (a clock that was
// never set) is an error.
func On(t time.Time) (Date, error) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return 0, fmt.Errorf("civil: time zone Europe/London is not available: %w", err)
	}
	y, m, d := t.In(london).Date()
	date, ok := FromYMD(y, int(m), d)
	if !ok {
		return 0, fmt.Errorf("civil: the instant is outside the years %d to %d", EarliestYear, LatestYear)
	}
	return date, nil
}

// YMD takes a date apart.
func (d Date) YMD() (year, month, day int) {
	y, m, dd := time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
	return y, int(m), dd
}

// String writes the date as YYYY-MM-DD.
func (d Date) String() string {
	y, m, dd := d.YMD()
	return fmt.Sprintf("%04d-%02d-%02d", y, m, dd)
}

// MarshalText writes YYYY-MM-DD, for JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseISO(string(text))
	*d = parsed
	return err
}

// FirstOfWeek is the Monday on or before the date (ISO 8601 weeks).
func (d Date) FirstOfWeek() Date {
	// Day 0 was a Thursday, three days after its Monday.
	days := (int(d) + 3) % 7
	if days < 0 {
		days += 7
	}
	return d - Date(days)
}

// FirstOfMonth is the first day of the date's month.
func (d Date) FirstOfMonth() Date {
	_, _, day := d.YMD()
	return d - Date(day-1)
}

// FirstOfQuarter is the first day of the date's calendar quarter (January, April, July, October).
func (d Date) FirstOfQuarter() Date {
	y, m, _ := d.YMD()
	return Date(time.Date(y, time.Month((m-1)/3*3+1), 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// FirstOfYear is 1 January of the date's year.
func (d Date) FirstOfYear() Date {
	y, _, _ := d.YMD()
	return Date(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// MonthsOfAge counts the completed months from birth to a later day: the month is completed on the day of the month
// of the birth. A child born on the 31st completes no month on the 30th; a child born on 29 February completes a year
// on 1 March of a common year (Family Law Reform Act 1969 s9 counts from the commencement of the anniversary; a year
// without that day has its next one). It reports false when the day is before the birth.
func MonthsOfAge(birth, on Date) (int, bool) {
	if on < birth {
		return 0, false
	}
	by, bm, bd := birth.YMD()
	y, m, d := on.YMD()
	months := (y-by)*12 + m - bm
	if d < bd {
		months--
	}
	return months, true
}

// CollectionYear is the year in which the financial year (1 April to 31 March) of a date ends: the way children's
// social-care returns are named (2020/21 is 2021).
func (d Date) CollectionYear() int { return d.YearEnding(time.April) }

// YearEnding is the year in which the twelve months of a date end that begin with a month:
// academic years (from September) are named so too.
func (d Date) YearEnding(begins time.Month) int {
	y, m, _ := d.YMD()
	if time.Month(m) >= begins {
		return y + 1
	}
	return y
}
