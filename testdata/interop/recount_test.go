package interop

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// rows reads one kind of file of every annual set, with nothing but encoding/csv.
func rows(t *testing.T, c council, kind string) []map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.folder, "extracts", "*", kind+".csv"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d files %s.csv, %v; want ten years of them", len(paths), kind, err)
	}
	var out []map[string]string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, line := range lines[1:] {
			row := make(map[string]string)
			for i, name := range lines[0] {
				row[name] = line[i]
			}
			out = append(out, row)
		}
	}
	return out
}

func day(t *testing.T, text string) string {
	t.Helper()
	d, err := time.Parse("02/01/2006", text)
	if err != nil {
		t.Fatal("a date of the extracts is not DD/MM/YYYY")
	}
	return d.Format(time.DateOnly)
}

// expected is what the extracts hold of the agreement's children, counted without Postern.
type expected struct {
	cohort, children map[string]bool
	rows, orphans    map[string]int64 // per table of the drop; orphans are rows whose child is not in children
}

func recount(t *testing.T, c council) expected {
	t.Helper()
	e := expected{cohort: map[string]bool{}, children: map[string]bool{}, rows: map[string]int64{}, orphans: map[string]int64{}}
	episodes := rows(t, c, "episodes")
	for _, r := range episodes {
		if day(t, r["DECOM"]) >= cohortFrom {
			e.cohort[r["CHILD"]] = true
		}
	}
	for _, r := range rows(t, c, "header") {
		if e.cohort[r["CHILD"]] {
			e.children[r["CHILD"]] = true
		}
	}
	e.rows["children"] = int64(len(e.children))
	add := func(table, child, date string) {
		if !e.cohort[child] || date < cohortFrom || date > dataTo {
			return
		}
		e.rows[table]++
		if !e.children[child] {
			e.orphans[table]++
		}
	}
	seen := make(map[[2]string]bool) // an episode that is still open comes again in the next return
	for _, r := range episodes {
		if key := [2]string{r["CHILD"], r["DECOM"]}; !seen[key] {
			seen[key] = true
			add("looked_after_episodes", r["CHILD"], day(t, r["DECOM"]))
		}
	}
	for _, r := range rows(t, c, "missing") {
		add("ssda903/missing", r["CHILD"], day(t, r["MIS_START"]))
	}
	return e
}

// testRecount holds what DuckDB finds in the drop to what the extracts hold, joins included.
func testRecount(t *testing.T, db *sql.DB, c council) {
	want := recount(t, c)
	if len(want.children) < 100 || want.rows["ssda903/missing"] < 10 {
		t.Fatalf("the extracts hold %d children and %d absences: too few to tell anything", len(want.children), want.rows["ssda903/missing"])
	}
	children := c.parquet(c.manifest.Tables[0])
	for _, tab := range c.manifest.Tables {
		from := " FROM " + c.parquet(tab) + " t"
		if got := count(t, db, "SELECT count(*)"+from); got != want.rows[tab.Name] {
			t.Errorf("%s has %d rows; the extracts hold %d", tab.Name, got, want.rows[tab.Name])
		}
		orphans := count(t, db, "SELECT count(*)"+from+" ANTI JOIN "+children+" c ON t.child_id = c.child_id")
		if orphans != want.orphans[tab.Name] {
			t.Errorf("%s has %d rows without their child; the extracts hold %d", tab.Name, orphans, want.orphans[tab.Name])
		}
		joined := count(t, db, "SELECT count(*)"+from+" JOIN "+children+" c ON t.child_id = c.child_id")
		if joined+orphans != want.rows[tab.Name] {
			t.Errorf("%s joins %d rows to children, and %d to none, of %d", tab.Name, joined, orphans, want.rows[tab.Name])
		}
	}
	// Every child of this cohort is in the header, so that nothing may be without its child.
	for table, n := range want.orphans {
		if n != 0 {
			t.Errorf("the extracts hold %d rows of %s without their child", n, table)
		}
	}
	// The anti join does find what is missing.
	first := "(SELECT * FROM " + children + " ORDER BY child_id OFFSET 1)"
	if n := count(t, db, "SELECT count(*) FROM "+children+" t ANTI JOIN "+first+" c ON t.child_id = c.child_id"); n != 1 {
		t.Errorf("a child that is taken away leaves %d rows without it; want 1", n)
	}
}
