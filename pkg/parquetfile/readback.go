package parquetfile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// ReadBack reads a finished file with another library and holds it to what was written: its bytes by their checksum, column
// names, types and order, the metadata, row and null counts, every cell in its place by the running check, and what
// statistics and page index say of least and greatest values, by which readers pass over pages.
// Every string of every dictionary of the file is passed to inspect: several goroutines may do so at once. What does not
// hold is a refusal (VERIFY_AFTER_WRITE_FAILED): nothing may be published.
//
// It returns the file's SHA-256, which is taken here and not as the file is written, where all would wait for it: that of bytes
// which were read beside the decoding, and have the checksum of those that were written.
//
// Cost: two checksums, one digest beside all else, and one decoding of the file; per row and column one step of the check and
// two comparisons, per value of a dictionary a hash and a look. Memory: per worker a dictionary and a page.
func ReadBack(ctx context.Context, path string, columns []minimise.Column, want Written, opt Options, inspect func(column *minimise.Column, text []byte) error) (digest [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return digest, fmt.Errorf("read a finished file back: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	return readBack(ctx, f, columns, want, opt, inspect)
}

func readBack(ctx context.Context, f io.ReaderAt, columns []minimise.Column, want Written, opt Options, inspect func(*minimise.Column, []byte) error) (digest [sha256.Size]byte, err error) {
	r := &reading{columns: columns, want: want, inspect: inspect, read: make([]readColumn, len(columns))}
	// The library is not made for damaged bytes: on some it panics, and on some it takes all memory there is. Bytes that are not
	// those written are not shown to it.
	if err := r.checksum(ctx, f); err != nil {
		return digest, err
	}
	beside, stop := context.WithCancel(ctx)
	defer stop()
	h := sha256.New()
	var taken error
	var taking sync.WaitGroup
	taking.Go(func() { taken = r.checksum(beside, f, h) })
	if err = r.contents(ctx, f, opt); err != nil {
		stop() // what is wrong is known
	}
	taking.Wait()
	if err == nil {
		err = taken // the file may have changed since it was held to its checksum
	}
	if err == nil {
		h.Sum(digest[:0])
	}
	return digest, err
}

// contents reads the file and holds what is in it to what was written.
func (r *reading) contents(ctx context.Context, f io.ReaderAt, opt Options) error {
	if err := r.open(f, opt.Metadata); err != nil {
		return err
	}
	if err := r.all(ctx, opt.workers(len(r.columns))); err != nil {
		return err
	}
	return r.verdict()
}

type reading struct {
	columns []minimise.Column
	want    Written
	inspect func(*minimise.Column, []byte) error
	file    *parquet.File
	groups  []parquet.RowGroup
	read    []readColumn
}

// readColumn is what was read of a column.
type readColumn struct {
	nulls int64
	check uint64
	err   error
}

func (r *reading) differs(what string) error {
	return finding.Refuse(finding.VerifyAfterWriteFailed, "run the export again; if it is refused again, report the fault and send nothing",
		"the file %s was read back with another library and %s", r.want.Path, what)
}

// guard makes a refusal of a panic of the library.
func (r *reading) guard(err *error) {
	if recover() != nil { // what it says may quote the file
		*err = r.differs("the other library failed on it")
	}
}

// checksum holds the bytes of the file to those that were written, and shows them to others.
func (r *reading) checksum(ctx context.Context, f io.ReaderAt, others ...io.Writer) error {
	sum := newChecksum()
	all := wanted{ctx, io.NewSectionReader(f, 0, r.want.Bytes+1)} // a byte more, to see that there is none
	n, err := io.CopyBuffer(io.MultiWriter(append(others, sum)...), all, make([]byte, 1<<18))
	if err != nil {
		return fmt.Errorf("read a finished file back: %w", err)
	}
	if n != r.want.Bytes || sum.Sum32() != r.want.CRC32C {
		return r.differs("it has other bytes than were written")
	}
	return nil
}

// wanted reads for as long as somebody wants to know.
type wanted struct {
	ctx context.Context
	in  io.Reader
}

func (w wanted) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.in.Read(p)
}

// open opens the file and holds its footer to what was written.
func (r *reading) open(f io.ReaderAt, metadata map[string]string) (err error) {
	defer r.guard(&err)
	file, err := parquet.OpenFile(f, r.want.Bytes, parquet.ReadBufferSize(1<<16))
	if err != nil {
		return r.differs("the other library cannot open it")
	}
	if err := r.schema(file.Metadata().Schema); err != nil {
		return err
	}
	if !sameMetadata(file.Metadata().KeyValueMetadata, metadata) {
		return r.differs("its metadata are not those that were written")
	}
	var rows int64
	r.file, r.groups = file, file.RowGroups()
	for _, g := range r.groups {
		rows += g.NumRows()
		if len(g.ColumnChunks()) != len(r.columns) {
			return r.differs("a row group of it has another number of columns")
		}
	}
	if chunks := len(r.groups) * len(r.columns); len(file.ColumnIndexes()) != chunks || len(file.OffsetIndexes()) != chunks {
		return r.differs("it has no page index")
	}
	if rows != r.want.Rows || file.NumRows() != rows {
		return r.differs(fmt.Sprintf("has %d rows where %d were written", rows, r.want.Rows))
	}
	return nil
}

// sameMetadata compares a file's own key-value metadata.
func sameMetadata(pairs []format.KeyValue, want map[string]string) bool {
	if len(pairs) != len(want) {
		return false
	}
	seen := make(map[string]bool, len(pairs))
	for _, kv := range pairs {
		value, known := want[kv.Key]
		if !known || value != kv.Value || seen[kv.Key] {
			return false
		}
		seen[kv.Key] = true
	}
	return true
}

func (r *reading) schema(s []format.SchemaElement) error {
	if len(s) != 1+len(r.columns) || s[0].NumChildren.V != int32(len(r.columns)) {
		return r.differs("it has another number of columns")
	}
	for i, want := range schemaOf(r.columns)[1:] {
		got := s[1+i]
		if got.Name != want.Name || got.Type != want.Type || got.RepetitionType != want.RepetitionType || got.NumChildren.Valid ||
			!sameLogical(got.LogicalType.Value, want.LogicalType.Value) {
			return r.differs("column " + want.Name + " has another name or type")
		}
	}
	return nil
}

func sameLogical(got, want format.LogicalTypeValue) bool {
	switch want := want.(type) {
	case *format.IntType:
		is, ok := got.(*format.IntType)
		return ok && *is == *want
	case *format.StringType:
		_, is := got.(*format.StringType)
		return is
	case *format.DateType:
		_, is := got.(*format.DateType)
		return is
	default:
		return got == nil
	}
}

// all reads the columns, several at once. Of several errors, that of the first column is the answer.
func (r *reading) all(ctx context.Context, workers int) error {
	decoders := make([]decoder, workers)
	sideBySide(workers, len(r.columns), func(h *hand, i int) bool {
		// Columns are taken in their order: when one fails, all before it are read to their end.
		r.read[i].err = r.column(ctx, h, &decoders[h.number], i)
		return r.read[i].err == nil
	})
	for _, c := range r.read {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// column reads one column to its end.
func (r *reading) column(ctx context.Context, h *hand, d *decoder, i int) (err error) {
	defer r.guard(&err)
	for g := range r.groups {
		if err := r.chunk(ctx, h, d, i, g); err != nil {
			return err
		}
	}
	return nil
}

// chunk reads a column in one row group.
func (r *reading) chunk(ctx context.Context, h *hand, d *decoder, i, g int) error {
	pages := r.groups[g].ColumnChunks()[i].Pages()
	defer func() { _ = pages.Close() }() // only read from: nothing is lost
	d.begin(r.columns[i].Kind, &r.file.ColumnIndexes()[g*len(r.columns)+i], &r.file.OffsetIndexes()[g*len(r.columns)+i])
	before := r.read[i].nulls
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.differs("column " + r.columns[i].Name + " cannot be read to its end")
		}
		err = r.page(h, d, i, page)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	if d.rows != r.groups[g].NumRows() || !d.ended() {
		return r.differs("column " + r.columns[i].Name + " has other rows than its row group and its page index say")
	}
	if !d.sameBounds(&r.file.Metadata().RowGroups[g].Columns[i].MetaData.Statistics, r.read[i].nulls-before) {
		return r.differs("column " + r.columns[i].Name + " has other values than its statistics say")
	}
	return nil
}

// page folds a page into the column's check.
func (r *reading) page(h *hand, d *decoder, i int, page parquet.Page) error {
	column, c := &r.columns[i], &r.read[i]
	if column.Kind != minimise.Boolean && d.hashes == nil {
		dictionary := page.Dictionary()
		if dictionary == nil {
			return r.differs("column " + column.Name + " has values without a dictionary")
		}
		if err := r.dictionary(h, d, column, dictionary.Page().Data()); err != nil {
			return err
		}
	}
	levels, nulls := page.DefinitionLevels(), page.NumNulls()
	values := page.NumValues() - nulls
	at := d.places(page.Data(), int(values), page.Dictionary() != nil)
	sound := int64(len(at)) == values && int64(len(levels)) == page.NumRows() && page.NumRows() == page.NumValues()
	switch {
	case !sound:
	case nulls == 0:
		c.check, sound = fold(c.check, d.hashes, at)
	default:
		c.check, sound = foldLevels(c.check, d.hashes, at, levels)
	}
	if !sound {
		return r.differs("column " + column.Name + " has other values than its pages say")
	}
	if !d.next(at, page.NumRows(), nulls) {
		return r.differs("column " + column.Name + " has other values than its page index says")
	}
	c.nulls += nulls
	return nil
}

// dictionary shows the strings of a dictionary and takes its hashes, in pieces side by side.
func (r *reading) dictionary(h *hand, d *decoder, column *minimise.Column, values encoding.Values) error {
	n := d.dictionary(values)
	var disorder atomic.Bool
	err := h.split((n+pieceValues-1)/pieceValues, func(_ *hand, piece int) (err error) {
		defer r.guard(&err)
		from := piece * pieceValues
		sorted, err := d.piece(from, min(from+pieceValues, n), func(text []byte) error { return r.inspect(column, text) })
		if !sorted {
			disorder.Store(true)
		}
		return err
	})
	d.sorted = !disorder.Load()
	return err
}

func (r *reading) verdict() error {
	for i, c := range r.columns {
		if r.read[i].nulls != r.want.Nulls[i] {
			return r.differs(fmt.Sprintf("has %d empty cells in column %s where %d were written", r.read[i].nulls, c.Name, r.want.Nulls[i]))
		}
		if r.read[i].check != r.want.Checks[i] {
			return r.differs("column " + c.Name + " does not hold what was written, in its order")
		}
	}
	return nil
}
