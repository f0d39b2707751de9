// Package table reads the Parquet files of a drop: what columns a file has, how many rows, what its metadata says, and
// the values of one column after the other.
//
// It reads what a drop may hold and nothing more: columns of strings, dates, 32-bit whole numbers and booleans, required
// or optional, side by side; pages with a dictionary or plain (of numbers and strings by their differences too), not compressed
// or by zstd or Snappy. A file with nested or repeated columns, with encryption, or that is damaged is ErrDamaged.
//
// A column is read by pages (Pages): the values that its cells may have, once, and for each row which. That is how the file has
// it, and much less work than cell by cell (Each): a nanosecond or two for a row, and whatever is to be known of a value only
// once for each. Memory is bounded by a page of one column and its dictionary, not by the file.
//
//	f, err := table.Open("children.parquet")
//	…
//	defer f.Close()
//	for _, c := range f.Columns() {
//		fmt.Println(c.Name, c.Type, c.Optional) // child_id string false
//	}
//	children, err := f.Distinct("child_id")
//
// # Files made to do harm
//
// The library underneath is parquet-go: it reads the footer, and unpacks what a page is made of. It may panic on a file that lies
// about itself; here that is ErrDamaged too. It takes memory for what a file says, so that it is asked only when that was found
// possible: a page of at most 128 MiB and 4,194,304 rows or values, runs no longer than the page, sizes within the file. What
// remains is time: a few bytes may say millions of rows. Compare a file's digest with a signed list before opening it, and Rows
// with what is expected before reading it. Errors never repeat anything of a file.
package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// ErrDamaged is the error of a file that is not Parquet, is damaged, or is of a shape that no drop has.
var ErrDamaged = errors.New("not a Parquet file such as a drop has, or damaged")

// Type is what the cells of a column are.
type Type string

// The types that a drop has, and Other for all the rest.
const (
	String  Type = "string"  // BYTE_ARRAY with the logical type STRING
	Date    Type = "date"    // INT32 with the logical type DATE: days since 1 January 1970
	Int32   Type = "int32"   // INT32, plain or with the logical type INT(32, signed)
	Boolean Type = "boolean" // BOOLEAN
	Other   Type = "other"
)

// Column is one column of a file.
type Column struct {
	Name     string
	Type     Type
	Optional bool // cells may be empty
}

// KeyValue is one entry of a file's key-value metadata.
type KeyValue struct {
	Key, Value string
}

// File is an open Parquet file. It may be read by several goroutines at once.
type File struct {
	file    *parquet.File
	reader  io.ReaderAt
	size    int64
	closer  io.Closer
	columns []Column
	begins  []int64   // the first row of each row group, and one more
	chunks  sync.Pool // of *chunk, for their buffers
}

// Open opens a file of the local disk. The caller closes it.
func Open(path string) (*File, error) {
	osFile, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := osFile.Stat()
	if err != nil {
		return nil, errors.Join(err, osFile.Close())
	}
	f, err := New(osFile, info.Size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), osFile.Close())
	}
	f.closer = osFile
	return f, nil
}

// New reads a file of size bytes from r, which stays the caller's and must outlive the File.
func New(r io.ReaderAt, size int64) (f *File, err error) {
	defer guard(&err, nil)
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, cause(err)
	}
	f = &File{file: file, reader: r, size: size, begins: []int64{0}}
	for _, c := range file.Root().Columns() {
		if !c.Leaf() || c.Repeated() {
			return nil, ErrDamaged
		}
		f.columns = append(f.columns, Column{Name: c.Name(), Type: typeOf(c.Type()), Optional: c.Optional()})
	}
	for _, group := range file.Metadata().RowGroups {
		begin := f.begins[len(f.begins)-1]
		if len(group.Columns) != len(f.columns) || group.NumRows < 0 || group.NumRows > math.MaxInt64-begin {
			return nil, ErrDamaged
		}
		f.begins = append(f.begins, begin+group.NumRows)
		for _, chunk := range group.Columns {
			if !readableCodec(chunk.MetaData.Codec) {
				return nil, ErrDamaged
			}
		}
	}
	if f.begins[len(f.begins)-1] != f.Rows() {
		return nil, ErrDamaged
	}
	return f, nil
}

// readableCodec leaves out the codecs that no drop uses: the library's LZ4 decoder never ends on some damaged pages.
func readableCodec(codec format.CompressionCodec) bool {
	return codec == format.Uncompressed || codec == format.Snappy || codec == format.Zstd
}

// checkFooter holds the length that a file gives of its own footer to be possible: the library takes memory for it at once.
func checkFooter(r io.ReaderAt, size int64) error {
	const magic, tail = 4, 8
	if size < magic+tail {
		return ErrDamaged
	}
	var end [tail]byte
	if _, err := r.ReadAt(end[:], size-tail); err != nil && !errors.Is(err, io.EOF) {
		return cause(err)
	}
	if int64(binary.LittleEndian.Uint32(end[:])) > size-magic-tail {
		return ErrDamaged
	}
	return nil
}

// Close closes the file if Open opened it.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Columns are the columns in the order of the file's schema.
func (f *File) Columns() []Column { return slices.Clone(f.columns) }

// Rows is the number of rows.
func (f *File) Rows() int64 { return f.file.NumRows() }

// RowGroups is the number of rows of each row group, in order.
func (f *File) RowGroups() []int64 {
	var rows []int64
	for _, g := range f.file.RowGroups() {
		rows = append(rows, g.NumRows())
	}
	return rows
}

// Metadata is the key-value metadata, sorted by key and then value. A key may stand more than once: the format does not
// forbid it.
func (f *File) Metadata() []KeyValue {
	var out []KeyValue
	for _, kv := range f.file.Metadata().KeyValueMetadata {
		out = append(out, KeyValue{Key: kv.Key, Value: kv.Value})
	}
	slices.SortFunc(out, func(a, b KeyValue) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}

func typeOf(t parquet.Type) Type {
	var logical any
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch t.Kind() {
	case parquet.ByteArray:
		if _, ok := logical.(*format.StringType); ok {
			return String
		}
	case parquet.Int32:
		switch l := logical.(type) {
		case nil:
			return Int32
		case *format.DateType:
			return Date
		case *format.IntType:
			if l.BitWidth == 32 && l.IsSigned {
				return Int32
			}
		}
	case parquet.Boolean:
		if logical == nil {
			return Boolean
		}
	}
	return Other
}

// cause keeps an error of the disk, which a reader may put right and repeat, and makes every other one ErrDamaged: what
// the library says may quote the file.
func cause(err error) error {
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return fmt.Errorf("cannot be read: %w", disk)
	}
	return ErrDamaged
}

// guard makes ErrDamaged of a panic in the library. A panic of the caller's own function, marked by *callers, goes on.
func guard(err *error, callers *bool) {
	if callers != nil && *callers {
		return
	}
	if recover() != nil {
		*err = ErrDamaged
	}
}
