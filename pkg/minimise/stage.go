package minimise

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

const (
	// stageBudget is how many bytes of rows a stage holds in memory before it spills a sorted run.
	stageBudget = 64 << 20
	// orderedRows is how many rows Ordered hands on at a time.
	orderedRows = 1 << 15
	// mergeBuffer is how much of each run is read ahead while runs are merged.
	mergeBuffer = 1 << 18
)

// Stage holds the treated rows of one table until disclosure control has seen them all, and gives them back in order.
// Rows beyond its memory are spilled as sorted runs to files of mode 0600 in the folder it was given, which lies under
// the council's own state folder; Close removes them.
//
// Cost: memory of 64 MiB and a sort index, whatever the number of rows; each row is written and read once when there
// are more. The order is a total one over the whole row, so that it does not depend on how rows came in.
type Stage struct {
	layout *layout
	dir    func() (string, error)
	name   string
	budget int
	rows   []byte
	sorted bool
	runs   []string
	count  int64
}

// NewStage makes an empty stage for a table. dir makes the folder of its spill files, and is asked only when there are
// more rows than memory.
func (t *Table) NewStage(dir func() (string, error)) *Stage {
	return &Stage{layout: t.layout, dir: dir, name: t.FileBase(), budget: stageBudget}
}

// SpillAt sets how many bytes of rows the stage holds in memory before it spills a sorted run, where 64 MiB is not right.
func (s *Stage) SpillAt(bytes int) { s.budget = bytes }

// Add stages a batch.
func (s *Stage) Add(b *Batch) error {
	if b.layout != s.layout {
		return errors.New("minimise: a batch of another table was staged")
	}
	s.rows = append(s.rows, b.rows...)
	s.count += int64(b.Len())
	s.sorted = false
	if len(s.rows) >= s.budget {
		return s.spill()
	}
	return nil
}

// Rows is the number of rows staged.
func (s *Stage) Rows() int64 { return s.count }

// Close removes the spill files.
func (s *Stage) Close() error {
	var errs []error
	for _, run := range s.runs {
		errs = append(errs, os.Remove(run))
	}
	s.runs, s.rows = nil, nil
	return errors.Join(errs...)
}

// sort orders the rows in memory. The first eight bytes decide most comparisons.
func (s *Stage) sort() {
	if s.sorted {
		return
	}
	w := s.layout.width
	n := len(s.rows) / w
	type entry struct {
		head uint64
		row  uint32
	}
	index := make([]entry, n)
	var head [8]byte
	for i := range index {
		copy(head[:], s.rows[i*w:(i+1)*w])
		index[i] = entry{binary.BigEndian.Uint64(head[:]), uint32(i)}
	}
	slices.SortFunc(index, func(a, b entry) int {
		switch {
		case a.head < b.head:
			return -1
		case a.head > b.head:
			return 1
		}
		x, y := int(a.row)*w, int(b.row)*w
		return bytes.Compare(s.rows[x:x+w], s.rows[y:y+w])
	})
	ordered := make([]byte, 0, len(s.rows))
	for _, e := range index {
		at := int(e.row) * w
		ordered = append(ordered, s.rows[at:at+w]...)
	}
	s.rows, s.sorted = ordered, true
}

// spill writes the rows in memory as one sorted run.
func (s *Stage) spill() error {
	s.sort()
	dir, err := s.dir()
	if err != nil {
		return fmt.Errorf("spill treated rows: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%04d.run", s.name, len(s.runs)))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("spill treated rows: %w", err)
	}
	s.runs = append(s.runs, path)
	_, err = f.Write(s.rows)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("spill treated rows: %w", err)
	}
	s.rows = s.rows[:0]
	return nil
}

// Ordered hands on all staged rows in order, in batches. It can be called again. A batch is valid until yield returns.
func (s *Stage) Ordered(ctx context.Context, yield func(*Batch) error) error {
	s.sort()
	merge := &merger{width: s.layout.width}
	if err := merge.add(bytes.NewReader(s.rows)); err != nil {
		return err
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			_ = f.Close() // only read from: nothing is lost
		}
	}()
	for _, run := range s.runs {
		f, err := os.Open(run)
		if err != nil {
			return fmt.Errorf("read staged rows: %w", err)
		}
		files = append(files, f)
		if err := merge.add(bufio.NewReaderSize(f, mergeBuffer)); err != nil {
			return err
		}
	}
	return s.emit(ctx, merge, yield)
}

func (s *Stage) emit(ctx context.Context, merge *merger, yield func(*Batch) error) error {
	b := &Batch{layout: s.layout, rows: make([]byte, 0, orderedRows*s.layout.width)}
	seen := int64(0)
	for len(merge.runs) > 0 {
		if len(b.rows) == cap(b.rows) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := yield(b); err != nil {
				return err
			}
			b.rows = b.rows[:0]
		}
		b.rows = append(b.rows, merge.runs[0].row...)
		seen++
		if err := merge.advance(); err != nil {
			return err
		}
	}
	if seen != s.count {
		return fmt.Errorf("staged rows of %s are damaged: %d were staged and %d came back", s.name, s.count, seen)
	}
	if len(b.rows) == 0 {
		return ctx.Err()
	}
	return yield(b)
}

// merger is a heap of sorted runs by their next row. Equal rows are alike in every byte, so ties need no rule.
type merger struct {
	width int
	runs  []*run
}

type run struct {
	src io.Reader
	row []byte
}

func (m *merger) Len() int           { return len(m.runs) }
func (m *merger) Less(i, j int) bool { return bytes.Compare(m.runs[i].row, m.runs[j].row) < 0 }
func (m *merger) Swap(i, j int)      { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }

// Push and Pop are for container/heap.
func (m *merger) Push(x any) {
	if r, ok := x.(*run); ok {
		m.runs = append(m.runs, r)
	}
}

// Pop removes the last run.
func (m *merger) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}

func (m *merger) add(src io.Reader) error {
	r := &run{src: src, row: make([]byte, m.width)}
	more, err := r.next()
	if more {
		heap.Push(m, r)
	}
	return err
}

// advance replaces the least row by the next of its run.
func (m *merger) advance() error {
	more, err := m.runs[0].next()
	if err != nil {
		return err
	}
	if more {
		heap.Fix(m, 0)
	} else {
		heap.Pop(m)
	}
	return nil
}

func (r *run) next() (bool, error) {
	_, err := io.ReadFull(r.src, r.row)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read staged rows: %w", err)
	}
	return true, nil
}
