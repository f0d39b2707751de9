package dataset

// Source says how one source table feeds a core table.
type Source struct {
	Table   string // "ssda903/header"
	Columns []Feed // in the order of the definition
	// Adds is false for a source that only marks rows which another source made (a flag), true for one whose rows
	// become rows.
	Adds bool
	// Last is set for a source whose rows count after those of others, whatever their years: LastReport after those of all
	// that have none, LastRow or LastChild, of last resort, after those of all others. What they say of a child is not
	// gainsaid: a fact fills only what they leave empty.
	Last string
	// Rows are conditions that all hold for a row of which the table is told; nil for all rows.
	Rows []Where
	// Pupils is set for a source whose rows are pupils. Such rows carry no child's number: what identifies the pupil
	// links them to a child.
	Pupils  *Pupils
	Periods []Period // of pupils in a termly return: what a return tells of, by its term
	Details []Detail // tables with rows about these pupils
	Joins   []Join   // tables of which a row fills in columns of this source's rows
	// LinkedBy are columns that identify a pupil, the best first: they tell the child of a row that does not name one.
	LinkedBy []string
}

// Pupils says how the rows of a source are pupils.
type Pupils struct {
	Identifiers []string // columns that identify a pupil, the best first: upn, formerupn
	Key         []string // columns by which rows of other tables name the pupil
	Status      string   // the column with the kind of enrolment; empty where there is none
	HeldBack    []string // kinds of enrolment that another school counts already
	Once        bool     // a child stands on one such roll at a time
}

// Period says what a return of one term tells of: attendance comes a term late.
type Period struct {
	Census    string // the term of the return
	Term      string // a code of the core table's column that is fed by IsTerm
	YearsBack int    // how many academic years before that of the return
	// FromMonth and ToMonth are the months of the year that it tells of, both included; 0 for the whole year.
	FromMonth, ToMonth int
}

// Detail is a table with rows about the pupils of a source.
type Detail struct {
	Table   string
	Key     []string // columns that name the pupil, in the order of Pupils.Key
	Columns []Feed
}

// Which rows of a source that counts after others say nothing.
const (
	LastReport = "report" // those on what a return or a case system has a row on: what a council's file feeds, unless it says otherwise
	LastRow    = "row"    // those on what another source has a row on
	LastChild  = "child"  // those on a child of whom another source has any row: the two tell rows apart by other dates
)

// What a feed can be, other than a cell.
const (
	IsYear      = "year"       // the year of what the return tells of
	IsTerm      = "term"       // the term of what the return tells of
	IsCensusDay = "census_day" // the day of the school census
)

// Feed is one column of a core table as one source fills it.
type Feed struct {
	Column   string   // of the core table
	From     string   // of the source table; empty for the feeds without one
	Or       string   // what stood in the place of From in other collection years; empty for nothing
	Map      *CodeMap // from the source's codes to the core column's; nil when they are the same
	Present  bool     // the column is true when the source has a row for the child, false when it could have had one
	FalseFor []string // the column is false for these codes of From and true for any other; rows of one return count together
	// TrueFor are the codes of From that make the column true; any other known code makes it false. Of a source that marks
	// children, one of these codes in any return makes it true: what has been once has been.
	TrueFor []string
	AnyOf   []string // the column is true when any of these booleans is
	Names   []string // of AnyOf, in its order: the names by which an agreement chooses those that count; nil where all do
	Choice  string   // the choice of an agreement that does so, such as ChoicePremiums; empty where all count
	Covers  *Span    // the column is true when the time between two dates has the census day
	Where   []Where  // only rows for which all of these hold; numbers of several rows add up
	Is      string   // one of IsYear, IsTerm, IsCensusDay
	NullFor []string // codes of From that say less than the core column's tell apart: the fact is null
	Always  string   // the column is this code in every row: the source has rows of one kind only
}

// Span is a time between two date columns; an empty To is a time that goes on.
type Span struct{ From, To string }

// Where holds for a row whose column has one of the codes; "" is an empty cell.
type Where struct {
	Column string
	Codes  []string
}

// Reads lists the source columns that a feed needs.
func (f *Feed) Reads() []string {
	var out []string
	if f.From != "" {
		out = append(out, f.From)
	}
	if f.Or != "" {
		out = append(out, f.Or)
	}
	out = append(out, f.AnyOf...)
	if f.Covers != nil {
		out = append(out, f.Covers.From, f.Covers.To)
	}
	for _, w := range f.Where {
		out = append(out, w.Column)
	}
	return out
}

// Shows reports whether the core column shows cells of the source column one by one, rather than what many rows come to.
func (f *Feed) Shows() bool { return f.From != "" && len(f.Where) == 0 }

// Marks reports whether the cells of From say true or false of a child, rather than being the column's own.
func (f *Feed) Marks() bool { return f.FalseFor != nil || f.TrueFor != nil }

// Feed finds what feeds a core column; nil when the source does not.
func (s *Source) Feed(column string) *Feed { return feedOf(s.Columns, column) }

// Feed finds what feeds a core column; nil when the table does not.
func (d *Detail) Feed(column string) *Feed { return feedOf(d.Columns, column) }

func feedOf(feeds []Feed, column string) *Feed {
	for i := range feeds {
		if feeds[i].Column == column {
			return &feeds[i]
		}
	}
	return nil
}

// Reads lists, for a core column, the source columns that it is made of, by source table in the order of the definition.
func (s *Source) Reads(column string) map[string][]string {
	out := make(map[string][]string)
	if f := s.Feed(column); f != nil {
		out[s.Table] = f.Reads()
	}
	for i := range s.Details {
		if f := s.Details[i].Feed(column); f != nil {
			out[s.Details[i].Table] = f.Reads()
		}
	}
	if j, f := s.Joined(column); f != nil {
		out[j.Table] = j.Reads(f)
		out[s.Table] = append(out[s.Table], j.Names()...)
	}
	return out
}

// Tables lists the source tables that the source reads: its own first.
func (s *Source) Tables() []string {
	out := []string{s.Table}
	for _, d := range s.Details {
		out = append(out, d.Table)
	}
	for i := range s.Joins {
		out = append(out, s.Joins[i].Table)
	}
	return out
}

// Link is a source table that says which children there are, or which identifiers of another domain a child has, or both.
type Link struct {
	Table       string
	ChildID     string   // the column with the child's number
	Identifiers []string // columns with identifiers of one domain, former ones too; none where the table only lists children
	Where       []Where  // rows for which all of these hold have such identifiers; nil for all rows
}

// Lists reports whether the table has a row for each child of its return: one of which some rows only have identifiers of
// the domain is a list of identifiers, and not of children.
func (l Link) Lists() bool { return l.Where == nil }
