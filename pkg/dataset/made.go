package dataset

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// Made says that a core table is made of the rows of another one.
type Made struct {
	Table *Table // that one: a row for each child and day
	How   string // MadePeriods, MadePlacements, MadeReReferrals
}

// How a core table can be made of another one.
const (
	MadePeriods     = "periods"      // episodes of care, stitched together to periods of being looked after
	MadePlacements  = "placements"   // episodes of care, those in one placement together
	MadeReReferrals = "re_referrals" // referrals after an earlier case of the same child was closed
)

// Shown lists the columns of the table that this one is made of whose cells a column shows one by one, by themselves or
// by the days between them; nil for one that shows what several cells, or none of them singly, come to.
func (t *Table) Shown(c *Column) []string {
	switch {
	case t.Made == nil || c.Type == Boolean:
		return nil
	case c.Type == Integer && !slices.ContainsFunc(c.Of, func(name string) bool {
		of := t.Made.Table.Column(name)
		return of != nil && (of.Type == Date || of.Type == Integer)
	}):
		return nil
	default:
		return c.Of
	}
}

// part is a column that a way of making tables needs, or makes.
type part struct {
	name string
	kind Type
	of   []string // of one that is made: the columns that it is told from
	has  []string // of one that is needed: codes that have a meaning here
}

// parts are the columns that a way of making tables needs beside the child's, and those that it makes.
func parts(how string) (needed, made []part) {
	need := func(name string, kind Type, codes ...string) {
		needed = append(needed, part{name: name, kind: kind, has: codes})
	}
	makes := func(name string, kind Type, of ...string) { made = append(made, part{name: name, kind: kind, of: of}) }
	makes(CollectionYear, Integer, CollectionYear)
	need(CollectionYear, Integer)
	if how == MadeReReferrals {
		need("referral_date", Date)
		need("closure_date", Date)
		need("no_further_action", Boolean)
		makes("referral_date", Date, "referral_date")
		makes("previous_referral_date", Date, "referral_date")
		makes("previous_closure_date", Date, "closure_date")
		makes("days_since_closure", Integer, "closure_date", "referral_date")
		makes("within_12_months_of_referral", Boolean, "referral_date")
		return needed, made
	}
	need("start_date", Date)
	need("end_date", Date)
	need("start_reason", Code, "S", "L")
	need("end_reason", Code, "X1", "E4A", "E4B")
	need("legal_status", Code, "V3", "V4")
	need("placement_type", Code, "U1", "U2", "U3", "P1")
	need("placement_provider", Code)
	need("placement_change_reason", Code)
	makes("start_date", Date, "start_date")
	makes("end_date", Date, "end_date")
	makes("ended", Boolean, "end_reason")
	makes("kinship", Boolean, "placement_type")
	if how == MadePlacements {
		makes("placement_type", Code, "placement_type")
		makes("provider", Code, "placement_provider")
		makes("placed_with_parents", Boolean, "placement_type")
		makes("change_reason", Code, "placement_change_reason")
		makes("ended_in_reunification", Boolean, "end_reason")
		makes("period_start_date", Date, "start_date")
		return needed, made
	}
	makes("end_reason", Code, "end_reason")
	makes("reunified", Boolean, "end_reason")
	makes("legal_status", Code, "legal_status")
	makes("episodes", Integer, "start_reason")
	makes("placements", Integer, "placement_type")
	makes("starts_before_data", Boolean, "start_reason")
	return needed, made
}

// making is a core table that is made of another one, with where its definition says so. What it may show is looked at
// when the classes of all tables are settled.
type making struct {
	table   *Table
	at      *document.Value   // where the other table is named
	columns []*document.Value // of each column, in order: where it says what it is of
	file    string
	own     bool
}

// madeOf reads what a core table is made of, where it is made of another one; its columns are read after it.
func (b *builder) madeOf(m *document.Mapping, t *Table) {
	if !t.Core() || !m.Has("made_of") {
		return
	}
	mm := m.Mapping("made_of")
	id, at := mm.String("table"), mm.Value("table")
	t.Made = &Made{Table: &Table{}, How: mm.String("how", document.OneOf(MadePeriods, MadePlacements, MadeReReferrals))}
	mm.Done()
	b.makings = append(b.makings, &making{table: t, at: at, file: b.file, own: b.own})
	switch base := b.find(id); {
	case id == "" || mm.Broken():
	case base == nil || !base.Core():
		at.Problem("there is no such core table", "name a core table that is defined before this one")
	case base.Made != nil || base.PerPupil() || base.Streams || len(base.OneRowPer) != 2:
		at.Problem("no table can be made of this one", "name a core table that has a row for each child and day, and that is made of source tables itself")
	default:
		t.Made.Table, t.YearBegins = base, base.YearBegins
	}
}

// of reads which columns of the other table a column is told from.
func (b *builder) of(m *document.Mapping, t *Table, c *Column) {
	if t.Made == nil {
		return
	}
	c.Of = m.Strings("of", document.NotEmpty())
	last := b.makings[len(b.makings)-1]
	last.columns = append(last.columns, m.Value("of"))
}

// makeNow holds tables that are made of others to what can be made of these, and to their classes.
func (b *builder) makeNow() {
	b.late = false
	for _, k := range b.makings {
		b.file, b.own = k.file, k.own
		base := k.table.Made.Table
		if base.Name == "" || k.table.Made.How == "" {
			continue
		}
		needed, made := parts(k.table.Made.How)
		for _, p := range needed {
			c := base.Column(p.name)
			if c == nil || c.Type != p.kind || slices.ContainsFunc(p.has, func(code string) bool { at, _ := c.Code(code, 0); return at < 0 }) {
				k.at.Problem("the table lacks what this is made of: the column "+p.name+", of type "+string(p.kind)+", with its codes",
					"name a table that has it, such as looked_after_episodes or referrals")
			}
		}
		first := k.firstDay()
		if len(k.table.OneRowPer) != 2 || k.table.OneRowPer[1] != first || k.table.EventDate != first || k.table.ChildID != base.ChildID {
			k.at.Problem("the rows of such a table are told apart, and dated, by the child and "+first,
				"write child_id: "+base.ChildID+", event_date: "+first+" and one_row_per: ["+base.ChildID+", "+first+"]")
		}
		for i, c := range k.table.Columns {
			b.makes(k, i, c, made)
		}
	}
}

// firstDay is the column that dates the rows of the table.
func (k *making) firstDay() string {
	if k.table.Made.How == MadeReReferrals {
		return "referral_date"
	}
	return "start_date"
}

// makes holds one column to what is made, and to what it is told from.
func (b *builder) makes(k *making, i int, c *Column, made []part) {
	base, at := k.table.Made.Table, k.columns[i]
	p := part{name: c.Name, kind: Identifier, of: []string{base.ChildID}}
	if c.Name != base.ChildID {
		n := slices.IndexFunc(made, func(p part) bool { return p.name == c.Name })
		if n < 0 {
			names := make([]string, len(made))
			for i := range made {
				names[i] = made[i].name
			}
			at.Problem("no column of this name is made so", "take it out, or choose one of: "+strings.Join(names, ", "))
			return
		}
		p = made[n]
	}
	if c.Type != p.kind {
		at.Problem("the column is made as "+string(p.kind)+", not as this type", "give it the type "+string(p.kind))
		return
	}
	for _, name := range p.of {
		if !slices.Contains(c.Of, name) {
			at.Problem("the column is told from "+name+", which is not said", "list it under of")
			return
		}
	}
	for _, name := range c.Of {
		from := base.Column(name)
		switch {
		case from == nil:
			at.Problem("the table that this one is made of has no such column", "name columns of that table")
		case c.Type == Code && !sameCodes(c, from), c.Identifier != "" && c.Identifier != from.Identifier:
			at.Problem("the column has not the codes, or the identifier, of the one that it is told from", "give it the same")
		case c.Type == from.Type && (c.Type == Date || c.Type == Code || c.Type == Identifier):
			b.guards(at, from, c)
		default:
			b.guardsCells(at, from, c)
		}
	}
}

func sameCodes(a, b *Column) bool {
	return slices.EqualFunc(a.Codes, b.Codes, func(x, y CodeValue) bool { return x.Value == y.Value })
}
