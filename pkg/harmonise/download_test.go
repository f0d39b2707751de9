package harmonise_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/harmonise"
)

const downloadLine = "PupilMatchingRef\tAcademicYear\tCensusTerm\tUPN\tFormerUPN\tSurname\tFSMeligible\tEVERFSM_6\tEnrolStatus"

// download is a row of a census download, with the pupil's eligibility now and ever.
func download(upn, former, now, ever, status string) string {
	return strings.Join([]string{"1", "2023/2024", "Spring", upn, former, "SUR, 1", now, ever, status}, "\t")
}

// TestMealsOfDownloads: what the department says of eligibility counts where the council's own census has no row of the
// child; EVERFSM_6 is no eligibility.
func TestMealsOfDownloads(t *testing.T) {
	roll := func(rows ...string) string { return lines(onRollLine, rows...) }
	meals := func(rows ...string) string { return lines(mealsLine, rows...) }
	for _, tc := range []struct {
		name  string
		files map[string]string // below 2023-24/spring
		want  string            // child, day, eligible
		found map[string]int64
		tally harmonise.Tally
	}{
		{"downloads alone", map[string]string{"giap_census.tab": lines(downloadLine, download(upns[0], "", "1", "1", "C"), download("X", upns[5], "0", "1", "C"))},
			"51 2024-01-18 true|52 2024-01-18 false", nil, harmonise.Tally{Read: 2, Left: 2}},
		{"the census counts where it has the child", map[string]string{
			"pupilonroll.csv": roll(row("a", upns[0], "C"), row("b", upns[2], "C")),
			"fsmperiod.csv":   meals("a,S,1,2020-Sep-01 00:00:00,,ENG"),
			"giap_census.tab": lines(downloadLine, download(upns[0], "", "0", "1", "C"), download(upns[2], "", "0", "1", "C"), download(upns[3], "", "1", "1", "C")),
		}, "51 2024-01-18 true|53 2024-01-18 false|54 2024-01-18 true", map[string]int64{harmonise.RuleDiffer: 1},
			harmonise.Tally{Read: 6, Left: 3, Marks: 1, Superseded: 2}},
		{"another school's row, and nobody's", map[string]string{
			"giap_census.tab": lines(downloadLine, download(upns[0], "", "0", "0", "M"), download(upns[0], "", "1", "1", "S"), download(upns[4], "", "1", "1", "C")),
		}, "51 2024-01-18 false", nil, harmonise.Tally{Read: 3, Left: 1, Elsewhere: 1, Unlinked: 1}},
		{"any row of a pupil whom the download has twice", map[string]string{
			"a.tab": lines(downloadLine, download(upns[0], "", "0", "0", "C")), "b.tab": lines(downloadLine, download(upns[0], "", "1", "1", "C")),
		}, "51 2024-01-18 true", nil, harmonise.Tally{Read: 2, Left: 1, Marks: 1}},
		{"a comma in a name shifts nothing", map[string]string{
			"giap_census.csv": strings.ReplaceAll(lines(downloadLine, download(upns[0], "", "1", "1", "C"), strings.Replace(download(upns[2], "", "1", "0", "C"), ", ", "", 1)), "\t", ","),
		}, "53 2024-01-18 true", map[string]int64{"FIELD_COUNT": 1}, harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}},
		{"neither yes nor no", map[string]string{"giap_census.tab": lines(downloadLine, download(upns[0], "", "1", "1", "C"), download(upns[2], "", "9", "1", "C"))},
			"51 2024-01-18 true", map[string]int64{"BOOLEAN_UNKNOWN": 1}, harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}},
		{"a row of the census that is quarantined lets no other speak for the child", map[string]string{
			"pupilonroll.csv": roll(row("a", upns[2], "C"), row("b", upns[0], "?")),
			"fsmperiod.csv":   meals("a,S,1,2020-Sep-01 00:00:00,,ENG"),
			"giap_census.tab": lines(downloadLine, download(upns[0], "", "1", "1", "C")),
		}, "53 2024-01-18 true", map[string]int64{"CODE_UNKNOWN": 1}, harmonise.Tally{Read: 4, Left: 1, Marks: 1, Superseded: 1, Quarantined: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := make(map[string]string)
			for name, text := range tc.files {
				files["2023-24/spring/"+name] = text
			}
			m := of(t, "free_school_meals", files, "child_id", "census_date", "eligible")
			if got := strings.ReplaceAll(m.text(), "\n", "|"); got != tc.want {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
			if tc.found == nil {
				tc.found = map[string]int64{}
			}
			if !maps.Equal(m.found, tc.found) || m.tally != tc.tally || sum(m.tally) != m.tally.Read {
				t.Errorf("found %v, counted %+v; want %v, %+v", m.found, m.tally, tc.found, tc.tally)
			}
		})
	}
}

// TestOneTermInArrears: a census tells of the term before it, in each of the three terms.
func TestOneTermInArrears(t *testing.T) {
	half := onRollLine + ",summerhalfterm2sessionspossible"
	m := of(t, "attendance", map[string]string{
		"2023-24/autumn/pupilonroll.csv": lines(half, row("a", upns[0], "C")+",50"),
		"2023-24/spring/pupilonroll.csv": lines(onRollLine, row("a", upns[0], "C")),
		"2023-24/summer/pupilonroll.csv": lines(onRollLine, strings.Replace(row("a", upns[0], "C"), "120.0", "100", 1)),
	}, "academic_year", "term", "possible")
	const want = "2024 spring 100|2024 autumn 120|2023 summer_first_half 120|2023 summer_second_half 50"
	if got := strings.ReplaceAll(m.text(), "\n", "|"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestSessionsBothWays: before 2025 a census may have totals, rows by code, or both: then the rows count.
func TestSessionsBothWays(t *testing.T) {
	totals := onRollLine + ",termlysessionsauthorised,termlysessionsunauthorised"
	for name, tc := range map[string]struct {
		year, line, row, details, want string
	}{
		"totals":           {"2016-17", totals, row("a", upns[0], "C") + ",7,8", "", "120 7 8"},
		"both":             {"2023-24", totals, row("a", upns[0], "C") + ",7,8", "a,S,1,3,H", "120 3 0"},
		"rows":             {"2025-26", onRollLine, row("a", upns[0], "C"), "a,S,1,3,O", "120 0 3"},
		"rows, long ago":   {"2017-18", onRollLine, row("a", upns[0], "C"), "a,S,1,3,F", "120 3 0"},
		"totals, too late": {"2025-26", totals, row("a", upns[0], "C") + ",7,8", "", "120 7 8"},
	} {
		files := map[string]string{tc.year + "/spring/pupilonroll.csv": lines(tc.line, strings.ReplaceAll(tc.row, "2020-Sep", "2015-Sep"))}
		if tc.details != "" {
			files[tc.year+"/spring/termlysessiondetailsonroll.csv"] = lines(detailsLine, tc.details)
		}
		if m := of(t, "attendance", files, "possible", "authorised", "unauthorised"); m.text() != tc.want {
			t.Errorf("%s: %s, want %s", name, m.text(), tc.want)
		}
	}
}
