// Package xml reads extracts that are one XML document, such as the CIN census or the SSDA903 return: well-formed XML 1.0
// without a document type, in UTF-8, US-ASCII, ISO-8859-1 or Windows-1252.
//
// # Rows and cells
//
// A table's row is an element at a path from the root's children; a cell is the text of an element seen from there,
// upwards too (../ChildIdentifiers/LAchildID), or the row's own (a full stop). Row n of a table is the n-th such element
// of the file. Where elements stand among their siblings says nothing: rows are held until the outermost element
// that has cells of theirs (the Child) is closed. A cell that is not there is empty: nothing is taken over from another row.
//
// One element may be a row of several tables. A table that says when it has a row has none where the elements that it names
// for it are all missing, empty, 0 or false: such an element is neither read nor kept back, and counts in the numbering of
// the rows all the same.
//
// # What is kept back, and what is passed over
//
// A row is kept back when a wanted cell of it is given more than once (never the first or the last of them), holds an
// element, or breaks a rule of its column. Passed over, and told, are elements that the definitions do not have
// (notice), those that they have only for other collection years (warning), and text outside the elements that are read
// (warning). Attributes, comments and processing instructions say nothing. A finding has the path of an element of the
// definitions; it never repeats another element's name, for in a malformed file that may be a person's.
//
// An element with a prefix, or that declares a default namespace, is none of the definitions'. As the root it refuses
// the file.
//
// # What refuses the file
//
// A document type or any other declaration; an entity but the five of XML; a tag that is not closed, not opened, or
// not as XML has it; a name of other letters than those of ASCII; elements more than 64 deep; a text, CDATA section,
// comment, instruction or tag of more than 1 MiB; a child with more than 65,536 rows or 4 MiB of cells; a byte that is
// not of the declared encoding, NUL, UTF-16; an end before the root is closed, or anything after it; a second header; a
// file that changed since it was recognised. The header refuses it when it is not the first in the root, lacks what the
// format needs, states a year that the definitions do not have, or a reference date that is not the last of that year.
// A document of a format without headers is told by its root element. Its sources have no year and no authority: the year
// is told as that of text, before rows are asked for, and tables that the return of that year does not have are left out.
//
// # Cost
//
// One pass for all demands, whatever their number; memory of the longest text or tag, one child and one batch per
// demand. The standard library's reader is not used: it takes a text of any length whole, and needs three times as long
// for the tags alone as all of this does. It is the oracle of the tests: what is accepted here, it reads as the same
// elements and text.
package xml

import (
	"context"
	"errors"
	"io/fs"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Reader reads XML extracts. It is safe for concurrent use.
type Reader struct {
	// Catalogue is the definitions by which files were recognised. It tells an element that no table has from one of
	// which nothing is wanted; without it, what is not wanted is not told.
	Catalogue *dataset.Catalogue
}

var _ extract.Reader = Reader{}

// Recognise reads the header of a document, and no further: the format is the one whose root element and collection the
// document has, and its tables those of the collection year that it states. Where the format has no headers, the root
// element tells it, and the tables are those of all years.
func (Reader) Recognise(ctx context.Context, catalogue *dataset.Catalogue, path, file string, _ *finding.Report) ([]*extract.Source, error) {
	place := finding.Place{File: file}
	f, err := extract.OpenFile(path, place)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	s := markup.New(extract.Interruptible(ctx, f))
	of, says, err := readHeader(s, formats(catalogue), place)
	if err != nil {
		return nil, unread(ctx, stopAt(err, place, s.Line()), place)
	}
	year, authority, err := of.judge(says, place)
	if err != nil {
		return nil, err
	}
	var out []*extract.Source
	for _, t := range of.tables {
		if t.In(year) {
			out = append(out, &extract.Source{Form: extract.Document, Table: t, Year: year, Authority: authority})
		}
	}
	return out, nil
}

// Read passes the rows of a file to the sinks of all who want some of it, in one pass.
func (r Reader) Read(ctx context.Context, demands []*extract.Demand) error {
	if len(demands) == 0 {
		return nil
	}
	src := demands[0].Source
	for _, d := range demands {
		if d.Source.Path != src.Path || d.Source.Table.Document != src.Table.Document {
			return errors.New("demands of one reading are of different files")
		}
	}
	place := finding.Place{File: src.File}
	f, err := extract.OpenFile(src.Path, place)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	watched := src.Watch(extract.Interruptible(ctx, f))
	p := newPass(src, r.tree(demands), demands, watched)
	p.knows = r.Catalogue != nil
	if err := p.read(ctx); err != nil {
		return err
	}
	if !watched.Same() {
		return extract.Changed(src)
	}
	return nil
}

// tree is the elements that a file may have: those of all tables of its format, or of the ones demanded where the
// definitions are not at hand.
func (r Reader) tree(demands []*extract.Demand) *node {
	src := demands[0].Source
	var tables []*dataset.Table
	if r.Catalogue != nil {
		for _, t := range r.Catalogue.Tables() {
			if t.Row != "" && t.Format == src.Table.Format {
				tables = append(tables, t)
			}
		}
	}
	for _, d := range demands {
		tables = append(tables, d.Source.Table)
	}
	return newTree(src.Table.Document, tables, src.Year)
}

// unread makes a finding of what the file system says; findings, refusals and an end that was asked for stay.
func unread(ctx context.Context, err error, place finding.Place) error {
	var inPath *fs.PathError
	if ctx.Err() == nil && errors.As(err, &inPath) {
		return extract.Unreadable(place, err)
	}
	return err
}
