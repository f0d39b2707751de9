package extract_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// invalid is the one finding of an error of an extract of which nothing can be made.
func invalid(t testing.TB, err error) finding.Finding {
	t.Helper()
	var bad *extract.Invalid
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want *extract.Invalid", err)
	}
	if len(bad.Findings) != 1 {
		t.Fatalf("%d findings, want 1: %v", len(bad.Findings), bad.Findings)
	}
	f := bad.Findings[0]
	if f.Severity != finding.Stop || f.Message == "" || finding.HintOf(err) == "" || !strings.Contains(err.Error(), f.Rule) {
		t.Errorf("the finding lacks something: %+v", f)
	}
	return f
}

func split(header string) []string { return strings.Split(header, ",") }

const headerLine = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"

func TestMatch(t *testing.T) {
	c := catalogue(t)
	for _, v := range []struct {
		header, table string
		unknown       []int
	}{
		{headerLine, "ssda903/header", nil},
		{"MC_DOB,MOTHER,UPN,ETHNIC,DOB,SEX,CHILD", "ssda903/header", nil},
		{"child,Sex,dob,ethnic,Upn,mother,mc_dob", "ssda903/header", nil},
		{" CHILD ,SEX\t,\u00a0DOB,ETHNIC , UPN,MOTHER, MC_DOB ", "ssda903/header", nil},
		{headerLine + ",SURNAME", "ssda903/header", []int{7}},
		{"A,CHILD,B,SEX,DOB,,ETHNIC,UPN,MOTHER,MC_DOB,C", "ssda903/header", []int{0, 2, 5, 10}},
		{headerLine + ",collection_year", "ssda903/header", nil}, // never read, but known
		{"CHILD,DOB,REVIEW,REVIEW_CODE", "ssda903/reviews", nil},
		{"CHILD,SEX,DOB,DUC", "ssda903/uasc", nil},
		{headerLine + ",DUC", "ssda903/header", []int{7}}, // both tables' columns: the one with more of them
		{"CHILD,DOB,DOLO_START,DOLO_END", "ssda903/dolo", nil},
		{"CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN,TEST_COLUMN", "ssda903/episodes", []int{13}},
	} {
		report := &finding.Report{}
		fields := split(v.header)
		table, header, err := extract.Match(c, "a.csv", fields, report)
		if err != nil || table.ID() != v.table {
			t.Errorf("%q: %v, %v; want %s", v.header, table, err, v.table)
			continue
		}
		if header.Fields != len(fields) || !slices.Equal(header.Unknown, v.unknown) {
			t.Errorf("%q: %+v, want unknown columns %v", v.header, header, v.unknown)
		}
		for name, at := range header.At {
			if !strings.EqualFold(strings.TrimSpace(fields[at]), name) {
				t.Errorf("%q: %s is said to stand at %d", v.header, name, at)
			}
		}
		if !header.Fits(table, fields) {
			t.Errorf("%q does not fit itself", v.header)
		}
		var places []string
		for _, f := range report.Findings() {
			if f.Rule != extract.RuleColumnUnknown || f.Severity != finding.Notice || f.Place.Table != v.table {
				t.Errorf("%q: %v", v.header, f)
			}
			places = append(places, f.Place.Column)
		}
		var want []string
		for _, at := range v.unknown {
			want = append(want, fmt.Sprintf("number %d", at+1))
		}
		slices.Sort(want)
		if !slices.Equal(places, want) {
			t.Errorf("%q: notices for %v, want %v", v.header, places, want)
		}
	}
}

// The order of columns never matters, and neither does what stands between them.
func TestMatchInAnyOrder(t *testing.T) {
	c := catalogue(t)
	random := rand.New(rand.NewPCG(7, 8))
	for _, table := range c.Tables() {
		if !table.Delimited {
			continue
		}
		for range 20 {
			var fields []string
			for _, column := range table.Columns {
				fields = append(fields, column.Heading())
			}
			for range random.IntN(4) {
				fields = append(fields, fmt.Sprintf("EXTRA%d", len(fields)))
			}
			random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
			got, header, err := extract.Match(c, "a.csv", fields, &finding.Report{})
			if err != nil || got != table {
				t.Fatalf("%v: %v, %v; want %s", fields, got, err, table.ID())
			}
			for _, column := range table.Columns {
				if fields[header.At[column.Name]] != column.Heading() {
					t.Fatalf("%v: %s is said to stand at %d", fields, column.Name, header.At[column.Name])
				}
			}
		}
	}
}

func TestMatchRefuses(t *testing.T) {
	c := catalogue(t)
	for _, v := range []struct {
		name, header, rule, message, column string
	}{
		{"another table altogether", "Rule code,Rule message,Affected fields,Tables", extract.RuleTableUnknown, "that of no table in the definitions", ""},
		{"nothing", "", extract.RuleTableUnknown, "that of no table in the definitions", ""},
		{"one column lacking", "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER", extract.RuleTableUnknown, "nearest is ssda903/header, of which it lacks MC_DOB", ""},
		{"two columns lacking", "CHILD,DOB,REVIEW", extract.RuleTableUnknown, "nearest is ssda903/reviews, of which it lacks REVIEW_CODE", ""},
		{"a column misspelt", "CHILD,DOB,MISSING,MIS_STRT,MIS_END", extract.RuleTableUnknown, "nearest is ssda903/missing, of which it lacks MIS_START", ""},
		{"semicolons", "CHILD;SEX;DOB;ETHNIC;UPN;MOTHER;MC_DOB", extract.RuleTableUnknown, "that of no table in the definitions", ""},
		{"a column twice", headerLine + ",DOB", extract.RuleHeaderTwice, "names the column twice", "DOB"},
		{"a column twice but for case", headerLine + ", dob", extract.RuleHeaderTwice, "names the column twice", "DOB"},
	} {
		table, _, err := extract.Match(c, "folder/a.csv", split(v.header), &finding.Report{})
		f := invalid(t, err)
		if table != nil && v.column == "" || f.Rule != v.rule || !strings.Contains(f.Message, v.message) || f.Place.Column != v.column || f.Place.File != "folder/a.csv" {
			t.Errorf("%s: %+v", v.name, f)
		}
	}
}

// A file without a header line has a child's data where names should be: none of it is repeated, in an error or a notice.
func TestMatchEchoesNothing(t *testing.T) {
	c := catalogue(t)
	data := split("canary510000,canaryM,canary11/07/2015,canaryWBRI,canaryH801200001001,canary0,canaryX")
	_, _, err := extract.Match(c, "a.csv", data, &finding.Report{})
	if f := invalid(t, err); strings.Contains(err.Error()+f.Message+f.Hint+fmt.Sprint(f.Place), "canary") || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("a cell is repeated: %+v", f)
	}
	for _, header := range []string{headerLine + ",canary name", "CHILD,SEX,DOB,ETHNIC,UPN,canary name"} {
		report := &finding.Report{}
		_, _, err := extract.Match(c, "a.csv", split(header), report)
		if text := strings.ToLower(fmt.Sprint(err, report.Findings())); strings.Contains(text, "canary") {
			t.Errorf("an unknown name is repeated: %s", text)
		}
	}
}

const twins = `apiVersion: postern/dataset/v1
format: twins
version: 1
title: Tables that are hard to tell apart
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists:
  sex:
    - {code: M, meaning: Male}
tables:
  - name: first
    meaning: A table
    columns:
      - {name: ONE, type: code, codes: sex, class: ordinary, meaning: One}
      - {name: TWO, type: code, codes: sex, class: ordinary, meaning: Two}
      - {name: LATER, type: code, codes: sex, class: ordinary, meaning: Later, from: 2020}
      - {name: PERHAPS, type: code, codes: sex, class: ordinary, meaning: Perhaps, optional: true}
  - name: second
    meaning: Another table
    columns:
      - {name: ONE, type: code, codes: sex, class: ordinary, meaning: One}
      - {name: TWO, type: code, codes: sex, class: ordinary, meaning: Two}
      - {name: OTHER, type: code, codes: sex, class: ordinary, meaning: Other, optional: true}
  - name: third
    meaning: A table that needs nothing
    columns:
      - {name: WHATEVER, type: code, codes: sex, class: ordinary, meaning: Whatever, optional: true}
`

func TestMatchAmong(t *testing.T) {
	c, err := dataset.Load(schemas.Files, fstest.MapFS{"twins.yaml": {Data: []byte(twins)}})
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"ONE,TWO,PERHAPS":       "twins/first", // the one with more of its columns
		"ONE,TWO,LATER":         "twins/first", // a column of some years may be absent, and tells when it is there
		"ONE,TWO,OTHER":         "twins/second",
		"WHATEVER":              "twins/third",
		"WHATEVER,NOTHING":      "twins/third",
		"ONE,TWO":               extract.RuleTableAmbiguous,
		"ONE,TWO,PERHAPS,OTHER": extract.RuleTableAmbiguous,
		"NOTHING":               extract.RuleTableUnknown, // a table that needs nothing is not what everything is
		"ONE":                   extract.RuleTableUnknown,
	} {
		table, _, err := extract.Match(c, "a.csv", split(header), &finding.Report{})
		if err != nil {
			if f := invalid(t, err); f.Rule != want {
				t.Errorf("%s: %v, want %s", header, f, want)
			} else if f.Rule == extract.RuleTableAmbiguous && !strings.Contains(f.Message, "twins/first and of twins/second") {
				t.Errorf("%s: %v does not name the two", header, f)
			}
			continue
		}
		if table.ID() != want {
			t.Errorf("%s: %s, want %s", header, table.ID(), want)
		}
	}
}

func TestFits(t *testing.T) {
	c := catalogue(t)
	table, header, err := extract.Match(c, "a.csv", split(headerLine+",X"), &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]bool{
		headerLine + ",X":                          true,
		headerLine + ",Y":                          true, // of an unknown column only its place is known, and it is never read
		strings.ToLower(headerLine) + ", X":        true,
		headerLine:                                 false,
		headerLine + ",X,X":                        false,
		"SEX,CHILD,DOB,ETHNIC,UPN,MOTHER,MC_DOB,X": false,
		"CHILD,SEX,MC_DOB,ETHNIC,UPN,MOTHER,DOB,X": false,
		"": false,
	} {
		if got := header.Fits(table, split(line)); got != want {
			t.Errorf("%q fits: %v, want %v", line, got, want)
		}
	}
}

func TestNewWant(t *testing.T) {
	table := catalogue(t).Table("ssda903/episodes")
	names := func(w extract.Want) []string {
		var out []string
		for _, c := range w {
			out = append(out, c.Name)
		}
		return out
	}
	for _, c := range []struct{ asked, want []string }{
		{nil, nil},
		{[]string{"CHILD", "LS"}, []string{"CHILD", "LS"}},
		{[]string{"LS", "CHILD", "LS"}, []string{"LS", "CHILD"}},
		{[]string{"DEC"}, []string{"DEC", "DECOM"}}, // the date that it may not precede comes with it
		{[]string{"DECOM", "DEC"}, []string{"DECOM", "DEC"}},
		{[]string{"NO_SUCH", "decom"}, nil},
	} {
		// What marks rows as given in confidence is always read.
		if got := names(extract.NewWant(table, c.asked...)); !slices.Equal(got, append(c.want, dataset.InConfidence)) {
			t.Errorf("asked %v: %v, want %v", c.asked, got, c.want)
		}
	}
}

// A council's table that takes a file which is a built-in one's too, by columns that this does not have, guards what it
// guards.
func TestMatchWeakens(t *testing.T) {
	const own = `apiVersion: postern/dataset/v1
format: ours
version: 1
title: Ours
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists: {}
tables:
  - name: rows
    meaning: Rows
    columns:
      - {name: group_of_child, like: 'ethnic.?', type: code, codes: ssda903/ethnicity, class: CLASS, meaning: Group}
`
	more, columns := headerLine, ""
	for i := range 9 {
		more += fmt.Sprintf(",more%d", i)
		columns += fmt.Sprintf("      - {name: more%d, type: boolean, class: sensitive, meaning: More}\n", i)
	}
	for class, rule := range map[string]string{"sensitive": "TABLE_AMBIGUOUS", "quasi-identifier": "TABLE_AMBIGUOUS", "special-category": "", "staff": ""} {
		text := strings.Replace(own, "CLASS", class, 1) + columns
		c, err := dataset.Load(schemas.Files, fstest.MapFS{"ours.yaml": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		table, _, err := extract.Match(c, "a.csv", split(more), &finding.Report{})
		switch {
		case rule == "" && (err != nil || table.ID() != "ours/rows"):
			t.Errorf("%s: %v", class, err)
		case rule != "":
			if f := invalid(t, err); f.Rule != rule || f.Place.Column != "number 4" {
				t.Errorf("%s: %v", class, f)
			}
		}
	}
}
