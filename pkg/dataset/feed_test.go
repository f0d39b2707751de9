package dataset_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// councilPupils is a council's own core table over the school census, with every kind of feed that such a table has.
const councilPupils = `apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists:
  own_term:
    - {code: first, meaning: First term}
    - {code: second, meaning: Second term}
code_maps: []
links:
  - {table: cin/child, child_id: LAchildID, identifiers: [UPN]}
tables:
  - name: absences
    meaning: One row per child and term
    child_id: child_id
    event_date: day
    one_row_per: [child_id, year, term]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: year, type: integer, min: 2016, max: 2100, class: ordinary, meaning: Year}
      - {name: term, type: code, codes: own_term, class: ordinary, meaning: Term}
      - {name: day, type: date, class: ordinary, meaning: Day}
      - {name: possible, type: integer, min: 0, max: 900, class: sensitive, meaning: Possible}
      - {name: missed, type: integer, min: 0, max: 900, class: sensitive, meaning: Missed}
      - {name: meals, type: boolean, class: sensitive, meaning: Meals}
    sources:
      - table: school_census/pupilonroll
        pupils: {identifiers: [upn, formerupn], key: [NativeId, pupilonrolltableid], status: enrolstatus, held_back: [S], once: true}
        periods:
          - {census: autumn, term: first, years_back: 1}
          - {census: spring, term: second}
        columns:
          year: {is: year}
          term: {is: term}
          day: {is: census_day}
          possible: {from: termlysessionspossible}
        details:
          - table: school_census/termlysessiondetailsonroll
            key: [NativeId, pupilonrolltableid]
            columns:
              missed: {from: sessions, where: {attendancereason: [C, E]}}
          - table: school_census/fsmperiod
            key: [NativeId, pupilonrolltableid]
            columns:
              meals: {covers: {from: fsmstartdate, to: fsmenddate}, where: {ukcountry: [ENG, blank]}}
`

// TestFeedsOfPupils changes one thing of a sound definition at a time, and says the problem.
func TestFeedsOfPupils(t *testing.T) {
	returns := formats(t, "cin", "school_census", "ssda903")
	for _, tc := range []struct {
		name, old, new string
		want           []string // each in some problem; none when the definition is sound
	}{
		{"as it is", "", "", nil},
		{"no periods", "        periods:\n          - {census: autumn, term: first, years_back: 1}\n          - {census: spring, term: second}\n", "", []string{"made every term needs periods"}},
		{"a term of no list", "term: second}\n        columns", "term: third}\n        columns", []string{"no such code"}},
		{"a census of no term", "{census: spring", "{census: winter", []string{"is not one of the words"}},
		{"two years back", "years_back: 1", "years_back: 2", []string{"is not a whole number"}},
		{"no such identifier", "identifiers: [upn, formerupn]", "identifiers: [upn, oldupn]", []string{"the source table has no such column"}},
		{"an identifier that is none", "identifiers: [upn, formerupn]", "identifiers: [upn, enrolstatus]", []string{"not of a type that can stand here"}},
		{"a key that is none", "key: [NativeId, pupilonrolltableid], status", "key: [NativeId, upn], status", []string{"not of a type that can stand here"}},
		{"a shorter key", "key: [NativeId, pupilonrolltableid]\n            columns:\n              missed", "key: [NativeId]\n            columns:\n              missed", []string{"as many columns as the pupil's own row"}},
		{"a status that is no code", "status: enrolstatus", "status: upn", []string{"not of a type that can stand here"}},
		{"a status code of no list", "held_back: [S]", "held_back: [S, X]", []string{"no such code"}},
		{"the child by a cell", "          year: {is: year}", "          child_id: {from: upn}\n          year: {is: year}", []string{"a source of pupils finds it by linking"}},
		{"the year in a column of dates", "day: {is: census_day}", "day: {is: year}", []string{"does not make a value of its type"}},
		{"told of nothing", "day: {is: census_day}", "day: {is: today}", []string{"is not one of the words"}},
		{"a key column without a feed", "          term: {is: term}\n", "", []string{"must feed every column of one_row_per"}},
		{"details that say which row", "              missed: {from", "              year: {is: year}\n              missed: {from", []string{"cannot say which row they belong to"}},
		{"a condition on no column", "where: {attendancereason: [C, E]}", "where: {reason: [C, E]}", []string{"the source table has no such column"}},
		{"a condition of no code", "where: {attendancereason: [C, E]}", "where: {attendancereason: [C, C9]}", []string{"no such code"}},
		{"one code of another class", "where: {attendancereason: [C, E]}", "where: {attendancereason: [I]}", []string{"would show that code"}},
		{"a condition on a number", "where: {attendancereason: [C, E]}", "where: {sessions: [C, E]}", []string{"not of a type that can stand here"}},
		{"a weaker class", "{name: missed, type: integer, min: 0, max: 900, class: sensitive", "{name: missed, type: integer, min: 0, max: 900, class: ordinary", []string{"weaker class than its source"}},
		{"a weaker class of a truth", "{name: meals, type: boolean, class: sensitive", "{name: meals, type: boolean, class: ordinary", []string{"weaker class than its source"}},
		{"a span of no dates", "covers: {from: fsmstartdate, to: fsmenddate}", "covers: {from: ukcountry, to: fsmenddate}", []string{"not of a type that can stand here"}},
		{"a span in a number", "meals: {covers", "missed: {covers", []string{"does not make a value of its type"}},
		{"children among pupils", "details:\n", "details:\n          - {table: ssda903/uasc, key: [NativeId, NativeId], columns: {meals: {present: true}}}\n", []string{"the source table has no such column"}},
		{"a source of children beside", "    sources:\n", "    sources:\n      - table: ssda903/episodes\n        adds: true\n        columns: {child_id: {from: CHILD}, year: {from: collection_year}, term: {is: term}, day: {from: DECOM}}\n",
			[]string{"made of pupils or of children", "the return is not made every term"}},
		{"a link by no identifier", "child_id: LAchildID, identifiers", "child_id: Ethnicity, identifiers", []string{"not of a type that can stand here"}},
		{"a link by no number of the authority's", "child_id: LAchildID, identifiers", "child_id: UPN, identifiers", []string{"not the authority's own number for the child"}},
		{"a link of the authority's own numbers", "identifiers: [UPN]}\ntables", "identifiers: [UPN, LAchildID]}\ntables", []string{"says nothing of pupils"}},
		{"more links than can be told apart", "links:\n", "links:\n" + strings.Repeat("  - {table: cin/child, child_id: LAchildID, identifiers: [UPN]}\n", dataset.MaxLinks), []string{"than can be told apart"}},
		{"a link of no table", "links:\n  - {table: cin/child", "links:\n  - {table: cin/children", []string{"there is no such source table"}},
		{"an unknown key", "once: true}", "twice: true}", []string{"unknown key"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if strings.Count(councilPupils, tc.old) != 1 && tc.old != "" {
				t.Fatalf("the definition has the text to change %d times", strings.Count(councilPupils, tc.old))
			}
			text := strings.Replace(councilPupils, tc.old, tc.new, 1)
			c, err := dataset.Load(returns, fstest.MapFS{"own.yaml": {Data: []byte(text)}})
			if len(tc.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if !c.Table("absences").PerPupil() || c.Table("absences").YearBegins != 9 || len(c.Links()) != 1 {
					t.Errorf("%+v, links %v", c.Table("absences"), c.Links())
				}
				return
			}
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("%v is no list of problems", err)
			}
			for _, want := range tc.want {
				if !slices.ContainsFunc(problems, func(p document.Problem) bool {
					return strings.Contains(p.Message, want) && p.File == "own.yaml"
				}) {
					t.Errorf("no problem says %q:\n%v", want, err)
				}
			}
		})
	}
}

// TestFeedsOfChildren: a flag by codes, and a column that had another name in other years.
func TestFeedsOfChildren(t *testing.T) {
	const core = `apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists:
  own_sex: [{code: girl, meaning: Girl}, {code: boy, meaning: Boy}, {code: other, meaning: Other}]
code_maps:
  - name: own_sex
    meaning: Codes of the return
    to: own_sex
    pairs: [{from: "0", to: other}, {from: "1", to: boy}, {from: "2", to: girl}, {from: "9", to: other}, {from: F, to: girl}, {from: M, to: boy}, {from: U, to: other}]
tables:
  - name: people
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: sex, type: code, codes: own_sex, class: quasi-identifier, meaning: Sex}
      - {name: hearing, type: boolean, class: special-category, meaning: Hearing}
    sources:
      - table: cin/child
        adds: true
        columns:
          child_id: {from: LAchildID}
          sex: {from: Sex, or: GenderCurrent, map: own_sex}
      - table: cin/disabilities
        columns:
          child_id: {from: LAchildID}
          hearing: {from: Disability, false_for: [NONE, MOB]}
`
	returns := formats(t, "cin")
	for _, tc := range []struct{ name, old, new, want string }{
		{"as it is", "", "", ""},
		{"another column that is no code", "or: GenderCurrent", "or: PersonBirthDate", "not of one type"},
		{"another column of another class", "or: GenderCurrent", "or: Ethnicity", "no place in the core column"},
		{"another column that there is not", "or: GenderCurrent", "or: Gender", "the source table has no such column"},
		{"codes without a place", ", map: own_sex", "", "no place in the core column"},
		{"false for no code", "[NONE, MOB]", "[NONE, DEAF]", "no such code"},
		{"false for codes of a date", "{from: Disability, false_for: [NONE, MOB]}", "{from: LAchildID, false_for: [NONE]}", "not of a type that can stand here"},
		{"a flag of a weaker class", "hearing, type: boolean, class: special-category", "hearing, type: boolean, class: sensitive", "weaker class than its source"},
		{"a flag in a code", "hearing: {from", "sex: {from", "does not make a value of its type"},
		{"pupils without their number", "        adds: true\n", "        pupils: {identifiers: [UPN]}\n", "finds it by linking"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := dataset.Load(returns, fstest.MapFS{"own.yaml": {Data: []byte(strings.Replace(core, tc.old, tc.new, 1))}})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
