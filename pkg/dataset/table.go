package dataset

import "strings"

// CollectionYear is the name of the column that every source table has beside its own: the year in which the
// collection year of the return ends (2020/21 is 2021). It is read from no cell.
const CollectionYear = "collection_year"

// Table is one table of a format, or a core table.
type Table struct {
	Format       string // "ssda903"; empty for a core table
	Name         string
	Meaning      string // one plain sentence, for the data dictionary
	Columns      []*Column
	ChildID      string   // the column that says which child a row is about; empty when none does
	EventDate    string   // the column that dates a row, held to the agreement's data period; empty when none does
	YearEvidence []string // date columns that fall within the collection year, from which the year is told
	From, To     int      // collection years that have the table, 0 for open
	DateFormats  []string // how dates are written, most usual first: DD/MM/YYYY, YYYY-MM-DD
	OneRowPer    []string // of a core table: the columns that make a row unique
	Sources      []Source // of a core table: where its rows come from, in order of precedence
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

// columnLike finds a column as a header line would: without regard to case.
func (t *Table) columnLike(name string) *Column {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}

// In reports whether the return of a collection year has the table.
func (t *Table) In(year int) bool {
	return year == 0 || (t.From == 0 || year >= t.From) && (t.To == 0 || year <= t.To)
}

// Source says how one source table feeds a core table.
type Source struct {
	Table   string // "ssda903/header"
	Columns []Feed // in the order of the definition
	// Adds is false for a source that only marks rows which another source made (a flag), true for one whose rows
	// become rows.
	Adds bool
}

// Feed is one column of a core table as one source fills it.
type Feed struct {
	Column  string   // of the core table
	From    string   // of the source table; empty for a constant feed
	Map     *CodeMap // from the source's codes to the core column's; nil when they are the same
	Present bool     // the column is true when the source has a row for the child, false when it could have had one
}

// Feed finds what feeds a core column; nil when the source does not.
func (s *Source) Feed(column string) *Feed {
	for i := range s.Columns {
		if s.Columns[i].Column == column {
			return &s.Columns[i]
		}
	}
	return nil
}

// CodeMap translates codes, such as the twenty ethnicity codes to six groups.
type CodeMap struct {
	Name    string
	Meaning string
	Pairs   []CodePair  // sorted by From
	Codes   []CodeValue // what comes out, sorted by value
}

// CodePair is one code and what it becomes.
type CodePair struct{ From, To string }

// To returns what a code becomes, and false for a code that the map does not have.
func (m *CodeMap) To(code string) (string, bool) {
	for _, p := range m.Pairs {
		if p.From == code {
			return p.To, true
		}
	}
	return "", false
}
