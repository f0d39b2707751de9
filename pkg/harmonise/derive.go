package harmonise

import (
	"cmp"
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// RuleUndated is met when a row has no date, so that nothing can be made of it together with others.
const RuleUndated = "REQUIRED_EMPTY"

// noDay is the day of what has none, or none that is known.
const noDay = int32(-1 << 31)

// noCode is the position of a code that was not returned.
const noCode = int16(-1)

// derived makes a table of the rows of another one: it gathers what that one would leave, each event once and in its
// latest form, and puts it together child by child when all is read. It keeps 36 bytes for each event, beside what tells
// events that come again, and lets go of both when it is done.
type derived struct {
	*Job
	in     Input
	base   *events
	shape  shape
	from   []string // the columns of the other table that are read, the child's and the date first
	rows   []event
	lost   []event
	places []*extract.Source // of rows, by event.src
	brief  map[string]bool   // files in which a row stands for all episodes of a period, and says how it is now
	turn   map[string]turn   // by file
	last   [turns]int        // the latest collection year that there is a return of, by turn
	first  civil.Date        // the first day of the earliest
}

// event is one row of the other table: an episode, a referral. What the two have not in common is in codes and until.
type event struct {
	child uint32
	start int32 // the day that dates it
	until int32 // the day it ended, noDay for none
	src   uint32
	row   uint32
	year  int16
	codes [6]int16 // what shape.codes name, as positions; of a truth 0 or 1; noCode for none
}

// shape is what a kind of table is made of, and how.
type shape struct {
	until string    // the column of event.until
	codes [6]string // the columns of event.codes; an empty one is not read
	// stated is the code that must be known for aside to be sure, as a position in codes; -1 for none.
	stated int
	// aside reports whether an event is one that the table is not about; nil for none.
	aside func(d *derived, e *event) bool
	// make puts the events of one child together, which are in order of their days; lost are those of which only the day
	// is known, or not even that.
	make func(d *derived, child, lost []event) []result
}

// result is a row that was made.
type result struct {
	from   []event // the events that it is made of; none for an event that became no row
	cell   func(name string) extract.Value
	begun  int32 // a day on which it had begun
	weighs finding.Severity
}

func newDerived(in Input, job *Job) *derived {
	d := &derived{Job: job, in: in, brief: make(map[string]bool), turn: make(map[string]turn)}
	base := job.Table.Made.Table
	switch job.Table.Made.How {
	case dataset.MadeReReferrals:
		d.shape = reReferrals()
	case dataset.MadePlacements:
		d.shape = placementsOf(in.Choices, base, job.Columns)
	default:
		d.shape = periodsOf(in.Choices, base, job.Columns)
	}
	d.from = with(nil, base.OneRowPer...)
	d.from = append(d.from, d.shape.until)
	for _, name := range d.shape.codes {
		if name != "" {
			d.from = append(d.from, name)
		}
	}
	d.base = newEvents(in, &Job{Table: base, Columns: d.from, Report: job.Report, Sink: d.gather})
	d.base.lost = d.lose
	return d
}

func (d *derived) readings() []reading {
	first := 0
	for i := range d.Table.Made.Table.Sources {
		source := &d.Table.Made.Table.Sources[i]
		reason := source.Feed("start_reason")
		brief := reason != nil && reason.Always != ""
		for _, src := range d.in.Inventory.Of(source.Table) {
			now := turnOf(source)
			d.turn[src.File], d.last[now] = now, max(d.last[now], src.Year)
			if brief {
				d.brief[src.File] = true
			}
			if first == 0 || src.Year < first {
				first = src.Year
			}
		}
	}
	if first > 0 {
		d.first = d.yearBegins(first)
	}
	return d.base.readings()
}

// yearBegins is the first day of a collection year, by the year in which that ends.
func (d *derived) yearBegins(year int) civil.Date {
	return civil.MustYMD(year-1, max(1, int(d.Table.YearBegins)), 1)
}

// finish puts the events of each child together and passes on what comes of it, child by child in the order in which the
// run met them.
func (d *derived) finish(ctx context.Context) error {
	if err := d.base.finish(ctx); err != nil {
		return err
	}
	d.account()
	slices.SortFunc(d.rows, compareEvents)
	d.forgetSound()
	out := &sheet{derived: d}
	lost := d.lost
	for rows := d.rows; len(rows) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := 1
		for n < len(rows) && rows[n].child == rows[0].child {
			n++
		}
		for len(lost) > 0 && lost[0].child < rows[0].child {
			lost = lost[1:]
		}
		m := 0
		for m < len(lost) && lost[m].child == rows[0].child {
			m++
		}
		if err := d.child(rows[:n], lost[:m], out); err != nil {
			return err
		}
		rows = rows[n:]
	}
	d.rows, d.lost, d.places = nil, nil, nil
	return out.pass()
}

// account takes over what the making of the other table counted: what it would leave is counted as it is used.
func (d *derived) account() {
	t, own := d.base.Tally, d.Tally
	t.Left, t.Quarantined, t.Nobody = 0, t.Quarantined+own.Quarantined, t.Nobody+own.Nobody
	d.Tally = t
}

// compareEvents brings events into the order of child, day and end, and those that are alike into one that only their
// places tell.
func compareEvents(a, b event) int {
	end := func(e event) int64 { // an open one comes last
		if e.until == noDay {
			return 1 << 40
		}
		return int64(e.until)
	}
	return cmp.Or(cmp.Compare(a.child, b.child), cmp.Compare(a.start, b.start), cmp.Compare(end(a), end(b)),
		slices.Compare(a.codes[:], b.codes[:]), cmp.Compare(a.year, b.year), cmp.Compare(a.src, b.src), cmp.Compare(a.row, b.row))
}

// forgetSound takes from the lost rows those for which a sound one speaks.
func (d *derived) forgetSound() {
	slices.SortFunc(d.lost, compareEvents)
	d.lost = slices.DeleteFunc(d.lost, func(l event) bool {
		_, sound := slices.BinarySearchFunc(d.rows, l, func(e, l event) int {
			return cmp.Or(cmp.Compare(e.child, l.child), cmp.Compare(e.start, l.start))
		})
		return l.start != noDay && sound
	})
}

// child makes the rows of one child.
func (d *derived) child(rows, lost []event, out *sheet) error {
	kept := rows[:0]
	for _, e := range rows {
		switch {
		case d.isAside(&e):
			d.Tally.Aside++
		case len(kept) > 0 && same(kept[len(kept)-1], e):
			d.Tally.Merged++ // one return has it twice, with the same facts
		default:
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	left := int64(len(kept))
	for _, r := range d.shape.make(d, kept, lost) {
		n := int64(len(r.from))
		left -= n
		if r.weighs >= finding.Quarantine {
			d.Tally.Quarantined += n
			continue
		}
		if r.cell == nil {
			d.Tally.Aside += n
			continue
		}
		d.Tally.Left++
		d.Tally.Merged += n - 1
		if err := out.add(&r); err != nil {
			return err
		}
	}
	d.Tally.Merged += left // a part of more than one row
	return nil
}

// same reports whether two rows on one day say the same.
func same(a, b event) bool {
	return a.start == b.start && a.until == b.until && a.codes == b.codes
}

// latestOf is the latest collection year of the returns that could tell of an event again.
func (d *derived) latestOf(e *event) int { return d.last[d.turn[d.places[e.src].File]] }

// isBrief reports whether an event stands for all episodes of a period.
func (d *derived) isBrief(e *event) bool { return d.brief[d.places[e.src].File] }

// note reports what is not as it should be with an event, and returns what it weighs.
func (d *derived) note(rule string, severity finding.Severity, e *event, column, message, hint string) finding.Severity {
	return d.Report.Add(rule, severity, d.places[e.src].Place(int64(e.row), column), message, hint)
}
