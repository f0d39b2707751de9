package dataset

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// documentOf reads what the documents of a format are. Where they say which return they are is said as a whole or not at
// all: a document that states its year and not whose it is could be anybody's.
func (b *builder) documentOf(m *document.Mapping) *Document {
	d := &Document{Root: m.String("root", document.Matching(elementPath, elementsWanted))}
	headed := slices.ContainsFunc([]string{"is", "is_at", "year", "reference_date", "authority"}, m.Has)
	if headed {
		path := func(key string) string { return m.String(key, document.Matching(elementPath, elementsWanted)) }
		d.Is, d.IsAt = m.String("is"), path("is_at")
		d.Year, d.ReferenceDate, d.Authority = path("year"), path("reference_date"), path("authority")
	}
	m.Done()
	return d
}

const elementsWanted = "element names with slashes between them"

// rowOf reads which element is a row of the table. A table that text may hold need not be in the document.
func (b *builder) rowOf(m *document.Mapping, t *Table) {
	options := []document.Option{document.Matching(elementPath, elementsWanted)}
	if t.Delimited {
		options = append(options, document.Optional())
	}
	t.Row = m.String("row", options...)
	if t.Row == "" {
		return
	}
	t.RowIf = m.Strings("row_if", document.Optional())
	for _, path := range t.RowIf {
		if !elementPath.MatchString(path) {
			m.Value("row_if").Problem("it is not "+elementsWanted, "name elements below that of the row")
			break
		}
	}
}

// pathOf reads where a column's cell stands. A column of a table that the document does not have stands nowhere in it, and
// one that only text has need not.
func (b *builder) pathOf(m *document.Mapping, t *Table, c *Column) {
	if t.Row == "" {
		return
	}
	options := []document.Option{document.Matching(cellPath, "element names with slashes between them, ../ for the element around, or a full stop")}
	if t.Delimited && !c.Required {
		options = append(options, document.Optional())
	}
	c.Path = m.String("path", options...)
}

// element is the path from the root to a column's cell; empty for a column that no document has.
func (t *Table) element(c *Column) string {
	if t.Row == "" || c.Path == "" {
		return ""
	}
	around, below := strings.Split(t.Row, "/"), c.Path
	for strings.HasPrefix(below, "../") && len(around) > 0 {
		around, below = around[:len(around)-1], below[len("../"):]
	}
	if below == "." {
		return strings.Join(around, "/")
	}
	return strings.Join(append(slices.Clone(around), below), "/")
}

// sameElements reports whether two tables are of the same elements of documents with the same root: of one element as
// their row, or with a cell in common.
func sameElements(a, b *Table) bool {
	if a.Row == "" || b.Row == "" || a.Document.Root != b.Document.Root {
		return false
	}
	return a.Row == b.Row || slices.ContainsFunc(a.Columns, func(c *Column) bool { return b.at(a.element(c)) != nil })
}

// at finds the column whose cell stands at a path from the root; nil when there is none.
func (t *Table) at(element string) *Column {
	for _, c := range t.Columns {
		if element != "" && t.element(c) == element {
			return c
		}
	}
	return nil
}
