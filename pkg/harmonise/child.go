package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// perChild gathers a core table with one row per child and passes it on once all its sources are read.
func perChild(ctx context.Context, in Input, table *dataset.Table, columns []string, sink func(*extract.Batch) error) (Tally, error) {
	k := &kids{in: in, table: table, columns: with(columns, table.ChildID), own: make(map[uint32]uint32)}
	k.facts = make([]facts, len(k.columns))
	for i, name := range k.columns {
		if i > 0 && table.Column(name).Type == dataset.Identifier {
			k.facts[i].numbers = make(map[string]int32)
		}
	}
	for i := range table.Sources {
		source := &table.Sources[i]
		want := wantOf(in, source, table, k.columns)
		marks := k.presence(source)
		if !source.Adds && len(marks) == 0 {
			continue // what the source marks was not asked for
		}
		for _, src := range in.Inventory.Of(source.Table) {
			read, err := in.Read(ctx, src, want, func(b *extract.Batch) error { return k.add(b, source, marks) })
			if err != nil {
				return k.tally, err
			}
			k.tally.Read += read.Read
			k.tally.Quarantined += read.Quarantined
		}
	}
	return k.tally, k.emit(ctx, sink)
}

// kids holds what is known of every child so far, column by column. Children are numbered by Input.Children, which
// other tables may have filled before; here they are numbered anew, densely.
type kids struct {
	in      Input
	table   *dataset.Table
	columns []string
	own     map[uint32]uint32 // from the run's number to the position here
	ids     []extract.Value   // per child, its identifier
	rows    []decided         // per child
	facts   []facts           // per column
	tally   Tally
}

// decided says which row of which return decided a child so far.
type decided struct {
	src      *extract.Source
	row      int64
	conflict bool // rows of that return differ: none of them counts
}

// facts is one column of all children.
type facts struct {
	nums   []int32
	states []extract.State
	years  []int16 // the collection year that said it; of an empty fact, the one whose rows differ on it; 0 for none

	// Of a column of identifiers that are not the child's: a number for each, and each by its number.
	numbers map[string]int32
	values  []extract.Value
}

// say is a value as a fact. An identifier becomes its number; one that stands for nobody says nothing.
func (f *facts) say(v extract.Value) extract.Value {
	if f.numbers == nil {
		return v
	}
	if v.State != extract.Known {
		return extract.Value{}
	}
	n, known := f.numbers[v.Text]
	if !known {
		n = int32(len(f.values))
		f.numbers[v.Text] = n
		f.values = append(f.values, v)
	}
	return extract.Value{State: extract.Known, Num: n}
}

// value is a fact as a value.
func (f *facts) value(state extract.State, num int32) extract.Value {
	if f.numbers != nil && state == extract.Known {
		return f.values[num]
	}
	return extract.Value{State: state, Num: num}
}

// presence lists the positions of the columns that a row of the source makes true.
func (k *kids) presence(source *dataset.Source) []int {
	var at []int
	for i, name := range k.columns {
		if feed := source.Feed(name); feed != nil && feed.Present {
			at = append(at, i)
		}
	}
	return at
}

// markable lists the positions of presence columns that a return of the year can answer: it has the marking table.
func (k *kids) markable(year int) []int {
	var at []int
	for i := range k.table.Sources {
		source := &k.table.Sources[i]
		if source.Adds {
			continue
		}
		for _, src := range k.in.Inventory.Of(source.Table) {
			if src.Year == year {
				at = append(at, k.presence(source)...)
			}
		}
	}
	return at
}

// line is one row of a batch, translated.
type line struct {
	src     *extract.Source
	source  *dataset.Source
	number  int64 // of the row in its file
	at      int   // position in the batch
	columns []extract.Column
}

func (k *kids) add(b *extract.Batch, source *dataset.Source, marks []int) error {
	columns := translate(b, source, k.table, k.columns)
	id := &columns[0] // with() put the child's identifier in front
	numbers, err := k.in.Children.NumbersOf(b, id)
	if err != nil {
		return err
	}
	markable := k.markable(b.Source.Year)
	for row := range b.Len() {
		l := line{src: b.Source, source: source, number: b.Rows[row], at: row, columns: columns}
		number := numbers[id.Index[row]]
		switch {
		case !source.Adds:
			k.mark(number, marks, l)
		case number == Nobody:
			k.tally.Quarantined++
			k.tally.Nobody++
			k.in.Report.Add(RuleNobody, finding.Quarantine, l.place(id.Named()),
				"the cell identifies no child, so there is no child to make a row of", "fill in the child's identifier in the source system")
		default:
			k.child(k.position(number, id.At(row), markable), l)
		}
	}
	return nil
}

func (l line) place(column string) finding.Place { return l.src.Place(l.number, column) }

// mark makes the presence columns of a child true.
func (k *kids) mark(number uint32, marks []int, l line) {
	k.tally.Marks++
	at, known := k.own[number]
	if !known {
		k.in.Report.Add(RuleOrphan, finding.Warning, l.place(""),
			"the row is about a child that the returns list nowhere else, so it marks nobody", "check the child's identifier in both tables")
		return
	}
	for _, i := range marks {
		k.facts[i].states[at], k.facts[i].nums[at] = extract.Known, 1
	}
}

// position finds or makes a child's place. Presence columns that the row's return can answer are false until a row
// marks the child; where no return can answer, they stay empty.
func (k *kids) position(number uint32, id extract.Value, markable []int) uint32 {
	at, known := k.own[number]
	if !known {
		at = uint32(len(k.rows))
		k.own[number] = at
		k.rows = append(k.rows, decided{})
		k.ids = append(k.ids, extract.Value{State: extract.Known, Text: id.Text, Simple: id.Simple})
		for i := range k.facts {
			k.facts[i].nums = append(k.facts[i].nums, 0)
			k.facts[i].states = append(k.facts[i].states, extract.Empty)
			k.facts[i].years = append(k.facts[i].years, 0)
		}
	}
	for _, i := range markable {
		k.facts[i].states[at] = extract.Known
	}
	return at
}

// child brings one row of a child together with what is known. Files come latest year first.
func (k *kids) child(at uint32, l line) {
	d := &k.rows[at]
	switch {
	case d.src == nil || d.conflict && d.src.Year != l.src.Year:
		k.tally.Left++
		*d = decided{src: l.src, row: l.number}
		k.fill(at, l)
	case d.conflict:
		k.quarantine(l.place(""))
	case d.src.Year == l.src.Year && len(k.differing(at, l)) > 0:
		k.tally.Left--
		k.quarantine(d.src.Place(d.row, ""))
		k.quarantine(l.place(""))
		k.forget(at, l.src.Year)
		d.conflict = true
	default:
		k.tally.Superseded++
		for _, i := range k.differing(at, l) {
			k.differ(i, at, l)
		}
		k.fill(at, l)
	}
}

// differ reports a fact that is known otherwise. When another row of the same return filled it, for a later return that
// leaves it empty, neither of the two counts.
func (k *kids) differ(i int, at uint32, l line) {
	place := l.place(l.source.Feed(k.columns[i]).From)
	if f := &k.facts[i]; int(f.years[at]) == l.src.Year {
		f.states[at], f.nums[at] = extract.Empty, 0
		k.in.Report.Add(RuleConflict, finding.Warning, place,
			"rows of one return state this fact of one child differently, so none of them counts", "remove the wrong row in the source system")
		return
	}
	k.in.Report.Add(RuleChanged, finding.Notice, place,
		"a later return states this fact of the child differently; the later one leaves", "nothing, if it was a correction")
}

func (k *kids) quarantine(place finding.Place) {
	k.tally.Quarantined++
	k.in.Report.Add(RuleConflict, finding.Quarantine, place,
		"rows of one return state different facts of one child", "remove the wrong row in the source system")
}

// fill takes from a row what is not yet known, unless rows of its return differ on it.
func (k *kids) fill(at uint32, l line) {
	for i := 1; i < len(l.columns); i++ {
		f := &k.facts[i]
		v := f.say(l.columns[i].At(l.at))
		if f.states[at] == extract.Empty && v.State != extract.Empty && int(f.years[at]) != l.src.Year {
			f.states[at], f.nums[at], f.years[at] = v.State, v.Num, int16(l.src.Year)
		}
	}
}

// differing lists the columns in which a row says something else than what is known. What one of them leaves empty
// does not differ.
func (k *kids) differing(at uint32, l line) []int {
	var columns []int
	for i := 1; i < len(l.columns); i++ {
		v := k.facts[i].say(l.columns[i].At(l.at))
		if v.State != extract.Empty && k.facts[i].states[at] != extract.Empty && v.Num != k.facts[i].nums[at] {
			columns = append(columns, i)
		}
	}
	return columns
}

// forget drops what the rows of a return in conflict said, and keeps what marks say.
func (k *kids) forget(at uint32, year int) {
	for i := range k.facts {
		if f := &k.facts[i]; int(f.years[at]) == year {
			f.states[at], f.nums[at] = extract.Empty, 0
		}
	}
}

// emitRows is how many children go into one batch.
const emitRows = 1 << 15

// emit passes the children on, in the order in which they were first met. Positions are values: facts differ from
// child to child, so each batch has its own short lists of distinct values.
func (k *kids) emit(ctx context.Context, sink func(*extract.Batch) error) error {
	src := &extract.Source{File: "", Table: k.table}
	for from := 0; from < len(k.rows); from += emitRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := &extract.Batch{Source: src, Columns: make([]extract.Column, len(k.columns))}
		at := make([]uint32, 0, emitRows)
		for i := from; i < min(from+emitRows, len(k.rows)); i++ {
			if !k.rows[i].conflict {
				at = append(at, uint32(i))
				batch.Rows = append(batch.Rows, k.rows[i].row)
			}
		}
		if len(at) == 0 {
			continue
		}
		for i, name := range k.columns {
			batch.Columns[i] = k.column(i, k.table.Column(name), at)
		}
		if err := sink(batch); err != nil {
			return err
		}
	}
	return nil
}

// column makes one column of a batch: the identifiers as they are, facts by their distinct values.
func (k *kids) column(i int, def *dataset.Column, at []uint32) extract.Column {
	c := extract.Column{Def: def, Index: make([]uint32, len(at))}
	if i == 0 {
		for row, child := range at {
			c.Values = append(c.Values, k.ids[child])
			c.Index[row] = uint32(row)
		}
		return c
	}
	type fact struct {
		num   int32
		state extract.State
	}
	seen := make(map[fact]uint32)
	for row, child := range at {
		f := fact{k.facts[i].nums[child], k.facts[i].states[child]}
		n, known := seen[f]
		if !known {
			n = uint32(len(c.Values))
			seen[f] = n
			c.Values = append(c.Values, k.facts[i].value(f.state, f.num))
		}
		c.Index[row] = n
	}
	return c
}
