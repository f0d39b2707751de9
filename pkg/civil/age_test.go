package civil_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

func date(t *testing.T, text string) civil.Date {
	t.Helper()
	d, err := civil.ParseISO(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMonthsOfAge(t *testing.T) {
	for _, c := range []struct {
		birth, on string
		months    int
		ok        bool
	}{
		{"2010-05-20", "2010-05-20", 0, true},  // the day of birth
		{"2010-05-20", "2010-05-19", 0, false}, // the day before
		{"2010-05-20", "2000-01-01", 0, false},
		{"2010-05-20", "2010-06-19", 0, true},
		{"2010-05-20", "2010-06-20", 1, true},
		{"2010-05-20", "2020-05-19", 119, true}, // the day before the tenth birthday
		{"2010-05-20", "2020-05-20", 120, true},
		{"2010-05-20", "2020-05-21", 120, true},
		{"2010-12-31", "2011-01-01", 0, true},
		{"2010-12-31", "2011-01-30", 0, true},
		{"2010-12-31", "2011-01-31", 1, true},
		// Born on the 31st: no month is completed on the last day of a month of 30.
		{"2010-01-31", "2010-02-28", 0, true},
		{"2010-01-31", "2010-03-01", 1, true},
		{"2010-01-31", "2010-03-31", 2, true},
		{"2010-01-31", "2010-04-30", 2, true},
		{"2010-01-31", "2010-05-01", 3, true},
		// Born on 29 February: a year is completed on 1 March of a common year, on the day itself in a leap year.
		{"2008-02-29", "2008-03-28", 0, true},
		{"2008-02-29", "2008-03-29", 1, true},
		{"2008-02-29", "2009-02-28", 11, true},
		{"2008-02-29", "2009-03-01", 12, true},
		{"2008-02-29", "2012-02-28", 47, true},
		{"2008-02-29", "2012-02-29", 48, true},
		{"2008-02-29", "2026-02-28", 215, true}, // not yet 18
		{"2008-02-29", "2026-03-01", 216, true},
		// Born on 28 February: a year is completed on 28 February whatever the year.
		{"2007-02-28", "2008-02-28", 12, true},
		{"2007-02-28", "2008-02-29", 12, true},
		{"1900-01-01", "2100-12-31", 2411, true},
	} {
		got, ok := civil.MonthsOfAge(date(t, c.birth), date(t, c.on))
		if got != c.months || ok != c.ok {
			t.Errorf("born %s, on %s: %d, %v; want %d, %v", c.birth, c.on, got, ok, c.months, c.ok)
		}
	}
}

// The age is the number of monthly birthdays on or before the day, each on the day of birth or, in a month without it,
// on the first of the next: counted here one by one with the standard library.
func TestMonthsOfAgeCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		birth := date(t, "1990-01-01") + civil.Date(random.IntN(11_000))
		on := birth + civil.Date(random.IntN(1_200))
		b, now := midnight(birth), midnight(on)
		want := 0
		for {
			next := time.Date(b.Year(), b.Month()+time.Month(want+1), b.Day(), 0, 0, 0, 0, time.UTC)
			if next.Day() != b.Day() { // the month has no such day, and time has run over into the next
				next = time.Date(next.Year(), next.Month(), 1, 0, 0, 0, 0, time.UTC)
			}
			if next.After(now) {
				break
			}
			want++
		}
		if got, ok := civil.MonthsOfAge(birth, on); !ok || got != want {
			t.Fatalf("born %s, on %s: %d, %v; want %d", birth, on, got, ok, want)
		}
	}
}

func TestCollectionYear(t *testing.T) {
	for text, want := range map[string]int{
		"2020-03-31": 2020, "2020-04-01": 2021, "2020-12-31": 2021, "2021-01-01": 2021, "2021-03-31": 2021, "2021-04-01": 2022,
		"2024-02-29": 2024,
	} {
		if got := date(t, text).CollectionYear(); got != want {
			t.Errorf("%s is of collection year %d, want %d", text, got, want)
		}
	}
}

// On counts days as London does: in summer they begin at 23:00 UTC.
func TestOn(t *testing.T) {
	for instant, want := range map[string]string{
		"2026-01-15T23:59:59Z":      "2026-01-15",
		"2026-01-16T00:00:00Z":      "2026-01-16",
		"2026-03-28T23:59:59Z":      "2026-03-28", // the clocks go forward on 29 March 2026 at 01:00
		"2026-03-29T00:30:00Z":      "2026-03-29",
		"2026-03-29T22:59:59Z":      "2026-03-29",
		"2026-03-29T23:00:00Z":      "2026-03-30",
		"2026-07-01T22:59:59Z":      "2026-07-01",
		"2026-07-01T23:00:00Z":      "2026-07-02",
		"2026-07-02T00:00:00+01:00": "2026-07-02",
		"2026-10-24T23:00:00Z":      "2026-10-25", // the clocks go back on 25 October 2026 at 01:00 UTC
		"2026-10-25T22:59:59Z":      "2026-10-25",
		"2026-10-25T23:30:00Z":      "2026-10-25",
		"2026-10-26T00:00:00Z":      "2026-10-26",
		"2026-06-30T20:00:00-05:00": "2026-07-01", // whatever zone the clock is in
		"2026-04-01T08:00:00+09:00": "2026-04-01",
		"2026-04-01T07:59:59+09:00": "2026-03-31",
		"1970-01-01T00:00:00Z":      "1970-01-01", // London kept summer time all that winter
		"1969-12-31T23:00:00Z":      "1970-01-01",
	} {
		at, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := civil.On(at); err != nil || got.String() != want {
			t.Errorf("%s is %s in London (%v), want %s", instant, got, err, want)
		}
	}
}

func TestOnRefusesAClockThatWasNeverSet(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(1<<40, 0), time.Date(1899, 12, 31, 23, 59, 0, 0, time.UTC)} {
		if d, err := civil.On(at); err == nil {
			t.Errorf("%v is %s", at, d)
		}
	}
}

func BenchmarkParseUK(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := civil.ParseUK("29/02/2024"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMonthsOfAge(b *testing.B) {
	birth, on := civil.MustYMD(2008, 2, 29), civil.MustYMD(2026, 3, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := civil.MonthsOfAge(birth, on); !ok {
			b.Fatal("born after the day")
		}
	}
}
