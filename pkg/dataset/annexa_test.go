package dataset_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// Where the definitions of Annex A say otherwise than the reference, and why. Each is stricter, but for the provider.
var formExceptions = map[string]dataset.Class{
	"list_8.Child's Legal Status":    dataset.CriminalOffence, // J1 to J3 are remand, detention and sentence
	"list_8.Placement Provider":      dataset.Ordinary,        // as the return's PLACE_PROVIDER
	"list_9.Activity Status":         dataset.SpecialCategory, // two of the codes tell of illness and pregnancy
	"list_4.Allocated Team":          dataset.Staff,           // the reference has a locality: a team never leaves
	"list_11.Gender":                 dataset.DirectIdentifier,
	"list_11.Ethnicity":              dataset.DirectIdentifier, // of an adopter: an adult, about whom no agreement is made
	"list_11.Disability":             dataset.DirectIdentifier,
	"list_11.Family identifier":      dataset.LinkageIdentifier,
	"list_11.No. of children placed": dataset.Sensitive,
}

// TestFormDefinitionsAgainstTheReference finds the column of each header of Annex A, as the reference writes it, and holds
// it to its class and type; and as people write it, with a bracket too many, wrapped, in capitals.
func TestFormDefinitionsAgainstTheReference(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "reference", "columns.csv"))
	if err != nil {
		t.Skip("the reference list of columns is not beside the repository:", err)
	}
	defer func() { _ = f.Close() }() // only read from
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	c := builtIn(t)
	seen := 0
	for _, r := range records {
		if r[0] != "Annex A" {
			continue
		}
		seen++
		table := c.Table("annex_a/" + r[1])
		id := r[1] + "." + r[2]
		for _, header := range []string{r[2], " " + strings.ToUpper(r[2]) + "\u00a0", strings.ReplaceAll(r[2], " ", "\n"), strings.ReplaceAll(r[2], "'", "\u2019")} {
			if found := table.Takes(header); len(found) != 1 || found[0] != table.Takes(r[2])[0] {
				t.Fatalf("%s: %q is taken by %d columns", id, header, len(found))
			}
		}
		if strings.Contains(r[2], "(Y/N)") {
			for _, header := range []string{r[2] + ")", strings.ReplaceAll(r[2], " (Y/N)", ""), r[2] + "?"} {
				if found := table.Takes(header); len(found) != 1 {
					t.Errorf("%s: %q is taken by %d columns", id, header, len(found))
				}
			}
		}
		column, class := table.Takes(r[2])[0], referenceClass(r[4])
		switch {
		case strings.HasPrefix(r[4], "FREE"):
			class = dataset.FreeText
		case r[2] == "Allocated Team":
			class = dataset.Staff
		}
		if except, ok := formExceptions[id]; ok {
			class = except
		}
		if r[1] == "list_11" && strings.HasPrefix(r[3], "date") || id == "list_11.Individual adopter identifier" {
			class = dataset.DirectIdentifier // of an adopter
		}
		if column.Class != class {
			t.Errorf("%s is of class %s; the reference says %q", id, column.Class, r[4])
		}
		if date := strings.HasPrefix(r[3], "date"); date != (column.Type == dataset.Date) {
			t.Errorf("%s is of type %s; the reference says %q", id, column.Type, r[3])
		}
		if column.Type == dataset.Code && !column.Aliased() {
			t.Errorf("%s has no spellings", id)
		}
	}
	if seen != 169 {
		t.Errorf("the reference has %d columns of Annex A", seen)
	}
}

// No header of a list is one of another column of it, and no list's headers are those of another list.
func TestFormListsAreApart(t *testing.T) {
	c := builtIn(t)
	for n := 1; n <= 11; n++ {
		table := c.Table(fmt.Sprintf("annex_a/list_%d", n))
		must := 0
		for _, column := range table.Columns {
			for _, header := range append([]string{column.Heading()}, column.Headers...) {
				if found := table.Takes(header); len(found) != 1 || found[0] != column {
					t.Errorf("%s: %q is taken by %d columns", table.ID(), header, len(found))
				}
			}
			if !column.Optional {
				must++
			}
		}
		if must < 3 || table.Column("date_of_birth") != nil && must < 6 {
			t.Errorf("%s is told by %d columns alone", table.ID(), must)
		}
		for m := 1; m <= 11; m++ {
			other := c.Table(fmt.Sprintf("annex_a/list_%d", m))
			lacks := false
			for _, column := range table.Columns {
				lacks = lacks || !column.Optional && !takes(other, column)
			}
			if m != n && !lacks {
				t.Errorf("a file of %s is one of %s too", other.ID(), table.ID())
			}
		}
	}
}

// takes reports whether a header of a table is one of a column.
func takes(t *dataset.Table, column *dataset.Column) bool {
	for _, c := range t.Columns {
		if column.Fits(dataset.Fold(c.Heading())) > 0 {
			return true
		}
	}
	return false
}

// TestFormIsTheLastResort holds every source of a core table that is of Annex A to that.
func TestFormIsTheLastResort(t *testing.T) {
	n := 0
	for _, table := range builtIn(t).Tables() {
		for i, s := range table.Sources {
			if !strings.HasPrefix(s.Table, "annex_a/") {
				continue
			}
			n++
			want := dataset.LastRow
			if table.Name == "cin_plans" || table.Name == "looked_after_episodes" {
				want = dataset.LastChild // their rows are told apart by other dates than the returns'
			}
			if s.Last != want || i == 0 {
				t.Errorf("%s from %s is last for a %q", table.Name, s.Table, s.Last)
			}
		}
	}
	if n != 13 {
		t.Errorf("%d sources are of Annex A", n)
	}
}

// A council's own table cannot take a built-in table's files by patterns or other names, to give its columns lower classes.
func TestPatternsLowerNoClass(t *testing.T) {
	const file = `apiVersion: postern/dataset/v1
format: ours
version: 1
title: A table of the council's own
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists: {}
tables:
  - name: heads
    meaning: One row per child
    child_id: one
    columns:
      - {name: one, header: Our number, headers: [CHILD], type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: two, like: 'dob.?', type: date, class: quasi-identifier, meaning: Birth}
      - {name: three, like: 's(ex|x)', type: text, class: quasi-identifier, meaning: Sex}
      - {name: four, headers: [Ethnic], type: text, class: special-category, meaning: Group}
      - {name: five, like: 'u.n', type: text, class: direct-identifier, meaning: Number of the pupil}
      - {name: six, header: MOTHER, type: text, class: sensitive, meaning: Mother}
      - {name: seven, like: 'mc_dob', type: text, class: direct-identifier, meaning: Birth of her child}
`
	load := func(text string) error {
		_, err := dataset.Load(schemas.Files, fstest.MapFS{"ours.yaml": {Data: []byte(text)}})
		return err
	}
	if err := load(file); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"class: special-category, meaning: Group", "class: ordinary, meaning: Group"},
		{"class: direct-identifier, meaning: Number of", "class: sensitive, meaning: Number of"},
		{"class: direct-identifier, meaning: Birth of", "class: quasi-identifier, meaning: Birth of"},
		{"class: quasi-identifier, meaning: Sex", "class: ordinary, meaning: Sex"},
	} {
		changed := strings.Replace(file, change[0], change[1], 1)
		err := load(changed)
		var refusal *finding.Refusal
		if changed == file || !errors.As(err, &refusal) || refusal.Code != finding.ClassLowered {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}
