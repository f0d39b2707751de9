package parquetfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// magic is what a Parquet file begins and ends with.
const magic = "PAR1"

// file puts chunks together to a Parquet file on disk, and takes its checksum.
type file struct {
	out     *os.File
	buffer  *bufio.Writer
	sum     hash.Hash32
	offset  int64
	chunk   int64 // where the column at hand begins
	meta    format.FileMetaData
	columns [][]format.ColumnIndex // per row group
	offsets [][]format.OffsetIndex
}

// createFile begins a file that must not exist yet, with mode 0600.
func createFile(path string, columns []minimise.Column, opt Options) (*file, error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create Parquet file: %w", err)
	}
	f := &file{out: out, sum: newChecksum()}
	f.buffer = bufio.NewWriterSize(io.MultiWriter(out, f.sum), 1<<18)
	f.meta = format.FileMetaData{Version: 2, Schema: schemaOf(columns), CreatedBy: createdBy(opt.Version)}
	for range columns {
		f.meta.ColumnOrders = append(f.meta.ColumnOrders, format.ColumnOrder{Value: new(format.TypeDefinedOrder)})
	}
	for _, key := range slices.Sorted(maps.Keys(opt.Metadata)) {
		f.meta.KeyValueMetadata = append(f.meta.KeyValueMetadata, format.KeyValue{Key: key, Value: opt.Metadata[key]})
	}
	if err := f.write([]byte(magic)); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return f, nil
}

// newChecksum is a CRC-32C, which processors have an instruction for.
func newChecksum() hash.Hash32 { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }

// createdBy names the program as readers expect it.
func createdBy(version string) string { return "postern version " + version + "(build )" }

func (f *file) write(parts ...[]byte) error {
	for _, p := range parts {
		n, err := f.buffer.Write(p)
		f.offset += int64(n)
		if err != nil {
			return fmt.Errorf("write Parquet file: %w", err)
		}
	}
	return nil
}

// begin begins a row group.
func (f *file) begin(rows int) error {
	ordinal := len(f.meta.RowGroups)
	if ordinal > math.MaxInt16 {
		return errors.New("write Parquet file: more than 32,768 row groups")
	}
	f.meta.RowGroups = append(f.meta.RowGroups, format.RowGroup{NumRows: int64(rows), FileOffset: f.offset, Ordinal: int16(ordinal)})
	f.columns, f.offsets = append(f.columns, nil), append(f.offsets, nil)
	f.meta.NumRows += int64(rows)
	return nil
}

// dictionary begins the next column of the row group, with its dictionary.
func (f *file) dictionary(c *chunk) error {
	f.chunk = f.offset
	if err := f.write(c.head); err != nil {
		return err
	}
	return f.write(c.dict...)
}

// pages ends the column that was begun.
func (f *file) pages(c *chunk) error {
	at := f.chunk
	if err := f.write(c.pages); err != nil {
		return err
	}
	if len(c.head) > 0 {
		c.meta.DictionaryPageOffset = at
	}
	c.meta.DataPageOffset += at
	for i := range c.offset.PageLocations {
		c.offset.PageLocations[i].Offset += at
	}
	group := len(f.meta.RowGroups) - 1
	g := &f.meta.RowGroups[group]
	g.Columns = append(g.Columns, format.ColumnChunk{MetaData: c.meta})
	g.TotalByteSize += c.meta.TotalUncompressedSize
	g.TotalCompressedSize += c.meta.TotalCompressedSize
	f.columns[group], f.offsets[group] = append(f.columns[group], c.column), append(f.offsets[group], c.offset)
	return nil
}

// close writes the page index and the footer, syncs the file to disk and returns its length and checksum.
func (f *file) close() (bytes int64, sum uint32, err error) {
	err = f.footer()
	if err == nil {
		err = f.buffer.Flush()
	}
	if err == nil {
		err = f.out.Sync()
	}
	if err := errors.Join(err, f.out.Close()); err != nil {
		return 0, 0, fmt.Errorf("finish Parquet file: %w", err)
	}
	return f.offset, f.sum.Sum32(), nil
}

func (f *file) footer() error {
	for g := range f.meta.RowGroups {
		for i := range f.meta.RowGroups[g].Columns {
			c := &f.meta.RowGroups[g].Columns[i]
			var err error
			if c.ColumnIndexOffset, c.ColumnIndexLength, err = f.encoded(&f.columns[g][i]); err != nil {
				return err
			}
		}
	}
	for g := range f.meta.RowGroups {
		for i := range f.meta.RowGroups[g].Columns {
			c := &f.meta.RowGroups[g].Columns[i]
			var err error
			if c.OffsetIndexOffset, c.OffsetIndexLength, err = f.encoded(&f.offsets[g][i]); err != nil {
				return err
			}
		}
	}
	_, size, err := f.encoded(&f.meta)
	if err != nil {
		return err
	}
	return f.write(binary.LittleEndian.AppendUint32(nil, uint32(size)), []byte(magic))
}

// encoded writes a structure of the format in its own encoding, and says where it stands.
func (f *file) encoded(v any) (at int64, size int32, err error) {
	at = f.offset
	var b bytes.Buffer
	if err := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&b)).Encode(v); err != nil {
		return 0, 0, fmt.Errorf("encode a footer: %w", err)
	}
	if b.Len() > math.MaxInt32 {
		return 0, 0, errors.New("encode a footer: it is larger than 2 GiB")
	}
	return at, int32(b.Len()), f.write(b.Bytes())
}

func (f *file) abandon() { _ = f.out.Close() } // the file is thrown away: its loss is meant
