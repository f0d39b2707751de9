// Package csv reads extracts in delimited text: UTF-8 with or without a byte order mark, lines ended by LF or CRLF, the
// last one by either or nothing. Between fields stand commas, or tabs: whichever the header line has more of.
//
// # Quoted text
//
// Quotes are those of RFC 4180. What keeps a row back: a field count other than the header's, a quote in the middle of a
// field, an empty line of commas, a wanted cell that breaks a rule. What refuses the file: UTF-16, a NUL byte, a line of
// more than 1 MiB, more than 2,000 columns, an end inside a quoted field, a malformed row that spans lines or a line end
// in a column that is no free text (after these no row boundary can be trusted), or a file that changed since it was
// recognised. Line ends within quotes are allowed in free text, and in columns that the table does not have.
//
// # Plain text
//
// Some services write what their cells hold with nothing around it (the definitions say which: Table.Plain). There a
// quote is a letter and a line is a row. A comma in a name makes one field too many: the row is kept back for its field
// count, and nothing in it is shifted into place. Quotes in the header line refuse the file, since another program has
// written it.
//
// # Cost
//
// One pass, memory of one batch whatever the file's size; per row the splitter's look at each byte, per wanted cell one
// look-up in the column's dictionary, per distinct value of a batch one decoding.
package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of the file and of its rows.
const (
	RuleEmptyFile    = "FILE_EMPTY"
	RuleUTF16        = "FILE_UTF16"
	RuleNUL          = "FILE_BINARY"
	RuleLineTooLong  = "LINE_TOO_LONG"
	RuleTooWide      = "TOO_MANY_COLUMNS"
	RuleOpenQuote    = "QUOTE_NOT_CLOSED"
	RuleHeader       = "HEADER_MALFORMED"
	RuleFieldCount   = "FIELD_COUNT"
	RuleQuote        = "QUOTE_MISPLACED"
	RuleBlankRow     = "ROW_EMPTY"
	RuleFileOfNoRows = "NO_ROWS"
)

const maxColumns = 2000

// Reader reads CSV extracts. Its zero value is ready and safe for concurrent use.
type Reader struct{}

var _ extract.Reader = Reader{}

// Recognise matches the header line to a table of the definitions.
func (Reader) Recognise(ctx context.Context, catalogue *dataset.Catalogue, path, file string, report *finding.Report) ([]*extract.Source, error) {
	f, err := extract.OpenFile(path, finding.Place{File: file})
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	split := newSplitter(f, nil, 0)
	fields, err := readHeader(ctx, split, file)
	if err != nil {
		return nil, err
	}
	table, header, err := extract.Match(catalogue, file, fields, report)
	if err != nil {
		return nil, err
	}
	if table.Plain && bytes.IndexByte(split.buf[:split.at], '"') >= 0 {
		return nil, extract.Stop(RuleHeader, finding.Place{File: file, Table: table.ID()}, "the header has quotes, and this extract is written without any",
			"use the file as it was downloaded; a spreadsheet may have changed it on saving")
	}
	return []*extract.Source{{Table: table, Header: header}}, nil
}

// Read passes the rows of a file to the sinks of all who want some of it, in one pass.
func (Reader) Read(ctx context.Context, demands []*extract.Demand) error {
	if len(demands) == 0 {
		return nil
	}
	src := demands[0].Source
	f, err := extract.OpenFile(src.Path, finding.Place{File: src.File})
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	watched := src.Watch(f)
	split := newSplitter(watched, nil, 0)
	split.plain = src.Table.Plain
	fields, err := readHeader(ctx, split, src.File)
	if err != nil {
		return err
	}
	if !src.Header.Fits(src.Table, fields) {
		return extract.Changed(src)
	}
	run, wanted, err := newPass(demands)
	if err != nil {
		return err
	}
	split.wanted, split.rec.fields = positions(src, wanted), make([][]byte, len(wanted))
	split.oneLine = oneLine(src)
	if err := run.rows(ctx, split); err != nil {
		return err
	}
	if !watched.Same() {
		return extract.Changed(src)
	}
	for _, d := range demands {
		if d.Tally.Read == 0 {
			d.Report.Add(RuleFileOfNoRows, finding.Warning, src.Place(0, ""), "the file has a header and no rows",
				"check that the return really has none, and that the export was complete")
		}
	}
	return nil
}

// readHeader reads the first record, and tells from its line what stands between fields.
func readHeader(ctx context.Context, split *splitter, file string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	place := finding.Place{File: file}
	if err := split.fill(); err != nil {
		return nil, broken(err, place)
	}
	start := split.buf[:split.end]
	if bytes.HasPrefix(start, []byte{0xFF, 0xFE}) || bytes.HasPrefix(start, []byte{0xFE, 0xFF}) {
		return nil, utf16(place)
	}
	if bytes.HasPrefix(start, []byte{0xEF, 0xBB, 0xBF}) {
		split.at = 3
	}
	line, _, _ := bytes.Cut(start, []byte{'\n'})
	if bytes.Count(line, []byte{'\t'}) > bytes.Count(line, []byte{','}) {
		split.between = '\t'
	}
	rec, err := split.next()
	if errors.Is(err, io.EOF) || err == nil && rec.blank {
		return nil, extract.Stop(RuleEmptyFile, place, "the file has no header line", "export it again from the source system")
	}
	if err != nil {
		return nil, broken(err, place)
	}
	if rec.count > maxColumns {
		return nil, extract.Stop(RuleTooWide, place, fmt.Sprintf("the header has %d columns; no return has more than %d", rec.count, maxColumns),
			"check that the file is the right one")
	}
	if rec.malformed || rec.spans {
		return nil, extract.Stop(RuleHeader, place, "the header line is not one line of CSV text", "export the file again as CSV UTF-8")
	}
	for i, field := range rec.fields[:rec.count] {
		if !utf8.Valid(field) {
			place.Column = fmt.Sprintf("number %d", i+1)
			return nil, extract.Stop(RuleHeader, place, "the name of the column is not UTF-8 text", "save the file as CSV UTF-8")
		}
	}
	fields := make([]string, rec.count)
	for i := range fields {
		fields[i] = string(rec.fields[i])
	}
	return fields, nil
}

func utf16(place finding.Place) error {
	return extract.Stop(RuleUTF16, place, "the file is in UTF-16", "save it as CSV UTF-8")
}

// broken turns a splitter's error into a finding.
func broken(err error, place finding.Place) error {
	switch {
	case errors.Is(err, errRecordTooLong):
		return extract.Stop(RuleLineTooLong, place, "a line is longer than 1 MiB", "check that the file is CSV, and that its quotes are closed")
	case errors.Is(err, errNUL):
		return extract.Stop(RuleNUL, place, "the file holds a NUL byte: it is not plain text, or is in UTF-16", "save it as CSV UTF-8")
	case errors.Is(err, errOpenQuote):
		return extract.Stop(RuleOpenQuote, place, "the file ends inside a quoted field: it is cut off, or a quote is not closed", "export it again from the source system")
	default:
		return extract.Unreadable(place, err)
	}
}

// positions says, per field of the file, where it goes among the wanted columns.
func positions(src *extract.Source, want extract.Want) []int {
	at := make([]int, src.Header.Fields)
	for i := range at {
		at[i] = -1
	}
	for i, column := range want {
		if p, ok := src.Header.At[column.Name]; ok {
			at[p] = i
		}
	}
	return at
}

// oneLine says, per field of the file, whether it is of a column that never holds a line end: a quote that is not closed
// in its row makes one field of all up to the next quote, and if that fits the header by chance, this tells it.
func oneLine(src *extract.Source) []bool {
	never := make([]bool, src.Header.Fields)
	for name, at := range src.Header.At {
		if column := src.Table.Column(name); column != nil && column.Class != dataset.FreeText {
			never[at] = true
		}
	}
	return never
}

// pass is one reading of one file, for all who want some of it.
type pass struct {
	src     *extract.Source
	row     int64 // the number of the record at hand
	broken  int64 // records that have not the shape of a row
	demands []*portion
}

// portion is what one of them gets.
type portion struct {
	*extract.Demand
	collector *extract.Collector
	at        []int    // where its columns stand among those that are split off; nil when these are just its own
	cells     [][]byte // of the record at hand
}

// newPass brings demands together. It returns the columns that any of them wants.
func newPass(demands []*extract.Demand) (*pass, extract.Want, error) {
	p := &pass{src: demands[0].Source}
	var wanted extract.Want
	for _, d := range demands {
		if d.Source != p.src {
			return nil, nil, errors.New("demands of one reading are of different files")
		}
		part := &portion{Demand: d, collector: extract.NewCollector(d.Source, d.Want, d.Report)}
		for _, column := range d.Want {
			at := slices.Index(wanted, column)
			if at < 0 {
				at = len(wanted)
				wanted = append(wanted, column)
			}
			part.at = append(part.at, at)
		}
		part.cells = make([][]byte, len(part.at))
		p.demands = append(p.demands, part)
	}
	if len(demands) == 1 {
		p.demands[0].at = nil
	}
	return p, wanted, nil
}

func (p *pass) rows(ctx context.Context, split *splitter) error {
	for {
		rec, err := split.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err, p.src.Place(p.row+1, ""))
		}
		if rec.blank {
			continue
		}
		p.row++
		if !p.sound(rec) || rec.torn {
			if rec.spans {
				return extract.Stop(RuleOpenQuote, p.src.Place(p.row, ""),
					"a quoted field runs over the end of its line where none can: the rows after it cannot be told apart",
					"close the quote in that row, and export the file again")
			}
			continue
		}
		for _, d := range p.demands {
			if err := d.take(ctx, p.row, rec.fields); err != nil {
				return err
			}
		}
	}
	for _, d := range p.demands {
		d.Tally.Read, d.Tally.Quarantined = p.row, d.Tally.Quarantined+p.broken
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// take gives a portion its cells of a sound record.
func (d *portion) take(ctx context.Context, row int64, fields [][]byte) error {
	if d.at != nil {
		for i, at := range d.at {
			d.cells[i] = fields[at]
		}
		fields = d.cells
	}
	d.collector.Add(row, fields)
	if d.collector.Full() {
		return d.flush(ctx)
	}
	return nil
}

// sound reports whether a record has the shape of a row, and says what is wrong when it has not. A sound row costs
// nothing here.
func (p *pass) sound(rec *record) bool {
	var rule, message, hint string
	switch {
	case rec.malformed:
		rule, message, hint = RuleQuote, "a quote stands where CSV has none", "correct the row, or export the file again"
	case rec.count != p.src.Header.Fields:
		rule, message = RuleFieldCount, "the row does not have as many fields as the header"
		hint = "look for a comma that is not in quotes, or for the end of a file that was cut off"
		if p.src.Table.Plain {
			hint = "look for a comma in a name, and download the file with tabs between its fields instead"
		}
	case rec.empty:
		rule, message, hint = RuleBlankRow, "the row holds nothing", "remove the row; a spreadsheet may have added it below the table"
	default:
		return true
	}
	p.broken++
	for _, d := range p.demands {
		d.Report.Add(rule, finding.Quarantine, p.src.Place(p.row, ""), message, hint)
	}
	return false
}

func (d *portion) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.collector.Flush(d.Demand)
}
