package dataset

import (
	"slices"
	"strings"
	"time"
)

// CollectionYear is the name of the column that every source table has beside its own: the year in which the
// collection year of the return ends (2020/21 is 2021). It is read from no cell.
const CollectionYear = "collection_year"

// CensusTerm is the name of the column that every table of a termly format has beside its own: the term of the return. It
// is read from no cell.
const CensusTerm = "census_term"

// The terms of an academic year, as codes of a CensusTerm column.
const (
	Autumn = "autumn"
	Spring = "spring"
	Summer = "summer"
)

// Terms lists the terms in the order of an academic year.
func Terms() []string { return []string{Autumn, Spring, Summer} }

// Document says what the one element around all rows of an XML format is, and where it says which return it is. Paths
// are from the root, as element names with slashes between them. A format whose documents say nothing of themselves has
// the root only: then the root's name tells the format, and the year is told as for text.
type Document struct {
	Root          string // the name of the root element
	Is            string // what stands at IsAt: the name of the collection
	IsAt          string
	Year          string // where the collection year stands
	ReferenceDate string // where the last day of the collection year stands
	Authority     string // where the authority's code stands
}

// Headed reports whether the documents of the format say which return they are.
func (d *Document) Headed() bool { return d.IsAt != "" }

// Table is one table of a format, or a core table.
type Table struct {
	Format       string // "ssda903"; empty for a core table
	Name         string
	Meaning      string // one plain sentence, for the data dictionary
	Columns      []*Column
	ChildID      string     // the column that says which child a row is about; empty when none does
	InConfidence string     // the boolean column that marks rows as given in confidence; empty when none does
	EventDate    string     // the column that dates a row, held to the agreement's data period; empty when none does
	YearEvidence []string   // date columns that fall within the collection year, from which the year is told
	From, To     int        // collection years that have the table, 0 for open
	DateFormats  []string   // how dates are written, most usual first: DD/MM/YYYY, YYYY-MM-DD
	YearBegins   time.Month // the month in which the format's collection year begins: April, or September
	Termly       bool       // the return is made every term: a source is of a year and a term
	Snapshot     bool       // an extract holds what the system knew on its day, of all years, and is made on no fixed day
	Terms        []string   // terms whose return has the table; nil for all
	Delimited    bool       // a file of delimited text, or a sheet of a workbook, may hold the table
	Plain        bool       // text without quotes: a delimiter is never part of a cell, and a quote is a letter like any other
	Several      bool       // more than one file may hold the table for one collection year
	Document     *Document  // of an XML format; nil for text
	Row          string     // of an XML format: the path from the root to the element that is a row; empty when text alone has the table
	RowIf        []string   // paths below that element: it is a row only when one of them has a text other than 0 and false; nil for always
	OneRowPer    []string   // of a core table: the columns that make a row unique
	Sources      []Source   // of a core table: where its rows come from, in order of precedence
	Made         *Made      // of a core table that has no sources: the other core table that it is made of
	Streams      bool       // of a core table: rows are passed on one by one, and nothing of them is remembered

	own       bool               // it is the council's, not built in
	heads     map[string]*Column // its columns by their folded names in a header line, once all are read
	patterned []*Column          // those that a pattern tells too
}

// ID is the name an agreement uses: "ssda903/episodes", or just "children" for a core table.
func (t *Table) ID() string {
	if t.Format == "" {
		return t.Name
	}
	return t.Format + "/" + t.Name
}

// Core reports whether the table is harmonised from source tables.
func (t *Table) Core() bool { return t.Format == "" }

// PerPupil reports whether the rows are made of pupils on schools' rolls, whom their identifier links to children.
func (t *Table) PerPupil() bool { return len(t.Sources) > 0 && t.Sources[0].Pupils != nil }

// Linked reports whether rows, or some of them, are found to be of children by what identifies a pupil.
func (t *Table) Linked() bool {
	return t.PerPupil() || slices.ContainsFunc(t.Sources, func(s Source) bool { return len(s.LinkedBy) > 0 })
}

// unmade reports whether a core table's rows are told apart in a way in which no table is made.
func (t *Table) unmade() bool {
	keys := t.OneRowPer
	if len(keys) == 0 || t.ChildID == "" || keys[0] != t.ChildID {
		return true
	}
	second := func(at int) Type {
		if c := t.Column(keys[at]); c != nil {
			return c.Type
		}
		return ""
	}
	return !t.PerPupil() && !t.Streams && len(keys) > 1 && (len(keys) > 2 || second(1) != Date)
}

// PerChild reports whether the table has one row per child: a core table whose rows are told apart by the child alone.
func (t *Table) PerChild() bool {
	return t.Core() && t.ChildID != "" && len(t.OneRowPer) == 1 && t.OneRowPer[0] == t.ChildID
}

// Column finds a column by its exact name; nil when there is none.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// columnLike finds a column as a header line would, without regard to case, by its name or its heading.
func (t *Table) columnLike(name string) *Column {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) || strings.EqualFold(c.Heading(), name) {
			return c
		}
	}
	return nil
}

// InTerm reports whether the return of a term has the table.
func (t *Table) InTerm(term string) bool { return len(t.Terms) == 0 || slices.Contains(t.Terms, term) }

// In reports whether the return of a collection year has the table.
func (t *Table) In(year int) bool {
	return year == 0 || (t.From == 0 || year >= t.From) && (t.To == 0 || year <= t.To)
}

// CodeMap translates codes, such as the twenty ethnicity codes to six groups.
type CodeMap struct {
	Name    string
	Meaning string
	Pairs   []CodePair  // sorted by From
	Codes   []CodeValue // what comes out, sorted by value
	// Undecided lists codes, sorted, that belong to more than one of those that come out: an agreement says to which.
	Undecided []string
}

// CodePair is one code and what it becomes.
type CodePair struct{ From, To string }

// Leaves reports whether a map leaves it to the agreement what becomes of a code.
func (m *CodeMap) Leaves(code string) bool {
	_, undecided := slices.BinarySearch(m.Undecided, code)
	return undecided
}

// Decided returns what a code becomes, by the map or, of a code that the map leaves undecided, by what was decided.
// False when neither says, or when what was decided is no code that comes out.
func (m *CodeMap) Decided(code string, decisions map[string]string) (string, bool) {
	if !m.Leaves(code) {
		return m.To(code)
	}
	to, ok := decisions[code]
	return to, ok && slices.ContainsFunc(m.Codes, func(c CodeValue) bool { return c.Value == to })
}

// To returns what a code becomes, and false for a code that the map does not have.
func (m *CodeMap) To(code string) (string, bool) {
	for _, p := range m.Pairs {
		if p.From == code {
			return p.To, true
		}
	}
	return "", false
}
