package dataset

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
)

// rows reads which rows of a source table a core table is told of:
//
//	rows: {case_status: [CINP]}
//
// That a row is there at all shows the code, so that a code of a higher class than any column of the core table cannot
// decide.
func (b *builder) rows(m *document.Mapping, from, t *Table, s *Source, how purpose) {
	if !m.Has("rows") {
		m.Value("rows", document.Optional())
		return
	}
	if how != copying {
		m.Value("rows").Problem("only a source that adds rows cell by cell can leave some out", "take rows out")
	}
	for _, e := range m.Mapping("rows", document.NotEmpty()).Entries() {
		e.Known()
		w := Where{Column: e.Key, Codes: e.Value.Strings(document.NotEmpty())}
		c := b.columnOf(e.Value, from, w.Column, Code)
		codesOf(e.Value, c, w.Codes)
		if c != nil && !c.Class.AtLeast(SpecialCategory) && !c.Class.AtLeast(CriminalOffence) || c == nil {
			s.Rows = append(s.Rows, w)
			continue
		}
		if !c.Class.Releasable() || !slices.ContainsFunc(t.Columns, func(to *Column) bool { return to.Class.AtLeast(c.Class) && to.Name != t.ChildID }) {
			e.Value.Problem("a row that is there shows the code, and no column of the core table is of its class",
				"choose rows by another column, or give a column of the core table the class "+string(c.Class))
		}
		s.Rows = append(s.Rows, w)
	}
}

// always reads a feed that is the same code in every row.
func always(m *document.Mapping, f *Feed, to *Column, how purpose) {
	f.Always = m.String("always")
	ofType(m, to, Code)
	if how != copying {
		m.Value("always").Problem("only a source that adds rows cell by cell can say the same in all of them", "take always out")
	}
	if to.Type == Code {
		codesOf(m.Value("always"), to, []string{f.Always})
	}
}

// nullFor reads the codes of a source column that say less than the core column's tell apart.
func nullFor(m *document.Mapping, f *Feed, from *Column, to *Column, how purpose) {
	if !m.Has("null_for") {
		m.Value("null_for", document.Optional())
		return
	}
	f.NullFor = m.Strings("null_for", document.NotEmpty())
	codesOf(m.Value("null_for"), from, f.NullFor)
	for _, code := range f.NullFor {
		mapped := f.Map != nil
		if mapped {
			_, mapped = f.Map.To(code)
		}
		if at, _ := to.Code(code, 0); mapped || f.Map == nil && at >= 0 {
			m.Value("null_for").Problem("a code is listed that the core column has a place for", "list only codes that say less than the core column's")
			return
		}
	}
	if how != copying || to.Type != Code {
		m.Value("null_for").Problem("only codes that are copied cell by cell can be too broad", "take null_for out")
	}
}

// Broad reports whether a code of From says less than the core column's tell apart.
func (f *Feed) Broad(code string) bool { return slices.Contains(f.NullFor, code) }
