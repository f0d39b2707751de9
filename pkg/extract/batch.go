package extract

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// chunk is how much text of cells is made a string at a time: one allocation serves many cells, and a value that somebody
// keeps holds no more than this.
const chunk = 1 << 10

// workshop is memory for the making of a batch.
type workshop struct {
	text  []byte  // of cells that are decoded together
	ends  []int   // where each of them ends
	apart []uint8 // per row: why it is set apart, 0 when it is not
	parts [3]part
}

// part is one of the batches that the rows gathered fall into.
type part struct {
	batch   Batch
	columns []Column
	rows    []int64
	index   [][]uint32 // per column
}

// Why a row is set apart, and which part it falls into.
const (
	isSound = uint8(iota)
	isBroken
	isSecret
)

// batch decodes what was gathered, and sets the rows apart that break a rule, and those that were given in confidence
// unless they are asked for.
func (c *Collector) batch(confidential bool) *Batch {
	c.work.apart = slices.Grow(c.work.apart[:0], len(c.numbers))[:len(c.numbers)]
	clear(c.work.apart)
	for i := range c.columns {
		c.decode(&c.columns[i])
		c.form(&c.columns[i])
	}
	broken, secret := c.setBroken(), 0
	if !confidential {
		secret = c.setSecret()
	}
	if broken+secret == 0 {
		return c.whole()
	}
	batch := c.part(isSound)
	if broken > 0 {
		batch.Broken = c.part(isBroken)
	}
	if secret > 0 {
		batch.Confidential = c.part(isSecret)
	}
	return batch
}

// decode decodes the distinct cells that are new.
func (c *Collector) decode(col *gathered) {
	for n := len(col.values); n < col.cells.Len(); {
		c.work.text, c.work.ends = c.work.text[:0], c.work.ends[:0]
		for at := n; at < col.cells.Len() && len(c.work.text) < chunk; at++ {
			c.work.text = append(c.work.text, col.cells.Bytes(uint32(at))...)
			c.work.ends = append(c.work.ends, len(c.work.text))
		}
		text, start := string(c.work.text), 0
		for _, end := range c.work.ends {
			c.note(col, text[start:end])
			start = end
			n++
		}
	}
}

// note decodes one distinct cell.
func (c *Collector) note(col *gathered, cell string) {
	value, rule := decode(c.src, col.def, cell)
	mark := uint8(0)
	switch {
	case rule != "":
		value, mark = Value{}, breaks // whatever was made of it before it broke the rule
		if col.secret {
			value = Value{State: Known, Num: 1} // nobody can tell that it was not given in confidence
		}
		col.rules[uint32(len(col.values))] = rule
	case value.State == Known && col.def.Type == dataset.Date:
		mark = uint8(1 + DateForm(c.src.dateForms(col.def), strings.TrimSpace(cell)))
		if mark != 0 {
			col.written = joinForms(col.written, int(mark))
		}
	}
	col.given = col.given || col.secret && value.State == Known && value.Num != 0
	col.values, col.marks = append(col.values, value), append(col.marks, mark)
}

// form notes the forms of the dates in the rows gathered.
func (c *Collector) form(col *gathered) {
	if col.written == 0 || col.form == mixed || col.form == col.written {
		return // none of the cells changes what is known
	}
	form := col.form
	for _, n := range col.index {
		if mark := col.marks[n]; mark != 0 && mark != breaks {
			if form = joinForms(form, int(mark)); form == col.written {
				break
			}
		}
	}
	c.joinForm(col, form)
}

// setBroken sets the rows apart that break a rule, and counts them. Every rule that a row breaks is reported; the row is
// counted once.
func (c *Collector) setBroken() int {
	count := 0
	set := func(row int, col *gathered, rule string) {
		c.report.Add(rule, finding.Quarantine, c.src.Place(c.numbers[row], col.def.Heading()), Message(rule), Hint(rule))
		if c.work.apart[row] == isSound {
			c.work.apart[row] = isBroken
			count++
		}
	}
	for i := range c.columns {
		col := &c.columns[i]
		if len(col.rules) > 0 {
			for row, n := range col.index {
				if col.marks[n] == breaks {
					set(row, col, col.rules[n])
				}
			}
		}
		if col.notBefore < 0 {
			continue
		}
		first := &c.columns[col.notBefore]
		for row, n := range col.index {
			this, that := &col.values[n], &first.values[first.index[row]]
			if this.State == Known && that.State == Known && this.Num < that.Num &&
				col.marks[n] != breaks && first.marks[first.index[row]] != breaks {
				set(row, col, RuleDateOrder)
			}
		}
	}
	return count
}

// setSecret sets the rows apart that are marked as given in confidence, but for those that break a rule, and counts them.
func (c *Collector) setSecret() int {
	count := 0
	for i := range c.columns {
		col := &c.columns[i]
		if !col.given {
			continue
		}
		for row, n := range col.index {
			if v := &col.values[n]; v.State == Known && v.Num != 0 && c.work.apart[row] == isSound {
				c.work.apart[row] = isSecret
				count++
			}
		}
	}
	return count
}

// begin makes a part's batch, of no rows yet.
func (c *Collector) begin(p *part) *Batch {
	if p.columns == nil {
		p.columns, p.index = make([]Column, len(c.columns)), make([][]uint32, len(c.columns))
	}
	for i := range c.columns {
		p.columns[i] = Column{Def: c.columns[i].def, Values: c.columns[i].values, Stock: c.columns[i].stock}
	}
	p.batch = Batch{Source: c.src, Columns: p.columns}
	return &p.batch
}

// whole is a batch of all rows.
func (c *Collector) whole() *Batch {
	b := c.begin(&c.work.parts[isSound])
	b.Rows = c.numbers
	for i := range b.Columns {
		b.Columns[i].Index = c.columns[i].index
	}
	return b
}

// part is a batch of the rows that are set apart for a reason, or of those that are not.
func (c *Collector) part(why uint8) *Batch {
	p := &c.work.parts[why]
	b := c.begin(p)
	p.rows = p.rows[:0]
	for row, is := range c.work.apart {
		if is == why {
			p.rows = append(p.rows, c.numbers[row])
		}
	}
	b.Rows = p.rows
	for i := range b.Columns {
		index := p.index[i][:0]
		all := c.columns[i].index
		for row, is := range c.work.apart {
			if is == why {
				index = append(index, all[row])
			}
		}
		p.index[i] = index
		b.Columns[i].Index = index
	}
	return b
}
