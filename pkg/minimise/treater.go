package minimise

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// Treater treats batches of one table, for one goroutine; any number of them may work side by side. It remembers what became
// of the distinct values of a column for as long as they stay (extract.Stock), so that a row costs look-ups only.
type Treater struct {
	table    *Table
	child    childMemo
	event    eventMemo
	columns  []memo
	outcomes []Outcome // all that were met; the first is Treated
	counts   []int64   // by outcome, of the column at work
	leave    []uint32  // the rows that leave, where not all do
	index    []uint32
	id       []byte
	mac      [macSize]byte
}

// Treater makes what treats batches of the table in one goroutine. The look-ups of the plan must be done.
func (t *Table) Treater() *Treater {
	r := &Treater{table: t, columns: make([]memo, len(t.works)), outcomes: []Outcome{Treated, ""}}
	for i := range t.works {
		if w := t.works[i].writer; w != nil {
			r.columns[i].writer = w.Clone()
		}
	}
	return r
}

// pending is the code of a pseudonym that no row that leaves has had yet: it is not made before.
const pending = ^uint32(0)

// outside is the place among a Treater's outcomes of a number that its column may not hold.
const outside = 1

// memo is what became of the distinct values of a column.
type memo struct {
	stock    *extract.Stock
	codes    []uint32        // per value; 0 for null
	outcomes []uint8         // per value, a place in Treater.outcomes
	nulls    bool            // some value becomes null
	unmade   int             // pseudonyms still to be made
	macs     [][macSize]byte // of children who have no number
	writer   *pseudonym.Pseudonymiser
}

// childMemo is what is known of the distinct identifiers of the child's column.
type childMemo struct {
	stock   *extract.Stock
	numbers []uint32 // harmonise.Nobody for a value that identifies no child
	in      []bool   // of the cohort
	all     bool     // each identifies a child of the cohort
}

// eventMemo is which distinct values of the event date's column are in the data period.
type eventMemo struct {
	stock *extract.Stock
	in    []bool
	all   bool // each is, and is known
}

// kept is how many of a column's values were worked out before: none, where they are others now.
func kept(memory **extract.Stock, column *extract.Column, have int) int {
	if column.Stock == nil || column.Stock != *memory || have > len(column.Values) {
		*memory = column.Stock
		return 0
	}
	return have
}

// Apply treats a batch and appends the rows that leave to into, a batch of the same table (Table.NewBatch). What did not
// leave is counted in held; findings go to report. After an error nothing was appended.
func (r *Treater) Apply(into *Batch, b *extract.Batch, held *Held, report *finding.Report) error {
	t := r.table
	if into.layout != t.layout || into.ranks != nil {
		return errOtherBatch
	}
	all, err := r.keepRows(b, held, report)
	if err != nil {
		return err
	}
	n := len(r.leave)
	if all {
		n = b.Len()
	}
	columns := make([]*extract.Column, len(t.works))
	for i := range t.works {
		if !t.works[i].fixed {
			columns[i] = b.Column(t.Columns[i].From)
		}
	}
	r.learn(columns)
	before, w := len(into.rows), t.layout.width
	into.rows = slices.Grow(into.rows, n*w)[:before+n*w]
	into.buckets = slices.Grow(into.buckets, n)[:before/w+n]
	out := into.rows[before:]
	for _, i := range t.layout.order {
		if err := r.column(i, columns[i], b, all, out); err != nil {
			into.rows, into.buckets = into.rows[:before], into.buckets[:before/w]
			return err
		}
		for o, count := range r.counts {
			if count > 0 || o == 0 && n == 0 {
				held.count(t.Columns[i].Name, r.outcomes[o], count)
			}
		}
	}
	if lead := t.layout.lead; lead >= 0 && len(r.columns[lead].macs) > 0 {
		into.widen(before, r.columns[lead].macs)
	}
	r.bucket(into.rows[before:], into.buckets[before/w:])
	return nil
}

// errOtherBatch is met when rows are to go where they do not belong.
var errOtherBatch = errors.New("minimise: treated rows go to a batch or a stage of another table, or to one that is ordered")

// keepRows finds the rows that leave: all of them, or those listed in r.leave.
func (r *Treater) keepRows(b *extract.Batch, held *Held, report *finding.Report) (all bool, err error) {
	t := r.table
	column, event := b.Column(t.Source.ChildID), b.Column(t.Source.EventDate)
	if column != nil {
		if err := r.children(b, column); err != nil {
			return false, err
		}
	}
	inYear := event != nil || t.yearInPeriod(b.Source)
	if event != nil {
		r.events(event)
	}
	held.Seen += int64(b.Len())
	r.leave = r.leave[:0]
	switch {
	case !inYear, event != nil && !r.event.all:
	case column != nil && r.child.all, column == nil && t.plan.people == nil:
		return true, nil
	}
	for row := range b.Len() {
		in := t.plan.people == nil
		if column != nil {
			n := column.Index[row]
			in = r.child.in[n]
			if r.child.numbers[n] == harmonise.Nobody {
				held.Nobody++
				report.Add(harmonise.RuleNobody, t.severity(), b.Source.Place(b.Rows[row], column.Named()),
					"the cell identifies no child", "fill in the child's identifier in the source system")
				if t.keepsBack() {
					held.Unusable++
					continue
				}
			}
		}
		switch {
		case !in:
			held.NotInCohort++
		case !inYear, event != nil && !r.event.in[event.Index[row]], event != nil && t.begunOutside(b, row, event.At(row)):
			held.OutsidePeriod++
		default:
			r.leave = append(r.leave, uint32(row))
		}
	}
	return len(r.leave) == b.Len(), nil
}

// children numbers the children of a column.
func (r *Treater) children(b *extract.Batch, column *extract.Column) error {
	m := &r.child
	have := kept(&m.stock, column, len(m.numbers))
	m.numbers, m.in, m.all = m.numbers[:have], m.in[:have], have == 0 || m.all
	numbersFrom := r.table.plan.children.NumbersFrom
	if r.table.named > 1 { // only one of the columns may be that of wide rows
		numbersFrom = r.table.plan.children.AllFrom
	}
	numbers, err := numbersFrom(m.numbers, b, column, have)
	if err != nil {
		m.stock, m.numbers, m.in = nil, m.numbers[:0], m.in[:0]
		return err
	}
	m.numbers = numbers
	for _, n := range numbers[have:] {
		in := r.table.plan.people.has(n)
		m.in = append(m.in, in)
		m.all = m.all && in && n != harmonise.Nobody
	}
	return nil
}

// events holds the values of an event date to the data period.
func (r *Treater) events(column *extract.Column) {
	m := &r.event
	have := kept(&m.stock, column, len(m.in))
	m.in, m.all = m.in[:have], have == 0 || m.all
	for _, v := range column.Values[have:] {
		in := r.table.inPeriod(v)
		m.in = append(m.in, in)
		m.all = m.all && in && v.State == extract.Known
	}
}

// learn works out what becomes of the values of each column that it does not know yet.
func (r *Treater) learn(columns []*extract.Column) {
	for i, column := range columns {
		m, w := &r.columns[i], &r.table.works[i]
		if column == nil || w.since != nil {
			continue
		}
		have := kept(&m.stock, column, len(m.codes))
		if have == 0 {
			m.codes, m.outcomes, m.macs, m.nulls, m.unmade = m.codes[:0], m.outcomes[:0], m.macs[:0], false, 0
		}
		for _, v := range column.Values[have:] {
			code, outcome := r.value(i, v)
			m.codes, m.outcomes = append(m.codes, code), append(m.outcomes, outcome)
			switch code {
			case 0:
				m.nulls = true
			case pending:
				m.unmade++
			}
		}
	}
}

// value is what becomes of one value of a column: a code, or null, and the outcome.
func (r *Treater) value(i int, v extract.Value) (uint32, uint8) {
	w := &r.table.works[i]
	if w.writer != nil {
		switch {
		case v.State == extract.Known && v.Text != "":
			return pending, 0
		case v.State == extract.Unusable:
			return 0, r.outcome(Outcome(string(NotUsable) + ": " + v.Outcome.String()))
		default: // a blank is never hashed, whatever it says of itself
			return 0, r.outcome(NoValue)
		}
	}
	n, outcome := w.treat(v)
	if outcome != Treated {
		return 0, r.outcome(outcome)
	}
	code, err := r.table.Columns[i].codeOf(n)
	if err != nil {
		return 0, outside // an error if a row leaves with it
	}
	return code, 0
}

// outcome is the place of an outcome among those that were met.
func (r *Treater) outcome(o Outcome) uint8 {
	at := slices.Index(r.outcomes, o)
	if at < 0 {
		at = len(r.outcomes)
		r.outcomes = append(r.outcomes, o)
	}
	return uint8(at)
}

// column writes one column of the rows that leave, and counts what came out in r.counts.
func (r *Treater) column(i int, column *extract.Column, b *extract.Batch, all bool, out []byte) error {
	t := r.table
	n := len(out) / t.layout.width
	r.counts = append(r.counts[:0], make([]int64, len(r.outcomes))...)
	r.counts[0] = int64(n)
	if t.works[i].fixed {
		for row := range n {
			setCode(out[row*t.layout.width+t.layout.at[i]:], t.layout.size[i], 1)
		}
		return nil
	}
	index := column.Index
	if !all {
		r.index = r.index[:0]
		for _, row := range r.leave {
			r.index = append(r.index, index[row])
		}
		index = r.index
	}
	if t.works[i].since != nil {
		return r.daysSince(i, column, b, all, index, out)
	}
	m := &r.columns[i]
	if m.unmade > 0 {
		r.pseudonyms(i, column, index)
	}
	t.layout.fill(out, i, index, m.codes)
	if m.nulls {
		for _, n := range index {
			if m.codes[n] == 0 {
				r.counts[m.outcomes[n]]++
				r.counts[0]--
			}
		}
	}
	if r.counts[outside] > 0 {
		return r.outOfRange(i)
	}
	return nil
}

func (r *Treater) outOfRange(i int) error {
	return fmt.Errorf("%w: %s of %s", errRange, r.table.Columns[i].Name, r.table.ID)
}

// fill writes the codes of a column into rows.
func (l *layout) fill(out []byte, column int, index, codes []uint32) {
	at, w := l.at[column], l.width
	switch l.size[column] {
	case 1:
		for _, n := range index {
			out[at] = byte(codes[n])
			at += w
		}
	case 2:
		for _, n := range index {
			binary.BigEndian.PutUint16(out[at:], uint16(codes[n]))
			at += w
		}
	case 3:
		for _, n := range index {
			c, p := codes[n], out[at:at+3]
			p[0], p[1], p[2] = byte(c>>16), byte(c>>8), byte(c)
			at += w
		}
	default:
		for _, n := range index {
			binary.BigEndian.PutUint32(out[at:], codes[n])
			at += w
		}
	}
}

// pseudonyms makes the pseudonyms that rows that leave have and the book has not. Nothing else is hashed.
func (r *Treater) pseudonyms(i int, column *extract.Column, index []uint32) {
	m, book := &r.columns[i], r.table.works[i].book
	child := r.table.Columns[i].From == r.table.Source.ChildID
	for _, n := range index {
		if m.codes[n] != pending {
			continue
		}
		r.id = append(r.id[:0], column.Values[n].Text...)
		var number uint32
		if child {
			number = r.child.numbers[n]
		} else {
			number = book.number(r.id)
		}
		if number == harmonise.Unnumbered {
			m.writer.MAC(&r.mac, r.id)
			m.codes[n] = loose | uint32(len(m.macs))
			m.macs = append(m.macs, r.mac)
			m.unmade--
			continue
		}
		if !book.has(number) {
			m.writer.MAC(&r.mac, r.id)
			book.put(number, &r.mac)
		}
		m.codes[n] = number + 1
		m.unmade--
	}
}

// bucket says which bucket of a Stage each row goes to: by the first byte of a pseudonym that stands first in a row, 0 for
// none; else by what stands first.
func (r *Treater) bucket(rows, buckets []byte) {
	l := r.table.layout
	first := l.order[0]
	if book := l.books[first]; book != nil {
		pages := *book.pages.Load()
		for i := range buckets {
			buckets[i] = 0
			if n := binary.BigEndian.Uint32(rows[i*l.width:]); n != 0 {
				n--
				buckets[i] = pages[n>>pageBits].macs[n%pageSize][0]
			}
		}
		return
	}
	for i := range buckets {
		buckets[i] = byte(code(rows[i*l.width:], l.size[first]) >> l.shift)
	}
}

// daysSince counts from the child's own index event, row by row.
func (r *Treater) daysSince(i int, column *extract.Column, b *extract.Batch, all bool, index []uint32, out []byte) error {
	t := r.table
	children := b.Column(t.Source.ChildID)
	for at, n := range index {
		row := at
		if !all {
			row = int(r.leave[at])
		}
		child := harmonise.Nobody
		if children != nil {
			child = r.child.numbers[children.Index[row]]
		}
		days, outcome := since(t.works[i].since, child, column.Values[n], t.period)
		code := uint32(0)
		if outcome == Treated {
			var err error
			if code, err = t.Columns[i].codeOf(days); err != nil {
				return r.outOfRange(i)
			}
		} else {
			o := r.outcome(outcome)
			for int(o) >= len(r.counts) {
				r.counts = append(r.counts, 0)
			}
			r.counts[o]++
			r.counts[0]--
		}
		setCode(out[at*t.layout.width+t.layout.at[i]:], t.layout.size[i], code)
	}
	return nil
}
