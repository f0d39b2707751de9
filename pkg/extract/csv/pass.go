package csv

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// splitBytes is how long a split is. One of whole blocks is read once, but for the record at its end.
const splitBytes = extract.Block

// split is a part of a file: the records that begin behind its first byte, and the one that begins right behind its last.
type split struct{ from, to int64 }

// pass is one reading of one file, for all who want some of it.
type pass struct {
	src     *extract.Source
	file    io.ReaderAt
	size    int64
	stride  int64  // how long a split is
	header  []byte // the file up to its first record
	between byte
	demands []*extract.Demand
	wanted  extract.Want // what any of them wants
	columns []int        // per field of the file, where it is among wanted, or -1
	oneLine []bool       // per field, whether it never holds a line end
	forms   []*extract.Collector
	stock   int // how many distinct cells of a column each hand knows from split to split
}

// newPass brings demands on one file together.
func newPass(demands []*extract.Demand) (*pass, error) {
	src := demands[0].Source
	p := &pass{src: src, demands: demands, oneLine: oneLine(src), columns: make([]int, src.Header.Fields)}
	for _, d := range demands {
		if d.Source != src {
			return nil, errors.New("demands of one reading are of different files")
		}
		for _, column := range d.Want {
			if !slices.Contains(p.wanted, column) {
				p.wanted = append(p.wanted, column)
			}
		}
		p.forms = append(p.forms, extract.NewCollector(src, d.Want, d.Report))
	}
	for i := range p.columns {
		p.columns[i] = -1
	}
	for i, column := range p.wanted {
		if at, ok := src.Header.At[column.Name]; ok {
			p.columns[at] = i
		}
	}
	return p, nil
}

// oneLine says, per field of the file, whether it is of a column that never holds a line end: a quote that is not closed
// in its row makes one field of all up to the next quote, and if that fits the header by chance, this tells it.
func oneLine(src *extract.Source) []bool {
	never := make([]bool, src.Header.Fields)
	for name, at := range src.Header.At {
		if column := src.Table.Column(name); column != nil && column.Class != dataset.FreeText {
			never[at] = true
		}
	}
	return never
}

// splits is how many splits the file has.
func (p *pass) splits() int64 { return (p.size + p.stride - 1) / p.stride }

// split is one of them, from 0.
func (p *pass) split(n int64) split { return split{n * p.stride, min((n+1)*p.stride, p.size)} }

// seam is where the splits that were joined end. Whoever has it may join the next.
type seam struct {
	at      int64  // where the next record begins
	rows    int64  // how many there are before it
	checked int64  // how much of the file was held against what was recognised
	ahead   []byte // what was read behind that, up to the next record
}

func (p *pass) seam() seam { return seam{at: int64(len(p.header)), ahead: slices.Clone(p.header)} }

// read reads the file by as many hands as there may be.
func (p *pass) read(ctx context.Context, workers int) error {
	apart := !slices.ContainsFunc(p.demands, func(d *extract.Demand) bool { return d.Workers == nil })
	if hands := min(int64(workers), p.splits()); apart && hands > 1 {
		return p.sideBySide(ctx, int(hands))
	}
	return p.inOrder(ctx)
}

// inOrder reads split after split.
func (p *pass) inOrder(ctx context.Context) error {
	p.stock = stockOf(1)
	h, s := p.hand(ctx), p.seam()
	for n := range p.splits() {
		if err := h.load(p.split(n)); err != nil {
			return err
		}
		if err := h.join(&s, first{at: unknown}); err != nil {
			return err
		}
	}
	for _, part := range h.portions {
		if err := part.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sideBySide reads splits by several hands, and joins them in order. A hand goes on to another split when its last was
// joined: so there are no more splits in memory than hands, and the first error that counts is the first in the file.
func (p *pass) sideBySide(ctx context.Context, hands int) error {
	p.stock = stockOf(hands)
	group, ctx := errgroup.WithContext(ctx)
	var (
		mu   sync.Mutex
		next int64
		last = make(chan seam, 1) // gives the seam before the next split, once there is one
	)
	last <- p.seam()
	take := func() (n int64, before <-chan seam, after chan<- seam) {
		mu.Lock()
		defer mu.Unlock()
		n, before = next, last
		if n < p.splits() {
			next++
			last = make(chan seam, 1)
			after = last
		}
		return n, before, after
	}
	for range hands {
		h := p.hand(ctx)
		group.Go(func() error {
			for {
				n, before, after := take()
				if after == nil {
					return nil
				}
				err := h.load(p.split(n))
				var guess first
				if err == nil {
					guess = h.guess()
				}
				select {
				case s := <-before:
					if err != nil {
						return err
					}
					if err := h.join(&s, guess); err != nil {
						return err
					}
					after <- s
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
	}
	return group.Wait()
}

// portion is what one demand gets of what one hand reads.
type portion struct {
	*extract.Demand
	collector *extract.Collector
	forms     *extract.Collector // knows how the dates are written in what was joined
	worker    extract.Worker     // nil: rows go to the sink
	at        []int              // where its columns stand among those of the pass
	cells     [][]extract.Span   // of the rows at hand
	rows      int                // of the batch at hand

	piece  extract.Piece // of the split at hand, with what is known of it:
	report *finding.Report
	tally  extract.Tally
}

// batchRows is how many rows one batch holds.
const batchRows = 1 << 15

// How many distinct cells of a column are known from split to split: to all hands together about allStocks, so that memory
// does not grow with their number. One or two know mostStock each, which is more than a council has children in its schools,
// and of three columns that are all different no more than 50 MB; none knows fewer than leastStock, about as many as a
// split has rows.
const (
	allStocks  = 1 << 18
	mostStock  = 1 << 17
	leastStock = 1 << 13
)

// stockOf is how many of them each of so many hands knows.
func stockOf(hands int) int { return min(max(allStocks/hands, leastStock), mostStock) }

func (p *pass) portion(n int) *portion {
	d := p.demands[n]
	part := &portion{Demand: d, forms: p.forms[n], report: d.Report, collector: extract.NewCollector(d.Source, d.Want, d.Report)}
	if d.Workers != nil {
		part.worker = d.Workers.Worker()
		part.collector.Keep(p.stock)
	}
	for _, column := range d.Want {
		part.at = append(part.at, slices.Index(p.wanted, column))
	}
	part.cells = make([][]extract.Span, len(part.at))
	return part
}

// begin begins a split.
func (d *portion) begin(joined bool) {
	d.tally = extract.Tally{}
	if d.worker == nil {
		return
	}
	d.report = d.Report
	if !joined {
		d.report = d.Report.Apart()
	}
	d.rows = 0
	d.collector.Begin(d.report)
	d.piece = d.worker.Begin(d.report, joined)
}

// take takes rows in, batch by batch.
func (d *portion) take(ctx context.Context, numbers []int64, text []byte, cells [][]extract.Span) error {
	for from := 0; from < len(numbers); {
		n := min(len(numbers)-from, batchRows-d.rows)
		for i, at := range d.at {
			if d.cells[i] = nil; cells[at] != nil {
				d.cells[i] = cells[at][from : from+n]
			}
		}
		d.collector.Take(numbers[from:from+n], text, d.cells)
		from += n
		d.rows += n
		if d.rows == batchRows || d.collector.Full() {
			if err := d.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush hands on the batch at hand.
func (d *portion) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.rows = 0
	if d.worker == nil {
		return d.collector.Flush(d.Demand)
	}
	return d.collector.FlushTo(d.piece.Add, d.Confidential, &d.tally)
}

// join makes the split a part of the whole. It was read joined, or with so many rows before it.
func (d *portion) join(joined bool, before int64) error {
	if d.worker != nil {
		if err := d.piece.Join(); err != nil {
			return err
		}
		if !joined {
			d.Report.Join(d.report, before)
		}
		d.dates(true)
	}
	d.Tally.Read += d.tally.Read
	d.Tally.Passed += d.tally.Passed
	d.Tally.Quarantined += d.tally.Quarantined
	d.Tally.Confidential += d.tally.Confidential
	return nil
}

// dates tells, when a split is joined, that a column's dates are written in another form than before. A collector that a
// sink has tells it itself.
func (d *portion) dates(joined bool) {
	if d.worker != nil && joined {
		d.forms.JoinForms(d.collector.Forms())
	}
}
