// Package dataset knows the tables that extracts have and that agreements name: their columns, the types and code
// lists of these by collection year, and the class of each column.
//
// Definitions are data: YAML files, one per format ("ssda903.yaml") and one for the core tables ("core.yaml"), built in
// and, beside them, a council's own. A definition file begins with its apiVersion:
//
//	postern/dataset/v1   a format: code_lists, code_maps, tables with their columns and what they feed, links
//	postern/core/v1      core tables: code_lists, code_maps, tables with their columns and their sources
//	postern/classes/v1   a council's own: columns of the others whose class it raises
//	postern/aliases/v1   a council's own: more spellings of the categories of a format
//
// A format says how its files are to be read: year_begins (april, or september for academic years), snapshot (an extract
// holds what the system knew on a day, of all years), terms (a return is
// made every term, and a table may be of some terms only), text (quoted, or plain where a quote is a letter), or document
// (it is XML; then a table names its row and a column its path), or both. A document says which return it is in a header
// at is_at, year, reference_date and authority, or, where none of these is given, is told by its root element alone. A
// table with row_if has a row only where one of the elements so named says something other than 0 or false. A column may
// have a header, which is its name in files where that is no name of a definition. A column of type key names a record within its extract: it joins tables inside
// the gateway, never leaves, and has no other class than record-identifier.
//
// What people type is told from what they mean by data too. A column has other names that a header may have (headers) and
// a pattern of them (like), and a code column spellings of its codes (aliases), which a council may add to. Headers and
// spellings are compared folded (Fold, FoldSpelling), and whole: "Male" is no part of "Female". A header that two columns
// fit equally well is of neither, and a spelling is of one code.
//
// A table's in_confidence names the boolean column that marks rows as given in confidence; every table of delimited text
// has an optional column of that name for it, unless it names another.
//
// A core table refers to a code list of a format as "ssda903/ethnicity", and says which columns of which source tables
// feed it. A core column guards what feeds it as its source does: it has a class that is at least the source's, and
// permits no treatment that the source does not. A source may tell a core table of some rows only (rows), and may be one
// of last resort (last): then it counts after all others, whatever the years.
//
// A core table can be made of another one in place of sources: made_of names that table and how (periods, placements,
// re_referrals), and each column says under of which columns of that table it is told from. It guards these as it would
// guard a source's.
//
// A format may say itself what it feeds, as a council's own file does: feeds of its tables (core names the core table; the
// rest is as of a source there), links, and code_maps, which go before those of the core tables. What formats feed comes
// behind the sources that the core tables name, in the order of the files' names; what a council's own feed counts after
// these whatever the years, unless its last is by_year. docs/schemas.md has every key with an example.
//
// What a council's own definitions can do to a class is raise it (Class.AtLeast says what is higher). A core table that
// is built in inherits what a council raises in its source. Whatever would take a class down is refused, with the code
// CLASS_LOWERED: a file that raises to a class that asks for less, a table of a built-in name, one that files of a
// built-in table would be taken for, or a core table that is fed from a column of a higher class.
//
// What an agreement was approved against is part of what was approved: Catalogue.Digest is the SHA-256 of the exact
// bytes of all definitions.
package dataset

import (
	"cmp"
	"crypto/sha256"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/document"
)

// Catalogue is all definitions together. It does not change once loaded and is safe for concurrent use.
type Catalogue struct {
	tables   []*Table // sorted by id
	codeMaps []*CodeMap
	links    []Link
	lists    []CodeList     // sorted by name
	versions map[string]int // of each format's definition
	digest   [sha256.Size]byte
}

// Table finds a table by its id ("ssda903/episodes", "children"); nil when there is none.
func (c *Catalogue) Table(id string) *Table {
	i := sort.Search(len(c.tables), func(i int) bool { return c.tables[i].ID() >= id })
	if i == len(c.tables) || c.tables[i].ID() != id {
		return nil
	}
	return c.tables[i]
}

// Tables returns every table, sorted by id. The slice must not be changed.
func (c *Catalogue) Tables() []*Table { return c.tables }

// CodeMap finds a code map by its name; nil when there is none.
func (c *Catalogue) CodeMap(name string) *CodeMap {
	for _, m := range c.codeMaps {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Links lists the source tables that say which identifiers link pupils to children. The slice must not be changed.
func (c *Catalogue) Links() []Link { return c.links }

// Version is the version of a format's definition, 0 for a format that there is not.
func (c *Catalogue) Version(format string) int { return c.versions[format] }

// Digest identifies the definitions: SHA-256 over name, length and bytes of each file, sorted by name.
func (c *Catalogue) Digest() [sha256.Size]byte { return c.digest }

// Load reads every *.yaml file at the top of the file systems given, the built-in definitions first. All mistakes of
// all files are returned at once, as document.Problems. A name defined twice is a mistake: a council's definitions add
// to the built-in ones and never replace them. Where one of them takes a class down, the error is a *finding.Refusal
// (CLASS_LOWERED) too.
func Load(files ...fs.FS) (*Catalogue, error) {
	read, digest, err := gather(files)
	if err != nil {
		return nil, err
	}
	return build(read, digest)
}

// Again is the catalogue of the same files as they are now: this one, unless a byte of them has changed since it was loaded.
// That costs one reading, where loading costs a hundred times as much.
func (c *Catalogue) Again(files ...fs.FS) (*Catalogue, error) {
	read, digest, err := gather(files)
	if err != nil {
		return nil, err
	}
	if digest == c.digest {
		return c, nil
	}
	return build(read, digest)
}

// build makes a catalogue of files.
func build(parsed []file, digest [sha256.Size]byte) (*Catalogue, error) {
	b := &builder{lists: make(map[string][]CodeValue), versions: make(map[string]int)}
	parse(parsed)
	b.read(parsed)
	var problems document.Problems
	for _, f := range parsed {
		problems = append(problems, f.log.Problems()...)
	}
	switch {
	case len(b.lowered) > 0:
		return nil, asLowered(parsed, problems, b.lowered)
	case len(problems) > 0:
		return nil, problems
	}
	c := &Catalogue{tables: b.tables, codeMaps: b.maps, links: b.links, versions: b.versions, lists: b.named(), digest: digest}
	slices.SortFunc(c.tables, func(x, y *Table) int { return cmp.Compare(x.ID(), y.ID()) })
	for _, t := range c.tables {
		t.index()
	}
	return c, nil
}

// How many linking tables, and tables made of pupils, all definitions together may have: for each child a bit is kept.
const (
	MaxLinks       = 16
	MaxPupilTables = 64
)

// builder gathers definitions file by file: formats first, core tables after them, since those refer to these.
type builder struct {
	tables   []*Table
	maps     []*CodeMap
	links    []Link
	lists    map[string][]CodeValue // "ssda903/ethnicity", or "sex" for a core list
	versions map[string]int
	file     string // being read
	own      bool   // it is the council's
	lowered  document.Problems
	raised   []*raising
	// spellings are those of code lists, by format and list.
	spellings map[[2]string]*Spellings
	formats   []formatFile // as read, for what they feed
	late      bool         // what formats feed is being read
	makings   []*making    // core tables that are made of others
}

const (
	apiFormat  = "postern/dataset/v1"
	apiCore    = "postern/core/v1"
	apiClasses = "postern/classes/v1"
	apiAliases = "postern/aliases/v1"
)

func (b *builder) read(files []file) {
	var cores, aliases []file
	b.allLists(files)
	for _, f := range files {
		b.file, b.own = f.name, f.own
		switch f.root.String("apiVersion", document.OneOf(apiFormat, apiCore, apiClasses, apiAliases)) {
		case apiFormat:
			b.format(f.root)
		case apiCore:
			cores = append(cores, f)
		case apiAliases:
			aliases = append(aliases, f)
		case apiClasses:
			b.raises(f)
		}
	}
	for _, f := range aliases {
		b.addsAliases(f)
	}
	b.raiseNow(false)
	for _, f := range cores {
		b.file, b.own = f.name, f.own
		b.core(f.root)
	}
	b.raiseNow(true)
	b.feedNow()
	b.makeNow()
}

func (b *builder) format(root *document.Mapping) {
	format := root.String("format", document.Matching(lowerName, "a name in lower case"))
	if _, twice := b.versions[format]; twice {
		root.Problem("this format is defined by another file too", "choose another name for the council's own format")
	}
	b.versions[format] = root.Int("version", document.Between(1, 1e6))
	root.Text("title")
	span := root.Mapping("collection_years")
	from, to := span.Int("from", document.Between(2000, 2100)), span.Int("to", document.Between(2000, 2100))
	years(span, from, to)
	span.Done()
	dates := root.Strings("date_formats", document.NotEmpty(), document.OneOf(DateForms()...))
	about := b.about(root)
	b.feedLater(root, format)
	b.aliases(root, format)
	for _, v := range root.Sequence("tables", document.NotEmpty()) {
		t := b.table(v.Mapping(), format, about)
		t.DateFormats = dates
		t.From, t.To = max(t.From, from), min(orElse(t.To, to), to)
		t.Columns = append(t.Columns, &Column{
			Name: CollectionYear, Type: Integer, Class: Ordinary, Min: int32(from), Max: int32(to),
			Meaning: "Collection year of the return that the row is from", Optional: true,
			Treatments: defaultTreatments(Integer, Ordinary),
		})
		if t.Termly {
			t.Columns = append(t.Columns, &Column{
				Name: CensusTerm, Type: Code, Class: Ordinary, Codes: termCodes(),
				Meaning: "Term of the return that the row is from", Optional: true,
				Treatments: defaultTreatments(Code, Ordinary),
			})
		}
		b.tables = append(b.tables, t)
	}
	root.Done()
}

// about reads what all tables of a format have in common, into a table that each begins as.
func (b *builder) about(root *document.Mapping) Table {
	t := Table{YearBegins: time.April}
	if root.String("year_begins", document.Optional(), document.OneOf("april", "september")) == "september" {
		t.YearBegins = time.September
	}
	t.Termly = root.Has("terms") && root.Bool("terms")
	t.Snapshot = root.Has("snapshot") && root.Bool("snapshot")
	text := root.String("text", document.Optional(), document.OneOf("quoted", "plain", "none"))
	t.Plain = text == "plain"
	t.Delimited = text != "none" && (text != "" || !root.Has("document"))
	if !root.Has("document") {
		root.Value("document", document.Optional())
		return t
	}
	t.Document = b.documentOf(root.Mapping("document"))
	return t
}

// termCodes are the terms as codes, sorted by value.
func termCodes() []CodeValue {
	codes := []CodeValue{{Value: Autumn, Meaning: "Autumn term"}, {Value: Spring, Meaning: "Spring term"}, {Value: Summer, Meaning: "Summer term"}}
	slices.SortFunc(codes, func(x, y CodeValue) int { return strings.Compare(x.Value, y.Value) })
	return codes
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (b *builder) core(root *document.Mapping) {
	root.Int("version", document.Between(1, 1e6))
	root.Text("title")
	b.codeMaps(root, "")
	for _, v := range root.Sequence("tables", document.NotEmpty()) {
		m := v.Mapping()
		t := b.table(m, "", Table{})
		b.tables = append(b.tables, t)
	}
	for _, v := range root.Sequence("links", document.Optional()) {
		b.link(v.Mapping())
	}
	b.limits(root)
	root.Done()
}

// childNumber is the domain of the number by which linking tables tell children apart: they are held to each other by it.
const childNumber = "child/la-child-id"

// link reads one table that says which identifiers link pupils to children.
func (b *builder) link(m *document.Mapping) {
	l := Link{Table: m.String("table"), ChildID: m.String("child_id")}
	from := b.source(m.Value("table"), l.Table)
	if c := b.columnOf(m.Value("child_id"), from, l.ChildID, Identifier); c != nil && c.Identifier != childNumber {
		m.Value("child_id").Problem("the column is not the authority's own number for the child", "name a column whose identifier is "+childNumber)
	}
	if m.Has("identifiers") {
		l.Identifiers = b.columnsOf(m, "identifiers", from, Identifier)
		for _, name := range l.Identifiers {
			if c := from.Column(name); c != nil && c.Identifier == childNumber {
				m.Value("identifiers").Problem("the authority's own number for the child says nothing of pupils", "name columns of the identifier that links, such as child/upn")
			}
		}
	}
	if m.Has("where") {
		l.Where = b.where(m.Mapping("where"), from, nil)
		if len(l.Identifiers) == 0 {
			m.Value("where").Problem("it says which rows have identifiers, and the table has none", "name the columns under identifiers, or take where out")
		}
	}
	m.Done()
	b.links = append(b.links, l)
}

// limits holds all definitions read so far to how much of them can be told apart.
func (b *builder) limits(root *document.Mapping) {
	ofPupils := 0
	for _, t := range b.tables {
		if t.Linked() {
			ofPupils++
		}
	}
	if len(b.links) > MaxLinks || ofPupils > MaxPupilTables {
		root.Problem("there are more links, or tables of pupils, than can be told apart", "remove some: see the limits of the format")
	}
}

// find looks for a table among those read so far.
func (b *builder) find(id string) *Table {
	for _, t := range b.tables {
		if t.ID() == id {
			return t
		}
	}
	return nil
}

func (b *builder) codeLists(root *document.Mapping, prefix string) {
	for _, e := range root.Mapping("code_lists").Entries() {
		e.Known()
		var codes []CodeValue
		for _, v := range e.Value.Sequence(document.NotEmpty()) {
			m := v.Mapping()
			codes = append(codes, CodeValue{
				Value:   m.String("code", document.MaxLength(40)),
				Meaning: m.Text("meaning"),
				From:    m.Int("from", document.Optional(), document.Between(2000, 2100)),
				To:      m.Int("to", document.Optional(), document.Between(2000, 2100)),
			})
			years(m, codes[len(codes)-1].From, codes[len(codes)-1].To)
			m.Done()
		}
		slices.SortFunc(codes, func(x, y CodeValue) int { return strings.Compare(x.Value, y.Value) })
		for i := 1; i < len(codes); i++ {
			if codes[i].Value == codes[i-1].Value {
				e.Problem("a code is listed twice", "list each code once, with the collection years that have it")
				break
			}
		}
		if _, twice := b.lists[prefix+e.Key]; twice {
			e.Problem("a code list of this name is defined by another file too", "choose another name for the council's own list")
			continue
		}
		b.lists[prefix+e.Key] = codes
	}
}

// codeMaps reads the code maps of a file: those of a format have its name and a slash before their own.
func (b *builder) codeMaps(root *document.Mapping, prefix string) {
	for _, v := range root.Sequence("code_maps", document.Optional()) {
		m := v.Mapping()
		cm := &CodeMap{Name: m.String("name", document.Matching(lowerName, "a name in lower case")), Meaning: m.Text("meaning")}
		if cm.Name != "" {
			cm.Name = prefix + cm.Name
		}
		to := m.String("to")
		target, ok := b.lists[prefix+to]
		if !ok {
			target, ok = b.lists[to]
		}
		if !ok && !m.Broken() {
			m.Value("to").Problem("there is no such code list", "name a list of this file, or one of a format as format/list")
		}
		if cm.Name != "" && b.codeMap(cm.Name) != nil {
			m.Value("name").Problem("a code map of this name is defined twice", "choose another name")
		}
		cm.Codes = target
		out := Column{Codes: target}
		for _, pv := range m.Sequence("pairs", document.NotEmpty()) {
			p := pv.Mapping()
			pair := CodePair{From: p.String("from"), To: p.String("to")}
			if at, _ := out.Code(pair.To, 0); at < 0 && ok {
				p.Problem("the map gives a code that the list it goes to does not have", "correct the pair or the list")
			}
			if _, twice := cm.To(pair.From); twice {
				p.Problem("a code is mapped twice", "map each code once")
			}
			cm.Pairs = append(cm.Pairs, pair)
			p.Done()
		}
		undecided(m, cm)
		slices.SortFunc(cm.Pairs, func(x, y CodePair) int { return strings.Compare(x.From, y.From) })
		m.Done()
		b.maps = append(b.maps, cm)
	}
}
