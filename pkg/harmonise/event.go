package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// perEvent streams a core table of which child and date make a row unique.
func perEvent(ctx context.Context, in Input, table *dataset.Table, columns []string, sink func(*extract.Batch) error) (Tally, error) {
	e := &events{in: in, table: table, columns: with(columns, table.OneRowPer...), sink: sink, seen: make(map[eventKey]int32)}
	for i := range table.Sources {
		source := &table.Sources[i]
		e.dayFrom = source.Feed(table.OneRowPer[1]).From
		want := wantOf(in, source, table, e.columns)
		for _, src := range in.Inventory.Of(source.Table) {
			read, err := in.Read(ctx, src, want, func(b *extract.Batch) error { return e.add(b, source) })
			if err != nil {
				return e.tally, err
			}
			e.tally.Read += read.Read
			e.tally.Quarantined += read.Quarantined
		}
	}
	return e.tally, nil
}

// eventKey is what makes an event one: whose it is and when.
type eventKey struct {
	child uint32
	day   int32
}

type events struct {
	in      Input
	table   *dataset.Table
	columns []string
	sink    func(*extract.Batch) error
	seen    map[eventKey]int32 // the latest collection year that has the event, negative for a quarantined row
	dayFrom string             // what the file calls the event's date
	tally   Tally
}

func (e *events) add(b *extract.Batch, source *dataset.Source) error {
	out := e.translated(b, source)
	child, day := out.Column(e.table.OneRowPer[0]), out.Column(e.table.OneRowPer[1])
	numbers, err := e.in.Children.NumbersOf(out, child)
	if err != nil {
		return err
	}
	keep := make([]bool, out.Len())
	kept := 0
	for row := range keep {
		keep[row] = e.keep(numbers[child.Index[row]], day.At(row), out.Source, b.Rows[row])
		if keep[row] {
			kept++
		}
	}
	e.tally.Superseded += int64(out.Len() - kept)
	e.tally.Left += int64(kept)
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
	return e.sink(out)
}

func (e *events) translated(b *extract.Batch, source *dataset.Source) *extract.Batch {
	return &extract.Batch{
		Source:  &extract.Source{File: b.Source.File, Table: e.table, Year: b.Source.Year},
		Rows:    b.Rows,
		Columns: translate(b, source, e.table, e.columns),
	}
}

// claim remembers the events of quarantined rows, so that no earlier return speaks in their place.
func (e *events) claim(b *extract.Batch) error {
	child, day := b.Column(e.table.OneRowPer[0]), b.Column(e.table.OneRowPer[1])
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
func (e *events) keep(child uint32, day extract.Value, src *extract.Source, row int64) bool {
	if child == Nobody || day.State != extract.Known {
		return true
	}
	key := eventKey{child, day.Num}
	year, again := e.seen[key]
	switch {
	case !again:
		e.seen[key] = int32(src.Year)
		return true
	case year == -int32(src.Year): // of the same return, and sound: it speaks for the event
		e.seen[key] = int32(src.Year)
		return true
	case year < 0:
		e.in.Report.Add(RuleHeldBack, finding.Warning, src.Place(row, ""),
			"a later return has this event too, in a row that is quarantined; this older row is held back with it",
			"correct the later row: see the findings on it")
		return false
	case year != int32(src.Year):
		return false
	default:
		e.in.Report.Add(RuleRepeated, finding.Warning, src.Place(row, e.dayFrom),
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
