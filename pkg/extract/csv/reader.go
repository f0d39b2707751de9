// Package csv reads extracts in comma-separated text: RFC 4180, UTF-8 with or without a byte order mark, lines ended
// by LF or CRLF, the last one by either or nothing.
//
// What keeps a row back: a field count other than the header's, a quote in the middle of a field, an empty line of
// commas, a wanted cell that breaks a rule. What refuses the file: UTF-16, a NUL byte, a line of more than 1 MiB, more
// than 2,000 columns, an end inside a quoted field, a malformed row that spans lines or a line end in a column that is
// no free text (after these no row boundary can be trusted), or a file that changed since it was recognised.
// Line ends within quotes are allowed in free text, and in columns that the table does not have.
//
// # Cost
//
// One pass, memory of one batch whatever the file's size; per row the splitter's look at each byte, per wanted cell one
// look-up in the column's dictionary, per distinct value of a batch one decoding.
package csv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of the file and of its rows.
const (
	RuleUnreadable   = "FILE_UNREADABLE"
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

const (
	maxColumns = 2000
	batchRows  = 1 << 15
	batchBytes = 1 << 24 // of distinct cells: a batch of very long cells ends before it has all its rows
)

// Reader reads CSV extracts. Its zero value is ready and safe for concurrent use.
type Reader struct{}

var _ extract.Reader = Reader{}

// Fields returns the fields of the header line.
func (Reader) Fields(ctx context.Context, path, file string) ([]string, error) {
	f, err := open(path, file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	return readHeader(ctx, newSplitter(f, nil, 0), file)
}

// Read passes the rows of a source to sink in batches.
func (Reader) Read(ctx context.Context, src *extract.Source, want extract.Want, sink func(*extract.Batch) error, report *finding.Report) (extract.Tally, error) {
	f, err := open(src.Path, src.File)
	if err != nil {
		return extract.Tally{}, err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	digest := sha256.New()
	split := newSplitter(io.TeeReader(f, digest), nil, 0)
	fields, err := readHeader(ctx, split, src.File)
	if err != nil {
		return extract.Tally{}, err
	}
	if !src.Header.Fits(fields) {
		return extract.Tally{}, changed(src)
	}
	split.wanted, split.rec.fields = positions(src, want), make([][]byte, len(want))
	split.oneLine = oneLine(src)
	run := &pass{src: src, sink: sink, report: report, collector: newCollector(src, want, report)}
	if err := run.rows(ctx, split); err != nil {
		return run.tally, err
	}
	if !bytes.Equal(digest.Sum(nil), src.SHA256[:]) {
		return run.tally, changed(src)
	}
	if run.tally.Read == 0 {
		report.Add(RuleFileOfNoRows, finding.Warning, src.Place(0, ""), "the file has a header and no rows",
			"check that the return really has none, and that the export was complete")
	}
	return run.tally, nil
}

func changed(src *extract.Source) error {
	return finding.Refuse(finding.SourceChanged, "run the export again when the source system has finished writing its files",
		"%s changed while it was being read", src.File)
}

// open opens a regular file. What it is is asked first: opening a named pipe would wait for a writer.
func open(path, file string) (*os.File, error) {
	place := finding.Place{File: file}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(place, err)
	}
	if !info.Mode().IsRegular() {
		return nil, unreadable(place, errors.New("it is not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(place, err)
	}
	return f, nil
}

func unreadable(place finding.Place, err error) error {
	reason := err
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		reason = inPath.Err
	}
	return extract.Stop(RuleUnreadable, place, fmt.Sprintf("the file cannot be read: %v", reason),
		"check that it exists and that the account that runs postern may read it")
}

// readHeader reads the first record.
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
	if rec.malformed || rec.spans || !utf8.Valid(bytes.Join(rec.fields[:rec.count], nil)) {
		return nil, extract.Stop(RuleHeader, place, "the header line is not plain CSV text", "export the file again as CSV UTF-8")
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
		return unreadable(place, err)
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

// pass is one reading of one file.
type pass struct {
	src       *extract.Source
	sink      func(*extract.Batch) error
	report    *finding.Report
	collector *collector
	tally     extract.Tally
}

func (p *pass) rows(ctx context.Context, split *splitter) error {
	for {
		rec, err := split.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err, p.src.Place(p.tally.Read+1, ""))
		}
		if rec.blank {
			continue
		}
		p.tally.Read++
		sound := p.sound(rec)
		if !sound || rec.torn {
			if rec.spans {
				return extract.Stop(RuleOpenQuote, p.src.Place(p.tally.Read, ""),
					"a quoted field runs over the end of its line where none can: the rows after it cannot be told apart",
					"close the quote in that row, and export the file again")
			}
			p.tally.Quarantined++
			continue
		}
		p.collector.add(p.tally.Read, rec.fields)
		if p.collector.full() {
			if err := p.flush(ctx); err != nil {
				return err
			}
		}
	}
	return p.flush(ctx)
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
	case rec.empty:
		rule, message, hint = RuleBlankRow, "the row holds nothing", "remove the row; a spreadsheet may have added it below the table"
	default:
		return true
	}
	p.report.Add(rule, finding.Quarantine, p.src.Place(p.tally.Read, ""), message, hint)
	return false
}

func (p *pass) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.collector.rows() == 0 {
		return nil
	}
	batch := p.collector.batch()
	if batch.Broken != nil {
		p.tally.Quarantined += int64(batch.Broken.Len())
	}
	p.tally.Passed += int64(batch.Len())
	err := p.sink(batch)
	p.collector.reset()
	return err
}
