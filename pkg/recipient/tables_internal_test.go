package recipient

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/table"
)

// oneByOne is how rows are looked at, cell by cell: what first must find by pages.
type oneByOne struct {
	span            span
	leading, closed bool
}

func (o *oneByOne) inOrder(text []byte) bool {
	if text == nil {
		o.closed = o.span.distinct > 0
		o.leading = o.leading || !o.closed
		return !o.closed || !o.leading
	}
	if o.closed {
		return false
	}
	if o.span.distinct == 0 {
		o.span.first = bytes.Clone(text)
	} else if c := bytes.Compare(text, o.span.last); c <= 0 {
		return c == 0
	}
	o.span.last = bytes.Clone(text)
	o.span.distinct++
	return true
}

// drawnColumn is a column of codes that is often in order and often allowed, in row groups and pages of any size.
func drawnColumn(t *testing.T, r *rand.Rand) *table.File {
	t.Helper()
	type row struct {
		ID *string `parquet:"id,optional,dict"`
	}
	rows := make([]row, 1+r.IntN(200))
	last, empties, slips := 0, r.IntN(6), r.IntN(3)
	for i := range rows {
		if r.IntN(3) == 0 {
			last += r.IntN(3)
		}
		n := last
		if slips > 0 && r.IntN(200) == 0 {
			n = r.IntN(last + 1)
		}
		id := fmt.Sprintf("c1_%032d", n)
		if slips > 1 && r.IntN(100) == 0 {
			id = fmt.Sprintf("c1_%031dU", n)
		}
		first, final := empties == 1 && i < 10, empties == 2 && i > len(rows)-10
		if !first && !final && (empties < 5 || r.IntN(20) > 0) {
			rows[i].ID = &id
		}
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.MaxRowsPerRowGroup(int64(1+r.IntN(100))), parquet.PageBufferSize(1+r.IntN(300)), parquet.DictionaryMaxBytes(int64(r.IntN(3)*200)))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := table.New(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// By pages the same row is the first that is wrong as cell by cell, and the same children are counted. Rows are left out of pages
// at random, so that dictionaries have values that no row has, good and bad.
func TestFirstIsTheFirst(t *testing.T) {
	good, bad := 0, 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 0))
		var one oneByOne
		var s span
		wrong, ordered := refused{allowed: coded("c1_")}, order{span: &s}
		disordered := false
		err := drawnColumn(t, r).Pages("id", func(p table.Page) error {
			p.Index = p.Index[r.IntN(len(p.Index)+1)/3:]
			p.Index = p.Index[:r.IntN(len(p.Index)+1)]
			wantWrong, wantOrder := len(p.Index), len(p.Index)
			for row := len(p.Index) - 1; row >= 0; row-- {
				if at := p.Index[row]; at >= 0 && !isPseudonym(p.Values.Bytes(int(at)), "c1_") {
					wantWrong = row
				}
			}
			for row, at := range p.Index {
				var text []byte
				if at >= 0 {
					text = p.Values.Bytes(int(at))
				}
				if !one.inOrder(text) {
					wantOrder = row
					break
				}
			}
			if got := wrong.first(p); got != wantWrong {
				t.Fatalf("seed %d: the first wrong code is of row %d, not %d", seed, wantWrong, got)
			}
			if disordered {
				return nil
			}
			if got := ordered.first(p); got != wantOrder {
				t.Fatalf("seed %d: the first row out of order is %d, not %d", seed, wantOrder, got)
			}
			disordered = wantOrder < len(p.Index)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if disordered {
			bad++
			continue
		}
		good++
		if s.distinct != one.span.distinct || !bytes.Equal(s.first, one.span.first) || !bytes.Equal(s.last, one.span.last) {
			t.Fatalf("seed %d: %d children, want %d", seed, s.distinct, one.span.distinct)
		}
	}
	if good < 300 || bad < 300 {
		t.Errorf("only %d columns in order and %d out of order were drawn", good, bad)
	}
}

// isPseudonym is what coded does, said otherwise.
func isPseudonym(text []byte, prefix string) bool {
	const characters = 32
	if len(text) != len(prefix)+characters || string(text[:len(prefix)]) != prefix {
		return false
	}
	for _, c := range text[len(prefix):] {
		letter := c >= 'a' && c <= 'z' && c != 'i' && c != 'l' && c != 'o' && c != 'u'
		if !letter && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func TestCoded(t *testing.T) {
	has := coded("c1_")
	for at := range 36 {
		for c := range 256 {
			text := bytes.Repeat([]byte{'z'}, 35)
			copy(text, "c1_")
			if at < len(text) {
				text[at] = byte(c)
			} else {
				text = append(text, byte(c))
			}
			if has(text) != isPseudonym(text, "c1_") {
				t.Errorf("byte %d at %d", c, at)
			}
		}
	}
	if has([]byte("c1_")) || has(nil) {
		t.Error("a prefix is enough")
	}
}
