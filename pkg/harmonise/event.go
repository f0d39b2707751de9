package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// newEvents makes a core table of which child and date make a row unique.
func newEvents(in Input, job *Job) *events {
	return &events{Job: job, in: in, columns: with(job.Columns, job.Table.OneRowPer...), seen: make(map[eventKey]int32),
		others: othersOf(job.Table)}
}

func (e *events) readings() []reading {
	return yearly(e.in, e.Table, func(source *dataset.Source, at int, src *extract.Source) []reading {
		joins, out := e.joins(source, src)
		var named []string
		for _, j := range joins {
			named = append(named, j.Names()...)
		}
		d := &extract.Demand{Source: src, Want: wantOf(src.Table, source, e.columns, named...), Report: e.Report}
		d.Sink = func(b *extract.Batch) error { return e.add(b, source, int32(rankOf(e.Table, at, src.Year)), joins) }
		r := reading{demand: d, tally: &e.Tally, after: len(joins) > 0, then: []func() error{func() error {
			for _, j := range joins {
				j.forget()
			}
			return nil
		}}}
		return append(out, r)
	})
}

func (e *events) finish(context.Context) error {
	e.seen = nil
	return nil
}

// eventKey is what makes an event one: whose it is and when.
type eventKey struct {
	child uint32
	day   int32
}

type events struct {
	*Job
	in      Input
	columns []string
	// seen is the rank of the return that speaks for an event: the latest that has it and, of one year's, the one that
	// the definitions name first. It is negative where that return's row is kept back.
	seen   map[eventKey]int32
	others map[uint32]string          // by child, the first source table with a row that keeps others silent; nil where nothing turns on it
	lost   func(*extract.Batch) error // is told of rows that are held back; nil where nobody asks
}

func (e *events) add(b *extract.Batch, source *dataset.Source, rank int32, joins []*joined) error {
	b, aside := among(b, source)
	e.Tally.Aside += aside
	b, vague := broad(b, source, e.columns, e.Report)
	e.Tally.Quarantined += vague
	b, held := undecided(b, source, e.columns, e.in.Choices, e.Report)
	e.Tally.Quarantined += held
	out := e.translated(b, source)
	refused := make(map[int]bool)
	for _, j := range joins {
		for row := range j.fill(b, out) {
			refused[row] = true
		}
	}
	child, day := out.Column(e.Table.OneRowPer[0]), out.Column(e.Table.OneRowPer[1])
	numbers, err := e.in.Children.numbersOf(out, child)
	if err != nil {
		return err
	}
	keep := make([]bool, out.Len())
	kept := 0
	for row := range keep {
		count := &e.Tally.Superseded
		if number := numbers[child.Index[row]]; !e.spoken(source, number) {
			count = e.fate(number, day.At(row), out.Source.Place(b.Rows[row], day.Named()), rank, refused[row])
		}
		*count++
		if keep[row] = count == &e.Tally.Left; keep[row] {
			kept++
		}
	}
	for _, part := range b.Withheld() {
		mark := -rank
		if part == b.Confidential {
			mark -= inConfidence
		}
		held := e.translated(part, source)
		if e.lost != nil {
			if err := e.lost(held); err != nil {
				return err
			}
		}
		if err := e.claim(held, mark, source); err != nil {
			return err
		}
	}
	if kept == 0 {
		return nil
	}
	if kept < out.Len() {
		out = filter(out, keep, kept)
	}
	return e.Sink(out)
}

func (e *events) translated(b *extract.Batch, source *dataset.Source) *extract.Batch {
	return &extract.Batch{
		Source:  &extract.Source{File: b.Source.File, Table: e.Table, Year: b.Source.Year},
		Rows:    b.Rows,
		Columns: translate(b, source, e.Table, e.columns, e.in.Choices),
	}
}

// inConfidence tells the rank of an event whose row was given in confidence from that of one whose row is quarantined.
const inConfidence = 1 << 16

// claim remembers the events of rows that are kept back, so that no earlier return speaks in their place.
func (e *events) claim(b *extract.Batch, mark int32, source *dataset.Source) error {
	child, day := b.Column(e.Table.OneRowPer[0]), b.Column(e.Table.OneRowPer[1])
	numbers, err := e.in.Children.numbersOf(b, child)
	if err != nil {
		return err
	}
	for row := range b.Len() {
		if e.spoken(source, numbers[child.Index[row]]) {
			continue
		}
		key := eventKey{numbers[child.Index[row]], day.At(row).Num}
		if _, known := e.seen[key]; !known && key.child != Nobody && day.At(row).State == extract.Known {
			e.seen[key] = mark
		}
	}
	return nil
}

// fate decides what becomes of a row: it returns where the row is counted. A row without a usable child or date has no key
// and repeats nothing. What a later return says in confidence, no earlier one gives away.
func (e *events) fate(child uint32, day extract.Value, place finding.Place, in int32, refused bool) *int64 {
	if child == Nobody || day.State != extract.Known {
		if refused {
			return &e.Tally.Quarantined
		}
		return &e.Tally.Left
	}
	key := eventKey{child, day.Num}
	first, again := e.seen[key]
	switch {
	case refused && (!again || first == in):
		if !again {
			e.seen[key] = -in
		}
		return &e.Tally.Quarantined
	case !again:
		e.seen[key] = in
		return &e.Tally.Left
	case first == -in, first == -in-inConfidence: // of the same return, and sound: it speaks for the event
		e.seen[key] = in
		return &e.Tally.Left
	case first < -inConfidence:
		return &e.Tally.Confidential
	case first < 0:
		place.Column = ""
		e.Report.Add(RuleHeldBack, finding.Warning, place,
			"a return that counts before this one has the event too, in a row that is quarantined; this row is held back with it",
			"correct that row: see the findings on it")
		return &e.Tally.Superseded
	case first != in:
		return &e.Tally.Superseded
	default:
		if e.Report.Add(RuleRepeated, finding.Warning, place,
			"the return has more than one row for this child and date",
			"remove the repeated row in the source system") >= finding.Quarantine {
			return &e.Tally.Quarantined
		}
		return &e.Tally.Left
	}
}

// filter copies the rows of a batch that are kept. Values are shared, positions copied.
func filter(b *extract.Batch, keep []bool, kept int) *extract.Batch {
	out := &extract.Batch{Source: b.Source, Rows: make([]int64, 0, kept), Columns: make([]extract.Column, len(b.Columns))}
	for i := range b.Columns {
		out.Columns[i] = b.Columns[i]
		out.Columns[i].Index = make([]uint32, 0, kept)
	}
	for row, k := range keep {
		if !k {
			continue
		}
		out.Rows = append(out.Rows, b.Rows[row])
		for i := range b.Columns {
			out.Columns[i].Index = append(out.Columns[i].Index, b.Columns[i].Index[row])
		}
	}
	return out
}
