package table

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// plainDictionary is what files of the format's version 1 call a dictionary and the places in it.
const plainDictionary format.Encoding = 2

// page puts a page together: levels says which of n cells are empty, data holds the others.
func (c *chunk) page(n int, levels []byte, encoding format.Encoding, data []byte) (Page, error) {
	present := n
	if c.optional {
		var err error
		if present, err = countPresent(levels, n); err != nil {
			return Page{}, err
		}
	}
	values, err := c.cells(present, encoding, data)
	if err != nil {
		return Page{}, err
	}
	p := Page{Values: values, Index: c.dense[:present], Nulls: n - present, Fresh: values != &c.dictionary || c.from != values}
	c.from = values
	if present < n {
		c.index = grown(c.index, n)
		spread(c.index, levels, c.dense)
		p.Index = c.index
	}
	return p, nil
}

// cells decodes the n cells of a page that are not empty: dense then has the place of each in the values.
func (c *chunk) cells(n int, encoding format.Encoding, data []byte) (*Values, error) {
	c.dense = grown(c.dense, n)
	inDictionary := encoding == format.RLEDictionary || encoding == plainDictionary
	switch {
	case inDictionary && !c.known:
		return nil, ErrDamaged
	case inDictionary && n == 0:
		return &c.dictionary, nil
	case inDictionary:
		if len(data) == 0 {
			return nil, ErrDamaged
		}
		return &c.dictionary, c.places(uint(data[0]), data[1:], n, c.dictionary.Len())
	}
	c.plain.kind = c.kind
	switch {
	case c.kind == Boolean && encoding == format.Plain: // RLE is left out: the library's is not that of others
		c.plain.numbers = append(c.plain.numbers[:0], 0, 1)
		return &c.plain, c.truths(data)
	case c.kind == Boolean:
		return nil, ErrDamaged
	case n == 0:
		c.plain.offsets, c.plain.numbers = c.plain.offsets[:0], c.plain.numbers[:0]
		return &c.plain, nil
	}
	for i := range c.dense {
		c.dense[i] = int32(i)
	}
	switch {
	case encoding == format.Plain:
		return &c.plain, c.plain.readPlain(data, n)
	case encoding == format.DeltaBinaryPacked && c.kind != String:
		return &c.plain, c.plain.readDelta(data, n)
	case encoding == format.DeltaLengthByteArray && c.kind == String:
		return &c.plain, c.plain.readDelta(data, n)
	}
	return nil, ErrDamaged
}

// places decodes n places in a dictionary of so many values.
func (c *chunk) places(width uint, data []byte, n, values int) error {
	if width > maxWidth || n > 0 && values == 0 {
		return ErrDamaged
	}
	if width == 0 { // all are 0, and nothing need be said of it
		clear(c.dense)
		return nil
	}
	row := 0
	for len(data) > 0 {
		r, rest, err := nextRun(data, width, n-row)
		if err != nil {
			return err
		}
		rows := c.dense[row : row+r.rows]
		switch {
		case r.packed == nil && int64(r.value) >= int64(values):
			return ErrDamaged
		case r.packed == nil:
			fill(rows, int32(r.value))
		case r.rows < fewPacked:
			unpack(rows, r.packed, width)
		default:
			run := data[:len(data)-len(rest)]
			out, err := (&rle.Encoding{BitWidth: int(width)}).DecodeInt32(c.dense[row:row], run)
			if err != nil || len(out) < len(rows) {
				return ErrDamaged
			}
			if &out[0] != &rows[0] { // it was filled far beyond the page
				copy(rows, out)
			}
		}
		if r.packed != nil && uint64(values) < 1<<width && !within(rows, values) {
			return ErrDamaged
		}
		row, data = row+r.rows, rest
	}
	if row != n {
		return ErrDamaged
	}
	return nil
}

// maxWidth is the most bits of a place; fewPacked up to how many it is not worth while to ask the library, which is quick with many.
const (
	maxWidth  = 32
	fewPacked = 256
)

// fill sets all places to one.
func fill(places []int32, value int32) {
	const first = 64
	for i := range places[:min(first, len(places))] {
		places[i] = value
	}
	for n := first; n < len(places); n *= 2 {
		copy(places[n:], places[:n])
	}
}

// unpack takes places out of their bits. Behind those there is memory to spare.
func unpack(places []int32, packed []byte, width uint) {
	packed = packed[:len(packed)+8]
	mask, bit := uint64(1)<<width-1, uint(0)
	for i := range places {
		places[i] = int32(binary.LittleEndian.Uint64(packed[bit/8:]) >> (bit % 8) & mask)
		bit += width
	}
}

// within reports whether there is a value for each place. Four at a time do not wait for each other.
func within(places []int32, values int) bool {
	var most [4]uint32
	for ; len(places) >= 4; places = places[4:] {
		four := (*[4]int32)(places)
		most[0], most[1] = max(most[0], uint32(four[0])), max(most[1], uint32(four[1]))
		most[2], most[3] = max(most[2], uint32(four[2])), max(most[3], uint32(four[3]))
	}
	for _, p := range places {
		most[0] = max(most[0], uint32(p))
	}
	return uint64(max(most[0], most[1], most[2], most[3])) < uint64(values)
}

// truths takes n booleans out of their bits.
func (c *chunk) truths(data []byte) error {
	if len(data) < (len(c.dense)+7)/8 {
		return ErrDamaged
	}
	for i := range c.dense {
		c.dense[i] = int32(data[i/8] >> (i % 8) & 1)
	}
	return nil
}

// readPlain takes n values that stand one after the other.
func (v *Values) readPlain(data []byte, n int) error {
	const length = 4 // of a number, and of the length before a string
	if v.kind != String {
		if len(data) != n*length {
			return ErrDamaged
		}
		v.numbers = grown(v.numbers, n)
		for i := range v.numbers {
			v.numbers[i] = int32(binary.LittleEndian.Uint32(data[i*length:]))
		}
		return nil
	}
	v.text, v.gap = data, length
	v.offsets = grown(v.offsets, n+1)
	at := 0
	for i := range n {
		if len(data)-at < length {
			return ErrDamaged
		}
		size := binary.LittleEndian.Uint32(data[at:])
		at += length
		v.offsets[i] = uint32(at)
		if uint64(size) > uint64(len(data)-at) {
			return ErrDamaged
		}
		at += int(size)
	}
	if at != len(data) {
		return ErrDamaged
	}
	v.offsets[n] = uint32(at + length)
	return nil
}

// readDelta takes n values that are told by their differences: numbers, or the lengths of strings.
func (v *Values) readDelta(data []byte, n int) error {
	// A block's size, its parts, and the number of values, for which the library takes memory, come first.
	rest, told := data, uint64(0)
	for range 3 {
		u, length := binary.Uvarint(rest)
		if length <= 0 {
			return ErrDamaged
		}
		rest, told = rest[length:], u
	}
	if told != uint64(n) {
		return ErrDamaged
	}
	var err error
	if v.kind != String {
		v.numbers, err = new(delta.BinaryPackedEncoding).DecodeInt32(grown(v.numbers, n)[:0], data)
		if err != nil || len(v.numbers) != n {
			return ErrDamaged
		}
		return nil
	}
	v.gap = 0
	v.text, v.offsets, err = new(delta.LengthByteArrayEncoding).DecodeByteArray(nil, data, grown(v.offsets, n+1)[:0])
	if err != nil || len(v.offsets) != n+1 || !slices.IsSorted(v.offsets) || uint64(v.offsets[n]) > uint64(len(v.text)) {
		return ErrDamaged
	}
	return nil
}

// lengthFirst cuts off a part before which its length stands.
func lengthFirst(data []byte) (part, rest []byte, err error) {
	const length = 4
	if len(data) < length {
		return nil, nil, ErrDamaged
	}
	size := binary.LittleEndian.Uint32(data)
	if data = data[length:]; uint64(size) > uint64(len(data)) {
		return nil, nil, ErrDamaged
	}
	return data[:size], data[size:], nil
}

// run is one of the runs in which levels and places are told: a value and how often, or eights of values packed into bits.
// https://github.com/apache/parquet-format/blob/master/Encodings.md
type run struct {
	rows   int    // no more than are left
	packed []byte // nil when it is one value
	value  uint32 // the value, when it is one
}

// filling is with how many values more than there are rows the last run may be filled: some writers pack by the block.
const filling = 512

// nextRun cuts a run off data, of values of so many bits, when so many rows are left.
func nextRun(data []byte, width uint, left int) (r run, rest []byte, err error) {
	head, length := binary.Uvarint(data)
	if length <= 0 {
		return r, nil, ErrDamaged
	}
	data = data[length:]
	count, size := min(head>>1, 2*maxPageValues), uint64(width+7)/8
	if head&1 == 1 {
		size = count * uint64(width)
		count *= 8
	}
	if count == 0 || left == 0 || count > uint64(left) && (head&1 == 0 || count > uint64(left)+filling) || size > uint64(len(data)) {
		return r, nil, ErrDamaged
	}
	r.rows = min(int(count), left)
	if head&1 == 1 {
		r.packed = data[:size]
		return r, data[size:], nil
	}
	for i, b := range data[:size] {
		r.value |= uint32(b) << (8 * i)
	}
	return r, data[size:], nil
}

// countPresent counts the cells of n that are not empty.
func countPresent(levels []byte, n int) (present int, err error) {
	for len(levels) > 0 {
		r, rest, err := nextRun(levels, 1, n)
		switch {
		case err != nil:
			return 0, err
		case r.packed == nil && r.value > 1:
			return 0, ErrDamaged
		case r.packed == nil:
			present += r.rows * int(r.value)
		default:
			full := r.packed[:r.rows/8]
			for ; len(full) >= 8; full = full[8:] {
				present += bits.OnesCount64(binary.LittleEndian.Uint64(full))
			}
			for _, b := range full {
				present += bits.OnesCount8(b)
			}
			if over := r.rows % 8; over > 0 {
				present += bits.OnesCount8(r.packed[r.rows/8] << (8 - over))
			}
		}
		n, levels = n-r.rows, rest
	}
	if n != 0 {
		return 0, ErrDamaged
	}
	return present, nil
}

// spreadEight gives eight rows their places: full has a bit for each that has one.
func spreadEight(rows, dense *[8]int32, full byte) {
	at, bit := 0, int32(full)
	for i := range rows {
		rows[i] = dense[at&7] | (bit&1 - 1)
		at += int(bit & 1)
		bit >>= 1
	}
}

// spread gives every row of index its place, -1 for an empty cell, from the places of the cells that are not. The levels have
// been counted; behind the places there is memory to spare.
func spread(index []int32, levels []byte, dense []int32) {
	dense = dense[:len(dense)+8]
	row, at := 0, 0
	for len(levels) > 0 {
		r, rest, err := nextRun(levels, 1, len(index)-row)
		if err != nil {
			return // not after they have been counted
		}
		rows := index[row : row+r.rows]
		switch {
		case r.packed == nil && r.value == 1:
			at += copy(rows, dense[at:])
		case r.packed == nil:
			for i := range rows {
				rows[i] = -1
			}
		default:
			for i := 0; i < len(rows); i += 8 {
				full := r.packed[i/8]
				if len(rows)-i < 8 { // the last of the run, so it may be, of the page
					var last [8]int32
					spreadEight(&last, (*[8]int32)(dense[at:]), full)
					at += bits.OnesCount8(full << (8 - (len(rows) - i)))
					copy(rows[i:], last[:])
					break
				}
				if full == 0xff {
					*(*[8]int32)(rows[i:]) = *(*[8]int32)(dense[at:])
				} else {
					spreadEight((*[8]int32)(rows[i:]), (*[8]int32)(dense[at:]), full)
				}
				at += bits.OnesCount8(full)
			}
		}
		row, levels = row+r.rows, rest
	}
}
