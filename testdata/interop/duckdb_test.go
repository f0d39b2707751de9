package interop

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// count is the one number that a query gives.
func count(t *testing.T, db *sql.DB, query string) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// texts is the one column of text that a query gives.
func texts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// duckType is what DuckDB calls a type of the manifest.
func duckType(manifestType string) string {
	return map[string]string{"string": "VARCHAR", "date": "DATE", "int32": "INTEGER", "boolean": "BOOLEAN"}[manifestType]
}

// differences lists where DuckDB does not find in the files what the manifest says.
func differences(t *testing.T, db *sql.DB, c council, m manifest) []string {
	t.Helper()
	var out []string
	same := func(what string, got, want any) {
		if got != want {
			out = append(out, fmt.Sprintf("%s: DuckDB finds %v, the manifest says %v", what, got, want))
		}
	}
	for _, tab := range m.Tables {
		from := " FROM " + c.parquet(tab)
		same(tab.Name+" rows", count(t, db, "SELECT count(*)"+from), tab.Rows)
		same(tab.Name+" children", count(t, db, "SELECT count(DISTINCT "+name(tab.ChildrenColumn)+")"+from), tab.DistinctChildren)
		for _, f := range tab.Files {
			one := " FROM " + c.parquet(table{Files: []file{f}})
			same(f.Path+" rows", count(t, db, "SELECT count(*)"+one), f.Rows)
			same(f.Path+" children", count(t, db, "SELECT count(DISTINCT "+name(tab.ChildrenColumn)+")"+one), f.DistinctChildren)
		}
		var columns []string
		for _, col := range tab.Columns {
			columns = append(columns, col.Name+" "+duckType(col.Type))
		}
		read := texts(t, db, "SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT *"+from+")")
		same(tab.Name+" columns", strings.Join(read, ", "), strings.Join(columns, ", "))
		if !slices.Equal(read, columns) {
			continue // the queries below name columns that are not there
		}
		for _, col := range tab.Columns {
			nulls := count(t, db, "SELECT count(*)"+from+" WHERE "+name(col.Name)+" IS NULL")
			same(tab.Name+"."+col.Name+" nulls", nulls, col.Nulls)
			if !col.Nullable {
				same(tab.Name+"."+col.Name+" nulls, but not nullable", nulls, int64(0))
			}
			out = append(out, strangers(t, db, tab, col, from)...)
		}
	}
	return out
}

// strangers lists the strings of a column that are neither a pseudonym nor one of its codes.
func strangers(t *testing.T, db *sql.DB, tab table, col column, from string) []string {
	t.Helper()
	if col.Type != "string" {
		return nil
	}
	if col.Domain != "" {
		n := count(t, db, "SELECT count(*)"+from+" WHERE NOT regexp_full_match("+name(col.Name)+", 'c1_[0-9a-hjkmnp-tv-z]{32}')")
		if n != 0 {
			return []string{fmt.Sprintf("%s.%s: %d cells are no pseudonym", tab.Name, col.Name, n)}
		}
		return nil
	}
	var out []string
	for _, value := range texts(t, db, "SELECT DISTINCT "+name(col.Name)+from+" WHERE "+name(col.Name)+" IS NOT NULL ORDER BY 1") {
		known := false
		for _, code := range col.Codes {
			known = known || code.Code == value
		}
		if !known {
			out = append(out, fmt.Sprintf("%s.%s: a value is none of the manifest's codes", tab.Name, col.Name))
		}
	}
	return out
}

// testManifest holds the manifest to the files, and the look itself to manifests that are wrong.
func testManifest(t *testing.T, db *sql.DB, c council) {
	for _, d := range differences(t, db, c, c.manifest) {
		t.Error(d)
	}
	children := func(m *manifest) *table { return &m.Tables[0] }
	find := func(m *manifest, name string) *column {
		for i := range children(m).Columns {
			if children(m).Columns[i].Name == name {
				return &children(m).Columns[i]
			}
		}
		t.Fatalf("children has no column %s", name)
		return nil
	}
	for what, change := range map[string]func(*manifest){
		"rows":       func(m *manifest) { children(m).Rows++ },
		"children":   func(m *manifest) { children(m).DistinctChildren-- },
		"file":       func(m *manifest) { children(m).Files[0].Rows-- },
		"nulls":      func(m *manifest) { find(m, "ethnicity").Nulls++ },
		"type":       func(m *manifest) { find(m, "age_months").Type = "string" },
		"name":       func(m *manifest) { find(m, "sex").Name = "gender" },
		"codes":      func(m *manifest) { find(m, "sex").Codes = find(m, "sex").Codes[:1] },
		"no columns": func(m *manifest) { children(m).Columns = nil },
		"pseudonym":  func(m *manifest) { find(m, "sex").Domain = "child/la-child-id" },
	} {
		wrong := copyOf(t, c.manifest)
		change(&wrong)
		if len(differences(t, db, c, wrong)) == 0 {
			t.Errorf("a manifest with wrong %s is found right", what)
		}
	}
}

func copyOf(t *testing.T, m manifest) manifest {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var out manifest
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
