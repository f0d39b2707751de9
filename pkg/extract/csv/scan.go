package csv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"

	"github.com/postern-gateway/postern/pkg/extract"
)

// A word is eight bytes of text in a uint64, the first of them lowest.
const (
	low  = 0x7F7F7F7F7F7F7F7F
	high = 0x8080808080808080
	each = 0x0101010101010101
)

// letter is one byte, eight times over.
type letter uint64

const (
	lineEnd letter = '\n' * each
	quote   letter = '"' * each
)

// not has the high bit of each byte of a word that is not the letter. (The high bit of x&low+low is set when any of the
// lower seven of x is; no byte carries into the next.)
func (l letter) not(word uint64) uint64 {
	x := word ^ uint64(l)
	return (x&low + low) | x
}

// marks are the letters that mean something, besides the line end.
type marks struct{ between, quote letter }

func (s *splitter) marks() marks {
	m := marks{letter(s.between) * each, quote}
	if s.plain {
		m.quote = lineEnd // a quote means nothing
	}
	return m
}

// How many rows are gathered before they are handed on: what they stand in and what is made of them stays near the
// processor.
const (
	mostRows  = 1 << 10
	mostCells = 1 << 15
)

// gatherer takes the records of a splitter.
type gatherer interface {
	// take takes rows that have their shape: their numbers, the text that their cells stand in, and per wanted column
	// where; nil for one that no field is of. All is valid until take returns.
	take(numbers []int64, text []byte, cells [][]extract.Span) error
	// odd takes a record, no empty line, that has not the shape of a row. It may come before rows that stand before it,
	// unless the record spans lines.
	odd(number int64, rec *record) error
}

// gathering is what a splitter knows of the rows that it gathers.
type gathering struct {
	fields  int      // how many a row has
	wanted  []wanted // in the order of fields
	to      gatherer
	row     int64 // the number of the last row
	have    int   // rows gathered and not yet handed on
	numbers []int64
	cells   [][]extract.Span // per wanted column
	limits  []uint32         // of the row at hand: where each field ends, and before them where the first one begins, less one
}

// wanted is a field of which a column is made.
type wanted struct {
	field int
	cells []extract.Span
}

// gather makes a splitter ready to gather rows. Of columns columns, field i is to be column s.columns[i].
func (s *splitter) gather(columns int, to gatherer) *gathering {
	g := &gathering{fields: len(s.columns), to: to, limits: make([]uint32, len(s.columns)+10), cells: make([][]extract.Span, columns)}
	most := min(mostRows, max(mostCells/max(columns, 1), 16))
	g.numbers = make([]int64, most)
	for field, column := range s.columns {
		if column >= 0 {
			// A few cells more than rows: with columns a power of two apart, the processor's cache would have room for few.
			cells := make([]extract.Span, most, most+8)
			g.cells[column] = cells
			g.wanted = append(g.wanted, wanted{field, cells})
		}
	}
	return g
}

// split gathers the records that begin at a place of the window or behind it, up to another place, and tells where the
// record after them begins. Rows are numbered from g.row. What was gathered before an error has been handed on.
func (s *splitter) split(g *gathering, at, to int) (int, error) {
	for step := 1 << 12; ; {
		at = s.scan(g, at, to)
		if at > to {
			return at, s.handOn(g)
		}
		if g.have == len(g.numbers) {
			if err := s.handOn(g); err != nil {
				return at, err
			}
			continue
		}
		next, err := s.take(at)
		switch {
		case errors.Is(err, io.EOF):
			return at, s.handOn(g)
		case errors.Is(err, errShort):
			if err := s.handOn(g); err != nil {
				return at, err
			}
			if err := s.more(step); err != nil {
				return at, err
			}
			step = min(2*step, 2*maxRecord)
			continue
		case err != nil:
			if before := s.handOn(g); before != nil {
				err = before
			}
			return at, err
		}
		at = next
		if err := s.closer(g); err != nil {
			return at, err
		}
	}
}

// closer gathers the record at hand.
func (s *splitter) closer(g *gathering) error {
	rec := &s.rec
	if rec.blank {
		return nil
	}
	g.row++
	if !rec.sound(g.fields) {
		if rec.spans { // it may be the last
			if err := s.handOn(g); err != nil {
				return err
			}
		}
		return g.to.odd(g.row, rec)
	}
	for _, w := range g.wanted {
		w.cells[g.have] = rec.fields[w.field]
	}
	g.numbers[g.have] = g.row
	g.have++
	return nil
}

// handOn hands on what was gathered, and forgets what was unescaped for it.
func (s *splitter) handOn(g *gathering) error {
	n := g.have
	if n == 0 {
		return nil
	}
	cells := make([][]extract.Span, len(g.cells))
	for i, all := range g.cells {
		if all != nil {
			cells[i] = all[:n]
		}
	}
	g.have = 0
	s.text = slices.Grow(s.text, slack)
	err := g.to.take(g.numbers[:n], s.text, cells)
	s.text = s.text[:s.n]
	return err
}

// scan gathers records as long as they are sound, any quotes in them enclose fields without quotes and line ends, and
// there is room. It tells where the one begins that it does not take.
func (s *splitter) scan(g *gathering, at, to int) int {
	text := s.text[:s.end()]
	quoted := -1 // where the next quote is, from the record at hand on
	if s.plain {
		quoted = len(text)
	}
	for at <= to && g.have < len(g.numbers) {
		line := bytes.IndexByte(text[at:], '\n')
		if line < 0 || line > maxRecord {
			break
		}
		line += at
		if quoted < at {
			if quoted = bytes.IndexByte(text[at:], '"') + at; quoted < at {
				quoted = len(text)
			}
		}
		next, last, quotes, ok := line+1, line, 0, false
		if line > at && text[line-1] == '\r' {
			last--
		}
		g.limits[0] = uint32(at - 1)
		if quoted < line {
			quotes, ok = s.enclosed(g, at, last)
		} else {
			ok = s.open(g, at, last)
		}
		if !ok || last-at == g.fields-1+quotes { // it is no row, or holds nothing
			break
		}
		row := g.have
		for _, w := range g.wanted {
			from, to := g.limits[w.field]+1, g.limits[w.field+1]
			if quotes > 0 && from < to && text[from] == '"' {
				from, to = from+1, to-1
			}
			w.cells[row] = extract.Span{At: from, Len: to - from}
		}
		g.row++
		g.numbers[row] = g.row
		g.have++
		at = next
	}
	return at
}

// open finds the limits of the fields of a line without quotes. It reports whether there are as many as a row has.
func (s *splitter) open(g *gathering, at, last int) bool {
	b, between, limits := s.text[:cap(s.text)], letter(s.between)*each, g.limits
	k, most := 1, g.fields
	for ; at < last; at += 8 {
		hits := ^between.not(binary.LittleEndian.Uint64(b[at:])) & high
		if last-at < 8 {
			hits &= 1<<(8*(last-at)) - 1
		}
		for ; hits != 0; hits &= hits - 1 {
			limits[k] = uint32(at + bits.TrailingZeros64(hits)>>3)
			k++
		}
		if k > most {
			return false
		}
	}
	limits[k] = uint32(last)
	return k == most
}

// enclosed is open for a line that quotes are in. It tells how many: two for each field that they enclose.
func (s *splitter) enclosed(g *gathering, at, last int) (quotes int, ok bool) {
	line, limits := s.text[:last], g.limits
	for k := 1; k <= g.fields; k++ {
		if at < last && line[at] == '"' {
			closing := bytes.IndexByte(line[at+1:], '"')
			if closing < 0 {
				return 0, false
			}
			at += closing + 2
			quotes += 2
			if at < last && line[at] != s.between {
				return 0, false // a doubled quote, or one where CSV has none
			}
		} else {
			for ; at < last && line[at] != s.between; at++ {
				if line[at] == '"' {
					return 0, false
				}
			}
		}
		limits[k] = uint32(at)
		if at == last {
			return quotes, k == g.fields
		}
		at++
	}
	return 0, false
}
