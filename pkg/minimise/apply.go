// Package minimise keeps only what an agreement allows, and changes it as the agreement says. It is the one place where
// untreated data becomes treated data.
//
// # The plan
//
// Compile turns an agreement, the dataset definitions and the agreement's keys into a Plan before anything is read. The
// plan says which columns of which tables are needed; the readers skip all others.
//
// # What is done to a row
//
// In this order: a row without a usable identifier is kept back or leaves with null, as the agreement says; a row whose
// child is not of the cohort is held back; a row dated outside the data period is held back; every column that leaves
// is made by its treatment, once per distinct value of a batch. Nothing else leaves.
//
// # Treated data
//
// A Batch of treated rows can be made only here (see Batch), and only it can be written. Treated rows are staged
// (Stage), so that what they disclose can be measured before anything is written, and come back in one total order.
//
// # Cost
//
// Per distinct value of a batch one treatment (an HMAC about 1 µs, the others a few ns); per row and column one copy of 5
// or 21 bytes; to order the rows, one sort of an index.
package minimise

import (
	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// Held counts what did not leave of a table, and why. Rows that came in = rows that left + NotInCohort +
// OutsidePeriod + Unusable.
type Held struct {
	NotInCohort   int64 // rows of children the agreement is not about
	OutsidePeriod int64 // rows dated outside the agreement's data period
	Unusable      int64 // rows without a usable identifier, where the agreement keeps them back
	Nobody        int64 // rows without a usable identifier, whatever became of them
	Seen          int64 // rows that came in
	Cells         map[string]map[Outcome]int64
}

// NewHeld makes an empty count.
func NewHeld() *Held { return &Held{Cells: make(map[string]map[Outcome]int64)} }

// Apply treats a batch of the table. What did not leave is counted in held; findings go to report.
func (t *Table) Apply(b *extract.Batch, held *Held, report *finding.Report) (*Batch, error) {
	rows, children, err := t.keepRows(b, held, report)
	if err != nil {
		return nil, err
	}
	out := &Batch{layout: t.layout, rows: make([]byte, len(rows)*t.layout.width)}
	for i := range t.works {
		counts := t.column(i, b, rows, children, out.rows)
		cells := held.Cells[t.Columns[i].Name]
		if cells == nil {
			cells = make(map[Outcome]int64)
			held.Cells[t.Columns[i].Name] = cells
		}
		for outcome, n := range counts {
			cells[outcome] += n
		}
	}
	return out, nil
}

// keepRows lists the rows that leave, and the number of the child of each.
func (t *Table) keepRows(b *extract.Batch, held *Held, report *finding.Report) (rows []int, children []uint32, err error) {
	column := b.Column(t.Source.ChildID)
	var numbers []uint32
	if column != nil {
		if numbers, err = t.plan.children.NumbersOf(b, column); err != nil {
			return nil, nil, err
		}
	}
	event := b.Column(t.Source.EventDate)
	rows = make([]int, 0, b.Len())
	children = make([]uint32, 0, b.Len())
	for row := range b.Len() {
		held.Seen++
		child := harmonise.Nobody
		if column != nil {
			child = numbers[column.Index[row]]
			if child == harmonise.Nobody {
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
		case !t.plan.people.has(child):
			held.NotInCohort++
		case event != nil && !t.inPeriod(event.At(row)), event != nil && t.begunOutside(b, row, event.At(row)), event == nil && !t.yearInPeriod(b.Source):
			held.OutsidePeriod++
		default:
			rows, children = append(rows, row), append(children, child)
		}
	}
	return rows, children, nil
}

// keepsBack reports whether rows without a usable identifier are kept back: where the agreement says so, and under a
// cohort, since nobody can tell whether they are of it.
func (t *Table) keepsBack() bool {
	return t.unusable == agreement.OnUnusableQuarantine || t.plan.people != nil
}

func (t *Table) severity() finding.Severity {
	if t.keepsBack() {
		return finding.Quarantine
	}
	return finding.Warning
}

// inPeriod holds a row to the data period by its event date. A row without a date belongs to no time outside it.
func (t *Table) inPeriod(v extract.Value) bool {
	if v.State != extract.Known {
		return true
	}
	day := civil.Date(v.Num)
	return day >= t.period.DataFrom && day <= t.period.DataTo
}

// begunOutside holds a row whose event date is not known to the data period by the day on which what it tells of had begun,
// where the batch has one: what had begun before the period did not begin in it.
func (t *Table) begunOutside(b *extract.Batch, row int, v extract.Value) bool {
	return v.State != extract.Known && b.Begun != nil && (b.Begun[row] < t.period.DataFrom || b.Begun[row] > t.period.DataTo)
}

// yearInPeriod holds a row of a table without an event date to the data period by the term, the academic year or the
// collection year that it tells of: some day of it must be in the period. Year 0, a row brought together from several
// returns, has none.
func (t *Table) yearInPeriod(src *extract.Source) bool {
	first, last := src.First, src.Last
	if last == 0 {
		var ok bool
		if first, ok = civil.FromYMD(src.Year-1, int(t.Source.YearBegins), 1); !ok {
			return true
		}
		last = civil.MustYMD(src.Year, int(t.Source.YearBegins), 1) - 1
	}
	return last >= t.period.DataFrom && first <= t.period.DataTo
}

// column makes one column of the rows that leave, and counts what came out.
func (t *Table) column(i int, b *extract.Batch, rows []int, children []uint32, out []byte) map[Outcome]int64 {
	w := &t.works[i]
	switch {
	case w.fixed:
		for at := range rows {
			t.layout.setNumber(t.row(out, at), i, 0)
		}
		return map[Outcome]int64{Treated: int64(len(rows))}
	case w.writer != nil:
		return t.pseudonyms(i, b.Column(t.Columns[i].From), rows, out)
	case w.since != nil:
		return t.daysSince(i, b.Column(t.Columns[i].From), rows, children, out)
	}
	column := b.Column(t.Columns[i].From)
	cells := make([]int32, len(column.Values))
	outcomes := make([]Outcome, len(column.Values))
	for n, v := range column.Values {
		cells[n], outcomes[n] = w.treat(v)
	}
	tally := make([]int64, len(column.Values))
	for at, row := range rows {
		n := column.Index[row]
		tally[n]++
		if outcomes[n] == Treated {
			t.layout.setNumber(t.row(out, at), i, cells[n])
		}
	}
	return sum(outcomes, tally)
}

func (t *Table) row(out []byte, at int) []byte {
	w := t.layout.width
	return out[at*w : (at+1)*w]
}

func sum(outcomes []Outcome, tally []int64) map[Outcome]int64 {
	counts := make(map[Outcome]int64)
	for n, outcome := range outcomes {
		if tally[n] > 0 {
			counts[outcome] += tally[n]
		}
	}
	return counts
}

// pseudonyms makes a pseudonym once per distinct identifier that leaves. What is not hashed leaves as null.
func (t *Table) pseudonyms(i int, column *extract.Column, rows []int, out []byte) map[Outcome]int64 {
	macs := make([][macSize]byte, len(column.Values))
	made := make([]bool, len(column.Values))
	outcomes := make([]Outcome, len(column.Values))
	tally := make([]int64, len(column.Values))
	var text []byte
	for at, row := range rows {
		n := column.Index[row]
		tally[n]++
		if v := &column.Values[n]; !made[n] {
			made[n] = true
			switch {
			case v.State == extract.Known && v.Text != "":
				outcomes[n] = Treated
				text = append(text[:0], v.Text...)
				t.works[i].writer.MAC(&macs[n], text)
			case v.State == extract.Unusable:
				outcomes[n] = Outcome(string(NotUsable) + ": " + v.Outcome.String())
			default: // a blank is never hashed, whatever it says of itself
				outcomes[n] = NoValue
			}
		}
		if outcomes[n] == Treated {
			t.layout.setMAC(t.row(out, at), i, &macs[n])
		}
	}
	return sum(outcomes, tally)
}

// daysSince counts from the child's own index event, row by row.
func (t *Table) daysSince(i int, column *extract.Column, rows []int, children []uint32, out []byte) map[Outcome]int64 {
	counts := make(map[Outcome]int64)
	for at, row := range rows {
		n, outcome := since(t.works[i].since, children[at], column.At(row), t.period)
		counts[outcome]++
		if outcome == Treated {
			t.layout.setNumber(t.row(out, at), i, n)
		}
	}
	return counts
}

func since(event *eventDates, child uint32, v extract.Value, period agreement.Period) (int32, Outcome) {
	day, outcome := dateTo(Day, period.DataFrom, period.DataTo)(v)
	if outcome != Treated {
		return 0, outcome
	}
	from, ok := event.of(child)
	if !ok {
		return 0, NoEvent
	}
	return day - from, Treated
}

// CheckUnusable refuses the run when more rows of a table than the agreement allows have no usable identifier.
// nobody and seen are counted over all rows that were read.
func CheckUnusable(table string, nobody, seen int64, most float64) error {
	if seen == 0 || float64(nobody)/float64(seen) <= most {
		return nil
	}
	return finding.Refuse(finding.IDPlaceholder, "correct the identifiers in the source system, or check that the right column holds them",
		"%d of %d rows of %s have no usable identifier, and the agreement allows %.1f%%", nobody, seen, table, 100*most)
}
