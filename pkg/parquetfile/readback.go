package parquetfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// readRows is how many rows are read back at a time.
const readRows = 1 << 17

// ReadBack reads a finished file with the other library and holds it to what was written: its bytes by their digest,
// column names, types and order, the metadata, row and null counts, and every cell in its place by the running check.
// Every distinct string of the file is passed to inspect, some more than once. What does not hold is a refusal
// (VERIFY_AFTER_WRITE_FAILED): nothing may be published.
//
// Cost: one digest and one decoding of the file; per row and column one step of the check, per change of a string a hash.
func ReadBack(ctx context.Context, path string, columns []minimise.Column, want Written, opt Options, inspect func(column minimise.Column, text []byte) error) (err error) {
	r := &reading{columns: columns, want: want, inspect: inspect, nulls: make([]int64, len(columns)), checks: make([]uint64, len(columns))}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read a finished file back: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	// The library is not made for damaged bytes: on some it panics, on some it never ends.
	if err := r.digest(f); err != nil {
		return err
	}
	defer func() {
		if recover() != nil { // what it says may quote the file
			err = r.differs("the other library failed on it")
		}
	}()
	raw, err := file.NewParquetReader(f)
	if err != nil {
		return r.differs("the other library cannot open it")
	}
	if err := r.schema(raw.MetaData().Schema); err != nil {
		return err
	}
	if !maps.Equal(metadataOf(raw), opt.Metadata) {
		return r.differs("its metadata are not those that were written")
	}
	for group := range raw.NumRowGroups() {
		rows := raw.RowGroup(group)
		r.rows += rows.NumRows()
		for i := range columns {
			if err := ctx.Err(); err != nil {
				return err
			}
			chunk, err := rows.Column(i)
			if err != nil {
				return r.differs("column " + columns[i].Name + " cannot be read")
			}
			if err := r.chunk(i, chunk, rows.NumRows()); err != nil {
				return err
			}
		}
	}
	return r.verdict()
}

type reading struct {
	columns []minimise.Column
	want    Written
	inspect func(minimise.Column, []byte) error
	rows    int64
	nulls   []int64
	checks  []uint64
	levels  []int16
	numbers []int32
	texts   []parquet.ByteArray
	truths  []bool
}

func (r *reading) differs(what string) error {
	return finding.Refuse(finding.VerifyAfterWriteFailed, "run the export again; if it is refused again, report the fault and send nothing",
		"the file %s was read back with another library and %s", r.want.Path, what)
}

// digest holds the bytes of the file to those that were written.
func (r *reading) digest(f *os.File) error {
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("read a finished file back: %w", err)
	}
	if n != r.want.Bytes || [sha256.Size]byte(h.Sum(nil)) != r.want.SHA256 {
		return r.differs("it has other bytes than were written")
	}
	return nil
}

// metadataOf returns the file's own key-value metadata.
func metadataOf(raw *file.Reader) map[string]string {
	kv := raw.MetaData().KeyValueMetadata()
	out := make(map[string]string, kv.Len())
	for i, key := range kv.Keys() {
		out[key] = kv.Values()[i]
	}
	return out
}

func (r *reading) schema(s *schema.Schema) error {
	if s.NumColumns() != len(r.columns) {
		return r.differs("it has another number of columns")
	}
	for i, c := range r.columns {
		if f := s.Column(i); f.Name() != c.Name || f.MaxDefinitionLevel() != 1 || f.MaxRepetitionLevel() != 0 || !hasType(f, c.Kind) {
			return r.differs("column " + c.Name + " has another name or type")
		}
	}
	return nil
}

func hasType(f *schema.Column, kind minimise.Kind) bool {
	physical, logical := f.PhysicalType(), f.LogicalType()
	switch kind {
	case minimise.Pseudonym, minimise.Code:
		return physical == parquet.Types.ByteArray && logical.Equals(schema.StringLogicalType{})
	case minimise.Date:
		return physical == parquet.Types.Int32 && logical.Equals(schema.DateLogicalType{})
	case minimise.Boolean:
		return physical == parquet.Types.Boolean
	default:
		return physical == parquet.Types.Int32 && !logical.Equals(schema.DateLogicalType{})
	}
}

// batchReader is one column chunk of the library, of whatever type: it fills levels and reports how many rows and how
// many values that are not null it read.
type batchReader func(rows int64) (total int64, values int, err error)

// chunk folds one column of one row group into the column's check.
func (r *reading) chunk(i int, chunk file.ColumnChunkReader, rows int64) error {
	if r.levels == nil {
		r.levels, r.numbers = make([]int16, readRows), make([]int32, readRows)
		r.texts, r.truths = make([]parquet.ByteArray, readRows), make([]bool, readRows)
	}
	var read batchReader
	var fold func(check uint64, at int) (uint64, error)
	switch typed := chunk.(type) {
	case *file.Int32ColumnChunkReader:
		read = func(n int64) (int64, int, error) { return typed.ReadBatch(n, r.numbers, r.levels, nil) }
		fold = func(check uint64, at int) (uint64, error) { return checkNumber(check, r.numbers[at]), nil }
	case *file.BooleanColumnChunkReader:
		read = func(n int64) (int64, int, error) { return typed.ReadBatch(n, r.truths, r.levels, nil) }
		fold = func(check uint64, at int) (uint64, error) {
			if r.truths[at] {
				return checkNumber(check, 1), nil
			}
			return checkNumber(check, 0), nil
		}
	case *file.ByteArrayColumnChunkReader:
		read = func(n int64) (int64, int, error) { return typed.ReadBatch(n, r.texts, r.levels, nil) }
		fold = r.strings(i)
	default:
		return r.differs("column " + r.columns[i].Name + " has another type")
	}
	return r.fold(i, rows, read, fold)
}

func (r *reading) fold(i int, rows int64, read batchReader, fold func(uint64, int) (uint64, error)) error {
	for rows > 0 {
		total, values, err := read(min(rows, readRows))
		if err != nil || total == 0 {
			return r.differs("column " + r.columns[i].Name + " cannot be read to its end")
		}
		rows -= total
		check, at := r.checks[i], 0
		for _, level := range r.levels[:total] {
			if level == 0 {
				r.nulls[i]++
				check = checkNull(check)
				continue
			}
			if at >= values {
				return r.differs("column " + r.columns[i].Name + " has fewer values than it says")
			}
			if check, err = fold(check, at); err != nil {
				return err
			}
			at++
		}
		r.checks[i] = check
	}
	return nil
}

// strings folds in strings: a pseudonym by its hash, a code by its place among the column's codes. A string is looked
// at when it differs from the one before.
func (r *reading) strings(i int) func(check uint64, at int) (uint64, error) {
	var last []byte
	var folded uint64
	return func(check uint64, at int) (uint64, error) {
		text := r.texts[at]
		if last != nil && bytes.Equal(text, last) {
			return checkText(check, folded), nil
		}
		if err := r.inspect(r.columns[i], text); err != nil {
			return 0, err
		}
		last = append(last[:0], text...)
		if r.columns[i].Kind == minimise.Pseudonym {
			folded = hashText(text)
		} else {
			n := slices.IndexFunc(r.columns[i].Codes, func(c dataset.CodeValue) bool { return c.Value == string(text) })
			folded = uint64(uint32(int32(n)))
		}
		return checkText(check, folded), nil
	}
}

func (r *reading) verdict() error {
	if r.rows != r.want.Rows {
		return r.differs(fmt.Sprintf("has %d rows where %d were written", r.rows, r.want.Rows))
	}
	for i, c := range r.columns {
		if r.nulls[i] != r.want.Nulls[i] {
			return r.differs(fmt.Sprintf("has %d empty cells in column %s where %d were written", r.nulls[i], c.Name, r.want.Nulls[i]))
		}
		if r.checks[i] != r.want.Checks[i] {
			return r.differs("column " + c.Name + " does not hold what was written, in its order")
		}
	}
	return nil
}
