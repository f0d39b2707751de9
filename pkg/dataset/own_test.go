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
)

// stubCore stands for the built-in files: loading those for each mistake would cost more than it shows.
const stubCore = `apiVersion: postern/core/v1
version: 1
title: Core tables
code_lists:
  sex:
    - {code: F, meaning: Female}
    - {code: M, meaning: Male}
code_maps:
  - {name: sex, meaning: Words, to: sex, pairs: [{from: F, to: F}, {from: M, to: M}]}
links:
  - {table: first/people, child_id: CHILD, identifiers: [UPN]}
tables:
  - name: children
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: sex, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
      - {name: birth_date, type: date, class: quasi-identifier, treatments: [age_months], meaning: Birth}
      - {name: asylum, type: boolean, class: sensitive, meaning: Asylum}
    sources:
      - table: first/people
        adds: true
        columns: {child_id: {from: CHILD}, sex: {from: SEX, map: sex}}
  - name: referrals
    meaning: One row per referral
    child_id: child_id
    event_date: referral_date
    one_row_per: [child_id, referral_date]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: referral_date, type: date, class: quasi-identifier, required: true, meaning: Day}
      - {name: source, type: code, codes: first/source, class: sensitive, meaning: Who}
      - {name: nfa, type: boolean, class: sensitive, meaning: Led to nothing}
    sources:
      - table: first/people
        adds: true
        columns: {child_id: {from: CHILD}, referral_date: {from: BEGAN}}
`

const stubFormat = `apiVersion: postern/dataset/v1
format: first
version: 1
title: A built-in format
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists:
  source:
    - {code: "1", meaning: School}
    - {code: "2", meaning: Police}
tables:
  - name: people
    meaning: One row per child
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: SEX, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
      - {name: BEGAN, type: date, class: quasi-identifier, meaning: First day}
      - {name: UPN, type: identifier, identifier: child/upn, class: direct-identifier, meaning: Pupil number}
`

const ownReport = `apiVersion: postern/dataset/v1
format: early_help
version: 1
title: Early help, as the case system reports it
collection_years: {from: 2020, to: 2030}
date_formats: [DD-MM-YYYY]
code_lists:
  via:
    - {code: SCH, meaning: School}
    - {code: POL, meaning: Police}
code_maps:
  - {name: sex, meaning: Own words, to: via, pairs: [{from: SCH, to: POL}]}
  - {name: via, meaning: Who referred, to: first/source, pairs: [{from: SCH, to: "1"}, {from: POL, to: "2"}]}
tables:
  - name: rows
    meaning: One row per referral
    child_id: PersonID
    event_date: Referred
    columns:
      - {name: PersonID, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: Sex, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
      - {name: Born, type: date, dates: [YYYYMMDD, D MON YYYY], class: quasi-identifier, treatments: [age_months], meaning: Birth}
      - {name: Referred, type: date, class: quasi-identifier, meaning: Day}
      - {name: Via, type: code, codes: via, class: sensitive, meaning: Who}
      - {name: Source, type: code, codes: first/source, class: sensitive, meaning: Who}
      - {name: Nothing, type: boolean, yes_no: true, class: sensitive, meaning: Led to nothing}
      - {name: UPN, type: identifier, identifier: child/upn, class: direct-identifier, meaning: Pupil number}
      - {name: Secret, type: boolean, class: special-category, meaning: Health}
    feeds:
      - core: children
        adds: true
        columns:
          child_id: {from: PersonID}
          sex: {from: Sex}
          birth_date: {from: Born}
      - core: referrals
        adds: true
        columns:
          child_id: {from: PersonID}
          referral_date: {from: Referred}
          source: {from: Via, map: via}
          nfa: {from: Nothing}
links:
  - {table: early_help/rows, child_id: PersonID, identifiers: [UPN]}
`

func loadOwn(own map[string]string) (*dataset.Catalogue, error) {
	files := fstest.MapFS{}
	for name, text := range own {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dataset.Load(fstest.MapFS{"core.yaml": {Data: []byte(stubCore)}, "first.yaml": {Data: []byte(stubFormat)}}, files)
}

// One file in the council's folder feeds core tables, behind the built-in sources; of several files, in the order of their
// names. It links pupils, its maps go before core ones of the same name, and it is part of the digest.
func TestOwnReport(t *testing.T) {
	second := strings.NewReplacer("format: early_help", "format: second", "table: early_help/rows", "table: second/rows").Replace(ownReport)
	c, err := loadOwn(map[string]string{"b.yaml": ownReport, "a.yaml": second})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"children", "referrals"} {
		var from []string
		for _, s := range c.Table(name).Sources {
			from = append(from, s.Table)
		}
		if want := []string{"first/people", "second/rows", "early_help/rows"}; !slices.Equal(from, want) {
			t.Errorf("%s is made of %v, want %v", name, from, want)
		}
	}
	for i, want := range []string{"", dataset.LastReport, dataset.LastReport} {
		if got := c.Table("referrals").Sources[i].Last; got != want {
			t.Errorf("source %d counts as %q, want %q", i, got, want)
		}
	}
	s := &c.Table("referrals").Sources[2]
	via := s.Feed("source")
	if !s.Adds || via == nil || via.Map == nil || via.Map.Name != "early_help/via" || s.Feed("nfa").From != "Nothing" {
		t.Errorf("%+v", s)
	}
	rows := c.Table("early_help/rows")
	if born := rows.Column("Born"); !slices.Equal(born.Dates, []string{dataset.DateDigits, dataset.DateMonthName}) || rows.Column("Referred").Dates != nil {
		t.Errorf("%+v", born)
	}
	if !rows.Column("Nothing").YesNo || rows.Column("Secret").YesNo {
		t.Error("yes and no")
	}
	if list := rows.Column("Source").Codes; len(list) != 2 || list[0].Value != "1" {
		t.Errorf("a list of another format: %+v", list)
	}
	if links := c.Links(); len(links) != 3 || links[0].Table != "first/people" || links[1].Table != "second/rows" || links[2].Table != "early_help/rows" {
		t.Errorf("%+v", links)
	}
	if m := c.CodeMap("early_help/sex"); m == nil || c.CodeMap("sex") == m {
		t.Error("a map of a council's file stands for one of the core tables")
	}
	var lists []string
	for _, l := range c.CodeLists() {
		lists = append(lists, l.Name)
	}
	if want := []string{"early_help/via", "first/source", "second/via", "sex"}; !slices.Equal(lists, want) {
		t.Errorf("%v", lists)
	}
	other, err := loadOwn(map[string]string{"b.yaml": strings.Replace(ownReport, "nfa: {from: Nothing}", "nfa: {from: Nothing} ", 1), "a.yaml": second})
	if err != nil || other.Digest() == c.Digest() {
		t.Errorf("another byte, the same digest: %v", err)
	}
}

// A feed may say when its rows count.
func TestOwnReportByYear(t *testing.T) {
	for _, c := range []struct{ says, want string }{{"by_year", ""}, {"row", dataset.LastRow}, {"child", dataset.LastChild}} {
		got, err := loadOwn(map[string]string{"a.yaml": strings.Replace(ownReport, "core: referrals\n", "core: referrals\n        last: "+c.says+"\n", 1)})
		if err != nil {
			t.Fatal(err)
		}
		if last := got.Table("referrals").Sources[1].Last; last != c.want {
			t.Errorf("%s: counts as %q, want %q", c.says, last, c.want)
		}
	}
}

// A core table is named in the file that feeds it by what it is there, whatever comes first.
func TestOwnReportFeedsOwnCoreTable(t *testing.T) {
	own := `apiVersion: postern/core/v1
version: 1
title: Our own
code_lists: {}
tables:
  - name: helped
    meaning: One row per child helped
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: nothing, type: boolean, class: sensitive, meaning: Led to nothing}
    sources:
      - {table: early_help/rows, adds: true, columns: {child_id: {from: PersonID}, nothing: {from: Nothing}}}
`
	c, err := loadOwn(map[string]string{"eh.yaml": ownReport, "our-core.yaml": own})
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Table("helped").Sources; len(s) != 1 || s[0].Table != "early_help/rows" {
		t.Errorf("%+v", s)
	}
}

func TestMistakesOfOwnReports(t *testing.T) {
	for _, c := range []struct{ name, old, new, path, says string }{
		{"no such core table", "core: children", "core: kids", "tables[1].feeds[1].core", "no such core table"},
		{"a source table as core table", "core: children", "core: first/people", "tables[1].feeds[1].core", "no such core table"},
		{"no core table", "core: children\n        adds", "adds", "tables[1].feeds[1].core", "is missing"},
		{"an unknown key of a feed", "core: children\n", "core: children\n        table: first/people\n", "tables[1].feeds[1]", "unknown key"},
		{"no such turn", "core: referrals\n", "core: referrals\n        last: first\n", "tables[1].feeds[2].last", "not one of"},
		{"no columns", "core: children\n        adds: true\n        columns:\n          child_id: {from: PersonID}\n          sex: {from: Sex}\n          birth_date: {from: Born}\n", "core: children\n        adds: true\n", "tables[1].feeds[1].columns", "is missing"},
		{"an empty list of feeds", ownReport[strings.Index(ownReport, "    feeds:"):strings.Index(ownReport, "links:")], "    feeds: []\n", "tables[1].feeds", "is an empty list"},
		{"no such core column", "sex: {from: Sex}", "sexes: {from: Sex}", "tables[1].feeds[1].columns[2]", "no such column"},
		{"no such source column", "sex: {from: Sex}", "sex: {from: Sexes}", "tables[1].feeds[1].columns.sex.from", "no such column"},
		{"another type", "nfa: {from: Nothing}", "nfa: {from: Via}", "tables[1].feeds[2].columns.nfa", "not of one type"},
		{"a code without a place", "source: {from: Via, map: via}", "source: {from: Via}", "tables[1].feeds[2].columns.source", "no place"},
		{"no such map", "map: via", "map: ways", "tables[1].feeds[2].columns.source.map", "no such code map"},
		{"a key of one_row_per is not fed", "          referral_date: {from: Referred}\n", "", "tables[1].feeds[2]", "every column of one_row_per"},
		{"the child is not fed", "          child_id: {from: PersonID}\n          sex", "          sex", "tables[1].feeds[1]", "the child's identifier"},
		{"cells of a source that does not add", "core: referrals\n        adds: true", "core: referrals", "tables[1].feeds[2].columns.source", "only marks"},
		{"years that begin in another month", "date_formats: [DD-MM-YYYY]", "date_formats: [DD-MM-YYYY]\nyear_begins: september", "tables[1].feeds[1].core", "begin in another month"},
		{"a treatment that the source does not permit", "class: quasi-identifier, treatments: [age_months], meaning: Birth", "class: quasi-identifier, meaning: Birth", "tables[1].feeds[1].columns.birth_date.from", "permits a treatment"},
		{"no such list of a map", "to: first/source", "to: first/sources", "code_maps[2].to", "no such code list"},
		{"a map to a code that there is not", `{from: SCH, to: "1"}`, `{from: SCH, to: "9"}`, "code_maps[2].pairs[1]", "does not have"},
		{"a map twice", "name: via, meaning: Who referred", "name: sex, meaning: Who referred", "code_maps[2].name", "defined twice"},
		{"no such link table", "table: early_help/rows", "table: early_help/row", "links[1].table", "no such source table"},
		{"no such link column", "identifiers: [UPN]", "identifiers: [ULN]", "links[1].identifiers", "no such column"},
		{"a form of dates with a short year", "dates: [YYYYMMDD, D MON YYYY]", "dates: [DD/MM/YY]", "tables[1].columns[3].dates[1]", "not one of the words"},
		{"no forms of dates", "dates: [YYYYMMDD, D MON YYYY]", "dates: []", "tables[1].columns[3].dates", "is an empty list"},
		{"dates of a code", "codes: via, class", "codes: via, dates: [YYYYMMDD], class", "tables[1].columns[5]", "unknown key"},
		{"yes_no of a code", "codes: via, class", "codes: via, yes_no: true, class", "tables[1].columns[5]", "unknown key"},
		{"yes_no of no truth", "yes_no: true", "yes_no: both", "tables[1].columns[7].yes_no", "not true or false"},
		{"no such code list", "codes: via", "codes: ways", "tables[1].columns[5].codes", "no such code list"},
		{"no such code list of a format", "codes: first/source", "codes: first/sources", "tables[1].columns[6].codes", "no such code list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(ownReport, c.old) < 1 {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := loadOwn(map[string]string{"eh.yaml": strings.Replace(ownReport, c.old, c.new, 1)})
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v", err)
			}
			if !slices.ContainsFunc(problems, func(p document.Problem) bool {
				return p.File == "eh.yaml" && p.Line > 0 && p.Column > 0 && p.Path == c.path && strings.Contains(p.Message, c.says)
			}) {
				t.Errorf("no problem at %s that says %q among\n%v", c.path, c.says, problems)
			}
		})
	}
}

// All mistakes of a file are told at once: those of its tables and those of what they feed.
func TestOwnMistakesAtOnce(t *testing.T) {
	text := strings.NewReplacer("codes: via, class", "codes: ways, class", "map: via", "map: ways", "core: children", "core: kids", "identifiers: [UPN]", "identifiers: [ULN]").Replace(ownReport)
	_, err := loadOwn(map[string]string{"eh.yaml": text})
	var problems document.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	for _, path := range []string{"tables[1].columns[5].codes", "tables[1].feeds[1].core", "tables[1].feeds[2].columns.source.map", "links[1].identifiers"} {
		if !slices.ContainsFunc(problems, func(p document.Problem) bool { return p.Path == path }) {
			t.Errorf("nothing is told of %s:\n%v", path, problems)
		}
	}
}

// What a council's report feeds can never be of a lower class than its source.
func TestOwnReportLowersNothing(t *testing.T) {
	lower := strings.Replace(ownReport, "nfa: {from: Nothing}", "nfa: {from: Secret}", 1)
	_, err := loadOwn(map[string]string{"eh.yaml": lower})
	var refusal *finding.Refusal
	if !errors.As(err, &refusal) || refusal.Code != finding.ClassLowered || !strings.Contains(err.Error(), "tables[1].feeds[2].columns.nfa.from") ||
		!strings.Contains(finding.HintOf(err)+refusal.Hint, "raised") {
		t.Fatalf("got %v", err)
	}
	// Raised by a file of its own, the core column may be fed.
	c, err := loadOwn(map[string]string{"eh.yaml": lower, "raised.yaml": raiseFile("table: referrals, column: nfa, class: special-category")})
	if err != nil {
		t.Fatal(err)
	}
	if class := c.Table("referrals").Column("nfa").Class; class != dataset.SpecialCategory {
		t.Errorf("the class is %s", class)
	}
	// A column of the report that is raised itself feeds nothing weaker any more.
	_, err = loadOwn(map[string]string{"eh.yaml": ownReport, "raised.yaml": raiseFile("table: early_help/rows, column: Nothing, class: special-category")})
	if !errors.As(err, &refusal) || refusal.Code != finding.ClassLowered {
		t.Errorf("got %v", err)
	}
}

// The spellings that a report of a council's own has of a code list hold for every column of it.
func TestOwnReportSpellings(t *testing.T) {
	spelt := strings.Replace(ownReport, "\ntables:", "\naliases:\n  via:\n    - {code: SCH, spellings: [School]}\n\ntables:", 1)
	if spelt == ownReport {
		t.Fatal("the report has no tables")
	}
	for text, want := range map[string]bool{ownReport: false, spelt: true} {
		c, err := loadOwn(map[string]string{"a.yaml": text})
		if err != nil {
			t.Fatal(err)
		}
		aliased := 0
		for _, column := range c.Table("early_help/rows").Columns {
			if !column.Aliased() {
				continue
			}
			aliased++
			if code, known := column.Spelt("school"); !known || code != "SCH" {
				t.Errorf("%s: %q, %v", column.Name, code, known)
			}
		}
		if (aliased == 1) != want {
			t.Errorf("%d columns have spellings, want some: %v", aliased, want)
		}
	}
}
