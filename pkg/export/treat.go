package export

import (
	"sync"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// treating treats the rows of a table and stages them: split by split and side by side where they come so, else batch by
// batch. Rows are staged, and what was held back is counted, when the split is joined, so that a split that was begun in the
// wrong place leaves nothing behind.
type treating struct {
	*Gateway
	staged *Staged
	free   sync.Pool // of *minimise.Batch: the rows of splits
}

// job makes a table's stage, and what fills it.
func (g *Gateway) job(s *Survey, t *minimise.Table, spill func() (string, error), tables int) *harmonise.Job {
	staged := &Staged{Table: t, Stage: t.NewStage(spill), Held: minimise.NewHeld()}
	staged.Stage.Workers(g.Workers)
	staged.Stage.SpillAt(StageMemory / tables)
	if g.StageBytes > 0 {
		staged.Stage.SpillAt(g.StageBytes)
	}
	s.Tables = append(s.Tables, staged)
	by := &treating{Gateway: g, staged: staged, free: sync.Pool{New: func() any { return t.NewBatch() }}}
	job := &harmonise.Job{Table: t.Source, Columns: t.Needs(), Report: s.report(), Workers: by}
	var one extract.Worker
	job.Sink = func(b *extract.Batch) error {
		if one == nil {
			one = by.Worker()
		}
		piece := one.Begin(job.Report, true)
		if err := piece.Add(b); err != nil {
			return err
		}
		return piece.Join()
	}
	return job
}

// Worker makes what one goroutine needs. The look-ups have been made.
func (t *treating) Worker() extract.Worker {
	return &treater{treating: t, treat: t.staged.Table.Treater()}
}

// treater treats splits one after the other.
type treater struct {
	*treating
	treat *minimise.Treater
}

// treated is what becomes of one split.
type treated struct {
	*treater
	report *finding.Report
	joined bool
	rows   *minimise.Batch // not staged yet
	held   *minimise.Held
}

// Begin begins a split.
func (t *treater) Begin(report *finding.Report, joined bool) extract.Piece {
	p := &treated{treater: t, report: report, joined: joined, held: minimise.NewHeld()}
	if rows, ok := t.free.Get().(*minimise.Batch); ok {
		p.rows = rows
	}
	return p
}

// Add treats some rows. Where every split before it was joined they are staged at once, however many the split has.
func (p *treated) Add(b *extract.Batch) error {
	if err := p.treat.Apply(p.rows, b, p.held, p.report); err != nil || !p.joined {
		return err
	}
	return p.stage()
}

// Join stages the split's rows.
func (p *treated) Join() error {
	if err := p.stage(); err != nil {
		return err
	}
	p.free.Put(p.rows)
	p.staged.Held.Join(p.held)
	return nil
}

func (p *treated) stage() error {
	if p.rows.Len() == 0 {
		return nil
	}
	if err := p.staged.Stage.Add(p.rows); err != nil {
		return err
	}
	p.rows.Reset()
	p.progress("treating", p.staged.Table.ID, p.staged.Stage.Rows())
	return nil
}
