//go:build unix

package export_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// badRows are extracts with one of each thing that is wrong with rows of children in need and of pupils.
func badRows(t *testing.T) string {
	t.Helper()
	extracts := t.TempDir()
	const assessed = "<Assessments><AssessmentActualStartDate>2025-06-02</AssessmentActualStartDate><AssessmentAuthorisationDate>2025-06-01</AssessmentAuthorisationDate></Assessments>" +
		"<Assessments><AssessmentActualStartDate>2025-07-02</AssessmentActualStartDate><AssessmentAuthorisationDate>2025-07-09</AssessmentAuthorisationDate></Assessments>"
	const born = "2015-03-27"
	writeCIN(t, extracts, 2026,
		inNeed("CHILD1", upn(1), "", born, referred("2025-05-01", assessed)), // authorised before it was begun
		inNeed("CHILD2", upn(2), "", "1066-10-14", referred("2025-05-02")),
		inNeed("CHILD3", upn(3), "", born, referred("2025-05-03")), // one number,
		inNeed("CHILD4", upn(3), "", born, referred("2025-05-04")), // two children
		inNeed("48290.0", upn(5), "", born, referred("2025-05-05")),
		inNeed("CHILD6", upn(6), "", born, referred("2025-05-06"), referred("1066-10-14")),
		inNeed("CHILD7", upn(7), upn(8), born, referred("2025-05-07")),
		inNeed("CHILD8", upn(10), "", born, referred("2025-05-08")),
	)
	const rest = "2024-Sep-03 00:00:00,"
	writeRows(t, extracts, "2025-26/autumn/roll.csv", rollHeader,
		"k1,S1,"+upn(1)+",,"+rest+"C,100.0",
		"k2,S1,"+upn(2)+",,"+rest+"C,100.0",
		"k3,S1,"+upn(3)+",,"+rest+"C,100.0", // a number of two children
		"k5,S1,"+upn(5)+",,"+rest+"C,100.0", // a number of nobody whose own number is usable
		"k6,S1,"+upn(6)+",,"+rest+"C,100.0", // on one roll,
		"k6,S2,"+upn(6)+",,"+rest+"C,100.0", // and on another
		"k7,S1,"+upn(8)+",,"+rest+"M,100.0", // by a former number, and at a second school
		"k8,S2,"+upn(8)+",,"+rest+"S,100.0",
		"k9,S1,"+upn(9)+",,"+rest+"C,100.0",  // nobody's number
		"kd,S1,"+upn(10)+",,"+rest+"C,100.0", // a key twice
		"kd,S1,"+upn(9)+",,"+rest+"C,100.0",
		"12.0,S1,"+upn(9)+",,"+rest+"C,100.0", // a float where a key should be
		"kb,S1,,UN4,"+rest+"C,100.0",
	)
	writeRows(t, extracts, "2025-26/autumn/sessions.csv", sessionHeader,
		"k1,S1,1,I,3", "k1,S1,2,,2", // a blank code
		"k2,S1,3,I,4", "k2,S1,4,O,2",
		"k3,S1,5,I,1", "k6,S1,6,I,1", "k8,S2,7,I,5", "k9,S1,8,I,1", "kd,S1,9,I,1", "kx,S9,10,I,1")
	writeRows(t, extracts, "2025-26/autumn/meals.csv", mealHeader,
		"k1,S1,1,2025-Sep-01 00:00:00,,ENG",
		"k2,S1,2,2025-Sep-01 00:00:00,2025-Aug-01 00:00:00,ENG", // ends before it starts
		"k6,S2,3,2025-Sep-01 00:00:00,,ENG",
		"k7,S1,4,1066-Oct-14 00:00:00,,ENG", "k7,S1,5,2025-Sep-01 00:00:00,,",
		"kd,S1,6,2025-Sep-01 00:00:00,,ENG")
	return extracts
}

// account is what a run record says of a table.
type account struct {
	read, left, quarantined int64
	held                    map[string]int64
	found                   map[string]int64
}

// TestBadRowsOfEveryReturn holds a run over rows that are wrong in every way that the returns know to what was counted
// by hand: each row is in one place, each has its finding, and what the wrong row would have told is null, not less.
func TestBadRowsOfEveryReturn(t *testing.T) {
	extracts := badRows(t)
	c := newCouncil(t)
	tables := []string{"assessments", "attendance", "children", "free_school_meals", "referrals"}
	c = newCouncil(t, agreementOver(c.catalogue, preamble(wideID, usualPeriod, "linkage: {pupils: 0}\n", "null"), func(tab *dataset.Table) bool {
		return slices.Contains(tables, tab.ID())
	}))
	result := c.export(t, wideID, extracts)
	rolls := map[string]int64{"PUPIL_NUMBER_SHARED": 1, "PUPIL_ON_TWO_ROLLS": 2, "PUPIL_KEY_TWICE": 1, "KEY_MALFORMED": 1}
	and := func(more map[string]int64) map[string]int64 {
		out := maps.Clone(rolls)
		maps.Copy(out, more)
		return out
	}
	want := map[string]account{
		"children":    {8, 6, 2, nil, map[string]int64{"DATE_IMPOSSIBLE": 1, "ID_UNUSABLE": 1}},
		"referrals":   {9, 8, 1, nil, map[string]int64{"DATE_IMPOSSIBLE": 1, "ID_UNUSABLE": 1}}, // leaves without its child
		"assessments": {2, 1, 1, nil, map[string]int64{"DATE_ORDER": 1}},
		"attendance": {23, 4, 9, map[string]int64{"unlinked": 5, "elsewhere": 2, "marks": 3},
			and(map[string]int64{"REQUIRED_EMPTY": 1, "PUPIL_UNKNOWN": 1, "SUM_INCOMPLETE": 1})},
		"free_school_meals": {19, 4, 8, map[string]int64{"unlinked": 4, "elsewhere": 1, "marks": 2},
			and(map[string]int64{"DATE_ORDER": 1, "DATE_IMPOSSIBLE": 1, "SUM_INCOMPLETE": 2})},
	}
	record := c.runs(t, wideID)[0]
	if len(record.Tables) != len(want) {
		t.Errorf("the run record has %d tables", len(record.Tables))
	}
	for _, tab := range record.Tables {
		got := account{tab.Read, tab.Left, tab.Kept, make(map[string]int64), make(map[string]int64)}
		for why, n := range tab.HeldBack {
			if n != 0 {
				got.held[why] = n
			}
		}
		for _, f := range tab.Findings {
			got.found[f.Rule] += f.Count
		}
		w := want[tab.Table]
		if got.read != w.read || got.left != w.left || got.quarantined != w.quarantined || !maps.Equal(got.held, w.held) || !maps.Equal(got.found, w.found) {
			t.Errorf("%s: %+v, want %+v", tab.Table, got, w)
		}
	}
	if !slices.ContainsFunc(record.Findings, func(f recordedFinding) bool { return f.Rule == "PUPIL_NUMBER_SHARED" && f.Count == 1 }) {
		t.Errorf("the shared number has no finding: %+v", record.Findings)
	}

	codes := c.pseudonyms(t, wideID, identifier.LAChildID, "CHILD1", "CHILD2", "CHILD7", "CHILD8")
	in := func(name string) map[string]map[string]string {
		return cellsOf(t, c.path("drops", result.Drop, name+".parquet"), "child_id")
	}
	attended, meals := in("attendance"), in("free_school_meals")
	for i, w := range []struct{ possible, authorised, unauthorised, eligible string }{
		{"100", "", "", "true"},   // a session row is missing
		{"100", "4", "2", ""},     // the only period is missing
		{"100", "0", "0", "true"}, // one period is missing, another makes it true
		{"100", "", "", ""},       // whose rows the key names, nobody can tell
	} {
		a, m := attended[codes[i]], meals[codes[i]]
		if a["possible"] != w.possible || a["authorised"] != w.authorised || a["unauthorised"] != w.unauthorised || m["eligible"] != w.eligible {
			t.Errorf("child %d of %d: attendance %v, meals %v; want %+v", i+1, len(codes), a, m, w)
		}
	}
	if _, empty := in("referrals")[""]; !empty {
		t.Error("the referral whose child's number is a float did not leave without it")
	}
	for _, name := range filesBelow(t, filepath.Join(c.drops())) {
		if found, err := searchFor("48290.0", upn(1), upn(8), upn(10), "CHILD1").file(filepath.Join(c.drops(), name)); err != nil || len(found) > 0 {
			t.Errorf("%s holds %v (%v)", name, found, err)
		}
	}
}

// searchFor looks for some values.
func searchFor(values ...string) *searcher {
	s := newSearcher()
	for _, value := range values {
		s.plant(value, "a value of the extracts")
	}
	return s
}
