package extract

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// How much one batch holds.
const (
	batchRows  = 1 << 15
	batchBytes = 1 << 24 // of distinct cells: a batch of very long cells ends before it has all its rows
)

// Collector gathers rows into columns: per column a dictionary of distinct cells and, per row, the number of its cell.
type Collector struct {
	src     *Source
	report  *finding.Report
	numbers []int64 // of the rows gathered
	bytes   int     // of the distinct cells gathered
	columns []gathered
}

type gathered struct {
	def       *dataset.Column
	cells     *Dictionary
	index     []uint32
	values    []Value  // per distinct cell, once decoded
	rules     []string // per distinct cell, the rule it breaks
	notBefore int      // position among the columns of the date it must follow, or -1
	form      int      // of a date column: 1 + the form of its dates so far, 0 for none, or mixed
}

// mixed is the form of a column whose dates are written in several.
const mixed = -1

// NewCollector gathers rows of a source with the columns of want. Findings on cells go to report.
func NewCollector(src *Source, want Want, report *finding.Report) *Collector {
	c := &Collector{src: src, report: report, columns: make([]gathered, len(want))}
	for i, def := range want {
		c.columns[i] = gathered{def: def, cells: NewDictionary(), notBefore: -1}
		for j, other := range want {
			if def.NotBefore == other.Name {
				c.columns[i].notBefore = j
			}
		}
	}
	return c
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

func (c *Collector) reset() {
	c.numbers, c.bytes = c.numbers[:0], 0
	for i := range c.columns {
		c.columns[i].cells.Reset()
		c.columns[i].index = c.columns[i].index[:0]
	}
}

// Flush passes what was gathered on to the demand's sink, counts it in the demand's tally, and forgets it.
func (c *Collector) Flush(d *Demand) error {
	if len(c.numbers) == 0 {
		return nil
	}
	batch := c.batch(d.Confidential)
	if batch.Broken != nil {
		d.Tally.Quarantined += int64(batch.Broken.Len())
	}
	if batch.Confidential != nil {
		d.Tally.Confidential += int64(batch.Confidential.Len())
	}
	d.Tally.Passed += int64(batch.Len())
	err := d.Sink(batch)
	c.reset()
	return err
}

// batch decodes what was gathered, and sets the rows apart that break a rule, and those that were given in confidence
// unless they are asked for.
func (c *Collector) batch(confidential bool) *Batch {
	suspect := false
	for i := range c.columns {
		suspect = c.decode(&c.columns[i]) || suspect
	}
	var broken, secret []int
	if suspect {
		broken = c.broken()
	}
	if !confidential {
		secret = c.secret(broken)
	}
	if len(broken)+len(secret) == 0 {
		return c.rowsAt(nil, c.numbers)
	}
	sound := make([]int, 0, len(c.numbers)-len(broken)-len(secret))
	for row, b, s := 0, 0, 0; row < len(c.numbers); row++ {
		switch {
		case b < len(broken) && broken[b] == row:
			b++
		case s < len(secret) && secret[s] == row:
			s++
		default:
			sound = append(sound, row)
		}
	}
	batch := c.rowsAt(sound, nil)
	if len(broken) > 0 {
		batch.Broken = c.rowsAt(broken, nil)
	}
	if len(secret) > 0 {
		batch.Confidential = c.rowsAt(secret, nil)
	}
	return batch
}

// secret lists the rows that are marked as given in confidence, in order, but for those that break a rule.
func (c *Collector) secret(broken []int) []int {
	at := slices.IndexFunc(c.columns, func(col gathered) bool { return c.marks(col.def) })
	given := func(v Value) bool { return v.State == Known && v.Num != 0 }
	if at < 0 || !slices.ContainsFunc(c.columns[at].values, given) {
		return nil
	}
	var out []int
	next := 0
	for row, n := range c.columns[at].index {
		switch {
		case next < len(broken) && broken[next] == row:
			next++
		case given(c.columns[at].values[n]):
			out = append(out, row)
		}
	}
	return out
}

// marks reports whether a column says which rows were given in confidence.
func (c *Collector) marks(def *dataset.Column) bool {
	return c.src.Table != nil && c.src.Table.Marks(def.Name)
}

// rowsAt is a batch of some of the rows gathered, or of all of them, whose numbers are given.
func (c *Collector) rowsAt(rows []int, all []int64) *Batch {
	b := &Batch{Source: c.src, Rows: all, Columns: make([]Column, len(c.columns))}
	for i := range c.columns {
		b.Columns[i] = Column{Def: c.columns[i].def, Values: c.columns[i].values, Index: c.columns[i].index}
	}
	if all != nil {
		return b
	}
	b.Rows = make([]int64, len(rows))
	for at, row := range rows {
		b.Rows[at] = c.numbers[row]
	}
	for i := range b.Columns {
		index := make([]uint32, len(rows))
		for at, row := range rows {
			index[at] = c.columns[i].index[row]
		}
		b.Columns[i].Index = index
	}
	return b
}

// decode decodes each distinct cell once. It reports whether any row may have to be kept back.
func (c *Collector) decode(col *gathered) bool {
	col.values, col.rules = col.values[:0], col.rules[:0]
	suspect := col.notBefore >= 0
	for n := range col.cells.Len() {
		value, rule := Decode(c.src, col.def, col.cells.Bytes(uint32(n)))
		if rule == "" && value.State == Known && col.def.Type == dataset.Date && col.form != mixed {
			c.formed(col, col.cells.Bytes(uint32(n)))
		}
		if rule != "" {
			value = Value{} // whatever was made of it before it broke the rule
			if c.marks(col.def) {
				value = Value{State: Known, Num: 1} // nobody can tell that it was not given in confidence
			}
		}
		col.values = append(col.values, value)
		col.rules = append(col.rules, rule)
		suspect = suspect || rule != ""
	}
	return suspect
}

// formed notes the form of a date, and says once of a file that a column has several.
func (c *Collector) formed(col *gathered, cell []byte) {
	form := 1 + DateForm(c.src.dateForms(col.def), strings.TrimSpace(string(cell)))
	switch {
	case form == 0:
	case col.form == 0:
		col.form = form
	case col.form != form:
		col.form = mixed
		c.report.Add(RuleDatesMixed, finding.Warning, c.src.Place(0, col.def.Heading()), "the column's dates are written in more than one form",
			"see that the report writes all of them in one; were day and month swapped in some, nothing would tell")
	}
}

// broken lists the rows that break a rule, in order. Every rule that a row breaks is reported; the row is counted once.
func (c *Collector) broken() []int {
	var out []int
	for row := range c.numbers {
		sound := true
		for i := range c.columns {
			if rule := c.ruleAt(i, row); rule != "" {
				sound = false
				c.report.Add(rule, finding.Quarantine, c.src.Place(c.numbers[row], c.columns[i].def.Heading()), Message(rule), Hint(rule))
			}
		}
		if !sound {
			out = append(out, row)
		}
	}
	return out
}

// ruleAt is the rule that a cell breaks: its own, or the order of two dates of the row.
func (c *Collector) ruleAt(column, row int) string {
	col := &c.columns[column]
	if rule := col.rules[col.index[row]]; rule != "" {
		return rule
	}
	if col.notBefore < 0 {
		return ""
	}
	first := &c.columns[col.notBefore]
	this, that := col.values[col.index[row]], first.values[first.index[row]]
	if this.State == Known && that.State == Known && first.rules[first.index[row]] == "" && this.Num < that.Num {
		return RuleDateOrder
	}
	return ""
}
