package extract

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	slack  = 16      // how many bytes behind a cell may be read with it
	stride = 1 << 10 // how many cells are coded by one way before the ways are weighed again
	again  = 16      // one stride in so many of a column that is looked up tries whether it has come to run in order
)

// order is what a dictionary has learnt of the order of a column's cells.
type order struct {
	next    []uint32 // per number, the one that came after it the last time
	last    uint32   // the number that came last
	strides int      // looked up since the order was last tried
	loose   bool     // it does not repeat itself
}

// code numbers the cells of a column, where they stand in a text with slack behind it, and appends the numbers to dst.
//
// The cells of a column are coded by the way that is the fastest for them. Few distinct cells are looked up in a table
// that is wide enough for each to lie alone. Of many, such as the identifiers of a register, a cell is often the one
// before it again, or that which came after it the last time: two comparisons tell. What has no such order is looked up.
func (d *Dictionary) code(dst []uint32, text []byte, cells []Span) []uint32 {
	text = text[:len(text)+slack]
	at := len(dst)
	dst = slices.Grow(dst, len(cells))[:at+len(cells)]
	for out := dst[at:]; len(cells) > 0; {
		n := min(len(cells), stride)
		switch o := &d.order; {
		case len(d.records) <= few:
			d.codeBy(d.inTable, out[:n], text, cells[:n])
		case !o.loose:
			o.cover(len(d.records))
			missed := d.codeBy(d.inOrder, out[:n], text, cells[:n])
			o.loose, o.strides = missed > n/4, 0
		default:
			d.inWideTable(out[:n], text, cells[:n])
			if o.strides++; o.strides == again {
				o.loose = false
			}
		}
		out, cells = out[n:], cells[n:]
	}
	return dst
}

// codeBy codes cells by a way that stops at the first that it cannot tell. It counts these.
func (d *Dictionary) codeBy(way func(out []uint32, text []byte, cells []Span) int, out []uint32, text []byte, cells []Span) int {
	missed := 0
	for {
		n := way(out, text, cells)
		if n == len(cells) {
			return missed
		}
		missed++
		s := cells[n]
		if s.Len > uint32(longest) {
			out[n] = d.numberLong(text[s.At : s.At+s.Len])
		} else {
			out[n] = d.number(words(text, s))
		}
		d.order.came(out[n], len(d.records))
		out, cells = out[n+1:], cells[n+1:]
	}
}

// came notes which number came after the last. There are so many numbers.
func (o *order) came(number uint32, numbers int) {
	o.cover(numbers)
	o.next[o.last] = number
	o.last = number
}

func (o *order) cover(numbers int) {
	for len(o.next) < numbers {
		o.next = append(o.next, 0)
	}
}

// words is the record of a short string in a text with slack behind it.
func words(text []byte, s Span) (k0, k1 uint64) {
	b := text[s.At:][:slack]
	k0, k1 = binary.LittleEndian.Uint64(b), uint64(s.Len)<<56
	if s.Len <= 8 {
		return k0 & (1<<(8*s.Len) - 1), k1
	}
	return k0, k1 | binary.LittleEndian.Uint64(b[8:])&(1<<(8*s.Len-64)-1)
}

// inTable codes cells whose slot is the first that is looked at.
func (d *Dictionary) inTable(out []uint32, text []byte, cells []Span) int {
	slots, records, mix0, mix1 := d.slots, d.records, d.mixes[0], d.mixes[1]
	mask := uint32(len(slots) - 1)
	out = out[:len(cells)]
	for i, s := range cells {
		if s.Len > uint32(longest) {
			return i
		}
		k0, k1 := words(text, s)
		high, low := bits.Mul64(k0^mix0, k1^mix1)
		at := uint32(high^low) & mask
		if int(at) >= len(slots) {
			return i // never: it spares a check
		}
		number := slots[at]&mask - 1
		if number >= uint32(len(records)) || !records[number].is(k0, k1) {
			return i
		}
		out[i] = number
	}
	return len(cells)
}

// ahead is the work on a stride's cells in a wide table. Each step is done for all of them before the next, so that the
// waits for memory far away fall together.
type ahead struct {
	k0, k1, hash [stride]uint64
	slot         [stride]uint32
}

// inWideTable codes all cells of a stride, whose slots and records are far away.
func (d *Dictionary) inWideTable(out []uint32, text []byte, cells []Span) {
	if d.ahead == nil {
		d.ahead = new(ahead)
	}
	w, slots, mix0, mix1 := d.ahead, d.slots, d.mixes[0], d.mixes[1]
	mask := uint32(len(slots) - 1)
	for i, s := range cells[:min(len(cells), stride)] {
		if s.Len > uint32(longest) {
			w.k1[i], w.slot[i] = longMark<<56, 0
			continue
		}
		k0, k1 := words(text, s)
		high, low := bits.Mul64(k0^mix0, k1^mix1)
		w.k0[i], w.k1[i], w.hash[i] = k0, k1, high^low
		w.slot[i] = slots[int(high^low)&(len(slots)-1)]
	}
	for i, s := range cells {
		k0, k1, slot := w.k0[i], w.k1[i], w.slot[i]
		if number := slot&mask - 1; slot != 0 && slot&^mask == uint32(w.hash[i]>>32)&^mask && d.records[number].is(k0, k1) {
			out[i], d.order.last = number, number
			continue
		}
		known := len(d.records)
		if k1 == longMark<<56 {
			out[i] = d.numberLong(text[s.At : s.At+s.Len])
		} else {
			out[i] = d.number(k0, k1)
		}
		if len(d.records) > known {
			d.order.came(out[i], len(d.records))
		}
		d.order.last = out[i]
	}
}

// inOrder codes cells that are as the one before, or as the one that came after it the last time. There is at least one
// string.
func (d *Dictionary) inOrder(out []uint32, text []byte, cells []Span) int {
	last := d.order.last
	next, records := d.order.next, d.records[:len(d.order.next)]
	out = out[:len(cells)]
	for i, s := range cells {
		if s.Len > uint32(longest) {
			d.order.last = last
			return i
		}
		k0, k1 := words(text, s)
		if !records[last].is(k0, k1) {
			was := last
			last = next[last]
			if !records[last].is(k0, k1) {
				d.order.last = was
				return i
			}
		}
		out[i] = last
	}
	d.order.last = last
	return len(cells)
}
