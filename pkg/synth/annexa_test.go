package synth

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An Annex A is of the last year alone, the same bytes each time, and another format beside it changes neither.
func TestAnnexABytes(t *testing.T) {
	made := func(formats ...string) map[string][]byte {
		dir := filepath.Join(t.TempDir(), "cohort")
		if _, err := Cohort(context.Background(), dir, CohortOptions{Children: 300, Seed: 4, Years: 3, Formats: formats}); err != nil {
			t.Fatal(err)
		}
		out := make(map[string][]byte)
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			out[filepath.ToSlash(name)], err = os.ReadFile(path)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	const name = "2025-26/annex_a.xlsx"
	alone, again, beside, returns := made(AnnexA), made(AnnexA), made(AnnexA, CIN, SSDA903), made(CIN, SSDA903)
	if len(alone) != 1 || len(alone[name]) == 0 || !bytes.Equal(alone[name], again[name]) || !bytes.Equal(alone[name], beside[name]) {
		t.Errorf("%d files, %d bytes, %d again, %d beside the returns", len(alone), len(alone[name]), len(again[name]), len(beside[name]))
	}
	for file, data := range returns {
		if !bytes.Equal(data, beside[file]) {
			t.Errorf("%s is other bytes beside an Annex A", file)
		}
	}
	if len(beside) != len(returns)+1 {
		t.Errorf("%d files, and %d without the form", len(beside), len(returns))
	}
}

// Every list has its header, and what the truth says of a child is within the months that the lists look back.
func TestAnnexATruth(t *testing.T) {
	for list := 1; list <= annexLists; list++ {
		if headers := annexHeaders(list); len(headers) < 7 || strings.Contains(strings.Join(headers, ""), "|") {
			t.Errorf("list %d has the headers %q", list, headers)
		}
	}
	truth, err := Truth(CohortOptions{Children: 2000, Seed: 4, Years: 3, Formats: []string{AnnexA}})
	if err != nil {
		t.Fatal(err)
	}
	rows, none := make(map[string]int), 0
	for c := range truth {
		if !c.AnnexA.Listed {
			none++
		}
		for _, table := range CoreTables() {
			for _, row := range c.AnnexARows(table) {
				rows[table]++
				if len(row) != len(CoreColumns(table)) {
					t.Fatalf("%s has a row of %d cells", table, len(row))
				}
				if table == "referrals" && (row[1] < "2025-04-01" || row[1] > "2026-03-31") {
					t.Errorf("a referral of %s", row[1])
				}
			}
		}
		for _, e := range c.AnnexA.Care {
			if e.Ended && e.End.String() < "2025-10-01" {
				t.Errorf("care that ended on %s", e.End)
			}
		}
	}
	for _, table := range []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes"} {
		if rows[table] < 20 {
			t.Errorf("%s has %d rows", table, rows[table])
		}
	}
	if none < 100 {
		t.Errorf("only %d children are in none of the lists", none)
	}
}
