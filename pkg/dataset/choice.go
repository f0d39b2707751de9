package dataset

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
)

// ChoicePremiums is the choice of an agreement which pupil premiums count.
const ChoicePremiums = "premiums"

// anyOf reads a feed that is true when any of some booleans is:
//
//	eligible: {any_of: [DeprivationPupilPremium, ServiceChildPremium]}
//	eligible: {any_of: {deprivation: DeprivationPupilPremium, service: ServiceChildPremium}, choice: premiums}
//
// In the second form an agreement says which of them count, by these names; the others are not read.
func (b *builder) anyOf(m *document.Mapping, f *Feed, table *Table, to *Column) {
	ofType(m, to, Boolean)
	v := m.Value("any_of")
	if v.IsMapping() {
		f.Choice = m.String("choice", document.OneOf(ChoicePremiums))
		for _, e := range v.Mapping().Entries() {
			e.Known()
			if !lowerName.MatchString(e.Key) {
				e.Problem("is not a name in lower case", "choose a name that an agreement can state")
			}
			name := e.Value.String()
			b.columnOf(e.Value, table, name, Boolean)
			f.AnyOf, f.Names = append(f.AnyOf, name), append(f.Names, e.Key)
		}
	} else {
		f.AnyOf = b.columnsOf(m, "any_of", table, Boolean)
	}
	b.sameClass(v, table, to, f.AnyOf...)
	if len(slices.Compact(slices.Sorted(slices.Values(f.AnyOf)))) < max(2, len(f.AnyOf)) {
		v.Problem("any of one column is that column", "list more columns, each once")
	}
}

// Counted are the columns of AnyOf that count: all of them, or those whose names were chosen.
func (f *Feed) Counted(chosen []string) []string {
	if f.Choice == "" {
		return f.AnyOf
	}
	var out []string
	for i, name := range f.Names {
		if slices.Contains(chosen, name) {
			out = append(out, f.AnyOf[i])
		}
	}
	return out
}

// ReadsOf lists the source columns that a feed needs where some of its columns were chosen.
func (f *Feed) ReadsOf(chosen []string) []string {
	if f.Choice == "" {
		return f.Reads()
	}
	return f.Counted(chosen)
}

// Choice is the feed of a column that leaves something to an agreement; nil for a column of which nothing is left open.
func (t *Table) Choice(column string) *Feed {
	for i := range t.Sources {
		if f := t.Sources[i].Feed(column); f != nil && f.Choice != "" {
			return f
		}
	}
	return nil
}

// Premiums lists the names of the premiums that some feed of the table leaves to the agreement, in the order of the
// definition; nil where there is none.
func (t *Table) Premiums() []string {
	for _, c := range t.Columns {
		if f := t.Choice(c.Name); f != nil && f.Choice == ChoicePremiums {
			return f.Names
		}
	}
	return nil
}
