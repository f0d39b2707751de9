package minimise_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/pseudonym"
)

const (
	headerLine   = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
	episodesLine = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
)

// episode is a row of a return.
func episode(child, start, end, legal string) string {
	return child + "," + start + ",S," + legal + ",N1,U3,PR1," + end + ",,,ZZ1 1AA,ZZ1 1AB,\n"
}

func header(child, sex string) string { return child + "," + sex + ",02/03/2010,WBRI,UN1,,\n" }

func reference() civil.Date { return civil.MustYMD(2026, 11, 1) }

// TestRows gives small returns and what leaves of them, row by row, with everything that is held back counted.
func TestRows(t *testing.T) {
	const (
		children = "  children:\n    child_id: {treatment: pseudonym}\n    sex: {treatment: keep}\n"
		episodes = "  looked_after_episodes:\n    child_id: {treatment: pseudonym}\n    start_date: {treatment: date, to: day}\n    end_date: {treatment: date, to: day}\n"
		since    = "  looked_after_episodes:\n    child_id: {treatment: pseudonym}\n    start_date: {treatment: days_since, event: entry}\n"
		event    = "index_events: {entry: {table: looked_after_episodes, column: start_date, pick: %s}}\n"
	)
	headers := headerLine + header("1", "1") + header("2", "2") + header("3", "1") + header("4", "")
	care := episodesLine +
		episode("1", "31/03/2020", "01/05/2020", "C1") + episode("1", "01/05/2020", "02/05/2020", "C2") +
		episode("2", "01/04/2020", "01/03/2021", "V2") + episode("3", "01/03/2019", "31/03/2020", "V2") +
		episode("UNKNOWN", "05/05/2020", "", "C1") + episode("", "06/05/2020", "", "V2") + episode("5", "07/05/2020", "", "E1")
	files := map[string]string{"2020-21/header.csv": headers, "2020-21/episodes.csv": care}
	c := catalogue(t)
	k := newKeys(t, "dsa-test")
	for _, test := range []struct {
		name     string
		terms    terms
		want     map[string][]string // "@1" is the pseudonym of child 1
		held     map[string]minimise.Held
		severity finding.Severity
	}{
		{
			name:  "everybody",
			terms: terms{tables: children + episodes},
			want: map[string][]string{
				"children":              {"@1 M", "@2 F", "@3 M", "@4 -"},
				"looked_after_episodes": {"@1 2020-05-01 2020-05-02", "@2 2020-04-01 -", "- 2020-05-05 -", "- 2020-05-06 -", "@5 2020-05-07 -"},
			},
			held: map[string]minimise.Held{
				"children": {Seen: 4}, "looked_after_episodes": {Seen: 7, OutsidePeriod: 2, Nobody: 2},
			},
			severity: finding.Warning,
		},
		{
			name:  "rows that identify nobody are kept back",
			terms: terms{tables: episodes, pseudonyms: "on_unusable: quarantine, max_unusable: 1"},
			want: map[string][]string{
				"looked_after_episodes": {"@1 2020-05-01 2020-05-02", "@2 2020-04-01 -", "@5 2020-05-07 -"},
			},
			held:     map[string]minimise.Held{"looked_after_episodes": {Seen: 7, OutsidePeriod: 2, Nobody: 2, Unusable: 2}},
			severity: finding.Quarantine,
		},
		{
			name:  "a cohort by date: children with one row for which it holds, and all of their rows",
			terms: terms{tables: children + episodes, more: "cohort: {table: looked_after_episodes, where: {start_date: {from: 2020-04-01, to: 2020-05-01}}}\n"},
			want: map[string][]string{
				"children":              {"@1 M", "@2 F"},
				"looked_after_episodes": {"@1 2020-05-01 2020-05-02", "@2 2020-04-01 -"},
			},
			held: map[string]minimise.Held{
				"children": {Seen: 4, NotInCohort: 2}, "looked_after_episodes": {Seen: 7, OutsidePeriod: 1, NotInCohort: 2, Nobody: 2, Unusable: 2},
			},
			severity: finding.Quarantine, // nobody can tell whether they are of the cohort
		},
		{
			name:  "a cohort by code and date, both of one row",
			terms: terms{tables: children, more: "cohort: {table: looked_after_episodes, where: {legal_status: {in: [V2, E1]}, start_date: {from: 2020-04-01}}}\n"},
			want:  map[string][]string{"children": {"@2 F"}},
			held:  map[string]minimise.Held{"children": {Seen: 4, NotInCohort: 3}},
		},
		{
			name:  "a cohort by a column that is empty for some",
			terms: terms{tables: children, more: "cohort: {table: looked_after_episodes, where: {end_date: {to: 2020-05-01}}}\n"},
			want:  map[string][]string{"children": {"@1 M", "@3 M"}},
			held:  map[string]minimise.Held{"children": {Seen: 4, NotInCohort: 2}},
		},
		{
			name:  "a cohort of all who have a row",
			terms: terms{tables: children, more: "cohort: {table: looked_after_episodes}\n"},
			want:  map[string][]string{"children": {"@1 M", "@2 F", "@3 M"}},
			held:  map[string]minimise.Held{"children": {Seen: 4, NotInCohort: 1}},
		},
		{
			name:  "a cohort of nobody",
			terms: terms{tables: children, more: "cohort: {table: looked_after_episodes, where: {legal_status: {in: [J1]}}}\n"},
			want:  map[string][]string{"children": nil},
			held:  map[string]minimise.Held{"children": {Seen: 4, NotInCohort: 4}},
		},
		{
			name:  "days since the earliest date, which may be before the period",
			terms: terms{tables: since, more: fmt.Sprintf(event, "earliest"), pseudonyms: "on_unusable: quarantine, max_unusable: 1"},
			want:  map[string][]string{"looked_after_episodes": {"@1 31", "@2 0", "@5 0"}},
			held:  map[string]minimise.Held{"looked_after_episodes": {Seen: 7, OutsidePeriod: 2, Nobody: 2, Unusable: 2}},

			severity: finding.Quarantine,
		},
		{
			name:     "days since the latest date, and none for nobody",
			terms:    terms{tables: since, more: fmt.Sprintf(event, "latest"), period: "2019-03-01/2021-02-28"},
			want:     map[string][]string{"looked_after_episodes": {"- -", "- -", "@1 -31", "@1 0", "@2 0", "@3 0", "@5 0"}},
			held:     map[string]minimise.Held{"looked_after_episodes": {Seen: 7, Nobody: 2}},
			severity: finding.Warning,
		},
		{
			name:  "a table of which the child does not leave",
			terms: terms{tables: "  looked_after_episodes:\n    legal_status: {treatment: keep}\n", pseudonyms: "on_unusable: quarantine, max_unusable: 1"},
			want:  map[string][]string{"looked_after_episodes": {"C2", "E1", "V2"}},
			held:  map[string]minimise.Held{"looked_after_episodes": {Seen: 7, OutsidePeriod: 2, Nobody: 2, Unusable: 2}},

			severity: finding.Quarantine,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.terms.period = orElse(test.terms.period, "2020-04-01/2021-02-28")
			r, got := all(t, c, test.terms.parse(t, c), k, reference(), put(t, files))
			for id, rows := range test.want {
				for i, row := range rows {
					if child, rest, found := strings.Cut(strings.TrimPrefix(row, "@"), " "); found && strings.HasPrefix(row, "@") {
						rows[i] = k.child(t, child) + " " + rest
					}
				}
				slices.Sort(rows)
				if have := slices.Sorted(slices.Values(got[id])); !slices.Equal(have, rows) {
					t.Errorf("%s: left\n%s\nwant\n%s", id, strings.Join(have, "\n"), strings.Join(rows, "\n"))
				}
				held := *r.held[id]
				held.Cells = nil
				if want := test.held[id]; fmt.Sprint(held) != fmt.Sprint(want) {
					t.Errorf("%s: held back %+v; want %+v", id, held, want)
				}
				if held.Seen != int64(len(got[id]))+held.NotInCohort+held.OutsidePeriod+held.Unusable {
					t.Errorf("%s: %d rows left: the account does not add up: %+v", id, len(got[id]), held)
				}
			}
			for _, f := range r.report.Findings() {
				if f.Rule != harmonise.RuleNobody || f.Severity != test.severity || f.Count != 2 || f.Place.Column != "CHILD" {
					t.Errorf("finding %v; want two rows of %s as a %s", f, harmonise.RuleNobody, test.severity)
				}
			}
		})
	}
}

// TestOutcomesAddUp: every cell that leaves has one outcome, so those of a column are as many as the rows.
func TestOutcomesAddUp(t *testing.T) {
	c := catalogue(t)
	r, got := all(t, c, terms{period: "2020-04-01/2021-02-28", tables: `  looked_after_episodes:
    child_id: {treatment: pseudonym}
    start_date: {treatment: date, to: month}
    end_date: {treatment: date, to: day}
    legal_status: {treatment: keep, codes: [C1, C2]}
    urn: {treatment: pseudonym, from: placement_urn}
    batch: {treatment: constant, value: one}
`}.parse(t, c), newKeys(t, "dsa-test"), reference(), put(t, map[string]string{"2020-21/episodes.csv": episodesLine +
		episode("1", "01/05/2020", "02/05/2020", "C1") + episode("1", "02/05/2020", "02/03/2021", "V2") + episode("NA", "03/05/2020", "", "C2")}))
	want := map[string]map[minimise.Outcome]int64{
		"child_id": {minimise.Treated: 2, "unusable: placeholder": 1}, "start_date": {minimise.Treated: 3},
		"end_date":     {minimise.Treated: 1, minimise.OutOfPeriod: 1, minimise.NoValue: 1},
		"legal_status": {minimise.Treated: 2, minimise.NotAgreed: 1}, "urn": {"unusable: missing": 3}, "batch": {minimise.Treated: 3},
	}
	cells := r.held["looked_after_episodes"].Cells
	if len(got["looked_after_episodes"]) != 3 || len(cells) != len(want) {
		t.Errorf("%d rows, outcomes of %d columns", len(got["looked_after_episodes"]), len(cells))
	}
	for name, counts := range want {
		if !maps.Equal(cells[name], counts) {
			t.Errorf("%s: %v; want %v", name, cells[name], counts)
		}
	}
}

// TestCheckUnusable holds the share to what the agreement allows, to the row.
func TestCheckUnusable(t *testing.T) {
	for _, c := range []struct {
		nobody, seen int64
		most         float64
		refused      bool
	}{
		{0, 0, 0, false}, {0, 100, 0, false}, {1, 100, 0, true}, {2, 100, 0.02, false}, {3, 100, 0.02, true},
		{29, 100, 0.29, false}, {30, 100, 0.29, true}, {57, 100, 0.57, false}, {58, 100, 0.57, true}, {1, 3, 0.3333, true},
		{100, 100, 1, false}, {20_000, 1_000_000, 0.02, false}, {20_001, 1_000_000, 0.02, true},
	} {
		err := minimise.CheckUnusable("children", c.nobody, c.seen, c.most)
		var refusal *finding.Refusal
		if refused := errors.As(err, &refusal) && refusal.Code == finding.IDPlaceholder && refusal.Hint != ""; refused != c.refused || refused != (err != nil) {
			t.Errorf("%d of %d rows where %g is allowed: %v", c.nobody, c.seen, c.most, err)
		}
	}
	// Each share of 1 to 99 in 100 is allowed exactly.
	for percent := range int64(99) {
		most := float64(percent+1) / 100
		if minimise.CheckUnusable("children", percent+1, 100, most) != nil || minimise.CheckUnusable("children", percent+2, 100, most) == nil {
			t.Errorf("%d in 100 is not told from %d in 100", percent+1, percent+2)
		}
	}
}

// TestCollisionRefusesTheTable: what would merge two children is refused when the rows are treated, too.
func TestCollisionRefusesTheTable(t *testing.T) {
	c := catalogue(t)
	a := terms{tables: "  children:\n    child_id: {treatment: pseudonym}\n  ssda903/episodes:\n    child_id: {treatment: pseudonym, from: CHILD}\n"}.parse(t, c)
	for id, collide := range map[string]bool{"A²1": true, "a21": false, "B1": false} {
		r := start(t, c, a, newKeys(t, "dsa-test"), reference(), put(t, map[string]string{
			"2020-21/header.csv": headerLine + header("A21", "1"), "2020-21/episodes.csv": episodesLine + episode(id, "01/05/2020", "", "C1"),
		}))
		r.stage(t, "children", 0)
		err := r.treat("ssda903/episodes", nothing)
		var refusal *finding.Refusal
		if got := errors.As(err, &refusal) && refusal.Code == finding.IDCollision; got != collide {
			t.Errorf("%q beside A21: %v", id, err)
		}
	}
	// One special form throughout is one child.
	k := newKeys(t, "dsa-test")
	_, got := all(t, c, a, k, reference(), put(t, map[string]string{
		"2020-21/header.csv": headerLine + header("A²1", "1"), "2020-21/episodes.csv": episodesLine + episode("A²1", "01/05/2020", "", "C1"),
	}))
	for id, rows := range got {
		if !slices.Equal(rows, []string{k.child(t, "A21")}) {
			t.Errorf("%s: %q", id, rows)
		}
	}
}

// brokenKeys have no key.
type brokenKeys struct{}

var errNoKey = errors.New("no key")

func (brokenKeys) Pseudonymiser(identifier.Kind) (*pseudonym.Pseudonymiser, error) {
	return nil, errNoKey
}

// TestCompileFails: without a key, or with other definitions than the agreement's, there is no plan.
func TestCompileFails(t *testing.T) {
	c := catalogue(t)
	a := terms{tables: "  children:\n    child_id: {treatment: pseudonym}\n    sex: {treatment: keep}\n"}.parse(t, c)
	if _, err := minimise.Compile(c, a, brokenKeys{}, reference()); !errors.Is(err, errNoKey) {
		t.Errorf("without a key: %v", err)
	}
	for name, change := range map[string]func(*agreement.Agreement){
		"a table that there is not":  func(a *agreement.Agreement) { a.Tables[0].ID = "childrens" },
		"a column that there is not": func(a *agreement.Agreement) { a.Tables[0].Columns[1].From = "gender" },
		"an identifier that is kept": func(a *agreement.Agreement) { a.Tables[0].Columns[0].Treatment.Kind = dataset.Keep },
		"a birth date to the day": func(a *agreement.Agreement) {
			a.Tables[0].Columns[1].From = "birth_date"
			a.Tables[0].Columns[1].Treatment.Kind = dataset.DateTo
		},
		"a treatment that there is not":      func(a *agreement.Agreement) { a.Tables[0].Columns[1].Treatment.Kind = "hash" },
		"a direct identifier as a pseudonym": func(a *agreement.Agreement) { a.Tables[0].ID = "ssda903/header"; a.Tables[0].Columns[0].From = "UPN" },
		"a direct identifier that is a date": func(a *agreement.Agreement) {
			a.Tables[0].ID = "ssda903/header"
			a.Tables[0].Columns[0].From = "MC_DOB"
		},
		"a postcode": func(a *agreement.Agreement) {
			a.Tables[0].ID = "ssda903/episodes"
			a.Tables[0].Columns[1].From = "HOME_POST"
		},
		"the number of a social worker": func(a *agreement.Agreement) {
			a.Tables[0].ID = "ssda903/sw_episodes"
			a.Tables[0].Columns[0].From = "SW_ID"
		},
		"a number of a column that has codes": func(a *agreement.Agreement) { a.Tables[0].Columns[1].Treatment.Kind = dataset.Band },
	} {
		changed := terms{tables: "  children:\n    child_id: {treatment: pseudonym}\n    sex: {treatment: keep}\n"}.parse(t, c)
		change(changed)
		if _, err := minimise.Compile(c, changed, newKeys(t, "dsa-test"), reference()); err == nil {
			t.Errorf("%s is compiled", name)
		}
	}
}

// TestRowsByChance draws episodes, and holds what leaves under a cohort, a period and either rule for rows that identify
// nobody to what a second reading of the agreement lets leave.
func TestRowsByChance(t *testing.T) {
	c := catalogue(t)
	r := rand.New(rand.NewPCG(9, 9))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	total := minimise.Held{}
	for round := range 40 {
		type row struct{ child, start, legal string }
		var rows []row
		text := episodesLine
		for range r.IntN(25) {
			// Two rows of one child and day would be one event that is there twice, which is not what this is about.
			one := row{pick("1", "2", "3", "4", "NONE", ""), fmt.Sprintf("%02d/0%d/2020", 1+len(rows), 1+r.IntN(9)), pick("C1", "C2", "V2")}
			rows = append(rows, one)
			text += episode(one.child, one.start, "", one.legal)
		}
		quarantine, limited := r.IntN(2) == 0, r.IntN(2) == 0
		from, to := civil.MustYMD(2020, 3, 10), civil.MustYMD(2020, 6, 20)
		a := terms{
			period: "2020-03-10/2020-06-20", pseudonyms: `on_unusable: "null", max_unusable: 1`,
			tables: "  looked_after_episodes:\n    child_id: {treatment: pseudonym}\n    start_date: {treatment: date, to: day}\n",
		}
		if quarantine {
			a.pseudonyms = "on_unusable: quarantine, max_unusable: 1"
		}
		if limited {
			a.more = "cohort: {table: looked_after_episodes, where: {legal_status: {in: [C1, V2]}, start_date: {to: 2020-04-30}}}\n"
		}
		k := newKeys(t, "dsa-test")
		run, got := all(t, c, a.parse(t, c), k, reference(), put(t, map[string]string{"2020-21/episodes.csv": text}))

		member := make(map[string]bool)
		for _, one := range rows {
			day, err := civil.ParseUK(one.start)
			if err != nil {
				t.Fatal(err)
			}
			if one.legal != "C2" && day <= civil.MustYMD(2020, 4, 30) {
				member[one.child] = true
			}
		}
		want, held := []string{}, minimise.Held{Seen: int64(len(rows))}
		for _, one := range rows {
			day, _ := civil.ParseUK(one.start)
			nobody := one.child == "" || one.child == "NONE"
			if nobody {
				held.Nobody++
			}
			switch {
			case nobody && (quarantine || limited):
				held.Unusable++
			case limited && !member[one.child]:
				held.NotInCohort++
			case day < from || day > to:
				held.OutsidePeriod++
			case nobody:
				want = append(want, "- "+day.String())
			default:
				want = append(want, k.child(t, one.child)+" "+day.String())
			}
		}
		slices.Sort(want)
		have := slices.Sorted(slices.Values(got["looked_after_episodes"]))
		if !slices.Equal(have, want) {
			t.Fatalf("round %d: left\n%s\nwant\n%s", round, strings.Join(have, "\n"), strings.Join(want, "\n"))
		}
		counted := *run.held["looked_after_episodes"]
		counted.Cells = nil
		if fmt.Sprint(counted) != fmt.Sprint(held) {
			t.Fatalf("round %d: held back %+v; want %+v", round, counted, held)
		}
		total.Nobody, total.Unusable = total.Nobody+held.Nobody, total.Unusable+held.Unusable
		total.NotInCohort, total.OutsidePeriod = total.NotInCohort+held.NotInCohort, total.OutsidePeriod+held.OutsidePeriod
	}
	if total.Nobody < 40 || total.Unusable < 20 || total.NotInCohort < 20 || total.OutsidePeriod < 40 {
		t.Errorf("too little was drawn: %+v", total)
	}
}

// TestYearOfARowWithoutDate: a row of a return that dates no event is held to the period by its collection year, of which
// some day must be in the period; a row that is brought together from several returns is of no one year.
func TestYearOfARowWithoutDate(t *testing.T) {
	c := catalogue(t)
	files := make(map[string]string)
	for _, set := range []string{"2018-19", "2019-20", "2020-21", "2021-22", "2022-23"} {
		files[set+"/header.csv"] = headerLine + header("CHILD"+set[:4], "1")
	}
	dir := put(t, files)
	for period, want := range map[string]string{
		"2019-04-01/2021-03-31": "2020 2021",
		"2020-03-31/2021-04-01": "2020 2021 2022",
		"2020-04-01/2022-03-31": "2021 2022",
		"2020-06-01/2020-06-30": "2021",
		"2016-01-01/2029-03-31": "2019 2020 2021 2022 2023",
		"2023-04-01/2029-03-31": "",
	} {
		r, rows := all(t, c, terms{
			period: period, tables: "  ssda903/header:\n    collection_year: {treatment: keep}\n  children:\n    child_id: {treatment: pseudonym}\n",
		}.parse(t, c), newKeys(t, "dsa-test"), reference(), dir)
		got := strings.Join(slices.Sorted(slices.Values(rows["ssda903/header"])), " ")
		if out := r.held["ssda903/header"].OutsidePeriod; got != want || out != int64(5-len(strings.Fields(want))) {
			t.Errorf("%s: years %q left, %d rows are outside; want %q", period, got, out, want)
		}
		if len(rows["children"]) != 5 {
			t.Errorf("%s: %d children left", period, len(rows["children"]))
		}
	}
}
