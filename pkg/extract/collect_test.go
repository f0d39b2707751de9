package extract_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// periods is a table of periods, whose end has a name in files that no definition can have.
func periods() *extract.Source {
	return &extract.Source{File: "periods.csv", Year: 2025, Table: &dataset.Table{
		Format: "local", Name: "periods", DateFormats: []string{dataset.DateISO},
		Columns: []*dataset.Column{
			{Name: "KEY", Type: dataset.Key, Class: dataset.RecordIdentifier, Required: true},
			{Name: "BEGAN", Type: dataset.Date},
			{Name: "ENDED", Header: "Ended on", Type: dataset.Date, NotBefore: "BEGAN"},
		},
	}}
}

func cells(row ...string) [][]byte {
	out := make([][]byte, len(row))
	for i, c := range row {
		out[i] = []byte(c)
	}
	return out
}

// told writes the rows of a batch down.
func told(b *extract.Batch) []string {
	if b == nil {
		return nil
	}
	var out []string
	for row, number := range b.Rows {
		line := fmt.Sprint(number)
		for i := range b.Columns {
			v := b.Columns[i].At(row)
			line += fmt.Sprintf(" %d:%d%s", v.State, v.Num, v.Text)
		}
		out = append(out, line)
	}
	return out
}

func TestCollector(t *testing.T) {
	src, report := periods(), &finding.Report{}
	want := extract.NewWant(src.Table, "KEY", "ENDED") // and BEGAN, which ENDED may not precede
	c := extract.NewCollector(src, want, report)
	var sound, broken []string
	batches := 0
	d := &extract.Demand{Source: src, Want: want, Report: report, Sink: func(b *extract.Batch) error {
		batches++
		sound, broken = append(sound, told(b)...), append(broken, told(b.Broken)...)
		if b.Broken != nil && (b.Broken.Source != src || b.Broken.Broken != nil) {
			t.Error("the broken rows are not of the same source")
		}
		return nil
	}}
	if err := c.Flush(d); err != nil || batches != 0 {
		t.Fatalf("%v, %d batches of nothing", err, batches)
	}
	buffer := cells("k1", "1970-01-11", "1970-01-02")
	c.Add(1, buffer)
	for i := range buffer { // the cells are the caller's, and he uses them again
		copy(buffer[i], "xxxxxxxxxxxx")
	}
	c.Add(3, cells("k1", "", "1970-01-02"))
	c.Add(4, cells("k2", "1970-01-01", "1970-01-02")) // ends before it begins
	c.Add(5, cells("", "1970-02-30", "1970-01-02"))   // breaks two rules, and is one row
	c.Add(9, cells("k1", "1970-01-02", "1970-01-02"))
	if err := c.Flush(d); err != nil {
		t.Fatal(err)
	}
	c.Add(10, cells("k3", "", ""))
	if err := c.Flush(d); err != nil {
		t.Fatal(err)
	}
	if want := []string{"1 1:0k1 1:10 1:1", "3 1:0k1 0:0 1:1", "9 1:0k1 1:1 1:1", "10 1:0k3 0:0 0:0"}; !slices.Equal(sound, want) {
		t.Errorf("sound rows %q, want %q", sound, want)
	}
	if want := []string{"4 1:0k2 1:0 1:1", "5 0:0 0:0 1:1"}; !slices.Equal(broken, want) {
		t.Errorf("broken rows %q, want %q", broken, want)
	}
	if d.Tally != (extract.Tally{Passed: 4, Quarantined: 2}) || batches != 2 {
		t.Errorf("%+v in %d batches", d.Tally, batches)
	}
	var rules []string
	for _, f := range report.Findings() {
		rules = append(rules, fmt.Sprint(f.Rule, " ", f.Place.Column, " ", f.Rows))
	}
	slices.Sort(rules)
	if want := []string{"DATE_IMPOSSIBLE Ended on [5]", "DATE_ORDER Ended on [4]", "REQUIRED_EMPTY KEY [5]"}; !slices.Equal(rules, want) {
		t.Errorf("findings %q, want %q", rules, want)
	}
}

// Two dates are held to their order only when both are there to compare.
func TestCollectorOrdersWhatItHas(t *testing.T) {
	src := periods()
	d := &extract.Demand{Source: src, Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }}
	c := extract.NewCollector(src, extract.Want{src.Table.Column("ENDED")}, d.Report)
	c.Add(1, cells("1970-01-01"))
	if err := c.Flush(d); err != nil || d.Tally.Passed != 1 {
		t.Errorf("%v, %+v", err, d.Tally)
	}
}

// A batch is full by its rows or by its text, and the rows of the next know nothing of it.
func TestCollectorIsFull(t *testing.T) {
	src := periods()
	want := extract.NewWant(src.Table, "KEY")
	d := &extract.Demand{Source: src, Want: want, Report: &finding.Report{}}
	distinct := 0
	d.Sink = func(b *extract.Batch) error {
		distinct = len(b.Columns[0].Values)
		return nil
	}
	c := extract.NewCollector(src, want, d.Report)
	fill := func(cell func(n int) string) int {
		n := 0
		for !c.Full() {
			n++
			c.Add(int64(n), cells(cell(n)))
		}
		if err := c.Flush(d); err != nil {
			t.Fatal(err)
		}
		if c.Full() {
			t.Fatal("an empty batch is full")
		}
		return n
	}
	if n := fill(func(int) string { return "k" }); n != 1<<15 || distinct != 1 {
		t.Errorf("full after %d equal rows, %d distinct", n, distinct)
	}
	if n := fill(func(n int) string { return fmt.Sprint(n) }); n != 1<<15 || distinct != n {
		t.Errorf("full after %d rows, %d distinct", n, distinct)
	}
	if n := fill(func(n int) string { return fmt.Sprint(n) + strings.Repeat("k", 1<<20) }); n != 16 {
		t.Errorf("full after %d rows of 1 MiB", n)
	}
}

// What the sink says ends the pass.
func TestCollectorPassesOnTheSinksError(t *testing.T) {
	src, full := periods(), errors.New("no room")
	d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, "KEY"), Report: &finding.Report{}, Sink: func(*extract.Batch) error { return full }}
	c := extract.NewCollector(src, d.Want, d.Report)
	c.Add(1, cells("k"))
	if err := c.Flush(d); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// However rows fall into batches, each comes out once, sound or broken, as decoding its own cells says.
func TestCollectorAgainstRowByRow(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	values := []string{"", "k", "1970-01-01", "1970-01-02", "1970-01-03", "1970-02-30", "12.0", "\xff"}
	src := periods()
	want := extract.NewWant(src.Table, "KEY", "ENDED")
	for range 300 {
		var got, expected []string
		d := &extract.Demand{Source: src, Want: want, Report: &finding.Report{}, Sink: func(b *extract.Batch) error {
			for _, line := range told(b) {
				got = append(got, line+" sound")
			}
			for _, line := range told(b.Broken) {
				got = append(got, line+" broken")
			}
			return nil
		}}
		c := extract.NewCollector(src, want, d.Report)
		for number := range int64(random.IntN(40)) {
			row := []string{values[random.IntN(len(values))], values[random.IntN(len(values))], values[random.IntN(len(values))]}
			c.Add(number, cells(row...))
			expected = append(expected, alone(src, want, number, row))
			if random.IntN(5) == 0 {
				if err := c.Flush(d); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Flush(d); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(expected, "\n"))
		}
	}
}

// alone is what becomes of one row.
func alone(src *extract.Source, want extract.Want, number int64, row []string) string {
	line, state := fmt.Sprint(number), " sound"
	var values []extract.Value
	for i, column := range want {
		v, rule := extract.Decode(src, column, []byte(row[i]))
		if rule != "" {
			v, state = extract.Value{}, " broken"
		}
		values = append(values, v)
		line += fmt.Sprintf(" %d:%d%s", v.State, v.Num, v.Text)
	}
	if ended, began := values[1], values[2]; ended.State == extract.Known && began.State == extract.Known && ended.Num < began.Num {
		state = " broken"
	}
	return line + state
}
