package xml

import (
	"context"
	"errors"
	"io"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
	"github.com/postern-gateway/postern/pkg/finding"
)

// What one outermost element with rows (a child) may hold.
const (
	maxRows  = 1 << 16 // elements that are rows, or have cells of rows
	maxCells = 4 << 20 // bytes of cells
)

// rows are those of one demand.
type rows struct {
	*extract.Intake
	from  []origin // per wanted column
	when  []int    // which cells of the row's element say that it is a row; nil for always
	cells [][]byte
}

// origin is where a column's cell is kept: so many holders around the row's, and which of that one's cells.
type origin struct {
	out, slot int
	none      bool // the column is read from no cell, or the collection year has not got it
}

// pass is one reading of one file.
type pass struct {
	src     *extract.Source
	scan    *markup.Scanner
	knows   bool // the tree has all that the definitions have
	demands []*rows
	frames  [markup.MaxDepth + 1]frame
	depth   int // of the innermost open element among frames, 0 for the root

	held  []held
	cells []cell
	text  []byte
}

// frame is an open element.
type frame struct {
	node  *node // nil for one that is not read
	held  int   // the innermost holder it is in or is
	from  int   // of a leaf: where its text begins
	mixed bool  // an element stands in its text
}

// held is one holder that was met, with its cells from first on.
type held struct {
	node   *node
	around int // the holder around it, -1 for none
	first  int
	number int64
}

// cell is a stretch of text.
type cell struct {
	from, to int
	rule     string // why it cannot be used
	set      bool
}

// newPass lays out where the cells of all demands are found.
func newPass(src *extract.Source, root *node, demands []*extract.Demand, in io.Reader) *pass {
	p := &pass{src: src, scan: markup.New(in)}
	for _, d := range demands {
		r := &rows{Intake: extract.NewIntake(d), from: make([]origin, len(d.Want)), cells: make([][]byte, len(d.Want))}
		row := root.add(d.Source.Table.Row, false)
		row.holder = true
		row.rows = append(row.rows, r)
		for _, path := range d.Source.Table.RowIf {
			r.when = append(r.when, row.slot(row.add(path, false)))
		}
		for i, c := range d.Want {
			scope, below, ok := reach(row, c.Path)
			if !ok || !c.In(src.Year) {
				r.from[i].none = true
				continue
			}
			r.from[i].slot = scope.slot(scope.add(below, false))
		}
		p.demands = append(p.demands, r)
	}
	root.settle(false)
	for _, r := range p.demands {
		row := root.add(r.Source.Table.Row, false)
		for i, c := range r.Want {
			if r.from[i].none {
				continue
			}
			scope, _, _ := reach(row, c.Path)
			for n := row; n != scope; {
				if n = n.parent; n.holder {
					r.from[i].out++
				}
			}
		}
	}
	p.frames[0] = frame{node: root, held: -1}
	return p
}

// read takes the document through to its end.
func (p *pass) read(ctx context.Context) error {
	root := p.frames[0].node
	for rooted := false; ; rooted = true {
		k, err := p.scan.Next()
		if err != nil {
			return unread(ctx, p.place(err), finding.Place{File: p.src.File})
		}
		switch {
		case !rooted && (k != markup.StartTag || string(p.scan.Name) != root.name || p.scan.Foreign):
			return extract.Changed(p.src)
		case !rooted:
			err = p.hold(&p.frames[0])
		case k == markup.StartTag:
			err = p.start()
		case k == markup.TextRun:
			err = p.said()
		case k == markup.EndTag:
			err = p.end(ctx)
		default:
			return p.finish(ctx, root)
		}
		if err != nil {
			return p.place(err)
		}
	}
}

func (p *pass) finish(ctx context.Context, root *node) error {
	for _, r := range p.demands {
		if err := r.Flush(ctx); err != nil {
			return err
		}
	}
	if !root.any() {
		p.tell(RuleNoRows, finding.Warning, finding.Place{File: p.src.File}, "the file has no rows",
			"check that the return really has none, and that the export was complete")
	}
	return nil
}

// start takes a start tag.
func (p *pass) start() error {
	around := &p.frames[p.depth]
	p.depth++
	f := &p.frames[p.depth]
	*f = frame{held: around.held}
	if around.node == nil {
		return nil
	}
	around.mixed = true // told only of a cell
	n := around.node.child(p.scan.Name)
	switch {
	case around.node.quiet:
		return nil
	case n == nil || p.scan.Foreign:
		if !p.knows {
			return nil
		}
		p.tell(RuleElementUnknown, finding.Notice, p.here(around.node), "an element in this one is none that the definitions have; it is not read",
			"nothing, unless the return has a new element: then the definitions need it")
		return nil
	case n.late:
		place := p.here(around.node)
		place.Column = n.path
		p.tell(RuleElementNotYear, finding.Warning, place, "the return of this collection year has no such element; it is not read",
			"check the collection year that the header states")
		return nil
	case n.quiet && n.count > 0:
		return ruleHeaderTwice
	}
	f.node = n
	n.count++
	return p.hold(f)
}

// hold makes room for the cells of a holder, and notes where a cell begins.
func (p *pass) hold(f *frame) error {
	n := f.node
	if n.holder {
		if len(p.held) == maxRows {
			return RuleRecordTooLarge
		}
		p.held = append(p.held, held{node: n, around: f.held, first: len(p.cells), number: n.count})
		f.held = len(p.held) - 1
		for range n.slots {
			p.cells = append(p.cells, cell{})
		}
	}
	f.from = len(p.text)
	return nil
}

// said takes a text.
func (p *pass) said() error {
	f := &p.frames[p.depth]
	switch {
	case f.node == nil || f.node.quiet:
	case len(f.node.targets) > 0:
		if len(p.text)+len(p.scan.Text) > maxCells {
			return RuleRecordTooLarge
		}
		p.text = append(p.text, p.scan.Text...)
	case !f.node.leaf && !p.scan.Blank:
		p.tell(RuleTextStray, finding.Warning, p.here(f.node), "text stands in this element, outside the elements that are read; it is not read",
			"look for a value outside its element, or for an element's name that lost its marks")
	}
	return nil
}

// end takes an end tag. With it a cell is complete, or all rows of an outermost holder are.
func (p *pass) end(ctx context.Context) error {
	f := &p.frames[p.depth]
	if p.depth > 0 {
		p.depth--
	}
	if f.node == nil {
		return nil
	}
	for _, t := range f.node.targets {
		holder := &p.held[p.frames[t.depth].held]
		c := &p.cells[holder.first+t.slot]
		switch {
		case c.set:
			c.rule = RuleElementTwice
		case f.mixed:
			c.rule = RuleCellNotText
		}
		c.from, c.to, c.set = f.from, len(p.text), true
	}
	if f.node.outer {
		return p.emit(ctx)
	}
	return nil
}

// here is where the scanner stands, as seen from an element of the definitions: the innermost row around it, and its
// path. Names that the definitions do not have are not repeated: a malformed file may have a child's where an element's
// should be.
func (p *pass) here(n *node) finding.Place {
	place := finding.Place{File: p.src.File, Column: n.path}
	for ; n != nil; n = n.parent {
		if n.table != "" && n.count > 0 {
			place.Table, place.Row = n.table, n.count
			break
		}
	}
	return place
}

// tell adds a finding on the file to the first report: it is about no table, and is said once.
func (p *pass) tell(rule string, severity finding.Severity, place finding.Place, message, hint string) {
	p.demands[0].Report.Add(rule, severity, place, message, hint)
}

// place says where a fault was met.
func (p *pass) place(err error) error {
	var f fault
	if !errors.As(err, &f) {
		return err
	}
	place := finding.Place{File: p.src.File}
	for depth := p.depth; depth >= 0; depth-- {
		if n := p.frames[depth].node; n != nil {
			place = p.here(n)
			place.Column = ""
			break
		}
	}
	return stop(f, place, p.scan.Line())
}
