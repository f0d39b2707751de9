package harmonise_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// splitter reads a file as a reader does that works on splits side by side: splits of a few rows, begun before those ahead
// of them are joined, some of them in the wrong place at first.
type splitter struct {
	seed    uint64
	workers int
	rows    int // the most rows of a split
	stock   int // the most distinct values of a column's stock; 0 for none
	numbers int // the most children who have a number; 0 for all
}

// wide is rows of a source by their cells.
type wide struct {
	numbers []int64
	cells   [][]extract.Value
	of      *extract.Batch // names the columns
}

func (w *wide) sink(b *extract.Batch) error {
	if w.of == nil {
		w.of = &extract.Batch{Source: b.Source}
		for _, c := range b.Columns {
			w.of.Columns = append(w.of.Columns, extract.Column{Def: c.Def, From: c.From})
		}
	}
	for row := range b.Len() {
		var cells []extract.Value
		for i := range b.Columns {
			cells = append(cells, b.Columns[i].At(row))
		}
		w.numbers, w.cells = append(w.numbers, b.Rows[row]), append(w.cells, cells)
	}
	return nil
}

// read is a ReadFunc.
func (s *splitter) read(ctx context.Context, demands []*extract.Demand) error {
	d := demands[0]
	if len(demands) > 1 || d.Workers == nil {
		return csv.Reader{}.Read(ctx, demands)
	}
	all := &wide{}
	inner := &extract.Demand{Source: d.Source, Want: d.Want, Report: d.Report, Confidential: d.Confidential, Sink: all.sink}
	if err := (csv.Reader{}).Read(ctx, []*extract.Demand{inner}); err != nil {
		return err
	}
	d.Tally = inner.Tally
	draw := rand.New(rand.NewPCG(s.seed, 1))
	var splits []*split
	for from := 0; from < len(all.numbers); {
		to := min(len(all.numbers), from+1+draw.IntN(s.rows))
		splits = append(splits, &split{splitter: s, all: all, from: from, to: to, report: d.Report.Apart(), seed: draw.Uint64(), done: make(chan struct{})})
		from = to
	}
	var wait sync.WaitGroup
	next := make(chan *split, len(splits))
	for _, i := range draw.Perm(len(splits)) {
		next <- splits[i]
	}
	close(next)
	for range s.workers {
		wait.Go(func() {
			w := &hand{Worker: d.Workers.Worker()}
			for x := range next {
				x.piece, x.err = x.run(w, x.report, false)
				close(x.done)
			}
		})
	}
	defer wait.Wait()
	last := &hand{Worker: d.Workers.Worker()}
	for _, x := range splits {
		<-x.done
		err := x.err
		if err == nil {
			if err = x.piece.Join(); err == nil {
				d.Report.Join(x.report, x.before())
				continue
			}
			if !errors.Is(err, extract.ErrAgain) {
				return err
			}
		}
		piece, err := x.run(last, d.Report, true)
		if err != nil {
			return err
		}
		if err := piece.Join(); err != nil {
			return err
		}
	}
	return nil
}

// split is some rows of the file.
type split struct {
	*splitter
	all      *wide
	from, to int
	report   *finding.Report
	seed     uint64
	piece    extract.Piece
	err      error
	done     chan struct{}
}

// before is how many rows of the file stand before the split's first one.
func (x *split) before() int64 { return x.all.numbers[x.from] - 1 }

// run works on the split, after one that was begun in the wrong place and is dropped.
func (x *split) run(w *hand, report *finding.Report, joined bool) (extract.Piece, error) {
	draw := rand.New(rand.NewPCG(x.seed, 2))
	if !joined && draw.IntN(2) == 0 {
		dropped := w.Begin(report.Apart(), false)
		b := w.batch(x)
		for range 5 {
			at := draw.IntN(len(x.all.cells))
			cells := slices.Clone(x.all.cells[at])
			for i := range cells {
				cells[i] = x.all.cells[draw.IntN(len(x.all.cells))][i]
				if cells[i].Text != "" && draw.IntN(2) == 0 {
					cells[i].Text, cells[i].Simple = cells[i].Text+"9", "wrong"
				} else if cells[i].Text != "" {
					cells[i].Simple = "wrong"
				}
			}
			w.add(b, 1, cells)
		}
		w.close(b)
		_ = dropped.Add(b) // what becomes of it is nobody's
	}
	piece := w.Begin(report, joined)
	first := x.before()
	if joined {
		first = 0
	}
	for from := x.from; from < x.to; {
		to := min(x.to, from+1+draw.IntN(x.rows))
		b := w.batch(x)
		for row := from; row < to; row++ {
			w.add(b, x.all.numbers[row]-first, x.all.cells[row])
		}
		w.close(b)
		if err := piece.Add(b); err != nil {
			return nil, err
		}
		from = to
	}
	return piece, nil
}

// hand is a worker with its stocks.
type hand struct {
	extract.Worker
	columns []shelf
}

type shelf struct {
	stock  *extract.Stock
	values []extract.Value
	at     map[extract.Value]uint32
}

// batch begins a batch.
func (w *hand) batch(x *split) *extract.Batch {
	b := &extract.Batch{Source: x.all.of.Source, Columns: slices.Clone(x.all.of.Columns)}
	if w.columns == nil {
		w.columns = make([]shelf, len(b.Columns))
	}
	for i := range w.columns {
		if s := &w.columns[i]; s.at == nil || x.stock == 0 || len(s.values) > x.stock {
			*s = shelf{at: make(map[extract.Value]uint32)}
			if x.stock > 0 {
				s.stock = new(extract.Stock)
			}
		}
	}
	return b
}

func (w *hand) add(b *extract.Batch, number int64, cells []extract.Value) {
	b.Rows = append(b.Rows, number)
	for i, v := range cells {
		s := &w.columns[i]
		n, known := s.at[v]
		if !known {
			n = uint32(len(s.values))
			s.at[v], s.values = n, append(s.values, v)
		}
		b.Columns[i].Index = append(b.Columns[i].Index, n)
	}
}

func (w *hand) close(b *extract.Batch) {
	for i := range b.Columns {
		b.Columns[i].Values, b.Columns[i].Stock = w.columns[i].values, w.columns[i].stock
	}
}

// keeper is the Workers of a job: it keeps rows as text, split by split, and holds stocks to what they promise.
type keeper struct {
	t       testing.TB
	columns []string
	rows    []string
}

func (k *keeper) Worker() extract.Worker {
	return &keeping{keeper: k, known: make(map[*extract.Stock][]extract.Value)}
}

type keeping struct {
	*keeper
	known map[*extract.Stock][]extract.Value
}

func (k *keeping) Begin(report *finding.Report, _ bool) extract.Piece {
	return &kept{keeping: k, report: report}
}

type kept struct {
	*keeping
	report *finding.Report
	rows   []string
}

func (k *kept) Add(b *extract.Batch) error {
	for _, c := range b.Columns {
		if c.Stock == nil {
			continue
		}
		before := k.known[c.Stock]
		if len(c.Values) < len(before) || !slices.Equal(c.Values[:len(before)], before) {
			k.t.Errorf("%s: values of a stock are not what they were", c.Def.Name)
		}
		k.known[c.Stock] = slices.Clone(c.Values)
	}
	for row := range b.Len() {
		cells := []string{}
		for _, name := range k.columns {
			c := b.Column(name)
			cells = append(cells, cell(c.Def, c.At(row)))
		}
		k.rows = append(k.rows, strings.Join(cells, " "))
		if cells[0] == "" {
			k.report.Add("NO_CHILD", finding.Notice, b.Source.Place(b.Rows[row], ""), fmt.Sprint(cells[1:]), "")
		}
	}
	return nil
}

func (k *kept) Join() error {
	k.keeper.rows = append(k.keeper.rows, k.rows...)
	return nil
}
