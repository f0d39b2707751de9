package xml_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
)

const (
	person = "<ChildIdentifiers><LAchildID>51</LAchildID></ChildIdentifiers>"
	other  = "<ChildIdentifiers><LAchildID>52</LAchildID></ChildIdentifiers>"
)

func child(inside ...string) string { return "<Child>" + strings.Join(inside, "") + "</Child>" }

func referral(date string, inside ...string) string {
	return "<CINdetails><CINreferralDate>" + date + "</CINreferralDate>" + strings.Join(inside, "") + "</CINdetails>"
}

// What rows come of what elements.
func TestRows(t *testing.T) {
	for name, v := range map[string]struct {
		children string
		rows     map[string][]string
		bad      map[string]int64
		told     []string
	}{
		"identifiers behind the case": {
			children: child(referral("2022-05-06", "<CINPlanDates><CINPlanStartDate>2022-06-01</CINPlanStartDate></CINPlanDates>"), person),
			rows:     map[string][]string{"cin_details": {"1|51|2022-05-06||||||"}, "cin_plans": {"1|51|2022-05-06|2022-06-01|"}},
		},
		"rows are numbered through the file": {
			children: child(person, referral("2022-05-06"), referral("2022-07-08")) + child(other, referral("2022-09-10")),
			rows:     map[string][]string{"cin_details": {"1|51|2022-05-06||||||", "2|51|2022-07-08||||||", "3|52|2022-09-10||||||"}},
		},
		"a child without an identifier": {
			children: child(referral("2022-05-06")),
			rows:     map[string][]string{"cin_details": {"1|(missing)|2022-05-06||||||"}},
		},
		"identifiers that a spreadsheet rewrote": {
			children: child("<ChildIdentifiers><LAchildID>12.0</LAchildID></ChildIdentifiers>", referral("2022-05-06")) +
				child("<ChildIdentifiers><LAchildID>1.2E+05</LAchildID></ChildIdentifiers>", referral("2022-05-06")) +
				child("<ChildIdentifiers><LAchildID>UN3</LAchildID></ChildIdentifiers>", referral("2022-05-06")),
			rows: map[string][]string{"cin_details": {"1|(malformed)|2022-05-06||||||", "2|(malformed)|2022-05-06||||||", "3|(unknown)|2022-05-06||||||"}},
		},
		"white space, comments, CDATA and references in a cell": {
			children: child("<ChildIdentifiers><LAchildID>\n 5<!-- x -->1<![CDATA[0]]>&#48;<?p?>\t</LAchildID></ChildIdentifiers>", referral("2022-05-06", "<ReferralSource><![CDATA[1A]]></ReferralSource>")),
			rows:     map[string][]string{"cin_details": {"1|5100|2022-05-06|1A|||||"}},
		},
		"attributes say nothing": {
			children: child(person, `<CINdetails CINreferralDate="2022-01-01"><CINreferralDate xsi:nil="true">2022-05-06</CINreferralDate></CINdetails>`),
			rows:     map[string][]string{"cin_details": {"1|51|2022-05-06||||||"}},
		},
		"booleans": {
			children: child(person, referral("2022-05-01", "<ReferralNFA>0</ReferralNFA>"), referral("2022-05-02", "<ReferralNFA>1</ReferralNFA>"),
				referral("2022-05-03", "<ReferralNFA>true</ReferralNFA>"), referral("2022-05-04", "<ReferralNFA>FALSE</ReferralNFA>"), referral("2022-05-05", "<ReferralNFA>Y</ReferralNFA>")),
			rows: map[string][]string{"cin_details": {"1|51|2022-05-01||||||0", "2|51|2022-05-02||||||1", "3|51|2022-05-03||||||1", "4|51|2022-05-04||||||0"}},
			bad:  map[string]int64{"cin_details": 1},
			told: []string{"BOOLEAN_UNKNOWN cin_details ReferralNFA 1"},
		},
		"impossible years and orders": {
			children: child(person, referral("1066-05-06"), referral("2999-05-06"), referral("2022-13-01"), referral("06/05/2022"), referral(""),
				referral("2022-05-06", "<CINclosureDate>2022-05-05</CINclosureDate>"), referral("2022-05-06", "<CINclosureDate>2022-05-06</CINclosureDate>")),
			rows: map[string][]string{"cin_details": {"7|51|2022-05-06|||2022-05-06|||"}},
			bad:  map[string]int64{"cin_details": 6},
			told: []string{"DATE_IMPOSSIBLE cin_details CINreferralDate 3", "DATE_MALFORMED cin_details CINreferralDate 1", "DATE_ORDER cin_details CINclosureDate 1", "REQUIRED_EMPTY cin_details CINreferralDate 1"},
		},
		"a cell twice": {
			children: child(person, referral("2022-05-06", "<CINreferralDate>2022-05-06</CINreferralDate>", "<Section47><S47ActualStartDate>2022-06-01</S47ActualStartDate></Section47>"), referral("2022-05-07")),
			rows:     map[string][]string{"cin_details": {"2|51|2022-05-07||||||"}},
			bad:      map[string]int64{"cin_details": 1, "section_47": 1},
			told:     []string{"ELEMENT_TWICE cin_details CINreferralDate 1", "ELEMENT_TWICE section_47 CINreferralDate 1"},
		},
		"an identifier twice keeps back all of the child": {
			children: child(person, person, referral("2022-05-06")) + child(other, referral("2022-05-06")),
			rows:     map[string][]string{"child": {"2|52|(missing)|(missing)|||||||"}, "cin_details": {"2|52|2022-05-06||||||"}},
			bad:      map[string]int64{"child": 1, "cin_details": 1},
			told:     []string{"ELEMENT_TWICE child LAchildID 1", "ELEMENT_TWICE cin_details LAchildID 1"},
		},
		"an empty element counts as given": {
			children: child(person, referral("2022-05-06", "<ReferralSource/><ReferralSource>1A</ReferralSource>")),
			bad:      map[string]int64{"cin_details": 1},
			told:     []string{"ELEMENT_TWICE cin_details ReferralSource 1"},
		},
		"an element in a cell": {
			children: child(person, referral("2022-05-06", "<ReferralSource>1<b>A</b>A</ReferralSource>"), referral("2022<CINreferralDate/>-05-06")),
			bad:      map[string]int64{"cin_details": 2},
			told: []string{"CELL_NOT_TEXT cin_details CINreferralDate 1", "CELL_NOT_TEXT cin_details ReferralSource 1",
				"ELEMENT_UNKNOWN cin_details Children/Child/CINdetails/CINreferralDate 1", "ELEMENT_UNKNOWN cin_details Children/Child/CINdetails/ReferralSource 1"},
		},
		"unknown elements and stray text": {
			children: "x" + child("y", person, "z", referral("2022-05-06", "<Surname>Canary<LAchildID>9</LAchildID></Surname><p:ReferralSource>1A</p:ReferralSource>", "<ReferralSource xmlns='n'>1A</ReferralSource>")) + "<Staff/>",
			rows:     map[string][]string{"child": {"1|51|(missing)|(missing)|||||||"}, "cin_details": {"1|51|2022-05-06||||||"}},
			told:     []string{"ELEMENT_UNKNOWN Children 1", "ELEMENT_UNKNOWN cin_details Children/Child/CINdetails 3", "TEXT_STRAY Children 1", "TEXT_STRAY child Children/Child 2"},
		},
		"several containers": {
			children: child(person, referral("2022-05-06", "<ChildProtectionPlans><Reviews><CPPreviewDate>2022-07-01</CPPreviewDate><CPPreviewDate>2022-08-01</CPPreviewDate></Reviews><Reviews><CPPreviewDate>2022-09-01</CPPreviewDate></Reviews><CPPstartDate>2022-06-01</CPPstartDate></ChildProtectionPlans>"),
				"<ChildCharacteristics><Disabilities><Disability>HEAR</Disability></Disabilities><Disabilities><Disability>VIS</Disability><Disability/></Disabilities></ChildCharacteristics>"),
			rows: map[string][]string{"cp_reviews": {"1|51|2022-06-01|2022-07-01", "2|51|2022-06-01|2022-08-01", "3|51|2022-06-01|2022-09-01"}, "disabilities": {"1|51|HEAR", "2|51|VIS"}},
			bad:  map[string]int64{"disabilities": 1},
			told: []string{"REQUIRED_EMPTY disabilities Disability 1"},
		},
		"codes of other years": {
			children: child(person, "<ChildIdentifiers><Sex>M</Sex><GenderCurrent>1</GenderCurrent></ChildIdentifiers>", referral("2022-05-06", "<ReasonForClosure>RC9</ReasonForClosure>"), referral("2022-05-07", "<ReferralSource>5D</ReferralSource>"), referral("2022-05-07", "<ReferralSource>1a</ReferralSource>")),
			rows:     map[string][]string{"child": {"1|51|(missing)|(missing)||||1|||"}, "cin_details": {"3|51|2022-05-07|1A|||||"}},
			bad:      map[string]int64{"cin_details": 2},
			told:     []string{"CODE_NOT_IN_YEAR cin_details ReasonForClosure 1", "CODE_NOT_IN_YEAR cin_details ReferralSource 1", "ELEMENT_NOT_IN_YEAR child Children/Child/ChildIdentifiers/Sex 1"},
		},
		"no child": {told: []string{"NO_ROWS 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, file(t, document(2022, v.children)))
			if got.err != nil || !slices.Equal(got.told(), v.told) {
				t.Fatalf("%v, told\n%q, want\n%q", got.err, got.told(), v.told)
			}
			for table, tally := range got.tally {
				if tally.Quarantined != v.bad[table] || tally.Read != tally.Passed+tally.Quarantined || tally.Passed != int64(len(got.rows[table])) {
					t.Errorf("%s: %+v with %d rows, want %d kept back", table, tally, len(got.rows[table]), v.bad[table])
				}
				if want, is := v.rows[table]; is && !slices.Equal(got.rows[table], want) {
					t.Errorf("%s: %q, want %q", table, got.rows[table], want)
				}
			}
		})
	}
}

// Rows kept back come apart, with what is sound of them: the cells that broke a rule are empty.
func TestBrokenRowsComeApart(t *testing.T) {
	got := read(t, file(t, document(2022, child(person, referral("2022-05-06", "<ReferralSource>1A</ReferralSource><ReferralSource>1B</ReferralSource>"),
		referral("2022-05-07", "<CINreferralDate>2022-05-08</CINreferralDate><ReferralSource>XX</ReferralSource>"),
		referral("2022-05-09", "<ReferralSource>XX</ReferralSource>"), referral("2022-05-10"), referral("2022-05-11<x/>")))))
	want := []string{"1|51|2022-05-06||||||", "2|51|||||||", "3|51|2022-05-09||||||", "5|51|||||||"}
	slices.Sort(got.broken["cin_details"]) // those kept back before their cells are looked at come behind the others
	if got.err != nil || !slices.Equal(got.broken["cin_details"], want) || !slices.Equal(got.rows["cin_details"], []string{"4|51|2022-05-10||||||"}) ||
		got.tally["cin_details"] != (extract.Tally{Read: 5, Passed: 1, Quarantined: 4}) {
		t.Errorf("%v, %q and %q, %+v", got.err, got.rows["cin_details"], got.broken["cin_details"], got.tally["cin_details"])
	}
}

// An element that no table of the definitions has is told from one of which nothing is wanted, where the definitions
// are at hand; where they are not, neither is told.
func TestWhatIsNotWantedIsKnown(t *testing.T) {
	path := file(t, document(2022, child(person, referral("2022-05-06", "<Section47><S47ActualStartDate>2022-06-01</S47ActualStartDate><x/></Section47>", "<x/>"))))
	only := func(t *dataset.Table) []string {
		if t.Name != "cin_details" {
			return nil
		}
		return []string{"LAchildID"}
	}
	got := readWith(t, xml.Reader{Catalogue: catalogue(t)}, path, only)
	if want := []string{"ELEMENT_UNKNOWN cin_details Children/Child/CINdetails 1", "ELEMENT_UNKNOWN section_47 Children/Child/CINdetails/Section47 1"}; got.err != nil || !slices.Equal(got.told(), want) {
		t.Errorf("%v, %q", got.err, got.told())
	}
	if got := readWith(t, xml.Reader{}, path, only); got.err != nil || len(got.told()) != 0 || !slices.Equal(got.rows["cin_details"], []string{"1|51"}) {
		t.Errorf("%v, %q, %q", got.err, got.told(), got.rows)
	}
}

// A document is recognised by its root and its header, whose every mistake has its rule.
func TestRecognise(t *testing.T) {
	sound := document(2024, child(person))
	replaced := func(old, with string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(sound, old, with, 1)
	}
	for name, v := range map[string]struct{ content, rule, column string }{
		"sound":                                {sound, "", ""},
		"with all that may stand before":       {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c --><?p?>\n" + replaced("<Message>", "<Message xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns=''>"), "", ""},
		"in windows-1252":                      {"<?xml version='1.0' encoding='windows-1252'?><!-- \x80 -->" + sound, "", ""},
		"another root":                         {"<Messages>" + sound + "</Messages>", xml.RuleDocumentUnknown, ""},
		"another case":                         {strings.ReplaceAll(sound, "Message>", "message>"), xml.RuleDocumentUnknown, ""},
		"another collection":                   {replaced(">CIN<", ">SWF<"), xml.RuleDocumentUnknown, ""},
		"no collection":                        {replaced("<Collection>CIN</Collection>", ""), xml.RuleDocumentUnknown, ""},
		"a namespace":                          {replaced("<Message>", "<Message xmlns='urn:cin'>"), string(xml.RuleNamespace), ""},
		"no header":                            {"<Message><Children/></Message>", xml.RuleDocumentUnknown, ""},
		"header behind the children":           {"<Message><Children/>" + fmt.Sprintf(header, 2024) + "</Message>", xml.RuleDocumentUnknown, ""},
		"header in a namespace":                {replaced("<Header>", "<Header xmlns='x'>"), xml.RuleDocumentUnknown, ""},
		"no year":                              {replaced("<Year>2024</Year>", ""), xml.RuleHeader, "Header/CollectionDetails/Year"},
		"an empty year":                        {replaced("<Year>2024</Year>", "<Year> </Year>"), xml.RuleHeader, "Header/CollectionDetails/Year"},
		"a year in words":                      {replaced("<Year>2024", "<Year>2023/24"), xml.RuleHeader, "Header/CollectionDetails/Year"},
		"a year twice":                         {replaced("<Year>2024</Year>", "<Year>2024</Year><Year>2024</Year>"), xml.RuleHeader, "Header/CollectionDetails/Year"},
		"a year of elements":                   {replaced("<Year>2024</Year>", "<Year>2024<b/></Year>"), xml.RuleHeader, "Header/CollectionDetails/Year"},
		"a long year":                          {replaced("<Year>2024", "<Year>"+strings.Repeat("2", 300)), xml.RuleHeader, "Header/CollectionDetails/Year"},
		"a reference date in the British form": {replaced("2024-03-31", "31/03/2024"), xml.RuleHeader, "Header/CollectionDetails/ReferenceDate"},
		"no reference date":                    {replaced("<ReferenceDate>2024-03-31</ReferenceDate>", ""), xml.RuleHeader, "Header/CollectionDetails/ReferenceDate"},
		"no authority":                         {replaced("<LEA>331</LEA>", ""), xml.RuleHeader, "Header/Source/LEA"},
		"an authority in words":                {replaced("<LEA>331", "<LEA>City of"), xml.RuleHeader, "Header/Source/LEA"},
		"a reference date of another year":     {replaced("2024-03-31", "2023-03-31"), extract.RuleYearMismatch, ""},
		"a reference date the day before":      {replaced("2024-03-31", "2024-03-30"), extract.RuleYearMismatch, ""},
		"a reference date the day after":       {replaced("2024-03-31", "2024-04-01"), extract.RuleYearMismatch, ""},
		"a year before the definitions":        {document(2016, ""), xml.RuleYearNotDefined, ""},
		"a year behind the definitions":        {document(2028, ""), xml.RuleYearNotDefined, ""},
		"a year of another age":                {document(1066, ""), xml.RuleHeader, "Header/CollectionDetails/ReferenceDate"},
		"a header without an end":              {replaced("<SoftwareCode>x", "<SoftwareCode>x"+strings.Repeat("<x>y</x>", 1<<18)), xml.RuleHeader, ""},
		"empty":                                {"", string(xml.RuleEmptyFile), ""},
		"cut off in the header":                {sound[:120], string(xml.RuleCutOff), ""},
		"a document type":                      {"<!DOCTYPE Message SYSTEM 'http://x/y.dtd'>" + sound, string(xml.RuleDoctype), ""},
		"no XML":                               {"LAchildID,UPN\n1,2\n", string(xml.RuleMalformed), ""},
		"UTF-16":                               {"\xff\xfe<\x00M\x00", string(xml.RuleUTF16), ""},
		"an entity in the header":              {replaced("331", "&la;"), string(xml.RuleEntity), ""},
	} {
		sources, err := xml.Reader{}.Recognise(t.Context(), catalogue(t), file(t, v.content), "cin.xml", &finding.Report{})
		got := outcome{err: err}
		if got.rule() != v.rule {
			t.Errorf("%s: %v, want %q", name, err, v.rule)
			continue
		}
		var bad *extract.Invalid
		if errors.As(err, &bad) && (len(bad.Findings) != 1 || bad.Findings[0].Hint == "" || bad.Findings[0].Place.File != "cin.xml" || bad.Findings[0].Place.Column != v.column || bad.Findings[0].Severity != finding.Stop) {
			t.Errorf("%s: %+v", name, bad.Findings)
		}
		if err == nil && (len(sources) != 9 || sources[0].Year != 2024 || sources[0].Authority != "331") {
			t.Errorf("%s: %d tables", name, len(sources))
		}
	}
	// Definitions of later years have more tables.
	for year, tables := range map[int]int{2017: 8, 2021: 8, 2022: 9, 2026: 9, 2027: 10} {
		sources, err := xml.Reader{}.Recognise(t.Context(), catalogue(t), file(t, document(year, "")), "cin.xml", &finding.Report{})
		has := func(name string) bool {
			return slices.ContainsFunc(sources, func(s *extract.Source) bool { return s.Table.Name == name })
		}
		if err != nil || len(sources) != tables || has("cin_plans") != (year >= 2022) || has("pre_proceedings") != (year >= 2027) {
			t.Errorf("%d: %v, %d tables", year, err, len(sources))
		}
	}
}

// Recognising does not read on: what is wrong with the rows is told when they are read.
func TestRecogniseReadsTheHeaderOnly(t *testing.T) {
	path := file(t, document(2024, strings.Repeat(child(person), 20_000)+"</nonsense>"))
	if _, err := (xml.Reader{}).Recognise(t.Context(), catalogue(t), path, "cin.xml", &finding.Report{}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got.rule() != string(xml.RuleMalformed) {
		t.Error(got.err)
	}
}

// What is met among the rows refuses the file, with its place.
func TestReadRefuses(t *testing.T) {
	before := strings.Repeat(child(person, "\n"), 3)
	for name, v := range map[string]struct {
		children, rule, table string
		row                   int64
	}{
		"a tag not closed":  {before + "<Child><ChildIdentifiers></Child>", string(xml.RuleMalformed), "cin/child", 4},
		"between children":  {before + "</Child>", string(xml.RuleMalformed), "", 0},
		"an entity":         {before + child(person, referral("&today;")), string(xml.RuleEntity), "cin/cin_details", 1},
		"levels":            {before + "<Child>" + strings.Repeat("<x>", 70), string(xml.RuleTooDeep), "cin/child", 4},
		"a long text":       {before + child(strings.Repeat("x", 1<<20)), string(xml.RuleTooLong), "cin/child", 4},
		"a document type":   {before + "<!DOCTYPE x>", string(xml.RuleDoctype), "", 0},
		"a byte of Latin 1": {before + child("<ChildIdentifiers>\xe9</ChildIdentifiers>"), string(xml.RuleEncoding), "cin/child", 4},
		"a NUL byte":        {before + child("\x00"), string(xml.RuleNUL), "cin/child", 4},
		"cut off":           {before + "<Child>", string(xml.RuleMalformed), "cin/child", 4}, // the closing tags that follow are others'
		"a second header":   {"</Children>" + fmt.Sprintf(header, 2023) + "<Children>", xml.RuleHeader, "", 0},
		"a second root":     {"</Children></Message><Message><Children>", string(xml.RuleTrailing), "", 0},
		"too many rows":     {before + child(strings.Repeat("<CINdetails/>", 1<<16)), string(xml.RuleRecordTooLarge), "cin/cin_details", 1 << 16},
		"too much text":     {before + child(person, strings.Repeat(referral(strings.Repeat("9", 1<<19)), 9)), string(xml.RuleRecordTooLarge), "cin/cin_details", 8},
	} {
		got := read(t, file(t, document(2024, v.children)))
		var bad *extract.Invalid
		if !errors.As(got.err, &bad) || bad.Findings[0].Rule != v.rule || bad.Findings[0].Place.Table != v.table || bad.Findings[0].Place.Row != v.row || bad.Findings[0].Hint == "" {
			t.Errorf("%s: %+v, want %s at row %d of %s", name, got.err, v.rule, v.row, v.table)
		}
	}
	if got := read(t, file(t, document(2024, "\n\n"+child("&e;")))); got.err == nil || !strings.Contains(got.err.Error(), "(line 3)") {
		t.Errorf("no line in %v", got.err)
	}
	content := document(2024, before)
	if got := read(t, file(t, content[:len(content)-4])); got.rule() != string(xml.RuleCutOff) {
		t.Error(got.err)
	}
}

// A file that is no longer the one that was recognised is refused.
func TestReadRefusesAChangedFile(t *testing.T) {
	c := catalogue(t)
	path := file(t, document(2024, child(person)))
	inventory, err := extract.Discover(t.Context(), c, map[string]extract.Reader{".xml": xml.Reader{Catalogue: c}}, []string{path}, &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src := inventory.Of("cin/child")[0]
	demand := func() []*extract.Demand {
		return []*extract.Demand{{Source: src, Want: extract.NewWant(src.Table, "LAchildID"), Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }}}
	}
	if err := (xml.Reader{}).Read(t.Context(), demand()); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"a byte behind": document(2024, child(person)) + "\n", "another root": "<a/>", "a digit": document(2024, child(other))} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var refusal *finding.Refusal
		if err := (xml.Reader{}).Read(t.Context(), demand()); !errors.As(err, &refusal) || refusal.Code != finding.SourceChanged {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := (outcome{err: (xml.Reader{}).Read(t.Context(), demand())}); got.rule() != extract.RuleUnreadable {
		t.Error(got.err)
	}
	if _, err := (xml.Reader{}).Recognise(t.Context(), c, filepath.Dir(path), "folder", &finding.Report{}); (outcome{err: err}).rule() != extract.RuleUnreadable {
		t.Error(err)
	}
}

// The year that the path says is held to the one that the file states, and two files of one year are told.
func TestDiscovery(t *testing.T) {
	c, root := catalogue(t), t.TempDir()
	put := func(name, content string) {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	discover := func() (*extract.Inventory, error) {
		return extract.Discover(t.Context(), c, map[string]extract.Reader{".xml": xml.Reader{Catalogue: c}}, []string{root}, &finding.Report{})
	}
	put("2022-23/cin.xml", document(2023, child(person)))
	put("2023-24/cin.xml", document(2024, child(person)))
	if inventory, err := discover(); err != nil || len(inventory.Sources) != 18 || inventory.Of("cin/child")[0].Year != 2024 {
		t.Errorf("%v, %+v", err, inventory)
	}
	put("2024-25/cin.xml", document(2026, child(person)))
	put("2023-24/cin again.xml", document(2024, child(person)))
	_, err := discover()
	var bad *extract.Invalid
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range bad.Findings {
		got = append(got, f.Rule)
	}
	slices.Sort(got)
	if want := []string{extract.RuleTableTwice, extract.RuleYearMismatch}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// Reading ends when it is told to, and with the sink's own error.
func TestReadEnds(t *testing.T) {
	content := document(2023, strings.Repeat(child(person, referral("2022-05-06")), 40_000))
	path := file(t, content)
	sources, err := xml.Reader{}.Recognise(t.Context(), catalogue(t), path, "cin.xml", &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src := sources[slices.IndexFunc(sources, func(s *extract.Source) bool { return s.Table.Name == "child" })]
	src.Path = path
	full := &os.PathError{Op: "write", Path: "spill", Err: errors.New("disk full")}
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	for _, v := range []struct {
		sink func(*extract.Batch) error
		want error
	}{
		{func(*extract.Batch) error { return full }, full},
		{func(*extract.Batch) error { batches++; cancel(); return nil }, context.Canceled},
	} {
		err := xml.Reader{}.Read(ctx, []*extract.Demand{{Source: src, Want: extract.NewWant(src.Table, "LAchildID"), Report: &finding.Report{}, Sink: v.sink}})
		if !errors.Is(err, v.want) || err.Error() != v.want.Error() {
			t.Errorf("%v, want %v", err, v.want)
		}
	}
	if batches != 1 {
		t.Errorf("%d batches after the end", batches)
	}
	if _, err := (xml.Reader{}).Recognise(ctx, catalogue(t), path, "cin.xml", &finding.Report{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
