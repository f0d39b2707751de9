package extract

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
)

// Dictionary gives each distinct byte string a number, in order of first appearance. It copies a string once, and
// allocates nothing for one that it has. The numbers do not depend on the hash.
//
// Strings of up to 15 bytes, which nearly all cells are, take a record of 16 bytes each and are compared as two words;
// longer ones lie in an arena. To this come 5 to 11 bytes a string for the table that finds them.
type Dictionary struct {
	seed  maphash.Seed // for long strings
	mixes [2]uint64    // for short ones

	// slots is a power of two long, and at most three quarters full, a quarter while they are few. A slot holds 1 + number in as many low bits as its
	// own position has, above them bits of the string's hash; 0 is free.
	slots   []uint32
	records []record // by number
	long    []extent
	arena   []byte
	size    int
	order   order // where columns are coded
	ahead   *ahead
}

// record is a short string, zeros behind it, and its length; of a long one its hash, its number among the long ones, and
// the mark of these.
type record [16]byte

// extent is where a long string lies in the arena.
type extent struct{ start, end int }

const (
	longest  = len(record{}) - 1 // of short strings
	longMark = 0xFF

	// few is how many strings a dictionary has whose table is near at hand, and may be wide enough for most to lie alone.
	few      = 1 << 11
	fewSlots = 1 << 8
)

// NewDictionary makes an empty dictionary.
func NewDictionary() *Dictionary {
	return &Dictionary{seed: maphash.MakeSeed(), mixes: [2]uint64{rand.Uint64() | 1, rand.Uint64() | 1}, slots: make([]uint32, fewSlots)}
}

// Len is how many strings there are.
func (d *Dictionary) Len() int { return len(d.records) }

// Size is how many bytes all strings have together.
func (d *Dictionary) Size() int { return d.size }

// Reset forgets all strings and keeps the memory.
func (d *Dictionary) Reset() {
	clear(d.slots)
	d.records, d.long, d.arena, d.size = d.records[:0], d.long[:0], d.arena[:0], 0
	d.order = order{next: d.order.next[:0]}
}

// Bytes is a string by its number, valid until the next Reset.
func (d *Dictionary) Bytes(number uint32) []byte {
	r := &d.records[number]
	if r[longest] == longMark {
		e := d.long[r.index()]
		return d.arena[e.start:e.end]
	}
	return r[:r[longest]]
}

// Number returns the number of a string and whether it is new.
func (d *Dictionary) Number(s []byte) (uint32, bool) {
	known := len(d.records)
	var number uint32
	if len(s) > longest {
		number = d.numberLong(s)
	} else {
		k0, k1 := wordsOf(s)
		number = d.number(k0, k1)
	}
	return number, int(number) == known
}

// Find returns the number of a string, and false when there is none.
func (d *Dictionary) Find(s []byte) (uint32, bool) {
	var slot uint32
	if len(s) > longest {
		hash := maphash.Bytes(d.seed, s)
		slot = d.slots[d.findLong(s, hash)]
	} else {
		k0, k1 := wordsOf(s)
		slot = d.slots[d.find(k0, k1, d.hash(k0, k1))]
	}
	return slot&uint32(len(d.slots)-1) - 1, slot != 0
}

// wordsOf is the record of a short string.
func wordsOf(s []byte) (k0, k1 uint64) {
	n := len(s)
	k1 = uint64(n) << 56
	switch {
	case n > 8:
		return binary.LittleEndian.Uint64(s), k1 | binary.LittleEndian.Uint64(s[n-8:])>>(8*(16-n))
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(s)) | uint64(binary.LittleEndian.Uint32(s[n-4:]))<<(8*(n-4)), k1
	case n > 0:
		return uint64(s[0]) | uint64(s[n/2])<<(8*(n/2)) | uint64(s[n-1])<<(8*(n-1)), k1
	default:
		return 0, k1
	}
}

func (d *Dictionary) hash(k0, k1 uint64) uint64 {
	high, low := bits.Mul64(k0^d.mixes[0], k1^d.mixes[1])
	return high ^ low
}

func (r *record) is(k0, k1 uint64) bool {
	return binary.LittleEndian.Uint64(r[:8]) == k0 && binary.LittleEndian.Uint64(r[8:]) == k1
}

func (r *record) set(k0, k1 uint64) {
	binary.LittleEndian.PutUint64(r[:8], k0)
	binary.LittleEndian.PutUint64(r[8:], k1)
}

// index is the number of a long string among the long ones.
func (r *record) index() uint32 { return binary.LittleEndian.Uint32(r[8:]) }

// number finds a short string, or adds it.
func (d *Dictionary) number(k0, k1 uint64) uint32 {
	hash := d.hash(k0, k1)
	at := d.find(k0, k1, hash)
	if slot := d.slots[at]; slot != 0 {
		return slot&uint32(len(d.slots)-1) - 1
	}
	d.size += int(k1 >> 56)
	var r record
	r.set(k0, k1)
	return d.add(at, hash, r)
}

// find is the slot that holds a short string, or the free one where it would go.
func (d *Dictionary) find(k0, k1, hash uint64) int {
	mask := uint32(len(d.slots) - 1)
	at, tag := uint32(hash)&mask, d.tag(hash)
	for {
		slot := d.slots[at&uint32(len(d.slots)-1)]
		if slot == 0 || slot&^mask == tag && d.records[slot&mask-1].is(k0, k1) {
			return int(at)
		}
		at = (at + 1) & mask
	}
}

// tag is what a slot has of a string's hash.
func (d *Dictionary) tag(hash uint64) uint32 { return uint32(hash>>32) &^ uint32(len(d.slots)-1) }

func (d *Dictionary) numberLong(s []byte) uint32 {
	hash := maphash.Bytes(d.seed, s)
	at := d.findLong(s, hash)
	if slot := d.slots[at]; slot != 0 {
		return slot&uint32(len(d.slots)-1) - 1
	}
	var r record
	r.set(hash, uint64(longMark)<<56|uint64(len(d.long)))
	d.long = append(d.long, extent{len(d.arena), len(d.arena) + len(s)})
	d.arena = append(d.arena, s...)
	d.size += len(s)
	return d.add(at, hash, r)
}

func (d *Dictionary) findLong(s []byte, hash uint64) int {
	mask := uint32(len(d.slots) - 1)
	at, tag := uint32(hash)&mask, d.tag(hash)
	for {
		slot := d.slots[at]
		if slot == 0 || slot&^mask == tag && d.isLong(slot&mask-1, s) {
			return int(at)
		}
		at = (at + 1) & mask
	}
}

func (d *Dictionary) isLong(number uint32, s []byte) bool {
	return d.records[number][longest] == longMark && bytes.Equal(d.Bytes(number), s)
}

// add gives a string the next number, and puts it into the free slot where it belongs.
func (d *Dictionary) add(at int, hash uint64, r record) uint32 {
	d.records = append(d.records, r)
	if n := len(d.records); n <= few && 4*n > len(d.slots) || 4*n > 3*len(d.slots) {
		d.grow()
	} else {
		d.slots[at] = d.tag(hash) | uint32(len(d.records))
	}
	return uint32(len(d.records) - 1)
}

// grow doubles the table.
func (d *Dictionary) grow() {
	d.slots = make([]uint32, 2*len(d.slots))
	mask := uint32(len(d.slots) - 1)
	for number := range d.records {
		r := &d.records[number]
		hash := binary.LittleEndian.Uint64(r[:8])
		if r[longest] != longMark {
			hash = d.hash(hash, binary.LittleEndian.Uint64(r[8:]))
		}
		at := uint32(hash) & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = d.tag(hash) | uint32(number+1)
	}
}
