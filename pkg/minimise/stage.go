package minimise

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
)

const (
	// stageBudget is how many bytes of rows a stage holds in memory before it spills them.
	stageBudget = 64 << 20
	// orderedRows is how many rows Ordered hands on at a time.
	orderedRows = 1 << 15
	// buckets is how many buckets rows are put in: one for each first byte of the child's pseudonym.
	buckets = 256
	// mostBlock is how many bytes a bucket grows by at most.
	mostBlock = 1 << 16
)

// Stage holds the treated rows of one table until disclosure control has seen them all, and gives them back in order.
//
// Rows lie in 256 buckets, by the first byte of the child's pseudonym; where that does not leave, by the column that rows are
// ordered by first. Rows beyond the stage's memory are spilled, bucket by bucket, to files of mode 0600 in the folder it was
// given, which lies under the council's own state folder; Close removes them. To order the rows is to order each bucket by
// itself, several side by side, ahead of whoever takes them. A bucket that is too large for memory is divided on disk by the
// bytes in which its rows differ first.
//
// Rows of children who have no number (harmonise.Unnumbered) are wide: they have the pseudonym itself. They lie apart, and
// where there are any, the others are widened when rows are ordered.
//
// Cost: the memory that SpillAt says, whatever the number of rows, a quarter more while rows are ordered, and the batch that
// is handed on; each row is written and read once when there are more, and once more if its bucket is divided. To count the
// children (Children) is to read the wide rows once more. The order is a total one over the whole row, so that it does not
// depend on how rows came in, on the memory, on the workers or on who has a number.
type Stage struct {
	layout   *layout
	dir      func() (string, error)
	name     string
	budget   int
	workers  int
	limit    int // of a bucket's bytes, for tests; 0 for what the memory allows
	numbered heap
	wide     heap
	free     [][]byte // blocks of either
	seen     []uint64 // of the numbers of the child's book, those of which there are rows
	spilled  int      // files made when memory was full
	divided  int      // files made while buckets were divided
	closed   bool
}

// NewStage makes an empty stage for a table. dir makes the folder of its spill files, and is asked only when there are
// more rows than memory.
func (t *Table) NewStage(dir func() (string, error)) *Stage {
	s := &Stage{layout: t.layout, dir: dir, name: t.FileBase(), workers: runtime.GOMAXPROCS(0)}
	s.numbered.width, s.wide.width = t.layout.width, t.layout.width+wider
	s.numbered.free, s.wide.free = &s.free, &s.free
	s.SpillAt(stageBudget)
	return s
}

// SpillAt sets how many bytes of rows the stage holds in memory before it spills them, where 64 MiB is not right.
func (s *Stage) SpillAt(bytes int) {
	s.budget = bytes
	s.numbered.most = min(max(bytes/(4*buckets), 1<<12), mostBlock)
	s.wide.most = s.numbered.most
}

// Workers sets how many goroutines order rows, where GOMAXPROCS is not right; 0 leaves it. They are fewer where memory
// allows no more.
func (s *Stage) Workers(n int) {
	if n > 0 {
		s.workers = n
	}
}

// Add stages the rows of a batch, which are copied. It is called by one goroutine at a time.
func (s *Stage) Add(b *Batch) error {
	if b.layout != s.layout || b.ranks != nil {
		return errOtherBatch
	}
	if s.closed {
		return errClosed
	}
	s.note(b)
	s.numbered.add(b.rows, b.buckets)
	s.wide.add(b.wide, b.wideBuckets)
	if held := s.numbered.held + s.wide.held; held >= s.budget && held > 0 {
		return s.spill()
	}
	return nil
}

// note marks the children of the rows.
func (s *Stage) note(b *Batch) {
	lead, w := s.layout.lead, s.layout.width
	if lead < 0 {
		return
	}
	if words := s.layout.books[lead].len() / 64; len(s.seen) < words {
		s.seen = append(s.seen, make([]uint64, words-len(s.seen))...)
	}
	for at := 0; at < len(b.rows); at += w {
		if n := binary.BigEndian.Uint32(b.rows[at:]); n != 0 { // the lead stands first
			s.seen[(n-1)/64] |= 1 << ((n - 1) % 64)
		}
	}
}

// Rows is the number of rows staged.
func (s *Stage) Rows() int64 { return s.numbered.count + s.wide.count }

// Close removes the spill files.
func (s *Stage) Close() error {
	var errs []error
	for _, h := range []*heap{&s.numbered, &s.wide} {
		for _, f := range h.files {
			errs = append(errs, os.Remove(f.path))
		}
		h.files = nil
		h.forget()
	}
	s.seen, s.free, s.closed = nil, nil, true
	return errors.Join(errs...)
}

// errClosed is met when rows are asked for that were thrown away.
var errClosed = errors.New("the staged rows were thrown away")
