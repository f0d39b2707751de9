package harmonise

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// RuleDailyRepeated is met when a row is the one before it over again.
const RuleDailyRepeated = "DAILY_REPEATED"

// daily makes a core table that streams: each source row becomes one row, or is counted as one of nobody's. There may be
// hundreds of millions of them, so that nothing is kept of a row but what is needed to tell whether the next one repeats
// it. Work is done once per distinct value; per row there are look-ups in short lists.
//
// The rows of a file are worked on split by split, side by side (streamer, streamed). What turns on rows of other splits is
// settled where splits are joined: whether the first row repeats the one before it, whether two identifiers become one
// child, and whom the links found.
type daily struct {
	*Job
	in      Input
	columns []string // those asked for, and those that make a row unique, the child's first
	number  int      // of the table, in Links
	linking bool     // some child has a pupil number, so that a row's may find one
	before  *turnOut // the last row that was joined; nil at the beginning of a file
}

// turnOut is a row of a child, as far as the next one can repeat it.
type turnOut struct {
	child uint32
	id    string
	cells []extract.Value // of the other columns that make a row unique
}

func newDaily(in Input, job *Job) *daily {
	d := &daily{Job: job, in: in, columns: with(job.Columns, job.Table.OneRowPer...)}
	if in.Links != nil {
		d.number = in.Links.table(job.Table.ID())
		d.linking = in.Links.numbers.Len() > 0
	}
	return d
}

func (d *daily) readings() []reading {
	return yearly(d.in, d.Table, func(source *dataset.Source, _ int, src *extract.Source) []reading {
		columns := readsOf(d.columns, source.Feed)
		if d.linking {
			columns = append(slices.Clone(source.LinkedBy), columns...)
		}
		demand := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, columns...), Report: d.Report}
		r := d.work(&stream{daily: d, source: source}, demand, &d.Tally)
		r.then = append(r.then, func() error {
			d.before = nil
			return nil
		})
		return []reading{r}
	})
}

func (d *daily) finish(context.Context) error { return nil }

// after makes what gets the rows that a job makes, split by split. A job that has a sink alone gets them in order.
func (j *Job) after() extract.Workers {
	if j.Workers != nil {
		return j.Workers
	}
	return sink(j.Sink)
}

// work has the rows of a source worked on: side by side where the job can have them so and the reader gives them so, else
// in order, as one split.
func (j *Job) work(by extract.Workers, demand *extract.Demand, tally *Tally) reading {
	if j.Workers != nil {
		demand.Workers = by
	}
	var whole extract.Piece
	demand.Sink = func(b *extract.Batch) error {
		if whole == nil {
			whole = by.Worker().Begin(demand.Report, true)
		}
		return whole.Add(b)
	}
	return reading{demand: demand, tally: tally, then: []func() error{func() error {
		if whole == nil {
			return nil
		}
		return whole.Join()
	}}}
}

// sink gets rows in order.
type sink func(*extract.Batch) error

// Worker is the sink.
func (s sink) Worker() extract.Worker { return s }

// Begin is the sink: splits come one after the other.
func (s sink) Begin(*finding.Report, bool) extract.Piece { return s }

// Add hands rows on.
func (s sink) Add(b *extract.Batch) error { return s(b) }

// Join has nothing left to do.
func (s sink) Join() error { return nil }
