package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// nameless is the child of a row that names one in a way that cannot be used, and of whose pupil nothing is known: what
// becomes of it is for the agreement to say.
const nameless = shared - 1

// stream works on the rows of one source of a table that streams.
type stream struct {
	*daily
	source *dataset.Source
}

// Worker makes what one goroutine needs.
func (s *stream) Worker() extract.Worker {
	return &streamer{stream: s, after: s.Job.after().Worker(), names: names{children: s.in.Children}, found: found{children: s.in.Children},
		made: make([]stocked, len(s.columns)), out: extract.Batch{Columns: make([]extract.Column, len(s.columns))}}
}

// streamer works on splits one after the other. It remembers what it made of values as long as their stock lasts.
type streamer struct {
	*stream
	after  extract.Worker
	names  names
	found  found
	pupils []pupilNumbers
	made   []stocked // per column
	out    extract.Batch
	rows   []uint32 // the child of each row
	index  []uint32 // of the child's column, where some were found by other numbers
	empty  []uint32 // of a column that is the same in every row
}

// streamed is what becomes of one split.
type streamed struct {
	*streamer
	after  extract.Piece
	report *finding.Report
	met    met
	linked map[uint32]bool // the children who were found by a pupil's number
	trace  Trace
	tally  Tally
	joined bool
	first  *turnOut
	last   *turnOut
}

// Begin begins a split.
func (w *streamer) Begin(report *finding.Report, joined bool) extract.Piece {
	p := &streamed{streamer: w, after: w.after.Begin(report, joined), report: report, met: w.names.meetings(joined), joined: joined}
	if joined {
		p.last = w.before
	}
	return p
}

// Add makes the table's rows of some of the split's.
func (p *streamed) Add(b *extract.Batch) error {
	b, held := undecided(b, p.source, p.columns, p.in.Choices, p.report)
	p.tally.Quarantined += held
	if b.Len() == 0 {
		return nil
	}
	out := p.translate(b)
	if err := p.children(b, out); err != nil {
		return err
	}
	keep, kept := p.keep(b, out)
	p.tally.Left += int64(kept)
	switch {
	case kept == 0:
		return nil
	case kept < out.Len():
		out = filter(out, keep, kept)
	}
	return p.after.Add(out)
}

// Join settles what turns on the rows before the split, and adds what it came to.
func (p *streamed) Join() error {
	if p.first != nil && p.before != nil && !p.joined && p.first.same(p.before) {
		return extract.ErrAgain
	}
	if err := p.met.join(); err != nil {
		return err
	}
	if err := p.after.Join(); err != nil {
		return err
	}
	if p.last != nil {
		p.before = p.last
	}
	p.Tally.Quarantined += p.tally.Quarantined
	p.Tally.Unlinked += p.tally.Unlinked
	p.Tally.Left += p.tally.Left
	if p.in.Links == nil {
		return nil
	}
	find := func(child uint32) { p.in.Links.person(child).found |= 1 << p.number }
	p.met.each(find)
	for child := range p.linked {
		find(child)
	}
	p.in.Links.trace(p.number).join(p.trace)
	return nil
}

// same reports whether a row is about what another one is about.
func (t *turnOut) same(other *turnOut) bool {
	one := t.child == other.child
	if t.child == Unnumbered || other.child == Unnumbered {
		one = t.id == other.id // whoever had no number may have got one since
	}
	return one && slices.Equal(t.cells, other.cells)
}

// translate gives the columns of a batch as columns of the table. It is valid until the next one is made.
func (w *streamer) translate(b *extract.Batch) *extract.Batch {
	if w.out.Source == nil || w.out.Source.File != b.Source.File || w.out.Source.Year != b.Source.Year {
		w.out.Source = &extract.Source{File: b.Source.File, Table: w.Table, Year: b.Source.Year}
	}
	for len(w.empty) < b.Len() {
		w.empty = append(w.empty, 0)
	}
	w.out.Rows = b.Rows
	for i, name := range w.columns {
		def, feed := w.Table.Column(name), w.source.Feed(name)
		c := &w.out.Columns[i]
		*c = extract.Column{Def: def, Values: []extract.Value{{}}, Index: w.empty[:b.Len()]}
		var from *extract.Column
		switch {
		case feed == nil:
		case feed.Always != "":
			at, _ := def.Code(feed.Always, 0)
			c.Values = []extract.Value{{State: extract.Known, Num: int32(at)}}
		case feed.TrueFor != nil:
			from = b.Column(feed.From)
			w.made[i].make(c, from, func(v extract.Value) extract.Value { return oneOf(v, from.Def, feed) })
		case feed.Marks():
		default:
			if from = b.Column(inYear(b, feed)); from == nil {
				continue
			}
			if def.Type == dataset.Code {
				w.made[i].make(c, from, func(v extract.Value) extract.Value { return translateCode(v, from.Def, feed, def, w.in.Choices) })
			} else {
				c.From, c.Values, c.Index, c.Stock = from.Def.Name, from.Values, from.Index, from.Stock
			}
		}
	}
	return &w.out
}

// children tells the child of each row: the one that it names, else the one whose pupil number it has. The child's column
// gets the identifiers of those who were found by their pupil numbers.
func (p *streamed) children(b, out *extract.Batch) error {
	id := &out.Columns[0]
	named, unnamed := p.names.of(id), false
	p.rows = slices.Grow(p.rows[:0], b.Len())[:b.Len()]
	for row, value := range id.Index {
		p.names.saw(value)
		child := named[value]
		p.rows[row] = child
		unnamed = unnamed || child == Nobody
	}
	if err := p.met.meet(b, id); err != nil {
		return err
	}
	p.found.begin(id)
	if unnamed {
		p.find(b, id)
	}
	if !p.found.on {
		return nil
	}
	p.index = slices.Grow(p.index[:0], b.Len())[:b.Len()]
	for row, value := range id.Index {
		if child := p.rows[row]; child < nameless && named[value] == Nobody {
			p.index[row] = p.found.of(child, id)
		} else {
			p.index[row] = p.found.own[value]
		}
	}
	id.Index, id.Values, id.Stock = p.index, p.found.values, p.found.stock
	return nil
}

// find looks for the children of rows that name none.
func (p *streamed) find(b *extract.Batch, id *extract.Column) {
	if p.linking {
		if p.pupils == nil {
			p.pupils = make([]pupilNumbers, len(p.source.LinkedBy))
		}
		for i, name := range p.source.LinkedBy {
			p.pupils[i].links = p.in.Links
			p.pupils[i].look(b.Column(name))
		}
	}
	for row, child := range p.rows {
		if child != Nobody {
			continue
		}
		child = pupilsOf(p.pupils, row)
		switch v := id.At(row); {
		case child == Nobody && v.State == extract.Unusable && v.Outcome != identifier.Missing:
			child = nameless
		case child < nameless:
			p.note(row, child)
			p.found.of(child, id)
		}
		p.rows[row] = child
	}
}

// note notes a child who was found by the pupil's numbers, and by which of these.
func (p *streamed) note(row int, child uint32) {
	if p.linked == nil {
		p.linked = make(map[uint32]bool)
	}
	p.linked[child] = true
	for i := range p.pupils {
		if c := p.pupils[i].clues[p.pupils[i].column.Index[row]]; c&finds != 0 {
			p.trace.add(c, i)
			return
		}
	}
}

// keep decides which rows leave, and counts the others.
func (p *streamed) keep(b, out *extract.Batch) ([]bool, int) {
	ids := &out.Columns[0]
	var same []*extract.Column
	for _, name := range p.Table.OneRowPer[1:] {
		same = append(same, out.Column(name))
	}
	var keep []bool // nil while all are kept
	kept, before := b.Len(), -1
	drop := func(row int) {
		if keep == nil {
			keep = all(b.Len())
		}
		keep[row] = false
		kept--
	}
	for row, child := range p.rows {
		switch child {
		case Nobody:
			p.tally.Unlinked++
			drop(row)
		case shared:
			p.tally.Quarantined++
			p.trace.Shared++
			p.report.Add(RuleShared, finding.Quarantine, b.Source.Place(b.Rows[row], p.source.LinkedBy[0]),
				"a number of the pupil is that of more than one child, so it links to none",
				"find out whose it is: see also the findings on the children's own returns")
			drop(row)
		case nameless:
		default:
			again := false
			if before < 0 {
				again = p.begins(turnOutOf(child, ids, same, row))
			} else if child == p.rows[before] && child != Unnumbered || p.named(ids, before, row) {
				again = repeats(same, before, row)
			}
			if again && p.warn(b, row) >= finding.Quarantine {
				p.tally.Quarantined++
				drop(row)
			}
			before = row
		}
	}
	if before >= 0 {
		p.last = turnOutOf(p.rows[before], ids, same, before)
	}
	return keep, kept
}

// named reports whether two rows, one of which is a child's who has no number, name the same child.
func (p *streamed) named(ids *extract.Column, a, b int) bool {
	return (p.rows[a] == Unnumbered || p.rows[b] == Unnumbered) && ids.At(a).Text == ids.At(b).Text
}

// begins takes in the first row of a batch, and reports whether it repeats the one before it.
func (p *streamed) begins(t *turnOut) bool {
	if p.first == nil {
		p.first = t
	}
	return p.last != nil && t.same(p.last)
}

func turnOutOf(child uint32, ids *extract.Column, same []*extract.Column, row int) *turnOut {
	t := &turnOut{child: child, id: ids.At(row).Text, cells: make([]extract.Value, len(same))}
	for i, c := range same {
		t.cells[i] = c.At(row)
	}
	return t
}

// repeats reports whether two rows of one child are about the same.
func repeats(same []*extract.Column, before, row int) bool {
	for _, c := range same {
		if c.Index[before] != c.Index[row] && c.At(before) != c.At(row) {
			return false
		}
	}
	return true
}

func (p *streamed) warn(b *extract.Batch, row int) finding.Severity {
	return p.report.Add(RuleDailyRepeated, finding.Warning, b.Source.Place(b.Rows[row], ""),
		"the row is about the same child and session as the row before it",
		"export the register again, with one row for each session; rows that repeat others further away are not found")
}
