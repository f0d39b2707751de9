package interop

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// samples are files of the Parquet writer with the cells that they hold, as CSV, "-" for a null.
const samples = "../../pkg/parquetfile/testdata/sample-*.parquet"

// TestSamples holds files of drawn tables, with every kind of column, to their cells: in their order, and found by value, for which
// DuckDB passes over row groups and pages by their statistics.
func TestSamples(t *testing.T) {
	paths, err := filepath.Glob(samples)
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d samples, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			db := open(t)
			parquet := "read_parquet('" + path + "', file_row_number=true)"
			cells := "read_csv('" + strings.TrimSuffix(path, "parquet") + "csv', all_varchar=true, nullstr='-', header=true, delim=',', quote='')"
			var pairs, columns []string
			for _, c := range texts(t, db, "SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM read_parquet('"+path+"'))") {
				column, kind, _ := strings.Cut(c, " ")
				columns = append(columns, column)
				as := column
				if kind == "DATE" {
					as = "date_diff('day', DATE '1970-01-01', " + column + ")"
				}
				pairs = append(pairs, "CAST("+as+" AS VARCHAR) AS "+column)
			}
			if len(columns) != 8 {
				t.Fatalf("columns %v", columns)
			}
			run(t, db, "CREATE TABLE got AS SELECT file_row_number AS n, "+strings.Join(pairs, ", ")+" FROM "+parquet)
			run(t, db, "CREATE TABLE want AS SELECT row_number() OVER () - 1 AS n, * FROM "+cells)
			if n := count(t, db, "SELECT count(*) FROM ((FROM got EXCEPT FROM want) UNION ALL (FROM want EXCEPT FROM got))"); n != 0 {
				t.Errorf("%d rows differ", n)
			}
			for i, column := range columns {
				found(t, db, path, column, strings.TrimSuffix(pairs[i], " AS "+column))
			}
		})
	}
}

// found looks for each value of a column by itself.
func found(t *testing.T, db *sql.DB, path, column, as string) {
	t.Helper()
	for _, value := range texts(t, db, "SELECT DISTINCT "+column+" FROM want WHERE "+column+" IS NOT NULL ORDER BY 1 LIMIT 60") {
		want := count(t, db, fmt.Sprintf("SELECT count(*) FROM want WHERE %s = '%s'", column, value))
		is := "'" + value + "'"
		if strings.Contains(as, "date_diff") {
			is = "DATE '1970-01-01' + " + value
		}
		if got := count(t, db, fmt.Sprintf("SELECT count(*) FROM read_parquet('%s') WHERE %s = %s", path, column, is)); got != want || got == 0 {
			t.Errorf("column %s: %d rows have a value that %d rows were given", column, got, want)
		}
	}
	want := count(t, db, "SELECT count(*) FROM want WHERE "+column+" IS NULL")
	if got := count(t, db, fmt.Sprintf("SELECT count(*) FROM read_parquet('%s') WHERE %s IS NULL", path, column)); got != want {
		t.Errorf("column %s: %d nulls; want %d", column, got, want)
	}
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
