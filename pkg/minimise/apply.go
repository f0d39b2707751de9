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
// is made by its treatment, once per distinct value (Treater). Nothing else leaves.
//
// # Treated data
//
// A Batch of treated rows can be made only here (see Batch), and only it can be written. Treated rows are staged
// (Stage), so that what they disclose can be measured before anything is written, and come back in one total order.
//
// # Cost
//
// Per distinct identifier of a run one HMAC (about 1 µs), and of a child who has no number (harmonise.Unnumbered) one per
// distinct value of a worker's column; per distinct value of a worker's columns one treatment (a few ns); per row and column
// one look-up and a code of 1 to 4 bytes (about 2 ns); to order the rows, about 50 ns a row. Memory: rows up to the stage's
// budget, and about 50 bytes per child who has a number, and per distinct identifier of another column that becomes a
// pseudonym; of children who have none, nothing.
package minimise

import (
	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
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

// Join adds what another count has.
func (h *Held) Join(other *Held) {
	h.NotInCohort += other.NotInCohort
	h.OutsidePeriod += other.OutsidePeriod
	h.Unusable += other.Unusable
	h.Nobody += other.Nobody
	h.Seen += other.Seen
	for name, counts := range other.Cells {
		for outcome, n := range counts {
			h.count(name, outcome, n)
		}
	}
}

// count counts cells of a column.
func (h *Held) count(column string, outcome Outcome, n int64) {
	cells := h.Cells[column]
	if cells == nil {
		cells = make(map[Outcome]int64)
		h.Cells[column] = cells
	}
	cells[outcome] += n
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
