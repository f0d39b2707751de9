package dataset

import (
	"regexp"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

var (
	lowerName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	columnName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	domainName = regexp.MustCompile(`^[a-z]+/[a-z-]+$`)
)

func (b *builder) table(m *document.Mapping, format string) *Table {
	t := &Table{
		Format:       format,
		Name:         m.String("name", document.Matching(lowerName, "a name in lower case")),
		Meaning:      m.Text("meaning"),
		From:         m.Int("from", document.Optional(), document.Between(2000, 2100)),
		To:           m.Int("to", document.Optional(), document.Between(2000, 2100)),
		ChildID:      m.String("child_id", document.Optional()),
		EventDate:    m.String("event_date", document.Optional()),
		YearEvidence: m.Strings("year_evidence", document.Optional()),
	}
	years(m, t.From, t.To)
	if b.find(t.ID()) != nil {
		m.Problem("a table of this name is defined twice", "choose another name")
	}
	for _, v := range m.Sequence("columns", document.NotEmpty()) {
		c := b.column(v.Mapping(), t)
		if c.Name != "" && t.columnLike(c.Name) != nil {
			v.Problem("a column of this name is defined twice", "choose another name; headers are compared without regard to case")
		}
		if !t.Core() && strings.EqualFold(c.Name, CollectionYear) {
			v.Problem("every table of a format has this column already", "leave it out: it is told from the set, not read from a cell")
		}
		t.Columns = append(t.Columns, c)
	}
	if t.Core() {
		t.DateFormats = []string{DateISO}
		t.OneRowPer = m.Strings("one_row_per", document.NotEmpty())
		b.sources(m, t)
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
	refer("event_date", t.EventDate, Date)
	for _, name := range t.YearEvidence {
		refer("year_evidence", name, Date)
	}
	for _, name := range t.OneRowPer {
		refer("one_row_per", name)
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
	switch c.Type {
	case Identifier:
		c.Identifier = m.String("identifier", document.Matching(domainName, "a domain such as child/la-child-id"))
	case Code:
		name := m.String("codes")
		if t.Format != "" {
			name = t.Format + "/" + name
		}
		codes, ok := b.lists[name]
		if !ok {
			m.Value("codes").Problem("there is no such code list", "define it under code_lists")
		}
		c.Codes = codes
	case Integer:
		c.Min = int32(m.Int("min", document.Between(-1e9, 1e9)))
		c.Max = int32(m.Int("max", document.Between(-1e9, 1e9)))
		if c.Max < c.Min {
			m.Problem("max is below min", "correct the range")
		}
	case Date:
		c.NotBefore = m.String("not_before", document.Optional())
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

// sources reads where a core table's rows come from, and holds each feed to the types and codes of both ends.
func (b *builder) sources(m *document.Mapping, t *Table) {
	for _, v := range m.Sequence("sources", document.NotEmpty()) {
		sm := v.Mapping()
		s := Source{Table: sm.String("table"), Adds: sm.Has("adds") && sm.Bool("adds")}
		from := b.find(s.Table)
		if from == nil || from.Core() {
			sm.Value("table").Problem("there is no such source table", "name one as format/table")
			from = &Table{}
		}
		for _, e := range sm.Mapping("columns").Entries() {
			to := t.Column(e.Key)
			if to == nil {
				e.Problem("the core table has no such column", "name one of its columns")
				continue
			}
			e.Known()
			s.Columns = append(s.Columns, b.feed(e.Value.Mapping(), from, to))
		}
		for _, key := range t.OneRowPer {
			if s.Adds && s.Feed(key) == nil {
				sm.Problem("a source that adds rows must feed every column of one_row_per", "add the column")
			}
		}
		if t.ChildID != "" && s.Feed(t.ChildID) == nil {
			sm.Problem("a source must feed the child's identifier", "add the column")
		}
		sm.Done()
		t.Sources = append(t.Sources, s)
	}
}

func (b *builder) feed(m *document.Mapping, from *Table, to *Column) Feed {
	f := Feed{Column: to.Name, Present: m.Has("present") && m.Bool("present")}
	defer m.Done()
	if f.Present {
		if to.Type != Boolean {
			m.Problem("presence can only feed a boolean column", "use from")
		}
		return f
	}
	f.From = m.String("from")
	source := from.Column(f.From)
	if from.Name != "" && source == nil && f.From != "" {
		m.Value("from").Problem("the source table has no such column", "name one of its columns")
	}
	if m.Has("map") {
		if f.Map = b.codeMap(m.String("map")); f.Map == nil {
			m.Value("map").Problem("there is no such code map", "define it under code_maps")
		}
	}
	if source == nil {
		return f
	}
	if source.Type != to.Type || source.Identifier != to.Identifier {
		m.Problem("the two columns are not of one type", "feed the column from one of its own type")
		return f
	}
	guards(m.Value("from"), source, to)
	for _, code := range source.Codes {
		if !feeds(f, code.Value, to) {
			m.Problem("a code of the source has no place in the core column", "map every code of the source")
			break
		}
	}
	return f
}

// guards holds a core column to what its source may do: else a council's core table would release what the format's own
// definition holds back. Classes have no order, so that any other class than the source's counts as a weaker one, but
// for those that never leave.
func guards(at *document.Value, source, to *Column) {
	if !to.Class.Releasable() {
		return
	}
	if to.Class != source.Class {
		at.Problem("the core column is of a weaker class than its source",
			"give the core column the class "+string(source.Class)+", or feed it from another column")
	}
	if !source.Class.Releasable() {
		return
	}
	for _, treatment := range to.Treatments {
		if !source.Permits(treatment) {
			at.Problem("the core column permits a treatment that its source does not",
				"list under its treatments only some of: "+strings.Join(source.Treatments, ", "))
			return
		}
	}
}

// feeds reports whether a code of the source becomes a code of the core column.
func feeds(f Feed, code string, to *Column) bool {
	if f.Map != nil {
		mapped, ok := f.Map.To(code)
		if !ok {
			return false
		}
		code = mapped
	}
	at, _ := to.Code(code, 0)
	return at >= 0
}

func (b *builder) codeMap(name string) *CodeMap {
	for _, m := range b.maps {
		if m.Name == name {
			return m
		}
	}
	return nil
}
