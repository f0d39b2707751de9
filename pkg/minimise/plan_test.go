package minimise_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// ofReturns are the sources behind a column that are of the two returns; other tests hold those of the other formats.
func ofReturns(sources []string) []string {
	return slices.DeleteFunc(slices.Clone(sources), func(s string) bool { return !strings.HasPrefix(s, "ssda903/") && !strings.HasPrefix(s, "cin/") })
}

func nothing(*minimise.Table, *extract.Batch, *minimise.Batch) error { return nil }

// running is the running example of an agreement.
func running(t testing.TB, c *dataset.Catalogue) *agreement.Agreement {
	t.Helper()
	data, err := os.ReadFile("../../testdata/agreements/looked-after.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("family-valued-2026.yaml", data, c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func cohort(t testing.TB, children, years int) (string, synth.CohortOptions) {
	t.Helper()
	dir, opt := filepath.Join(t.TempDir(), "cohort"), synth.CohortOptions{Children: children, Years: years, Seed: 11, Formats: []string{"ssda903"}}
	if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	return dir, opt
}

// TestNothingElseIsRead: of each source table, the columns that become values in memory are exactly those that the
// agreement names, the keys and dates that rows are told apart and held to the period by, and no other.
func TestNothingElseIsRead(t *testing.T) {
	c := catalogue(t)
	dir, _ := cohort(t, 120, 4)
	for _, test := range []struct {
		name string
		a    *agreement.Agreement
		want map[string]string
	}{
		{"the running example", running(t, c), map[string]string{
			"ssda903/header": "CHILD DOB ETHNIC SEX", "ssda903/uasc": "CHILD", "ssda903/missing": "CHILD MISSING MIS_END MIS_START",
			"ssda903/episodes": "CHILD DEC DECOM LS PLACE REC RNE",
		}},
		{"two columns", terms{tables: "  children:\n    child_id: {treatment: pseudonym}\n    sex: {treatment: keep}\n"}.parse(t, c), map[string]string{"ssda903/header": "CHILD SEX"}},
		{"a column that another one is held to", terms{tables: "  ssda903/sw_episodes:\n    SW_DEC: {treatment: date, to: year}\n"}.parse(t, c), map[string]string{"ssda903/sw_episodes": "CHILD SW_DEC SW_DECOM"}},
		{"a constant", terms{tables: "  children:\n    who: {treatment: constant, value: child}\n"}.parse(t, c), map[string]string{"ssda903/header": "CHILD"}},
		{"the collection year", terms{tables: "  ssda903/oc2:\n    collection_year: {treatment: keep}\n"}.parse(t, c), map[string]string{"ssda903/oc2": "CHILD collection_year"}},
		{"a cohort and an event of other tables", terms{
			tables: "  ssda903/reviews:\n    REVIEW: {treatment: days_since, event: gone}\n",
			more:   "cohort: {table: ssda903/oc2, where: {CONVICTED: {in: [\"1\"]}}}\nindex_events: {gone: {table: ssda903/missing, column: MIS_START, pick: earliest}}\n",
		}.parse(t, c), map[string]string{"ssda903/oc2": "CHILD CONVICTED", "ssda903/missing": "CHILD MIS_START", "ssda903/reviews": "CHILD REVIEW"}},
	} {
		r, _ := all(t, c, test.a, newKeys(t, "dsa-test"), reference(), dir)
		got := make(map[string]string)
		for table, names := range r.read {
			got[table] = strings.Join(slices.Sorted(maps.Keys(names)), " ")
		}
		want := make(map[string]string)
		for table, names := range test.want { // whether a row was given in confidence is always asked
			want[table] = names + " " + dataset.InConfidence
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: read %v; want %v", test.name, got, want)
		}
	}
}

// TestPseudonyms holds every pseudonym of the running example to one made with the standard library alone; two
// agreements to sharing none; and a second run to giving the same rows.
func TestPseudonyms(t *testing.T) {
	c := catalogue(t)
	dir, opt := cohort(t, 200, 6)
	a, k := running(t, c), newKeys(t, "dsa-coventry-fv-2026")
	_, rows := all(t, c, a, k, reference(), dir)
	truth, err := synth.Truth(opt)
	if err != nil {
		t.Fatal(err)
	}
	children := make(map[string]bool)
	for child := range truth {
		children[k.child(t, child.ID)] = true
	}
	seen := make(map[string]map[string]bool)
	for id, table := range rows {
		seen[id] = make(map[string]bool)
		for _, row := range table {
			code, _, _ := strings.Cut(row, " ")
			seen[id][code] = true
			if !children[code] {
				t.Fatalf("%s has a pseudonym that no child of the returns has", id)
			}
		}
	}
	if len(seen["children"]) < 100 || len(rows["children"]) != len(seen["children"]) || len(seen["looked_after_episodes"]) != len(seen["children"]) {
		t.Errorf("%d rows of %d children, %d in episodes", len(rows["children"]), len(seen["children"]), len(seen["looked_after_episodes"]))
	}
	if _, again := all(t, c, a, k, reference(), dir); !maps.EqualFunc(again, rows, slices.Equal[[]string]) {
		t.Error("the same run again gives other rows")
	}
	// Other keys, or the same secrets in another scope: no code is shared, and everything else is.
	otherEpoch, otherAgreement, otherCouncil := *k, *k, *k
	otherEpoch.scope.Epoch, otherAgreement.scope.Agreement, otherCouncil.scope.Org = 2, "dsa-other", "332"
	for name, other := range map[string]*keys{
		"another salt": {master: k.master, salt: newKeys(t, "").salt, scope: k.scope}, "another master": {master: newKeys(t, "").master, salt: k.salt, scope: k.scope},
		"another epoch": &otherEpoch, "another agreement": &otherAgreement, "another council": &otherCouncil,
	} {
		_, theirs := all(t, c, a, other, reference(), dir)
		for id, table := range theirs {
			if !slices.Equal(withoutCodes(table), withoutCodes(rows[id])) {
				t.Errorf("%s: %s differs in more than its codes", name, id)
			}
			for _, row := range table {
				if code, _, _ := strings.Cut(row, " "); seen["children"][code] || seen["children"]["c1"+code[2:]] {
					t.Fatalf("%s: %s shares a pseudonym", name, id)
				}
			}
		}
	}
}

func withoutCodes(rows []string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		_, out[i], _ = strings.Cut(row, " ")
	}
	slices.Sort(out)
	return out
}

// TestColumns says what a plan tells of what leaves: what stands in the manifest.
func TestColumns(t *testing.T) {
	c := catalogue(t)
	a := terms{
		release: "profile: secure, quasi_identifiers: [children.ethnicity, children.child_id]",
		more:    "index_events: {entry: {table: looked_after_episodes, column: start_date, pick: earliest}}\n",
		tables: `  looked_after_episodes:
    urn: {treatment: pseudonym, from: placement_urn}
    child_id: {treatment: pseudonym}
    days: {treatment: days_since, from: start_date, event: entry}
    kin: {treatment: flag, from: placement_type, codes: [U1, U2]}
    source: {treatment: constant, value: v1}
    legal_status: {treatment: keep, codes: [V2, C1]}
  children:
    child_id: {treatment: pseudonym}
    age: {treatment: age_band, from: birth_date, bands: [0, 10]}
    ethnicity: {treatment: code_map, map: ethnicity_6}
    sex: {treatment: keep}
  ssda903/oc2:
    score: {treatment: band, from: SDQ_SCORE, edges: [14, 17]}
    checked: {treatment: code_map, from: TEETH_CHECK, codes: {"0": "n", "1": "y"}}
`}.parse(t, c)
	plan, err := minimise.Compile(c, a, newKeys(t, "dsa-test"), reference())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, table := range plan.Tables {
		got = append(got, fmt.Sprintf("%s %s child %d quasi %v per child %v", table.ID, table.FileBase(), table.Children, table.Quasi, table.PerChild()))
		for _, column := range table.Columns {
			var codes []string
			for _, code := range column.Codes {
				codes = append(codes, code.Value)
			}
			if column.Meaning == "" || !slices.IsSorted(codes) {
				t.Errorf("%s of %s: meaning %q, codes %q", column.Name, table.ID, column.Meaning, codes)
			}
			got = append(got, fmt.Sprintf("  %s %d %s%s %v %v %s %q", column.Name, column.Kind, column.Prefix, column.Class, codes, ofReturns(column.Sources), column.From, column.Treatment))
		}
	}
	want := `looked_after_episodes looked_after_episodes child 1 quasi [2] per child false
  urn 0 s1_quasi-identifier [] [ssda903/episodes.URN] placement_urn "pseudonym"
  child_id 0 c1_linkage-identifier [] [ssda903/episodes.CHILD] child_id "pseudonym"
  days 3 quasi-identifier [] [ssda903/episodes.DECOM] start_date "days since entry"
  kin 4 sensitive [] [ssda903/episodes.PLACE] placement_type "true for U1, U2"
  source 1 ordinary [v1] []  "constant"
  legal_status 1 criminal-offence [C1 V2] [ssda903/episodes.LS] legal_status "keep V2, C1"
children children child 0 quasi [1 2 3] per child true
  child_id 0 c1_linkage-identifier [] [cin/child.LAchildID ssda903/header.CHILD] child_id "pseudonym"
  age 1 quasi-identifier [00-09 10+] [cin/child.PersonBirthDate ssda903/header.DOB] birth_date "age in bands"
  ethnicity 1 special-category [asian black mixed other unknown white] [cin/child.Ethnicity ssda903/header.ETHNIC] ethnicity "codes by map ethnicity_6"
  sex 1 quasi-identifier [F M U] [cin/child.Sex cin/child.GenderCurrent ssda903/header.SEX] sex "keep"
ssda903/oc2 ssda903_oc2 child -1 quasi [] per child false
  score 1 special-category [00-13 14-16 17-40] [ssda903/oc2.SDQ_SCORE] SDQ_SCORE "number in bands"
  checked 1 special-category [n y] [ssda903/oc2.TEETH_CHECK] TEETH_CHECK "codes by the agreement's own map"`
	if strings.Join(got, "\n") != want {
		t.Errorf("the plan says\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if len(plan.Lookups) != 1 || plan.Lookups[0].Source.ID() != "looked_after_episodes" || !slices.Equal(plan.Lookups[0].Needs, []string{"child_id", "start_date"}) {
		t.Errorf("%d look-ups", len(plan.Lookups))
	}
}

// TestEveryTreatmentKeepsRawTextIn: nothing of an extract's identifiers, dates or codes that are mapped is in any text of
// a plan or of a treated row.
func TestEveryTreatmentKeepsRawTextIn(t *testing.T) {
	c := catalogue(t)
	dir := put(t, map[string]string{"2025-26/header.csv": headerLine + "RND000123456789,M,17/05/2011,MWAS,UN1,,\n",
		"2025-26/episodes.csv": episodesLine + "RND000123456789,13/08/2025,S,C1,N1,U3,PR1,,,,ZZ9 9ZZ,ZZ8 8ZZ,SC099999\n"})
	_, rows := all(t, c, terms{tables: `  children:
    child_id: {treatment: pseudonym}
    age_months: {treatment: age_months, from: birth_date}
    ethnicity: {treatment: code_map, map: ethnicity_6}
  looked_after_episodes:
    child_id: {treatment: pseudonym}
    urn: {treatment: pseudonym, from: placement_urn}
    start_date: {treatment: date, to: month}
    kinship: {treatment: flag, from: placement_type, codes: [U1, U2, U3]}
`}.parse(t, c), newKeys(t, "dsa-test"), reference(), dir)
	text := fmt.Sprint(rows)
	if !strings.Contains(text, " 185 mixed") || !strings.Contains(text, " 2025-08-01 true") {
		t.Fatalf("rows %s", text)
	}
	if raw := regexp.MustCompile(`(?i)RND|123456789|2011|MWAS|08-13|U3|099999|ZZ`).FindString(regexp.MustCompile(`[cs]1_[a-z0-9]{32}`).ReplaceAllString(text, "")); raw != "" {
		t.Errorf("%q left", raw)
	}
}

// TestBlankIsNeverHashed: a value that says that it is known, and is blank, has no pseudonym.
func TestBlankIsNeverHashed(t *testing.T) {
	c := catalogue(t)
	a := terms{tables: "  ssda903/episodes:\n    child_id: {treatment: pseudonym, from: CHILD}\n    urn: {treatment: pseudonym, from: URN}\n"}.parse(t, c)
	plan, err := minimise.Compile(c, a, newKeys(t, "dsa-test"), reference())
	if err != nil {
		t.Fatal(err)
	}
	table := plan.Tables[0]
	blank := []extract.Value{{State: extract.Known}}
	held := minimise.NewHeld()
	treated := table.NewBatch()
	err = table.Treater().Apply(treated, &extract.Batch{
		Source: &extract.Source{Table: table.Source, Year: 2021}, Rows: []int64{1},
		Columns: []extract.Column{
			{Def: table.Source.Column("CHILD"), Values: blank, Index: []uint32{0}}, {Def: table.Source.Column("URN"), Values: blank, Index: []uint32{0}},
			{Def: table.Source.Column("DECOM"), Values: []extract.Value{{}}, Index: []uint32{0}},
		},
	}, held, &finding.Report{})
	if err != nil || treated.Len() != 1 || !treated.Null(0, 0) || !treated.Null(0, 1) || held.Nobody != 1 || held.Cells["urn"][minimise.NoValue] != 1 {
		t.Errorf("%d rows, %+v, error %v", treated.Len(), held, err)
	}
}
