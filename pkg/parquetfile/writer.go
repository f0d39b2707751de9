package parquetfile

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// size says after how many rows what is written is cut.
type size struct {
	page, group int   // of a file; a row group is a whole number of pages
	part        int64 // a table with more rows than this is cut into parts
	piece       int   // not rows, but values of a dictionary that are compressed together
}

// sizes are the sizes of every file that is written.
func sizes() size { return size{page: 1 << 17, group: 1 << 20, part: 1 << 22, piece: 1 << 14} }

// Written describes a finished file.
type Written struct {
	Path     string // below the folder of the drop, with forward slashes
	CRC32C   uint32 // of all bytes, by which reading back begins; the SHA-256 is taken there
	Bytes    int64
	Rows     int64
	Children int64    // distinct children: values of the pseudonym that rows are ordered by; 0 where it does not leave
	Nulls    []int64  // per column
	Checks   []uint64 // per column, the running check over its cells in order
}

// Options are what a file holds beside its rows, and how it is made.
type Options struct {
	Metadata map[string]string // key-value metadata, written sorted by key
	Version  string            // of the program; one of the inputs that decide the bytes
	Workers  int               // how many columns are worked on at once; 0 for as many as there are processors. The bytes are the same
}

func (o Options) workers(columns int) int {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return max(min(n, columns), 1)
}

// Writer writes one Parquet file. A file that was not closed without error is not a Parquet file.
//
// Cost: the codes of one row group, in the 1, 2 or 4 bytes that each needs, the row group as it is compressed, of a table with
// children who have no number 20 bytes for each child of the row group, and per worker about 2 MiB and 16 bytes for each value
// of the dictionary at hand.
type Writer struct {
	*shop
	columns  []minimise.Column
	size     size
	file     *file
	expected int    // rows that a row group may have, if known
	held     int    // rows of the row group at hand
	child    uint32 // the last
	meaning  meaning
	written  Written
}

// shop is what writers work with, one after another, so that the files of a table share memory.
type shop struct {
	codec    zstd.Codec
	cells    []*cells // per column, of the row group at hand
	chunks   []chunk  // per column
	encoders []*encoder
	codes    []uint32
}

// Create begins a file that must not exist yet, with mode 0600.
func Create(path string, columns []minimise.Column, opt Options) (*Writer, error) {
	return create(path, columns, opt, sizes(), &shop{}, 0)
}

// create begins a file of, it may be, so many rows; 0 when that is not known.
func create(path string, columns []minimise.Column, opt Options, size size, shop *shop, expected int64) (*Writer, error) {
	f, err := createFile(path, columns, opt)
	if err != nil {
		return nil, err
	}
	if shop.cells == nil {
		shop.codec.Level, shop.codec.Concurrency = zstd.SpeedFastest, 1
		shop.cells, shop.chunks = make([]*cells, len(columns)), make([]chunk, len(columns))
		shop.encoders = make([]*encoder, opt.workers(len(columns)))
		for i := range shop.encoders {
			shop.encoders[i] = newEncoder(shop, size)
		}
	}
	w := &Writer{shop: shop, columns: columns, size: size, file: f, expected: int(min(expected, int64(size.group)))}
	w.written = Written{Nulls: make([]int64, len(columns)), Checks: make([]uint64, len(columns))}
	return w, nil
}

// Write appends the rows of a batch, which must be one that a Stage gives back in order. All batches of a file are of one
// ordering.
func (w *Writer) Write(b *minimise.Batch) error {
	return w.write(b, b.Slice(0, 0))
}

// batch is what of a minimise.Batch is needed.
type batch interface {
	source
	Len() int
	Lead() int
	Ordinals(column int) uint32 // the greatest code of a column
	FirstLead() uint32
	Codes(column, from, to int, dst []uint32) []uint32
}

// write appends rows; says tells what their codes are, also when they are gone.
func (w *Writer) write(b batch, says source) error {
	for from := 0; from < b.Len(); {
		w.meaning.add(b, says)
		to := min(b.Len(), from+w.size.group-w.held)
		if err := w.gather(b, from, to); err != nil {
			return err
		}
		from = to
		if w.held == w.size.group {
			if err := w.group(); err != nil {
				return err
			}
		}
	}
	return nil
}

// errCodes is met when batches are of two orderings.
var errCodes = errors.New("write Parquet file: a batch has other codes than those before it")

// gather takes the codes of some rows.
func (w *Writer) gather(b batch, from, to int) error {
	for i := range w.columns {
		most := b.Ordinals(i)
		if w.cells[i] == nil {
			w.cells[i] = newCells(most, w.expected)
		}
		if w.cells[i].most != most {
			return errCodes
		}
		w.codes = b.Codes(i, from, to, w.codes[:0])
		w.cells[i].add(w.codes)
		if i == b.Lead() {
			w.children(w.codes)
		}
	}
	w.held += to - from
	w.written.Rows += int64(to - from)
	return nil
}

// children counts the children. Rows come ordered by them.
func (w *Writer) children(codes []uint32) {
	for _, code := range codes {
		if code != w.child {
			w.child = code
			w.written.Children++
		}
	}
}

// group writes the rows gathered as a row group: columns are made by several workers and written in their order, a dictionary,
// which may be most of the file, while the cells that point to it are made.
func (w *Writer) group() error {
	if err := w.file.begin(w.held); err != nil {
		return err
	}
	ready := make([]chan error, len(w.columns))
	for i := range ready {
		ready[i] = make(chan error, 2) // for its dictionary, and for its pages
	}
	var failed atomic.Bool // then the rest is not made
	var workers sync.WaitGroup
	workers.Go(func() {
		sideBySide(len(w.encoders), len(ready), func(h *hand, i int) bool {
			e, c := w.encoders[h.number], &w.chunks[i]
			c.check = w.written.Checks[i]
			err := e.begin(h, c, &w.columns[i], i, &w.meaning, w.cells[i])
			ready[i] <- err
			if err == nil && !failed.Load() {
				ready[i] <- e.end(c, &w.columns[i], i, &w.meaning, w.cells[i])
			}
			return !failed.Load()
		})
	})
	err := w.chunksInOrder(ready)
	failed.Store(err != nil)
	workers.Wait()
	w.clear()
	return err
}

// clear takes the rows gathered away.
func (w *Writer) clear() {
	for _, c := range w.cells {
		if c != nil {
			c.reset()
		}
	}
	w.held = 0
	w.meaning.reset()
}

func (w *Writer) chunksInOrder(ready []chan error) error {
	for i, done := range ready {
		c := &w.chunks[i]
		for _, write := range []func(*chunk) error{w.file.dictionary, w.file.pages} {
			if err := <-done; err != nil {
				return fmt.Errorf("write Parquet column %s: %w", w.columns[i].Name, err)
			}
			if err := write(c); err != nil {
				return err
			}
		}
		w.written.Nulls[i] += c.nulls
		w.written.Checks[i] = c.check
	}
	return nil
}

// Close writes the footer, syncs the file to disk and describes it.
func (w *Writer) Close() (Written, error) {
	if w.held > 0 {
		if err := w.group(); err != nil {
			w.Abandon()
			return Written{}, err
		}
	}
	var err error
	if w.written.Bytes, w.written.CRC32C, err = w.file.close(); err != nil {
		return Written{}, err
	}
	return w.written, nil
}

// Abandon closes the file without finishing it.
func (w *Writer) Abandon() { w.file.abandon() }
