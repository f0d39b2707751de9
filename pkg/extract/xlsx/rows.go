package xlsx

import (
	"context"
	"io"

	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
)

// kind is what a cell is written as.
type kind uint8

const (
	number kind = iota
	shared
	text
	truthValue
	failed
	isoDate
)

// raw is a cell as it is written.
type raw struct {
	column   int // from 0
	kind     kind
	from, to int // where its value stands in the text of the row
	style    int // the number of its style
	formula  bool
	valued   bool   // it has an element for its value, empty or not
	value    []byte // what it says, once looked up
}

// rows takes a sheet apart, row by row.
type rows struct {
	scan  *markup.Scanner
	in    io.Closer
	state int8
	row   int64 // the number of the row at hand, 0 before the first
	begun bool  // the root of the part was met
	cells []raw
	text  []byte
}

// The states of rows.
const (
	beforeRows int8 = iota
	inRows
	behindRows
)

// rowsOf opens a sheet.
func (b *book) rowsOf(ctx context.Context, part string) (*rows, error) {
	in, err := b.parts.open(ctx, part, maxPart)
	if err != nil {
		return nil, err
	}
	s := markup.New(in)
	s.KeepAttributes = true
	return &rows{scan: s, in: in}, nil
}

// next goes to the next row that the sheet has; false behind the last, and then the whole part was read.
func (r *rows) next() (bool, error) {
	for {
		k, err := r.scan.Next()
		switch {
		case err != nil:
			return false, err
		case k == markup.EndOfFile:
			return false, nil
		case k == markup.EndTag && r.state == inRows:
			r.state = behindRows
		case k != markup.StartTag:
		case r.state == inRows && string(markup.Local(r.scan.Name)) == "row":
			return true, r.take()
		default:
			if err := r.around(); err != nil {
				return false, err
			}
		}
	}
}

// around takes a start tag outside the rows.
func (r *rows) around() error {
	name := string(markup.Local(r.scan.Name))
	switch {
	case !r.begun && name == "worksheet":
		r.begun = true
	case !r.begun:
		return malformed("the part of a sheet holds something else")
	case name == "sheetData" && r.state == beforeRows:
		r.state = inRows
	case name == "sheetData":
		return malformed("the sheet has its rows twice")
	default:
		return skip(r.scan)
	}
	return nil
}

// take takes a row to its end.
func (r *rows) take() error {
	row := r.row + 1
	if at := r.scan.Attribute("r"); at != nil {
		n, ok := digits(at, lastRow)
		if !ok {
			return malformed("the number of a row is none that a sheet has")
		}
		if n < row {
			return malformed("rows of the sheet are out of order, or one stands twice")
		}
		row = n
	}
	if row > lastRow {
		return malformed("the sheet has more rows than a sheet can have")
	}
	r.row, r.cells, r.text = row, r.cells[:0], r.text[:0]
	for {
		k, err := r.scan.Next()
		switch {
		case err != nil:
			return err
		case k == markup.EndTag:
			return nil
		case k != markup.StartTag:
		case string(markup.Local(r.scan.Name)) == "c":
			if err := r.cell(); err != nil {
				return err
			}
		default:
			if err := skip(r.scan); err != nil {
				return err
			}
		}
	}
}

// cell takes a cell to its end.
func (r *rows) cell() error {
	c := raw{}
	if n := len(r.cells); n > 0 {
		c.column = r.cells[n-1].column + 1
	}
	if ref := r.scan.Attribute("r"); ref != nil {
		column, row, ok := reference(ref)
		switch {
		case !ok || row != r.row:
			return malformed("a cell is not in the row in which it stands")
		case column < c.column:
			return malformed("cells of a row are out of order, or one stands twice")
		}
		c.column = column
	}
	if c.column >= lastColumn {
		return malformed("a row has more cells than a sheet can have")
	}
	var known bool
	if c.kind, known = kindOf(r.scan.Attribute("t")); !known {
		return malformed("a cell is of a kind that no sheet has")
	}
	if style, ok := digits(r.scan.Attribute("s"), 1<<20); ok {
		c.style = int(style)
	}
	c.from = len(r.text)
	if err := r.inside(&c); err != nil {
		return err
	}
	c.to = len(r.text)
	r.cells = append(r.cells, c)
	return nil
}

// inside takes what stands in a cell.
func (r *rows) inside(c *raw) error {
	for depth := 0; ; {
		k, err := r.scan.Next()
		switch {
		case err != nil:
			return err
		case k == markup.EndTag && depth == 0:
			return nil
		case k == markup.EndTag:
			depth = 0
		case k == markup.TextRun:
			if depth == 0 {
				continue
			}
			if r.text = append(r.text, r.scan.Text...); len(r.text) > maxRowText {
				return rowTooLong()
			}
		default:
			switch name := markup.Local(r.scan.Name); {
			case depth > 0:
				return malformed("an element stands inside the value of a cell")
			case string(name) == "v":
				if c.valued {
					return malformed("a cell has two values")
				}
				depth, c.valued = 1, true
			case string(name) == "is":
				if c.valued || c.kind != text {
					return malformed("a cell has two values")
				}
				c.valued = true
				if r.text, err = said(r.scan, r.text); err != nil {
					return err
				}
				if len(r.text) > maxRowText {
					return rowTooLong()
				}
			default:
				c.formula = c.formula || string(name) == "f"
				if err := skip(r.scan); err != nil {
					return err
				}
			}
		}
	}
}

func rowTooLong() error {
	return fault{RuleRowTooLong, "a row holds more than 1 MiB of cells", "check that the file is the right one"}
}

func kindOf(t []byte) (kind, bool) {
	switch string(t) {
	case "", "n":
		return number, true
	case "s":
		return shared, true
	case "inlineStr", "str":
		return text, true
	case "b":
		return truthValue, true
	case "e":
		return failed, true
	case "d":
		return isoDate, true
	default:
		return 0, false
	}
}

// reference reads the name of a cell, such as B7: its column from 0, its row from 1.
func reference(b []byte) (column int, row int64, ok bool) {
	i := 0
	for ; i < len(b) && 'A' <= b[i] && b[i] <= 'Z' && i < 4; i++ {
		column = column*26 + int(b[i]-'A') + 1
	}
	row, ok = digits(b[i:], lastRow)
	return column - 1, row, ok && i > 0 && column <= lastColumn
}

// digits reads a number from 1 to most.
func digits(b []byte, most int64) (int64, bool) {
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > most {
			return 0, false
		}
	}
	return n, n > 0
}
