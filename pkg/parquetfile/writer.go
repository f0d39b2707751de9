package parquetfile

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// size says after how many rows what is written is cut.
type size struct {
	page, group int   // of a file; a row group is a whole number of pages
	part        int64 // a table with more rows than this is cut into parts
}

// sizes are the sizes of every file that is written.
func sizes() size { return size{page: 1 << 17, group: 1 << 20, part: 1 << 22} }

// Written describes a finished file.
type Written struct {
	Path     string // below the folder of the drop, with forward slashes
	SHA256   [sha256.Size]byte
	Bytes    int64
	Rows     int64
	Children int64    // distinct children: values of the pseudonym that rows are ordered by; 0 where it does not leave
	Nulls    []int64  // per column
	Checks   []uint64 // per column, the running check over its cells in order
}

// Writer writes one Parquet file. A file that was not closed without error is not a Parquet file.
type Writer struct {
	columns []minimise.Column
	out     *os.File
	buffer  *bufio.Writer
	digest  hash.Hash
	bytes   *counter
	parquet *parquet.GenericWriter[any]
	cells   []parquet.Value
	texts   []byte            // what the cells of a pseudonym refer to, until they are written
	codes   [][]parquet.Value // per column, the value of each code
	inPage  int
	inGroup int
	last    [20]byte // child
	size    size
	written Written
}

type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

// Options are what a file holds beside its rows.
type Options struct {
	Metadata map[string]string // key-value metadata, written sorted by key
	Version  string            // of the program; one of the inputs that decide the bytes
}

// Create begins a file that must not exist yet, with mode 0600.
func Create(path string, columns []minimise.Column, opt Options) (*Writer, error) {
	return create(path, columns, opt, sizes())
}

func create(path string, columns []minimise.Column, opt Options, size size) (*Writer, error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create Parquet file: %w", err)
	}
	w := &Writer{columns: columns, out: out, digest: sha256.New(), size: size}
	w.buffer = bufio.NewWriterSize(io.MultiWriter(out, w.digest), 1<<18)
	w.bytes = &counter{Writer: w.buffer}
	w.written = Written{Nulls: make([]int64, len(columns)), Checks: make([]uint64, len(columns))}
	w.codes = make([][]parquet.Value, len(columns))
	for i, c := range columns {
		for _, code := range c.Codes {
			w.codes[i] = append(w.codes[i], parquet.ByteArrayValue([]byte(code.Value)).Level(0, 1, i))
		}
	}
	settings := []parquet.WriterOption{
		schemaOf(columns),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}),
		parquet.DataPageVersion(1),
		parquet.PageBufferSize(1 << 30), // pages are cut by rows, see Write
		parquet.MaxRowsPerRowGroup(int64(size.group)),
		parquet.CreatedBy("postern", opt.Version, ""),
	}
	for key, value := range opt.Metadata {
		settings = append(settings, parquet.KeyValueMetadata(key, value)) // the library writes them sorted
	}
	w.parquet = parquet.NewGenericWriter[any](w.bytes, settings...)
	return w, nil
}

// Write appends the rows of a batch.
func (w *Writer) Write(b *minimise.Batch) error {
	for from := 0; from < b.Len(); {
		n := min(b.Len()-from, w.size.page-w.inPage)
		if err := w.rows(b, from, from+n); err != nil {
			return err
		}
		from += n
		w.inPage += n
		w.inGroup += n
		if err := w.cut(); err != nil {
			return err
		}
	}
	return nil
}

// cut ends pages and row groups when they are full.
func (w *Writer) cut() error {
	if w.inGroup == w.size.group {
		w.inPage, w.inGroup = 0, 0
		if err := w.parquet.Flush(); err != nil {
			return fmt.Errorf("write Parquet row group: %w", err)
		}
		return nil
	}
	if w.inPage < w.size.page {
		return nil
	}
	w.inPage = 0
	for _, column := range w.parquet.ColumnWriters() {
		if err := column.Flush(); err != nil {
			return fmt.Errorf("write Parquet page: %w", err)
		}
	}
	return nil
}

// rows writes part of a batch, column by column.
func (w *Writer) rows(b *minimise.Batch, from, to int) error {
	for i := range w.columns {
		w.column(b, i, from, to)
		if _, err := w.parquet.ColumnWriters()[i].WriteRowValues(w.cells); err != nil {
			return fmt.Errorf("write Parquet column %s: %w", w.columns[i].Name, err)
		}
	}
	w.written.Rows += int64(to - from)
	return nil
}

// column turns the cells of a column into the library's values, and counts them.
func (w *Writer) column(b *minimise.Batch, i, from, to int) {
	w.cells, w.texts = w.cells[:0], w.texts[:0]
	check := &w.written.Checks[i]
	var text parquet.Value // of the last pseudonym: rows come ordered by it
	var hashed uint64
	var held *[20]byte
	for row := from; row < to; row++ {
		if b.Null(row, i) {
			w.written.Nulls[i]++
			*check = checkNull(*check)
			w.cells = append(w.cells, parquet.NullValue().Level(0, 0, i))
			continue
		}
		if w.columns[i].Kind != minimise.Pseudonym {
			n := b.Number(row, i)
			*check = checkNumber(*check, n)
			w.cells = append(w.cells, w.number(i, n))
			continue
		}
		mac := b.MAC(row, i)
		if held == nil || *held != *mac {
			start := len(w.texts)
			w.texts = b.AppendText(w.texts, row, i)
			written := w.texts[start:]
			text, hashed, held = parquet.ByteArrayValue(written).Level(0, 1, i), hashText(written), mac
		}
		*check = checkText(*check, hashed)
		if i == b.Lead() && (w.written.Children == 0 || w.last != *mac) {
			w.written.Children++
			w.last = *mac
		}
		w.cells = append(w.cells, text)
	}
}

func (w *Writer) number(i int, n int32) parquet.Value {
	switch w.columns[i].Kind {
	case minimise.Code:
		return w.codes[i][n]
	case minimise.Boolean:
		return parquet.BooleanValue(n != 0).Level(0, 1, i)
	default:
		return parquet.Int32Value(n).Level(0, 1, i)
	}
}

// Close writes the footer, syncs the file to disk and describes it.
func (w *Writer) Close() (Written, error) {
	err := errors.Join(w.parquet.Close(), w.buffer.Flush())
	if err == nil {
		err = w.out.Sync()
	}
	if err := errors.Join(err, w.out.Close()); err != nil {
		return Written{}, fmt.Errorf("finish Parquet file: %w", err)
	}
	w.digest.Sum(w.written.SHA256[:0])
	w.written.Bytes = w.bytes.n
	return w.written, nil
}

// Abandon closes the file without finishing it.
func (w *Writer) Abandon() { _ = w.out.Close() } // the file is thrown away: its loss is meant

// The running check folds each cell into a number that depends on every cell and their order. It tells a slip of the
// writer or the reader, not of an attacker: the files are signed for that.
const checkPrime = 0x9E3779B97F4A7C15

func checkNull(h uint64) uint64 { return (h ^ 1<<40) * checkPrime }

func checkNumber(h uint64, n int32) uint64 { return (h ^ uint64(uint32(n))) * checkPrime }

// checkText folds in a string by its own 64-bit hash (FNV-1a), which is taken once per distinct string.
func checkText(h, text uint64) uint64 { return (h ^ text) * checkPrime }

func hashText(text []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range text {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}
