// Package harmonise brings source tables of any format and collection year together into core tables.
//
// # What a core table is made of
//
// The dataset definitions say which columns of which source tables feed a core table, how codes are translated, and
// what makes a row unique. Two shapes follow from that:
//
//   - one row per child (children): the latest return that has the child decides; of one year's returns, the one that
//     the definitions name first; after all of these a council's own reports, and then what is of last resort. What it
//     leaves empty is taken from the next that fills it. A fact that two rows of one return state differently is nobody's guess: the
//     rows are quarantined (CHILD_CONFLICT) and an earlier return decides; rows that would fill a gap and differ fill
//     none. A fact that changed from one return to the next is counted (FACT_CHANGED), since it may be a correction or
//     a slip.
//
//   - one row per event (looked_after_episodes: child and start date): an open episode comes again in every annual
//     return until it ends. The latest return that has the event decides and, of one year's, the source that the
//     definitions name first; the others are held back as superseded, and fill nothing that it leaves empty. A row may be
//     filled in from another table of its return, by a number or by a day (joined): what cannot be told is null
//     (JOIN_MISSING, JOIN_KEY_TWICE).
//     An event that one return has twice leaves twice, with a warning (EVENT_REPEATED): the gate does not guess. When
//     the latest row on an event is quarantined, no earlier one leaves in its place (LATER_ROW_QUARANTINED): it would
//     say that an episode is open which has ended.
//
//   - one row per child and term, or year (attendance, free_school_meals, pupil_premium): rows of pupils on schools'
//     rolls, found to be children by their pupil numbers (Links). Rows of one child and term add up; where one of them
//     is missing, quarantined or silent, the sum is null, since it would be too small. A child who stands on two rolls
//     at once is on none that can be told (PUPIL_ON_TWO_ROLLS): the rows are quarantined.
//
//   - rows of events put together, child by child (looked_after_periods, placements, re_referrals): the events are made as
//     above, each once and in its latest form, and then joined where the end of one is the day of the next. What two events
//     that do not meet leave in doubt is null, with a finding; so is what an event would have told that is held back.
//
// A source table that an agreement names as returned passes through unchanged.
//
// # Accounting
//
// For every table, rows read = rows left + rows held back (superseded, a mere mark, of no child, counted elsewhere, merged
// with another, set aside) + rows quarantined (Tally).
//
// # Cost
//
// Per child about 100 bytes, per event about 30 (its key, to know later repeats by) and 36 more for each table that puts
// events together, until that is done, per pupil of one school census about
// 80 and 200 more for one who is a child, per pupil number of a child about 40; rows themselves stream. Of a child whom only
// rows that stream or pass through name, about 30, and nothing beyond so many of them (Children.NumberAtMost). Tables that
// are made of the same files are made together, so that each is read once for all of them.
package harmonise

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules that hold between rows.
const (
	RuleConflict = "CHILD_CONFLICT"
	RuleChanged  = "FACT_CHANGED"
	RuleDiffer   = "SOURCES_DIFFER"
	RuleRepeated = "EVENT_REPEATED"
	RuleOrphan   = "CHILD_UNKNOWN"
	RuleNobody   = "ID_UNUSABLE"
	RuleHeldBack = "LATER_ROW_QUARANTINED"
)

// Tally counts the rows of one table. Read = Left + Superseded + Marks + Merged + Aside + Unlinked + Elsewhere +
// Confidential + Quarantined.
type Tally struct {
	Read         int64 // rows of all source files that feed the table
	Quarantined  int64 // kept back by a finding, when read or when brought together
	Superseded   int64 // said again, or differently, by a later return or another row
	Marks        int64 // rows that mark a child, or add to a row, and become no row of their own
	Merged       int64 // rows that became one row together with another: episodes of one period
	Aside        int64 // rows that the table is not about: short breaks that do not count, referrals that are no re-referrals
	Unlinked     int64 // rows of pupils who are none of the returns' children
	Elsewhere    int64 // rows of pupils whom another school's row counts
	Confidential int64 // rows given in confidence, which the agreement does not name
	Left         int64 // rows of the table
	Nobody       int64 // rows whose identifier names no child, among the quarantined
}

// ReadFunc reads what is wanted of one source file.
type ReadFunc func(ctx context.Context, demands []*extract.Demand) error

// Input is what tables are made from.
type Input struct {
	Inventory *extract.Inventory
	Children  *Children
	Links     *Links // which pupils are which children; nil where no table needs it
	Choices   Choices
	Read      ReadFunc
}

// Job is one table to be made, core or as returned.
type Job struct {
	Table   *dataset.Table
	Columns []string
	Report  *finding.Report
	// Sink gets the rows, with the columns named. A batch is valid until Sink returns. The order of rows is fixed by
	// the inventory: latest collection year first, then file, then row.
	Sink func(*extract.Batch) error
	// Workers is asked in place of Sink by a table whose rows can be made side by side: one that streams, or that passes
	// through as it was returned.
	Workers extract.Workers
	Tally   Tally // filled in
}

// SourceTables lists the ids of the source tables that a table is made from.
func SourceTables(table *dataset.Table) []string {
	if !table.Core() {
		return []string{table.ID()}
	}
	if table.Made != nil {
		return SourceTables(table.Made.Table)
	}
	var ids []string
	for i := range table.Sources {
		ids = append(ids, table.Sources[i].Tables()...)
	}
	return ids
}

// RowSources lists the ids of the source tables of which any makes rows of a table.
func RowSources(table *dataset.Table) []string {
	if !table.Core() {
		return []string{table.ID()}
	}
	if table.Made != nil {
		return RowSources(table.Made.Table)
	}
	var ids []string
	for _, s := range table.Sources {
		if s.Adds && !slices.Contains(ids, s.Table) {
			ids = append(ids, s.Table)
		}
	}
	return ids
}

// translate gives the columns of a batch of a source table as columns of the core table, in the order asked for.
// Codes become the core column's by the feed's map; each distinct value is translated once. A column that the source
// does not feed is empty, and so is a code that the agreement leaves undecided.
func translate(b *extract.Batch, source *dataset.Source, table *dataset.Table, columns []string, choices Choices) []extract.Column {
	out := make([]extract.Column, len(columns))
	for i, name := range columns {
		def := table.Column(name)
		feed := source.Feed(name)
		var from *extract.Column
		switch {
		case feed == nil:
		case feed.Always != "":
			at, _ := def.Code(feed.Always, 0)
			out[i] = extract.Column{Def: def, Values: []extract.Value{{State: extract.Known, Num: int32(at)}}, Index: make([]uint32, b.Len())}
			continue
		case source.Adds && feed.TrueFor != nil && b.Column(feed.From) != nil:
			out[i] = truths(b.Column(feed.From), feed, def)
			continue
		}
		if feed != nil && !feed.Marks() {
			from = b.Column(inYear(b, feed))
		}
		if from == nil {
			out[i] = extract.Column{Def: def, Values: []extract.Value{{}}, Index: make([]uint32, b.Len())}
			continue
		}
		out[i] = extract.Column{Def: def, From: from.Def.Name, Values: from.Values, Index: from.Index}
		if def.Type == dataset.Code {
			out[i].Values = translateCodes(from, feed, def, choices)
		}
	}
	return out
}

// inYear is the source column that feeds a core column in the collection year of a batch.
func inYear(b *extract.Batch, feed *dataset.Feed) string {
	if c := b.Column(feed.From); feed.Or != "" && c != nil && !c.Def.In(b.Source.Year) {
		return feed.Or
	}
	return feed.From
}

func translateCodes(from *extract.Column, feed *dataset.Feed, to *dataset.Column, choices Choices) []extract.Value {
	values := make([]extract.Value, len(from.Values))
	for i := range values {
		values[i] = translateCode(from.Values[i], from.Def, feed, to, choices)
	}
	return values
}

// translateCode is what a code of a source column becomes.
func translateCode(v extract.Value, from *dataset.Column, feed *dataset.Feed, to *dataset.Column, choices Choices) extract.Value {
	if v.State != extract.Known {
		return extract.Value{}
	}
	code := from.Codes[v.Num].Value
	if feed.Broad(code) {
		return extract.Value{}
	}
	if feed.Map != nil {
		decided, ok := feed.Map.Decided(code, choices.Ethnicity)
		if !ok {
			return extract.Value{} // it is the agreement's to decide: see undecided
		}
		code = decided
	}
	// The definitions were held to having a place for every code when they were loaded.
	at, _ := to.Code(code, 0)
	return extract.Value{State: extract.Known, Num: int32(at)}
}

// truths is a column that says of each distinct value whether it is one of the feed's.
func truths(from *extract.Column, f *dataset.Feed, def *dataset.Column) extract.Column {
	out := extract.Column{Def: def, From: from.Def.Name, Values: make([]extract.Value, len(from.Values)), Index: from.Index}
	for i, v := range from.Values {
		out.Values[i] = oneOf(v, from.Def, f)
	}
	return out
}

// oneOf says whether a value is one of the feed's.
func oneOf(v extract.Value, from *dataset.Column, f *dataset.Feed) extract.Value {
	if v.State != extract.Known {
		return extract.Value{}
	}
	out := extract.Value{State: extract.Known}
	if slices.Contains(f.TrueFor, from.Codes[v.Num].Value) {
		out.Num = 1
	}
	return out
}

// wantOf lists what to read of a source table for the core columns asked for, and besides them.
func wantOf(from *dataset.Table, source *dataset.Source, columns []string, besides ...string) extract.Want {
	var names []string
	for _, name := range columns {
		if feed := source.Feed(name); feed != nil {
			names = append(names, feed.Reads()...)
		}
	}
	for _, w := range source.Rows {
		names = append(names, w.Column)
	}
	return extract.NewWant(from, append(names, besides...)...)
}

// with adds names to a list that lacks them, in front.
func with(columns []string, names ...string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, list := range [][]string{names, columns} {
		for _, name := range list {
			if name != "" && !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	return out
}
