package table

import (
	"bufio"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A page's header is short: with the least and greatest string of the page in it, it may grow.
const (
	headerBytes    = 512
	maxHeaderBytes = 16 << 10
)

// chunk reads the pages of one column of one row group. What it takes memory for, it holds to the limits of a page first, and
// to what is left of the chunk. Its buffers are used again for the next.
type chunk struct {
	kind     Type
	optional bool
	codec    format.CompressionCodec
	section  *io.SectionReader
	in       *bufio.Reader
	left     int64 // bytes of the chunk that are not read
	zstd     *unpacker
	packed   []byte

	dictionary Values
	known      bool   // there is a dictionary
	words      []byte // the memory of the dictionary's strings
	plain      Values // of a page without
	body       []byte // the page's memory
	from       *Values
	dense      []int32 // for each cell that is not empty
	index      []int32 // for each cell
}

// open begins to read a chunk.
func (f *File) open(meta *format.ColumnMetaData, column Column) (*chunk, error) {
	begin, size := meta.DataPageOffset, meta.TotalCompressedSize
	if meta.DictionaryPageOffset != 0 {
		begin = meta.DictionaryPageOffset
	}
	if begin < 0 || size < 0 || begin > f.size || size > f.size-begin || meta.Type != physical(column.Type) {
		return nil, ErrDamaged
	}
	c, ok := f.chunks.Get().(*chunk)
	if !ok {
		c = &chunk{in: bufio.NewReaderSize(nil, maxHeaderBytes)}
	}
	if c.zstd == nil && meta.Codec == format.Zstd {
		unpacker, err := newUnpacker()
		if err != nil {
			return nil, err
		}
		c.zstd = unpacker
	}
	c.kind, c.optional, c.codec = column.Type, column.Optional, meta.Codec
	c.section = io.NewSectionReader(f.reader, begin, size)
	c.in.Reset(c.section)
	c.left, c.known, c.from = size, false, nil
	return c, nil
}

// release lends the buffers of a chunk to the next.
func (f *File) release(c *chunk) {
	c.section = nil
	c.in.Reset(nil)
	f.chunks.Put(c)
}

// next reads a page of rows; the error is io.EOF after the last.
func (c *chunk) next() (Page, error) {
	for c.left > 0 {
		header, err := c.header()
		if err != nil {
			return Page{}, err
		}
		switch {
		case header.Type == format.DictionaryPage && header.DictionaryPageHeader.Valid:
			err = c.readDictionary(header)
			if err != nil {
				return Page{}, err
			}
		case header.Type == format.DataPage && header.DataPageHeader.Valid:
			return c.readV1(header)
		case header.Type == format.DataPageV2 && header.DataPageHeaderV2.Valid:
			return c.readV2(header)
		default:
			return Page{}, ErrDamaged
		}
	}
	return Page{}, io.EOF
}

// header reads the header of the next page.
func (c *chunk) header() (*format.PageHeader, error) {
	var protocol thrift.CompactProtocol
	for try := headerBytes; ; try = maxHeaderBytes {
		data, err := c.in.Peek(int(min(int64(try), c.left)))
		if err != nil {
			return nil, err
		}
		r, header := protocol.NewReaderFromBytes(data), new(format.PageHeader)
		if err := thrift.NewDecoder(r).Decode(header); err != nil {
			if len(data) < try || try == maxHeaderBytes {
				return nil, ErrDamaged
			}
			continue
		}
		n, err := c.in.Discard(r.BytesRead())
		c.left -= int64(n)
		if err != nil {
			return nil, err
		}
		if header.CompressedPageSize < 0 || int64(header.CompressedPageSize) > c.left || header.CompressedPageSize > maxPageBytes ||
			header.UncompressedPageSize < 0 || header.UncompressedPageSize > maxPageBytes {
			return nil, ErrDamaged
		}
		return header, nil
	}
}

// read reads what follows a page's header into memory that is at least as long.
func (c *chunk) read(header *format.PageHeader, into []byte) ([]byte, error) {
	into = grown(into, int(header.CompressedPageSize))
	n, err := io.ReadFull(c.in, into)
	c.left -= int64(n)
	if err != nil {
		return nil, err
	}
	if sum := header.CRC; sum != 0 && crc32.ChecksumIEEE(into) != uint32(sum) {
		return nil, ErrDamaged
	}
	return into, nil
}

// decompress gives what was packed, no longer than size bytes.
func (c *chunk) decompress(packed, into []byte, size int) ([]byte, error) {
	switch c.codec {
	case format.Zstd:
		return c.zstd.unpack(packed, into, size)
	default: // Snappy: no other was let in by New
		if n, err := snappy.DecodedLen(packed); err != nil || n > size {
			return nil, ErrDamaged
		}
		out, err := snappy.Decode(grown(into, size), packed)
		if err != nil {
			return nil, ErrDamaged
		}
		return out, nil
	}
}

// whole reads a page that is compressed as a whole, or not at all, into a memory of the chunk.
func (c *chunk) whole(header *format.PageHeader, memory *[]byte) (data []byte, err error) {
	if c.codec == format.Uncompressed {
		data, err = c.read(header, *memory)
	} else {
		if c.packed, err = c.read(header, c.packed); err == nil {
			data, err = c.decompress(c.packed, *memory, int(header.UncompressedPageSize))
		}
	}
	if err == nil {
		*memory = data
	}
	return data, err
}

func (c *chunk) readDictionary(header *format.PageHeader) error {
	h := header.DictionaryPageHeader.V
	if c.known || c.kind == Boolean || h.Encoding != format.Plain && h.Encoding != plainDictionary || h.NumValues < 0 || h.NumValues > maxPageValues {
		return ErrDamaged
	}
	data, err := c.whole(header, &c.words)
	if err != nil {
		return err
	}
	c.known, c.dictionary.kind = true, c.kind
	return c.dictionary.readPlain(data, int(h.NumValues))
}

func (c *chunk) readV1(header *format.PageHeader) (Page, error) {
	h := header.DataPageHeader.V
	if h.NumValues < 0 || h.NumValues > maxPageValues {
		return Page{}, ErrDamaged
	}
	data, err := c.whole(header, &c.body)
	if err != nil {
		return Page{}, err
	}
	var l []byte
	if c.optional {
		if h.DefinitionLevelEncoding != format.RLE {
			return Page{}, ErrDamaged
		}
		if l, data, err = lengthFirst(data); err != nil {
			return Page{}, err
		}
	}
	return c.page(int(h.NumValues), l, h.Encoding, data)
}

func (c *chunk) readV2(header *format.PageHeader) (Page, error) {
	h := header.DataPageHeaderV2.V
	length, size := h.DefinitionLevelsByteLength, header.UncompressedPageSize
	if h.NumValues < 0 || h.NumValues > maxPageValues || h.NumRows != h.NumValues || h.RepetitionLevelsByteLength != 0 ||
		length < 0 || length > header.CompressedPageSize || length > size || !c.optional && length > 0 {
		return Page{}, ErrDamaged
	}
	var err error
	if c.packed, err = c.read(header, c.packed); err != nil {
		return Page{}, err
	}
	l, data := c.packed[:length], c.packed[length:]
	if c.codec != format.Uncompressed && (!h.IsCompressed.Valid || h.IsCompressed.V) && len(data) > 0 {
		if data, err = c.decompress(data, c.body, int(size)); err != nil {
			return Page{}, err
		}
		c.body = data
	}
	page, err := c.page(int(h.NumValues), l, h.Encoding, data)
	if err == nil && page.Nulls != int(h.NumNulls) {
		return Page{}, ErrDamaged
	}
	return page, err
}

// spare is how much memory there is behind a slice: decoders like that.
const spare = 64

// grown is a slice of a length, in the same memory if that is long enough.
func grown[T byte | int32 | uint32](s []T, length int) []T {
	if cap(s) < length+spare {
		return make([]T, length, length+length/4+spare)
	}
	return s[:length]
}
