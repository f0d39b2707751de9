package minimise

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// sorter orders buckets, for one goroutine.
type sorter struct {
	*ordering
	in     []byte
	ends   []uint32
	differ []byte   // per byte of a row, the bits in which rows of a group differ
	keys   []uint64 // per row of a group, some of its bytes and its number
	swap   []byte
}

// bucket orders one bucket, and sends it.
func (s *sorter) bucket(bucket int, send func(rows []byte, err error) error) error {
	l := s.stage.layout
	size := s.stage.rows[bucket] * int64(l.width)
	if size > s.limit {
		parts := make([]segment, 0, len(s.stage.files))
		for _, f := range s.stage.files {
			parts = append(parts, segment{f, bucket})
		}
		return s.divide(parts, false, 0, bucket, send)
	}
	if cap(s.in) < int(size) {
		s.in = make([]byte, size+size/8)
	}
	in := s.in[:size]
	at := 0
	for _, f := range s.stage.files {
		if err := f.read(bucket, in[at:min(at+int(f.size(bucket)), len(in))], func(rows []byte) error {
			at += len(rows)
			return nil
		}); err != nil {
			return fmt.Errorf("%s: %w", s.stage.name, err)
		}
	}
	s.stage.each(bucket, func(rows []byte) { at += copy(in[at:], rows) })
	if err := s.rank(in); err != nil {
		return fmt.Errorf("%s: %w", s.stage.name, err)
	}
	out := s.memory(len(in))
	s.sort(out, in, bucket)
	return send(out, nil)
}

// rank puts in place of each pseudonym's number its place among all pseudonyms of its book, from 1. Rows of which only a part
// was read back are not known to be sound.
func (s *sorter) rank(rows []byte) error {
	l := s.stage.layout
	for i, r := range s.ranks {
		if r == nil {
			continue
		}
		for at := l.at[i]; at < len(rows); at += l.width {
			cell := rows[at : at+4]
			if n := binary.BigEndian.Uint32(cell); n != 0 {
				if int64(n) > int64(len(r.place)) {
					return errDamaged
				}
				binary.BigEndian.PutUint32(cell, r.place[n-1]+1)
			}
		}
	}
	return nil
}

// span is from which code on, and of how many, the first column of a bucket's rows is.
func (s *sorter) span(bucket int) (from, n uint32) {
	r := s.ranks[s.stage.layout.order[0]]
	switch {
	case r == nil:
		return uint32(bucket) << s.stage.layout.shift, 1 << s.stage.layout.shift
	case bucket == 0: // with the rows that have no pseudonym
		return 0, 1 + r.first[1]
	default:
		return 1 + r.first[bucket], r.first[bucket+1] - r.first[bucket]
	}
}

// sort puts rows of a bucket into out in their order: by their first column by counting, then those alike in it by the rest.
func (s *sorter) sort(out, in []byte, bucket int) {
	l := s.stage.layout
	w, size := l.width, l.size[l.order[0]]
	from, span := s.span(bucket)
	rows := len(in) / w
	if int64(span) > 4*int64(rows)+1<<12 {
		copy(out, in)
		s.group(out[:len(in)], 0)
		return
	}
	s.ends = append(s.ends[:0], make([]uint32, span+1)...)
	ends := s.ends
	for at := 0; at < len(in); at += w {
		ends[code(in[at:], size)-from+1]++
	}
	for i := uint32(1); i <= span; i++ {
		ends[i] += ends[i-1]
	}
	for at := 0; at < len(in); at += w { // now ends[i] is where the next row of code from+i goes, and so becomes where they end
		row := in[at : at+w]
		k := code(row, size) - from
		copy(out[int(ends[k])*w:], row)
		ends[k]++
	}
	begin := 0
	for _, end := range ends[:span] {
		if n := int(end) - begin; n > 1 {
			s.group(out[begin*w:int(end)*w], size)
		}
		begin = int(end)
	}
}

// ordered reports whether rows are in order by what stands behind their first bytes.
func (s *sorter) ordered(rows []byte, skip int) bool {
	w := s.stage.layout.width
	rest := w - skip
	if rest < 8 {
		for at := w; at < len(rows); at += w {
			if bytes.Compare(rows[at-rest:at], rows[at+skip:at+w]) > 0 {
				return false
			}
		}
		return true
	}
	last := binary.BigEndian.Uint64(rows[skip:])
	for at := w; at < len(rows); at += w {
		this := binary.BigEndian.Uint64(rows[at+skip:])
		if this < last || this == last && bytes.Compare(rows[at-rest+8:at], rows[at+skip+8:at+w]) > 0 {
			return false
		}
		last = this
	}
	return true
}

const (
	keyBytes  = 5  // of a row's bytes, how many are in a key
	indexBits = 24 // of the row's number in it: no bucket that is ordered in memory has more rows
)

// group orders rows that are alike in their first bytes by the others. Often they are in order as they came. Where not, they
// are sorted by the first of the bytes in which they differ, and by all where these do not decide.
func (s *sorter) group(rows []byte, skip int) {
	w := s.stage.layout.width
	n := len(rows) / w
	if skip == w || s.ordered(rows, skip) {
		return
	}
	s.differ = append(s.differ[:0], make([]byte, w)...)
	for at := w; at < len(rows); at += w {
		for i := skip; i < w; i++ {
			s.differ[i] |= rows[at+i] ^ rows[i]
		}
	}
	var by [keyBytes]int
	used, more := 0, false
	for i := skip; i < w; i++ {
		switch {
		case s.differ[i] == 0:
		case used == keyBytes:
			more = true
		default:
			by[used] = i
			used++
		}
	}
	s.keys = s.keys[:0]
	for i := range n {
		key := uint64(0)
		for _, at := range by[:used] {
			key = key<<8 | uint64(rows[i*w+at])
		}
		s.keys = append(s.keys, key<<indexBits|uint64(i))
	}
	s.swap = append(s.swap[:0], rows...)
	if !more {
		slices.Sort(s.keys)
	} else {
		sortKeys(s.keys, func(x, y int) int { return bytes.Compare(s.swap[x*w:(x+1)*w], s.swap[y*w:(y+1)*w]) })
	}
	for i, key := range s.keys {
		at := int(key%(1<<indexBits)) * w
		copy(rows[i*w:(i+1)*w], s.swap[at:at+w])
	}
}

// sortKeys sorts keys, each some bytes of what is sorted and its index among these; where the bytes do not decide, by a comparison.
func sortKeys(keys []uint64, compare func(x, y int) int) {
	slices.Sort(keys)
	for first := 0; first < len(keys); {
		end := first + 1
		for end < len(keys) && keys[end]>>indexBits == keys[first]>>indexBits {
			end++
		}
		if end > first+1 {
			slices.SortFunc(keys[first:end], func(a, b uint64) int { return compare(int(a%(1<<indexBits)), int(b%(1<<indexBits))) })
		}
		first = end
	}
}
