package minimise

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// Kind says what the cells of a released column are. There is no free string: a string that leaves is a pseudonym or
// a code from the column's own list.
type Kind uint8

// The kinds.
const (
	Pseudonym Kind = iota // 160 bits of an HMAC, written as text with the column's prefix
	Code                  // a position in the column's codes
	Date                  // a day, counted from 1970-01-01
	Integer               // a whole number
	Boolean               // 0 or 1
)

// Column describes one released column.
type Column struct {
	Name      string
	Kind      Kind
	Codes     []dataset.CodeValue // of a Code column: all that may appear, sorted by value
	Prefix    string              // of a Pseudonym column: "c1_"
	Base      int32               // of a column of another kind than Pseudonym: the number of a cell is Base + its code - 1
	Meaning   string              // a plain sentence
	Class     dataset.Class       // of the source column
	Domain    pseudonym.Domain    // of a Pseudonym
	From      string              // the column of the core or source table; empty for a constant
	Sources   []string            // the source columns behind it: "ssda903/header.DOB"
	Treatment string              // in words: "date to month"
	most      uint32              // the greatest code that a cell may have
}

// Batch is a block of treated rows of one table. Only this package makes one: from untreated data by a Treater, and
// from staged rows by Stage.Ordered. Its fields cannot be reached from outside, so that nothing else can be handed to a
// Parquet writer.
//
// # Codes
//
// A cell is a code: 0 is null, any other 1 + a number's distance from the least that the column may hold, so that codes
// order as their values do. A column of codes, booleans, dates or bounded numbers takes 1, 2 or 3 bytes of a row, as its
// range needs. A pseudonym takes 4: its number in the book of its domain and, once rows are ordered, its place among all
// pseudonyms of the book by their bytes. Where a table has children who have no number, the code of the child's pseudonym is, in
// an ordered batch, the child's place among those of the table.
//
// A row is the codes of its columns one after the other, big-endian: first the child's pseudonym, then the event date, then
// every other column. To order rows is to compare their bytes.
type Batch struct {
	layout      *layout
	rows        []byte
	buckets     []byte   // per row, which of a Stage's buckets it goes to; of rows that are not ordered
	wide        []byte   // rows of children who have no number; of rows that are not ordered
	wideBuckets []byte   // per row of these
	ranks       []*ranks // per column, of rows that are ordered; nil while they are not
	leads       *leads   // of rows that are ordered, in a table with children who have no number; else nil
}

const macSize = 20

// NewBatch makes an empty batch of the table, for Treater.Apply to append to.
func (t *Table) NewBatch() *Batch { return &Batch{layout: t.layout} }

// Reset takes all rows out of a batch, and keeps its memory.
func (b *Batch) Reset() {
	b.rows, b.buckets, b.wide, b.wideBuckets = b.rows[:0], b.buckets[:0], b.wide[:0], b.wideBuckets[:0]
}

// layout says where each released column stands in a row.
type layout struct {
	columns []Column
	writers []*pseudonym.Pseudonymiser // per pseudonym column
	books   []*book                    // per pseudonym column
	at      []int                      // per column, where its code stands
	size    []int                      // per column, how many bytes its code takes
	order   []int                      // the columns as they stand in a row
	width   int
	lead    int // the child's pseudonym, by which rows are ordered first; -1 where it does not leave
	shift   int // of the code of the first column, where that is no pseudonym: what is left of it is the row's bucket
}

// newLayout lays out columns in the order given by positions first (those that decide the order of rows), then the
// rest as they come.
func newLayout(columns []Column, works []work, first ...int) *layout {
	n := len(columns)
	l := &layout{
		columns: columns, writers: make([]*pseudonym.Pseudonymiser, n), books: make([]*book, n), at: make([]int, n), size: make([]int, n), lead: -1,
	}
	if len(first) > 0 && columns[first[0]].Kind == Pseudonym {
		l.lead = first[0]
	}
	placed := make([]bool, n)
	place := func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true
		l.order = append(l.order, i)
		l.writers[i], l.books[i] = works[i].writer, works[i].book
		l.at[i], l.size[i] = l.width, bytesFor(columns[i].most)
		l.width += l.size[i]
	}
	for _, i := range first {
		place(i)
	}
	for i := range columns {
		place(i)
	}
	l.shift = max(0, bits.Len32(columns[l.order[0]].most)-8)
	return l
}

// bytesFor is how many bytes a code takes.
func bytesFor(most uint32) int {
	switch {
	case most < 1<<8:
		return 1
	case most < 1<<16:
		return 2
	case most < 1<<24:
		return 3
	default:
		return 4
	}
}

// code reads a code of 1 to 4 bytes from the beginning of p.
func code(p []byte, size int) uint32 {
	switch size {
	case 1:
		return uint32(p[0])
	case 2:
		return uint32(binary.BigEndian.Uint16(p))
	case 3:
		return uint32(p[0])<<16 | uint32(binary.BigEndian.Uint16(p[1:]))
	default:
		return binary.BigEndian.Uint32(p)
	}
}

// setCode writes a code of 1 to 4 bytes to the beginning of p.
func setCode(p []byte, size int, n uint32) {
	switch size {
	case 1:
		p[0] = byte(n)
	case 2:
		binary.BigEndian.PutUint16(p, uint16(n))
	case 3:
		p[0] = byte(n >> 16)
		binary.BigEndian.PutUint16(p[1:], uint16(n))
	default:
		binary.BigEndian.PutUint32(p, n)
	}
}

// errRange is met when a treatment gives a number that its column may not hold.
var errRange = errors.New("a number is outside the range of its column")

// codeOf is the code of a number.
func (c *Column) codeOf(n int32) (uint32, error) {
	code := int64(n) - int64(c.Base) + 1
	if code < 1 || code > int64(c.most) {
		return 0, errRange
	}
	return uint32(code), nil
}

// Columns describes the batch's columns. The slice must not be changed.
func (b *Batch) Columns() []Column { return b.layout.columns }

// Lead is the child's pseudonym among the columns, by which rows come ordered; -1 where it does not leave.
func (b *Batch) Lead() int { return b.layout.lead }

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.rows)/b.layout.width + len(b.wideBuckets) }

// code is the code of one cell.
func (b *Batch) code(row, column int) uint32 {
	return code(b.rows[row*b.layout.width+b.layout.at[column]:], b.layout.size[column])
}

// Codes appends the codes of the cells of a column, from row from to before row to: 0 for null. In a batch that a Stage
// gives back they order as their values do, and are the same for the same value in every batch of that ordering; in one
// that is not ordered yet, those of a pseudonym order in no way.
func (b *Batch) Codes(column, from, to int, dst []uint32) []uint32 {
	l := b.layout
	at, size, w := from*l.width+l.at[column], l.size[column], l.width
	n := len(dst)
	dst = append(dst, make([]uint32, to-from)...)
	out := dst[n:]
	rows := b.rows
	switch size {
	case 1:
		for i := range out {
			out[i] = uint32(rows[at])
			at += w
		}
	case 2:
		for i := range out {
			out[i] = uint32(binary.BigEndian.Uint16(rows[at:]))
			at += w
		}
	case 3:
		for i := range out {
			p := rows[at : at+3]
			out[i] = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
			at += w
		}
	default:
		for i := range out {
			out[i] = binary.BigEndian.Uint32(rows[at:])
			at += w
		}
	}
	return dst
}

// Ordinals is the greatest code that a cell of a column may have.
func (b *Batch) Ordinals(column int) uint32 {
	switch {
	case b.layout.columns[column].Kind != Pseudonym:
		return b.layout.columns[column].most
	case b.leads != nil && column == b.layout.lead:
		return b.leads.most
	case b.ranks != nil:
		return uint32(len(b.ranks[column].numbers))
	default:
		return uint32(b.layout.books[column].len())
	}
}

// AppendCode appends the text that a code stands for, of a column of pseudonyms or of codes: a pseudonym with its prefix,
// or the code of the column's list. The code must not be 0.
func (b *Batch) AppendCode(dst []byte, column int, code uint32) []byte {
	if c := &b.layout.columns[column]; c.Kind != Pseudonym {
		return append(dst, c.Codes[code-1].Value...)
	}
	return b.layout.writers[column].AppendText(dst, b.mac(column, code))
}

// FirstLead is the least code of the child's pseudonym that the batch can say the text of: another batch of the same ordering
// may say others.
func (b *Batch) FirstLead() uint32 {
	if b.leads != nil {
		return b.leads.first
	}
	return 1
}

// mac is the pseudonym that a code stands for.
func (b *Batch) mac(column int, code uint32) *[macSize]byte {
	switch {
	case b.leads != nil && column == b.layout.lead:
		return &b.leads.macs[code-b.leads.first]
	case b.ranks != nil:
		return b.ranks[column].mac(code - 1)
	}
	return b.layout.books[column].mac(code - 1)
}

// AppendLeads appends the pseudonyms of the children of an ordered batch, one a line, each once: those whose code comes after
// last, which is the code of the last one of the batch before. It returns that of its own last. There is none in a table
// whose child does not leave.
func (b *Batch) AppendLeads(dst []byte, last uint32) ([]byte, uint32) {
	lead, w := b.layout.lead, b.layout.width
	if lead < 0 {
		return dst, last
	}
	for at := 0; at < len(b.rows); at += w {
		if n := binary.BigEndian.Uint32(b.rows[at:]); n > last { // the lead stands first, and null before all
			last = n
			dst = append(b.layout.writers[lead].AppendText(dst, b.mac(lead, n)), '\n')
		}
	}
	return dst, last
}

// Null reports whether a cell is null.
func (b *Batch) Null(row, column int) bool { return b.code(row, column) == 0 }

// Number is the value of a cell that is a code's position, a date, a whole number or a boolean. 0 when it is null.
func (b *Batch) Number(row, column int) int32 {
	n := b.code(row, column)
	if n == 0 {
		return 0
	}
	return int32(int64(b.layout.columns[column].Base) + int64(n) - 1)
}

// MAC is the value of a pseudonym cell; nil when it is null. It must not be changed.
func (b *Batch) MAC(row, column int) *[macSize]byte {
	n := b.code(row, column)
	if n == 0 {
		return nil
	}
	return b.mac(column, n)
}

// AppendText appends the text of a pseudonym cell: its column's prefix and the code. The cell must not be null.
func (b *Batch) AppendText(dst []byte, row, column int) []byte {
	return b.layout.writers[column].AppendText(dst, b.MAC(row, column))
}

// Slice is a part of the batch, from row from to before row to. It is valid as long as the batch. One that is not ordered yet
// must have no rows of children who have no number.
func (b *Batch) Slice(from, to int) *Batch {
	w := b.layout.width
	s := &Batch{layout: b.layout, rows: b.rows[from*w : to*w : to*w], ranks: b.ranks, leads: b.leads}
	if b.ranks == nil {
		s.buckets = b.buckets[from:to:to]
	}
	return s
}
