package synth

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
)

// sessionSums is what a term comes to.
type sessionSums struct{ possible, authorised, unauthorised int }

// TestDailyAgreesWithTheCensus: a pupil's marks come to the sums that the censuses have of each term, for every term of
// the years that have marks and of which a census tells; and no child is in two places at once.
func TestDailyAgreesWithTheCensus(t *testing.T) {
	for _, opt := range []CohortOptions{
		{Children: 300, Seed: 12, Years: 5, AttendanceYears: 5, Formats: []string{SSDA903, CIN, SchoolCensus, Attendance}},
		{Children: 300, Seed: 13, LastYear: 2022, Years: 4, AttendanceYears: 3, Formats: []string{SSDA903, CIN, SchoolCensus, Attendance}},
	} {
		truth, err := Truth(opt)
		if err != nil {
			t.Fatal(err)
		}
		from, terms, sessions := opt.LastYear, 0, 0
		if from == 0 {
			from = LatestYear
		}
		from -= opt.AttendanceYears
		for c := range truth {
			want, got := map[string]sessionSums{}, map[string]sessionSums{}
			for i := range c.Rolls {
				r := &c.Rolls[i]
				if !r.counts() {
					continue
				}
				for part := range r.Attended {
					a := &r.Attended[part]
					academic, term := r.asksAbout(part)
					if academic <= from || a.Possible == 0 {
						continue
					}
					authorised, unauthorised := a.missed()
					key := line(nil).number(academic).text(term)
					s := want[string(key)]
					want[string(key)] = sessionSums{s.possible + a.Possible, s.authorised + authorised, s.unauthorised + unauthorised}
				}
			}
			seen := map[string]bool{}
			for i := range c.Sessions {
				x := &c.Sessions[i]
				if at := x.Day.String() + x.Half; seen[at] {
					t.Fatalf("%s has two marks on %s", c.ID, at)
				} else {
					seen[at] = true
				}
				sessions++
				key := string(line(nil).number(x.AcademicYear).text(termOf(x.Day)))
				s := got[key]
				code := " " + x.Mark + " "
				if !strings.Contains(" D Q X Y Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z # ", code) {
					s.possible++
				}
				if strings.Contains(" C C1 C2 E F H I J1 M R S T ", code) {
					s.authorised++
				}
				if strings.Contains(" G N O U ", code) {
					s.unauthorised++
				}
				got[key] = s
			}
			for key, sums := range want {
				terms++
				if got[key] != sums {
					t.Errorf("%s %s: %+v by day, %+v by the census", c.ID, key, got[key], sums)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d terms by day, %d by the census", c.ID, len(got), len(want))
			}
		}
		if terms < 500 || sessions < 50_000 {
			t.Errorf("%d terms, %d sessions", terms, sessions)
		}
	}
}

// termOf is the term of a day, as the generator divides a year.
func termOf(d civil.Date) string {
	y, month, _ := d.YMD()
	switch {
	case month >= 9:
		return "autumn"
	case d < civil.MustYMD(y, 4, 11):
		return "spring"
	case d < civil.MustYMD(y, 6, 8):
		return "summer_first_half"
	default:
		return "summer_second_half"
	}
}

// TestDownloadsChangeNothing: the census downloads and daily attendance are made without a change of any other file.
func TestDownloadsChangeNothing(t *testing.T) {
	base := []string{SSDA903, CIN, SchoolCensus, GIAP}
	plain := files(t, CohortOptions{Children: 150, Seed: 4, Years: 3, Formats: base})
	more := files(t, CohortOptions{Children: 150, Seed: 4, Years: 3, Formats: append(base, GIAPCensus, Attendance)})
	for name, text := range plain {
		if more[name] != text {
			t.Errorf("%s is another file", name)
		}
	}
	added := 0
	for name := range more {
		if _, old := plain[name]; !old {
			added++
		}
	}
	if added != 2+3*3-1 { // two years of attendance; three terms of three years, without the last summer
		t.Errorf("%d files were added", added)
	}
}
