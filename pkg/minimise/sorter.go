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
	raw    []byte // numbered rows, before they are widened
	made   []byte // and then
	ends   []uint32
	differ []byte   // per byte of a row, the bits in which rows of a group differ
	keys   []uint64 // per row of a group, some of its bytes and its number
	swap   []byte
}

// form is how rows stand that are to be ordered.
type form uint8

const (
	asNumbered form = iota // as they were staged, with the child's number
	asWide                 // as they were staged, with the child's pseudonym
	asOrdered              // ready to be compared
)

// heaps are the rows that were staged.
func (o *ordering) heaps() [2]*heap {
	return [...]*heap{asNumbered: &o.stage.numbered, asWide: &o.stage.wide}
}

// widthOf is how long a row is.
func (o *ordering) widthOf(as form) int {
	if as == asOrdered {
		return o.width
	}
	return o.heaps()[as].width
}

// bucket orders one bucket, and sends it.
func (s *sorter) bucket(bucket int, send func(rows []byte, err error) error) error {
	size := s.rows(bucket) * int64(s.width)
	if size > s.limit {
		var parts []segment
		for as, h := range s.heaps() {
			for _, f := range h.files {
				parts = append(parts, segment{f, bucket, form(as)})
			}
		}
		return s.divide(parts, 0, bucket, send)
	}
	if cap(s.in) < int(size) {
		s.in = make([]byte, size+size/8)
	}
	in := s.in[:size]
	if err := s.gather(in, bucket); err != nil {
		return fmt.Errorf("%s: %w", s.stage.name, err)
	}
	out := s.memory(len(in))
	s.sort(out, in, bucket)
	return send(out, nil)
}

// gather fills in with the rows of a bucket, ready to be ordered.
func (s *sorter) gather(in []byte, bucket int) error {
	at := 0
	for as, h := range s.heaps() {
		if s.wide && form(as) == asNumbered {
			if s.raw == nil {
				s.raw = make([]byte, max(readBuffer/h.width, 1)*h.width)
			}
			if err := h.read(bucket, s.raw, func(rows []byte) error {
				rows, err := s.widen(rows)
				at += copy(in[at:], rows)
				return err
			}); err != nil {
				return err
			}
			continue
		}
		for _, f := range h.files {
			if err := f.read(bucket, in[at:min(at+int(f.size(bucket)), len(in))], func(rows []byte) error {
				at += len(rows)
				return nil
			}); err != nil {
				return err
			}
		}
		h.each(bucket, func(rows []byte) { at += copy(in[at:], rows) })
	}
	return s.rank(in)
}

// prepare makes rows ready to be ordered. They are valid until it is called again.
func (s *sorter) prepare(rows []byte, as form) (ready []byte, err error) {
	if as == asOrdered {
		return rows, nil
	}
	if s.wide && as == asNumbered {
		if rows, err = s.widen(rows); err != nil {
			return nil, err
		}
	}
	return rows, s.rank(rows)
}

// widen puts in place of each child's number the pseudonym. Rows of which only a part was read back are not known to be sound.
func (s *sorter) widen(rows []byte) ([]byte, error) {
	l := s.stage.layout
	book := l.books[l.lead]
	s.made = slices.Grow(s.made[:0], len(rows)/l.width*s.width)
	for at := 0; at < len(rows); at += l.width {
		if n := binary.BigEndian.Uint32(rows[at:]); n == 0 {
			s.made = append(s.made, make([]byte, 1+macSize)...)
		} else {
			if !book.has(n - 1) {
				return nil, errDamaged
			}
			s.made = append(append(s.made, hasLead), book.mac(n - 1)[:]...)
		}
		s.made = append(s.made, rows[at+leadBytes:at+l.width]...)
	}
	return s.made, nil
}

// rank puts in place of each pseudonym's number its place among all pseudonyms of its book, from 1. Rows of which only a part
// was read back are not known to be sound.
func (s *sorter) rank(rows []byte) error {
	l := s.stage.layout
	for i, r := range s.ranks {
		if r == nil {
			continue
		}
		for at := l.at[i] + s.width - l.width; at < len(rows); at += s.width {
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
	if s.wide {
		s.sortWide(out, in)
		return
	}
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

// sortWide is sort for wide rows: by the pseudonym's first bytes, which tell children apart nearly always, then those alike in
// them by all.
func (s *sorter) sortWide(out, in []byte) {
	w := s.width
	s.keys = s.keys[:0]
	for i := range len(in) / w {
		row := in[i*w:]
		key := uint64(0)
		if row[0] == hasLead { // all of a bucket are alike in the first byte
			key = 1<<32 | uint64(binary.BigEndian.Uint32(row[2:]))
		}
		s.keys = append(s.keys, key<<indexBits|uint64(i))
	}
	slices.Sort(s.keys)
	for at, key := range s.keys {
		from := int(key%(1<<indexBits)) * w
		copy(out[at*w:(at+1)*w], in[from:from+w])
	}
	n := len(s.keys)
	s.ends = s.ends[:0] // group needs the keys' memory
	for first := 0; first < n; {
		end := first + 1
		for end < n && s.keys[end]>>indexBits == s.keys[first]>>indexBits {
			end++
		}
		s.ends = append(s.ends, uint32(end))
		first = end
	}
	first := 0
	for _, end := range s.ends {
		if int(end) > first+1 {
			s.group(out[first*w:int(end)*w], 0)
		}
		first = int(end)
	}
}

// ordered reports whether rows are in order by what stands behind their first bytes.
func (s *sorter) ordered(rows []byte, skip int) bool {
	w := s.width
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
	w := s.width
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
