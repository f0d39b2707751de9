package dataset_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// Every table of text has a column that marks rows as given in confidence, or names another; a document's table may. No
// agreement can name it, and it feeds nothing.
func TestInConfidence(t *testing.T) {
	c, err := loadOne(termlyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"local/pupils", "local/schools"} {
		table := c.Table(id)
		column := table.Column(dataset.InConfidence)
		if table.InConfidence != dataset.InConfidence || column == nil || column.Type != dataset.Boolean || !column.Optional || !column.YesNo || len(column.Treatments) != 0 {
			t.Errorf("%s: %q, %+v", id, table.InConfidence, column)
		}
		if !table.Marks("IN_CONFIDENCE") || table.Marks("") || table.Marks("PUPIL") {
			t.Errorf("%s: another column marks its rows", id)
		}
	}
	if c, err = loadOne(strings.Replace(termlyFile, "    several_files: true", "    several_files: true\n    in_confidence: Premium", 1)); err != nil {
		t.Fatal(err)
	}
	if table := c.Table("local/pupils"); !table.Marks("Premium") || table.Column(dataset.InConfidence) != nil || len(table.Column("Premium").Treatments) != 0 {
		t.Errorf("%+v", table)
	}
	if c, err = loadOne(messageFile); err != nil || c.Table("local/cases").InConfidence != "" || c.Table("local/cases").Marks("DAY") {
		t.Errorf("%v: a document's table has a column that it does not name", err)
	}
	for _, table := range builtIn(t).Tables() {
		if (table.Delimited && !table.Core()) != (table.InConfidence != "") {
			t.Errorf("%s: rows in confidence are marked by %q", table.ID(), table.InConfidence)
		}
	}
	const premium = "      - {name: Premium, header: Pupil Premium (all), type: boolean, class: sensitive, meaning: Premium}"
	own := func(more string) string {
		return strings.Replace(termlyFile, premium, "      - {name: In_Confidence, type: boolean, class: sensitive, meaning: Confidence}"+more, 1)
	}
	named := func(text, column string) string {
		return strings.Replace(text, "    several_files: true", "    in_confidence: "+column, 1)
	}
	for want, changed := range map[string]string{
		"the table has no such column":          named(termlyFile, "Nothing"),
		"the column does not say true or false": named(termlyFile, "Began"),
		"marks rows that are held back":         own(""),
		"and here it would mark nothing":        named(own("\n      - {name: Flag, type: boolean, class: sensitive, meaning: A flag}"), "Flag"),
	} {
		_, err := loadOne(changed)
		var problems document.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
