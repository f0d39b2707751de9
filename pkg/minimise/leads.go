package minimise

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// Children counts the distinct children of whom there are rows; 0 where their pseudonym does not leave. Where there are wide
// rows these are read for it.
func (s *Stage) Children(ctx context.Context) (int64, error) {
	if s.closed {
		return 0, errClosed
	}
	n := int64(0)
	for _, word := range s.seen {
		n += int64(bits.OnesCount64(word))
	}
	if s.wide.count == 0 {
		return n, nil
	}
	book := s.layout.books[s.layout.lead].ranks(s.workers)
	var wide wideLeads
	for bucket := range buckets {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := wide.gather(&s.wide, bucket); err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
		place, end := book.first[bucket], book.first[bucket+1]
		for i := range wide.macs {
			for place < end && compareMACs(*book.mac(place), wide.macs[i]) < 0 {
				place++
			}
			if place == end || *book.mac(place) != wide.macs[i] || !s.has(book.numbers[place]) {
				n++
			}
		}
	}
	return n, nil
}

// has reports whether there are rows of a child, by the number, that are not wide.
func (s *Stage) has(number uint32) bool {
	return int(number/64) < len(s.seen) && s.seen[number/64]>>(number%64)&1 != 0
}

// wideLeads is the distinct pseudonyms of the wide rows of a bucket, in order.
type wideLeads struct {
	macs [][macSize]byte
	buf  []byte
}

// leadsBuffer is how many pseudonyms are gathered before those that are there twice are taken out.
const leadsBuffer = 1 << 17

func (l *wideLeads) gather(h *heap, bucket int) error {
	l.macs = l.macs[:0]
	if h.rows[bucket] == 0 {
		return nil
	}
	if l.buf == nil {
		l.buf = make([]byte, max(readBuffer/h.width, 1)*h.width)
	}
	full := leadsBuffer
	err := h.read(bucket, l.buf, func(rows []byte) error {
		for at := 0; at < len(rows); at += h.width {
			mac := [macSize]byte(rows[at+1:])
			if n := len(l.macs); n == 0 || l.macs[n-1] != mac {
				l.macs = append(l.macs, mac)
			}
		}
		if len(l.macs) >= full {
			l.settle()
			full = max(leadsBuffer, 2*len(l.macs))
		}
		return nil
	})
	l.settle()
	return err
}

// settle puts the pseudonyms in order, each once.
func (l *wideLeads) settle() {
	slices.SortFunc(l.macs, compareMACs)
	l.macs = slices.Compact(l.macs)
}

func compareMACs(a, b [macSize]byte) int {
	if c := cmp.Compare(binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])); c != 0 {
		return c
	}
	return bytes.Compare(a[:], b[:])
}
