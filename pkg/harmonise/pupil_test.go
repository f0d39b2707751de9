package harmonise_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// The header lines of the school census: only the columns that tell the tables, and those that core tables are made of.
const (
	onRollLine   = "pupilonrolltableid,NativeId,upn,formerupn,entrydate,enrolstatus,termlysessionspossible"
	offRollLine  = "pupilnolongeronrolltableid,NativeId,upn,formerupn,entrydate,leavingdate,termlysessionspossible"
	detailsLine  = "pupilonrolltableid,NativeId,termlysessiondetailsonrolltableid,sessions,attendancereason"
	offLine      = "pupilnolongeronrolltableid,NativeId,termlysessiondetailsoffrolltableid,sessions,attendancereason"
	mealsLine    = "pupilonrolltableid,NativeId,fsmperiodtableid,fsmstartdate,fsmenddate,ukcountry"
	premiumsLine = "UPN,Deprivation Pupil Premium,Service Child Premium,Adopted from Care Premium,Looked After Premium,PupilPremiumFYStartDate"
)

// Pupil numbers of five children, 51 to 55; the second one's former number is the last.
var upns = []string{"H801200001001", "R801200001002", "C801200001003", "N801200001004", "A801200001005", "T80120000107A"}

// care is the return that says which pupil numbers the children have.
func care(more ...string) string {
	rows := []string{
		"51,1,01/02/2012,WBRI," + upns[0] + ",,", "52,2,01/02/2012,WBRI," + upns[5] + ",,", "53,1,01/02/2012,WBRI," + upns[2] + ",,",
		"54,1,01/02/2012,WBRI," + upns[3] + ",,", "55,2,01/02/2012,WBRI,UN3,,",
	}
	return lines(headerLine, append(rows, more...)...)
}

// row is a pupil of school S on roll for the whole term.
func row(key, upn, status string) string {
	return key + ",S," + upn + ",,2020-Sep-01 00:00:00," + status + ",120.0"
}

// of makes one core table from the files of a spring census and a care return, and more of both.
func of(t *testing.T, table string, files map[string]string, columns ...string) *made {
	t.Helper()
	all := map[string]string{"2023-24/header.csv": care()}
	for name, text := range files {
		all[name] = text
	}
	council := discover(t, builtIn(t), write(t, all)...)
	tables, _ := council.everything(t, []string{table}, func(string) []string { return columns })
	return tables[table]
}

// TestAttendance: sums, and what a sum that lacks something becomes.
func TestAttendance(t *testing.T) {
	roll := func(rows ...string) string { return lines(onRollLine, rows...) }
	marks := func(rows ...string) string { return lines(detailsLine, rows...) }
	for _, tc := range []struct {
		name  string
		files map[string]string // below 2023-24/spring
		want  []string          // child, possible, authorised, unauthorised
		found map[string]int64
		tally harmonise.Tally
	}{
		{"codes are sums, and none is nothing", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), row("b", upns[2], "M")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3.0,I", "a,S,2,4,M", "a,S,3,5,O", "a,S,4,6,U", `a,S,5,100,/`, "a,S,6,2,#"),
		}, []string{"51 120 7 11", "53 120 0 0"}, nil, harmonise.Tally{Read: 8, Left: 2, Marks: 6}},

		{"without rows about pupils nothing is known", map[string]string{"pupilonroll.csv": roll(row("a", upns[0], "C"))},
			[]string{"51 120  "}, nil, harmonise.Tally{Read: 1, Left: 1}},

		{"a subsidiary registration is counted by the main school", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "M"), row("b", upns[0], "S"), row("c", upns[2], "F"), row("d", upns[3], "O")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "b,S,2,3,I"),
		}, []string{"51 120 3 0"}, nil, harmonise.Tally{Read: 6, Left: 1, Marks: 1, Elsewhere: 4}},

		{"who changed school is on a roll and off another", map[string]string{
			"pupilonroll.csv":                 roll(row("a", upns[0], "C")),
			"termlysessiondetailsonroll.csv":  marks("a,S,1,3,G"),
			"pupilnolongeronroll.csv":         lines(offRollLine, "a,T,"+upns[0]+",,2020-Sep-01 00:00:00,2023-Oct-20 00:00:00,40"),
			"termlysessiondetailsoffroll.csv": lines(offLine, "a,T,1,5,G", "a,T,2,1,C"),
		}, []string{"51 160 1 8"}, nil, harmonise.Tally{Read: 5, Left: 1, Marks: 4}},

		{"a child on two rolls is on none that can be told", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), row("b", upns[0], ""), row("c", upns[2], "C")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "b,S,2,3,I", "c,S,3,1,I"),
		}, []string{"53 120 1 0"}, map[string]int64{harmonise.RuleTwoRolls: 2, harmonise.RuleEnrolment: 1},
			harmonise.Tally{Read: 6, Left: 1, Marks: 1, Quarantined: 4}},

		{"a row about a pupil that is quarantined makes the sums unknown", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), row("b", upns[2], "C")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "a,S,2,,I", "b,S,3,4,"),
		}, []string{"51 120  ", "53 120  "}, map[string]int64{harmonise.RuleIncomplete: 2, "REQUIRED_EMPTY": 2},
			harmonise.Tally{Read: 5, Left: 2, Marks: 1, Quarantined: 2}},

		{"a pupil's own row that is quarantined makes a mover's sums unknown", map[string]string{
			"pupilonroll.csv":                 roll("a,S," + upns[0] + ",,2020-Sep-01 00:00:00,C,lots"),
			"termlysessiondetailsonroll.csv":  marks("a,S,1,3,I"),
			"pupilnolongeronroll.csv":         lines(offRollLine, "a,T,"+upns[0]+",,2020-Sep-01 00:00:00,2023-Oct-20 00:00:00,40", "b,T,"+upns[2]+",,,,41"),
			"termlysessiondetailsoffroll.csv": lines(offLine, "a,T,1,5,G"),
		}, []string{"51   ", "53 41 0 0"}, map[string]int64{"NUMBER_MALFORMED": 1}, harmonise.Tally{Read: 5, Left: 2, Marks: 1, Quarantined: 2}},

		{"a key that two pupils of a school have is nobody's", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), row("a", upns[2], "C"), strings.Replace(row("a", upns[3], "C"), "a,S", "a,T", 1)),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "a,T,2,3,I"),
		}, []string{"51 120  ", "53 120  ", "54 120 3 0"}, map[string]int64{harmonise.RuleKeyTwice: 1}, harmonise.Tally{Read: 5, Left: 3, Marks: 1, Quarantined: 1}},

		{"a key that a quarantined row has too", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), "a,S,"+upns[2]+",,2020-Sep-01 00:00:00,C,9999", "b,S,"+upns[3]+",,2020-Sep-01 00:00:00,C,9999", row("b", upns[5], "C")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "b,S,2,3,I"),
		}, []string{"51 120  ", "52 120  "}, map[string]int64{harmonise.RuleKeyTwice: 2, "NUMBER_OUT_OF_RANGE": 2}, harmonise.Tally{Read: 6, Left: 2, Quarantined: 4}},

		{"a child who left a school twice has one key there", map[string]string{
			"pupilonroll.csv":                 roll(row("z", upns[3], "C")),
			"pupilnolongeronroll.csv":         lines(offRollLine, "a,T,"+upns[0]+",,,,132", "a,T,"+upns[0]+",,,,130"),
			"termlysessiondetailsoffroll.csv": lines(offLine, "a,T,1,5,G", "a,T,2,6,I"),
		}, []string{"54 120  ", "51 262 6 5"}, nil, harmonise.Tally{Read: 5, Left: 2, Marks: 3}},

		{"a row that is there twice counts for nothing", map[string]string{
			"pupilonroll.csv":                 roll(row("a", upns[0], "C"), row("b", upns[2], "C")),
			"pupilnolongeronroll.csv":         lines(offRollLine, "z,T,"+upns[2]+",,,,40", "z,T,"+upns[2]+",,,,40"),
			"termlysessiondetailsonroll.csv":  marks("a,S,1,3,I", "a,S,1,3,I", "a,S,2,2,O", "a,S,3,9,/", "a,S,3,9,/", "b,S,4,5,O"),
			"termlysessiondetailsoffroll.csv": lines(offLine, "z,T,1,5,G", "z,T,2,6,I", "z,T,2,6,I"),
		}, []string{"51 120  2", "53   10"}, map[string]int64{harmonise.RuleIncomplete: 3}, harmonise.Tally{Read: 13, Left: 2, Marks: 11}},

		{"rows about nobody on the roll are somebody's of that school", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), strings.Replace(row("b", upns[2], "C"), "b,S", "b,T", 1)),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "z,S,1,3,I", "b,T,1,4,I", "y,U,1,4,I"),
		}, []string{"51 120  ", "53 120 4 0"}, map[string]int64{harmonise.RuleNoPupil: 2}, harmonise.Tally{Read: 6, Left: 2, Marks: 2, Quarantined: 2}},

		{"a row that cannot be read is anybody's", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), row("b", upns[2], "C")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "b,S,1"),
		}, []string{"51 120  ", "53 120  "}, map[string]int64{"FIELD_COUNT": 1, harmonise.RuleIncomplete: 1}, harmonise.Tally{Read: 4, Left: 2, Marks: 1, Quarantined: 1}},

		{"so is a row with a key that is none", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "C"), row("b", upns[2], "C")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "1.23E+11,S,1,3,I"),
		}, []string{"51 120  ", "53 120  "}, map[string]int64{"KEY_MALFORMED": 1, harmonise.RuleIncomplete: 1}, harmonise.Tally{Read: 4, Left: 2, Marks: 1, Quarantined: 1}},

		{"a table without rows tells nothing", map[string]string{
			"pupilonroll.csv": roll(row("a", upns[0], "C")), "termlysessiondetailsonroll.csv": marks(),
		}, []string{"51 120  "}, map[string]int64{"NO_ROWS": 1, harmonise.RuleIncomplete: 1}, harmonise.Tally{Read: 1, Left: 1}},

		{"a quarantined row of another school's registration takes nothing away", map[string]string{
			"pupilonroll.csv":                roll(row("a", upns[0], "M"), "b,S,"+upns[0]+",,2020-Sep-01 00:00:00,S,lots"),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "b,S,1,9,I"),
		}, []string{"51 120 3 0"}, map[string]int64{"NUMBER_MALFORMED": 1}, harmonise.Tally{Read: 4, Left: 1, Marks: 1, Quarantined: 2}},

		{"pupils who are no children of the returns", map[string]string{
			"pupilonroll.csv":                roll(row("a", "H801200001099", "C"), row("b", "UN3", "C"), row("c", "", "C")),
			"termlysessiondetailsonroll.csv": marks("a,S,1,3,I", "b,S,1,3,I"),
		}, nil, nil, harmonise.Tally{Read: 5, Unlinked: 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := make(map[string]string)
			for name, text := range tc.files {
				files["2023-24/spring/"+name] = text
			}
			m := of(t, "attendance", files, "child_id", "possible", "authorised", "unauthorised")
			if got, want := m.text(), strings.Join(tc.want, "\n"); got != want {
				t.Errorf("made\n%s\nwant\n%s", got, want)
			}
			if m.tally != tc.tally || m.tally.Read != sum(m.tally) {
				t.Errorf("%+v, want %+v", m.tally, tc.tally)
			}
			for rule, n := range tc.found {
				if m.found[rule] != n {
					t.Errorf("%s is found %d times, want %d: %v", rule, m.found[rule], n, m.found)
				}
			}
			if len(m.found) > len(tc.found) {
				t.Errorf("findings %v, want %v", m.found, tc.found)
			}
		})
	}
}

// TestRowsAboutNobody: a table of which no row is about anybody on the roll is of another export.
func TestRowsAboutNobody(t *testing.T) {
	council := discover(t, builtIn(t), write(t, map[string]string{
		"2023-24/header.csv":                            care(),
		"2023-24/spring/pupilonroll.csv":                lines(onRollLine, row("a", upns[0], "C")),
		"2023-24/spring/termlysessiondetailsonroll.csv": lines(detailsLine, "x,S,1,3,I", "y,S,1,3,I"),
	})...)
	in := harmonise.Input{Inventory: council.inventory, Children: harmonise.NewChildren(), Read: council.read}
	in.Links = harmonise.NewLinks(council.catalogue.Links(), &finding.Report{})
	if err := harmonise.Make(t.Context(), in, nil, in.Links); err != nil {
		t.Fatal(err)
	}
	job := &harmonise.Job{Table: council.catalogue.Table("attendance"), Columns: []string{"child_id"}, Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }}
	err := harmonise.Make(t.Context(), in, []*harmonise.Job{job}, nil)
	var invalid *extract.Invalid
	if !errors.As(err, &invalid) || invalid.Findings[0].Rule != harmonise.RuleNoPupil || !strings.HasSuffix(invalid.Findings[0].Place.File, "termlysessiondetailsonroll.csv") {
		t.Errorf("%v, want %s", err, harmonise.RuleNoPupil)
	}
}

// TestSharedNumbers: a number that two children have links neither, whatever else is wrong with a row that states it.
func TestSharedNumbers(t *testing.T) {
	cin := func(children ...string) string {
		return "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2024</Year><ReferenceDate>2024-03-31</ReferenceDate></CollectionDetails>" +
			"<Source><LEA>331</LEA></Source></Header><Children>" + strings.Join(children, "") + "</Children></Message>"
	}
	child := func(id string, more string) string {
		return "<Child><ChildIdentifiers><LAchildID>" + id + "</LAchildID>" + more + "</ChildIdentifiers></Child>"
	}
	upn := func(element, number string) string { return "<" + element + ">" + number + "</" + element + ">" }
	for name, tc := range map[string]struct {
		children []string
		want     string
	}{
		"a number of one":      {[]string{child("71", upn("UPN", upns[1]))}, "71 120"},
		"a former number":      {[]string{child("71", upn("UPN", upns[4])+upn("FormerUPN", upns[1]))}, "71 120"},
		"of two":               {[]string{child("71", upn("UPN", upns[1])), child("72", upn("UPN", upns[1]))}, ""},
		"former of another":    {[]string{child("71", upn("UPN", upns[1])), child("72", upn("FormerUPN", upns[1]))}, ""},
		"of a quarantined row": {[]string{child("71", upn("UPN", upns[1])), child("72", upn("UPN", upns[1])+upn("FormerUPN", upns[4])+upn("FormerUPN", upns[5]))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := of(t, "attendance", map[string]string{"2023-24/cin.xml": cin(tc.children...), "2023-24/spring/pupilonroll.csv": lines(onRollLine, row("a", upns[1], "C"))}, "child_id", "possible")
			if m.text() != tc.want {
				t.Errorf("made %q, want %q", m.text(), tc.want)
			}
		})
	}
}

// TestTermsOfAttendance: a census tells of the term before.
func TestTermsOfAttendance(t *testing.T) {
	roll := lines(onRollLine+",summerhalfterm2sessionspossible,summerhalfterm2sessionsauthorised,summerhalfterm2sessionsunauthorised",
		row("a", upns[0], "C")+",56.0,2,1")
	files := map[string]string{
		"2023-24/autumn/pupilonroll.csv": roll,
		"2023-24/spring/pupilonroll.csv": lines(onRollLine+",termlysessionsauthorised,termlysessionsunauthorised", row("a", upns[0], "C")+",5,6"),
		"2023-24/summer/pupilonroll.csv": lines(onRollLine, row("a", upns[0], "C")),
	}
	m := of(t, "attendance", files, "child_id", "academic_year", "term", "possible", "authorised", "unauthorised")
	want := "51 2024 spring 120  \n51 2024 autumn 120 5 6\n51 2023 summer_first_half 120  \n51 2023 summer_second_half 56 2 1"
	if got := m.text(); got != want {
		t.Errorf("made\n%s\nwant\n%s", got, want)
	}
}

// TestMeals: eligible on the day of the census, the third Thursday of January 2024.
func TestMeals(t *testing.T) {
	var rolls, periods, want []string
	for i, tc := range []struct {
		periods []string // start, end, country
		want    string
	}{
		{nil, "false"},
		{[]string{"2024-Jan-18 00:00:00,,ENG"}, "true"},
		{[]string{"2024-Jan-19 00:00:00,,ENG"}, "false"},
		{[]string{"2023-Sep-01 00:00:00,2024-Jan-18 00:00:00,"}, "true"},
		{[]string{"2023-Sep-01 00:00:00,2024-Jan-17 00:00:00,"}, "false"},
		{[]string{"2023-Sep-01 00:00:00,,WLS", "2023-Sep-01 00:00:00,,SCT", "2023-Sep-01 00:00:00,,NIR"}, "false"},
		{[]string{"2023-Sep-01 00:00:00,,WLS", "2023-Oct-01 00:00:00,,ENG", "2023-Nov-01 00:00:00,,ENG"}, "true"},
		{[]string{"2023-Oct-01 00:00:00,2023-Sep-01 00:00:00,ENG"}, ""},                                  // ends before it starts: nobody can tell
		{[]string{"2023-Oct-01 00:00:00,2023-Sep-01 00:00:00,ENG", "2023-Oct-01 00:00:00,,ENG"}, "true"}, // but here it makes no difference
		{[]string{",,ENG"}, ""}, // begun nobody knows when
		{[]string{"2023-Oct-01 00:00:00,2023-Dec-01 00:00:00,ENG", "2024-Jan-02 00:00:00,2024-Jan-31 00:00:00,"}, "true"},
	} {
		rolls = append(rolls, fmt.Sprintf("k%d,S,%s,,2020-Sep-01 00:00:00,C,1", i, pupilNumber(i)))
		for n, p := range tc.periods {
			periods = append(periods, fmt.Sprintf("k%d,S,%d,%s", i, n, p))
		}
		want = append(want, fmt.Sprintf("%d 2024 spring 2024-01-18 %s", 100+i, tc.want))
	}
	var children []string
	for i := range want {
		children = append(children, fmt.Sprintf("%d,1,01/02/2012,WBRI,%s,,", 100+i, pupilNumber(i)))
	}
	m := of(t, "free_school_meals", map[string]string{
		"2023-24/header.csv": care(children...), "2023-24/spring/pupilonroll.csv": lines(onRollLine, rolls...),
		"2023-24/spring/fsmperiod.csv": lines(mealsLine, periods...),
	}, "child_id", "academic_year", "term", "census_date", "eligible")
	if got := m.text(); got != strings.Join(want, "\n") {
		t.Errorf("made\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if m.found["DATE_ORDER"] != 2 || m.found["REQUIRED_EMPTY"] != 1 || m.found[harmonise.RuleIncomplete] != 3 {
		t.Errorf("found %v", m.found)
	}
}

// pupilNumber is a number whose check letter need not be right: it links all the same.
func pupilNumber(i int) string { return fmt.Sprintf("B8012000010%02d", 50+i) }

// TestPremiums: any premium in any row of the year, and what is not stated is not denied.
func TestPremiums(t *testing.T) {
	premium := func(upn, flags, from string) string { return upn + "," + flags + "," + from }
	m := of(t, "pupil_premium", map[string]string{
		"2023-24/pupil_premium.csv": lines(premiumsLine,
			premium(upns[0], "0,0,0,0", "01/04/2023"), premium(upns[0], "0,0,0,1", "01/04/2023"),
			premium(upns[2], "0,0,0,0", "01/04/2023"), premium(upns[3], "0,,0,0", "01/04/2023"), premium(upns[5], "1,,,", "01/04/2023"),
			premium("H801200001099", "1,1,1,1", "01/04/2023")),
		"2023-24/pupil_premium_update.tab": strings.ReplaceAll(lines(premiumsLine, premium(upns[2], "0,1,0,0", "01/04/2023")), ",", "\t"),
		"2022-23/pupil_premium.csv":        lines(premiumsLine, premium(upns[2], "0,0,0,0", "01/04/2022")),
	}, "child_id", "financial_year", "eligible")
	want := "51 2024 true\n53 2024 true\n54 2024 \n52 2024 true\n53 2023 false"
	if got := m.text(); got != want {
		t.Errorf("made\n%s\nwant\n%s", got, want)
	}
	if m.tally != (harmonise.Tally{Read: 8, Left: 5, Marks: 2, Unlinked: 1}) {
		t.Errorf("%+v", m.tally)
	}
}

// TestDoubtedDisability: a code that nobody knows is not "no disability", and an earlier return does not speak for it.
func TestDoubtedDisability(t *testing.T) {
	cin := func(year int, codes ...string) string {
		text := ""
		for _, code := range codes {
			text += "<Disability>" + code + "</Disability>"
		}
		return fmt.Sprintf("<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>%[1]d</Year><ReferenceDate>%[1]d-03-31</ReferenceDate></CollectionDetails>"+
			"<Source><LEA>331</LEA></Source></Header><Children><Child><ChildIdentifiers><LAchildID>71</LAchildID></ChildIdentifiers>"+
			"<ChildCharacteristics><Disabilities>%s</Disabilities></ChildCharacteristics></Child></Children></Message>", year, text)
	}
	for name, tc := range map[string]struct {
		before, now []string
		want        string
	}{
		"none":                          {nil, []string{"NONE"}, "false"},
		"some":                          {[]string{"NONE"}, []string{"MOB"}, "true"},
		"none any more":                 {[]string{"MOB"}, []string{"NONE"}, "false"},
		"not said now":                  {[]string{"MOB"}, nil, "true"},
		"never said":                    {nil, nil, ""},
		"unknown code":                  {[]string{"NONE"}, []string{"AUTX"}, ""},
		"unknown code after none":       {nil, []string{"NONE", "AUTX"}, ""},
		"unknown code before none":      {nil, []string{"AUTX", "NONE"}, ""},
		"unknown code, and a known one": {nil, []string{"AUTX", "MOB"}, "true"},
		"a known code, and an unknown":  {nil, []string{"MOB", "AUTX"}, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			m := of(t, "children", map[string]string{"2022-23/cin.xml": cin(2023, tc.before...), "2023-24/cin.xml": cin(2024, tc.now...)}, "child_id", "disabled")
			got := ""
			for _, row := range m.rows {
				if row[0] == "71" {
					got = row[1]
				}
			}
			if got != tc.want {
				t.Errorf("disabled is %q, want %q", got, tc.want)
			}
		})
	}
}
