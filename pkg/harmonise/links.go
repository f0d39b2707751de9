package harmonise

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// The rules of linking.
const (
	RuleShared    = "PUPIL_NUMBER_SHARED"
	RuleLetter    = "PUPIL_NUMBER_LETTER"
	RuleMalformed = "PUPIL_NUMBER_MALFORMED"
)

// Links says which child has which pupil number, now or formerly, by all returns that state both. Numbers are compared
// in their normal form, whatever their check letter. A number that two children have links neither: to guess would give
// one child the other's life, and would join what an adoption keeps apart.
type Links struct {
	tables  []dataset.Link
	report  *finding.Report
	numbers *extract.Dictionary // of pupils
	child   []uint32            // by number: the child that has it, or shared
	told    []told              // by number: how it is known
	people  []person            // by child
	pupils  []string            // the tables of pupils that children were looked for in
	base    int                 // the table that children are looked for in: the first that lists them and has a source; -1 for none
	years   [][]int             // by linking table: collection years for which both it and the base have a source
	loose   []bool              // by linking table: it, or the base, is a snapshot, of which nobody knows whom it had to have
	traces  map[int]*Trace      // by table of pupils
}

// told is how a pupil number is known to be a child's.
type told uint8

const (
	asFormer told = iota // as a former number only
	asOwn                // as the child's number
	secretly told = 4    // in confidence only: it links nobody, and no other child either
)

// person is what linking knows of a child.
type person struct {
	listed  uint16 // which linking tables list the child, in the years that the base has too
	based   uint16 // in which linking tables' years the base lists the child
	any     bool   // in some linking table, in any year
	numbers uint16 // how many pupil numbers the child has that are nobody else's
	found   uint64 // in which tables of pupils the child was found
}

// shared is the child of a number that more than one child has.
const shared = Nobody - 1

// NewLinks makes links from the tables that state them. Findings go to report.
func NewLinks(tables []dataset.Link, report *finding.Report) *Links {
	return &Links{tables: tables, report: report, base: -1, years: make([][]int, len(tables)), loose: make([]bool, len(tables)), numbers: extract.NewDictionary()}
}

// linker fills links.
type linker struct {
	in    Input
	links *Links
	tally Tally
}

func newLinker(in Input, links *Links) *linker { return &linker{in: in, links: links} }

func (l *linker) readings() []reading {
	var all []*extract.Source
	for _, t := range l.links.tables {
		all = append(all, l.in.Inventory.Of(t.Table)...)
	}
	l.links.compare(l.in.Inventory)
	slices.SortStableFunc(all, func(a, b *extract.Source) int { return b.Year - a.Year })
	var out []reading
	for _, src := range all {
		at := slices.IndexFunc(l.links.tables, func(t dataset.Link) bool { return t.Table == src.Table.ID() })
		table := l.links.tables[at]
		d := &extract.Demand{
			Source: src, Want: extract.NewWant(src.Table, columnsOf(table)...),
			Report: l.links.report,
			Sink: func(b *extract.Batch) error {
				// What is wrong with a row makes no number of it another child's, and neither does that it was said in confidence.
				for _, part := range append(b.Withheld(), b) {
					if err := l.add(part, table, at); err != nil {
						return err
					}
				}
				return nil
			},
		}
		out = append(out, reading{demand: d, tally: &l.tally})
	}
	return out
}

func (l *linker) finish(context.Context) error { return nil }

func (l *linker) add(b *extract.Batch, table dataset.Link, at int) error {
	id := b.Column(table.ChildID)
	children, err := l.in.Children.numbersOf(b, id)
	if err != nil {
		return err
	}
	secret, states := secretRows(b), holds(b, table.Where)
	listed, based := l.links.bits(at, b.Source.Year)
	for row := range b.Len() {
		child := children[id.Index[row]]
		if child == Nobody || secret(row) || !table.Lists() {
			continue
		}
		p := l.links.person(child)
		p.any = true
		p.listed |= listed
		p.based |= based
	}
	for i, name := range table.Identifiers {
		column := b.Column(name)
		for row := range b.Len() {
			if child := children[id.Index[row]]; child != Nobody && states(row) {
				how := asFormer
				switch {
				case secret(row):
					how = secretly
				case i == 0 && table.Lists():
					how = asOwn
				}
				l.links.link(child, column.At(row), how, b.Source.Place(b.Rows[row], name))
			}
		}
	}
	return nil
}

// secretRows tells which rows of a batch were given in confidence.
func secretRows(b *extract.Batch) func(row int) bool {
	c := b.Column(b.Source.Table.InConfidence)
	if c == nil {
		return func(int) bool { return false }
	}
	return func(row int) bool { return c.At(row).Num != 0 }
}

func (l *Links) person(child uint32) *person {
	for int(child) >= len(l.people) {
		l.people = append(l.people, person{})
	}
	return &l.people[child]
}

// link notes that a child has a number. Unknown, missing and malformed numbers are nobody's.
func (l *Links) link(child uint32, v extract.Value, how told, place finding.Place) {
	if v.Text == "" {
		return
	}
	n, isNew := l.numbers.Number([]byte(v.Text))
	if isNew {
		l.child, l.told = append(l.child, child), append(l.told, secretly)
		if v.Outcome == identifier.CheckDigit {
			l.report.Add(RuleLetter, finding.Notice, place, "the check letter of the pupil number is wrong; it links all the same", "")
		}
	}
	if l.child[n] == child && how != secretly {
		if l.told[n] == secretly {
			l.person(child).numbers++
			l.told[n] = how
		}
		l.told[n] = max(l.told[n], how)
	}
	if first := l.child[n]; first != child && first != shared {
		l.child[n] = shared
		if l.told[n] != secretly {
			l.person(first).numbers--
		}
		l.report.Add(RuleShared, finding.Warning, place,
			"the pupil number is another child's too, so it links neither of them to a school",
			"find out whose number it is, and correct the other child's record")
	}
}

// find is the child of a pupil: by the first of his or her numbers that a child has. Nobody when none has one, shared
// when one is of two children, or two are of different ones.
func (l *Links) find(numbers []extract.Value) uint32 {
	found := Nobody
	for _, v := range numbers {
		if v.Text == "" {
			continue
		}
		n, known := l.numbers.Find([]byte(v.Text))
		switch {
		case !known, l.told[n] == secretly && l.child[n] != shared:
		case l.child[n] == shared, found != Nobody && found != l.child[n]:
			return shared
		default:
			found = l.child[n]
		}
	}
	return found
}

// table is the number of a table of pupils, a new one for a new table.
func (l *Links) table(id string) int {
	at := slices.Index(l.pupils, id)
	if at < 0 {
		at = len(l.pupils)
		l.pupils = append(l.pupils, id)
	}
	return at
}

// Rate says how many of some children were found.
type Rate struct {
	Children int64 // all of them
	Numbered int64 // those who have a pupil number that could link
	Found    int64 // those who were found
}

// Pupils is how many children, of those that in holds, were found among the pupils that any of some tables is made of;
// of all tables of pupils when none is named.
func (l *Links) Pupils(in func(child uint32) bool, tables ...string) Rate {
	mask := ^uint64(0)
	if len(tables) > 0 {
		mask = 0
	}
	for _, id := range tables {
		mask |= 1 << l.table(id)
	}
	var r Rate
	for child := range l.people {
		p := &l.people[child]
		if !p.any || !in(uint32(child)) {
			continue
		}
		r.Children++
		if p.numbers > 0 {
			r.Numbered++
		}
		if p.found&mask != 0 {
			r.Found++
		}
	}
	return r
}
