package csv_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
)

const (
	detailsLine = "pupilonrolltableid,NativeId,termlysessiondetailsonrolltableid,termlysessiondetailsonrollorderseqcolumn,sourceid,sessions,attendancereason\n"
	detailsRow  = "0002e817-8ca,SCH7,028bdbe4,2,e2063384,133.0,C\n"
	mealsLine   = "pupilonrolltableid,NativeId,fsmperiodtableid,fsmperiodorderseqcolumn,sourceid,fsmstartdate,fsmenddate,ukcountry\n"
	mealsRow    = "001e7b6b-4f5,SCH4,29cb6438,1,55b2d75a,2025-Jan-08 00:00:00,,ENG\n"
	pupilsLine  = "pupilonrolltableid,NativeId,dob,upn,formerupn,sex,entrydate,enrolstatus,termlysessionspossible,parttime\n"
	pupilsRow   = "0002e817-8ca,SCH7,2020-Apr-25 00:00:00,H801200001001,,M,2023-Feb-03 00:00:00,C,134.0,True\n"
)

// What is wrong in a row of the school census keeps it back by its rule, and what only says of nobody does not.
func TestCensusRows(t *testing.T) {
	c := catalogue(t)
	change := func(line, row, old, new string) string {
		if !strings.Contains(row, old) {
			t.Fatalf("no %q in %q", old, row)
		}
		return line + strings.Replace(row, old, new, 1) + row
	}
	details := func(old, new string) string { return change(detailsLine, detailsRow, old, new) }
	meals := func(old, new string) string { return change(mealsLine, mealsRow, old, new) }
	pupils := func(old, new string) string { return change(pupilsLine, pupilsRow, old, new) }
	for name, v := range map[string]struct {
		content string
		rules   []string // why the first of two rows is kept back, or what is told of the file; none or DATES_MIXED when both pass
	}{
		"sessions as they are":                 {detailsLine + detailsRow + detailsRow, nil},
		"a stroke and a backslash":             {details(",C\n", ",/\n"), nil},
		"a backslash":                          {details(",C\n", ",\\\n"), nil},
		"a code of the whole school":           {details(",C\n", ",#\n"), nil},
		"a former code":                        {details(",C\n", ",F\n"), nil},
		"a code in small letters":              {details(",C\n", ",y3\n"), nil},
		"no code":                              {details(",C\n", ",\n"), []string{"REQUIRED_EMPTY attendancereason 1"}},
		"a blank for a code":                   {details(",C\n", ", \n"), []string{"REQUIRED_EMPTY attendancereason 1"}},
		"a code of no list":                    {details(",C\n", ",A\n"), []string{"CODE_UNKNOWN attendancereason 1"}},
		"two codes":                            {details(",C\n", ",C1 C2\n"), []string{"CODE_UNKNOWN attendancereason 1"}},
		"no number of sessions":                {details("133.0", ""), []string{"REQUIRED_EMPTY sessions 1"}},
		"no sessions":                          {details("133.0", "0"), nil},
		"half a session":                       {details("133.0", "133.5"), []string{"NUMBER_MALFORMED sessions 1"}},
		"fewer sessions than none":             {details("133.0", "-1.0"), []string{"NUMBER_OUT_OF_RANGE sessions 1"}},
		"more sessions than a year has":        {details("133.0", "401.0"), []string{"NUMBER_OUT_OF_RANGE sessions 1"}},
		"a key that became a float":            {details("0002e817-8ca", "12.0"), []string{"KEY_MALFORMED pupilonrolltableid 1"}},
		"a key that became a power":            {details("0002e817-8ca", "1.23E+11"), []string{"KEY_MALFORMED pupilonrolltableid 1"}},
		"a school that became a float":         {details("SCH7", "3314001.0"), []string{"KEY_MALFORMED NativeId 1"}},
		"no key":                               {details("0002e817-8ca", ""), []string{"REQUIRED_EMPTY pupilonrolltableid 1"}},
		"a key of the row itself that is none": {details("028bdbe4", "1.23E+11"), nil}, // nothing is joined by it

		"a period that goes on":              {mealsLine + mealsRow + mealsRow, nil},
		"a period of one day":                {meals(",,ENG", ",2025-Jan-08 00:00:00,ENG"), nil},
		"a period ending before it starts":   {meals(",,ENG", ",2025-Jan-07 00:00:00,ENG"), []string{"DATE_ORDER fsmenddate 1"}},
		"a period that never started":        {meals("2025-Jan-08 00:00:00", ""), []string{"REQUIRED_EMPTY fsmstartdate 1"}},
		"a start with a time of day":         {meals("2025-Jan-08 00:00:00", "2025-Jan-08 09:30:00"), []string{"DATE_MALFORMED fsmstartdate 1"}},
		"a day of no calendar":               {meals("2025-Jan-08 00:00:00", "2025-Feb-29 00:00:00"), []string{"DATE_IMPOSSIBLE fsmstartdate 1"}},
		"no country":                         {meals(",ENG", ","), nil},
		"a country of no list":               {meals(",ENG", ",IRL"), []string{"CODE_UNKNOWN ukcountry 1"}},
		"a pupil":                            {pupilsLine + pupilsRow + pupilsRow, nil},
		"no kind of registration":            {pupils(",C,", ",,"), nil},
		"a kind of registration of no list":  {pupils(",C,", ",D,"), []string{"CODE_UNKNOWN enrolstatus 1"}},
		"a UPN that became a power":          {pupils("H801200001001", "1.23E+11"), nil}, // it links nobody, and that is counted
		"a UPN with a wrong letter":          {pupils("H801200001001", "A801200001001"), nil},
		"no UPN":                             {pupils("H801200001001", ""), nil},
		"1 for true":                         {pupils("True", "1"), nil},
		"1.0 for true":                       {pupils("True", "1.0"), []string{"BOOLEAN_UNKNOWN parttime 1"}},
		"a birth in 1066":                    {pupils("2020-Apr-25", "1066-Apr-13"), []string{"DATE_IMPOSSIBLE dob 1"}},
		"a date as a spreadsheet writes it":  {pupils("2023-Feb-03 00:00:00", "03/02/2023"), []string{"DATES_MIXED entrydate"}},
		"a date as a spreadsheet counts it":  {pupils("2023-Feb-03 00:00:00", "44960"), []string{"DATE_MALFORMED entrydate 1"}},
		"sessions possible that are unknown": {pupils("134.0", ""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, c, file(t, v.content), 2025)
			if got.err != nil {
				t.Fatal(got.err)
			}
			passed := []int64{1, 2}
			if len(v.rules) > 0 && !strings.HasPrefix(v.rules[0], extract.RuleDatesMixed) {
				passed = []int64{2}
			}
			if !slices.Equal(got.rows, passed) || !slices.Equal(got.rules(), v.rules) || got.tally != (extract.Tally{Read: 2, Passed: int64(len(passed)), Quarantined: int64(2 - len(passed))}) {
				t.Errorf("passed %v with %v, %+v; want %v with %v", got.rows, got.rules(), got.tally, passed, v.rules)
			}
		})
	}
}

// Columns come and go: with the few that must be there, a pupil table is one in any year; without one of them it is none.
func TestCensusHeaders(t *testing.T) {
	c := catalogue(t)
	for header, want := range map[string]string{
		pupilsLine: "school_census/pupilonroll",
		"pupilonrolltableid,NativeId,upn,formerupn,entrydate,enrolstatus,termlysessionspossible\n":                               "school_census/pupilonroll",
		strings.Replace(pupilsLine, "sex", "gender", 1):                                                                          "school_census/pupilonroll",
		strings.Replace(pupilsLine, "parttime", "termlysessionsauthorised,termlysessionsunauthorised,annualsessionspossible", 1): "school_census/pupilonroll",
		strings.ToUpper(pupilsLine): "school_census/pupilonroll",
		"pupilnolongeronrolltableid,NativeId,upn,formerupn,entrydate,leavingdate,termlysessionspossible,enrolstatus\n": "school_census/pupilnolongeronroll",
		detailsLine: "school_census/termlysessiondetailsonroll",
		strings.ReplaceAll(detailsLine, "onroll", "offroll"):                                                            "",
		strings.ReplaceAll(strings.ReplaceAll(detailsLine, "onroll", "offroll"), "pupiloffroll", "pupilnolongeronroll"): "school_census/termlysessiondetailsoffroll",
		strings.ReplaceAll(detailsLine, "termly", "summerhalfterm2"):                                                    "school_census/summerhalfterm2sessiondetailsonroll",
		mealsLine: "school_census/fsmperiod",
		strings.ReplaceAll(mealsLine, "fsmperiod", "fsmperiodsonroll"):                                             "school_census/fsmperiodsonroll",
		strings.Replace(mealsLine, ",fsmenddate", "", 1):                                                           "",
		strings.Replace(pupilsLine, ",enrolstatus", "", 1):                                                         "",
		strings.Replace(pupilsLine, ",upn", "", 1):                                                                 "",
		strings.Replace(pupilsLine, "pupilonrolltableid,", "", 1):                                                  "",
		"addressestableid,NativeId,pupilonrolltableid,postcode\n":                                                  "school_census/addresses",
		"schoolcensustableid,NativeId,name,collection,term,year,referencedate,serialno,estab,lea,urn\n":            "school_census/schoolcensus",
		"fsmperiodtableid,NativeId,pupilonrolltableid,fsmstartdate,fsmenddate,ukcountry,fsmperiodsonrolltableid\n": extract.RuleTableAmbiguous,
	} {
		got := read(t, c, file(t, header), 2025)
		switch {
		case want == "" && (got.err == nil || !strings.Contains(got.err.Error(), extract.RuleTableUnknown)),
			want == extract.RuleTableAmbiguous && (got.err == nil || !strings.Contains(got.err.Error(), want)),
			strings.Contains(want, "/") && (got.err != nil || got.table != want):
			t.Errorf("%s: %s, %v; want %s", strings.TrimSpace(header), got.table, got.err, want)
		}
	}
}
