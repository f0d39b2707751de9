package xml

import (
	"bytes"
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// emit gives the rows gathered to those who want them, and forgets them.
func (p *pass) emit(ctx context.Context) error {
	for at := range p.held {
		for _, r := range p.held[at].node.rows {
			if err := p.row(ctx, r, at); err != nil {
				return err
			}
		}
	}
	p.held, p.cells, p.text = p.held[:0], p.cells[:0], p.text[:0]
	return nil
}

// row gives one row to one demand, or keeps it back. An element that says nothing of the table's is no row of it.
func (p *pass) row(ctx context.Context, r *rows, at int) error {
	number, sound := p.held[at].number, true
	if is, rule := p.isRow(r, at); rule != "" {
		sound = false
		p.unusable(r, number, r.Source.Table.RowIf[is], rule)
	} else if is < 0 {
		return nil
	}
	for i, o := range r.from {
		r.cells[i] = nil
		if o.none {
			continue
		}
		holder := at
		for range o.out {
			holder = p.held[holder].around
		}
		c := &p.cells[p.held[holder].first+o.slot]
		if c.rule != "" {
			sound = false
			p.unusable(r, number, r.Want[i].Name, c.rule)
			continue
		}
		r.cells[i] = p.text[c.from:c.to]
	}
	return r.Add(ctx, number, r.cells, sound)
}

// isRow finds which of the elements that make a row says something, 0 where none is asked, -1 for none. One that cannot be
// used comes with its rule: it may say that there is a row.
func (p *pass) isRow(r *rows, at int) (int, string) {
	is := -1
	if len(r.when) == 0 {
		is = 0
	}
	for i, slot := range r.when {
		c := &p.cells[p.held[at].first+slot]
		if text := bytes.TrimSpace(p.text[c.from:c.to]); is < 0 && len(text) > 0 && string(text) != "0" && !bytes.EqualFold(text, []byte("false")) {
			is = i
		}
		if c.rule != "" && !slices.ContainsFunc(r.Want, func(w *dataset.Column) bool { return w.Path == r.Source.Table.RowIf[i] }) {
			return i, c.rule
		}
		if c.rule != "" {
			is = i // the column is told when its cell is taken
		}
	}
	return is, ""
}

// unusable tells of a cell that keeps its row back.
func (p *pass) unusable(r *rows, number int64, column, rule string) {
	message, hint := rowTexts(rule)
	r.Report.Add(rule, finding.Quarantine, r.Source.Place(number, column), message, hint)
}

func rowTexts(rule string) (message, hint string) {
	if rule == RuleElementTwice {
		return "the element stands more than once where one belongs", "correct the record in the source system"
	}
	return "an element stands inside the text of the cell", "export the file again from the source system"
}
