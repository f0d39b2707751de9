package parquetfile

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// decoder turns what the library says of a chunk into hashes and places among them, and holds statistics and page index to
// them. It is for one goroutine.
type decoder struct {
	kind    minimise.Kind
	index   *format.ColumnIndex
	offsets *format.OffsetIndex
	pages   int
	rows    int64
	hashes  []uint64 // per place in the dictionary; nil before the dictionary was seen
	memory  []uint64 // of hashes
	sorted  bool     // the dictionary is in order
	numbers []int32  // the dictionary; of booleans the two that they may be
	texts   []byte
	ends    []uint32 // of texts: where each begins, and the last ends
	truths  []int32
	low     int // places in the dictionary, of the least and the greatest value met; -1 for none
	high    int
}

// begin makes ready for a chunk.
func (d *decoder) begin(kind minimise.Kind, index *format.ColumnIndex, offsets *format.OffsetIndex) {
	*d = decoder{kind: kind, index: index, offsets: offsets, memory: d.memory, truths: d.truths, low: -1, high: -1}
	if kind == minimise.Boolean {
		d.memory = append(d.memory[:0], hashNumber(0), hashNumber(1))
		d.hashes, d.numbers, d.sorted = d.memory, []int32{0, 1}, true
	}
}

// dictionary takes a dictionary, and says how many values it has.
func (d *decoder) dictionary(values encoding.Values) int {
	var n int
	if isText(d.kind) {
		d.texts, d.ends = values.ByteArray()
		n = max(len(d.ends)-1, 0)
	} else {
		d.numbers = values.Int32()
		n = len(d.numbers)
	}
	d.hashes = slices.Grow(d.memory[:0], n+1)[:n] // never nil
	d.memory = d.hashes
	return n
}

// pieceValues is how many values of a dictionary are looked at together.
const pieceValues = 1 << 14

// piece takes the hashes of some of a dictionary's values, and shows its strings. It reports whether each comes after the value
// before it.
func (d *decoder) piece(from, to int, inspect func([]byte) error) (sorted bool, err error) {
	sorted = true
	for i := from; i < to; i++ {
		if !isText(d.kind) {
			d.hashes[i] = hashNumber(d.numbers[i])
			sorted = sorted && (i == 0 || d.numbers[i-1] < d.numbers[i])
			continue
		}
		text := d.text(i)
		if err := inspect(text); err != nil {
			return false, err
		}
		d.hashes[i] = hashText(text)
		sorted = sorted && (i == 0 || bytes.Compare(d.text(i-1), text) < 0)
	}
	return sorted, nil
}

func (d *decoder) text(at int) []byte { return d.texts[d.ends[at]:d.ends[at+1]] }

// places are the values of a page as places in the dictionary. Booleans have none: theirs are the numbers that they are.
func (d *decoder) places(values encoding.Values, n int, indexed bool) []int32 {
	if d.kind != minimise.Boolean {
		return values.Int32()
	}
	if indexed {
		return nil
	}
	d.truths = d.truths[:0]
	for i, bits := range values.Boolean() {
		for j := range min(n-8*i, 8) {
			d.truths = append(d.truths, int32(bits>>j&1))
		}
	}
	return d.truths
}

// next holds what the page index says of the next page to the page's places, which are known to be in the dictionary. The
// bounds can be told where the dictionary is in order, as it is written here; nothing is held to bounds of another.
func (d *decoder) next(at []int32, rows, nulls int64) bool {
	n := d.pages
	x := d.index
	if n >= len(d.offsets.PageLocations) || n >= len(x.NullPages) || n >= len(x.NullCounts) || n >= len(x.MinValues) || n >= len(x.MaxValues) {
		return false
	}
	if d.offsets.PageLocations[n].FirstRowIndex != d.rows || x.NullPages[n] != (nulls == rows) || x.NullCounts[n] != nulls {
		return false
	}
	d.pages, d.rows = n+1, d.rows+rows
	if len(at) == 0 || !d.sorted {
		return true
	}
	low, high := extremes(at)
	if d.low < 0 || int(low) < d.low {
		d.low = int(low)
	}
	d.high = max(d.high, int(high))
	return bytes.Equal(x.MinValues[n], d.value(int(low))) && bytes.Equal(x.MaxValues[n], d.value(int(high)))
}

// extremes are the least and the greatest of some numbers, four of which are looked at side by side.
func extremes(at []int32) (low, high int32) {
	a, b, c, d := at[0], at[0], at[0], at[0]
	w, x, y, z := a, b, c, d
	for ; len(at) >= 4; at = at[4:] {
		a, b, c, d = min(a, at[0]), min(b, at[1]), min(c, at[2]), min(d, at[3])
		w, x, y, z = max(w, at[0]), max(x, at[1]), max(y, at[2]), max(z, at[3])
	}
	for _, n := range at {
		a, w = min(a, n), max(w, n)
	}
	return min(a, b, c, d), max(w, x, y, z)
}

// ended reports whether all pages of the page index were met.
func (d *decoder) ended() bool {
	return d.pages == len(d.offsets.PageLocations) && d.pages == len(d.index.NullPages)
}

// value is a value of the dictionary as statistics have it.
func (d *decoder) value(at int) []byte {
	switch {
	case isText(d.kind):
		return d.text(at)
	case d.kind == minimise.Boolean:
		return []byte{byte(d.numbers[at])}
	default:
		return binary.LittleEndian.AppendUint32(nil, uint32(d.numbers[at]))
	}
}

// sameBounds holds the statistics of the chunk to the least and greatest place that was met.
func (d *decoder) sameBounds(s *format.Statistics, nulls int64) bool {
	if s.NullCount != nulls {
		return false
	}
	if d.low < 0 {
		return !d.sorted || len(s.MinValue) == 0 && len(s.MaxValue) == 0
	}
	return bytes.Equal(s.MinValue, d.value(d.low)) && bytes.Equal(s.MaxValue, d.value(d.high))
}
