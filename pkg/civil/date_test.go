package civil_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

// first and last are the days that are accepted.
var (
	first = civil.MustYMD(civil.EarliestYear, 1, 1)
	last  = civil.MustYMD(civil.LatestYear, 12, 31)
)

// midnight is the oracle's view of a date: midnight UTC, by the standard library alone.
func midnight(d civil.Date) time.Time { return time.Unix(0, 0).UTC().AddDate(0, 0, int(d)) }

// dayOf is the date of a midnight UTC.
func dayOf(t time.Time) civil.Date {
	return civil.Date(math.Round(t.Sub(time.Unix(0, 0)).Hours() / 24))
}

func TestFromYMD(t *testing.T) {
	for _, c := range []struct {
		y, m, d int
		ok      bool
		day     civil.Date
	}{
		{1970, 1, 1, true, 0},
		{1969, 12, 31, true, -1},
		{1900, 1, 1, true, -25567},
		{1900, 2, 28, true, -25509},
		{1900, 2, 29, false, 0}, // a century that is no leap year
		{1900, 3, 1, true, -25508},
		{2000, 2, 29, true, 11016}, // a century that is one
		{2000, 2, 30, false, 0},
		{2004, 2, 29, true, 12477},
		{2023, 2, 29, false, 0},
		{2024, 2, 29, true, 19782},
		{2100, 2, 29, false, 0},
		{2100, 12, 31, true, 47846},
		{1899, 12, 31, false, 0},
		{2101, 1, 1, false, 0},
		{2024, 4, 31, false, 0},
		{2024, 6, 31, false, 0},
		{2024, 9, 31, false, 0},
		{2024, 11, 31, false, 0},
		{2024, 1, 31, true, 19753},
		{2024, 1, 32, false, 0},
		{2024, 1, 0, false, 0},
		{2024, 0, 1, false, 0},
		{2024, 13, 1, false, 0},
		{2024, -1, 1, false, 0},
	} {
		got, ok := civil.FromYMD(c.y, c.m, c.d)
		if ok != c.ok || got != c.day {
			t.Errorf("FromYMD(%d, %d, %d) = %d, %v; want %d, %v", c.y, c.m, c.d, got, ok, c.day, c.ok)
		}
	}
}

// TestEveryDay holds every accepted day to the standard library, in every direction.
func TestEveryDay(t *testing.T) {
	if last-first != 73413 {
		t.Fatalf("%d days are accepted, want the 73,414 of 1900 to 2100", last-first+1)
	}
	for d := first; d <= last; d++ {
		want := midnight(d)
		y, m, day := d.YMD()
		if y != want.Year() || m != int(want.Month()) || day != want.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %s", d, y, m, day, want.Format(time.DateOnly))
		}
		if back, ok := civil.FromYMD(y, m, day); !ok || back != d {
			t.Fatalf("FromYMD(%d, %d, %d) = %d, %v; want %d", y, m, day, back, ok, d)
		}
		if d.String() != want.Format(time.DateOnly) {
			t.Fatalf("day %d is written %s, want %s", d, d, want.Format(time.DateOnly))
		}
		if back, err := civil.ParseISO(want.Format(time.DateOnly)); err != nil || back != d {
			t.Fatalf("ParseISO of day %d = %d, %v", d, back, err)
		}
		if back, err := civil.ParseUK(want.Format("02/01/2006")); err != nil || back != d {
			t.Fatalf("ParseUK of day %d = %d, %v", d, back, err)
		}
		if got, want := d.FirstOfWeek(), monday(want); got != want {
			t.Fatalf("the week of %s begins on %s, want %s", d, got, want)
		}
		if got, want := d.FirstOfMonth(), dayOf(time.Date(y, want.Month(), 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Fatalf("the month of %s begins on %s, want %s", d, got, want)
		}
		if got, want := d.FirstOfQuarter(), quarter(want); got != want {
			t.Fatalf("the quarter of %s begins on %s, want %s", d, got, want)
		}
		if got, want := d.FirstOfYear(), dayOf(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Fatalf("the year of %s begins on %s, want %s", d, got, want)
		}
		if got, want := d.CollectionYear(), want.AddDate(0, 9, 0).Year(); got != want {
			t.Fatalf("%s is of collection year %d, want %d", d, got, want)
		}
	}
}

// monday walks back to a Monday, as a person with a calendar would.
func monday(t time.Time) civil.Date {
	for t.Weekday() != time.Monday {
		t = t.AddDate(0, 0, -1)
	}
	return dayOf(t)
}

// quarter looks the first month of a quarter up.
func quarter(t time.Time) civil.Date {
	begins := [13]time.Month{1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7, 10: 10, 11: 10, 12: 10}
	return dayOf(time.Date(t.Year(), begins[t.Month()], 1, 0, 0, 0, 0, time.UTC))
}

func TestParseRefuses(t *testing.T) {
	both := []string{"", "x", "2024", "1/1/2024", "2024-1-1", "01-01-2024", "2024/01/01", "00/00/0000", "0000-00-00",
		"31/04/2024", "2024-04-31", "29/02/2023", "2023-02-29", "01/01/1899", "2101-01-01", " 01/01/2024", "01/01/2024 ",
		"2024-01-01 ", "2024-01-01T00:00:00Z", "+1/01/2024", "-1/01/2024", "01/01/ 999", "٠١/٠١/٢٠٢٤", "0x/01/2024", "01/01/202\x00",
		"01/13/2024", "2024-13-01", "01/01/00\x001", "00\x001-01-01", "01/01/1\xf874", "01.01.2024", "01/01-2024", "2024-01/01"}
	for _, s := range both {
		if d, err := civil.ParseUK(s); err == nil || d != 0 {
			t.Errorf("ParseUK(%q) = %s, %v", s, d, err)
		}
		if d, err := civil.ParseISO(s); err == nil || d != 0 {
			t.Errorf("ParseISO(%q) = %s, %v", s, d, err)
		}
	}
	if _, err := civil.ParseUK("2024-01-01"); err == nil {
		t.Error("ParseUK accepts the other form")
	}
	if _, err := civil.ParseISO("01/01/2024"); err == nil {
		t.Error("ParseISO accepts the other form")
	}
}

// A date that is accepted is written back byte for byte: no two texts are one date.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"01/01/1970", "29/02/2024", "31/12/2100", "2024-02-29", "0001-01-01", "1/1/2024", "99/99/9999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := civil.ParseISO(s); err == nil && d.String() != s {
			t.Errorf("ParseISO(%q) is written %s", s, d)
		}
		if d, err := civil.ParseUK(s); err == nil && midnight(d).Format("02/01/2006") != s {
			t.Errorf("ParseUK(%q) is %s", s, d)
		}
		var d civil.Date
		if err := d.UnmarshalText([]byte(s)); err == nil {
			if text, err := d.MarshalText(); err != nil || string(text) != s {
				t.Errorf("UnmarshalText(%q) is written %q, %v", s, text, err)
			}
		}
	})
}

// Every one-byte change of a date is refused, or is another date that is written so.
func TestOneByteChanges(t *testing.T) {
	for _, form := range []struct {
		text   string
		layout string
		parse  func(string) (civil.Date, error)
	}{{"29/02/2024", "02/01/2006", civil.ParseUK}, {"11/11/1999", "02/01/2006", civil.ParseUK}, {"2024-02-29", time.DateOnly, civil.ParseISO}} {
		want, err := form.parse(form.text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(form.text) {
			for c := range 256 {
				if byte(c) == form.text[i] {
					continue
				}
				b := []byte(form.text)
				b[i] = byte(c)
				if d, err := form.parse(string(b)); err == nil && (d == want || midnight(d).Format(form.layout) != string(b)) {
					t.Errorf("%q, changed to %q, is %s", form.text, b, d)
				}
			}
		}
	}
}

func TestJSON(t *testing.T) {
	data, err := json.Marshal(map[string]civil.Date{"d": civil.MustYMD(2026, 4, 1)})
	if err != nil || string(data) != `{"d":"2026-04-01"}` {
		t.Errorf("%s, %v", data, err)
	}
	var back map[string]civil.Date
	if err := json.Unmarshal(data, &back); err != nil || back["d"] != civil.MustYMD(2026, 4, 1) {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"d":"2026-02-30"}`), &back); err == nil {
		t.Error("an impossible date is read from JSON")
	}
}

func TestMustYMDPanicsOnlyForTheProgramsOwnMistakes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("30 February is a date")
		}
	}()
	civil.MustYMD(2024, 2, 30)
}

func TestRandomDatesCompareAsDays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		a, b := first+civil.Date(random.IntN(int(last-first))), first+civil.Date(random.IntN(int(last-first)))
		if (a < b) != (a.String() < b.String()) {
			t.Fatalf("%s and %s are in one order as numbers and in the other as text", a, b)
		}
	}
}
