package minimise

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// book holds the pseudonyms of one domain that a run has made, by the number of their identifier. An identifier is hashed
// once in a run, however many rows, tables and workers have it. Numbers come as identifiers are met, and so differ from run to
// run; what is written turns on the places of pseudonyms among each other alone (ranks).
//
// The child's book is numbered as harmonise.Children numbers children; any other has a dictionary of its own. Memory per
// distinct identifier: 20 bytes for the pseudonym, 8 once rows are ordered, and the dictionary's (its text and about 10
// bytes). A child who has no number is in no book: his or her rows have the pseudonym with them (wide.go). It is safe for
// concurrent use.
type book struct {
	mu     sync.Mutex
	ids    *extract.Dictionary // nil for the child's
	pages  atomic.Pointer[[]*page]
	ranked *ranks // as of when rows were last ordered
	grown  bool   // since then
}

// pageSize is how many pseudonyms a page of a book has: a power of two.
const (
	pageBits = 12
	pageSize = 1 << pageBits
)

// page is a part of a book. A pseudonym is written once, before its bit is set, and never changed.
type page struct {
	macs [pageSize][macSize]byte
	made [pageSize / 64]atomic.Uint64
}

func (p *page) has(at uint32) bool { return p.made[at/64].Load()>>(at%64)&1 != 0 }

// bookOf tells books apart: the child's identifiers are numbered otherwise than others of the same kind.
type bookOf struct {
	kind  identifier.Kind
	child bool
}

func newBook(of bookOf) *book {
	b := &book{}
	b.pages.Store(&[]*page{})
	if !of.child {
		b.ids = extract.NewDictionary()
	}
	return b
}

// number is the number of an identifier in a book that has its own dictionary.
func (b *book) number(id []byte) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, _ := b.ids.Number(id)
	return n
}

// has reports whether the pseudonym of a number was made. Two workers that meet an identifier at one time may both make it,
// to the same end.
func (b *book) has(number uint32) bool {
	pages := *b.pages.Load()
	return int(number>>pageBits) < len(pages) && pages[number>>pageBits].has(number%pageSize)
}

// put takes the pseudonym of a number in.
func (b *book) put(number uint32, mac *[macSize]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pages := *b.pages.Load()
	if int(number>>pageBits) >= len(pages) {
		for int(number>>pageBits) >= len(pages) {
			pages = append(pages, &page{})
		}
		b.pages.Store(&pages)
	}
	p, at := pages[number>>pageBits], number%pageSize
	if !p.has(at) {
		p.macs[at] = *mac
		p.made[at/64].Or(1 << (at % 64))
		b.grown = true
	}
}

// len is one more than the greatest number that the book may have.
func (b *book) len() int { return len(*b.pages.Load()) * pageSize }

// mac is the pseudonym of a number, which has been made.
func (b *book) mac(number uint32) *[macSize]byte {
	return &(*b.pages.Load())[number>>pageBits].macs[number%pageSize]
}

// ranks is the order of a book's pseudonyms by their bytes, as it stood when rows began to be ordered.
type ranks struct {
	pages   []*page
	numbers []uint32 // by place
	place   []uint32 // by number
	first   [257]uint32
}

// mac is the pseudonym at a place.
func (r *ranks) mac(place uint32) *[macSize]byte {
	n := r.numbers[place]
	return &r.pages[n>>pageBits].macs[n%pageSize]
}

// ranks orders the book with some workers, unless it is ordered as it stands.
func (b *book) ranks(workers int) *ranks {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ranked == nil || b.grown {
		b.ranked, b.grown = rank(*b.pages.Load(), workers), false
	}
	return b.ranked
}

// rank orders pseudonyms: by their first byte by counting, then by the next eight, then by the rest.
func rank(pages []*page, workers int) *ranks {
	r := &ranks{pages: pages, place: make([]uint32, len(pages)*pageSize)}
	each := func(visit func(number uint32, mac *[macSize]byte)) {
		for i, p := range pages {
			for w := range p.made {
				for word := p.made[w].Load(); word != 0; word &= word - 1 {
					at := uint32(w*64 + bits.TrailingZeros64(word))
					visit(uint32(i)<<pageBits|at, &p.macs[at])
				}
			}
		}
	}
	each(func(_ uint32, mac *[macSize]byte) { r.first[int(mac[0])+1]++ })
	for i := range 256 {
		r.first[i+1] += r.first[i]
	}
	r.numbers = make([]uint32, r.first[256])
	next := r.first
	each(func(number uint32, mac *[macSize]byte) {
		r.numbers[next[mac[0]]] = number
		next[mac[0]]++
	})
	var wg sync.WaitGroup
	var taken atomic.Int32
	for range min(workers, 1+len(pages)/4) {
		wg.Go(func() {
			var keys []uint64
			var numbers []uint32
			for {
				i := int(taken.Add(1)) - 1
				if i >= 256 {
					return
				}
				keys, numbers = r.order(i, keys[:0], numbers[:0])
			}
		})
	}
	wg.Wait()
	return r
}

// order orders the pseudonyms with one first byte: by the next bytes, which decide nearly always, and by all where they do not.
func (r *ranks) order(first int, keys []uint64, numbers []uint32) ([]uint64, []uint32) {
	out := r.numbers[r.first[first]:r.first[first+1]]
	mac := func(n uint32) []byte { return r.pages[n>>pageBits].macs[n%pageSize][:] }
	numbers = append(numbers, out...)
	if len(numbers) > 1<<indexBits {
		slices.SortFunc(out, func(x, y uint32) int { return bytes.Compare(mac(x), mac(y)) })
	} else {
		for i, n := range numbers {
			keys = append(keys, binary.BigEndian.Uint64(mac(n)[1:])>>indexBits<<indexBits|uint64(i))
		}
		sortKeys(keys, func(x, y int) int { return bytes.Compare(mac(numbers[x]), mac(numbers[y])) })
		for at, key := range keys {
			out[at] = numbers[key%(1<<indexBits)]
		}
	}
	for at, n := range out {
		r.place[n] = r.first[first] + uint32(at)
	}
	return keys, numbers
}
