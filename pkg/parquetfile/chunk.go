package parquetfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// source says what the codes of a table's columns are. A minimise.Batch does.
type source interface {
	// AppendCode appends the text of a code.
	AppendCode(dst []byte, column int, code uint32) []byte
}

// chunk is one column of one row group, as it stands in the file, and what the footer says of it. Offsets count from the
// beginning of the chunk.
type chunk struct {
	head   []byte   // header of the dictionary page
	dict   [][]byte // the dictionary page, in pieces
	pages  []byte   // with their headers
	meta   format.ColumnMetaData
	column format.ColumnIndex
	offset format.OffsetIndex
	nulls  int64
	check  uint64 // running check: before the chunk, and then with it
}

// encoder makes chunks, one after another. It is for one goroutine.
type encoder struct {
	shop   *shop
	size   size
	places places
	codes  []uint32 // of a page, and then their places
	levels []byte
	truths []byte
	hashes []uint64 // per place in the dictionary
	text   []byte   // of a piece of a dictionary, of this column or one that is helped with
	body   []byte
	packed []byte
	header bytes.Buffer
	thrift *thrift.Encoder
}

func newEncoder(shop *shop, size size) *encoder {
	e := &encoder{shop: shop, size: size}
	e.thrift = thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&e.header))
	return e
}

// begin makes the head and the dictionary of a chunk of the i-th column's cells, for a hand. The chunk's memory is used again.
func (e *encoder) begin(h *hand, c *chunk, column *minimise.Column, i int, from source, cells *cells) error {
	*c = chunk{
		head: c.head[:0], dict: c.dict[:0], pages: c.pages[:0], check: c.check,
		meta: format.ColumnMetaData{
			Type: physical(column.Kind), Encoding: encodings(column.Kind), PathInSchema: []string{column.Name}, Codec: format.Zstd, NumValues: int64(cells.len()),
		},
	}
	e.places.begin(cells.bounds())
	cells.show(&e.places)
	if err := e.places.end(); err != nil {
		return err
	}
	return e.dictionary(h, c, column, i, from)
}

// end makes the rest of the chunk that was begun. Its dictionary is left alone: it may be on its way to the disk.
func (e *encoder) end(c *chunk, column *minimise.Column, i int, from source, cells *cells) error {
	order := boundary{up: true, down: true}
	for row := 0; row < cells.len(); row += e.size.page {
		if err := e.data(c, column, i, from, cells, row, &order); err != nil {
			return err
		}
	}
	e.totals(c, column, i, from)
	c.column.BoundaryOrder = order.order()
	return nil
}

// errOrder is met when codes do not order as their values do: statistics would be wrong.
var errOrder = errors.New("values do not come in the order of their codes")

// dictionary writes the dictionary page, where the column has one, and takes the hash of each value. The page is made in pieces,
// side by side, each a frame by itself: compressed data may be several, one after the other (RFC 8878, section 3).
func (e *encoder) dictionary(h *hand, c *chunk, column *minimise.Column, i int, from source) error {
	found := e.places.found
	e.hashes = slices.Grow(e.hashes[:0], len(found))[:len(found)]
	pieces := max((len(found)+e.size.piece-1)/e.size.piece, 1)
	c.dict = slices.Grow(c.dict, pieces)[:pieces]
	var body atomic.Int64
	err := h.split(pieces, func(h *hand, n int) error {
		first := n * e.size.piece
		size, err := e.shop.encoders[h.number].piece(&c.dict[n], column, i, from, found, e.hashes, first, min(first+e.size.piece, len(found)))
		body.Add(int64(size))
		return err
	})
	if err != nil || column.Kind == minimise.Boolean {
		c.dict = c.dict[:0]
		return err
	}
	sum, packed := uint32(0), 0
	for _, piece := range c.dict {
		sum, packed = crc32.Update(sum, crc32.IEEETable, piece), packed+len(piece)
	}
	size, err := e.head(c, &format.PageHeader{
		Type: format.DictionaryPage, CRC: int32(sum),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(found)), Encoding: format.Plain, IsSorted: true}),
	}, int(body.Load()), packed)
	c.head = append(c.head, e.header.Bytes()...)
	c.meta.DataPageOffset = int64(size)
	c.meta.EncodingStats = append(c.meta.EncodingStats, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	return err
}

// piece makes a piece of a dictionary, and says how long it is before it is compressed: the values of some of the codes, of
// which it takes the hashes too. The first text must come after that of the code before.
func (e *encoder) piece(packed *[]byte, column *minimise.Column, i int, from source, found []uint32, hashes []uint64, first, end int) (int, error) {
	var err error
	e.text = e.text[:0]
	if !isText(column.Kind) {
		for at := first; at < end; at++ {
			n := number(column, found[at])
			hashes[at] = hashNumber(n)
			e.text = binary.LittleEndian.AppendUint32(e.text, uint32(n))
		}
	} else {
		var last []byte
		if first > 0 {
			last = from.AppendCode(nil, i, found[first-1])
		}
		for at := first; at < end; at++ {
			start := len(e.text) + 4
			e.text = from.AppendCode(append(e.text, 0, 0, 0, 0), i, found[at])
			text := e.text[start:]
			binary.LittleEndian.PutUint32(e.text[start-4:], uint32(len(text)))
			if at > 0 && bytes.Compare(last, text) >= 0 {
				return 0, errOrder
			}
			last, hashes[at] = text, hashText(text)
		}
	}
	if column.Kind != minimise.Boolean {
		if *packed, err = e.shop.codec.Encode(*packed, e.text); err != nil {
			err = fmt.Errorf("compress a dictionary: %w", err)
		}
	}
	return len(e.text), err
}

// data writes a data page of the rows from row on.
func (e *encoder) data(c *chunk, column *minimise.Column, i int, from source, cells *cells, row int, order *boundary) error {
	rows := min(e.size.page, cells.len()-row)
	var levels []byte
	var least, most uint32
	var sound bool
	if e.places.null {
		e.codes, e.levels = cells.values(e.codes, e.levels, row, row+rows)
		levels = e.levels
		least, most = find(&e.places, e.codes, e.codes)
		c.check, sound = foldLevels(c.check, e.hashes, e.codes, levels)
	} else {
		e.codes, least, most = cells.places(&e.places, e.codes, row, row+rows)
		c.check, sound = fold(c.check, e.hashes, e.codes)
	}
	if !sound {
		return errPlaces
	}
	nulls := rows - len(e.codes)
	e.body = appendLevels(e.body[:0], rows, levels)
	encoding := format.RLEDictionary
	if column.Kind == minimise.Boolean {
		encoding = format.Plain
		e.truths = e.truths[:0]
		for _, at := range e.codes {
			e.truths = append(e.truths, truth(number(column, e.places.found[at])))
		}
		e.body = appendBits(e.body, e.truths)
	} else {
		width := bits.Len32(most)
		e.body = appendHybrid(append(e.body, byte(width)), e.codes, width)
	}
	var err error
	if e.packed, err = e.shop.codec.Encode(e.packed, e.body); err != nil {
		return fmt.Errorf("compress a page: %w", err)
	}
	size, err := e.head(c, &format.PageHeader{
		Type: format.DataPage, CRC: int32(crc32.ChecksumIEEE(e.packed)),
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: int32(rows), Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
			Statistics: format.Statistics{NullCount: int64(nulls)},
		}),
	}, len(e.body), len(e.packed))
	if err != nil {
		return err
	}
	c.offset.PageLocations = append(c.offset.PageLocations, format.PageLocation{
		Offset: c.meta.DataPageOffset + int64(len(c.pages)), CompressedPageSize: int32(size), FirstRowIndex: int64(row),
	})
	c.pages = append(append(c.pages, e.header.Bytes()...), e.packed...)
	c.nulls += int64(nulls)
	e.bounds(c, column, i, from, rows, nulls, least, most, order)
	return nil
}

// bounds tells the column index of a page.
func (e *encoder) bounds(c *chunk, column *minimise.Column, i int, from source, rows, nulls int, least, most uint32, order *boundary) {
	var low, high []byte
	if nulls < rows {
		low, high = e.value(column, i, from, least), e.value(column, i, from, most)
		order.next(least, most)
	}
	c.column.NullPages = append(c.column.NullPages, nulls == rows)
	c.column.MinValues, c.column.MaxValues = append(c.column.MinValues, low), append(c.column.MaxValues, high)
	c.column.NullCounts = append(c.column.NullCounts, int64(nulls))
}

// value is a value of the dictionary as statistics have it.
func (e *encoder) value(column *minimise.Column, i int, from source, at uint32) []byte {
	code := e.places.found[at]
	switch {
	case isText(column.Kind):
		return from.AppendCode(nil, i, code)
	case column.Kind == minimise.Boolean:
		return []byte{truth(number(column, code))}
	default:
		return binary.LittleEndian.AppendUint32(nil, uint32(number(column, code)))
	}
}

// head encodes a page's header and adds the page to the column's sizes. It returns how many bytes header and page take.
func (e *encoder) head(c *chunk, h *format.PageHeader, body, packed int) (int, error) {
	if body > math.MaxInt32 || packed > math.MaxInt32 {
		return 0, errors.New("a page is larger than 2 GiB")
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(body), int32(packed)
	e.header.Reset()
	if err := e.thrift.Encode(h); err != nil {
		return 0, fmt.Errorf("encode the header of a page: %w", err)
	}
	c.meta.TotalUncompressedSize += int64(e.header.Len() + body)
	c.meta.TotalCompressedSize += int64(e.header.Len() + packed)
	return e.header.Len() + packed, nil
}

// totals tells the footer of the chunk.
func (e *encoder) totals(c *chunk, column *minimise.Column, i int, from source) {
	c.meta.Statistics.NullCount = c.nulls
	if n := len(e.places.found); n > 0 {
		c.meta.Statistics.MinValue, c.meta.Statistics.MaxValue = e.value(column, i, from, 0), e.value(column, i, from, uint32(n-1))
	}
	encoding := format.RLEDictionary
	if column.Kind == minimise.Boolean {
		encoding = format.Plain
	}
	c.meta.EncodingStats = append(c.meta.EncodingStats, format.PageEncodingStats{
		PageType: format.DataPage, Encoding: encoding, Count: int32(len(c.offset.PageLocations)),
	})
}

// boundary finds whether the bounds of pages go up or down.
type boundary struct {
	up, down    bool
	least, most uint32
	any         bool
}

func (b *boundary) next(least, most uint32) {
	if b.any {
		b.up = b.up && least >= b.least && most >= b.most
		b.down = b.down && least <= b.least && most <= b.most
	}
	b.least, b.most, b.any = least, most, true
}

func (b *boundary) order() format.BoundaryOrder {
	switch {
	case b.up:
		return format.Ascending
	case b.down:
		return format.Descending
	default:
		return format.Unordered
	}
}
