package dataset

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
)

// told holds a table of pupils to telling its rows apart by what the returns tell of, and by nothing else.
func (b *builder) told(m *document.Mapping, from, t *Table, s *Source) {
	has := func(is string) bool {
		return slices.ContainsFunc(t.OneRowPer, func(key string) bool {
			f := s.Feed(key)
			return f != nil && f.Is == is
		})
	}
	for _, key := range t.OneRowPer {
		if f := s.Feed(key); f != nil && f.Is == "" {
			m.Problem("rows of pupils are told apart by what the return tells of, not by cells", "feed the column with is: year or is: term")
		}
	}
	if !has(IsYear) || from.Termly && !has(IsTerm) {
		m.Problem("one_row_per must have the year, and of a return made every term the term", "add the columns to one_row_per, and feed them with is: year and is: term")
	}
}

func (b *builder) pupils(m *document.Mapping, from *Table) *Pupils {
	p := &Pupils{Identifiers: b.columnsOf(m, "identifiers", from, Identifier), Once: m.Has("once") && m.Bool("once")}
	if m.Has("key") {
		p.Key = b.columnsOf(m, "key", from, Key)
	}
	if m.Has("status") {
		p.Status = m.String("status")
		p.HeldBack = m.Strings("held_back", document.NotEmpty())
		codesOf(m.Value("held_back"), b.columnOf(m.Value("status"), from, p.Status, Code), p.HeldBack)
	}
	m.Done()
	return p
}

func (b *builder) periods(m *document.Mapping, from *Table) []Period {
	if !m.Has("periods") {
		m.Value("periods", document.Optional())
		if from.Termly {
			m.Problem("a return made every term needs periods: what the return of each term tells of", "add periods")
		}
		return nil
	}
	var out []Period
	for _, v := range m.Sequence("periods", document.NotEmpty()) {
		pm := v.Mapping()
		p := Period{Census: pm.String("census", document.OneOf(Terms()...)), Term: pm.String("term")}
		if pm.Has("years_back") {
			p.YearsBack = pm.Int("years_back", document.Between(0, 1))
		}
		if pm.Has("months") {
			months := pm.Mapping("months")
			p.FromMonth, p.ToMonth = months.Int("from", document.Between(1, 12)), months.Int("to", document.Between(1, 12))
			months.Done()
		}
		pm.Done()
		out = append(out, p)
	}
	return out
}

// termsOf holds the terms that returns tell of to being codes of the column that they feed.
func termsOf(m *document.Mapping, t *Table, s *Source) {
	for i := range s.Columns {
		for _, p := range s.Periods {
			if s.Columns[i].Is == IsTerm {
				codesOf(m.Value("periods"), t.Column(s.Columns[i].Column), []string{p.Term})
			}
		}
	}
}

func (b *builder) details(m *document.Mapping, t *Table, s *Source) []Detail {
	var out []Detail
	for _, v := range m.Sequence("details", document.Optional()) {
		dm := v.Mapping()
		d := Detail{Table: dm.String("table")}
		from := b.source(dm.Value("table"), d.Table)
		d.Key = b.columnsOf(dm, "key", from, Key)
		if !from.Delimited && from.Name != "" {
			dm.Value("table").Problem("tables of a document are read side by side, and pupils must be known before rows about them", "name a table of a format that has a file for each table")
		}
		if len(d.Key) != len(s.Pupils.Key) {
			dm.Value("key").Problem("a pupil is named by as many columns as the pupil's own row has", "name one for each")
		}
		d.Columns = b.feeds(dm, from, t, summing)
		for i := range d.Columns {
			if f := &d.Columns[i]; f.Is != "" || slices.Contains(t.OneRowPer, f.Column) {
				dm.Problem("rows about a pupil cannot say which row they belong to", "feed the column from the pupil's own row")
			}
		}
		dm.Done()
		out = append(out, d)
	}
	return out
}
