package minimise

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// Keys makes the pseudonymisers of one agreement and epoch.
type Keys interface {
	Pseudonymiser(kind identifier.Kind) (*pseudonym.Pseudonymiser, error)
}

// Plan is an agreement compiled: for each table that leaves, what is read, what is done to it and what comes out. It is
// compiled before the first byte of an extract is read.
type Plan struct {
	Tables   []*Table // in the agreement's order
	Lookups  []*Lookup
	children *harmonise.Children
	people   *population
	events   map[string]*eventDates
	books    map[bookOf]*book
}

// Table is one table of the plan.
type Table struct {
	ID       string // "children", "ssda903/missing"
	Source   *dataset.Table
	Columns  []Column // what comes out, in the agreement's order
	Children int      // the pseudonym column of the child, by which rows are ordered; -1 when it does not leave
	Quasi    []int    // the quasi-identifiers among the columns
	named    int      // how many columns are the child's pseudonym
	plan     *Plan
	layout   *layout
	needs    []string
	works    []work
	period   agreement.Period
	unusable string // agreement.OnUnusable…
}

// work is what makes one column.
type work struct {
	treat  treatment                // nil for a pseudonym or days since an event
	writer *pseudonym.Pseudonymiser // of a pseudonym
	book   *book                    // of a pseudonym
	since  *eventDates              // of days since an event
	fixed  bool                     // of a constant
}

// Compile turns an agreement into a plan. The agreement has been parsed against the same definitions, so that every
// name in it is known. reference is the first day of the month at which ages are counted.
func Compile(catalogue *dataset.Catalogue, a *agreement.Agreement, keys Keys, reference civil.Date) (*Plan, error) {
	p := &Plan{children: harmonise.NewChildren(), events: make(map[string]*eventDates), books: make(map[bookOf]*book)}
	p.lookups(catalogue, a)
	for i := range a.Tables {
		t, err := p.table(catalogue, a, &a.Tables[i], keys, reference)
		if err != nil {
			return nil, err
		}
		p.Tables = append(p.Tables, t)
	}
	return p, nil
}

// InCohort reports whether a child, by the number in Children, is one that the agreement is about. It is known once the
// look-ups are done.
func (p *Plan) InCohort(child uint32) bool { return p.people.has(child) }

// Linked reports whether some table of the plan, or one looked up, is made of pupils whom their numbers link to children.
func (p *Plan) Linked() bool {
	return slices.ContainsFunc(p.Tables, func(t *Table) bool { return t.Source.Linked() }) || p.LooksUpPupils()
}

// LooksUpPupils reports whether pupils must be linked to children before the look-ups.
func (p *Plan) LooksUpPupils() bool {
	return slices.ContainsFunc(p.Lookups, func(l *Lookup) bool { return l.Source.Linked() })
}

// Children is the numbering of the run's children, which the harmoniser fills.
func (p *Plan) Children() *harmonise.Children { return p.children }

func (p *Plan) table(catalogue *dataset.Catalogue, a *agreement.Agreement, from *agreement.Table, keys Keys, reference civil.Date) (*Table, error) {
	source := catalogue.Table(from.ID)
	if source == nil {
		return nil, fmt.Errorf("compile agreement: there is no table %s in the definitions", from.ID)
	}
	t := &Table{ID: from.ID, Source: source, Children: -1, plan: p, period: a.Period, unusable: a.Pseudonyms.OnUnusable}
	t.needs = append(t.needs, source.ChildID, source.EventDate)
	event := -1
	for i := range from.Columns {
		c := &compiler{catalogue: catalogue, agreement: a, source: source, keys: keys, reference: reference, events: p.events}
		out, w, err := c.column(&from.Columns[i])
		if err != nil {
			return nil, err
		}
		if out.Kind == Pseudonym {
			w.book = p.book(bookOf{out.Domain.Kind, out.From == source.ChildID})
		}
		t.Columns = append(t.Columns, out)
		t.works = append(t.works, w)
		t.needs = append(t.needs, out.From)
		if out.Kind == Pseudonym && out.From == source.ChildID {
			if t.named++; t.Children < 0 {
				t.Children = i
			}
		}
		if out.Kind == Date && out.From == source.EventDate && event < 0 {
			event = i
		}
		added := slices.Contains(a.Release.QuasiIdentifiers, from.ID+"."+out.Name)
		if out.Kind != Pseudonym && (out.Class == dataset.QuasiIdentifier || added) {
			t.Quasi = append(t.Quasi, i)
		}
	}
	t.needs = slices.DeleteFunc(t.needs, func(name string) bool { return name == "" })
	first := slices.DeleteFunc([]int{t.Children, event}, func(i int) bool { return i < 0 })
	t.layout = newLayout(t.Columns, t.works, first...)
	return t, nil
}

// book finds or makes a book.
func (p *Plan) book(of bookOf) *book {
	if p.books[of] == nil {
		p.books[of] = newBook(of)
	}
	return p.books[of]
}

// Needs lists the columns of the core or source table that must be read; no other becomes a value in memory.
func (t *Table) Needs() []string { return t.needs }

// PerChild reports whether the table has one row per child.
func (t *Table) PerChild() bool {
	return t.Source.Core() && len(t.Source.OneRowPer) == 1 && t.Source.OneRowPer[0] == t.Source.ChildID
}

// FileBase is the name of the table's files without ".parquet": "children", "ssda903_missing".
func (t *Table) FileBase() string { return strings.ReplaceAll(t.ID, "/", "_") }

// compiler compiles the columns of one table.
type compiler struct {
	catalogue *dataset.Catalogue
	agreement *agreement.Agreement
	source    *dataset.Table
	keys      Keys
	reference civil.Date
	events    map[string]*eventDates
}

func (c *compiler) column(from *agreement.Column) (Column, work, error) {
	out := Column{Name: from.Name, From: from.From}
	if from.Treatment.Kind == dataset.Constant {
		out.Kind, out.Class = Code, dataset.Ordinary
		out.Codes = []dataset.CodeValue{{Value: from.Treatment.Value, Meaning: "The same in every row"}}
		out.Meaning, out.Treatment = "A constant", "constant"
		c.bound(&out, nil, from.Treatment)
		return out, work{fixed: true}, nil
	}
	def := c.source.Column(from.From)
	if def == nil || !def.Permits(from.Treatment.Kind) {
		return out, work{}, fmt.Errorf("compile agreement: %s of %s may not leave so", from.Name, c.source.ID())
	}
	out.Class, out.Meaning, out.Sources = def.Class, def.Meaning, lineage(c.source, from.From, c.agreement.Choices.Premiums)
	if f := c.source.Choice(from.From); f != nil {
		out.Meaning += ": " + strings.Join(slices.DeleteFunc(slices.Clone(f.Names), func(name string) bool { return !slices.Contains(c.agreement.Choices.Premiums, name) }), ", ")
	}
	w, err := c.treat(&out, def, from.Treatment)
	c.bound(&out, def, from.Treatment)
	return out, w, err
}

// How far numbers go that nothing else holds to a range.
const (
	mostMonths = 1<<16 - 2 // of an age
	mostDays   = 1 << 22   // between two dates, one way or the other
	mostMade   = 1 << 22   // that a number which was summed or counted may be away from the range of its column
)

// bound says from which number to which the cells of a column may be.
func (c *compiler) bound(out *Column, def *dataset.Column, t agreement.Treatment) {
	var from, to int64
	switch {
	case out.Kind == Pseudonym:
		to = math.MaxUint32 - 2
	case out.Kind == Code:
		to = int64(len(out.Codes)) - 1
	case out.Kind == Boolean:
		to = 1
	case out.Kind == Date:
		period := c.agreement.Period
		from, to = int64(firstOf(Granularity(t.To), period.DataFrom)), int64(period.DataTo)
	case t.Kind == dataset.DaysSince:
		from, to = -mostDays, mostDays
	case t.Kind != dataset.Keep:
		to = mostMonths
	case c.source.Core(): // it may have been summed or counted, and nothing holds the sum to the range of the column
		from, to = int64(def.Min)-mostMade, int64(def.Max)+mostMade
	default:
		from, to = int64(def.Min), int64(def.Max)
	}
	out.Base, out.most = int32(from), uint32(to-from+1)
}

// treat fills in what comes out of a treatment, and gives what makes it.
func (c *compiler) treat(out *Column, def *dataset.Column, t agreement.Treatment) (work, error) {
	out.Treatment = t.Kind
	switch t.Kind {
	case dataset.Pseudonym:
		writer, err := c.keys.Pseudonymiser(identifier.Kind(def.Identifier))
		if err != nil {
			return work{}, err
		}
		out.Kind, out.Prefix = Pseudonym, writer.Prefix()
		out.Domain, _ = pseudonym.DomainFor(identifier.Kind(def.Identifier)) // it has one: its pseudonymiser was made
		out.Treatment = "pseudonym"
		out.Meaning += ", replaced by a code that is the same in every table and drop of this agreement"
		return work{writer: writer}, nil
	case dataset.Keep:
		return c.keep(out, def, t), nil
	case dataset.CodeMapTo:
		return c.codeMap(out, def, t), nil
	case dataset.Flag:
		out.Kind, out.Treatment = Boolean, "true for "+strings.Join(t.Codes, ", ")
		out.Meaning += ": whether it is one of " + strings.Join(t.Codes, ", ")
		return work{treat: flag(def, t.Codes)}, nil
	case dataset.Band:
		bands := t.Ranges(def)
		out.Kind, out.Codes, out.Treatment = Code, bands.Codes(), "number in bands"
		return work{treat: bandNumber(bands)}, nil
	case dataset.DateTo:
		out.Kind, out.Treatment = Date, "date to "+t.To
		if t.To != string(Day) {
			out.Meaning += ", as the first day of its " + t.To
		}
		return work{treat: dateTo(Granularity(t.To), c.agreement.Period.DataFrom, c.agreement.Period.DataTo)}, nil
	case dataset.DaysSince:
		out.Kind, out.Treatment = Integer, "days since "+t.Event
		out.Meaning += ", in days since the child's " + t.Event
		return work{since: c.events[t.Event]}, nil
	default:
		return c.age(out, t)
	}
}

func (c *compiler) age(out *Column, t agreement.Treatment) (work, error) {
	switch t.Kind {
	case dataset.AgeMonths:
		out.Kind, out.Treatment = Integer, "age in months"
		out.Meaning = "Age in completed months on the reference date"
		return work{treat: ageMonths(c.reference)}, nil
	case dataset.AgeYears:
		out.Kind, out.Treatment = Integer, "age in years"
		out.Meaning = "Age in completed years on the reference date"
		return work{treat: ageYears(c.reference)}, nil
	case dataset.AgeBand:
		bands := t.Ranges(nil)
		out.Kind, out.Codes, out.Treatment = Code, bands.Codes(), "age in bands"
		out.Meaning = "Age in completed years on the reference date, in bands"
		return work{treat: ageBand(c.reference, bands)}, nil
	default:
		return work{}, fmt.Errorf("compile agreement: there is no treatment %s", t.Kind)
	}
}

func (c *compiler) keep(out *Column, def *dataset.Column, t agreement.Treatment) work {
	switch def.Type {
	case dataset.Code:
		out.Kind, out.Codes = Code, def.Codes
		if len(t.Codes) > 0 {
			out.Codes = slices.DeleteFunc(slices.Clone(def.Codes), func(v dataset.CodeValue) bool { return !slices.Contains(t.Codes, v.Value) })
			out.Treatment = "keep " + strings.Join(t.Codes, ", ")
		}
		return work{treat: mapCode(def, func(code string) string { return code }, out.Codes)}
	case dataset.Boolean:
		out.Kind = Boolean
	default:
		out.Kind = Integer
	}
	return work{treat: known(keepNumber)}
}

func (c *compiler) codeMap(out *Column, def *dataset.Column, t agreement.Treatment) work {
	out.Kind = Code
	if t.Map != "" {
		named := c.catalogue.CodeMap(t.Map)
		out.Codes, out.Treatment = named.Codes, "codes by map "+t.Map
		out.Meaning += ", grouped: " + lowerFirst(named.Meaning)
		return work{treat: mapCode(def, func(code string) string { to, _ := named.Decided(code, c.agreement.Choices.Ethnicity); return to }, out.Codes)}
	}
	own := &dataset.CodeMap{Pairs: t.Pairs}
	for _, pair := range t.Pairs {
		if at := slices.IndexFunc(out.Codes, func(v dataset.CodeValue) bool { return v.Value == pair.To }); at >= 0 {
			out.Codes[at].Meaning += ", " + pair.From
			continue
		}
		out.Codes = append(out.Codes, dataset.CodeValue{Value: pair.To, Meaning: "Any of " + pair.From})
	}
	slices.SortFunc(out.Codes, func(a, b dataset.CodeValue) int { return strings.Compare(a.Value, b.Value) })
	out.Treatment = "codes by the agreement's own map"
	return work{treat: mapCode(def, func(code string) string { to, _ := own.To(code); return to }, out.Codes)}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// lineage names the source columns behind a column: "ssda903/header.DOB". Of premiums, those that were chosen.
func lineage(t *dataset.Table, column string, premiums []string) []string {
	if !t.Core() {
		return []string{t.ID() + "." + column}
	}
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if t.Made != nil {
		for _, of := range t.Column(column).Of {
			for _, name := range lineage(t.Made.Table, of, premiums) {
				add(name)
			}
		}
		return out
	}
	for i := range t.Sources {
		s := &t.Sources[i]
		feed := s.Feed(column)
		switch {
		case feed != nil && !s.Adds && !feed.Present && !feed.Marks(): // it says which row is marked, and nothing else
			continue
		case feed != nil && (feed.Present || feed.Is != "" || feed.Always != ""):
			add(s.Table)
		case feed == nil && s.Pupils != nil && column == t.ChildID:
			for _, name := range s.Pupils.Identifiers {
				add(s.Table + "." + name)
			}
		}
		if column == t.ChildID {
			for _, name := range s.LinkedBy {
				add(s.Table + "." + name)
			}
			for _, w := range s.Rows { // whose rows there are turns on it
				add(s.Table + "." + w.Column)
			}
		}
		if feed != nil && feed.Choice != "" {
			for _, name := range feed.Counted(premiums) {
				add(s.Table + "." + name)
			}
			continue
		}
		reads := s.Reads(column)
		for _, table := range s.Tables() {
			for _, name := range reads[table] {
				add(table + "." + name)
			}
		}
	}
	return out
}
