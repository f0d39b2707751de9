package dataset

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
)

// Join is a table of which a row fills in columns of another source's rows: the placement that an episode names, or the
// legal status that the child had on its first day. Both are of one format, and of one return.
type Join struct {
	Table   string
	Key     string // the column that names a row of the table, or whose it is
	By      string // the column of the source that has such a name
	Day     string // a day of the source, on which the row must hold; empty where the name alone tells the row
	Span    Span   // of the table: between which days a row holds, where there is a Day
	Columns []Feed // each with From, and Map where codes differ
}

// Feed finds what feeds a core column; nil when the table does not.
func (j *Join) Feed(column string) *Feed { return feedOf(j.Columns, column) }

// Reads lists the columns of the table that a feed of it needs, the feed's own first.
func (j *Join) Reads(f *Feed) []string {
	out := append(f.Reads(), j.Key)
	if j.Day != "" {
		out = append(out, j.Span.From, j.Span.To)
	}
	return out
}

// Names lists the columns of the source that tell which row of the table is its.
func (j *Join) Names() []string {
	if j.Day != "" {
		return []string{j.By, j.Day}
	}
	return []string{j.By}
}

// joins reads the tables that fill in columns of a source's rows.
func (b *builder) joins(m *document.Mapping, from, t *Table, s *Source) []Join {
	if !m.Has("joined") {
		m.Value("joined", document.Optional())
		return nil
	}
	if !s.Adds || s.Pupils != nil || t.PerChild() {
		m.Value("joined").Problem("tables are joined to rows of a child and a date only", "take joined out")
	}
	var out []Join
	for _, v := range m.Sequence("joined", document.NotEmpty()) {
		jm := v.Mapping()
		j := Join{Table: jm.String("table"), Key: jm.String("key"), By: jm.String("by")}
		with := b.source(jm.Value("table"), j.Table)
		if with.Name != "" && (with.Format != from.Format || !with.Delimited) {
			jm.Value("table").Problem("a row is filled in from a file of its own return", "name another table of the same format, of which there is a file")
		}
		names := Key
		if jm.Has("covers") {
			names = Identifier
			m := jm.Mapping("covers")
			j.Day, j.Span = m.String("day"), Span{From: m.String("from"), To: m.String("to")}
			b.columnOf(m.Value("day"), from, j.Day, Date)
			b.columnOf(m.Value("from"), with, j.Span.From, Date)
			b.columnOf(m.Value("to"), with, j.Span.To, Date)
			m.Done()
		}
		key, by := b.columnOf(jm.Value("key"), with, j.Key, names), b.columnOf(jm.Value("by"), from, j.By, names)
		if key != nil && by != nil && key.Identifier != by.Identifier {
			jm.Value("by").Problem("the two columns do not identify the same", "name columns of one domain")
		}
		j.Columns = b.feeds(jm, with, t, copying)
		for i := range j.Columns {
			name := j.Columns[i].Column
			fed := s.Feed(name) != nil || slices.ContainsFunc(out, func(o Join) bool { return o.Feed(name) != nil })
			if fed || slices.Contains(t.OneRowPer, name) || j.Columns[i].Or != "" {
				jm.Problem("a joined table fills in columns that nothing else of the source feeds", "feed each column once, and those of one_row_per from the row itself")
			}
		}
		jm.Done()
		out = append(out, j)
	}
	return out
}

// Joined finds the joined table that feeds a core column, and how; nil when none does.
func (s *Source) Joined(column string) (*Join, *Feed) {
	for i := range s.Joins {
		if f := s.Joins[i].Feed(column); f != nil {
			return &s.Joins[i], f
		}
	}
	return nil, nil
}

// Shown names the source column whose cells a core column shows one by one: of the source's table, or of a joined one.
// False when there is none.
func (s *Source) Shown(column string) (table, from string, shown bool) {
	if f := s.Feed(column); f != nil {
		return s.Table, f.From, f.Shows()
	}
	if j, f := s.Joined(column); f != nil {
		return j.Table, f.From, f.Shows()
	}
	return "", "", false
}
