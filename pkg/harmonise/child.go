package harmonise

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// newKids gathers a core table with one row per child and passes it on once all its sources are read.
func newKids(in Input, job *Job) *kids {
	k := &kids{Job: job, in: in, columns: with(job.Columns, job.Table.ChildID), own: make(map[uint32]uint32), marking: map[int16]bool{doubted: true}}
	k.facts = make([]facts, len(k.columns))
	for i, name := range k.columns {
		if i > 0 && k.Table.Column(name).Type == dataset.Identifier {
			k.facts[i].numbers = make(map[string]int32)
		}
	}
	return k
}

func (k *kids) readings() []reading {
	return yearly(k.in, k.Table, func(source *dataset.Source, at int, src *extract.Source) []reading {
		if !source.Adds && !slices.ContainsFunc(k.columns[1:], func(name string) bool { return source.Feed(name) != nil }) {
			return nil // what the source marks was not asked for
		}
		if !source.Adds {
			k.marking[rankOf(k.Table, at, src.Year)] = true
		}
		d := &extract.Demand{Source: src, Want: wantOf(src.Table, source, k.columns), Report: k.Report}
		d.Sink = func(b *extract.Batch) error { return k.add(b, source, rankOf(k.Table, at, src.Year)) }
		return []reading{{demand: d, tally: &k.Tally}}
	})
}

// rank orders returns by whose word counts: that of a later year, in one year that of the source named first.
func rank(year, source int) int16 {
	const most = 190 // sources of one table
	return firstRanks + int16((year-2000)*most+most-1-min(source, most-1))
}

// kids holds what is known of every child so far, column by column. Children are numbered by Input.Children, which
// other tables may have filled before; here they are numbered anew, densely.
type kids struct {
	*Job
	in      Input
	columns []string
	own     map[uint32]uint32 // from the run's number to the position here
	ids     []extract.Value   // per child, its identifier
	rows    []decided         // per child
	facts   []facts           // per column
	early   []early           // marks of children whom no source had added yet
	marking map[int16]bool    // the ranks of sources that mark, of which an empty fact is one in doubt
}

// early is a mark that came before its child, or without one.
type early struct {
	child  uint32 // its position
	nobody bool   // the mark names nobody
	place  finding.Place
}

// decided says which row of which return decided a child so far.
type decided struct {
	src      *extract.Source // nil for a child whom only marks speak of
	row      int64
	conflict bool // rows of that return differ: none of them counts
}

// facts is one column of all children.
type facts struct {
	nums   []int32
	states []extract.State
	ranks  []int16 // of the return that said it; of an empty fact, of the one whose rows differ on it; 0 for none

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

// line is one row of a batch, translated.
type line struct {
	src     *extract.Source
	source  *dataset.Source
	rank    int16 // of its return
	number  int64 // of the row in its file
	at      int   // position in the batch
	columns []extract.Column
}

func (k *kids) add(b *extract.Batch, source *dataset.Source, rank int16) error {
	b, aside := among(b, source)
	k.Tally.Aside += aside
	b, vague := broad(b, source, k.columns, k.Report)
	k.Tally.Quarantined += vague
	b, held := undecided(b, source, k.columns, k.in.Choices, k.Report)
	k.Tally.Quarantined += held
	columns := translate(b, source, k.Table, k.columns, k.in.Choices)
	id := &columns[0] // with() put the child's identifier in front
	numbers, err := k.in.Children.numbersOf(b, id)
	if err != nil {
		return err
	}
	l := line{src: b.Source, source: source, rank: rank, columns: columns}
	if !source.Adds {
		k.Tally.Marks += int64(b.Len())
		marks := k.marks(b, source)
		for row := range b.Len() {
			l.number, l.at = b.Rows[row], row
			k.mark(numbers[id.Index[row]], id.At(row), marks, l)
		}
		return k.doubts(b, source, rank)
	}
	markable := k.markable(b.Source)
	for row := range b.Len() {
		l.number, l.at = b.Rows[row], row
		number := numbers[id.Index[row]]
		if number == Nobody {
			k.Tally.Quarantined++
			k.Tally.Nobody++
			k.Report.Add(RuleNobody, finding.Quarantine, l.place(id.Named()),
				"the cell identifies no child, so there is no child to make a row of", "fill in the child's identifier in the source system")
			continue
		}
		at := k.position(number, id.At(row))
		for _, i := range markable {
			if k.facts[i].ranks[at] != doubted {
				k.facts[i].states[at] = extract.Known // false, until a row marks the child
			}
		}
		k.child(at, l)
	}
	return nil
}

func (l line) place(column string) finding.Place { return l.src.Place(l.number, column) }

func (k *kids) finish(ctx context.Context) error {
	for _, e := range k.early {
		if e.nobody || k.rows[e.child].src == nil {
			if k.Report.Add(RuleOrphan, finding.Warning, e.place, "the row is about a child that the returns list nowhere else, so it marks nobody",
				"check the child's identifier in both tables") >= finding.Quarantine {
				k.Tally.Marks--
				k.Tally.Quarantined++
			}
		}
	}
	return k.emit(ctx)
}

// position finds or makes a child's place.
func (k *kids) position(number uint32, id extract.Value) uint32 {
	at, known := k.own[number]
	if !known {
		at = uint32(len(k.rows))
		k.own[number] = at
		k.rows = append(k.rows, decided{})
		k.ids = append(k.ids, extract.Value{State: extract.Known, Text: id.Text, Simple: id.Simple})
		for i := range k.facts {
			k.facts[i].nums = append(k.facts[i].nums, 0)
			k.facts[i].states = append(k.facts[i].states, extract.Empty)
			k.facts[i].ranks = append(k.facts[i].ranks, 0)
		}
	}
	return at
}

// child brings one row of a child together with what is known. Returns come highest rank first.
func (k *kids) child(at uint32, l line) {
	d := &k.rows[at]
	switch {
	case d.src == nil || d.conflict && d.src != l.src:
		k.Tally.Left++
		*d = decided{src: l.src, row: l.number}
		k.fill(at, l)
	case d.conflict:
		k.quarantine(l.place(""))
	case d.src == l.src && slices.ContainsFunc(k.differing(at, l), func(i int) bool { return k.facts[i].ranks[at] == l.rank }):
		k.Tally.Left--
		k.quarantine(d.src.Place(d.row, ""))
		k.quarantine(l.place(""))
		k.forget(at, l.rank)
		d.conflict = true
	default:
		holds := finding.Notice
		for _, i := range k.differing(at, l) {
			holds = max(holds, k.differ(i, at, l))
		}
		if holds >= finding.Quarantine { // then it fills no gap either
			k.Tally.Quarantined++
			return
		}
		k.Tally.Superseded++
		k.fill(at, l)
	}
}

// differ reports a fact that is known otherwise. When another row of the same return filled it, for a later return that
// leaves it empty, neither of the two counts. It returns what becomes of the row.
func (k *kids) differ(i int, at uint32, l line) finding.Severity {
	place := l.place(l.source.Feed(k.columns[i]).From)
	switch f := &k.facts[i]; {
	case f.ranks[at] == l.rank:
		f.states[at], f.nums[at] = extract.Empty, 0
		return k.Report.Add(RuleConflict, finding.Warning, place,
			"rows of one return state this fact of one child differently, so none of them counts", "remove the wrong row in the source system")
	case l.source.Last != "":
		return k.Report.Add(RuleDiffer, finding.Notice, place,
			"a return that counts before this one states this fact of the child differently; that one leaves",
			"correct the wrong one of the two in the source system")
	case rank(l.src.Year, 0) >= f.ranks[at]:
		return k.Report.Add(RuleDiffer, finding.Notice, place,
			"another return of the same year states this fact of the child differently; that one leaves",
			"correct the wrong one of the two in the source system")
	default:
		return k.Report.Add(RuleChanged, finding.Notice, place,
			"a later return states this fact of the child differently; the later one leaves", "nothing, if it was a correction")
	}
}

func (k *kids) quarantine(place finding.Place) {
	k.Tally.Quarantined++
	k.Report.Add(RuleConflict, finding.Quarantine, place,
		"rows of one return state different facts of one child", "remove the wrong row in the source system")
}

// fill takes from a row what is not yet known, unless rows of its return differ on it.
func (k *kids) fill(at uint32, l line) {
	for i := 1; i < len(l.columns); i++ {
		f := &k.facts[i]
		v := f.say(l.columns[i].At(l.at))
		if f.states[at] == extract.Empty && v.State != extract.Empty && f.ranks[at] != l.rank {
			if v.Num == 0 && f.ranks[at] != 0 && k.marking[f.ranks[at]] {
				continue // a mark that is kept back may be that it is true
			}
			f.states[at], f.nums[at], f.ranks[at] = v.State, v.Num, l.rank
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
func (k *kids) forget(at uint32, rank int16) {
	for i := range k.facts {
		if f := &k.facts[i]; f.ranks[at] == rank {
			f.states[at], f.nums[at] = extract.Empty, 0
		}
	}
}
