package xlsx

import (
	"context"
	"errors"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// pass is one reading of one sheet, for all who want some of it.
type pass struct {
	book    *book
	rows    *rows
	strings *table
	src     *extract.Source
	merged  []span // those that may still come
	demands []*portion
	made    []byte // cells of the row at hand that are not as they were written
}

// portion is what one of them gets.
type portion struct {
	*extract.Intake
	at    []int // position of each wanted column in the sheet, -1 for one that it has not
	cells [][]byte
}

// newPass opens a sheet for demands of it.
func newPass(ctx context.Context, b *book, strings *table, demands []*extract.Demand) (*pass, error) {
	src := demands[0].Source
	if src.Sheet < 1 || src.Sheet > len(b.sheets) || b.sheets[src.Sheet-1].part == "" {
		return nil, damaged("the workbook no longer has the sheet")
	}
	part := b.sheets[src.Sheet-1].part
	p := &pass{book: b, strings: strings, src: src}
	var err error
	if p.merged, err = b.merged(ctx, part, src.Header); err != nil {
		return nil, err
	}
	if p.rows, err = b.rowsOf(ctx, part); err != nil {
		return nil, err
	}
	for _, d := range demands {
		if d.Source != src {
			return nil, errors.New("demands of one sheet are of different sources")
		}
		o := &portion{Intake: extract.NewIntake(d), cells: make([][]byte, len(d.Want))}
		for _, c := range d.Want {
			at, has := src.Header.At[c.Name]
			if !has {
				at = -1
			}
			o.at = append(o.at, at)
		}
		p.demands = append(p.demands, o)
	}
	return p, nil
}

// at is the row below the header where the reading stands; 0 before the first.
func (p *pass) at() int64 { return max(0, p.rows.row-p.src.Header.Row) }

// read takes the sheet through to its end.
func (p *pass) read(ctx context.Context) error {
	defer func() { _ = p.rows.in.Close() }() // only read from: nothing is lost
	for {
		more, err := p.rows.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if p.rows.row <= p.src.Header.Row {
			continue
		}
		if err := p.take(ctx); err != nil {
			return err
		}
	}
	for _, d := range p.demands {
		if err := d.Flush(ctx); err != nil {
			return err
		}
		if d.Tally.Read == 0 {
			d.Report.Add(RuleNoRows, finding.Warning, p.src.Place(0, ""), "the sheet has a header and no rows",
				"check that the return really has none, and that the export was complete")
		}
	}
	return nil
}

// take gives the row at hand to all who want some of it.
func (p *pass) take(ctx context.Context) error {
	filled, beyond, err := p.shape()
	if err != nil || !filled {
		return err
	}
	broken := ""
	switch {
	case beyond:
		broken = RuleFieldCount
	case p.inMerged():
		broken = RuleMerged
	}
	p.made = p.made[:0]
	number := p.at()
	for _, d := range p.demands {
		sound := broken == ""
		if !sound {
			d.tell(broken, finding.Quarantine, number, "")
		}
		cell := 0
		for i, at := range d.at {
			d.cells[i] = nil
			if at < 0 {
				continue
			}
			c := p.cellAt(at, &cell)
			if c == nil {
				continue
			}
			value, rule := p.said(d.Want[i], c)
			switch {
			case rule != "":
				d.tell(rule, finding.Quarantine, number, d.Want[i].Heading())
				sound = false
			case c.formula && d.tell(RuleFormula, finding.Notice, number, d.Want[i].Heading()) >= finding.Quarantine:
				sound = false
			}
			d.cells[i] = value
		}
		if err := d.Add(ctx, number, d.cells, sound); err != nil {
			return err
		}
	}
	return nil
}

// shape looks up what the cells of the row at hand say. It reports whether the row has anything, and whether it has
// something beyond the header.
func (p *pass) shape() (filled, beyond bool, err error) {
	for i := range p.rows.cells {
		c := &p.rows.cells[i]
		c.value = p.rows.text[c.from:c.to]
		if c.kind == shared && len(c.value) > 0 {
			n, ok := indexOf(c.value)
			if ok {
				c.value, ok = p.strings.at(n)
			}
			if !ok {
				return false, false, noSuchText()
			}
		}
		if c.formula && !c.valued || len(c.value) > 0 {
			filled = true
			beyond = beyond || c.column >= p.src.Header.Fields
		}
	}
	return filled, beyond, nil
}

// cellAt finds the cell of a column among those of the row; from is where the search begins, and then where it ended.
func (p *pass) cellAt(column int, from *int) *raw {
	cells := p.rows.cells
	if *from >= len(cells) || cells[*from].column > column {
		*from = 0
	}
	for ; *from < len(cells); *from++ {
		switch c := &cells[*from]; {
		case c.column == column:
			return c
		case c.column > column:
			return nil
		}
	}
	return nil
}

// inMerged reports whether the row at hand is part of a merged range. The spans are in the order of their first rows.
func (p *pass) inMerged() bool {
	for len(p.merged) > 0 && p.merged[0].last < p.rows.row {
		p.merged = p.merged[1:]
	}
	return len(p.merged) > 0 && p.merged[0].first <= p.rows.row
}

func (d *portion) tell(rule string, severity finding.Severity, row int64, column string) finding.Severity {
	message, hint := cellTexts(rule)
	return d.Report.Add(rule, severity, d.Source.Place(row, column), message, hint)
}
