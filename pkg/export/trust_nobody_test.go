//go:build unix

package export_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/table"
)

// nobodies are cells that stand in the place of a child's identifier and identify no child, and what each turns out to be.
func nobodies() map[string]identifier.Outcome {
	out := map[string]identifier.Outcome{
		"": identifier.Missing, "   ": identifier.Missing, "\u00a0": identifier.Missing,
		"0": identifier.Placeholder, "000000": identifier.Placeholder, " 0000000 ": identifier.Placeholder,
		"NULL": identifier.Placeholder, "None": identifier.Placeholder, "n/a": identifier.Placeholder, "NA": identifier.Placeholder,
		"unknown": identifier.Placeholder, "Test": identifier.Placeholder,
		"5.1E+05": identifier.Malformed, "510000.0": identifier.Malformed, "51 0000": identifier.Malformed, "#REF!": identifier.Malformed,
	}
	for n := 1; n <= 7; n++ {
		out[fmt.Sprintf("UN%d", n)] = identifier.Unknown
	}
	return out
}

// TestNobodyIsNeverHashed is trust rule 5: what identifies nobody leaves as null, with its outcome counted, and never
// as a code that would make one child of all who have none.
func TestNobodyIsNeverHashed(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, wholeCohort(t), extracts)
	c := newCouncil(t)
	before := c.drawRun(t, extracts)
	planted := 0
	for _, tab := range c.catalogue.Tables() {
		if tab.Format == "ssda903" && tab.ID() != notYet {
			planted += plantNobodies(t, newCanary(t, t.TempDir()), tab, filepath.Join(extracts, "2025-26"))
		}
	}
	if planted != 11*len(nobodies()) {
		t.Fatalf("%d rows were planted", planted)
	}
	plantNobodiesInNeed(t, newCanary(t, t.TempDir()), c.catalogue, filepath.Join(extracts, "2025-26", "cin.xml"))
	plantNobodiesOnRolls(t, filepath.Join(extracts, "2025-26"))
	c = newCouncil(t, wideAgreement(c.catalogue, wideID, usualPeriod, "null", notYetAny()...))
	drop := c.export(t, wideID, extracts).Drop
	c.nobodyLinked(t, before)

	hashed := make(map[string]string)
	master, salt := keyFile(t, c.path("keys", "master")), keyFile(t, c.path("keys", "salts", wideID+".e1"))
	for _, kind := range []identifier.Kind{identifier.LAChildID, identifier.SchoolURN} {
		key := pseudonymKey(t, master, salt, wideID, kind)
		for raw := range nobodies() {
			for _, form := range []string{raw, strings.TrimSpace(raw), strings.ToUpper(strings.TrimSpace(raw)), strings.ToLower(raw)} {
				code := macText(key, form)
				hashed[code], hashed["s"+code[1:]] = raw, raw
			}
		}
	}
	for name := range parquets(t, c.path("drops", drop)) {
		path := c.path("drops", drop, name)
		for _, column := range []string{"CHILD", "LAchildID", "child_id", "URN", "placement_urn"} {
			for _, cell := range columnOf(t, path, column) {
				if raw, bad := hashed[cell]; bad {
					t.Errorf("%s.%s holds the code of %q, which identifies nobody", name, column, raw)
				}
			}
		}
	}
	c.countNobodies(t, drop)
}

// plantNobodies adds a good row with each cell that identifies nobody to a table's extract, in place of its child and
// of every other identifier that leaves.
func plantNobodies(t *testing.T, values *canary, tab *dataset.Table, folder string) int {
	t.Helper()
	path, lines := values.extract(t, tab, folder)
	rows := 0
	for raw := range nobodies() {
		row := make([]string, 0, len(lines[0]))
		for _, name := range lines[0] {
			column := tab.Column(name)
			switch {
			case column == nil:
				row = append(row, "")
			case column.Type == dataset.Identifier:
				row = append(row, raw)
			default:
				row = append(row, values.value(tab, column, 2026))
			}
		}
		lines = append(lines, row)
		rows++
	}
	writeCSV(t, path, ",", lines)
	return rows
}

// plantNobodiesInNeed adds a child to the CIN census for each cell that identifies nobody, with a row of every table, and
// the cell in the place of the child's identifier; and again in the place of the pupil numbers of a child who has one.
func plantNobodiesInNeed(t *testing.T, values *canary, catalogue *dataset.Catalogue, path string) {
	t.Helper()
	var all []*dataset.Table
	for _, tab := range catalogue.Tables() {
		if tab.Format == "cin" && tab.In(2026) {
			all = append(all, tab)
		}
	}
	var planted strings.Builder
	for raw := range nobodies() {
		nobody := values.child(2026, all...)
		nobody.at("ChildIdentifiers", "LAchildID").text = raw
		nobody.write(&planted)
		numberless := values.child(2026, catalogue.Table("cin/child"))
		numberless.at("ChildIdentifiers", "UPN").text = raw
		numberless.at("ChildIdentifiers", "FormerUPN").text = raw
		numberless.write(&planted)
	}
	mustWrite(t, path, strings.Replace(mustRead(t, path), "</Children>", planted.String()+"</Children>", 1))
}

// plantNobodiesOnRolls adds pupils with the same cells in the place of their numbers, who are nobody's children.
func plantNobodiesOnRolls(t *testing.T, folder string) {
	t.Helper()
	for name, delimiter := range map[string]string{"autumn/pupilonroll.csv": ",", "spring/pupilonroll.csv": ",", "pupil_premium.tab": "\t"} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		text := mustRead(t, path)
		first, rest, _ := strings.Cut(text, "\n")
		second, _, _ := strings.Cut(rest, "\n")
		header := strings.Split(first, delimiter)
		n := 0
		for raw := range nobodies() {
			n++
			row := strings.Split(second, delimiter) // one that a reader takes
			for i, heading := range header {
				switch strings.ToLower(strings.TrimPrefix(heading, "\ufeff")) {
				case "upn", "formerupn":
					row[i] = raw
				case "pupilonrolltableid":
					row[i] = fmt.Sprintf("nobody%d", n)
				}
			}
			text += strings.Join(row, delimiter) + "\n"
		}
		mustWrite(t, path, text)
	}
}

// pupilTables are those that are made of pupils' rows, and how often a run reads a row that plantNobodiesOnRolls adds:
// of the autumn's roll for each half of the summer term.
func pupilTables() map[string]int64 {
	return map[string]int64{"attendance": 3, "free_school_meals": 2, "pupil_premium": 1}
}

// drawRun makes a drop of extracts as they are, and returns what its run record says of the tables of pupils.
func (c *council) drawRun(t *testing.T, extracts string) map[string][2]int64 {
	t.Helper()
	c = newCouncil(t, wideAgreement(c.catalogue, wideID, usualPeriod, "null", notYetAny()...))
	c.export(t, wideID, extracts)
	return c.leftAndUnlinked(t)
}

func (c *council) leftAndUnlinked(t *testing.T) map[string][2]int64 {
	t.Helper()
	out := make(map[string][2]int64)
	for _, tab := range c.runs(t, wideID)[0].Tables {
		if pupilTables()[tab.Table] > 0 {
			out[tab.Table] = [2]int64{tab.Left, tab.HeldBack["unlinked"]}
		}
	}
	return out
}

// nobodyLinked holds that no pupil whose number is nobody's became a child's row, though children have the same in its
// place.
func (c *council) nobodyLinked(t *testing.T, before map[string][2]int64) {
	t.Helper()
	for id, now := range c.leftAndUnlinked(t) {
		want := [2]int64{before[id][0], before[id][1] + pupilTables()[id]*int64(len(nobodies()))}
		if now != want || before[id][0] == 0 {
			t.Errorf("%s: %d rows left and %d were unlinked, want %d and %d", id, now[0], now[1], want[0], want[1])
		}
	}
}

// countNobodies holds the run record to the number of each outcome, and the files to as many empty cells.
func (c *council) countNobodies(t *testing.T, drop string) {
	t.Helper()
	want := make(map[string]int64)
	all := int64(0)
	for _, outcome := range nobodies() {
		want["unusable: "+outcome.String()]++
		all++
	}
	runs := c.runs(t, wideID)
	for _, tab := range runs[len(runs)-1].Tables {
		column := "CHILD"
		switch {
		case tab.Table == "children": // a row of nobody makes no child, in either return, and marks none
			if tab.Kept != 2*all {
				t.Errorf("children: %d rows were quarantined, want %d", tab.Kept, 2*all)
			}
			told := int64(0)
			for _, f := range tab.Findings {
				if f.Rule == "CHILD_UNKNOWN" {
					told += f.Count
				}
			}
			if told != 2*all {
				t.Errorf("children: %d rows were found to mark nobody, want %d", told, 2*all)
			}
			continue
		case slices.Contains([]string{"looked_after_periods", "placements", "re_referrals"}, tab.Table): // of a row of nobody nothing is made
			refused := int64(0)
			for _, f := range tab.Findings {
				if f.Rule == "ID_UNUSABLE" {
					refused += f.Count
				}
			}
			if refused != all || tab.Kept < all {
				t.Errorf("%s: %d rows were found to be nobody's and %d were quarantined, want %d", tab.Table, refused, tab.Kept, all)
			}
			continue
		case slices.Contains([]string{"attendance", "free_school_meals", "pupil_premium"}, tab.Table):
			continue // see nobodyLinked
		case strings.HasPrefix(tab.Table, "cin/"):
			column = "LAchildID"
		case !strings.HasPrefix(tab.Table, "ssda903/"):
			column = "child_id"
		}
		for outcome, n := range want {
			if got := tab.Cells[column][outcome]; got != n {
				t.Errorf("%s.%s: the run record counts %d as %s, want %d", tab.Table, column, got, outcome, n)
			}
		}
		nulls := int64(0)
		f, err := table.Open(c.path("drops", drop, strings.ReplaceAll(tab.Table, "/", "_")+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Each(column, func(_ int64, v table.Value) error {
			if v.IsNull() {
				nulls++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if nulls != all {
			t.Errorf("%s.%s has %d empty cells, want %d", tab.Table, column, nulls, all)
		}
	}
}
