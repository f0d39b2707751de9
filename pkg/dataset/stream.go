package dataset

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
)

// streams reads what a source of a streaming table has beside the others: linked_by. A table streams when nothing of its
// rows can be kept, since there are hundreds of millions of them: each source row becomes one row or none.
func (b *builder) streams(m *document.Mapping, from, t *Table, s *Source) {
	if m.Has("linked_by") {
		s.LinkedBy = b.columnsOf(m, "linked_by", from, Identifier)
		if !t.Streams {
			m.Value("linked_by").Problem("only a table that streams finds the child of a row so", "use pupils, or let the table stream")
		}
	}
	if t.Streams && (!s.Adds || s.Pupils != nil) {
		m.Problem("a table that streams is made of sources that add rows", "write adds: true, and leave pupils out")
	}
}

// oneOf reports whether a list has one code only. A truth that stands for several does not show which of them it was; one
// that stands for a single code is that code, and needs its class.
func oneOf(codes []string) bool { return len(slices.Compact(slices.Sorted(slices.Values(codes)))) < 2 }

// undecided reads the codes of a map that belong to more than one of those that come out.
func undecided(m *document.Mapping, cm *CodeMap) {
	if !m.Has("undecided") {
		return
	}
	cm.Undecided = m.Strings("undecided", document.NotEmpty())
	slices.Sort(cm.Undecided)
	for i, code := range cm.Undecided {
		if _, mapped := cm.To(code); mapped || i > 0 && cm.Undecided[i-1] == code {
			m.Value("undecided").Problem("a code is listed that is mapped, or listed before", "list each code once: under pairs, or under undecided")
			return
		}
	}
}

// Grouped reports whether a column says of each row whether a code is one of several, by a grouping that the definitions
// make. Several such columns together tell a group, and never a code.
func (t *Table) Grouped(column string) bool {
	return t.Streams && !slices.ContainsFunc(t.Sources, func(s Source) bool {
		f := s.Feed(column)
		return f == nil || oneOf(f.TrueFor)
	})
}

// Finer reports whether a column shows the codes that grouped columns of the table are made of: beside one of them it tells
// more than either alone.
func (t *Table) Finer(column string) bool {
	return !t.Grouped(column) && slices.ContainsFunc(t.Sources, func(s Source) bool {
		f := s.Feed(column)
		return f != nil && f.From != "" && slices.ContainsFunc(s.Columns, func(other Feed) bool {
			return other.From == f.From && t.Grouped(other.Column)
		})
	})
}
