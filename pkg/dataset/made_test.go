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

// councilPeriods is a council's own table of periods.
const councilPeriods = `apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists: {}
tables:
  - name: own_periods
    meaning: One row per period
    child_id: child_id
    event_date: start_date
    one_row_per: [child_id, start_date]
    made_of: {table: looked_after_episodes, how: periods}
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, of: [child_id], meaning: Number}
      - {name: start_date, type: date, class: quasi-identifier, of: [start_date], meaning: First day}
      - {name: end_reason, type: code, codes: ssda903/rec, class: sensitive, of: [end_reason], meaning: Why it ended}
      - {name: kinship, type: boolean, class: sensitive, of: [placement_type], meaning: Kinship}
      - {name: episodes, type: integer, min: 1, max: 99, class: sensitive, of: [start_reason], meaning: Episodes}
      - {name: legal_status, type: code, codes: ssda903/ls, class: criminal-offence, of: [legal_status], meaning: Legal status}
`

func TestMadeOf(t *testing.T) {
	catalogue, err := dataset.Load(schemas.Files, fstest.MapFS{"own.yaml": {Data: []byte(councilPeriods)}})
	if err != nil {
		t.Fatal(err)
	}
	own := catalogue.Table("own_periods")
	if own.Made == nil || own.Made.Table.Name != "looked_after_episodes" || own.YearBegins != 4 || own.PerPupil() || own.PerChild() {
		t.Errorf("%+v", own)
	}
}

// TestMistakesOfMadeOf changes one thing of a sound definition at a time, and wants the problem at its place. The changed
// ones are read together, each a file and a table of its own: all mistakes of all files are told at once.
func TestMistakesOfMadeOf(t *testing.T) {
	cases := []struct {
		name, old, new string
		at, message    string // the problem is where at first stands after the change
	}{
		{"of no table", "table: looked_after_episodes", "table: looked_after", "looked_after, how", "no such core table"},
		{"of a source table", "table: looked_after_episodes", "table: ssda903/episodes", "ssda903/episodes", "no such core table"},
		{"of a table defined later", "table: looked_after_episodes", "table: own_periods", "own_periods, how", "no such core table"},
		{"of one that is made", "table: looked_after_episodes", "table: placements", "placements", "no table can be made of this one"},
		{"of a table of children", "table: looked_after_episodes", "table: children", "children, how", "no table can be made of this one"},
		{"of a table of pupils", "table: looked_after_episodes", "table: attendance", "attendance", "no table can be made of this one"},
		{"of one that lacks the columns", "table: looked_after_episodes", "table: cp_plans", "cp_plans", "lacks what this is made of"},
		{"in no way", "how: periods", "how: spells", "spells", "not one of the words"},
		{"in another way", "how: periods", "how: re_referrals", "looked_after_episodes, how", "lacks what this is made of"},
		{"with sources", "    columns:\n", "    sources: []\n    columns:\n", "sources: []", "unknown key"},
		{"an unknown key", "how: periods}", "how: periods, of: x}", "of: x", "unknown key"},
		{"no lineage", ", of: [placement_type]", "", "{name: kinship", "is missing"},
		{"an empty lineage", "of: [placement_type]", "of: []", "[]", "empty list"},
		{"a lineage of no column", "of: [placement_type]", "of: [placement_type, place]", "[placement_type, place]", "no such column"},
		{"another lineage", "of: [placement_type]", "of: [start_reason]", "[start_reason], meaning: Kinship", "told from placement_type, which is not said"},
		{"a column that is not made", "name: kinship", "name: kin", "[placement_type]", "no column of this name is made so"},
		{"a column of another way", "name: kinship, type: boolean", "name: period_start_date, type: date", "[placement_type]", "no column of this name is made so"},
		{"another type", "{name: kinship, type: boolean", "{name: kinship, type: integer, min: 0, max: 1", "[placement_type]", "made as boolean"},
		{"another code list", "codes: ssda903/rec", "codes: ssda903/rne", "[end_reason]", "has not the codes"},
		{"another identifier", "child/la-child-id", "child/upn", "[child_id], meaning", "has not the codes, or the identifier"},
		{"a weaker class of a code", "codes: ssda903/ls, class: criminal-offence", "codes: ssda903/ls, class: sensitive", "[legal_status]", "weaker class than its source"},
		{"a weaker class of a date", "type: date, class: quasi-identifier", "type: date, class: ordinary", "[start_date], meaning", "weaker class than its source"},
		{"a weaker class of a truth", "type: boolean, class: sensitive", "type: boolean, class: ordinary", "[placement_type]", "weaker class than its source"},
		{"a weaker class of a number", "max: 99, class: sensitive", "max: 99, class: ordinary", "[start_reason]", "weaker class than its source"},
		{"a treatment more", "quasi-identifier, of: [start_date]", "quasi-identifier, treatments: [date, age_years], of: [start_date]", "[start_date], meaning", "permits a treatment that its source does not"},
		{"rows told apart otherwise", "one_row_per: [child_id, start_date]", "one_row_per: [child_id]", "looked_after_episodes, how", "told apart, and dated, by the child and start_date"},
		{"dated otherwise", "    event_date: start_date\n", "", "looked_after_episodes, how", "told apart, and dated, by the child and start_date"},
		{"a lineage where nothing is made", "    made_of: {table: looked_after_episodes, how: periods}\n", "", "of: [child_id]", "unknown key"},
	}
	file := func(i int) string { return fmt.Sprintf("own%02d.yaml", i) }
	named := func(text string, i int) string {
		return strings.ReplaceAll(text, "own_periods", fmt.Sprintf("own_periods_%02d", i))
	}
	files := fstest.MapFS{"sound.yaml": {Data: []byte(councilPeriods)}}
	for i, c := range cases {
		if !strings.Contains(councilPeriods, c.old) {
			t.Fatalf("%s: the definition does not hold %q", c.name, c.old)
		}
		files[file(i)] = &fstest.MapFile{Data: []byte(named(strings.Replace(councilPeriods, c.old, c.new, 1), i))}
	}
	_, err := dataset.Load(schemas.Files, files)
	var problems document.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	if slices.ContainsFunc(problems, func(p document.Problem) bool { return p.File == "sound.yaml" }) {
		t.Errorf("the definition that nothing is wrong with has problems:\n%v", err)
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			place := placeOf(t, file(i), string(files[file(i)].Data), named(c.at, i))
			if !slices.ContainsFunc(problems, func(p document.Problem) bool {
				return strings.HasPrefix(p.String(), place) && strings.Contains(p.Message, c.message)
			}) {
				t.Errorf("no problem at %s %q among\n%v", place, c.message, problems)
			}
		})
	}
}

// TestMadeOfRaised: what a council raises in a return, or in a core table, is raised in what is made of it; and a table of
// its own that would stay below is refused.
func TestMadeOfRaised(t *testing.T) {
	for name, c := range map[string]struct {
		raised string
		want   map[string]dataset.Class // of columns of placements and looked_after_periods
	}{
		"in the return": {"table: ssda903/episodes, column: PLACE, class: special-category", map[string]dataset.Class{
			"placements.placement_type": dataset.SpecialCategory, "placements.kinship": dataset.SpecialCategory,
			"looked_after_periods.kinship": dataset.SpecialCategory, "looked_after_periods.placements": dataset.SpecialCategory,
			"looked_after_periods.reunified": dataset.Sensitive,
		}},
		"in the core table": {"table: looked_after_episodes, column: end_reason, class: direct-identifier", map[string]dataset.Class{
			"looked_after_periods.end_reason": dataset.DirectIdentifier, "looked_after_periods.reunified": dataset.DirectIdentifier,
			"placements.ended_in_reunification": dataset.DirectIdentifier, "placements.kinship": dataset.Sensitive,
		}},
		"in what is made": {"table: placements, column: kinship, class: staff", map[string]dataset.Class{
			"placements.kinship": dataset.Staff, "looked_after_periods.kinship": dataset.Sensitive,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			catalogue, err := dataset.Load(schemas.Files, fstest.MapFS{"raise.yaml": {Data: []byte(raiseFile(c.raised))}})
			if err != nil {
				t.Fatal(err)
			}
			for at, want := range c.want {
				table, column, _ := strings.Cut(at, ".")
				got := catalogue.Table(table).Column(column)
				if got.Class != want || !want.Releasable() && len(got.Treatments) > 0 {
					t.Errorf("%s is %s and permits %v, want %s", at, got.Class, got.Treatments, want)
				}
			}
		})
	}
	_, err := dataset.Load(schemas.Files, fstest.MapFS{
		"own.yaml": {Data: []byte(councilPeriods)}, "raise.yaml": {Data: []byte(raiseFile("table: looked_after_episodes, column: placement_type, class: staff"))},
	})
	var refusal *finding.Refusal
	if !errors.As(err, &refusal) || refusal.Code != finding.ClassLowered || !strings.Contains(err.Error(), "own.yaml:16:") {
		t.Errorf("a table below what was raised is taken: %v", err)
	}
}

// Shown tells which columns show cells of the table that theirs is made of.
func TestMadeOfShows(t *testing.T) {
	c := builtIn(t)
	for at, want := range map[string]string{
		"looked_after_periods.start_date": "start_date", "looked_after_periods.end_reason": "end_reason", "looked_after_periods.reunified": "",
		"looked_after_periods.episodes": "", "placements.period_start_date": "start_date", "placements.kinship": "",
		"re_referrals.days_since_closure": "closure_date referral_date", "re_referrals.within_12_months_of_referral": "", "referrals.closure_date": "",
	} {
		table, column, _ := strings.Cut(at, ".")
		if got := strings.Join(c.Table(table).Shown(c.Table(table).Column(column)), " "); got != want {
			t.Errorf("%s shows %q, want %q", at, got, want)
		}
	}
}

// TestChosenPremiums: an agreement chooses by name which columns of any_of count.
func TestChosenPremiums(t *testing.T) {
	premium := builtIn(t).Table("pupil_premium")
	f := premium.Choice("eligible")
	if f == nil || !slices.Equal(premium.Premiums(), []string{"deprivation", "service", "adopted_from_care", "looked_after"}) || premium.Choice("financial_year") != nil {
		t.Fatalf("%+v", f)
	}
	if got := f.ReadsOf([]string{"looked_after", "deprivation"}); !slices.Equal(got, []string{"DeprivationPupilPremium", "LookedAfterPremium"}) {
		t.Errorf("reads %v", got)
	}
	if got := f.Counted(nil); got != nil {
		t.Errorf("nothing chosen counts %v", got)
	}
	const own = `apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists: {}
tables:
  - name: premiums
    meaning: One row per child and year
    child_id: child_id
    one_row_per: [child_id, year]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: year, type: integer, min: 2011, max: 2100, class: ordinary, meaning: Year}
      - {name: any, type: boolean, class: sensitive, meaning: Any}
    sources:
      - table: giap/pupil_premium
        pupils: {identifiers: [UPN]}
        columns:
          year: {is: year}
          any: {any_of: {one: DeprivationPupilPremium, two: ServiceChildPremium}, choice: premiums}
`
	download := formats(t, "giap")
	for _, c := range []struct{ old, new, message string }{
		{"", "", ""},
		{", choice: premiums", "", "is missing"},
		{"choice: premiums", "choice: meals", "not one of the words"},
		{"two: ServiceChildPremium", "Two: ServiceChildPremium", "not a name in lower case"},
		{"two: ServiceChildPremium", "two: NCYear", "not of a type"},
		{", two: ServiceChildPremium", "", "any of one column"},
		{"two: ServiceChildPremium", "two: DeprivationPupilPremium", "any of one column"},
		{"any, type: boolean, class: sensitive", "any, type: boolean, class: ordinary", "weaker class"},
		{"{one: DeprivationPupilPremium, two: ServiceChildPremium}", "[DeprivationPupilPremium, ServiceChildPremium]", "unknown key"},
	} {
		_, err := dataset.Load(download, fstest.MapFS{"own.yaml": {Data: []byte(strings.Replace(own, c.old, c.new, 1))}})
		if c.message == "" && err != nil || c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)) {
			t.Errorf("%s: %v, want %q", c.new, err, c.message)
		}
	}
}
