package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// asReturned passes a source table on as it is. It looks at the children whom rows name, and at nothing else.
type asReturned struct {
	in  Input
	job *Job
}

func (a *asReturned) readings() []reading {
	var out []reading
	for _, src := range a.in.Inventory.Of(a.job.Table.ID()) {
		d := &extract.Demand{Source: src, Want: extract.NewWant(a.job.Table, a.job.Columns...), Report: a.job.Report}
		r := a.job.work(a, d, &a.job.Tally)
		r.then = append(r.then, func() error {
			a.job.Tally.Left += d.Tally.Passed
			return nil
		})
		out = append(out, r)
	}
	return out
}

func (a *asReturned) finish(context.Context) error { return nil }

// Worker makes what one goroutine needs.
func (a *asReturned) Worker() extract.Worker {
	return &passer{child: a.job.Table.ChildID, names: names{children: a.in.Children}, after: a.job.after().Worker()}
}

// passer passes rows on.
type passer struct {
	child string
	names names
	after extract.Worker
}

// passed is what becomes of one split.
type passed struct {
	*passer
	after extract.Piece
	met   met
}

// Begin begins a split.
func (p *passer) Begin(report *finding.Report, joined bool) extract.Piece {
	return &passed{passer: p, after: p.after.Begin(report, joined), met: p.names.meetings(joined)}
}

// Add looks at the children, and hands the rows on.
func (p *passed) Add(b *extract.Batch) error {
	if column := b.Column(p.child); column != nil {
		p.names.of(column)
		for _, value := range column.Index {
			p.names.saw(value)
		}
		if err := p.met.meet(b, column); err != nil {
			return err
		}
	}
	return p.after.Add(b)
}

// Join meets the children.
func (p *passed) Join() error {
	if err := p.met.join(); err != nil {
		return err
	}
	return p.after.Join()
}
