package harmonise_test

import (
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

const (
	list4Line = "Child Unique ID,Gender,Ethnicity,Date of Birth,Does the Child have a Disability,Continuous Assessment Start Date,Continuous Assessment Date of Authorisation"
	list8Line = "Child Unique ID,Gender,Ethnicity,Date of Birth,Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N),Does the Child have a Disability," +
		"Date Started to be Looked After,Child's Category of Need,Child's Legal Status,Date Ceased to be Looked After,Reason Ceased to be Looked After,Placement Type,Placement Provider,URN of Placement"
)

// TestMarkInDoubt: a mark that is kept back may be that it is true. A form that says no does not make it false; one that
// says yes makes it true.
func TestMarkInDoubt(t *testing.T) {
	m, _ := weighed(t, "children", map[string]string{
		"2023-24/header.csv":         lines(headerLine, "51,1,01/02/2012,WBRI,UN1,,", "52,2,01/02/2012,WBRI,UN1,,", "53,2,01/02/2012,WBRI,UN1,,", "54,2,01/02/2012,WBRI,UN1,,"),
		"2023-24/uasc.csv":           flagged(uascLine, "51,1,01/02/2012,!", "53,2,01/02/2012,!"),
		"2023-24/ssd_disability.csv": lines(disabledLine, "52,NOSUCH", "53,NOSUCH"),
		"2023-24/list_8.csv": lines(list8Line, "51,Male,WBRI,01/02/2012,No,No,01/05/2023,N1,C2,,,,,", "52,Female,WBRI,01/02/2012,No,No,01/05/2023,N1,C2,,,,,",
			"53,Female,WBRI,01/02/2012,Yes,Yes,01/05/2023,N1,C2,,,,,", "54,Female,WBRI,01/02/2012,Yes,No,01/05/2023,N1,C2,,,,,"),
	}, harmonise.Choices{}, nil, "child_id", "disabled", "uasc")
	if want := "51 false \n52  false\n53 true true\n54 false false"; m.text() != want || m.tally.Read != sum(m.tally) {
		t.Errorf("made\n%s\nwant\n%s\n%+v", m.text(), want, m.tally)
	}
}

// TestMarkIsNoConflict: rows of one list agree with one another, and not with what another table marks. The child is none of
// whom one return says two things.
func TestMarkIsNoConflict(t *testing.T) {
	m, _ := weighed(t, "children", map[string]string{
		"2025-26/ssd_disability.csv": lines(disabledLine, "1,LD"),
		"2025-26/ssd_person.csv":     lines(personLine, "9,F,,WBRI,2012-03-04,"),
		"2025-26/list_4.csv":         lines(list4Line, "1,Male,WBRI,01/02/2012,No,01/05/2025,", "1,Male,WBRI,01/02/2012,No,01/06/2025,"),
	}, harmonise.Choices{}, nil, "child_id", "sex", "disabled")
	if want := "9 F \n1 M true"; m.text() != want || m.found[harmonise.RuleConflict] != 0 || m.tally.Read != sum(m.tally) {
		t.Errorf("made\n%s\nwant\n%s\n%+v %v", m.text(), want, m.tally, m.found)
	}
}

// TestRowKeptBackByChoiceClaimsItsEvent: a row that the agreement keeps back for a broad category is quarantined as any
// other is. An earlier form does not say in its place that the child is looked after still.
func TestRowKeptBackByChoiceClaimsItsEvent(t *testing.T) {
	files := map[string]string{
		"2022-23/list_8.csv": lines(list8Line, "51,Male,WBRI,01/02/2012,No,No,01/05/2022,N1,C2,,,U4,PR1,", "52,Male,WBRI,01/02/2012,No,No,01/05/2022,N1,C2,,,U4,PR1,"),
		"2023-24/list_8.csv": lines(list8Line, "51,Male,WBRI,01/02/2012,No,No,01/05/2022,N1,C2,01/06/2023,Adopted,U4,PR1,", "52,Male,WBRI,01/02/2012,No,No,01/05/2022,N1,C2,31/02/2023,,U4,PR1,"),
	}
	raised := map[string]finding.Severity{harmonise.RuleBroad: finding.Quarantine}
	for _, table := range []string{"looked_after_episodes", "looked_after_periods"} {
		m, _ := weighed(t, table, files, harmonise.Choices{}, raised, "child_id", "start_date", "end_date", "end_reason")
		if len(m.rows) != 0 || m.tally != (harmonise.Tally{Read: 4, Quarantined: 2, Superseded: 2}) {
			t.Errorf("%s\n%s\n%+v", table, m.text(), m.tally)
		}
	}
}
