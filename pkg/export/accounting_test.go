//go:build unix

package export_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/synth"
	"github.com/postern-gateway/postern/pkg/table"
)

// TestEveryRowIsAccountedFor adds up the run record of extracts with rows that are wrong in every way, said twice, of other
// children, of other times and of nobody: each row that stands in a file has left, is held back or is quarantined. How
// many rows there are is counted here, line by line.
func TestEveryRowIsAccountedFor(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, cohort(t, synth.CohortOptions{Children: 120, Seed: 5, Years: 3}), extracts)
	c := newCouncil(t)
	spoilRolls(t, extracts) // while every row has as many cells as its header
	newCanary(t, extracts).plantInAll(t, c.catalogue, filepath.Join(extracts, "2025-26"), 2026)
	spoilMore(t, extracts)
	const cohortOf = "cohort: {table: looked_after_episodes, where: {start_date: {from: 2019-04-01}}}\n"
	const pupils = "cohort: {table: attendance, where: {term: {in: [autumn]}}}\n" // told by links
	for _, agreed := range []struct{ id, cohort, onUnusable, period string }{
		{"dsa-trust-all", "", "null", usualPeriod},
		{"dsa-trust-some", cohortOf, "null", strings.Replace(usualPeriod, "1990-01-01", "2020-04-01", 1)},
		{"dsa-trust-pupils", pupils, "null", usualPeriod},
		{"dsa-trust-known", "", "quarantine", strings.Replace(usualPeriod, "1990-01-01", "2020-04-01", 1)},
	} {
		t.Run(agreed.id, func(t *testing.T) {
			text := wideAgreement(c.catalogue, agreed.id, agreed.period, agreed.onUnusable, notYetAny()...)
			text = strings.Replace(text, "release: {", agreed.cohort+"release: {", 1)
			c := newCouncil(t, text)
			result := c.export(t, agreed.id, extracts)
			runs := c.runs(t, agreed.id)
			record := runs[len(runs)-1]
			if len(record.Tables) != 11+9+12 { // of children looked after, of children in need, core tables
				t.Fatalf("the run record has %d tables", len(record.Tables))
			}
			files := filesOf(t, extracts)
			total := make(map[string]int64)
			for _, tab := range record.Tables {
				rows := files.feeding(c.catalogue, c.catalogue.Table(tab.Table))
				held := int64(0)
				for why, n := range tab.HeldBack {
					held += n
					total[why] += n
				}
				total["quarantined"] += tab.Kept
				if tab.Read != rows {
					t.Errorf("%s: %d rows are in the files, the run record says %d", tab.Table, rows, tab.Read)
				}
				if tab.Read != tab.Left+held+tab.Kept {
					t.Errorf("%s: %d rows read are not %d left and %d held back and %d quarantined", tab.Table, tab.Read, tab.Left, held, tab.Kept)
				}
				if left := c.rowsIn(t, result, tab.Table); tab.Left != left {
					t.Errorf("%s: %d rows are in the drop, the run record says %d", tab.Table, left, tab.Left)
				}
				if tab.Kept < 4 {
					t.Errorf("%s: only %d rows were quarantined", tab.Table, tab.Kept)
				}
				counted(t, tab.Table, tab.Findings)
			}
			if total["outside_period"] == 0 && agreed.cohort != pupils {
				t.Error("no row was outside the data period: the test has none")
			}
			for _, why := range []string{"superseded", "marks", "quarantined", "unlinked", "elsewhere"} {
				if total[why] == 0 {
					t.Errorf("no row was %s: the test has none", why)
				}
			}
			if others := total["not_in_cohort"]; (others > 0) != (agreed.cohort != "") {
				t.Errorf("%d rows were held back as of other children", others)
			}
		})
	}
}

// spoilRolls adds to the census what rows of several files make wrong together.
func spoilRolls(t *testing.T, extracts string) {
	t.Helper()
	roll := readCSV(t, filepath.Join(extracts, "2025-26", "autumn", "pupilonroll.csv"))
	cell := func(row int, name string) string { return roll[row][slices.Index(roll[0], name)] }
	with := func(row int, cells map[string]string) []string {
		out := slices.Clone(roll[row])
		for name, cell := range cells {
			out[slices.Index(roll[0], name)] = cell
		}
		return out
	}
	// A key twice, in two rows of other children; and children on a second roll, under two kinds of registration.
	more := [][]string{roll[1], with(2, map[string]string{"pupilonrolltableid": cell(3, "pupilonrolltableid"), "NativeId": cell(3, "NativeId")})}
	for row := range min(len(roll)-1, 20) {
		status := []string{"C", "M", "S", "F", ""}[row%5]
		more = append(more, with(row+1, map[string]string{"NativeId": "SCHOOL2", "enrolstatus": status}))
	}
	for name, rows := range map[string][][]string{
		"pupilonroll": more,
		// A blank code, no sessions, and a pupil of no roll.
		"termlysessiondetailsonroll": {{cell(5, "pupilonrolltableid"), cell(5, "NativeId"), "k", "1", "s", "3", ""},
			{cell(6, "pupilonrolltableid"), cell(6, "NativeId"), "k", "1", "s", "", "I"}, {"nobody", "SCHOOL3", "k", "1", "s", "3", "I"}},
		// A period that ends before it starts, one of 1066, and of a pupil of no roll.
		"fsmperiodsonroll": {{cell(7, "pupilonrolltableid"), cell(7, "NativeId"), "k", "1", "s", "2025-Jul-31 00:00:00", "2024-Jul-31 00:00:00", "ENG"},
			{cell(8, "pupilonrolltableid"), cell(8, "NativeId"), "k", "1", "s", "1066-Oct-14 00:00:00", "", "ENG"},
			{"nobody", "SCHOOL3", "k", "1", "s", "2024-Jul-31 00:00:00", "", "ENG"}},
	} {
		path := filepath.Join(extracts, "2025-26", "autumn", name+".csv")
		text := mustRead(t, path)
		width := len(strings.Split(text[:strings.IndexByte(text, '\n')], ","))
		for _, row := range rows {
			text += strings.Join(append(row, make([]string, max(0, width-len(row)))...), ",") + "\n"
		}
		mustWrite(t, path, text)
	}
}

// spoilMore adds what a single row cannot be: rows that contradict each other, that are said twice, that hold nothing.
func spoilMore(t *testing.T, extracts string) {
	t.Helper()
	add := func(name string, rows ...string) {
		path := filepath.Join(extracts, "2025-26", name)
		text := mustRead(t, path)
		wide := strings.Count(text[:strings.IndexByte(text, '\n')], ",")
		for _, row := range rows {
			text += row + strings.Repeat(",", wide-strings.Count(row, ",")) + "\n"
		}
		mustWrite(t, path, text+"\n\n") // empty lines are no rows
	}
	add("header.csv", "700001,M,02/03/2010,WBRI", "700001,M,02/03/2010,MOTH", "700001,F,02/03/2010,WBRI", // in conflict
		"700002,M,02/03/2011,WBRI", "700002,M,02/03/2011,WBRI", // the same twice
		",M,02/03/2012,WBRI", "UN3,M,02/03/2012,WBRI", "") // nobody; nothing
	add("episodes.csv", "700002,05/06/2025,S,C2,N1,U6,PR1", "700002,05/06/2025,S,C1,N1,U6,PR1", // one event twice
		"0000,05/06/2025,S,C2,N1,U6,PR1", "700002,,S,C2,N1,U6,PR1", "")
	add("missing.csv", "700009,02/03/2010,M,05/06/2025,06/06/2025", "700009,02/03/2010,M,05/06/2025,04/06/2025", "700002,02/03/2011,M,05/06/1989,")
	add("uasc.csv", "700009,M,02/03/2010,", "NULL,M,02/03/2010,")
}

// rowsIn counts the rows of a table's file in a drop.
func (c *council) rowsIn(t *testing.T, result *export.Result, id string) int64 {
	t.Helper()
	f, err := table.Open(c.path("drops", result.Drop, strings.ReplaceAll(id, "/", "_")+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	return f.Rows()
}

// counted holds the findings on the shape of rows to what was planted: rules of a cell depend on which columns are read.
func counted(t *testing.T, id string, findings []recordedFinding) {
	t.Helper()
	want := map[string]int64{"FIELD_COUNT": 2, "QUOTE_MISPLACED": 1}
	if !strings.HasPrefix(id, "ssda903/") {
		want = nil
	}
	switch id {
	case "children": // the header's and uasc's
		want = map[string]int64{"FIELD_COUNT": 4, "QUOTE_MISPLACED": 2, "ROW_EMPTY": 1, "CHILD_CONFLICT": 3}
	case "looked_after_episodes":
		want = map[string]int64{"FIELD_COUNT": 2, "QUOTE_MISPLACED": 1, "ROW_EMPTY": 1, "REQUIRED_EMPTY": 1}
	case "ssda903/header":
		want["ROW_EMPTY"] = 1
	case "ssda903/episodes":
		want["ROW_EMPTY"], want["REQUIRED_EMPTY"] = 1, 1
	case "ssda903/missing":
		want["DATE_ORDER"] = 1
	}
	got := make(map[string]int64)
	for _, f := range findings {
		got[f.Rule] += f.Count
		if f.Severity == "stop" {
			t.Errorf("%s: the finding %s stops a run, and did not", id, f.Rule)
		}
	}
	for rule, n := range want {
		if got[rule] != n {
			t.Errorf("%s: %d rows were found to break %s, want %d", id, got[rule], rule, n)
		}
	}
}
