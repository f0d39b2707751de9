package minimise

import (
	"encoding/binary"

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
	Meaning   string              // a plain sentence
	Class     dataset.Class       // of the source column
	Domain    pseudonym.Domain    // of a Pseudonym
	From      string              // the column of the core or source table; empty for a constant
	Sources   []string            // the source columns behind it: "ssda903/header.DOB"
	Treatment string              // in words: "date to month"
}

// Batch is a block of treated rows of one table. Only this package makes one: from untreated data by Table.Apply, and
// from staged rows by Stage.Ordered. Its fields cannot be reached from outside, so that nothing else can be handed to a
// Parquet writer.
//
// A row is a fixed number of bytes, laid out so that comparing two rows byte by byte orders them by pseudonym, then by
// event date, then by every other column: per cell one byte (0 null, 1 value) and the value, a pseudonym's 20 bytes or
// a number big-endian with its sign bit turned.
type Batch struct {
	layout *layout
	rows   []byte
}

const (
	macSize    = 20
	numberSize = 4
)

// layout says where each released column stands in a row.
type layout struct {
	columns []Column
	writers []*pseudonym.Pseudonymiser // per pseudonym column
	at      []int                      // per column, where its null byte stands
	width   int
	lead    int // the child's pseudonym, by which rows are ordered first; -1 where it does not leave
}

// newLayout lays out columns in the order given by positions first (those that decide the order of rows), then the
// rest as they come.
func newLayout(columns []Column, writers []*pseudonym.Pseudonymiser, first ...int) *layout {
	l := &layout{columns: columns, writers: writers, at: make([]int, len(columns)), lead: -1}
	if len(first) > 0 && columns[first[0]].Kind == Pseudonym {
		l.lead = first[0]
	}
	placed := make([]bool, len(columns))
	place := func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true
		l.at[i] = l.width
		if columns[i].Kind == Pseudonym {
			l.width += 1 + macSize
		} else {
			l.width += 1 + numberSize
		}
	}
	for _, i := range first {
		place(i)
	}
	for i := range columns {
		place(i)
	}
	return l
}

// Columns describes the batch's columns. The slice must not be changed.
func (b *Batch) Columns() []Column { return b.layout.columns }

// Lead is the child's pseudonym among the columns, by which rows come ordered; -1 where it does not leave.
func (b *Batch) Lead() int { return b.layout.lead }

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.rows) / b.layout.width }

// Null reports whether a cell is null.
func (b *Batch) Null(row, column int) bool {
	return b.rows[row*b.layout.width+b.layout.at[column]] == 0
}

// Number is the value of a cell that is a code's position, a date, a whole number or a boolean. 0 when it is null.
func (b *Batch) Number(row, column int) int32 {
	at := row*b.layout.width + b.layout.at[column]
	if b.rows[at] == 0 {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b.rows[at+1:]) ^ 1<<31)
}

// MAC is the value of a pseudonym cell; nil when it is null. It is valid as long as the batch.
func (b *Batch) MAC(row, column int) *[macSize]byte {
	at := row*b.layout.width + b.layout.at[column]
	if b.rows[at] == 0 {
		return nil
	}
	return (*[macSize]byte)(b.rows[at+1:])
}

// AppendText appends the text of a pseudonym cell: its column's prefix and the code. The cell must not be null.
func (b *Batch) AppendText(dst []byte, row, column int) []byte {
	return b.layout.writers[column].AppendText(dst, b.MAC(row, column))
}

// Slice is a part of the batch, from row from to before row to. It is valid as long as the batch.
func (b *Batch) Slice(from, to int) *Batch {
	w := b.layout.width
	return &Batch{layout: b.layout, rows: b.rows[from*w : to*w]}
}

func (l *layout) setNumber(row []byte, column int, n int32) {
	at := l.at[column]
	row[at] = 1
	binary.BigEndian.PutUint32(row[at+1:], uint32(n)^1<<31)
}

func (l *layout) setMAC(row []byte, column int, mac *[macSize]byte) {
	at := l.at[column]
	row[at] = 1
	copy(row[at+1:], mac[:])
}
