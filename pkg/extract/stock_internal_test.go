package extract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// register is a table of registers, some of whose rows are given in confidence.
func register() *Source {
	return &Source{File: "register.csv", Year: 2024, Table: &dataset.Table{
		Format: "local", Name: "register", DateFormats: []string{dataset.DateISO, dataset.DateUK}, InConfidence: "secret",
		Columns: []*dataset.Column{
			{Name: "key", Type: dataset.Key, Required: true},
			{Name: "began", Type: dataset.Date},
			{Name: "ended", Type: dataset.Date, NotBefore: "began"},
			{Name: "secret", Type: dataset.Boolean},
			{Name: "lacking", Type: dataset.Integer, Min: 0, Max: 9},
		},
	}}
}

// rowsOf writes rows down.
func rowsOf(b *Batch) []string {
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

// all is what comes out of a file: rows in their parts, and all that is told.
type all struct {
	sound, broken, secret []string
	tally                 Tally
	findings              string
}

func (a *all) add(b *Batch) error {
	a.sound = append(a.sound, rowsOf(b)...)
	a.broken = append(a.broken, rowsOf(b.Broken)...)
	a.secret = append(a.secret, rowsOf(b.Confidential)...)
	return nil
}

// spansOf writes rows as a splitter has them: column by column, and nothing for columns that no row has.
func spansOf(rows [][]string, columns int) (text []byte, cells [][]Span) {
	cells = make([][]Span, columns)
	for _, row := range rows {
		for i, cell := range row {
			cells[i] = append(cells[i], Span{uint32(len(text)), uint32(len(cell))})
			text = append(text, cell...)
			text = append(text, ',')
		}
	}
	return append(text, make([]byte, slack)...)[:len(text)], cells
}

// Wherever a file is cut, however many collectors share its splits and however soon their stocks end: what comes out is
// what comes of it row by row in one batch, the forms of its dates included.
func TestStocksAndSplitsDoNotShow(t *testing.T) {
	random := rand.New(rand.NewPCG(41, 42))
	src := register()
	want := Want(src.Table.Columns)
	days := []string{"", "2023-09-04", "2023-09-05", "2023-02-30", "04/09/2023"}
	for round := range 300 {
		rows, numbers := make([][]string, random.IntN(60)), []int64(nil)
		forms := 1 + random.IntN(len(days)) // in most rounds all dates are in one form
		for i := range rows {
			rows[i] = []string{fmt.Sprintf("key %d", random.IntN(30)), days[random.IntN(forms)], days[random.IntN(forms)], []string{"", "0", "1", "?"}[random.IntN(1+round%4)]}
			numbers = append(numbers, int64(i+1))
		}
		confidential := random.IntN(4) == 0

		var one all
		report := &finding.Report{}
		plain := NewCollector(src, want, report)
		for i, row := range rows {
			cells := [][]byte{nil, nil, nil, nil, nil}
			for at, cell := range row {
				cells[at] = []byte(cell)
			}
			plain.Add(numbers[i], cells)
		}
		if err := plain.FlushTo(one.add, confidential, &one.tally); err != nil {
			t.Fatal(err)
		}
		one.findings = fmt.Sprint(report.Findings())

		var split all
		whole := &finding.Report{}
		joined := NewCollector(src, want, whole)
		workers := []*Collector{NewCollector(src, want, nil), NewCollector(src, want, nil), NewCollector(src, want, nil)}
		for i, w := range workers {
			w.Keep(1 + i*i*i)
		}
		for from := 0; from < len(rows); {
			w := workers[random.IntN(len(workers))]
			part := whole.Apart()
			if random.IntN(5) == 0 { // a split that turns out to begin wrongly
				w.Begin(part)
				text, cells := spansOf(rows[:3%len(rows)], len(want))
				w.Take(numbers[:3%len(rows)], text, cells)
				part = whole.Apart()
			}
			w.Begin(part)
			to := from
			for range 1 + random.IntN(3) {
				next := min(len(rows), to+random.IntN(8))
				text, cells := spansOf(rows[to:next], len(want))
				w.Take(numbers[:next-to], text, cells) // counted from the first of the batch
				for i := range w.numbers {
					w.numbers[i] = int64(from + i + 1)
				}
				to = next
			}
			if err := w.FlushTo(split.add, confidential, &split.tally); err != nil {
				t.Fatal(err)
			}
			whole.Join(part, 0)
			joined.JoinForms(w.Forms())
			from = to
		}
		split.findings = fmt.Sprint(whole.Findings())
		if fmt.Sprint(one) != fmt.Sprint(split) {
			t.Fatalf("in one piece\n%+v\nin splits\n%+v", one, split)
		}
	}
}

// Columns of one stock have the same values, the later one perhaps more; a stock ends when it is full.
func TestStock(t *testing.T) {
	src := register()
	c := NewCollector(src, Want(src.Table.Columns), &finding.Report{})
	c.Keep(3)
	var stocks []*Stock
	var values [][]string
	for batch := range 6 {
		rows := [][]string{{fmt.Sprint("key ", batch), "2023-09-04"}, {fmt.Sprint("key ", batch/2), ""}}
		text, cells := spansOf(rows, 5)
		c.Take([]int64{1, 2}, text, cells)
		if err := c.FlushTo(func(b *Batch) error {
			stocks = append(stocks, b.Columns[0].Stock, b.Columns[1].Stock)
			var texts []string
			for _, v := range b.Columns[0].Values {
				texts = append(texts, v.Text)
			}
			values = append(values, texts)
			return nil
		}, false, &Tally{}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "[[key 0] [key 0 key 1] [key 0 key 1 key 2] [key 0 key 1 key 2 key 3] [key 4 key 2] [key 4 key 2 key 5]]"; fmt.Sprint(values) != want {
		t.Errorf("values %v, want %v", values, want)
	}
	for batch, same := range []bool{0: true, 1: true, 2: true, 3: true, 4: false, 5: false} {
		if (stocks[2*batch] == stocks[0]) != same {
			t.Errorf("batch %d: the stock of the first column is the same as that of the first batch: %v", batch, !same)
		}
		if stocks[2*batch] == nil || stocks[2*batch+1] != stocks[1] || stocks[2*batch] == stocks[1] {
			t.Errorf("batch %d: the second column's stock is that of all batches, and no other's", batch)
		}
	}
	if stocks[8] != stocks[10] {
		t.Error("the second stock did not outlive a batch")
	}
}

// A stock ends by its text as well as by its cells.
func TestStockOfLongCellsEnds(t *testing.T) {
	src := register()
	c := NewCollector(src, Want{src.Table.Column("lacking")}, &finding.Report{})
	const most = 1 << 10
	c.Keep(most)
	first := c.columns[0].stock
	for i := range 20 {
		cell := slices.Repeat([]byte{byte('a' + i)}, most*stockBytes/16)
		c.Add(1, [][]byte{cell})
		if err := c.FlushTo(func(*Batch) error { return nil }, false, &Tally{}); err != nil {
			t.Fatal(err)
		}
	}
	if c.columns[0].stock == first || c.columns[0].cells.Size() > most*stockBytes {
		t.Errorf("%d bytes in the first stock", c.columns[0].cells.Size())
	}
}

// Once a worker has met all there is, another batch allocates nothing.
func TestTakeAllocatesNothing(t *testing.T) {
	src := register()
	c := NewCollector(src, Want(src.Table.Columns), &finding.Report{})
	c.Keep(1 << 10)
	var rows [][]string
	var numbers []int64
	for i := range 2000 {
		rows = append(rows, []string{fmt.Sprint("key ", i%500), "2023-09-04", "2023-09-05", fmt.Sprint(i % 7 / 6)})
		numbers = append(numbers, int64(i))
	}
	text, cells := spansOf(rows, 5)
	var tally Tally
	add := func(*Batch) error { return nil }
	if n := testing.AllocsPerRun(10, func() {
		c.Take(numbers, text, cells)
		if err := c.FlushTo(add, false, &tally); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
	if tally.Confidential == 0 || tally.Passed == 0 {
		t.Errorf("%+v", tally)
	}
}

// A split of registers: ten columns, two of them identifiers.
func BenchmarkTake(b *testing.B) {
	table := &dataset.Table{Format: "local", Name: "marks", DateFormats: []string{dataset.DateUK}}
	all := kinds(1 << 20)
	var names []string
	for name := range all {
		if name != "9 long" && name != "7 100000 at random" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, distinct := range []bool{false, true} {
		name := "register"
		if distinct {
			name = "all distinct"
		}
		b.Run(name, func(b *testing.B) {
			var text []byte
			var columns [][]Span
			table.Columns = nil
			for _, name := range names {
				if (name == "8 all distinct") != distinct && name[0] > '5' {
					continue
				}
				column := &dataset.Column{Name: name, Type: dataset.Key}
				if name[0] > '5' {
					column.Type, column.Identifier = dataset.Identifier, "child/la-child-id"
				}
				table.Columns = append(table.Columns, column)
				more, at := spans(all[name])
				for i := range at {
					at[i].At += uint32(len(text))
				}
				text, columns = append(text, more...), append(columns, at)
			}
			text = append(text, make([]byte, slack)...)[:len(text)]
			src := &Source{Table: table}
			c := NewCollector(src, Want(table.Columns), &finding.Report{})
			c.Keep(1 << 17)
			numbers := make([]int64, 1<<14)
			cells := make([][]Span, len(columns))
			add := func(*Batch) error { return nil }
			var tally Tally
			b.ReportAllocs()
			from := 0
			for b.Loop() {
				for i := range cells {
					cells[i] = columns[i][from : from+1<<14]
				}
				c.Take(numbers, text, cells)
				if err := c.FlushTo(add, false, &tally); err != nil {
					b.Fatal(err)
				}
				if from += 1 << 14; from == 1<<20 {
					from = 0
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<14), "ns/row")
			b.ReportMetric(float64(len(cells)), "columns")
		})
	}
}
