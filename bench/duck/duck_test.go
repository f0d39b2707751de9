package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/bench/attendance"
)

func opened(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func figured(t *testing.T, of string, files ...string) figures {
	t.Helper()
	f, err := figuresOf(opened(t), of, reference(), files)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func reference() time.Time { return time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC) }

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "extract.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func extractText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := (attendance.Extract{Order: attendance.Register, Rows: 3000, Children: 500, Seed: 9}).Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestEveryFormMakesTheSame makes the output in every form, and holds it to the extract.
func TestEveryFormMakesTheSame(t *testing.T) {
	name := written(t, extractText(t))
	want := figured(t, "extract", name)
	if want.Rows != 3000 || want.Children != 500 {
		t.Fatalf("the extract has %+v", want)
	}
	for _, form := range []string{"table", "rescan", "direct"} {
		for _, inOrder := range []bool{false, true} {
			out := filepath.Join(t.TempDir(), "output.parquet")
			steps, err := job{form: form, ordered: inOrder, reference: reference(), extract: name, output: out}.steps()
			if err != nil {
				t.Fatal(err)
			}
			db := opened(t)
			for _, q := range steps {
				if _, err := db.Exec(q); err != nil {
					t.Fatalf("%s: %v", q, err)
				}
			}
			if got := figured(t, "parquet", out); got != want {
				t.Errorf("%s, ordered %v: %+v; want %+v", form, inOrder, got, want)
			}
			var descents int
			err = db.QueryRow("SELECT count(*) FROM (SELECT child_id < lag(child_id) OVER (ORDER BY file_row_number) AS down FROM read_parquet(" + quoted(out) + ", file_row_number = true)) WHERE down").Scan(&descents)
			if err != nil || (descents == 0) != inOrder {
				t.Errorf("%s, ordered %v: the code descends %d times (%v)", form, inOrder, descents, err)
			}
		}
	}
	if _, err := (job{form: "other"}).steps(); err == nil {
		t.Error("there is a form called other")
	}
}

// TestFiguresSeeEveryChange changes one thing in an extract at a time: what no output shows must not change the figures, and
// all else must.
func TestFiguresSeeEveryChange(t *testing.T) {
	text := extractText(t)
	want := figured(t, "extract", written(t, text))
	lines := strings.SplitAfter(text, "\n")
	row := func(n, column int, cell string) string {
		changed := append([]string(nil), lines...)
		cells := strings.Split(strings.TrimSuffix(changed[n], "\n"), ",")
		cells[column] = cell
		changed[n] = strings.Join(cells, ",") + "\n"
		return strings.Join(changed, "")
	}
	first := 1
	for strings.Contains(lines[first], `"`) { // a quoted surname has a comma
		first++
	}
	other := 1
	for strings.Split(lines[other], ",")[0] == strings.Split(lines[first], ",")[0] || strings.Contains(lines[other], `"`) {
		other++
	}
	cell := func(n, column int) string { return strings.Split(strings.TrimSuffix(lines[n], "\n"), ",")[column] }
	for what, c := range map[string]struct {
		text string
		same bool
	}{
		"an upn":                 {row(first, 1, "A000000000000"), true},
		"a day of the month":     {row(first, 7, "05/09/2023"), true},
		"the order":              {lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), true},
		"a child's other number": {strings.ReplaceAll(text, cell(first, 0)+",", "C999,"), true},
		"the child of one row":   {row(first, 0, cell(other, 0)), false},
		"the school of one row":  {row(first, 6, "999999"), false},
		"a month of birth":       {row(first, 4, "01/01/2012"), false},
		"a month":                {row(first, 7, "04/10/2023"), false},
		"a session":              {row(first, 8, "XX"), false},
		"a mark":                 {row(first, 9, "Z"), false},
		"free school meals":      {row(first, 10, "-"), false},
		"pupil premium":          {row(first, 11, "-"), false},
		"ethnicity":              {row(first, 12, "-"), false},
		"gender":                 {row(first, 13, "U"), false},
		"a row less":             {lines[0] + strings.Join(lines[2:], ""), false},
		"a row twice":            {text + lines[1], false},
	} {
		if got := figured(t, "extract", written(t, c.text)); (got == want) != c.same {
			t.Errorf("with another %s the figures are the same: %v; want %v", what, got == want, c.same)
		}
	}
}
