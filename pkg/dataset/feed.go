package dataset

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// sources reads where a core table's rows come from, and holds each feed to the types and codes of both ends.
func (b *builder) sources(m *document.Mapping, t *Table) {
	for _, v := range m.Sequence("sources", document.NotEmpty()) {
		sm := v.Mapping()
		id := sm.String("table")
		from := b.source(sm.Value("table"), id)
		if len(t.Sources) == 0 {
			t.YearBegins = from.YearBegins
		}
		b.feeding(sm, sm.Value("table"), id, from, t)
	}
}

// feeding reads how one source table feeds a core table, and adds it to the table's sources. at is where the source, or
// the core table, is named.
func (b *builder) feeding(sm *document.Mapping, at *document.Value, id string, from, t *Table) {
	s := Source{Table: id, Adds: sm.Has("adds") && sm.Bool("adds"), Last: b.last(sm, t)}
	if sm.Has("pupils") {
		s.Adds = true
		s.Pupils = b.pupils(sm.Mapping("pupils"), from)
		if !from.Delimited && from.Name != "" {
			at.Problem("pupils cannot be read from a document", "name a table of a format that has a file for each table")
		}
		s.Periods = b.periods(sm, from)
	}
	how := marking
	switch {
	case s.Pupils != nil:
		how = summing
	case s.Adds && t.Streams:
		how = streaming
	case s.Adds:
		how = copying
	}
	s.Columns = b.feeds(sm, from, t, how)
	b.rows(sm, from, t, &s, how)
	b.streams(sm, from, t, &s)
	s.Joins = b.joins(sm, from, t, &s)
	if s.Pupils != nil {
		s.Details = b.details(sm, t, &s)
		b.told(sm, from, t, &s)
	}
	for _, key := range t.OneRowPer {
		if s.Adds && s.Feed(key) == nil && (s.Pupils == nil || key != t.ChildID) {
			sm.Problem("a source that adds rows must feed every column of one_row_per", "add the column")
		}
	}
	termsOf(sm, t, &s)
	if t.ChildID != "" && (s.Feed(t.ChildID) == nil) == (s.Pupils == nil) {
		sm.Problem("a source must feed the child's identifier, and a source of pupils finds it by linking", "add the column, or remove it")
	}
	if len(t.Sources) > 0 && t.PerPupil() != (s.Pupils != nil) {
		sm.Problem("a table is made of pupils or of children, not of both", "make two tables of it")
	}
	sm.Done()
	t.Sources = append(t.Sources, s)
}

// last reads when the rows of a source count. What a council's report feeds counts after the returns, whatever its year,
// unless the file says that years decide: it may have less of an event than the return that it would replace.
func (b *builder) last(sm *document.Mapping, t *Table) string {
	const byYear = "by_year"
	switch last := sm.String("last", document.Optional(), document.OneOf(LastRow, LastChild, byYear)); {
	case last == byYear:
		return ""
	case last == "" && b.late && b.own && !t.Streams && !sm.Has("pupils"):
		return LastReport
	default:
		return last
	}
}

// source finds a source table; an empty one, so that reading can go on, when there is none.
func (b *builder) source(at *document.Value, id string) *Table {
	from := b.find(id)
	if from == nil || from.Core() {
		at.Problem("there is no such source table", "name one as format/table")
		return &Table{}
	}
	return from
}

// purpose is what a source's rows are for: each has feeds of its own.
type purpose int

const (
	copying   purpose = iota // rows become rows, cells cells
	marking                  // rows make a fact of a child true or false
	summing                  // rows of pupils, and rows about them, come to numbers and truths
	streaming                // rows become rows one by one, cells cells or truths
)

func (b *builder) feeds(m *document.Mapping, from, t *Table, how purpose) []Feed {
	var out []Feed
	for _, e := range m.Mapping("columns").Entries() {
		to := t.Column(e.Key)
		if to == nil {
			e.Problem("the core table has no such column", "name one of its columns")
			continue
		}
		e.Known()
		out = append(out, b.feed(e.Value.Mapping(), from, to, how, e.Key == t.ChildID))
	}
	return out
}

// columnOf finds a column of a source table and holds it to one of some types.
func (b *builder) columnOf(at *document.Value, from *Table, name string, types ...Type) *Column {
	c := from.Column(name)
	switch {
	case from.Name == "" || name == "":
	case c == nil:
		at.Problem("the source table has no such column", "name one of its columns")
	case from.Marks(c.Name):
		at.Problem("the column says which rows were given in confidence, and feeds nothing", "name another column")
	case len(types) > 0 && !slices.Contains(types, c.Type):
		at.Problem("the column is not of a type that can stand here", "name a column of type "+strings.Join(words(types), " or "))
	}
	return c
}

func (b *builder) columnsOf(m *document.Mapping, key string, from *Table, types ...Type) []string {
	names := m.Strings(key, document.NotEmpty())
	for _, name := range names {
		b.columnOf(m.Value(key), from, name, types...)
	}
	return names
}

// codesOf holds words to being codes of a column.
func codesOf(at *document.Value, c *Column, codes []string) {
	if c == nil {
		return
	}
	for _, code := range codes {
		if n, _ := c.Code(code, 0); n < 0 && code != "" {
			at.Problem("the column has no such code", "name codes of its list")
			return
		}
	}
}

func (b *builder) feed(m *document.Mapping, from *Table, to *Column, how purpose, child bool) Feed {
	f := Feed{Column: to.Name, Present: m.Has("present") && m.Bool("present")}
	defer m.Done()
	for key, where := range map[string]purpose{"where": summing, "any_of": summing, "covers": summing, "is": summing, "present": marking, "false_for": marking, "true_for": marking} {
		if m.Has(key) && how != where && (key != "true_for" || how == summing) {
			m.Value(key).Problem("a source of this kind has no such feed",
				"where, any_of, covers and is are for pupils; present, false_for and true_for for sources that only mark rows")
		}
	}
	if m.Has("where") {
		f.Where = b.where(m.Mapping("where"), from, to)
	}
	switch {
	case f.Present:
		ofType(m, to, Boolean)
		b.guardsPresence(m.Value("present"), from, to)
	case m.Has("is"):
		f.Is = m.String("is", document.OneOf(IsYear, IsTerm, IsCensusDay))
		ofType(m, to, map[string]Type{IsYear: Integer, IsTerm: Code, IsCensusDay: Date}[f.Is])
		termly(m, from, f.Is != IsYear)
	case m.Has("any_of"):
		b.anyOf(m, &f, from, to)
	case m.Has("covers"):
		ofType(m, to, Boolean)
		termly(m, from, true)
		span := m.Mapping("covers")
		f.Covers = &Span{From: span.String("from"), To: span.String("to")}
		b.columnOf(span.Value("from"), from, f.Covers.From, Date)
		b.columnOf(span.Value("to"), from, f.Covers.To, Date)
		b.sameClass(span.Value("from"), from, to, f.Covers.From, f.Covers.To)
		span.Done()
	case m.Has("false_for"):
		ofType(m, to, Boolean)
		f.From, f.FalseFor = m.String("from"), m.Strings("false_for", document.NotEmpty())
		codesOf(m.Value("false_for"), b.columnOf(m.Value("from"), from, f.From, Code), f.FalseFor)
		b.sameClass(m.Value("from"), from, to, f.From)
	case m.Has("true_for"):
		ofType(m, to, Boolean)
		f.From, f.TrueFor = m.String("from"), m.Strings("true_for", document.NotEmpty())
		codesOf(m.Value("true_for"), b.columnOf(m.Value("from"), from, f.From, Code), f.TrueFor)
		if how != streaming || oneOf(f.TrueFor) {
			b.sameClass(m.Value("from"), from, to, f.From)
		}
	case m.Has("always"):
		always(m, &f, to, how)
	default:
		b.direct(m, &f, from, to, how, child)
	}
	return f
}

// termly holds a feed that is told by a school census to a return that is one.
func termly(m *document.Mapping, from *Table, needed bool) {
	if needed && from.Name != "" && !from.Termly {
		m.Problem("the return is not made every term", "feed the column from a return that is")
	}
}

func ofType(m *document.Mapping, to *Column, want Type) {
	if to.Type != want {
		m.Problem("what feeds the column does not make a value of its type", "feed it in another way, or give the column the type "+string(want))
	}
}

// blank stands for an empty cell in a list of codes.
const blank = "blank"

func (b *builder) where(m *document.Mapping, from *Table, to *Column) []Where {
	var out []Where
	for _, e := range m.Entries() {
		e.Known()
		w := Where{Column: e.Key, Codes: e.Value.Strings(document.NotEmpty())}
		if at := slices.Index(w.Codes, blank); at >= 0 {
			w.Codes[at] = ""
		}
		c := b.columnOf(e.Value, from, w.Column, Code)
		codesOf(e.Value, c, w.Codes)
		distinct := make(map[string]bool)
		for _, code := range w.Codes {
			if code != "" && distinct[code] {
				e.Value.Problem("a code is listed twice", "list each code once")
			}
			distinct[code] = code != ""
		}
		delete(distinct, "")
		if c != nil && to != nil && len(distinct) < 2 {
			b.guardsClass(e.Value, c, to, "a number of rows with one code of a higher class would show that code",
				"list more codes, or give the core column the class "+string(c.Class))
		}
		out = append(out, w)
	}
	return out
}

// direct is a feed of cells as they are, or by a code map.
func (b *builder) direct(m *document.Mapping, f *Feed, from *Table, to *Column, how purpose, child bool) {
	f.From = m.String("from")
	switch {
	case how == marking && !child:
		m.Problem("a source that does not add rows only marks them", "use present, false_for or true_for, or let the source add rows")
	case how == summing && to.Type != Integer && to.Type != Boolean:
		m.Problem("cells of several rows of a pupil do not come to one value of this type", "feed numbers and truths only")
	case how == summing && (m.Has("map") || m.Has("or")):
		m.Problem("numbers and truths of pupils have no map and no other column", "take map and or out")
	}
	sources := []*Column{b.columnOf(m.Value("from"), from, f.From)}
	if m.Has("or") {
		f.Or = m.String("or")
		sources = append(sources, b.columnOf(m.Value("or"), from, f.Or))
	}
	if m.Has("map") {
		name := m.String("map")
		if f.Map = b.codeMap(from.Format + "/" + name); f.Map == nil {
			f.Map = b.codeMap(name)
		}
		if f.Map == nil {
			if name != "" {
				m.Value("map").Problem("there is no such code map", "define it under code_maps")
			}
			return // what its codes become is not known
		}
	}
	nullFor(m, f, sources[0], to, how)
	for _, source := range sources {
		if source == nil || !b.fits(m, f, source, to) {
			return
		}
	}
}

// fits holds a core column to one that feeds it cell by cell.
func (b *builder) fits(m *document.Mapping, f *Feed, source, to *Column) bool {
	if source.Type != to.Type || source.Identifier != to.Identifier {
		m.Problem("the two columns are not of one type", "feed the column from one of its own type")
		return false
	}
	b.guards(m.Value("from"), source, to)
	for _, code := range source.Codes {
		if !feeds(f, code.Value, to) {
			m.Problem("a code of the source has no place in the core column", "map every code of the source")
			return false
		}
	}
	return true
}

// feeds reports whether a code of the source becomes a code of the core column.
func feeds(f *Feed, code string, to *Column) bool {
	if f.Broad(code) {
		return true
	}
	if f.Map != nil {
		mapped, ok := f.Map.To(code)
		if !ok {
			return f.Map.Leaves(code)
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
