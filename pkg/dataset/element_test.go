package dataset_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// eitherFile is a format that is returned as text or as a document that says nothing of itself.
const eitherFile = `apiVersion: postern/dataset/v1
format: local
version: 1
title: A council's own return in two forms
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
text: quoted
document: {root: LOCAL}
code_lists: {}
tables:
  - name: people
    meaning: One row per person
    row: PERSON/HEAD
    row_if: [FLAG, MORE/DAY]
    child_id: NUMBER
    columns:
      - {name: NUMBER, path: ID, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: DAY, path: MORE/DAY, type: date, required: true, class: quasi-identifier, meaning: Day}
      - {name: LOCAL_DAY, type: date, class: quasi-identifier, meaning: Day that only text has}
  - name: workers
    meaning: One row per worker, in text alone
    columns:
      - {name: WORKER, type: text, class: staff, meaning: Number}
`

func TestTextAndDocument(t *testing.T) {
	c, err := loadOne(eitherFile)
	if err != nil {
		t.Fatal(err)
	}
	people, workers := c.Table("local/people"), c.Table("local/workers")
	if d := people.Document; d == nil || d.Headed() || d.Root != "LOCAL" || !people.Delimited || people.Row != "PERSON/HEAD" ||
		!slices.Equal(people.RowIf, []string{"FLAG", "MORE/DAY"}) || people.Column("LOCAL_DAY").Path != "" {
		t.Errorf("%+v of %+v", people, people.Document)
	}
	if workers.Document != people.Document || workers.Row != "" || !workers.Delimited || workers.Column("WORKER").Path != "" {
		t.Errorf("%+v", workers)
	}
}

func TestMistakesOfDocuments(t *testing.T) {
	for _, c := range []struct{ name, old, new, at, message string }{
		{"a year and no collection", "{root: LOCAL}", "{root: LOCAL, year: Head/Year}", "{root: LOCAL", "is missing"},
		{"a collection and nowhere it stands", "{root: LOCAL}", "{root: LOCAL, is: L}", "{root: LOCAL", "is missing"},
		{"an authority alone", "{root: LOCAL}", "{root: LOCAL, authority: Head/LEA}", "{root: LOCAL", "is missing"},
		{"no root", "{root: LOCAL}", "{}", "{}", "is missing"},
		{"a row in two ways", "row_if: [FLAG, MORE/DAY]", "row_if: [../FLAG]", "[../FLAG", "element names"},
		{"a condition without a row", "    row: PERSON/HEAD\n", "", "row_if", "unknown key"},
		{"a path without a row", "    row: PERSON/HEAD\n    row_if: [FLAG, MORE/DAY]\n", "", "path: ID", "unknown key"},
		{"a required column that is nowhere", "path: MORE/DAY, ", "", "{name: DAY", "is missing"},
		{"a child that is nowhere", "path: ID, ", "", "NUMBER\n", "does not say which child"},
		{"no text: a table that is nowhere", "text: quoted", "text: none", "{name: LOCAL_DAY", "is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(eitherFile, c.old, c.new, 1)
			if changed == eitherFile {
				t.Fatalf("the definition does not hold %q", c.old)
			}
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

// A council's definitions that would read the elements of a built-in document, or the files of its tables, may not guard
// them less: whether they read them as rows of the same element or of another, in a document or in text.
func TestLoweredThroughADocument(t *testing.T) {
	const own = `apiVersion: postern/dataset/v1
format: ours
version: 1
title: Ours
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
%FORM%
code_lists: {}
tables:
  - name: heads
    meaning: One row per child
%ROW%    columns:
      - {name: WHO, %PATH%type: date, class: ordinary, meaning: Day}
`
	const text = `apiVersion: postern/dataset/v1
format: ours
version: 1
title: Ours
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists: {}
tables:
  - name: heads
    meaning: One row per child
    columns:
      - {name: CHILD, type: text, class: direct-identifier, meaning: Number}
      - {name: SEX, type: text, class: ordinary, meaning: Sex}
      - {name: DOB, type: date, class: ordinary, meaning: Day}
      - {name: ETHNIC, type: text, class: direct-identifier, meaning: Group}
`
	for name, v := range map[string]struct {
		file    string
		lowered bool
	}{
		"the same row":           {fill(own, "document: {root: EXPSSDA903}", "    row: CHILD/HEADER\n", "path: MC_DOB, "), true},
		"a row around it":        {fill(own, "document: {root: EXPSSDA903}", "    row: CHILD\n", "path: HEADER/MC_DOB, "), true},
		"a row within it":        {fill(own, "document: {root: EXPSSDA903}", "    row: CHILD/HEADER/OC2\n", "path: ../DOB, "), true},
		"with a header":          {fill(own, "document: {root: EXPSSDA903, is: X, is_at: A, year: B, reference_date: C, authority: D}", "    row: CHILD\n", "path: HEADER/DOB, "), true},
		"another root":           {fill(own, "document: {root: OTHER}", "    row: CHILD/HEADER\n", "path: MC_DOB, "), false},
		"an element of its own":  {fill(own, "document: {root: EXPSSDA903}", "    row: CHILD/LOCAL\n", "path: DAY, "), false},
		"the files of the table": {text, true},
	} {
		_, err := dataset.Load(schemas.Files, fstest.MapFS{"ours.yaml": {Data: []byte(v.file)}})
		var refusal *finding.Refusal
		if got := errors.As(err, &refusal) && refusal.Code == finding.ClassLowered; got != v.lowered || !v.lowered && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fill(file, form, row, path string) string {
	return strings.NewReplacer("%FORM%", form, "%ROW%", row, "%PATH%", path).Replace(file)
}
