package harmonise

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// RuleDailyRepeated is met when a row is the one before it over again.
const RuleDailyRepeated = "DAILY_REPEATED"

// daily makes a core table that streams: each source row becomes one row, or is counted as one of nobody's. There may be
// hundreds of millions of them, so that nothing is kept of a row but what is needed to tell whether the next one repeats
// it. Work is done once per distinct value of a batch; per row there are look-ups in short lists.
type daily struct {
	*Job
	in      Input
	columns []string        // those asked for, and those that make a row unique, the child's first
	number  int             // of the table, in Links
	last    []extract.Value // of the row before, what makes a row unique; nil at the beginning of a file
	before  uint32          // the child of that row
}

func newDaily(in Input, job *Job) *daily {
	d := &daily{Job: job, in: in, columns: with(job.Columns, job.Table.OneRowPer...)}
	if in.Links != nil {
		d.number = in.Links.table(job.Table.ID())
	}
	return d
}

func (d *daily) readings() []reading {
	return yearly(d.in, d.Table, func(source *dataset.Source, _ int, src *extract.Source) []reading {
		columns := append(slices.Clone(source.LinkedBy), readsOf(d.columns, source.Feed)...)
		demand := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, columns...), Report: d.Report}
		demand.Sink = func(b *extract.Batch) error { return d.add(b, source) }
		return []reading{{demand: demand, tally: &d.Tally, then: []func() error{func() error {
			d.last = nil
			return nil
		}}}}
	})
}

func (d *daily) finish(context.Context) error { return nil }

// add brings a batch in.
func (d *daily) add(b *extract.Batch, source *dataset.Source) error {
	b, held := undecided(b, source, d.columns, d.in.Choices, d.Report)
	d.Tally.Quarantined += held
	out := &extract.Batch{Source: &extract.Source{File: b.Source.File, Table: d.Table, Year: b.Source.Year}, Rows: b.Rows}
	out.Columns = translate(b, source, d.Table, d.columns, d.in.Choices)
	for i, name := range d.columns {
		if f := source.Feed(name); f != nil && f.TrueFor != nil {
			out.Columns[i] = truths(b.Column(f.From), f, out.Columns[i].Def)
		}
	}
	children, err := d.children(b, &out.Columns[0], source)
	if err != nil {
		return err
	}
	keep, kept := d.keep(b, out, children, source)
	d.Tally.Left += int64(kept)
	if kept == 0 {
		return nil
	}
	if kept < out.Len() {
		out = filter(out, keep, kept)
	}
	return d.Sink(out)
}

// truths is a column that says of each distinct value whether it is one of the feed's.
func truths(from *extract.Column, f *dataset.Feed, def *dataset.Column) extract.Column {
	out := extract.Column{Def: def, From: from.Def.Name, Values: make([]extract.Value, len(from.Values)), Index: from.Index}
	for i, v := range from.Values {
		if v.State != extract.Known {
			continue
		}
		out.Values[i].State = extract.Known
		if slices.Contains(f.TrueFor, from.Def.Codes[v.Num].Value) {
			out.Values[i].Num = 1
		}
	}
	return out
}

// nameless is the child of a row that names one in a way that cannot be used, and of whose pupil nothing is known: what
// becomes of it is for the agreement to say.
const nameless = shared - 1

// children tells the child of each row: the one that it names, else the one whose pupil number it has. The child's column
// gets the identifiers of those who were found by their pupil numbers.
func (d *daily) children(b *extract.Batch, id *extract.Column, source *dataset.Source) ([]uint32, error) {
	named, err := d.in.Children.NumbersOf(b, id)
	if err != nil {
		return nil, err
	}
	pupils := d.pupils(b, source)
	values, index := slices.Clone(id.Values), slices.Clone(id.Index)
	at := make(map[uint32]uint32) // positions of children who were found
	numbers := make([]extract.Value, len(source.LinkedBy))
	rows := make([]uint32, b.Len())
	for row := range rows {
		child := named[id.Index[row]]
		if child != Nobody {
			rows[row] = child
			continue
		}
		child = pupils(row)
		switch v := id.At(row); {
		case child == Nobody && v.State == extract.Unusable && v.Outcome != identifier.Missing:
			child = nameless
		case child < nameless:
			n, known := at[child]
			if !known {
				n = uint32(len(values))
				at[child], values = n, append(values, d.in.Children.value(child))
			}
			index[row] = n
			for i, name := range source.LinkedBy {
				numbers[i] = b.Column(name).At(row)
			}
			d.in.Links.noteFound(d.number, numbers)
		}
		rows[row] = child
	}
	id.Values, id.Index = values, index
	return rows, nil
}

// pupils tells the child of a row by its pupil numbers.
func (d *daily) pupils(b *extract.Batch, source *dataset.Source) func(row int) uint32 {
	if d.in.Links == nil || len(source.LinkedBy) == 0 {
		return func(int) uint32 { return Nobody }
	}
	type numbers struct {
		column *extract.Column
		child  []uint32 // per distinct value
	}
	var all []numbers
	for _, name := range source.LinkedBy {
		n := numbers{column: b.Column(name)}
		for _, v := range n.column.Values {
			n.child = append(n.child, d.in.Links.find([]extract.Value{v}))
		}
		all = append(all, n)
	}
	return func(row int) uint32 {
		found := Nobody
		for _, n := range all {
			switch child := n.child[n.column.Index[row]]; {
			case child == Nobody:
			case found != Nobody && found != child:
				return shared
			default:
				found = child
			}
		}
		return found
	}
}

// keep decides which rows leave, and counts the others.
func (d *daily) keep(b, out *extract.Batch, children []uint32, source *dataset.Source) ([]bool, int) {
	keep, kept := make([]bool, len(children)), 0
	var same []*extract.Column
	for _, name := range d.Table.OneRowPer[1:] {
		same = append(same, out.Column(name))
	}
	for row, child := range children {
		switch child {
		case Nobody:
			d.Tally.Unlinked++
			continue
		case shared:
			d.Tally.Quarantined++
			d.in.Links.trace(d.number).Shared++
			d.Report.Add(RuleShared, finding.Quarantine, b.Source.Place(b.Rows[row], source.LinkedBy[0]),
				"a number of the pupil is that of more than one child, so it links to none",
				"find out whose it is: see also the findings on the children's own returns")
			continue
		case nameless:
		default:
			if d.in.Links != nil {
				d.in.Links.person(child).found |= 1 << d.number
			}
			if d.repeats(b, row, child, same) {
				d.Tally.Quarantined++
				continue
			}
		}
		keep[row] = true
		kept++
	}
	return keep, kept
}

// repeats warns of a row that is the one before it over again, and reports whether it is kept back for that.
func (d *daily) repeats(b *extract.Batch, row int, child uint32, same []*extract.Column) bool {
	again := d.last != nil && child == d.before
	if d.last == nil {
		d.last = make([]extract.Value, len(same))
	}
	for i, c := range same {
		v := c.At(row)
		again = again && v == d.last[i]
		d.last[i] = v
	}
	d.before = child
	return again && d.Report.Add(RuleDailyRepeated, finding.Warning, b.Source.Place(b.Rows[row], ""),
		"the row is about the same child and session as the row before it",
		"export the register again, with one row for each session; rows that repeat others further away are not found") >= finding.Quarantine
}
