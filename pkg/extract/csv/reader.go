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
// # Splits
//
// A file is read in splits of 1 MiB, each for itself: a split is the records that begin behind its first byte, up to the
// one that begins right behind its last. Where all who want the file can take its rows in any order
// (extract.Demand.Workers), several splits are read side by side. Each begins with its first line, as a guess: a line
// end may stand in quotes. Splits are joined in the order of the file, and one that did not begin where the one before
// it ended is read again from there, and so is one in which something refuses the file, with rows counted from the
// file's beginning. So rows, findings, counts and the error, if there is one, are those of one who reads from the first
// byte to the last, however many read it and wherever it is cut:
//
//	|a,b⏎1,"x⏎y"⏎2,z⏎|   two splits, cut here:        |a,b⏎1,"x|⏎y"⏎2,z⏎|
//	the first holds the header, and the record 1,x⏎y, which begins in it and ends behind it;
//	the second guesses that y" is a record; the first ended before 2,z; it is read again from there.
//
// Every block of 1 MiB is held against what was recognised. What a split reads of the next one's bytes, for the record
// that its end stands in, is held against what the next one reads.
//
// # Cost
//
// One pass, in memory one split, and the cells of a batch, for each who reads, and of each column what is known of about
// 260,000 distinct cells for all together (at least 8,192 for each); per row the splitter's look at each byte, eight at a
// time, per wanted cell one look-up in the column's dictionary, per distinct value one decoding. On one processor of 2.5 GHz
// the splitter takes 0.7 to 1 GB a second apart where fields are without quotes, 0.3 GB with quotes around each, 0.13 GB
// with a doubled quote in each row.
package csv

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
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
type Reader struct {
	// Workers is how many splits of a file are read side by side, where those who want it allow that
	// (extract.Demand.Workers). 0 is as many as the program has processors.
	Workers int

	split int64 // how long a split is; 0: splitBytes
}

var _ extract.Reader = Reader{}

// Recognise matches the header line to a table of the definitions.
func (Reader) Recognise(ctx context.Context, catalogue *dataset.Catalogue, path, file string, report *finding.Report) ([]*extract.Source, error) {
	text, err := open(path, finding.Place{File: file})
	if err != nil {
		return nil, err
	}
	defer text.close()
	fields, end, err := readHeader(ctx, text.splitter, file)
	if err != nil {
		return nil, err
	}
	table, header, err := extract.Match(catalogue, file, fields, report)
	if err != nil {
		return nil, err
	}
	if table.Plain && bytes.IndexByte(text.text[:end], '"') >= 0 {
		return nil, extract.Stop(RuleHeader, finding.Place{File: file, Table: table.ID()}, "the header has quotes, and this extract is written without any",
			"use the file as it was downloaded; a spreadsheet may have changed it on saving")
	}
	return []*extract.Source{{Table: table, Header: header}}, nil
}

// Read passes the rows of a file to all who want some of it, in one pass.
func (r Reader) Read(ctx context.Context, demands []*extract.Demand) error {
	if len(demands) == 0 {
		return nil
	}
	src := demands[0].Source
	text, err := open(src.Path, finding.Place{File: src.File})
	if err != nil {
		return err
	}
	defer text.close()
	text.plain = src.Table.Plain
	fields, end, err := readHeader(ctx, text.splitter, src.File)
	if err != nil {
		return err
	}
	if !src.Header.Fits(src.Table, fields) {
		return extract.Changed(src)
	}
	p, err := newPass(demands)
	if err != nil {
		return err
	}
	p.file, p.size, p.header, p.between = text.opened, text.size, text.text[:end], text.between
	p.stride = cmp.Or(r.split, splitBytes)
	if err := p.read(ctx, cmp.Or(r.Workers, runtime.GOMAXPROCS(0))); err != nil {
		return err
	}
	if same, err := text.ended(); err != nil || !same || src.Size != 0 && src.Size != text.size {
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

// chunk is how much is read at a time of a text that is read from its beginning.
const chunk = 1 << 18

// opened is a file that is open, with what takes its text apart.
type opened struct {
	*splitter
	opened *os.File
}

func open(path string, place finding.Place) (*opened, error) {
	f, err := extract.OpenFile(path, place)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close() // only read from: nothing is lost
		return nil, extract.Unreadable(place, err)
	}
	return &opened{&splitter{window: window{file: f, size: info.Size(), nul: -1}, between: ','}, f}, nil
}

func (o *opened) close() { _ = o.opened.Close() } // only read from: nothing is lost

// ended reports whether the file still is as long as it was.
func (o *opened) ended() (bool, error) {
	info, err := o.opened.Stat()
	if err != nil {
		return false, err
	}
	return info.Size() == o.size, nil
}

// readHeader reads the first record, and tells from its line what stands between fields, and where the next one begins.
func readHeader(ctx context.Context, text *splitter, file string) ([]string, int, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	place := finding.Place{File: file}
	if err := text.load(0, chunk); err != nil {
		return nil, 0, broken(err, place)
	}
	start := text.text
	if bytes.HasPrefix(start, []byte{0xFF, 0xFE}) || bytes.HasPrefix(start, []byte{0xFE, 0xFF}) {
		return nil, 0, utf16(place)
	}
	at := 0
	if bytes.HasPrefix(start, []byte{0xEF, 0xBB, 0xBF}) {
		at = 3
	}
	line, _, _ := bytes.Cut(start, []byte{'\n'})
	if bytes.Count(line, []byte{'\t'}) > bytes.Count(line, []byte{','}) {
		text.between = '\t'
	}
	rec, end, err := text.next(at, chunk)
	if errors.Is(err, io.EOF) || err == nil && rec.blank {
		return nil, 0, extract.Stop(RuleEmptyFile, place, "the file has no header line", "export it again from the source system")
	}
	if err != nil {
		return nil, 0, broken(err, place)
	}
	if rec.count > maxColumns {
		return nil, 0, extract.Stop(RuleTooWide, place, fmt.Sprintf("the header has %d columns; no return has more than %d", rec.count, maxColumns),
			"check that the file is the right one")
	}
	if rec.malformed || rec.spans {
		return nil, 0, extract.Stop(RuleHeader, place, "the header line is not one line of CSV text", "export the file again as CSV UTF-8")
	}
	fields := make([]string, rec.count)
	for i, field := range rec.fields {
		name := text.cell(field)
		if !utf8.Valid(name) {
			place.Column = fmt.Sprintf("number %d", i+1)
			return nil, 0, extract.Stop(RuleHeader, place, "the name of the column is not UTF-8 text", "save the file as CSV UTF-8")
		}
		fields[i] = string(name)
	}
	return fields, end, nil
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
