package extract

import (
	"cmp"
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// large is the size of a text file that is read by as many workers as there are, and by itself.
const large = 1 << 24

// show tells the years that the dates inside sets show, of sets that need it, side by side.
func (d *discovery) show(ctx context.Context, all []*set) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, s := range all {
		if s.sources[0].Year == 0 {
			group.Go(func() error {
				s.shown, s.failed = d.yearShown(ctx, s)
				return nil // each set's failure is told in its turn
			})
		}
	}
	_ = group.Wait() // nothing fails
}

// yearShown is the latest collection year of the dates that a set's evidence columns hold, slips of the keyboard aside:
// one date in a hundred may be later, and in small sets two, though never more than one in ten. The table with the most evidence columns is asked first (in the SSDA903
// return, the episodes); others only when it has no date. 0 when there is none.
func (d *discovery) yearShown(ctx context.Context, s *set) (int, error) {
	asked := slices.Clone(s.sources)
	slices.SortStableFunc(asked, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(len(b.Table.YearEvidence), len(a.Table.YearEvidence)), cmp.Compare(a.File, b.File))
	})
	for _, src := range asked {
		if len(src.Table.YearEvidence) == 0 {
			break
		}
		counts, err := d.evidence(ctx, src)
		if err != nil {
			return 0, err
		}
		if year := latestYear(counts); year != 0 {
			return year, nil
		}
	}
	return 0, nil
}

// evidence counts the dates of a source's evidence columns by collection year.
func (d *discovery) evidence(ctx context.Context, src *Source) (map[int]int64, error) {
	if src.Form == Text && src.Size >= large {
		d.large.Lock()
		defer d.large.Unlock()
	}
	reader := d.readers[strings.ToLower(filepath.Ext(src.Path))]
	e := &evidence{begins: src.Table.YearBegins, counts: make(map[int]int64)}
	whole := e.Worker().Begin(nil, true) // for a reader that does not cut the file
	demand := &Demand{Source: src, Want: NewWant(src.Table, src.Table.YearEvidence...), Report: &finding.Report{}, Confidential: true,
		Sink: whole.Add, Workers: e} // what is wrong with the rows is reported when they are read for the drop
	if err := reader.Read(ctx, []*Demand{demand}); err != nil {
		return nil, err
	}
	return e.counts, whole.Join()
}

// evidence is how many dates are of each collection year.
type evidence struct {
	begins time.Month
	counts map[int]int64
}

// Worker counts splits.
func (e *evidence) Worker() Worker { return &evidenceWorker{of: e} }

type evidenceWorker struct {
	of   *evidence
	seen []int32 // per value of a column, in how many rows of the batch
}

// Begin counts one split.
func (w *evidenceWorker) Begin(*finding.Report, bool) Piece {
	return &evidencePiece{worker: w, counts: make(map[int]int64)}
}

type evidencePiece struct {
	worker *evidenceWorker
	counts map[int]int64
}

// Add counts the dates of all date columns.
func (p *evidencePiece) Add(b *Batch) error {
	for i := range b.Columns {
		if c := &b.Columns[i]; c.Def.Type == dataset.Date {
			p.count(c)
		}
	}
	return nil
}

func (p *evidencePiece) count(c *Column) {
	seen := slices.Grow(p.worker.seen[:0], len(c.Values))[:len(c.Values)]
	clear(seen)
	for _, at := range c.Index {
		seen[at]++
	}
	for at, n := range seen {
		if v := &c.Values[at]; n > 0 && v.State == Known {
			p.counts[civil.Date(v.Num).YearEnding(p.worker.of.begins)] += int64(n)
		}
	}
	p.worker.seen = seen
}

// Join adds what was counted.
func (p *evidencePiece) Join() error {
	for year, n := range p.counts {
		p.worker.of.counts[year] += n
	}
	return nil
}

func latestYear(counts map[int]int64) int {
	years := make([]int, 0, len(counts))
	total := int64(0)
	for year, n := range counts {
		years = append(years, year)
		total += n
	}
	slices.Sort(years)
	slips := max(total/100, min(2, total/10))
	below := int64(0)
	for _, year := range years {
		below += counts[year]
		if total-below <= slips {
			return year
		}
	}
	return 0
}
