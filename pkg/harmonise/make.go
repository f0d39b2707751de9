package harmonise

import (
	"context"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// Make makes tables. Those that are made of the same files are made side by side, so that each file is read once; the
// others one after the other. When links is not nil, it is filled as well, in the same pass.
func Make(ctx context.Context, in Input, jobs []*Job, links *Links) error {
	in.Children.looked.Store(true)
	defer in.Children.looked.Store(false)
	var makers []maker
	if links != nil {
		makers = append(makers, newLinker(in, links))
	}
	for _, job := range jobs {
		if job.Table.Linked() && in.Links == nil {
			return fmt.Errorf("make %s: nothing tells which pupils are which children", job.Table.ID())
		}
		if err := in.Choices.decide(job); err != nil {
			return err
		}
		m := newMaker(in, job)
		if in.Choices.opens(job.Table) {
			m = opened{m}
		}
		makers = append(makers, m)
	}
	for _, group := range together(makers) {
		if err := side(ctx, in, group); err != nil {
			return err
		}
	}
	return nil
}

// maker is one table in the making. It is told what it wants to read, in order.
type maker interface {
	readings() []reading
	finish(ctx context.Context) error
}

// reading is one source that a maker wants to read.
type reading struct {
	demand *extract.Demand
	tally  *Tally         // of the table: what the reader counts is added to it
	then   []func() error // once it is read, in order
	after  bool           // what the maker reads before it must have been read to its end
	turn   turn           // those of an earlier one come first, whatever their years
}

func newMaker(in Input, job *Job) maker {
	switch {
	case !job.Table.Core():
		return &asReturned{in: in, job: job}
	case job.Table.Made != nil:
		return newDerived(in, job)
	case job.Table.Streams:
		return newDaily(in, job)
	case job.Table.PerPupil():
		return newPupils(in, job)
	case job.Table.PerChild():
		return newKids(in, job)
	default:
		return newEvents(in, job)
	}
}

// queue is a maker with what it still has to read.
type queue struct {
	maker maker
	left  []reading
}

// together groups makers that read the same files, and leaves all others alone.
func together(makers []maker) [][]*queue {
	var groups [][]*queue
	for _, m := range makers {
		l := &queue{maker: m, left: m.readings()}
		joined := []*queue{l}
		groups = slices.DeleteFunc(groups, func(group []*queue) bool {
			if !slices.ContainsFunc(group, l.shares) {
				return false
			}
			joined = append(slices.Clone(group), joined...)
			return true
		})
		groups = append(groups, joined)
	}
	return groups
}

func (l *queue) shares(other *queue) bool {
	return slices.ContainsFunc(l.left, func(r reading) bool {
		return slices.ContainsFunc(other.left, func(o reading) bool { return o.demand.Source.Path == r.demand.Source.Path })
	})
}

// side makes the tables of a group side by side: the first maker that has something to read says which file is next, and
// every maker whose next sources are of that file reads along.
func side(ctx context.Context, in Input, group []*queue) error {
	for {
		at := slices.IndexFunc(group, func(l *queue) bool { return len(l.left) > 0 })
		if at < 0 {
			break
		}
		src := latest(group)
		var now []reading
		for _, l := range group {
			for begun := false; len(l.left) > 0 && l.left[0].demand.Source.Path == src.Path && !(begun && l.left[0].after); begun = true {
				now = append(now, l.left[0])
				l.left[0], l.left = reading{}, l.left[1:] // what it holds goes when it is done
			}
		}
		if err := readAll(ctx, in, now); err != nil {
			return err
		}
	}
	for _, l := range group {
		if err := l.maker.finish(ctx); err != nil {
			return err
		}
	}
	return nil
}

// latest is the source that is to be read next: of what the makers want next, one of the latest year, so that a maker
// that wants fewer years waits for the others to come to them.
func latest(group []*queue) *extract.Source {
	var first *reading
	for _, l := range group {
		if len(l.left) > 0 && (first == nil || l.left[0].before(first)) {
			first = &l.left[0]
		}
	}
	return first.demand.Source
}

// before reports whether a reading comes before another one: it has an earlier turn, or the same and a later year.
func (r *reading) before(other *reading) bool {
	if r.turn != other.turn {
		return r.turn < other.turn
	}
	return r.demand.Source.Year > other.demand.Source.Year
}

func readAll(ctx context.Context, in Input, now []reading) error {
	demands := make([]*extract.Demand, len(now))
	for i, r := range now {
		demands[i] = r.demand
	}
	if err := in.Read(ctx, demands); err != nil {
		return err
	}
	for _, r := range now {
		r.tally.Read += r.demand.Tally.Read
		r.tally.Quarantined += r.demand.Tally.Quarantined
		r.tally.Confidential += r.demand.Tally.Confidential
		for _, then := range r.then {
			if err := then(); err != nil {
				return err
			}
		}
	}
	return nil
}

// yearly lists the sources of a core table's sources in their turns, in each latest collection year first, in a year in the
// order of the definitions, and makes readings of each.
func yearly(in Input, table *dataset.Table, read func(source *dataset.Source, at int, src *extract.Source) []reading) []reading {
	var years []int
	for i := range table.Sources {
		for _, src := range in.Inventory.Of(table.Sources[i].Table) {
			if !slices.Contains(years, src.Year) {
				years = append(years, src.Year)
			}
		}
	}
	slices.Sort(years)
	slices.Reverse(years)
	var out []reading
	for now := range turns {
		for _, year := range years {
			for i := range table.Sources {
				source := &table.Sources[i]
				if turnOf(source) != now {
					continue
				}
				for _, src := range in.Inventory.Of(source.Table) {
					if src.Year != year {
						continue
					}
					for _, r := range read(source, i, src) {
						r.turn = now
						out = append(out, r)
					}
				}
			}
		}
	}
	return out
}
