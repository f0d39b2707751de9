package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// compare finds out which linking tables there are extracts of, which of them is the base that the others are held
// against, and over which collection years.
func (l *Links) compare(inventory *extract.Inventory) {
	var sources [][]*extract.Source
	for n, t := range l.tables {
		of := inventory.Of(t.Table)
		sources = append(sources, of)
		if l.base < 0 && t.Lists() && len(of) > 0 {
			l.base = n
		}
	}
	for n, of := range sources {
		if l.base < 0 || n == l.base || !l.tables[n].Lists() {
			continue
		}
		for _, src := range of {
			l.loose[n] = src.Table.Snapshot || sources[l.base][0].Table.Snapshot
			there := slices.ContainsFunc(sources[l.base], func(o *extract.Source) bool { return o.Year == src.Year })
			if there && !slices.Contains(l.years[n], src.Year) {
				l.years[n] = append(l.years[n], src.Year)
			}
		}
	}
}

// bits are what a row of the table at a position, of a year, says of its child: in which comparisons it is listed, and in
// which it is of the base.
func (l *Links) bits(at, year int) (listed, based uint16) {
	for n, years := range l.years {
		switch {
		case !slices.Contains(years, year):
		case n == at:
			listed |= 1 << n
		case l.base == at:
			based |= 1 << n
		}
	}
	return listed, based
}

// Base is the linking table whose children the others' are looked for in: the first that lists children and of which
// there is an extract. False when there is none.
func (l *Links) Base() (dataset.Link, bool) {
	if l.base < 0 {
		return dataset.Link{}, false
	}
	return l.tables[l.base], true
}

// Listed is how many of the children of the n-th linking table the base has too, over the collection years of which there
// are extracts of both; all of them have numbers here. Of a snapshot nobody knows whom it had to have, a whole case system
// or those of the last months: there it is how many of the children of the shorter of the two lists the longer one has.
// False when nothing can be said: of the base itself, of a table that lists no children, and where no year has both.
func (l *Links) Listed(n int) (Rate, bool) {
	var in, of, both int64
	for child := range l.people {
		listed, based := l.people[child].listed&(1<<n) != 0, l.people[child].based&(1<<n) != 0
		if listed {
			in++
		}
		if based {
			of++
		}
		if listed && based {
			both++
		}
	}
	if l.loose[n] {
		in = min(in, of)
	}
	return Rate{Children: in, Numbered: in, Found: both}, len(l.years[n]) > 0
}

// Unlisted is how many of the children of the base are not in the n-th linking table, over the same years as Listed.
func (l *Links) Unlisted(n int) int64 {
	count := int64(0)
	for child := range l.people {
		if p := &l.people[child]; p.based&(1<<n) != 0 && p.listed&(1<<n) == 0 {
			count++
		}
	}
	return count
}

// columnsOf lists the columns that a linking table is read for.
func columnsOf(t dataset.Link) []string {
	names := append([]string{t.ChildID}, t.Identifiers...)
	for _, w := range t.Where {
		names = append(names, w.Column)
	}
	return names
}

// holds tells for which rows of a batch all conditions hold.
func holds(b *extract.Batch, conditions []dataset.Where) func(row int) bool {
	type test struct {
		column *extract.Column
		holds  []bool // by distinct value
	}
	var tests []test
	for _, w := range conditions {
		t := test{column: b.Column(w.Column)}
		for _, v := range t.column.Values {
			code := ""
			if v.State == extract.Known {
				code = t.column.Def.Codes[v.Num].Value
			}
			t.holds = append(t.holds, slices.Contains(w.Codes, code))
		}
		tests = append(tests, t)
	}
	return func(row int) bool {
		return !slices.ContainsFunc(tests, func(t test) bool { return !t.holds[t.column.Index[row]] })
	}
}
