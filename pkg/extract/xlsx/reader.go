// Package xlsx reads extracts in Office Open XML workbooks (.xlsx, .xlsm; ECMA-376). A workbook is a zip archive of XML
// parts: it is read where it lies, part by part, and nothing of it is unpacked to disk.
//
// # Sheets
//
// A sheet is a table when one of its first 20 rows has the columns of one. Rows above that are titles: told, not read. A
// sheet whose header comes near a table, and lacks some of it, refuses the workbook, since to leave it out would lose
// children without a word; so does a workbook no sheet of which is a table. Other sheets are told and not read, and so are
// hidden ones. A sheet is named by its number, from 1 at the left, never by its name. Row n is the n-th below the header,
// blank ones counted too: with the header in row 1, the sheet's row n+1.
//
// # Cells
//
//	shared, inline and formula strings   their text: runs joined, readings (phonetic runs) left out, _x000D_ resolved
//	number, in a column of dates         a day, by the workbook's own count of days (from 1900 or from 1904), whatever
//	                                     its style says; the time of day is dropped. Day 60 of 1900, a 29 February that
//	                                     never was, is DATE_IMPOSSIBLE
//	number, elsewhere                    a whole number as its digits (510000.0 too); else as it is written, which no
//	                                     identifier and no code is: what 1.23E+11 was, nobody can tell. A whole number of
//	                                     more than 15 digits, which a spreadsheet does not keep, is NUMBER_INEXACT
//	ISO day (kind d)                     its day; one with a time in Universal Time (Z) is the day of London
//	truth value                          1 or 0 in a column of truth values, TRUE or FALSE elsewhere
//	error (#N/A)                         keeps its row back: CELL_ERROR; in a column of text, of which nothing ever leaves,
//	                                     it is an empty cell
//	formula                              its last outcome, and FORMULA_CELL is told; CELL_NOT_COMPUTED keeps the row back
//	                                     when there is none
//
// Rows that are part of a merged range are kept back (MERGED_CELLS): to which row its one value belongs is a guess. Rows
// with cells beyond the header are kept back (FIELD_COUNT). Blank rows are passed over.
//
// # What refuses the file
//
// Encryption, and old workbooks (.xls) in disguise; a damaged or cut off archive; two parts of one name, names that lead
// elsewhere, links to sheets in other files; more than 10,000 parts, or a list of them longer than 4 MiB; more than 250
// sheets, or 64 MiB in their first rows; a part of more than 4 GiB, or of more than 32 MiB that is packed more than 100 to
// 1; more than 256 MiB of shared strings; rows or cells out of order, twice, or beyond XFD1048576; a shared string that is
// not there; anything that package markup refuses. What a sheet says of its own size counts for nothing. Code, links,
// pictures and embedded files are never opened.
//
// # Cost
//
// One pass over each sheet that is wanted, whatever the number of demands, after a look for merged ranges, which stand
// behind the rows (an unpacking without taking apart). Memory: the shared strings as UTF-8 text and 8 bytes each, 256 MiB
// at most, one row of 1 MiB at most, and one batch per demand.
//
// # A file that changes
//
// An archive is not read from front to back, so what was read cannot be held against the digest on the way. The file's
// time and size are looked at before, and again with its digest when the last row was passed on: a file that was changed
// is refused then, and nothing that was read from it is used.
package xlsx

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Reader reads workbooks. Its zero value is ready and safe for concurrent use.
type Reader struct{}

var _ extract.Reader = Reader{}

// Recognise looks at the first rows of each sheet, and no further.
func (Reader) Recognise(ctx context.Context, catalogue *dataset.Catalogue, path, file string, report *finding.Report) ([]*extract.Source, error) {
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
	tops, err := b.tops(ctx, place, report)
	if err != nil {
		return nil, err
	}
	return recognise(catalogue, tops, place, report)
}

// Read passes the rows of a workbook's sheets to the sinks of all who want some of them, sheet by sheet in the order in
// which they are first demanded.
func (Reader) Read(ctx context.Context, demands []*extract.Demand) error {
	if len(demands) == 0 {
		return nil
	}
	src := demands[0].Source
	for _, d := range demands {
		if d.Source.Path != src.Path || d.Source.Form != extract.Sheet {
			return errors.New("demands of one reading are of different files")
		}
	}
	f, err := extract.OpenFile(src.Path, finding.Place{File: src.File})
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	before, err := f.Stat()
	if err != nil {
		return extract.Unreadable(finding.Place{File: src.File}, err)
	}
	err = read(ctx, f, demands)
	var bad *extract.Invalid
	if err != nil && !errors.As(err, &bad) {
		return err
	}
	// What is wrong with a file that was changed meanwhile is that.
	switch same, changed := unchanged(ctx, src, f, before); {
	case changed != nil:
		return changed
	case !same:
		return extract.Changed(src)
	}
	return err
}

// unchanged reports whether a file is, to its last byte, the one that was recognised, and was not written to while it was
// read.
func unchanged(ctx context.Context, src *extract.Source, f *os.File, before fs.FileInfo) (bool, error) {
	after, err := f.Stat()
	if err != nil {
		return false, extract.Unreadable(finding.Place{File: src.File}, err)
	}
	if !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		return false, nil
	}
	watched := src.Watch(extract.Interruptible(ctx, io.NewSectionReader(f, 0, after.Size())))
	if _, err := io.Copy(io.Discard, watched); err != nil {
		return false, stop(ctx, err, finding.Place{File: src.File})
	}
	return watched.Same(), nil
}

// read reads the sheets that are wanted.
func read(ctx context.Context, f *os.File, demands []*extract.Demand) error {
	place := finding.Place{File: demands[0].Source.File}
	b, err := openBook(ctx, f)
	if err != nil {
		return stop(ctx, err, place)
	}
	strings, err := b.sharedStrings(ctx)
	if err != nil {
		return stop(ctx, err, place)
	}
	var numbers []int
	for _, d := range demands {
		if !slices.Contains(numbers, d.Source.Sheet) {
			numbers = append(numbers, d.Source.Sheet)
		}
	}
	for _, number := range numbers {
		var of []*extract.Demand
		for _, d := range demands {
			if d.Source.Sheet == number {
				of = append(of, d)
			}
		}
		p, err := newPass(ctx, b, strings, of)
		if err == nil {
			err = p.read(ctx)
		}
		if err != nil {
			at := of[0].Source.Place(0, "")
			if p != nil {
				at.Row = p.at()
			}
			return stop(ctx, err, at)
		}
	}
	return nil
}
