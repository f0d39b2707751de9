package dataset_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// The order of classes, told by each pair that is in order but for a class and itself.
func TestAtLeast(t *testing.T) {
	const (
		ordinary, quasi, sensitive = dataset.Ordinary, dataset.QuasiIdentifier, dataset.Sensitive
		special, criminal, linkage = dataset.SpecialCategory, dataset.CriminalOffence, dataset.LinkageIdentifier
	)
	above := map[dataset.Class][]dataset.Class{
		ordinary: {quasi, sensitive, special, criminal, linkage}, quasi: {linkage}, sensitive: {special, criminal, linkage},
		special: {linkage}, criminal: {linkage},
	}
	for _, low := range dataset.Classes() {
		for _, high := range dataset.Classes() {
			want := low == high || !high.Releasable() || slices.Contains(above[low], high)
			if got := high.AtLeast(low); got != want {
				t.Errorf("%s is at least %s: %v", high, low, got)
			}
		}
		if low.AtLeast("secret") || dataset.Class("secret").AtLeast(low) {
			t.Errorf("a class that there is not is compared with %s", low)
		}
	}
	// It is an order: what is above what is above is above, and two that are each above the other never leave.
	for _, a := range dataset.Classes() {
		for _, b := range dataset.Classes() {
			for _, c := range dataset.Classes() {
				if a.AtLeast(b) && b.AtLeast(c) && !a.AtLeast(c) {
					t.Errorf("%s, %s, %s", a, b, c)
				}
			}
			if a != b && a.AtLeast(b) && b.AtLeast(a) && (a.Releasable() || b.Releasable()) {
				t.Errorf("%s and %s are each above the other", a, b)
			}
		}
	}
}

func raiseFile(entries ...string) string {
	text := "apiVersion: postern/classes/v1\ntitle: What we guard more\nraise:\n"
	for _, e := range entries {
		text += "  - {" + e + ", why: We say so}\n"
	}
	return text
}

func TestRaise(t *testing.T) {
	own := fstest.MapFS{"ours.yaml": {Data: []byte(raiseFile(
		"table: children, column: uasc, class: special-category", // a core column
		"table: ssda903/header, column: DOB, class: staff",       // one that feeds a core column
		"table: cin/child, column: Ethnicity, class: sensitive",  // lower, see below
		"table: ssda903/episodes, column: RNE, class: criminal-offence",
		"table: ssda903/header, column: UPN, class: direct-identifier", // as it is
	))}}
	_, err := dataset.Load(schemas.Files, own)
	var refusal *finding.Refusal
	if !errors.As(err, &refusal) || refusal.Code != finding.ClassLowered || refusal.Hint == "" {
		t.Fatalf("a special category made merely sensitive: %v", err)
	}
	own["ours.yaml"].Data = []byte(strings.Replace(string(own["ours.yaml"].Data), "Ethnicity, class: sensitive", "Ethnicity, class: direct-identifier", 1))
	c, err := dataset.Load(schemas.Files, own)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[[2]string]dataset.Class{
		{"children", "uasc"}: dataset.SpecialCategory, {"ssda903/header", "DOB"}: dataset.Staff,
		{"ssda903/episodes", "RNE"}: dataset.CriminalOffence,
		{"children", "birth_date"}:  dataset.Staff, {"children", "ethnicity"}: dataset.DirectIdentifier, // inherited
		{"ssda903/header", "ETHNIC"}: dataset.SpecialCategory, {"children", "sex"}: dataset.QuasiIdentifier, // as they were
	} {
		column := c.Table(at[0]).Column(at[1])
		if column.Class != want {
			t.Errorf("%s.%s is %s, want %s", at[0], at[1], column.Class, want)
		}
		if !want.Releasable() && len(column.Treatments) > 0 {
			t.Errorf("%s.%s never leaves, and permits %v", at[0], at[1], column.Treatments)
		}
	}
	if !c.Table("children").Column("uasc").Permits(dataset.Keep) {
		t.Error("a raised column has lost what its class permits")
	}
	if c.Digest() == builtIn(t).Digest() {
		t.Error("a class was raised and the digest is the same")
	}
	if builtIn(t).Table("children").Column("uasc").Class != dataset.Sensitive {
		t.Error("one catalogue changed another")
	}
}

// TestRaiseMistakes reads all mistakes together, each in a file of its own.
func TestRaiseMistakes(t *testing.T) {
	cases := []struct{ name, entry, message string }{
		{"no such table", "table: people, column: SEX, class: staff", "there is no such table"},
		{"no such column", "table: children, column: SEX, class: staff", "the table has no such column"},
		{"a key", "table: school_census/pupilonroll, column: NativeId, class: staff", "a key joins tables"},
		{"no class", "table: children, column: sex, class: secret", "not one of the words"},
		{"free text", "table: children, column: sex, class: free-text", "not one of the words"},
		{"to nothing", "table: children, column: collection, class: ordinary", "not one of the words"},
		{"more keys", "table: children, column: sex, class: staff, treatments: [keep]", "unknown key"},
	}
	files := make(fstest.MapFS)
	for i, c := range cases {
		files[fmt.Sprintf("ours%d.yaml", i)] = &fstest.MapFile{Data: []byte(raiseFile(c.entry))}
	}
	_, err := dataset.Load(schemas.Files, files)
	var problems document.Problems
	var refusal *finding.Refusal
	if !errors.As(err, &problems) || errors.As(err, &refusal) {
		t.Fatal(err)
	}
	for i, c := range cases {
		first := slices.IndexFunc(problems, func(p document.Problem) bool { return p.File == fmt.Sprintf("ours%d.yaml", i) })
		if first < 0 || problems[first].Line != 4 || !strings.Contains(problems[first].Message, c.message) {
			t.Errorf("%s:\n%v", c.name, err)
		}
	}
}

// What a council's own definitions could try so that a column leaves which the built-in ones guard.
func TestClassLowered(t *testing.T) {
	format := func(name, columns string) string {
		return `apiVersion: postern/dataset/v1
format: ` + name + `
version: 1
title: Ours
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists:
  ours:
    - {code: X, meaning: A code}
tables:
  - name: header
    meaning: One row per child
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
` + columns
	}
	const dob = "      - {name: DOB, type: date, class: CLASS, meaning: Date of birth}\n"
	const rest = "      - {name: SEX, type: code, codes: ours, class: quasi-identifier, meaning: Sex}\n" +
		"      - {name: ETHNIC, type: code, codes: ours, class: special-category, meaning: Ethnic group}\n" +
		"      - {name: UPN, type: text, class: direct-identifier, meaning: Number}\n" +
		"      - {name: MOTHER, type: code, codes: ours, class: sensitive, meaning: Mother}\n" +
		"      - {name: MC_DOB, type: text, class: direct-identifier, meaning: Date}\n"
	core := strings.NewReplacer("COLUMN", "type: code, codes: ssda903/ethnicity, class: sensitive", "SOURCE", "ETHNIC").Replace(councilCore)
	same := strings.Replace(strings.Replace(core, "name: people", "name: children", 1), "name: more", "name: ethnicity", 1)
	redefined := strings.Replace(same, "- {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier", "- {name: child_id, type: integer, min: 0, max: 9, class: ordinary", 1)
	for _, c := range []struct {
		name, file, text string
		want             int // columns of a lowered class
	}{
		{"a format of its own", "ours.yaml", format("local", dob), 0},
		{"a core column of a lower class than its source", "ours.yaml", core, 1},
		{"a built-in format again", "ours.yaml", format("ssda903", strings.Replace(dob, "CLASS", "ordinary", 1)), 1},
		{"a built-in file's name too", "ssda903.yaml", format("ssda903", strings.Replace(dob, "CLASS", "ordinary", 1)), 1},
		{"a built-in format again, as it is", "ours.yaml", format("ssda903", strings.Replace(dob, "CLASS", "quasi-identifier", 1)), -1},
		{"a built-in core table again", "ours.yaml", redefined, 2},
		{"a format that takes the files of a built-in one", "ours.yaml", format("local", strings.Replace(dob, "CLASS", "ordinary", 1)+rest), 1},
		{"the same, guarding as much", "ours.yaml", format("local", strings.Replace(dob, "CLASS", "quasi-identifier", 1)+rest), 0},
		{"a class raised down", "ours.yaml", raiseFile("table: children, column: ethnicity, class: sensitive", "table: children, column: sex, class: sensitive"), 2},
		{"a core table fed from what the council has raised", "ours.yaml", raiseFile("table: ssda903/header, column: ETHNIC, class: direct-identifier"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.text
			if c.name == "a format of its own" {
				text = strings.Replace(text, "CLASS", "ordinary", 1)
			}
			_, err := dataset.Load(schemas.Files, fstest.MapFS{c.file: {Data: []byte(text)}})
			var refusal *finding.Refusal
			var problems document.Problems
			if c.want <= 0 {
				if (err != nil) != (c.want < 0) || errors.As(err, &refusal) {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, &refusal) || refusal.Code != finding.ClassLowered || !errors.As(err, &problems) || finding.HintOf(err) != refusal.Hint {
				t.Fatalf("not refused: %v", err)
			}
			got := 0
			for _, p := range problems {
				if p.Code == document.Code(finding.ClassLowered) {
					got++
					if p.File != c.file || p.Hint == "" || !strings.Contains(p.String(), "CLASS_LOWERED: ") {
						t.Errorf("%s", p)
					}
				}
			}
			if got != c.want {
				t.Errorf("%d columns, want %d:\n%v", got, c.want, err)
			}
		})
	}
	own := fstest.MapFS{"core.own.yaml": {Data: []byte(strings.Replace(core, "class: sensitive", "class: special-category", 1))}}
	if _, err := dataset.Load(schemas.Files, own); err != nil {
		t.Fatal(err)
	}
	own["raised.yaml"] = &fstest.MapFile{Data: []byte(raiseFile("table: ssda903/header, column: ETHNIC, class: direct-identifier"))}
	if _, err := dataset.Load(schemas.Files, own); err == nil || !strings.Contains(err.Error(), "core.own.yaml:") {
		t.Errorf("a council's core column is of a lower class than its source, which was raised: %v", err)
	}
}

// A pattern stands for every column whose headers it fits, those too that only a pattern of the built-in table fits.
func TestPatternsStandForHeaders(t *testing.T) {
	const builtIn = `apiVersion: postern/dataset/v1
format: form
version: 1
title: A form
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists: {some: [{code: A, meaning: one}]}
tables:
  - name: people
    meaning: One row per child
    columns:
      - {name: id, header: Child ID, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: sex, header: Sex of child, type: code, codes: some, class: quasi-identifier, meaning: Sex}
      - {name: ethnicity, header: Ethnic group of child, like: 'ethnic(ity| background)( \(main\))?', type: code, codes: some, class: special-category, meaning: Ethnic group}
      - {name: notes, header: Notes, like: 'remarks?', type: text, class: free-text, meaning: Notes}
`
	for _, c := range []struct {
		name, columns string
		want          int
	}{
		{"of another header", "like: 'ethnic back.*', type: code, codes: form/some, class: special-category", 0},
		{"of a header that only a pattern fits", "like: 'ethnic back.*', type: code, codes: form/some, class: sensitive", 1},
		{"of free text", "like: 'remark.?', type: code, codes: form/some, class: special-category", 1},
		{"of the headers of two columns", "like: '(sex|ethnic group) of child', type: code, codes: form/some, class: quasi-identifier", 1},
		{"of no header of the table", "like: 'ethnic origin.*', type: code, codes: form/some, class: sensitive", 0},
	} {
		own := `apiVersion: postern/dataset/v1
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
      - {name: id, header: Child ID, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: s, header: Sex of child, type: code, codes: form/some, class: direct-identifier, meaning: Sex}
      - {name: e, header: Ethnic group of child, type: code, codes: form/some, class: direct-identifier, meaning: Ethnic group}
      - {name: more, header: More, meaning: More, ` + c.columns + "}\n"
		_, err := dataset.Load(fstest.MapFS{"form.yaml": {Data: []byte(builtIn)}}, fstest.MapFS{"ours.yaml": {Data: []byte(own)}})
		var refusal *finding.Refusal
		if errors.As(err, &refusal) != (c.want > 0) || err != nil && c.want == 0 {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// That a child is in a table says what every row of the table must say.
func TestPresenceIsGuarded(t *testing.T) {
	const own = `apiVersion: postern/core/v1
version: 1
title: Ours
code_lists: {}
code_maps: []
tables:
  - name: people
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: listed, type: boolean, class: CLASS, meaning: Listed}
    sources:
      - {table: cin/child, adds: true, columns: {child_id: {from: LAchildID}}}
      - {table: cin/disabilities, columns: {child_id: {from: LAchildID}, listed: {present: true}}}
`
	returns := formats(t, "cin")
	for class, refused := range map[string]bool{"ordinary": true, "quasi-identifier": true, "sensitive": true, "special-category": false, "staff": false} {
		_, err := dataset.Load(returns, fstest.MapFS{"ours.yaml": {Data: []byte(strings.Replace(own, "CLASS", class, 1))}})
		var refusal *finding.Refusal
		if errors.As(err, &refusal) != refused || err != nil && !refused {
			t.Errorf("%s: %v", class, err)
		}
	}
}
