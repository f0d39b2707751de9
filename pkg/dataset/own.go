package dataset

import (
	"maps"
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
)

// formatFile is a format that says itself what it feeds, as a council's own does: its code maps, feeds and links are read
// once all core tables are known.
type formatFile struct {
	root   *document.Mapping
	format string
	file   string
	own    bool
	tables []formatTable
}

// formatTable is a table with feeds.
type formatTable struct {
	m *document.Mapping
	t *Table
}

// allLists reads the code lists of all files, so that a column of any may name a list of any other.
func (b *builder) allLists(files []file) {
	for _, f := range files {
		switch {
		case f.root.Broken():
		case f.root.Value("apiVersion").Is(apiFormat):
			b.codeLists(f.root, f.root.String("format", document.Matching(lowerName, "a name in lower case"))+"/")
		case f.root.Value("apiVersion").Is(apiCore):
			b.codeLists(f.root, "")
		}
	}
}

// codesNamed finds the code list that a column names: one of its format, or of the core tables, or, as format/list, of
// another format.
func (b *builder) codesNamed(m *document.Mapping, t *Table) []CodeValue {
	name := m.String("codes")
	if t.Format != "" {
		if codes, ok := b.lists[t.Format+"/"+name]; ok {
			return codes
		}
	}
	codes, ok := b.lists[name]
	if !ok {
		m.Value("codes").Problem("there is no such code list", "define it under code_lists, or name one of another format as format/list")
	}
	return codes
}

// feedLater notes a format that is being read, for feedNow.
func (b *builder) feedLater(root *document.Mapping, format string) {
	root.Value("code_maps", document.Optional())
	root.Value("links", document.Optional())
	b.formats = append(b.formats, formatFile{root: root, format: format, file: b.file, own: b.own})
}

// feedsLater notes a table of that format, for feedNow.
func (b *builder) feedsLater(m *document.Mapping, t *Table) {
	m.Value("feeds", document.Optional())
	if at := len(b.formats) - 1; m.Has("feeds") && at >= 0 {
		b.formats[at].tables = append(b.formats[at].tables, formatTable{m: m, t: t})
	}
}

// feedNow reads what the formats feed, in their order: behind the sources that the core tables name themselves, so that
// these have precedence (see last).
func (b *builder) feedNow() {
	b.late = true
	for _, f := range b.formats {
		b.file, b.own = f.file, f.own
		b.codeMaps(f.root, f.format+"/")
		for _, t := range f.tables {
			for _, v := range t.m.Sequence("feeds", document.NotEmpty()) {
				b.feedCore(v.Mapping(), t.t)
			}
		}
		for _, v := range f.root.Sequence("links", document.Optional()) {
			b.link(v.Mapping())
		}
		b.limits(f.root)
	}
}

// feedCore reads one feed: the core table, and what a core table says of a source.
func (b *builder) feedCore(m *document.Mapping, from *Table) {
	at := m.Value("core")
	core := b.find(at.String())
	switch {
	case core == nil || !core.Core():
		if at.Given() {
			at.Problem("there is no such core table", "name one such as children or referrals")
		}
		core = nil
	case len(core.Sources) == 0:
		at.Problem("the core table is made of another one, and of no source", "feed the table that it is made of")
		core = nil
	case core.YearBegins != from.YearBegins:
		at.Problem("the years of this format begin in another month than those of the core table's other sources",
			"set year_begins of the format: april, or september for academic years")
	}
	if core == nil {
		for _, key := range []string{"adds", "columns", "pupils", "periods", "details", "joined", "rows", "linked_by", "last"} {
			m.Value(key, document.Optional())
		}
		m.Done()
		return
	}
	b.feeding(m, at, from.ID(), from, core)
}

// CodeList is a code list with its name: "sex" of the core tables, "ssda903/ethnicity" of a format.
type CodeList struct {
	Name  string
	Codes []CodeValue // sorted by value
}

// named are all code lists, sorted by name.
func (b *builder) named() []CodeList {
	var out []CodeList
	for _, name := range slices.Sorted(maps.Keys(b.lists)) {
		out = append(out, CodeList{Name: name, Codes: b.lists[name]})
	}
	return out
}

// CodeLists lists every code list, sorted by name. The slice must not be changed.
func (c *Catalogue) CodeLists() []CodeList { return c.lists }

// CodeMaps lists every code map: those of the core tables, then those of formats, as format/name. The slice must not be
// changed.
func (c *Catalogue) CodeMaps() []*CodeMap { return c.codeMaps }
