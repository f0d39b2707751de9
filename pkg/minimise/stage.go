package minimise

import (
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
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
// Cost: the memory that SpillAt says, whatever the number of rows, a quarter more while rows are ordered, and the batch that
// is handed on; each row is written and read once when there are more, and once more if its bucket is divided. The order is
// a total one over the whole row, so that it does not depend on how rows came in, on the memory or on the workers.
type Stage struct {
	layout  *layout
	dir     func() (string, error)
	name    string
	budget  int
	workers int
	limit   int               // of a bucket's bytes, for tests; 0 for what the memory allows
	open    [buckets][]byte   // the block that rows are put in
	used    [buckets]int      // how many of its bytes are rows
	full    [buckets][][]byte // those before it
	free    [][]byte
	held    int // bytes of rows in memory
	rows    [buckets]int64
	count   int64
	seen    []uint64 // of the numbers of the child's book, those of which there are rows
	files   []*spillFile
	divided int // files made while buckets were divided
	closed  bool
}

// NewStage makes an empty stage for a table. dir makes the folder of its spill files, and is asked only when there are
// more rows than memory.
func (t *Table) NewStage(dir func() (string, error)) *Stage {
	return &Stage{layout: t.layout, dir: dir, name: t.FileBase(), budget: stageBudget, workers: runtime.GOMAXPROCS(0)}
}

// SpillAt sets how many bytes of rows the stage holds in memory before it spills them, where 64 MiB is not right.
func (s *Stage) SpillAt(bytes int) { s.budget = bytes }

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
	w := s.layout.width
	for i, bucket := range b.buckets {
		n := s.used[bucket]
		if n+w > len(s.open[bucket]) {
			s.grow(int(bucket))
			n = 0
		}
		copy(s.open[bucket][n:n+w], b.rows[i*w:])
		s.used[bucket] = n + w
		s.rows[bucket]++
	}
	s.count += int64(b.Len())
	s.held += len(b.rows)
	if s.held >= s.budget && s.held > 0 {
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

// most is how many bytes a block has at most.
func (s *Stage) most() int { return min(max(s.budget/(4*buckets), 1<<12), mostBlock) }

// grow puts the bucket's block aside, and gives it a new one: larger than that, so that small tables take little.
func (s *Stage) grow(bucket int) {
	last := s.open[bucket][:s.used[bucket]]
	if len(last) > 0 {
		s.full[bucket] = append(s.full[bucket], last)
	}
	if n := len(s.free); n > 0 {
		s.open[bucket], s.free = s.free[n-1], s.free[:n-1]
		return
	}
	s.open[bucket] = make([]byte, max(min(2*cap(last), s.most()), 16*s.layout.width))
}

// each hands on the rows of a bucket that are in memory.
func (s *Stage) each(bucket int, visit func(rows []byte)) {
	for _, block := range s.full[bucket] {
		visit(block)
	}
	visit(s.open[bucket][:s.used[bucket]])
}

// Rows is the number of rows staged.
func (s *Stage) Rows() int64 { return s.count }

// Children is the number of distinct children of whom there are rows; 0 where their pseudonym does not leave.
func (s *Stage) Children() int64 {
	if s.layout.lead < 0 {
		return 0
	}
	n := 0
	for _, word := range s.seen {
		n += bits.OnesCount64(word)
	}
	return int64(n)
}

// Leads hands on the pseudonyms of the children of whom there are rows, in order, each once: text as it stands in a drop,
// valid until yield returns. No row is ordered or read for it.
func (s *Stage) Leads(ctx context.Context, yield func(pseudonym []byte) error) error {
	lead := s.layout.lead
	if lead < 0 || s.count == 0 {
		return ctx.Err()
	}
	if s.closed {
		return errClosed
	}
	ranks := s.layout.books[lead].ranks(s.workers)
	var text []byte
	for place, n := range ranks.numbers {
		if place%orderedRows == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if int(n/64) >= len(s.seen) || s.seen[n/64]>>(n%64)&1 == 0 {
			continue
		}
		text = s.layout.writers[lead].AppendText(text[:0], ranks.mac(uint32(place)))
		if err := yield(text); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Close removes the spill files.
func (s *Stage) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, os.Remove(f.path))
	}
	s.files, s.free, s.seen, s.closed = nil, nil, nil, true
	s.clear()
	return errors.Join(errs...)
}

// errClosed is met when rows are asked for that were thrown away.
var errClosed = errors.New("the staged rows were thrown away")

// clear forgets the rows in memory.
func (s *Stage) clear() {
	s.held = 0
	clear(s.open[:])
	clear(s.used[:])
	clear(s.full[:])
}
