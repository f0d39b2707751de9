package dataset

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

var (
	lowerName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	columnName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	// headerName is a name in a header line: one line of print, without the delimiter of any kind of text.
	headerName = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_ ().:/&'?-]{0,198}[A-Za-z0-9_).?])?$`)
	// elementPath is a path of element names from the root of a document; cellPath one from a row's element, upwards too.
	elementPath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z_][A-Za-z0-9_.-]*)*$`)
	cellPath    = regexp.MustCompile(`^(\.|(\.\./)*[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z_][A-Za-z0-9_.-]*)*)$`)
	domainName  = regexp.MustCompile(`^[a-z]+/[a-z-]+$`)
)

// table reads a table that has in common with its format's others what about says.
func (b *builder) table(m *document.Mapping, format string, about Table) *Table {
	t := &about
	t.Format, t.own = format, b.own
	t.Name = m.String("name", document.Matching(lowerName, "a name in lower case"))
	t.Meaning = m.Text("meaning")
	t.From = m.Int("from", document.Optional(), document.Between(2000, 2100))
	t.To = m.Int("to", document.Optional(), document.Between(2000, 2100))
	t.ChildID = m.String("child_id", document.Optional())
	t.EventDate = m.String("event_date", document.Optional())
	t.YearEvidence = m.Strings("year_evidence", document.Optional())
	t.Streams = format == "" && m.Has("streams") && m.Bool("streams")
	if format != "" {
		t.Several = m.Has("several_files") && m.Bool("several_files")
		if t.Termly {
			t.Terms = m.Strings("terms", document.Optional(), document.OneOf(Terms()...))
		}
		b.feedsLater(m, t)
		if t.Document != nil {
			b.rowOf(m, t)
		}
	}
	years(m, t.From, t.To)
	b.madeOf(m, t)
	if b.find(t.ID()) != nil {
		m.Problem("a table of this name is defined twice", "choose another name")
	}
	var classes []*document.Value
	for _, v := range m.Sequence("columns", document.NotEmpty()) {
		cm := v.Mapping()
		c := b.column(cm, t)
		classes = append(classes, cm.Value("class", document.Optional()))
		if c.Name != "" && (t.columnLike(c.Name) != nil || t.columnLike(c.Heading()) != nil) {
			v.Problem("a column of this name is defined twice", "choose another name; headers are compared without regard to case")
		}
		if other := t.headed(c); other != nil {
			v.Problem("a header that the column may have is one of column "+other.Name, "let each header be of one column")
		}
		if !t.Core() && slices.ContainsFunc([]string{CollectionYear, CensusTerm}, func(own string) bool {
			return strings.EqualFold(c.Name, own) || strings.EqualFold(c.Header, own)
		}) {
			v.Problem("every table of a format has this column already", "leave it out: it is told from the set, not read from a cell")
		}
		t.Columns = append(t.Columns, c)
	}
	b.heldUp(t, classes)
	if !t.Core() {
		b.confidence(m, t)
	}
	if t.Core() {
		t.DateFormats = []string{DateISO}
		t.OneRowPer = m.Strings("one_row_per", document.NotEmpty())
		if t.Made == nil {
			b.sources(m, t)
		}
	}
	refer := func(key, name string, types ...Type) {
		if name == "" {
			return
		}
		c := t.Column(name)
		if c == nil {
			m.Value(key).Problem("the table has no such column", "name one of the table's columns")
			return
		}
		for _, want := range types {
			if c.Type == want {
				return
			}
		}
		if len(types) > 0 {
			m.Value(key).Problem("the column is not of a type that can stand here", "an identifier for child_id, dates for the others")
		}
	}
	refer("child_id", t.ChildID, Identifier)
	if c := t.Column(t.ChildID); c != nil && t.Row != "" && c.Path == "" {
		m.Value("child_id").Problem("the document does not say which child a row is about", "give the column its path")
	}
	refer("event_date", t.EventDate, Date)
	for _, name := range t.YearEvidence {
		refer("year_evidence", name, Date)
	}
	for _, name := range t.OneRowPer {
		refer("one_row_per", name)
	}
	if t.Core() && len(t.OneRowPer) > 0 && t.unmade() {
		m.Value("one_row_per").Problem("rows are told apart by the child, by the child and a date, or, of pupils, by the child and what the return tells of",
			"list the child's column first, and after it a date column")
	}
	for _, c := range t.Columns {
		if c.NotBefore != "" && (t.Column(c.NotBefore) == nil || t.Column(c.NotBefore).Type != Date || c.Type != Date) {
			m.Problem("not_before joins two columns that are not both dates of the table", "name a date column of the same table")
		}
	}
	m.Done()
	return t
}

func (b *builder) column(m *document.Mapping, t *Table) *Column {
	c := &Column{
		Name:     m.String("name", document.Matching(columnName, "a name of letters, digits and underscores")),
		Type:     Type(m.String("type", document.OneOf(words(Types())...))),
		Class:    Class(m.String("class", document.OneOf(words(Classes())...))),
		Meaning:  m.Text("meaning"),
		From:     m.Int("from", document.Optional(), document.Between(2000, 2100)),
		To:       m.Int("to", document.Optional(), document.Between(2000, 2100)),
		Required: m.Has("required") && m.Bool("required"),
		Optional: m.Has("optional") && m.Bool("optional"),
	}
	b.pathOf(m, t, c)
	b.of(m, t, c)
	if t.Delimited {
		c.Header = m.String("header", document.Optional(), document.Matching(headerName, "a name as a header line has it"))
		headings(m, c)
	}
	switch c.Type {
	case Key:
		if c.Class != RecordIdentifier {
			m.Value("class").Problem("a key joins tables and is nothing else", "give it the class "+string(RecordIdentifier))
		}
	case Identifier:
		c.Identifier = m.String("identifier", document.Matching(domainName, "a domain such as child/la-child-id"))
	case Code:
		c.Codes = b.codesNamed(m, t)
		b.spelt(m, t.Format, c)
	case Integer:
		c.Min = int32(m.Int("min", document.Between(-1e9, 1e9)))
		c.Max = int32(m.Int("max", document.Between(-1e9, 1e9)))
		if c.Max < c.Min {
			m.Problem("max is below min", "correct the range")
		}
	case Boolean:
		c.YesNo = t.Format != "" && m.Has("yes_no") && m.Bool("yes_no")
	case Date:
		c.NotBefore = m.String("not_before", document.Optional())
		if t.Format != "" && m.Has("dates") {
			c.Dates = m.Strings("dates", document.NotEmpty(), document.OneOf(DateForms()...))
		}
		c.InYear = t.Format != "" && m.Has("in_year") && m.Bool("in_year")
	}
	years(m, c.From, c.To)
	c.Treatments = defaultTreatments(c.Type, c.Class)
	if m.Has("treatments") {
		permitted := c.Treatments
		if c.Type == Date && c.Class.Releasable() {
			permitted = append(permitted, AgeMonths, AgeYears, AgeBand)
		}
		c.Treatments = m.Strings("treatments", document.OneOf(permitted...))
		if len(permitted) == 0 && len(c.Treatments) > 0 {
			m.Value("treatments").Problem("a column of this class or type never leaves", "remove the treatments")
			c.Treatments = nil
		}
	}
	m.Done()
	return c
}

// years holds two collection years to their order; 0 is open.
func years(m *document.Mapping, from, to int) {
	if from != 0 && to != 0 && to < from {
		m.Value("to").Problem("the last collection year is before the first", "correct one of the two")
	}
}

// words turns a list of a string type into plain strings.
func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
