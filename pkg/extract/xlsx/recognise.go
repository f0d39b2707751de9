package xlsx

import (
	"context"
	"errors"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// top is the first rows of a sheet, of those that have anything.
type top struct {
	number int
	lines  []line
}

// line is a row as text.
type line struct {
	row    int64
	fields []field
}

// field is a cell of a line: a text, or the number of a shared one that has yet to be looked up.
type field struct {
	text   string
	shared uint32
	later  bool
}

// tops reads the first rows of each sheet that may be a table, and tells of the others.
func (b *book) tops(ctx context.Context, place finding.Place, report *finding.Report) ([]top, error) {
	var out []top
	kept := 0
	for i, s := range b.sheets {
		at := place
		at.Sheet = i + 1
		switch {
		case s.hidden:
			report.Add(RuleHidden, finding.Warning, at, "the sheet is hidden; it is not read",
				"look what it holds: show it in the workbook if it is an extract, and take it out if it is not")
			continue
		case s.part == "":
			report.Add(RuleNotRead, finding.Notice, at, "the sheet holds no cells, such as a chart; it is not read", "nothing")
			continue
		}
		lines, err := b.firstLines(ctx, s.part, &kept)
		if err != nil {
			return nil, stop(ctx, err, at)
		}
		if len(lines) == 0 {
			report.Add(RuleNotRead, finding.Notice, at, "the sheet has nothing in its first rows; it is not read", "nothing, unless it should hold a table")
			continue
		}
		out = append(out, top{number: i + 1, lines: lines})
	}
	if err := b.lookUp(ctx, out, kept); err != nil {
		return nil, stop(ctx, err, place)
	}
	return out, nil
}

// firstLines reads the rows among which a header may stand. A row of more cells than a table has columns is cut short:
// it is no header. kept is how much is in memory of all sheets.
func (b *book) firstLines(ctx context.Context, part string, kept *int) ([]line, error) {
	rows, err := b.rowsOf(ctx, part)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.in.Close() }() // only read from: nothing is lost
	var out []line
	for {
		more, err := rows.next()
		if err != nil || !more || rows.row > headerRows {
			return out, err
		}
		l := line{row: rows.row}
		for i := range rows.cells {
			c := &rows.cells[i]
			value := rows.text[c.from:c.to]
			if len(value) == 0 {
				continue
			}
			f := field{text: string(value)}
			if c.kind == shared {
				n, ok := indexOf(value)
				if !ok {
					return nil, noSuchText()
				}
				f = field{shared: n, later: true}
			}
			if c.column > maxColumns {
				break
			}
			if *kept += fieldSize*(c.column-len(l.fields)+1) + len(f.text); *kept > maxTops {
				return nil, topsTooLarge()
			}
			l.fields = append(l.fields, make([]field, c.column-len(l.fields)+1)...)
			l.fields[c.column] = f
		}
		if len(l.fields) > 0 {
			out = append(out, l)
		}
	}
}

// fieldSize is what a field takes beside its text.
const fieldSize = 32

func topsTooLarge() error {
	return tooLarge("the first rows of the workbook's sheets hold more than 64 MiB")
}

func noSuchText() error { return malformed("a cell refers to a shared text that is not there") }

// lookUp finds the shared strings of some lines.
func (b *book) lookUp(ctx context.Context, tops []top, kept int) error {
	wanted := make(map[uint32][]*field)
	last := -1
	for _, t := range tops {
		for _, l := range t.lines {
			for i := range l.fields {
				if f := &l.fields[i]; f.later {
					wanted[f.shared] = append(wanted[f.shared], f)
					last = max(last, int(f.shared))
				}
			}
		}
	}
	if last < 0 {
		return nil
	}
	err := b.eachString(ctx, func(number int, text []byte) (bool, error) {
		if of := wanted[uint32(number)]; of != nil {
			if kept += len(text); kept > maxTops {
				return false, topsTooLarge()
			}
			said := string(text)
			for _, f := range of {
				f.text, f.later = said, false
			}
			delete(wanted, uint32(number))
		}
		return number < last, nil
	})
	if err == nil && len(wanted) > 0 {
		return noSuchText()
	}
	return err
}

// recognise matches the sheets to tables.
func recognise(catalogue *dataset.Catalogue, tops []top, place finding.Place, report *finding.Report) ([]*extract.Source, error) {
	var out []*extract.Source
	var others []*extract.Invalid // what is wrong with the sheets that are no tables
	var near []finding.Finding
	for _, t := range tops {
		src, err := t.match(catalogue, place, report)
		var bad *extract.Invalid
		switch {
		case err == nil:
			out = append(out, src)
		case !errors.As(err, &bad):
			return nil, err
		case bad.Near || bad.Findings[0].Rule != extract.RuleTableUnknown:
			near = append(near, bad.Findings...)
			others = append(others, bad)
		default:
			others = append(others, bad)
		}
	}
	switch {
	case len(near) > 0:
		return nil, &extract.Invalid{Findings: near}
	case len(out) == 0 && len(others) == 0:
		return nil, extract.Stop(RuleTableNone, place, "the workbook has no visible sheet with a row of cells", "export the tables with their header lines, one on each sheet; show the sheets that are hidden, if they hold any")
	case len(out) == 0:
		all := &extract.Invalid{}
		for _, bad := range others {
			all.Findings = append(all.Findings, bad.Findings...)
		}
		return nil, all
	}
	for _, bad := range others {
		report.Add(RuleNotRead, finding.Notice, bad.Findings[0].Place, "no row among the first 20 of the sheet is the header of a table; it is not read",
			"nothing, unless it holds a return: then give its columns the names that the return has for them")
	}
	return out, nil
}

// match finds the row of a sheet that is the header of a table. When there is none, it says what is wrong with the row
// that comes nearest to one.
func (t top) match(catalogue *dataset.Catalogue, place finding.Place, report *finding.Report) (*extract.Source, error) {
	place.Sheet = t.number
	var first, near *extract.Invalid
	for i, l := range t.lines {
		names := make([]string, 0, len(l.fields))
		for _, f := range l.fields {
			names = append(names, f.text)
		}
		for len(names) > 0 && strings.TrimSpace(names[len(names)-1]) == "" {
			names = names[:len(names)-1]
		}
		if len(names) == 0 || len(names) > maxColumns {
			continue
		}
		var told finding.Report
		table, header, err := extract.Match(catalogue, place.File, names, &told)
		var bad *extract.Invalid
		switch {
		case err == nil:
			header.Row = l.row
			src := &extract.Source{File: place.File, Form: extract.Sheet, Sheet: t.number, Table: table, Header: header}
			for _, f := range told.Findings() {
				f.Place.Sheet = t.number
				report.Add(f.Rule, f.Severity, f.Place, f.Message, f.Hint)
			}
			if i > 0 {
				report.Add(RuleTitles, finding.Notice, src.Place(0, ""), "rows stand above the header; they are not read", "nothing, unless one of them is a row of the table")
			}
			return src, nil
		case !errors.As(err, &bad):
			return nil, err
		}
		for j := range bad.Findings {
			bad.Findings[j].Place.Sheet = t.number
		}
		if first == nil {
			first = bad
		}
		if near == nil && (bad.Near || bad.Findings[0].Rule != extract.RuleTableUnknown) {
			near = bad
		}
	}
	if near != nil {
		return nil, near
	}
	if first != nil {
		return nil, first
	}
	return nil, extract.Stop(RuleTableNone, place, "the sheet has no row that could be the header of a table", "export the table with its header line")
}
