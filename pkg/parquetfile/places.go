package parquetfile

import (
	"errors"
	"math"
	"math/bits"
	"slices"
)

const (
	// nearSpan is how far apart the codes of a row group may lie for their places to be looked up in an array.
	nearSpan = 1 << 16
	// farSpan is how far apart they may lie for a bitmap, which takes 3 bytes for 16 codes. Beyond, places are searched.
	farSpan = 1 << 26
	// knownSpan is up to which greatest code of a column all of them are taken to occur, without a look.
	knownSpan = 1 << 20
)

// places finds the codes that a column has in a row group, in their order, and the place of each among them: its index in
// the dictionary.
type places struct {
	base   uint32   // subtracted from a code, which makes a null (0) one that is out of range, or bit 0
	seen   []uint64 // a bit for each code
	before []uint32 // per word of seen, how many codes there are below it
	near   []uint32 // per code its place, where they lie near enough
	found  []uint32 // the codes, in order, nulls apart
	far    bool     // places are searched among found
	null   bool     // there are nulls
}

// begin makes ready for codes from least to most, nulls apart.
func (p *places) begin(least, most uint32) {
	p.base, p.found, p.null = least, p.found[:0], false
	p.far = most-least >= farSpan || most > math.MaxUint32-64 // there the bit of a null would be one of them
	if least <= 1 {
		p.base = 0
	}
	p.seen = p.seen[:0]
	if !p.far {
		words := int((most-p.base)/64) + 1
		p.seen = slices.Grow(p.seen, words)[:words]
		clear(p.seen)
	}
}

// errPlaces would be a slip in this file.
var errPlaces = errors.New("a code has another place in the dictionary than its own")

// end puts the codes in order, and sees that each has its own place.
func (p *places) end() error {
	if p.far {
		slices.Sort(p.found)
		p.found = slices.Compact(p.found)
		if len(p.found) > 0 && p.found[0] == 0 {
			p.found, p.null = slices.Delete(p.found, 0, 1), true
		}
		return nil
	}
	if p.base == 0 {
		p.null = p.seen[0]&1 != 0
		p.seen[0] &^= 1
	}
	p.before = slices.Grow(p.before[:0], len(p.seen))[:len(p.seen)]
	for w, word := range p.seen {
		p.before[w] = uint32(len(p.found))
		for ; word != 0; word &= word - 1 {
			p.found = append(p.found, p.base+uint32(w*64+bits.TrailingZeros64(word)))
		}
	}
	p.near = p.near[:0]
	if n := len(p.seen) * 64; n <= nearSpan {
		p.near = slices.Grow(p.near, n)[:n]
		clear(p.near)
		for at, code := range p.found {
			p.near[code-p.base] = uint32(at)
		}
	}
	for at, code := range p.found {
		if p.of(code) != uint32(at) {
			return errPlaces
		}
	}
	return nil
}

// of is the place of a code that was seen.
func (p *places) of(code uint32) uint32 {
	switch {
	case p.far:
		at, _ := slices.BinarySearch(p.found, code)
		return uint32(at)
	case len(p.near) > 0:
		return p.near[code-p.base]
	default:
		at := code - p.base
		return p.before[at/64] + uint32(bits.OnesCount64(p.seen[at/64]&(1<<(at%64)-1)))
	}
}
