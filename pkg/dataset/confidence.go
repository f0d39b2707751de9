package dataset

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// InConfidence is the name of the column that every table of delimited text, or of a sheet, may have beside its own: true
// in a row that was given in confidence, which is held back. A table may name another column of its own for that
// (in_confidence: COLUMN), as a table of a document must. The column marks rows: it leaves under no agreement and feeds
// no core column.
const InConfidence = "in_confidence"

// confidence reads which column marks the rows of a source table that were given in confidence, and adds the one that
// every table of delimited text has.
func (b *builder) confidence(m *document.Mapping, t *Table) {
	own := t.columnLike(InConfidence)
	if m.Has(InConfidence) {
		name := m.String(InConfidence)
		c := t.Column(name)
		switch {
		case name == "":
		case c == nil:
			m.Value(InConfidence).Problem("the table has no such column", "name one of the table's columns")
		case c.Type != Boolean:
			m.Value(InConfidence).Problem("the column does not say true or false", "name a column of type "+string(Boolean))
		case own != nil && own != c:
			m.Value(InConfidence).Problem("every table has a column "+InConfidence+", and here it would mark nothing", "name that one, or give it another name")
		default:
			t.InConfidence, c.Treatments = name, nil
		}
		return
	}
	m.Value(InConfidence, document.Optional())
	switch {
	case own != nil:
		m.Problem("a column named "+InConfidence+" marks rows that are held back", "name it under in_confidence, or give it another name")
	case t.Delimited:
		t.InConfidence = InConfidence
		t.Columns = append(t.Columns, &Column{
			Name: InConfidence, Type: Boolean, Class: Sensitive, YesNo: true, Optional: true,
			Meaning: "Whether what the row says was given in confidence; such rows are held back",
		})
	}
}

// Marks reports whether a column is the one that marks the table's rows as given in confidence.
func (t *Table) Marks(column string) bool {
	return t.InConfidence != "" && strings.EqualFold(column, t.InConfidence)
}
