package minimise

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"
	"slices"
)

// leadsBuffer is how many pseudonyms of wide rows are gathered before those that are there twice are taken out.
const leadsBuffer = 1 << 17

// Children counts the distinct children of whom there are rows; 0 where their pseudonym does not leave. Where there are wide
// rows these are read for it.
func (s *Stage) Children(ctx context.Context) (int64, error) {
	n := int64(0)
	if s.layout.lead >= 0 && s.wide.count == 0 {
		for _, word := range s.seen {
			n += int64(bits.OnesCount64(word))
		}
		return n, nil
	}
	err := s.leads(ctx, func(*[macSize]byte) error {
		n++
		return nil
	})
	return n, err
}

// Leads hands on the pseudonyms of the children of whom there are rows, in order, each once: text as it stands in a drop,
// valid until yield returns. No row is ordered for it, and none is read but wide ones.
func (s *Stage) Leads(ctx context.Context, yield func(pseudonym []byte) error) error {
	var text []byte
	return s.leads(ctx, func(mac *[macSize]byte) error {
		text = s.layout.writers[s.layout.lead].AppendText(text[:0], mac)
		return yield(text)
	})
}

// leads hands on the pseudonyms of the children of whom there are rows, in order, each once.
func (s *Stage) leads(ctx context.Context, yield func(mac *[macSize]byte) error) error {
	if s.layout.lead < 0 || s.Rows() == 0 {
		return ctx.Err()
	}
	if s.closed {
		return errClosed
	}
	ranks := s.layout.books[s.layout.lead].ranks(s.workers)
	var wide leadsOf
	for bucket := range buckets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := wide.gather(&s.wide, bucket); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		next := wide.macs
		for place := ranks.first[bucket]; place < ranks.first[bucket+1]; place++ {
			if n := ranks.numbers[place]; int(n/64) >= len(s.seen) || s.seen[n/64]>>(n%64)&1 == 0 {
				continue
			}
			mac := ranks.mac(place)
			for len(next) > 0 && bytes.Compare(next[0][:], mac[:]) <= 0 {
				if next[0] != *mac {
					if err := yield(&next[0]); err != nil {
						return err
					}
				}
				next = next[1:]
			}
			if err := yield(mac); err != nil {
				return err
			}
		}
		for i := range next {
			if err := yield(&next[i]); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// leadsOf is the distinct pseudonyms of the wide rows of a bucket, in order.
type leadsOf struct {
	macs [][macSize]byte
	buf  []byte
}

func (l *leadsOf) gather(h *heap, bucket int) error {
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
func (l *leadsOf) settle() {
	slices.SortFunc(l.macs, func(a, b [macSize]byte) int { return bytes.Compare(a[:], b[:]) })
	l.macs = slices.Compact(l.macs)
}
