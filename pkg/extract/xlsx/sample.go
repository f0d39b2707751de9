package xlsx

import (
	"bytes"
	"context"
	"iter"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Sample is a sheet that is of no table yet.
type Sample struct {
	Number int // of the sheet, from 1
	// Rows are its rows, its header line first, each with as many cells as that. Cells are text, valid until the next row:
	// a day is YYYY-MM-DD where the cell's style shows a date. Blank rows are passed over; a row with cells beyond the
	// header line is given with no cells. After an error there is no further row.
	Rows iter.Seq2[[][]byte, error]
}

// Samples lists the visible sheets of a workbook that have rows. A header line is taken to be the first of the first 20
// rows that has three quarters of the cells that the fullest of them has. What refuses a workbook is as for Recognise.
func Samples(ctx context.Context, path, file string) ([]Sample, error) {
	place := finding.Place{File: file}
	f, err := extract.OpenFile(path, place)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	b, err := openBook(ctx, f)
	if err != nil {
		return nil, stop(ctx, err, place)
	}
	tops, err := b.tops(ctx, place, &finding.Report{})
	if err != nil {
		return nil, err
	}
	var out []Sample
	for _, t := range tops {
		if header := t.fullest(); header != nil {
			out = append(out, Sample{Number: t.number, Rows: sampled(ctx, path, place, t.number, header)})
		}
	}
	if len(out) == 0 {
		return nil, extract.Stop(RuleTableNone, place, "the workbook has no visible sheet with a row of cells", "export the report with its header line")
	}
	return out, nil
}

// fullest is the row that may be the header line; nil when all are too wide.
func (t top) fullest() *line {
	filled := func(l line) int {
		n := 0
		for _, f := range l.fields {
			if strings.TrimSpace(f.text) != "" {
				n++
			}
		}
		return n
	}
	most := 0
	for _, l := range t.lines {
		most = max(most, filled(l))
	}
	for i, l := range t.lines {
		if n := filled(l); n > 0 && 4*n >= 3*most && len(l.fields) <= maxColumns {
			return &t.lines[i]
		}
	}
	return nil
}

// sampled gives the rows of a sheet.
func sampled(ctx context.Context, path string, place finding.Place, sheet int, header *line) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		cells := make([][]byte, len(header.fields))
		for i, f := range header.fields {
			cells[i] = []byte(f.text)
		}
		if !yield(cells, nil) {
			return
		}
		f, err := extract.OpenFile(path, place)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = f.Close() }() // only read from: nothing is lost
		b, err := openBook(ctx, f)
		if err == nil {
			err = b.sample(ctx, sheet, header, cells, func(row [][]byte) bool { return yield(row, nil) })
		}
		if err != nil {
			yield(nil, stop(ctx, err, place))
		}
	}
}

// sample passes the rows below a header line on, until it is told to stop.
func (b *book) sample(ctx context.Context, sheet int, header *line, cells [][]byte, take func([][]byte) bool) error {
	strings, err := b.sharedStrings(ctx)
	if err != nil {
		return err
	}
	dates, err := b.dateStyles(ctx)
	if err != nil {
		return err
	}
	p := &pass{book: b, strings: strings, src: &extract.Source{Header: extract.Header{Fields: len(cells), Row: header.row}}}
	if p.rows, err = b.rowsOf(ctx, b.sheets[sheet-1].part); err != nil {
		return err
	}
	defer func() { _ = p.rows.in.Close() }() // only read from: nothing is lost
	day, other := &dataset.Column{Type: dataset.Date}, &dataset.Column{Type: dataset.Integer}
	for {
		more, err := p.rows.next()
		if err != nil || !more {
			return err
		}
		if p.rows.row <= header.row {
			continue
		}
		filled, beyond, err := p.shape()
		switch {
		case err != nil:
			return err
		case !filled:
			continue
		case beyond:
			if !take(nil) {
				return nil
			}
			continue
		}
		p.made = p.made[:0]
		clear(cells)
		for i := range p.rows.cells {
			c := &p.rows.cells[i]
			if c.column >= len(cells) {
				continue
			}
			def := other
			if c.kind == number && dates[c.style] {
				def = day
			}
			cells[c.column], _ = p.said(def, c)
		}
		if !take(cells) {
			return nil
		}
	}
}

// dateStyles lists the styles by which a number is shown as a date.
func (b *book) dateStyles(ctx context.Context) (map[int]bool, error) {
	out := make(map[int]bool)
	if b.styles == "" {
		return out, nil
	}
	custom := make(map[string]bool) // formats of the workbook's own that show a date
	in, err := b.parts.open(ctx, b.styles, maxSmall)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // only read from: nothing is lost
	s := markup.New(in)
	s.KeepAttributes = true
	for depth, within, at := 0, 0, 0; ; {
		k, err := s.Next()
		switch {
		case err != nil:
			return nil, err
		case k == markup.EndOfFile:
			return out, nil
		case k == markup.EndTag:
			if depth == within {
				within = 0
			}
			depth--
		case k == markup.StartTag:
			depth++
			switch name := string(markup.Local(s.Name)); {
			case name == "numFmt":
				custom[string(s.Attribute("numFmtId"))] = showsDate(s.Attribute("formatCode"))
			case name == "cellXfs":
				within = depth
			case name == "xf" && within > 0 && depth == within+1:
				id := string(s.Attribute("numFmtId"))
				own, has := custom[id]
				out[at] = own || !has && builtInDate(id)
				at++
			}
		}
	}
}

// builtInDate reports whether a number format that every workbook has shows a date.
func builtInDate(id string) bool {
	switch id {
	case "14", "15", "16", "17", "22":
		return true
	default:
		return false
	}
}

// showsDate reports whether the code of a number format has a day or a year in it, outside quotes and brackets.
func showsDate(code []byte) bool {
	for quoted, bracket, at := false, false, 0; at < len(code); at++ {
		switch c := code[at]; {
		case c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !quoted && !bracket && bytes.IndexByte([]byte("dDyY"), c) >= 0:
			return true
		}
	}
	return false
}
