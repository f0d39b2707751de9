package synth

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
)

// ssda903Only is for tests of what SSDA903 says.
var ssda903Only = []string{SSDA903}

// record is one data row by column name.
type record map[string]string

// date reads a cell, never when it is blank.
func (r record) date(t *testing.T, column string) civil.Date {
	t.Helper()
	if r[column] == "" {
		return never
	}
	d, err := civil.ParseUK(r[column])
	if err != nil {
		t.Fatalf("column %s: %q: %v", column, r[column], err)
	}
	return d
}

// annualSet is one year's set as read back from its files.
type annualSet struct {
	year
	tables map[string][]record
	lines  map[string]string // header line
}

// byChild groups a table's rows.
func (s *annualSet) byChild(file string) map[string][]record {
	out := map[string][]record{}
	for _, r := range s.tables[file] {
		out[r["CHILD"]] = append(out[r["CHILD"]], r)
	}
	return out
}

// header is each child's Header row.
func (s *annualSet) header() map[string]record {
	out := map[string]record{}
	for _, r := range s.tables["header.csv"] {
		out[r["CHILD"]] = r
	}
	return out
}

// cohort makes a cohort and reads it back with encoding/csv, which refuses a row of another number of fields.
func cohort(t *testing.T, opt CohortOptions) ([]*annualSet, *CohortSummary, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cohort")
	summary, err := Cohort(context.Background(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(summary.Sets) {
		t.Fatalf("%d folders for %d sets", len(entries), len(summary.Sets))
	}
	var sets []*annualSet
	files := 0
	for i, e := range entries {
		if e.Name() != summary.Sets[i].Folder {
			t.Fatalf("folder %s, summary says %s", e.Name(), summary.Sets[i].Folder)
		}
		y := summary.Sets[i].Year
		s := &annualSet{
			year:   year{number: y, start: civil.MustYMD(y-1, 4, 1), end: civil.MustYMD(y, 3, 31)},
			tables: map[string][]record{}, lines: map[string]string{},
		}
		inFolder, err := os.ReadDir(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if len(inFolder) != len(summary.Sets[i].Tables) {
			t.Fatalf("%s: %d files, summary says %d", e.Name(), len(inFolder), len(summary.Sets[i].Tables))
		}
		for _, table := range summary.Sets[i].Tables {
			files++
			s.read(t, filepath.Join(dir, e.Name(), table.File), table)
		}
		sets = append(sets, s)
	}
	if files != summary.Files {
		t.Fatalf("%d files, summary says %d", files, summary.Files)
	}
	return sets, summary, dir
}

func (s *annualSet) read(t *testing.T, path string, table TableSummary) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	marked := bytes.HasPrefix(raw, []byte("\ufeff"))
	returns, lines := bytes.Count(raw, []byte("\r\n")), bytes.Count(raw, []byte("\n"))
	final := bytes.HasSuffix(raw, []byte("\n"))
	switch table.File {
	case "sw_episodes.csv":
		if !marked || returns != lines || !final {
			t.Errorf("%s: want a byte order mark and CRLF", path)
		}
	case "missing.csv":
		if marked || returns > 0 || final {
			t.Errorf("%s: want no final newline", path)
		}
	default:
		if marked || returns > 0 || !final {
			t.Errorf("%s: want plain LF lines", path)
		}
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(rows)-1) != table.Rows {
		t.Errorf("%s: %d rows, summary says %d", path, len(rows)-1, table.Rows)
	}
	s.lines[table.File] = strings.Join(rows[0], ",")
	for _, row := range rows[1:] {
		r := record{}
		for i, column := range rows[0] {
			r[column] = row[i]
		}
		s.tables[table.File] = append(s.tables[table.File], r)
	}
}
