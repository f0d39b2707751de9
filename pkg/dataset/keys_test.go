package dataset_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// termlyFile is a format in plain text that is returned every term.
const termlyFile = `apiVersion: postern/dataset/v1
format: local
version: 1
title: A council's own termly return
collection_years: {from: 2016, to: 2027}
year_begins: september
terms: true
text: plain
date_formats: [YYYY-MON-DD 00:00:00]
code_lists: {}
tables:
  - name: pupils
    meaning: One row per pupil
    several_files: true
    terms: [autumn, summer]
    columns:
      - {name: PUPIL, type: key, class: record-identifier, required: true, meaning: Key}
      - {name: Premium, header: Pupil Premium (all), type: boolean, class: sensitive, meaning: Premium}
      - {name: Began, type: date, class: quasi-identifier, in_year: true, meaning: First day}
  - name: schools
    meaning: One row per school
    columns:
      - {name: Urn, type: text, class: ordinary, meaning: Number}
`

// messageFile is a format in XML.
const messageFile = `apiVersion: postern/dataset/v1
format: local
version: 1
title: A council's own document
collection_years: {from: 2016, to: 2027}
date_formats: [YYYY-MM-DD]
document: {root: Message, is: CIN, is_at: Header/Collection, year: Header/Year, reference_date: Header/Date, authority: Header/Source/LEA}
code_lists: {}
tables:
  - name: cases
    meaning: One row per case
    row: Children/Child/Case
    columns:
      - {name: CHILD, type: text, class: direct-identifier, path: ../Identifiers/Id, meaning: Number}
      - {name: DAY, type: date, class: quasi-identifier, path: Day, meaning: Day}
      - {name: WORDS, type: text, class: free-text, path: ., meaning: Text}
`

func loadOne(text string) (*dataset.Catalogue, error) {
	return dataset.Load(fstest.MapFS{"local.yaml": {Data: []byte(text)}})
}

func TestKeysOfATermlyFormat(t *testing.T) {
	c, err := loadOne(termlyFile)
	if err != nil {
		t.Fatal(err)
	}
	pupils, schools := c.Table("local/pupils"), c.Table("local/schools")
	for _, table := range []*dataset.Table{pupils, schools} {
		if table.YearBegins != time.September || !table.Termly || !table.Plain || table.Document != nil || table.Row != "" ||
			!slices.Equal(table.DateFormats, []string{dataset.DateCensus}) {
			t.Errorf("%s: %+v", table.ID(), table)
		}
		term := table.Column(dataset.CensusTerm)
		if term == nil || term.Type != dataset.Code || term.Class != dataset.Ordinary || !term.Optional || len(term.Codes) != 3 {
			t.Fatalf("%s: the term is %+v", table.ID(), term)
		}
		for _, name := range dataset.Terms() {
			if at, in := term.Code(name, 2020); at < 0 || !in {
				t.Errorf("%s: there is no code %s", table.ID(), name)
			}
		}
	}
	if !pupils.Several || schools.Several || !slices.Equal(pupils.Terms, []string{dataset.Autumn, dataset.Summer}) || schools.Terms != nil {
		t.Errorf("%+v, %+v", pupils, schools)
	}
	for term, want := range map[string]bool{dataset.Autumn: true, dataset.Spring: false, dataset.Summer: true, "": false} {
		if pupils.InTerm(term) != want || !schools.InTerm(term) {
			t.Errorf("the tables of term %q", term)
		}
	}
	key := pupils.Column("PUPIL")
	if key.Type != dataset.Key || key.Class.Releasable() || len(key.Treatments) != 0 || key.Heading() != "PUPIL" {
		t.Errorf("%+v", key)
	}
	premium := pupils.Column("Premium")
	if premium.Heading() != "Pupil Premium (all)" || pupils.Column("Pupil Premium (all)") != nil || premium.InYear || !pupils.Column("Began").InYear {
		t.Errorf("%+v", premium)
	}
}

func TestKeysOfADocument(t *testing.T) {
	c, err := loadOne(messageFile)
	if err != nil {
		t.Fatal(err)
	}
	cases := c.Table("local/cases")
	want := &dataset.Document{Root: "Message", Is: "CIN", IsAt: "Header/Collection", Year: "Header/Year", ReferenceDate: "Header/Date", Authority: "Header/Source/LEA"}
	if !reflect.DeepEqual(cases.Document, want) || cases.Row != "Children/Child/Case" || cases.YearBegins != time.April || cases.Termly || cases.Plain ||
		cases.Column(dataset.CensusTerm) != nil || cases.Column("CHILD").Path != "../Identifiers/Id" || cases.Column("WORDS").Path != "." {
		t.Errorf("%+v, %+v", cases, cases.Document)
	}
}

// What a format does not say is what most returns are: years from April, no terms, quotes, one file per table.
func TestKeysNotGiven(t *testing.T) {
	c, err := load(t, formatFile, coreFile)
	if err != nil {
		t.Fatal(err)
	}
	people := c.Table("local/people")
	if people.YearBegins != time.April || people.Termly || people.Terms != nil || people.Plain || people.Several || people.Document != nil || !people.InTerm(dataset.Spring) {
		t.Errorf("%+v", people)
	}
	for _, column := range people.Columns {
		if column.Heading() != column.Name || column.InYear {
			t.Errorf("%+v", column)
		}
	}
}

func TestMistakesOfTheKeys(t *testing.T) {
	for _, c := range []struct {
		name, file, old, new string
		at, message          string
	}{
		{"a month of no year", termlyFile, "year_begins: september", "year_begins: january", "january", "not one of the words"},
		{"text of no kind", termlyFile, "text: plain", "text: rich", "rich", "not one of the words"},
		{"terms that are no yes or no", termlyFile, "terms: true", "terms: three", "three", "true or false"},
		{"a term of no year", termlyFile, "[autumn, summer]", "[autumn, winter]", "winter", "not one of the words"},
		{"terms of a table, and none of the format", termlyFile, "terms: true\n", "", "terms: [autumn", "unknown key"},
		{"a form of dates misspelt", termlyFile, "YYYY-MON-DD 00:00:00", "YYYY-MON-DD", "YYYY-MON-DD", "not one of the words"},
		{"a key of another class", termlyFile, "type: key, class: record-identifier", "type: key, class: linkage-identifier", "linkage-identifier", "a key joins tables and is nothing else"},
		{"a key that says who", termlyFile, "type: key, class: record-identifier", "type: key, class: direct-identifier", "direct-identifier", "a key joins tables and is nothing else"},
		{"a key with a treatment", termlyFile, "required: true, meaning: Key", "treatments: [pseudonym], meaning: Key", "[pseudonym]", "never leaves"},
		{"a key for the child", termlyFile, "several_files: true", "child_id: PUPIL", "PUPIL\n", "not of a type that can stand here"},
		{"a header with a comma", termlyFile, "Pupil Premium (all)", "\"Pupil, Premium\"", "\"Pupil, ", "not a name as a header line has it"},
		{"a header with a space behind it", termlyFile, "Pupil Premium (all)", "\"Pupil \"", "\"Pupil \"", "has blanks"},
		{"a header with a quote", termlyFile, "Pupil Premium (all)", "'Pupil \"x\"'", "'Pupil ", "not a name as a header line has it"},
		{"a header too long", termlyFile, "Pupil Premium (all)", strings.Repeat("P", 201), "PPP", "not a name as a header line has it"},
		{"a header twice", termlyFile, "{name: Began,", "{name: Began, header: pupil premium (ALL),", "{name: Began", "defined twice"},
		{"a header that is another's name", termlyFile, "header: Pupil Premium (all)", "header: pupil", "{name: Premium", "defined twice"},
		{"a name that is another's header", termlyFile, "{name: Began,", "{name: Began, header: Premium,", "{name: Began", "defined twice"},
		{"a header that every table has", termlyFile, "header: Pupil Premium (all)", "header: Census_Term", "{name: Premium", "has this column already"},
		{"a column that every table has", termlyFile, "{name: Began,", "{name: census_term,", "{name: census_term", "has this column already"},
		{"a year of no date", termlyFile, "type: boolean,", "type: boolean, in_year: true,", "in_year", "unknown key"},
		{"a path in text", termlyFile, "{name: Began,", "{name: Began, path: Began,", "path: Began", "unknown key"},
		{"a row in text", termlyFile, "several_files: true", "row: Pupils/Pupil", "row:", "unknown key"},
		{"a header in a document", messageFile, "{name: DAY,", "{name: DAY, header: The day,", "header:", "unknown key"},
		{"no path", messageFile, "path: Day, ", "", "{name: DAY", "is missing"},
		{"a path from the root", messageFile, "path: Day,", "path: /Day,", "/Day", "not element names"},
		{"a path through an attribute", messageFile, "path: Day,", "path: \"@day\",", "\"@day\"", "not element names"},
		{"a path down and up", messageFile, "path: Day,", "path: A/../Day,", "A/../Day", "not element names"},
		{"no row", messageFile, "    row: Children/Child/Case\n", "", "name: cases", "is missing"},
		{"a row going up", messageFile, "row: Children/Child/Case", "row: ../Case", "../Case", "not element names"},
		{"a document without a year", messageFile, "year: Header/Year, ", "", "{root: Message", "is missing"},
		{"a document with more", messageFile, "root: Message,", "root: Message, strict: true,", "strict", "unknown key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(c.file, c.old) {
				t.Fatalf("the definition does not hold %q", c.old)
			}
			changed := strings.Replace(c.file, c.old, c.new, 1)
			_, err := loadOne(changed)
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			place := placeOf(t, "local.yaml", changed, c.at)
			if !slices.ContainsFunc(problems, func(p document.Problem) bool {
				return strings.HasPrefix(p.String(), place) && strings.Contains(p.Message, c.message)
			}) {
				t.Errorf("no problem at %s %q among\n%v", place, c.message, problems)
			}
		})
	}
}

// Core tables are made, and read from no file: what says how to read one has no place in them.
func TestCoreTablesHaveNoKeysOfFiles(t *testing.T) {
	for name, change := range map[string][2]string{
		"several_files": {"    child_id: child_id\n", "    child_id: child_id\n    several_files: true\n"},
		"terms":         {"    child_id: child_id\n", "    child_id: child_id\n    terms: [autumn]\n"},
		"row":           {"    child_id: child_id\n", "    child_id: child_id\n    row: A\n"},
		"header":        {"{name: gender, ", "{name: gender, header: The gender, "},
		"path":          {"{name: gender, ", "{name: gender, path: Gender, "},
	} {
		changed := strings.Replace(coreFile, change[0], change[1], 1)
		if changed == coreFile {
			t.Fatal("the definition is not as this test thinks")
		}
		if _, err := load(t, formatFile, changed); err == nil || !strings.Contains(err.Error(), "unknown key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
