package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// warnOfGaps reports each table that is needed and lacking in collection years that have other extracts, once, with all
// of the years. A return made every term is held to the terms that it was made in. What nobody would miss is not told: a
// table with rows about pupils whose own rows have the totals, and years of which nothing is in the data period.
func warnOfGaps(s *Survey, catalogue *dataset.Catalogue, ids []string, report *finding.Report) {
	uses := usesOf(s, catalogue)
	for _, id := range ids {
		of := s.Inventory.Of(id)
		table := catalogue.Table(id)
		lacking := &gaps{byTerm: make(map[string][]int), termly: table.Termly, academic: table.YearBegins == time.September}
		for _, src := range s.Inventory.Sources {
			// A snapshot is made on no fixed day: that a year has one asks for no other return, nor the other way round.
			other := src.Table.Format != table.Format
			if other && (table.Termly || table.Snapshot || src.Table.Snapshot || len(of) == 0) {
				continue
			}
			there := slices.ContainsFunc(of, func(o *extract.Source) bool {
				return o.Year == src.Year && (!table.Termly || o.Term == src.Term)
			})
			if there || !table.In(src.Year) || !table.InTerm(src.Term) || src.Form == extract.Document && src.Table.Format == table.Format && table.Row != "" {
				continue
			}
			if !s.missed(table, uses[id], src.Year, src.Term) {
				continue
			}
			lacking.add(src.Year, src.Term)
		}
		if len(lacking.byTerm) > 0 {
			report.Add(RuleTableMissingInYear, finding.Warning, finding.Place{Table: id},
				"there are other extracts of "+lacking.String()+", but not this table", "add the table's file, unless the return of that time had none")
		}
	}
}

// usesOf lists, for each source table, how the agreement's core tables are made of it; nil stands for a use of the table
// as it is: the agreement names it, or it says which pupils are which children.
func usesOf(s *Survey, catalogue *dataset.Catalogue) map[string][]*dataset.Source {
	uses := make(map[string][]*dataset.Source)
	linked := false
	for _, id := range named(s.Agreement) {
		t := catalogue.Table(id)
		linked = linked || t.Linked()
		for t.Made != nil {
			t = t.Made.Table
		}
		if !t.Core() {
			uses[id] = append(uses[id], nil)
		}
		for i := range t.Sources {
			for _, table := range t.Sources[i].Tables() {
				uses[table] = append(uses[table], &t.Sources[i])
			}
		}
	}
	if linked {
		for _, link := range catalogue.Links() {
			uses[link.Table] = append(uses[link.Table], nil)
		}
	}
	return uses
}

// missed reports whether a drop lacks anything when a table of a year and term is not there.
func (s *Survey) missed(table *dataset.Table, uses []*dataset.Source, year int, term string) bool {
	first, last := s.Agreement.Period.DataFrom.YearEnding(table.YearBegins), s.Agreement.Period.DataTo.YearEnding(table.YearBegins)
	if table.Termly {
		last++ // the first return of a year tells of the year before
	}
	return slices.ContainsFunc(uses, func(use *dataset.Source) bool {
		switch {
		case use == nil || use.Pupils == nil:
			return true // what an earlier return says of a child or a case counts in later ones
		case year < first || year > last:
			return false
		default:
			return !s.totalled(table.ID(), use, year, term)
		}
	})
}

// totalled reports whether the rows of pupils themselves have all that a table with rows about them would add up to.
func (s *Survey) totalled(id string, use *dataset.Source, year int, term string) bool {
	at := slices.IndexFunc(use.Details, func(d dataset.Detail) bool { return d.Table == id })
	if at < 0 {
		return false
	}
	found := false
	for _, roll := range s.Inventory.Of(use.Table) {
		if roll.Year != year || roll.Term != term {
			continue
		}
		found = true
		for _, feed := range use.Details[at].Columns {
			total := use.Feed(feed.Column)
			if total == nil {
				return false
			}
			if _, has := roll.Header.At[total.From]; !has {
				return false
			}
		}
	}
	return found
}

// gaps are the years, and terms, in which a table is lacking.
type gaps struct {
	byTerm   map[string][]int // the years of each term; of a return that knows none, under ""
	termly   bool
	academic bool // years run from September
}

func (g *gaps) add(year int, term string) {
	if !g.termly {
		term = ""
	}
	if !slices.Contains(g.byTerm[term], year) {
		g.byTerm[term] = append(g.byTerm[term], year)
	}
}

// String lists them in words: "collection years 2017 to 2021 and 2024", "the autumn term of academic year 2025/26".
func (g *gaps) String() string {
	if !g.termly {
		return g.years("", g.byTerm[""])
	}
	var parts []string
	for _, term := range dataset.Terms() {
		if years := g.byTerm[term]; len(years) > 0 {
			parts = append(parts, g.years("the "+term+" term of ", years))
		}
	}
	return listed(parts)
}

func (g *gaps) years(before string, years []int) string {
	slices.Sort(years)
	name, write := "collection year", func(year int) string { return fmt.Sprint(year) }
	if g.academic {
		name, write = "academic year", func(year int) string { return fmt.Sprintf("%d/%02d", year-1, year%100) }
	}
	if len(years) > 1 {
		name += "s"
	}
	var runs []string
	for i := 0; i < len(years); {
		end := i
		for end+1 < len(years) && years[end+1] == years[end]+1 {
			end++
		}
		switch {
		case end > i+1:
			runs = append(runs, write(years[i])+" to "+write(years[end]))
		default:
			for _, year := range years[i : end+1] {
				runs = append(runs, write(year))
			}
		}
		i = end + 1
	}
	return before + name + " " + listed(runs)
}

// listed joins words: "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
