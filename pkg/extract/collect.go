package extract

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// How much one batch holds.
const (
	batchRows  = 1 << 15
	batchBytes = 1 << 24 // of cells that are new in it: a batch of very long cells ends before it has all its rows
)

// stockBytes is how much text each of the distinct cells of one column may have, on average, before its stock ends (Keep).
const stockBytes = 1 << 7

// Collector gathers rows into columns: per column a dictionary of distinct cells and, per row, the number of its cell.
// Each distinct cell is decoded once: of a batch, or of a stock where stocks are kept.
//
// It is for one goroutine. What it hands on is made of memory that it uses again: a batch is valid until the function
// that gets it returns.
type Collector struct {
	src     *Source
	report  *finding.Report
	stock   int     // how many distinct cells a column's stock may have; 0: none is kept
	split   bool    // only parts of a file are gathered
	numbers []int64 // of the rows gathered
	bytes   int     // of the distinct cells that are new in this batch
	columns []gathered
	work    workshop
}

// gathered is one column. Cells, values and marks are of the batch, or of the stock.
type gathered struct {
	def       *dataset.Column
	cells     *Dictionary
	index     []uint32          // per row
	values    []Value           // per distinct cell, once decoded
	marks     []uint8           // per distinct cell: breaks, or 1 + the form that a date is in, or 0
	rules     map[uint32]string // of the cells that break one
	stock     *Stock
	notBefore int  // position among the columns of the date it must follow, or -1
	secret    bool // the column says which rows were given in confidence
	given     bool // and some cell of it says so
	written   int  // the form of the dates among the distinct cells: 1 + form, 0 for none, or mixed
	form      int  // the form of the dates in the rows since Begin
}

const (
	breaks = 0xFF // the mark of a cell that breaks a rule
	mixed  = -1   // the form of a column whose dates are written in several
)

// Span is where a cell stands in the text that it was found in: at a byte, and how many bytes long.
type Span struct{ At, Len uint32 }

// NewCollector gathers rows of a source with the columns of want. Findings on cells go to report.
func NewCollector(src *Source, want Want, report *finding.Report) *Collector {
	c := &Collector{src: src, report: report, columns: make([]gathered, len(want))}
	for i, def := range want {
		c.columns[i] = gathered{def: def, cells: NewDictionary(), rules: make(map[uint32]string), notBefore: -1,
			secret: src.Table != nil && src.Table.Marks(def.Name)}
		for j, other := range want {
			if def.NotBefore == other.Name {
				c.columns[i].notBefore = j
			}
		}
	}
	return c
}

// Keep lets what is known of a column's cells outlive a batch, in a stock of about so many distinct ones (Column.Stock), of
// 128 bytes each on average: one with more is given up after the batch that filled it, and the column begins another. It is
// for whoever reads a file split by split, and comes before the first row. Such a collector does not tell what only the
// whole file shows: see Forms.
func (c *Collector) Keep(values int) {
	c.stock, c.split = max(values, 1), true
	for i := range c.columns {
		c.columns[i].stock = new(Stock)
	}
}

// Begin begins a split: its findings go to report, no form of a date was met in it, and rows gathered and not handed on
// are forgotten. Stocks stay.
func (c *Collector) Begin(report *finding.Report) {
	c.report = report
	c.reset()
	for i := range c.columns {
		c.columns[i].form = 0
	}
}

// Full reports whether the batch has as many rows, or as much text, as one may have.
func (c *Collector) Full() bool { return len(c.numbers) >= batchRows || c.bytes >= batchBytes }

// Add gathers one row: its number in the file, from 1, and its cells in the order of want, which are copied.
func (c *Collector) Add(number int64, cells [][]byte) {
	c.numbers = append(c.numbers, number)
	for i := range c.columns {
		n, added := c.columns[i].cells.Number(cells[i])
		if added {
			c.bytes += len(cells[i])
		}
		c.columns[i].index = append(c.columns[i].index, n)
	}
}

// Take gathers many rows column by column: their numbers, and for each column of want where its cells stand in text, one
// for each row; nil for a column that the file lacks, whose cells are all empty. At least 16 bytes behind text may be
// read (cap(text) ≥ len(text)+16); what they are makes no difference. All is copied. However many rows there are, they
// become one batch with those gathered before: it is for the caller to give no more than a batch should have.
func (c *Collector) Take(numbers []int64, text []byte, cells [][]Span) {
	c.numbers = append(c.numbers, numbers...)
	for i := range c.columns {
		col := &c.columns[i]
		col.index = slices.Grow(col.index, len(numbers))
		if cells[i] == nil {
			empty, _ := col.cells.Number(nil)
			for range numbers {
				col.index = append(col.index, empty)
			}
			continue
		}
		before := col.cells.Size()
		col.index = col.cells.code(col.index, text, cells[i])
		c.bytes += col.cells.Size() - before
	}
}

// reset forgets the rows, and what is known of cells as far as it is not to be kept.
func (c *Collector) reset() {
	c.numbers, c.bytes = c.numbers[:0], 0
	for i := range c.columns {
		col := &c.columns[i]
		col.index = col.index[:0]
		if c.stock > 0 && col.cells.Len() <= c.stock && col.cells.Size() <= c.stock*stockBytes {
			continue
		}
		col.cells.Reset()
		if c.stock > 0 {
			col.stock = new(Stock)
		}
		clear(col.values) // of their texts
		col.values, col.marks = col.values[:0], col.marks[:0]
		clear(col.rules)
		col.given, col.written = false, 0
	}
}

// Flush passes what was gathered on to the demand's sink, counts it in the demand's tally, and forgets it.
func (c *Collector) Flush(d *Demand) error { return c.FlushTo(d.Sink, d.Confidential, &d.Tally) }

// FlushTo passes what was gathered on, counts it in a tally (all but Read), and forgets it. Rows that were given in
// confidence are like any other when confidential is set.
func (c *Collector) FlushTo(add func(*Batch) error, confidential bool, tally *Tally) error {
	if len(c.numbers) == 0 {
		return nil
	}
	batch := c.batch(confidential)
	if batch.Broken != nil {
		tally.Quarantined += int64(batch.Broken.Len())
	}
	if batch.Confidential != nil {
		tally.Confidential += int64(batch.Confidential.Len())
	}
	tally.Passed += int64(batch.Len())
	err := add(batch)
	c.reset()
	return err
}

// Forms says of each column of want in which form its dates were written, in the rows handed on since Begin. It is for
// JoinForms.
func (c *Collector) Forms() []int {
	forms := make([]int, len(c.columns))
	for i := range c.columns {
		forms[i] = c.columns[i].form
	}
	return forms
}

// JoinForms adds what another collector of the same columns met in a split (Forms), and tells it once of a column when
// its dates are written in more than one form. Splits are joined in the order of the file.
func (c *Collector) JoinForms(forms []int) {
	for i, form := range forms {
		c.joinForm(&c.columns[i], form)
	}
}

// joinForm adds forms to those of a column's rows.
func (c *Collector) joinForm(col *gathered, form int) {
	was := col.form
	if col.form = joinForms(was, form); col.form == mixed && was != mixed && !c.split {
		c.report.Add(RuleDatesMixed, finding.Warning, c.src.Place(0, col.def.Heading()), "the column's dates are written in more than one form",
			"see that the report writes all of them in one; were day and month swapped in some, nothing would tell")
	}
}

// joinForms is the form of dates of which some are in one form and some in another: 1 + form, 0 where there are none, or
// mixed.
func joinForms(one, other int) int {
	switch {
	case one == 0:
		return other
	case other == 0 || one == other:
		return one
	default:
		return mixed
	}
}
