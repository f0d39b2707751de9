package synth

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// sheetCell is a cell of a worksheet. Its zero value is no cell.
type sheetCell struct {
	kind    cellKind
	text    string
	number  int64
	formula string
}

type cellKind uint8

const (
	noCell cellKind = iota
	inlineCell
	sharedCell
	numberCell
	rawCell
	dateCell
	booleanCell
	errorCell
)

// cellNone is a cell that is not there.
func cellNone() sheetCell { return sheetCell{} }

// cellText is a text that stands in its cell; an empty one is no cell.
func cellText(text string) sheetCell {
	if text == "" {
		return sheetCell{}
	}
	return sheetCell{kind: inlineCell, text: text}
}

// cellShared is a text of the table of shared strings, for texts of which there are few.
func cellShared(text string) sheetCell { return sheetCell{kind: sharedCell, text: text} }

func cellNumber(n int64) sheetCell { return sheetCell{kind: numberCell, number: n} }

// cellRaw is a number as it is written, such as 510000.0 or 1.23E+11.
func cellRaw(number string) sheetCell { return sheetCell{kind: rawCell, text: number} }

// cellDate is a day as a number, in the style of a date.
func cellDate(d civil.Date) sheetCell { return sheetCell{kind: dateCell, number: int64(d)} }

// cellEnded is the day of an end that is known by a day, else no cell.
func cellEnded(d, by civil.Date) sheetCell {
	if d > by {
		return sheetCell{}
	}
	return cellDate(d)
}

func cellBoolean(b bool) sheetCell {
	if b {
		return sheetCell{kind: booleanCell, number: 1}
	}
	return sheetCell{kind: booleanCell}
}

// cellError is the outcome of a formula that has none, such as #N/A.
func cellError(code string) sheetCell { return sheetCell{kind: errorCell, text: code} }

// cellFormula is a formula with its outcome, which is none when the workbook was not computed.
func cellFormula(formula string, outcome sheetCell) sheetCell {
	outcome.formula = formula
	return outcome
}

// cell writes a cell of the row at a column, from 0.
func (s *worksheet) cell(column int, c sheetCell) {
	if c.kind == noCell && c.formula == "" {
		return
	}
	kind, style := "", ""
	shared := 0
	switch c.kind {
	case sharedCell:
		var ok bool
		if shared, ok = s.book.number(c.text); ok {
			kind = "s"
			break
		}
		c.kind = inlineCell
		fallthrough
	case inlineCell:
		kind = "inlineStr"
		if c.formula != "" {
			kind = "str"
		}
	case dateCell:
		style = "1"
	case booleanCell:
		kind = "b"
	case errorCell:
		kind = "e"
	}
	b := s.line
	b = append(b, `<c r="`...)
	b = appendColumn(b, column)
	b = append(strconv.AppendInt(b, s.rows, 10), '"')
	if style != "" {
		b = append(append(append(b, ` s="`...), style...), '"')
	}
	if kind != "" {
		b = append(append(append(b, ` t="`...), kind...), '"')
	}
	b = append(b, '>')
	if c.formula != "" {
		b = append(appendEscaped(append(b, "<f>"...), c.formula), "</f>"...)
	}
	switch {
	case kind == "inlineStr":
		b = append(appendEscaped(append(b, textStart(c.text)...), c.text), "</t></is>"...)
		b = append(b, "</c>"...)
		s.line = b
		return
	case c.kind == noCell:
		b = append(b, "</c>"...)
		s.line = b
		return
	}
	b = append(b, "<v>"...)
	switch c.kind {
	case sharedCell:
		b = strconv.AppendInt(b, int64(shared), 10)
	case dateCell:
		b = strconv.AppendInt(b, s.book.serial(civil.Date(c.number)), 10)
	case numberCell, booleanCell:
		b = strconv.AppendInt(b, c.number, 10)
	default:
		b = appendEscaped(b, c.text)
	}
	b = append(b, "</v></c>"...)
	s.line = b
}

func textStart(text string) string {
	if strings.TrimSpace(text) != text {
		return `<is><t xml:space="preserve">`
	}
	return "<is><t>"
}

// Day 0 of the two ways that workbooks count days, as days of civil.Date. The one from 1900 has a 29 February 1900,
// which never was: days before it count from one day later.
const (
	dayZero1900 = -25569
	dayZero1904 = -24107
	march1900   = 61
)

func (w *workbook) serial(d civil.Date) int64 {
	if w.options.epoch1904 {
		return int64(d) - dayZero1904
	}
	if n := int64(d) - dayZero1900; n >= march1900 {
		return n
	}
	return int64(d) - dayZero1900 - 1
}

// appendColumn appends the letters of a column, from 0: A, B, … Z, AA.
func appendColumn(b []byte, column int) []byte {
	if column >= 26 {
		b = appendColumn(b, column/26-1)
	}
	return append(b, byte('A'+column%26))
}

// appendEscaped appends a text as XML has it.
func appendEscaped(b []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&quot;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}
