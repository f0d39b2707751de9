package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// newEvents makes a core table of which child and date make a row unique.
func newEvents(in Input, job *Job) *events {
	return &events{Job: job, in: in, columns: with(job.Columns, job.Table.OneRowPer...), seen: make(map[eventKey]int32)}
}

func (e *events) readings() []reading {
	return yearly(e.in, e.Table, func(source *dataset.Source, _ int, src *extract.Source) *reading {
		d := &extract.Demand{Source: src, Want: wantOf(src.Table, source, e.columns), Report: e.Report}
		d.Sink = func(b *extract.Batch) error { return e.add(b, source) }
		return &reading{demand: d, tally: &e.Tally}
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
	seen    map[eventKey]int32 // the latest collection year that has the event, negative for a quarantined row
}

func (e *events) add(b *extract.Batch, source *dataset.Source) error {
	out := e.translated(b, source)
	child, day := out.Column(e.Table.OneRowPer[0]), out.Column(e.Table.OneRowPer[1])
	numbers, err := e.in.Children.NumbersOf(out, child)
	if err != nil {
		return err
	}
	keep := make([]bool, out.Len())
	kept := 0
	for row := range keep {
		keep[row] = e.keep(numbers[child.Index[row]], day.At(row), out.Source.Place(b.Rows[row], day.Named()), out.Source.Year)
		if keep[row] {
			kept++
		}
	}
	e.Tally.Superseded += int64(out.Len() - kept)
	e.Tally.Left += int64(kept)
	if b.Broken != nil {
		if err := e.claim(e.translated(b.Broken, source)); err != nil {
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
		Columns: translate(b, source, e.Table, e.columns),
	}
}

// claim remembers the events of quarantined rows, so that no earlier return speaks in their place.
func (e *events) claim(b *extract.Batch) error {
	child, day := b.Column(e.Table.OneRowPer[0]), b.Column(e.Table.OneRowPer[1])
	numbers, err := e.in.Children.NumbersOf(b, child)
	if err != nil {
		return err
	}
	for row := range b.Len() {
		key := eventKey{numbers[child.Index[row]], day.At(row).Num}
		if _, known := e.seen[key]; !known && key.child != Nobody && day.At(row).State == extract.Known {
			e.seen[key] = -int32(b.Source.Year)
		}
	}
	return nil
}

// keep decides whether a row leaves. A row without a usable child or date has no key and repeats nothing.
func (e *events) keep(child uint32, day extract.Value, place finding.Place, in int) bool {
	if child == Nobody || day.State != extract.Known {
		return true
	}
	key := eventKey{child, day.Num}
	year, again := e.seen[key]
	switch {
	case !again:
		e.seen[key] = int32(in)
		return true
	case year == -int32(in): // of the same return, and sound: it speaks for the event
		e.seen[key] = int32(in)
		return true
	case year < 0:
		place.Column = ""
		e.Report.Add(RuleHeldBack, finding.Warning, place,
			"a later return has this event too, in a row that is quarantined; this older row is held back with it",
			"correct the later row: see the findings on it")
		return false
	case year != int32(in):
		return false
	default:
		e.Report.Add(RuleRepeated, finding.Warning, place,
			"the return has more than one row for this child and date; all of them leave",
			"remove the repeated row in the source system")
		return true
	}
}

// filter copies the rows of a batch that are kept. Values are shared, positions copied.
func filter(b *extract.Batch, keep []bool, kept int) *extract.Batch {
	out := &extract.Batch{Source: b.Source, Rows: make([]int64, 0, kept), Columns: make([]extract.Column, len(b.Columns))}
	for i := range b.Columns {
		out.Columns[i] = extract.Column{Def: b.Columns[i].Def, Values: b.Columns[i].Values, Index: make([]uint32, 0, kept)}
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
