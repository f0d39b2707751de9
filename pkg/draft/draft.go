// Package draft writes a first dataset definition for a report that nobody has described yet, from a sample of it.
//
// A council's case system writes reports that no return has. One file of postern/dataset/v1 describes such a report, and
// then it is read like any built-in format. Most of that file can be told from a sample: what the columns are called,
// which of them are dates and in what form, which look like a child's number, a name, an address, free text. The rest is
// what only a person knows: what a column means, what its codes stand for, and whether a class is right.
//
// # What a draft says of the sample, and what it does not
//
// No cell of the sample stands in a draft, in an error or on screen: not as a code, not as the least or greatest number,
// not as an example. A draft is looked at by more people than the sample is, it is kept beside the definitions, and the
// rarest "code" of a column may be somebody's name. So
//
//   - of a column of few values the draft says how many there are, and leaves the list to be filled in, from the system's
//     own documentation or by somebody who may see the report;
//   - where all values are codes of a list that the definitions have already (ethnicity, sex, needs …), it names that list;
//   - a number's bounds are rounded up to a power of ten; years are not told;
//   - of cells that do not fit, it says how many they are.
//
// The names of columns do stand in it. A file without a header line has a child's data where its names should be: what
// looks like data in the first line refuses the sample (ErrNoHeader), and so does a first line in which few of the words
// are such as columns are called by, unless whoever drafts says that it was looked at (Options.Headed). Until then a column
// whose name looks like a person's, as where a report has a column for each worker, is left out without its name.
//
// # What is left open
//
// A place that a person has to fill in is left empty and has a comment with the words FILL IN, so that a draft as it was
// written does not load: each such place is a problem with its line. Feeds of core tables are suggested in comments: a
// column that nobody took a look at feeds nothing. In doubt the class is the stricter one.
//
// # Cost
//
// The first Options.Rows rows are read (50,000 when it is 0), and of each column there is kept: counts, the hashes of some
// 1,000 of its values to tell how many there are, and up to 256 short values while they may still be codes of a known
// list. Memory is bounded by the number of columns, whatever the size of the file. The same sample gives the same draft.
package draft

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// defaultRows is how many rows of a sample are read.
const defaultRows = 50_000

// maxColumns is how many columns a report may have.
const maxColumns = 500

// The reasons for which a sample cannot be drafted from.
var (
	// ErrNoHeader is a sample whose first line does not look like the names of columns.
	ErrNoHeader = errors.New("the first line does not look like the names of columns")
	// ErrEmpty is a sample without a header, or without rows.
	ErrEmpty = errors.New("the sample holds no rows")
	// ErrTooWide is a sample of more columns than a report has.
	ErrTooWide = errors.New("the sample has too many columns")
)

// Options say how a sample is inspected.
type Options struct {
	Rows   int  // how many rows to read; 0 for 50,000
	Headed bool // somebody has looked at the first line, and it is a header line
}

// Rows gives the rows of a sample, its header line first. Cells are valid until the next row.
type Rows = iter.Seq2[[][]byte, error]

// Table is what was found out of one sample. It holds counts and suggestions, and no cell.
type Table struct {
	Name    string // of the table, a name in lower case
	Rows    int64  // that were read
	More    bool   // there are more
	Uneven  int64  // rows that have not as many cells as the header line, and were left out
	Columns []Column
	Feeds   []Feed
}

// Column is what was found out of one column.
type Column struct {
	Number     int    // its place in the file, from 1
	Header     string // as the file writes it
	Name       string // for the definition
	Skip       string // why the column cannot be described; empty for one that can
	Type       dataset.Type
	Class      dataset.Class // empty where nothing tells it
	Identifier string
	Dates      []string
	YesNo      bool
	List       string // a code list that there is; empty where it is to be filled in
	Max        int64  // of a number, a power of ten
	Negative   bool
	Treatments []string
	Meaning    string   // empty where it is to be filled in
	Notes      []string // what somebody should look at
	Distinct   int64    // how many different values, about
	codes      bool     // a list of its own is to be filled in
	told       bool     // the header says the class
	words      []string // of the header
	longest    int
}

// Feed is a suggestion of what a core table may be fed with.
type Feed struct {
	Core    string
	Columns []FeedColumn
}

// FeedColumn is one column of it.
type FeedColumn struct {
	To, From, Map string
	Unmapped      bool // codes need a map that is to be written
}

// Inspect reads a sample. The definitions tell which code lists and core tables there are.
func Inspect(ctx context.Context, name string, rows Rows, catalogue *dataset.Catalogue, options Options) (*Table, error) {
	if options.Rows <= 0 {
		options.Rows = defaultRows
	}
	t := &Table{Name: name}
	var header []string
	var seen []observed
	for cells, err := range rows {
		switch {
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case header == nil && len(cells) > maxColumns:
			return nil, finding.WithHint(fmt.Errorf("%w: %d, and at most %d can be described", ErrTooWide, len(cells), maxColumns),
				"have the report write fewer columns")
		case header == nil:
			header = make([]string, 0, len(cells))
			for _, cell := range cells {
				header = append(header, printable(cell))
			}
			seen = make([]observed, len(header))
			continue
		case len(cells) != len(header):
			t.Uneven++
			continue
		}
		if t.Rows == int64(options.Rows) {
			t.More = true
			break
		}
		t.Rows++
		for i, cell := range cells {
			seen[i].add(cell, header[i])
		}
	}
	if header == nil || t.Rows == 0 {
		return nil, finding.WithHint(ErrEmpty, "export the report again, with its header line and some rows")
	}
	if err := headed(header, seen, options.Headed); err != nil {
		return nil, err
	}
	t.Columns = describe(header, seen, catalogue, options.Headed)
	if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Skip == "" }) {
		return nil, finding.WithHint(fmt.Errorf("%w: none of them can be a column's", ErrNoHeader), "have the report give each column a short name of its own")
	}
	t.Feeds = suggest(t.Columns, catalogue)
	return t, nil
}
