//go:build unix

package export_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/synth"
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

// TestNobodyIsNeverHashed is trust rule 5: what identifies nobody leaves as null, with its outcome counted, and never as a code
// that would make one child of all who have none.
func TestNobodyIsNeverHashed(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, cohort(t, synth.CohortOptions{Children: 100, Seed: 11, Years: 2, Formats: []string{"ssda903"}}), extracts)
	c := newCouncil(t)
	planted := 0
	for _, tab := range c.catalogue.Tables() {
		if tab.Core() || tab.ID() == notYet {
			continue
		}
		planted += plantNobodies(t, newCanary(t, t.TempDir()), tab, filepath.Join(extracts, "2025-26"))
	}
	if planted != 11*len(nobodies()) {
		t.Fatalf("%d rows were planted", planted)
	}
	c = newCouncil(t, wideAgreement(c.catalogue, wideID, usualPeriod, "null", notYet))
	drop := c.export(t, wideID, extracts).Drop

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
		for _, column := range []string{"CHILD", "child_id", "URN", "placement_urn"} {
			for _, cell := range columnOf(t, path, column) {
				if raw, bad := hashed[cell]; bad {
					t.Errorf("%s.%s holds the code of %q, which identifies nobody", name, column, raw)
				}
			}
		}
	}
	c.countNobodies(t, drop)
}

// plantNobodies adds a good row with each cell that identifies nobody to a table's extract, in place of its child and of every other
// identifier that leaves.
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
	writeCSV(t, path, lines)
	return rows
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
		switch tab.Table {
		case "children": // a row of nobody makes no child
			if tab.Kept != all {
				t.Errorf("children: %d rows were quarantined, want %d", tab.Kept, all)
			}
			continue
		case "looked_after_episodes":
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
