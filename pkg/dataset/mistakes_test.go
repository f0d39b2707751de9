package dataset_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

const formatFile = `apiVersion: postern/dataset/v1
format: local
version: 3
title: A council's own format
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY, YYYY-MM-DD]
code_lists:
  sex:
    - {code: M, meaning: Male}
    - {code: F, meaning: Female, from: 2018, to: 2020}
tables:
  - name: people
    meaning: One row per child
    from: 2017
    to: 2026
    child_id: CHILD
    event_date: BEGAN
    year_evidence: [BEGAN]
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: SEX, type: code, codes: sex, class: quasi-identifier, meaning: Sex, treatments: [keep]}
      - {name: BEGAN, type: date, class: quasi-identifier, required: true, meaning: First day}
      - {name: ENDED, type: date, class: quasi-identifier, not_before: BEGAN, meaning: Last day}
      - {name: SCORE, type: integer, min: 0, max: 40, class: sensitive, meaning: Score, from: 2018, to: 2020}
      - {name: POST, type: text, class: direct-identifier, optional: true, meaning: Postcode}
`

const coreFile = `apiVersion: postern/core/v1
version: 1
title: Core tables
code_lists:
  gender:
    - {code: boy, meaning: Boy}
    - {code: girl, meaning: Girl}
code_maps:
  - name: gender_of
    meaning: Sex to gender
    to: gender
    pairs:
      - {from: M, to: boy}
      - {from: F, to: girl}
tables:
  - name: children
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: gender, type: code, codes: gender, class: quasi-identifier, treatments: [keep], meaning: Gender}
      - {name: listed, type: boolean, class: sensitive, meaning: Listed}
    sources:
      - table: local/people
        adds: true
        columns:
          child_id: {from: CHILD}
          gender: {from: SEX, map: gender_of}
      - table: local/people
        columns:
          child_id: {from: CHILD}
          listed: {present: true}
`

func load(t *testing.T, format, core string) (*dataset.Catalogue, error) {
	t.Helper()
	return dataset.Load(fstest.MapFS{"local.yaml": {Data: []byte(format)}, "zcore.yaml": {Data: []byte(core)}})
}

func TestTheFilesWithoutMistakes(t *testing.T) {
	if _, err := load(t, formatFile, coreFile); err != nil {
		t.Fatal(err)
	}
}

// TestMistakes changes one thing of a sound definition and wants exactly the problem that this makes, at its place.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		at             string // the problem is where this first stands after the change
		message        string
	}{
		{"api version", "postern/dataset/v1", "postern/dataset/v9", "postern/dataset/v9", "not one of the words"},
		{"format name", "format: local", "format: Local", "Local", "is not a name in lower case"},
		{"version", "version: 3", "version: 0", "0", "not a whole number from 1"},
		{"title missing", "title: A council's own format\n", "", "apiVersion", "is missing"},
		{"years turned round", "{from: 2016, to: 2027}", "{from: 2027, to: 2016}", "2016}", "last collection year is before the first"},
		{"years out of range", "{from: 2016, to: 2027}", "{from: 1016, to: 2027}", "1016", "from 2000 to 2100"},
		{"no date form", "[DD/MM/YYYY, YYYY-MM-DD]", "[]", "[]", "empty list"},
		{"unknown date form", "[DD/MM/YYYY, YYYY-MM-DD]", "[MM/DD/YYYY]", "MM/DD", "not one of the words"},
		{"code twice", "code: F,", "code: M,", "sex:", "listed twice"},
		{"code years turned round", "from: 2018, to: 2020}\ntables", "from: 2020, to: 2018}\ntables", "2018}\ntables", "last collection year is before the first"},
		{"code without meaning", "{code: M, meaning: Male}", "{code: M}", "{code: M}", "is missing"},
		{"code that readers misread", "code: M,", "code: 1,", "1, meaning: Male", "unquoted"},
		{"code too long", "code: M,", "code: " + strings.Repeat("M", 41) + ",", "MMM", "longer than 40"},
		{"empty list of codes", "  sex:\n    - {code: M, meaning: Male}\n    - {code: F, meaning: Female, from: 2018, to: 2020}\n", "  sex: []\n", "[]", "empty list"},
		{"unknown key", "    meaning: One row per child\n    from", "    meaning: One row per child\n    owner: me\n    from", "owner", "unknown key"},
		{"unknown key in a column", "required: true", "requird: true", "requird", "unknown key"},
		{"table name", "- name: people", "- name: The people", "The people", "is not a name in lower case"},
		{"table years turned round", "from: 2017\n    to: 2026", "from: 2026\n    to: 2017", "2017", "last collection year is before the first"},
		{"child_id of no column", "child_id: CHILD", "child_id: CHLD", "CHLD", "no such column"},
		{"child_id that is no identifier", "child_id: CHILD", "child_id: SEX", "SEX\n", "not of a type that can stand here"},
		{"event_date of no column", "event_date: BEGAN", "event_date: BEGUN", "BEGUN", "no such column"},
		{"event_date that is no date", "event_date: BEGAN", "event_date: SEX", "SEX\n", "not of a type that can stand here"},
		{"year_evidence of no column", "[BEGAN]", "[BEGUN]", "[BEGUN]", "no such column"},
		{"year_evidence that is no date", "[BEGAN]", "[SCORE]", "[SCORE]", "not of a type that can stand here"},
		{"column name", "{name: SEX,", "{name: the sex,", "the sex", "is not a name of letters"},
		{"column twice", "{name: SEX,", "{name: BEGAN,", "{name: BEGAN, type: date", "defined twice"},
		{"column twice but for case", "{name: SEX,", "{name: began,", "{name: BEGAN, type: date", "defined twice"},
		{"column that every table has", "{name: SEX,", "{name: Collection_Year,", "{name: Collection_Year", "has this column already"},
		{"unknown type", "type: integer, min: 0, max: 40", "type: number", "number", "not one of the words"},
		{"unknown class", "class: sensitive", "class: secret", "secret", "not one of the words"},
		{"identifier without a domain", "identifier: child/la-child-id, ", "", "{name: CHILD", "is missing"},
		{"domain misspelt", "child/la-child-id", "child", "child, class", "is not a domain"},
		{"no such code list", "codes: sex", "codes: sexes", "sexes", "no such code list"},
		{"number without bounds", "min: 0, max: 40, ", "max: 40, ", "{name: SCORE", "is missing"},
		{"bounds turned round", "min: 0, max: 40", "min: 41, max: 40", "{name: SCORE", "max is below min"},
		{"bound out of range", "max: 40", "max: 4000000000", "4000000000", "not a whole number from"},
		{"column years turned round", "Score, from: 2018, to: 2020", "Score, from: 2020, to: 2018", "2018}\n      - {name: POST", "last collection year is before the first"},
		{"treatment of another type", "treatments: [keep]", "treatments: [keep, age_months]", "age_months", "not one of the words"},
		{"treatment of a column that never leaves", "optional: true,", "treatments: [keep],", "[keep], meaning: Postcode", "never leaves"},
		{"not_before of no column", "not_before: BEGAN", "not_before: BEGUN", "name: people", "not both dates"},
		{"not_before of no date", "not_before: BEGAN", "not_before: SEX", "name: people", "not both dates"},
		{"yes for true", "required: true", "required: yes", "yes", "true or false"},
		{"no columns", formatFile[strings.Index(formatFile, "    columns:"):], "    columns: []\n", "[]", "empty list"},

		{"core: map to no list", "to: gender\n", "to: gendre\n", "gendre", "no such code list"},
		{"core: map to no code", "to: boy}", "to: boi}", "{from: M, to: boi", "does not have"},
		{"core: code mapped twice", "{from: F, to: girl}", "{from: M, to: girl}", "{from: M, to: girl", "mapped twice"},
		{"core: no such source", "local/people", "local/peple", "local/peple", "no such source table"},
		{"core: a core table as source", "local/people", "children", "children\n        adds", "no such source table"},
		{"core: feeds no column", "gender: {from: SEX", "gendr: {from: SEX", "gendr", "no such column"},
		{"core: feeds from no column", "{from: SEX,", "{from: SX,", "SX", "no such column"},
		{"core: no such map", "map: gender_of", "map: gendr_of", "gendr_of", "no such code map"},
		{"core: feeds another type", "child_id: {from: CHILD}", "child_id: {from: BEGAN}", "{from: BEGAN", "not of one type"},
		{"core: code without a place", "{from: SEX, map: gender_of}", "{from: SEX}", "{from: SEX}", "no place in the core column"},
		{"core: a weaker class", "codes: gender, class: quasi-identifier", "codes: gender, class: ordinary", "SEX, map", "weaker class than its source"},
		{"core: another class", "codes: gender, class: quasi-identifier", "codes: gender, class: sensitive", "SEX, map", "weaker class than its source"},
		{"core: a treatment more", "treatments: [keep]", "treatments: [keep, flag]", "SEX, map", "permits a treatment that its source does not"},
		{"core: presence of no class", "{name: listed, type: boolean, class: sensitive", "{name: listed, type: boolean, class: ordinary", "true}", "that a child is in the table says something"},
		{"core: presence feeds a code", "gender: {from: SEX, map: gender_of}", "gender: {present: true}", "{present: true}\n      - table", "does not make a value of its type"},
		{"core: source without the child", "          child_id: {from: CHILD}\n", "", "table: local/people", "must feed"},
		{"core: no key", "one_row_per: [child_id]", "one_row_per: []", "[]", "empty list"},
		{"core: key of no column", "one_row_per: [child_id]", "one_row_per: [child_id, day]", "[child_id, day]", "no such column"},
		{"core: column twice", "{name: gender,", "{name: listed,", "{name: listed, type: boolean", "defined twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			format, core, file := formatFile, coreFile, "local.yaml"
			changed := &format
			if strings.HasPrefix(c.name, "core: ") {
				changed, file = &core, "zcore.yaml"
			}
			if !strings.Contains(*changed, c.old) {
				t.Fatalf("the definition does not hold %q", c.old)
			}
			*changed = strings.Replace(*changed, c.old, c.new, 1)
			_, err := load(t, format, core)
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			place := placeOf(t, file, *changed, c.at)
			for _, p := range problems {
				if strings.HasPrefix(p.String(), place) && strings.Contains(p.Message, c.message) {
					return
				}
			}
			t.Errorf("no problem at %s %q among\n%v", place, c.message, problems)
		})
	}
}

// placeOf is "file:line:column: " of the first occurrence of a text.
func placeOf(t *testing.T, file, text, part string) string {
	t.Helper()
	at := strings.Index(text, part)
	if at < 0 {
		t.Fatalf("the changed definition does not hold %q", part)
	}
	line := 1 + strings.Count(text[:at], "\n")
	return fmt.Sprintf("%s:%d:%d: ", file, line, at-strings.LastIndexByte(text[:at], '\n'))
}

// Every mistake of every file is told at once, in one order.
func TestMistakesAreToldTogether(t *testing.T) {
	format := strings.NewReplacer("codes: sex", "codes: sexes", "class: sensitive", "class: secret").Replace(formatFile)
	core := strings.Replace(coreFile, "to: boy}", "to: boi}", 1)
	_, first := load(t, format, core)
	if first == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		placeOf(t, "local.yaml", format, "sexes"), placeOf(t, "local.yaml", format, "secret"), placeOf(t, "zcore.yaml", core, "{from: M, to: boi"),
	} {
		if !strings.Contains(first.Error(), want) {
			t.Errorf("no problem at %s among\n%v", want, first)
		}
	}
	for range 20 {
		if _, err := load(t, format, core); err == nil || err.Error() != first.Error() {
			t.Fatalf("now\n%v\nand before\n%v", err, first)
		}
	}
}

// Cutting a definition off anywhere, or losing any one line, gives an error or a catalogue, and never a panic.
func TestDamagedDefinitions(t *testing.T) {
	tried, refused := 0, 0
	try := func(format, core string) {
		tried++
		c, err := load(t, format, core)
		if (c == nil) != (err != nil) {
			t.Fatalf("a catalogue and an error, or neither: %v", err)
		}
		if err != nil {
			refused++
		}
	}
	for at := 0; at < len(formatFile); at += 17 {
		try(formatFile[:at], coreFile)
	}
	for at := 0; at < len(coreFile); at += 17 {
		try(formatFile, coreFile[:at])
	}
	for line := range strings.Lines(formatFile) {
		try(strings.Replace(formatFile, line, "", 1), coreFile)
	}
	for line := range strings.Lines(coreFile) {
		try(formatFile, strings.Replace(coreFile, line, "", 1))
	}
	if refused < tried*9/10 {
		t.Errorf("of %d damaged definitions, only %d are refused", tried, refused)
	}
}

// A definition file under another ending would be passed over, and nobody would know.
func TestOtherEndings(t *testing.T) {
	for _, name := range []string{"own.yml", "own.YAML", "own.Yml"} {
		_, err := dataset.Load(schemas.Files, fstest.MapFS{name: {Data: []byte("apiVersion: postern/dataset/v1\n")}})
		if err == nil || !strings.Contains(err.Error(), name) || finding.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := dataset.Load(schemas.Files, fstest.MapFS{"README.md": {}, "drafts/own.yml": {}, "own.yaml.bak": {}}); err != nil {
		t.Error(err)
	}
}
