package agreement

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

func (r *reader) indexEvents(root *document.Mapping) {
	const key = "index_events"
	if !root.Has(key) {
		root.Value(key, document.Optional())
		return
	}
	for _, e := range root.Mapping(key).Entries() {
		if !eventPattern.MatchString(e.Key) {
			e.Fault(document.WrongForm, "is no name of an event", "use lower-case letters, digits and underscores, from a letter, at most 40")
		}
		m := e.Value.Mapping()
		ev := event{name: e.Key, table: r.tableNamed(m.Value("table"))}
		ev.column = r.columnNamed(m.Value("column"), ev.table)
		out := IndexEvent{Name: e.Key, Pick: m.String("pick", document.OneOf(PickEarliest, PickLatest))}
		m.Done()
		if ev.table != nil {
			out.Table = ev.table.ID()
			if ev.table.ChildID == "" {
				m.Value("table").Problem("this table does not say which child a row is about", "choose a table that does")
			}
		}
		if c := ev.column; c != nil {
			out.Column = c.Name
			switch {
			case c.IsBirthDate():
				m.Value("column").Problem("days cannot be counted from a birth date", "a birth date leaves only as an age")
			case c.Type != dataset.Date:
				m.Value("column").Problem("is not a date column", "")
			case !c.Class.Releasable():
				m.Value("column").Problem(neverLeaves(c.Class), "")
			}
		}
		r.events = append(r.events, ev)
		r.a.IndexEvents = append(r.a.IndexEvents, out)
	}
}

func (r *reader) cohortOf(root *document.Mapping) {
	if !root.Has("cohort") {
		root.Value("cohort", document.Optional())
		return
	}
	m := root.Mapping("cohort")
	t := r.tableNamed(m.Value("table"))
	out := &Cohort{}
	if t != nil {
		out.Table = t.ID()
		if t.ChildID == "" {
			m.Value("table").Problem("this table does not say which child a row is about", "choose a table that does")
		}
	}
	if where := m.Value("where", document.Optional()); m.Has("where") {
		for _, e := range where.Mapping().Entries() {
			out.Where = append(out.Where, r.condition(e, t))
		}
	}
	m.Done()
	r.a.Cohort = out
}

func (r *reader) condition(e *document.Entry, t *dataset.Table) Condition {
	var out Condition
	var column *dataset.Column
	if t != nil {
		if column = t.Column(e.Key); column == nil {
			e.Problem("there is no such column in table "+t.ID(), columnHint(t))
		} else {
			e.Known()
			out.Column = column.Name
		}
	}
	m := e.Value.Mapping()
	if from, ok := m.Date("from", document.Optional()); ok {
		out.From = &from
	}
	if to, ok := m.Date("to", document.Optional()); ok {
		out.To = &to
	}
	if in := m.Value("in", document.Optional()); m.Has("in") {
		out.In = r.codesOf(r.codes(in), column)
	}
	m.Done()
	dates := m.Has("from") || m.Has("to")
	switch {
	case m.Broken():
	case dates == m.Has("in"):
		m.Fault(document.WrongKind, "is not one condition", "write from and to for a date, or in for codes")
	case out.From != nil && out.To != nil && *out.To < *out.From:
		m.Value("to").Problem("ends before it begins", "")
	case column == nil:
	case !column.Class.Releasable():
		e.Problem(neverLeaves(column.Class), "choose another condition")
	case dates && column.Type != dataset.Date:
		e.Problem("is a condition of dates on a column that is no date", "")
	case !dates && column.Type != dataset.Code:
		e.Problem("is a condition of codes on a column that has none", "")
	}
	return out
}

func (r *reader) release(root *document.Mapping) {
	m := root.Mapping("release")
	r.a.Release.Profile = m.String("profile", document.OneOf("secure", "partner", "wide"))
	if m.Has("quasi_identifiers") {
		for _, item := range m.Sequence("quasi_identifiers") {
			r.quasiIdentifier(item)
		}
	} else {
		m.Value("quasi_identifiers", document.Optional())
	}
	m.Done()
}

func (r *reader) quasiIdentifier(item *document.Value) {
	name := item.String()
	if name == "" {
		return
	}
	at := slices.IndexFunc(r.outputs, func(o output) bool { return o.table.ID()+"."+o.name == name })
	switch {
	case at < 0:
		item.Problem("does not name a column that leaves", "write table.column, as they stand under tables")
	case !r.outputs[at].table.PerChild():
		item.Problem("is not measured: only tables with one row per child are", "name columns of such a table, or leave it out")
	case slices.Contains(r.a.Release.QuasiIdentifiers, name):
		item.Problem("is there twice", "list it once")
	default:
		r.a.Release.QuasiIdentifiers = append(r.a.Release.QuasiIdentifiers, name)
	}
}

// tableNamed reads the name of a table of the definitions; nil when there is no such table.
func (r *reader) tableNamed(v *document.Value) *dataset.Table {
	id := v.String()
	if id == "" {
		return nil
	}
	t := r.catalogue.Table(id)
	if t == nil {
		v.Problem("there is no such table in the dataset definitions", r.tableHint())
	}
	return t
}

func (r *reader) tableHint() string {
	tables := r.catalogue.Tables()
	ids := make([]string, len(tables))
	for i, t := range tables {
		ids[i] = t.ID()
	}
	return "the tables are: " + strings.Join(ids, ", ")
}

// columnNamed reads the name of a column of a table; nil when there is no such column, or no table.
func (r *reader) columnNamed(v *document.Value, t *dataset.Table) *dataset.Column {
	name := v.String()
	if name == "" || t == nil {
		return nil
	}
	c := t.Column(name)
	if c == nil {
		v.Problem("there is no such column in table "+t.ID(), columnHint(t))
	}
	return c
}

func columnHint(t *dataset.Table) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return "its columns are: " + strings.Join(names, ", ")
}

// neverLeaves says why a column of a class cannot be named.
func neverLeaves(c dataset.Class) string {
	what := map[dataset.Class]string{
		dataset.DirectIdentifier: "names a person",
		dataset.FreeText:         "holds free text",
		dataset.Staff:            "is about a member of staff",
		dataset.RecordIdentifier: "numbers a record of the source system",
	}[c]
	if what == "" {
		what = "is of a class that is not known"
	}
	return "this column " + what + " and never leaves"
}

// linkage reads how well children must be found again. An agreement for which pupils are linked to children says so.
func (r *reader) linkage(root *document.Mapping) {
	if !root.Has("linkage") {
		if v := root.Value("linkage", document.Optional()); r.linked() {
			r.log.Add(root.Place(), v.Path(), "is missing", "say under linkage.pupils which share of the children must be found on a school's roll")
		}
		return
	}
	m := root.Mapping("linkage")
	r.a.Linkage.Pupils = m.Float("pupils", document.Between(0, 1))
	if m.Has("returns") {
		r.a.Linkage.Returns = m.Float("returns", document.Between(0, 1))
	}
	m.Done()
}

// linked reports whether a table of the agreement is made of pupils, whom their numbers link to children.
func (r *reader) linked() bool {
	named := func(id string) bool {
		t := r.catalogue.Table(id)
		return t != nil && t.Linked()
	}
	return slices.ContainsFunc(r.a.Tables, func(t Table) bool { return named(t.ID) }) || r.a.Cohort != nil && named(r.a.Cohort.Table) ||
		slices.ContainsFunc(r.a.IndexEvents, func(e IndexEvent) bool { return named(e.Table) })
}
