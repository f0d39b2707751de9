package harmonise_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// registers is a register with all that can become of a row, and rows that repeat the one before.
func registers(seed uint64, rows int, more ...string) string {
	draw := rand.New(rand.NewPCG(seed, 3))
	children := []string{"51", "52", "53", "55", "77", "78", "", "", "", "1.23E+11", "UNKNOWN", " 51", "a7", "A7"}
	numbers := append(slices.Clone(upns[:]), "", "UN3", "x")
	halves, marks, days := []string{"AM", "PM", "am"}, []string{"/", `\`, "I", "i", "N", "@", "U"}, []string{"04/09/2024", "2024-09-04", "05/09/2024"}
	pick := func(list []string) string { return list[draw.IntN(len(list))] }
	var out []string
	for len(out) < rows {
		row := daily(pick(children), pick(numbers), pick(days)+" "+pick(halves)+" "+strconv.Itoa(100001+draw.IntN(2)), pick(marks))
		for range 1 + draw.IntN(3)*draw.IntN(2) {
			out = append(out, row)
		}
	}
	return lines(dailyLine, slices.Concat(out, more)...)
}

// outcome is all that is known of a table that was made.
type outcome struct {
	Rows   []string
	Tally  harmonise.Tally
	Found  []finding.Finding
	Rate   harmonise.Rate
	Trace  harmonise.Trace
	Error  string
	Has    []string
	Shared int64
}

// sideBySide makes a table from splits, or in order where there is no splitter.
func (c *council) sideBySide(t *testing.T, by *splitter, table string, raised map[string]finding.Severity, columns ...string) outcome {
	t.Helper()
	report := &finding.Report{}
	report.Raise(raised)
	in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read}
	in.Links = harmonise.NewLinks(c.catalogue.Links(), &finding.Report{})
	if err := harmonise.Make(t.Context(), in, nil, in.Links); err != nil {
		t.Fatal(err)
	}
	keep := &keeper{t: t, columns: columns}
	job := &harmonise.Job{Table: c.catalogue.Table(table), Columns: columns, Report: report}
	whole := keep.Worker().Begin(report, true)
	job.Sink = whole.Add
	if by != nil {
		in.Read, job.Workers = by.read, keep
		if by.numbers > 0 {
			dir := t.TempDir()
			in.Children.NumberAtMost(by.numbers, func() (string, error) { return dir, nil })
			defer func() {
				left, err := os.ReadDir(dir)
				if err := errors.Join(err, in.Children.Close()); err != nil {
					t.Error(err)
				}
				if gone, err := os.ReadDir(dir); err != nil || len(gone) > 0 || len(left) > 1 {
					t.Errorf("%d files, and then %d: %v", len(left), len(gone), err)
				}
			}()
		}
	}
	err := harmonise.Make(t.Context(), in, []*harmonise.Job{job}, nil)
	if by == nil {
		_ = whole.Join() // it never fails
	}
	if err == nil {
		err = in.Children.Distinct()
	}
	out := outcome{Rows: keep.rows, Tally: job.Tally, Found: report.Findings(), Trace: in.Links.Traced(table), Shared: in.Links.Shared()}
	if err != nil {
		return outcome{Error: err.Error()} // of a run that ended nothing else matters
	}
	out.Rate = in.Links.Pupils(func(uint32) bool { return true }, table)
	for _, id := range []string{"51", "52", "77", "519", "529", "A7", "A79", "779"} {
		if knows(t, in.Children, id) {
			out.Has = append(out.Has, id)
		}
	}
	return out
}

// TestSideBySide: a table whose rows are made side by side, from splits of any size, by any number of workers and with splits
// begun in the wrong place, is the one that is made in order: rows, counts, findings, and whom the links found.
func TestSideBySide(t *testing.T) {
	c := discover(t, builtIn(t), write(t, map[string]string{
		"2023-24/header.csv":      care("56,1,01/02/2012,WBRI," + upns[0] + ",,"),
		"2024-25/attendance.csv":  registers(1, 400),
		"2024-25/attendance2.csv": registers(2, 60),
	})...)
	for _, table := range []struct {
		name    string
		columns []string
	}{
		{"attendance_daily", []string{"child_id", "session_date", "session", "school_urn", "mark", "possible", "authorised"}},
		{"attendance_daily", []string{"child_id", "mark"}},
		{"attendance/daily", []string{"la_child_id", "session_date", "session", "attendance_code"}},
	} {
		for _, raised := range []map[string]finding.Severity{nil, {harmonise.RuleDailyRepeated: finding.Quarantine}} {
			want := c.sideBySide(t, nil, table.name, raised, table.columns...)
			if len(want.Rows) < 200 || want.Error != "" || table.name == "attendance_daily" && (want.Trace.Shared == 0 || want.Rate.Found != 5) { // 55 by the authority's number alone, 56 in no row
				t.Fatalf("in order: %d rows, %+v, %+v, %s", len(want.Rows), want.Trace, want.Rate, want.Error)
			}
			for n, by := range []splitter{
				{rows: 1}, {rows: 1, stock: 3, numbers: 1}, {rows: 2, stock: 50}, {rows: 7, numbers: 3}, {rows: 40, stock: 2}, {rows: 40, stock: 10, numbers: 1},
				{rows: 1000, stock: 50}, {rows: 1000, stock: 50, numbers: 1},
			} {
				for _, workers := range []int{1, 2, 16} {
					by.seed, by.workers = uint64(n), workers
					got := c.sideBySide(t, &by, table.name, raised, table.columns...)
					if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); a != b {
						t.Fatalf("%s, %d workers, %+v:\n%s\nin order:\n%s", table.name, workers, by, a, b)
					}
				}
			}
		}
	}
}

// TestSideBySideCollisions: two identifiers that become one are refused at the row that a reading in order finds, whichever
// split was worked on first; and what a split that was begun in the wrong place seemed to have is no identifier.
func TestSideBySideCollisions(t *testing.T) {
	for name, tc := range map[string]struct {
		rows    []string
		collide bool
	}{
		"plain, then folded":       {[]string{daily("C2", "", one, "/"), daily("C²", "", two, "/")}, true},
		"folded, then plain":       {[]string{daily("C²", "", one, "/"), daily("C2", "", two, "/")}, true},
		"folded in two ways":       {[]string{daily("C²", "", one, "/"), daily("C₂", "", two, "/")}, true},
		"folded in one way, twice": {[]string{daily("C²", "", one, "/"), daily("C²", "", two, "/")}, false},
	} {
		for _, between := range []int{0, 1, 30} {
			var rows []string
			for range between {
				rows = append(rows, daily("53", "", one, "/"))
			}
			text := registers(4, 50, append(append([]string{tc.rows[0]}, rows...), tc.rows[1], daily("77", "", one, "I"), tc.rows[0])...)
			c := discover(t, builtIn(t), write(t, map[string]string{"2023-24/header.csv": care(), "2024-25/attendance.csv": text})...)
			for table, columns := range map[string][]string{"attendance_daily": {"child_id", "mark"}, "attendance/daily": {"la_child_id", "session"}} {
				want := c.sideBySide(t, nil, table, nil, columns...)
				if tc.collide != (want.Error != "") {
					t.Fatalf("%s: %+v", name, want.Error)
				}
				for seed := range uint64(9) {
					by := splitter{seed: seed, workers: 3, rows: 5, stock: int(seed%2) * 50}
					if seed > 5 {
						by.numbers = 1
					}
					got := c.sideBySide(t, &by, table, nil, columns...)
					if by.numbers > 0 && strings.Contains(got.Error, "become the same child") && want.Error != "" {
						continue // the row may not be known any more
					}
					if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); a != b {
						t.Fatalf("%s, %s, %d rows between them, seed %d:\n%s\nin order:\n%s", table, name, between, seed, a, b)
					}
				}
			}
		}
	}
}

// TestNumbersFrom: values that were numbered before keep their numbers, and a collision names the row also for a value that
// came late. Any number of goroutines may ask.
func TestNumbersFrom(t *testing.T) {
	src := &extract.Source{File: "a.csv"}
	def := &dataset.Column{Name: "la_child_id"}
	known := func(text, simple string) extract.Value {
		return extract.Value{State: extract.Known, Text: text, Simple: simple}
	}
	children := harmonise.NewChildren()
	column := &extract.Column{Def: def, Values: []extract.Value{known("1", ""), {}, known("2", "")}, Index: []uint32{0, 1, 2}}
	b := &extract.Batch{Source: src, Rows: []int64{4, 5, 6}}
	numbers, err := children.NumbersOf(b, column)
	if err != nil || numbers[0] == numbers[2] || numbers[1] != harmonise.Nobody {
		t.Fatal(numbers, err)
	}
	column.Values = append(column.Values, known("1", ""), known("3", "³"))
	more, err := children.NumbersFrom(slices.Clone(numbers), b, column, 3)
	if err != nil || len(more) != 5 || !slices.Equal(more[:3], numbers) || more[3] != numbers[0] || children.Len() != 3 {
		t.Fatal(more, err)
	}
	column.Values, column.Index = append(column.Values, known("3", "")), []uint32{0, 5, 5}
	var refusal *finding.Refusal
	if _, err = children.NumbersFrom(more, b, column, 5); !errors.As(err, &refusal) || refusal.Code != finding.IDCollision ||
		refusal.Sentence != "two different identifiers become the same child after normalisation (a.csv, row 5, column la_child_id)" {
		t.Error(err)
	}
	done := make(chan []uint32)
	for worker := range 8 {
		go func() {
			var own []uint32
			column := &extract.Column{Def: def}
			for i := range 500 {
				column.Values = append(column.Values, known(strconv.Itoa(1000+(i*(worker+1))%500), ""))
				own, _ = children.NumbersFrom(own, b, column, i) // no two are one
			}
			byValue := make([]uint32, 500)
			for i, v := range column.Values {
				n, _ := strconv.Atoi(v.Text)
				byValue[n-1000] = own[i]
			}
			done <- byValue
		}()
	}
	first := <-done
	for range 7 {
		for i, n := range <-done {
			if n != 0 && first[i] != 0 && n != first[i] {
				t.Fatalf("child %d has the numbers %d and %d", i, n, first[i])
			}
		}
	}
	if children.Len() != 503 || !knows(t, children, "1499") || knows(t, children, "1500") {
		t.Error(children.Len())
	}
}

// knows reports whether somebody is one of the run's children.
func knows(t *testing.T, children *harmonise.Children, id string) bool {
	t.Helper()
	known, err := children.Among([][]byte{[]byte(id)})
	if err != nil {
		t.Fatal(err)
	}
	return known([]byte(id))
}
