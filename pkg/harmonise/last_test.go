package harmonise_test

import (
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

const (
	list3Line = "Child Unique ID,Gender,Ethnicity,Date of Birth,Date of referral,Referral Source,Referral NFA?"
	list6Line = "Child Unique ID,Gender,Ethnicity,Date of Birth,Does the Child have a Disability,CIN Start Date,Primary Need Code,CIN Closure Date,Reason for Closure,Case Status"
)

// TestRowsOfACoreTable tells cin_plans of the cases of list 6 that stand at a plan, and sets the others aside; a case of
// which nobody can tell how it stands is quarantined, and what is wrong with one that is set aside is told all the same.
func TestRowsOfACoreTable(t *testing.T) {
	council := discover(t, builtIn(t), write(t, map[string]string{"2025-26/six.csv": lines(list6Line,
		"10,M,WBRI,01/02/2015,No,05/05/2025,N1,,,c) Child in need plan",
		"11,F,WBRI,01/02/2015,No,06/05/2025,N1,,,CLA",
		"12,F,WBRI,01/02/2015,No,07/05/2025,N1,,,",
		"13,F,WBRI,01/02/2015,No,08/05/2025,N1,,,Something else",
		"14,F,WBRI,01/02/2015,No,09/05/2025,N1,01/05/2025,RC7,Closed",
		"15,F,WBRI,01/02/2015,No,10/05/2025,N1,30/05/2025,RC7,CIN plan")})...)
	m := council.table(t, "cin_plans", "child_id", "start_date", "end_date", "collection_year")
	if want := "10 2025-05-05  2026\n15 2025-05-10 2025-05-30 2026"; m.text() != want {
		t.Errorf("made\n%s\nwant\n%s", m.text(), want)
	}
	if want := (harmonise.Tally{Read: 6, Left: 2, Aside: 2, Quarantined: 2}); m.tally != want {
		t.Errorf("%+v; want %+v", m.tally, want)
	}
	if m.found[extract.RuleCodeUnmapped] != 1 || m.found[extract.RuleDateOrder] != 1 {
		t.Errorf("found %v", m.found)
	}
}

// TestLastResort reads an Annex A beside a CIN census of an earlier year: a referral that the census has stays as it is
// there, though the form is later, and even where the census's own row is quarantined.
func TestLastResort(t *testing.T) {
	census := func(year, children string) string {
		return `<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>` + year + `</Year><ReferenceDate>` + year +
			`-03-31</ReferenceDate></CollectionDetails><Source><LEA>331</LEA></Source></Header><Children>` + children + `</Children></Message>`
	}
	child := func(id, birth, referral, more string) string {
		return `<Child><ChildIdentifiers><LAchildID>` + id + `</LAchildID><PersonBirthDate>` + birth + `</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>` +
			`<ChildCharacteristics/><CINdetails><CINreferralDate>` + referral + `</CINreferralDate>` + more + `</CINdetails></Child>`
	}
	council := discover(t, builtIn(t), write(t, map[string]string{
		"2024-25/cin.xml": census("2025", child("10", "2015-02-01", "2024-06-01", "<ReferralSource>1A</ReferralSource><PrimaryNeedCode>N1</PrimaryNeedCode>")+
			child("11", "2015-02-01", "2024-06-02", "<ReferralSource>ZZ</ReferralSource>")),
		"2025-26/three.csv": lines(list3Line, "10,Male,White,03/03/2013,01/06/2024,Police,No", "11,Female,WBRI,01/02/2015,02/06/2024,Police,No",
			"10,Male,White,03/03/2013,01/06/2025,Police,Yes", "12,b) Female,Asian,01/02/2015,02/06/2025,GP,a) Yes"),
	})...)
	m := council.table(t, "referrals", "child_id", "referral_date", "referral_source", "primary_need", "no_further_action", "collection_year")
	if want := "10 2024-06-01 1A N1  2025\n10 2025-06-01 6  true 2026\n12 2025-06-02 3A  true 2026"; m.text() != want {
		t.Errorf("made\n%s\nwant\n%s", m.text(), want)
	}
	if want := (harmonise.Tally{Read: 6, Left: 3, Superseded: 2, Quarantined: 1}); m.tally != want {
		t.Errorf("%+v; want %+v", m.tally, want)
	}
	kids := council.table(t, "children", "child_id", "sex", "ethnicity", "birth_date")
	if want := "10 F  2015-02-01\n11 F WBRI 2015-02-01\n12 F  2015-02-01"; kids.text() != want {
		t.Errorf("made\n%s\nwant\n%s", kids.text(), want)
	}
	if kids.found[harmonise.RuleBroad] != 3 || kids.found[harmonise.RuleDiffer] != 4 || kids.found[harmonise.RuleChanged] != 0 {
		t.Errorf("found %v", kids.found)
	}
}

// A category that is too broad keeps its row back where an agreement weighs it so.
func TestBroadCategoriesKeptBack(t *testing.T) {
	council := discover(t, builtIn(t), write(t, map[string]string{"2025-26/three.csv": lines(list3Line,
		"10,Male,White,03/03/2013,01/06/2025,Police,No", "11,Female,WBRI,01/02/2015,02/06/2025,Police,No")})...)
	report := &finding.Report{}
	report.Raise(map[string]finding.Severity{harmonise.RuleBroad: finding.Quarantine})
	rows := 0
	in := harmonise.Input{Inventory: council.inventory, Children: harmonise.NewChildren(), Read: council.read}
	tally, err := makeTable(in, report, council.catalogue.Table("children"), []string{"child_id", "ethnicity"}, func(b *extract.Batch) error {
		rows += b.Len()
		return nil
	})
	if err != nil || rows != 1 || tally != (harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}) {
		t.Errorf("%d rows, %+v, %v", rows, tally, err)
	}
}
