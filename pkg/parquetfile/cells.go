package parquetfile

import (
	"math"
	"math/bits"
	"slices"
)

// cells are the codes of a column in a row group, each in as few bytes as the column's greatest needs.
type cells struct {
	most   uint32
	narrow []uint8
	middle []uint16
	wide   []uint32
}

// newCells makes room for rows of a column with codes up to most.
func newCells(most uint32, rows int) *cells {
	c := &cells{most: most}
	switch {
	case most < 1<<8:
		c.narrow = make([]uint8, 0, rows)
	case most < 1<<16:
		c.middle = make([]uint16, 0, rows)
	default:
		c.wide = make([]uint32, 0, rows)
	}
	return c
}

func (c *cells) reset() { c.narrow, c.middle, c.wide = c.narrow[:0], c.middle[:0], c.wide[:0] }

// len is the number of rows.
func (c *cells) len() int { return len(c.narrow) + len(c.middle) + len(c.wide) }

func (c *cells) add(codes []uint32) {
	switch {
	case c.most < 1<<8:
		c.narrow = narrowed(c.narrow, codes)
	case c.most < 1<<16:
		c.middle = narrowed(c.middle, codes)
	default:
		c.wide = append(c.wide, codes...)
	}
}

func narrowed[T uint8 | uint16](dst []T, codes []uint32) []T {
	at := len(dst)
	dst = slices.Grow(dst, len(codes))[:at+len(codes)]
	out := dst[at:][:len(codes)]
	for i, code := range codes {
		out[i] = T(code)
	}
	return dst
}

// bounds are the least and the greatest code, nulls apart, as near as they need be known: of a column with few codes they
// are all those that it may have.
func (c *cells) bounds() (least, most uint32) {
	if c.most <= knownSpan {
		return 1, c.most
	}
	least, most = math.MaxUint32, 0
	for _, code := range c.wide {
		least, most = min(least, code-1), max(most, code) // a null is the greatest of all here
	}
	return min(least+1, most), most
}

// show shows all codes.
func (c *cells) show(p *places) {
	switch {
	case c.most < 1<<8:
		see(p, c.narrow)
	case c.most < 1<<16:
		see(p, c.middle)
	default:
		see(p, c.wide)
	}
}

// places are the places in the dictionary of the rows from from to before to, none of which is null; and the least and the
// greatest of them.
func (c *cells) places(p *places, dst []uint32, from, to int) (at []uint32, least, most uint32) {
	dst = slices.Grow(dst[:0], to-from)[:to-from]
	switch {
	case c.most < 1<<8:
		least, most = find(p, dst, c.narrow[from:to])
	case c.most < 1<<16:
		least, most = find(p, dst, c.middle[from:to])
	default:
		least, most = find(p, dst, c.wide[from:to])
	}
	return dst, least, most
}

// values are the codes of those of some rows that are not null; levels gets 0 for a null and 1 for a value.
func (c *cells) values(dst []uint32, levels []byte, from, to int) (codes []uint32, of []byte) {
	dst, levels = slices.Grow(dst[:0], to-from)[:to-from], slices.Grow(levels[:0], to-from)[:to-from]
	switch {
	case c.most < 1<<8:
		return dst[:values(dst, levels, c.narrow[from:to])], levels
	case c.most < 1<<16:
		return dst[:values(dst, levels, c.middle[from:to])], levels
	default:
		return dst[:values(dst, levels, c.wide[from:to])], levels
	}
}

// coded is a code in as many bytes as it needs.
type coded interface{ uint8 | uint16 | uint32 }

func values[T coded](dst []uint32, levels []byte, codes []T) int {
	n := 0
	levels = levels[:len(codes)]
	for i, code := range codes {
		dst[n] = uint32(code)
		level := byte((uint64(code) + math.MaxUint32) >> 32) // 0 for 0, else 1
		levels[i] = level
		n += int(level)
	}
	return n
}

// see takes note of codes.
func see[T coded](p *places, codes []T) {
	if p.far {
		for _, c := range codes {
			p.found = append(p.found, uint32(c))
		}
		return
	}
	seen, base := p.seen, p.base
	for _, code := range codes {
		c := uint32(code) - base
		if w := int(c / 64); w < len(seen) {
			if seen[w]>>(c%64)&1 == 0 {
				seen[w] |= 1 << (c % 64)
			}
		} else {
			p.null = true
		}
	}
}

// find puts down the places of codes of which none is null, and says which is the least and the greatest.
func find[T coded](p *places, dst []uint32, codes []T) (least, most uint32) {
	least = ^uint32(0)
	base, dst := p.base, dst[:len(codes)]
	switch {
	case p.far:
		for i, code := range codes {
			at := p.of(uint32(code))
			dst[i], least, most = at, min(least, at), max(most, at)
		}
	case len(p.near) > 0:
		near := p.near
		for i, code := range codes {
			at := near[uint32(code)-base]
			dst[i], least, most = at, min(least, at), max(most, at)
		}
	default:
		seen, before := p.seen, p.before[:len(p.seen)]
		for i, code := range codes {
			c := uint32(code) - base
			w := c / 64
			at := before[w] + uint32(bits.OnesCount64(seen[w]&(1<<(c%64)-1)))
			dst[i], least, most = at, min(least, at), max(most, at)
		}
	}
	return least, most
}
