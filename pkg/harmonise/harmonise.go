// Package harmonise brings source tables of any format and collection year together into core tables.
//
// # What a core table is made of
//
// The dataset definitions say which columns of which source tables feed a core table, how codes are translated, and
// what makes a row unique. Two shapes follow from that:
//
//   - one row per child (children): the latest return that has the child decides. What it leaves empty is taken from
//     the latest return that fills it. A fact that two rows of one return state differently is nobody's guess: the
//     rows are quarantined (CHILD_CONFLICT) and an earlier return decides; rows that would fill a gap and differ fill
//     none. A fact that changed from one return to the next is counted (FACT_CHANGED), since it may be a correction or
//     a slip.
//   - one row per event (looked_after_episodes: child and start date): an open episode comes again in every annual
//     return until it ends. The latest return that has the event decides; earlier ones are held back as superseded.
//     An event that one return has twice leaves twice, with a warning (EVENT_REPEATED): the gate does not guess. When
//     the latest row on an event is quarantined, no earlier one leaves in its place (LATER_ROW_QUARANTINED): it would
//     say that an episode is open which has ended.
//
// A source table that an agreement names as returned passes through unchanged.
//
// # Accounting
//
// For every table, rows read = rows left + rows held back (superseded, or a mere mark) + rows quarantined (Tally).
//
// # Cost
//
// Per child about 60 bytes, and per event about 30 (its key, to know later repeats by); rows themselves stream.
package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules that hold between rows.
const (
	RuleConflict = "CHILD_CONFLICT"
	RuleChanged  = "FACT_CHANGED"
	RuleRepeated = "EVENT_REPEATED"
	RuleOrphan   = "CHILD_UNKNOWN"
	RuleNobody   = "ID_UNUSABLE"
	RuleHeldBack = "LATER_ROW_QUARANTINED"
)

// Tally counts the rows of one table. Read = Left + Superseded + Marks + Quarantined.
type Tally struct {
	Read        int64 // rows of all source files that feed the table
	Quarantined int64 // kept back by a finding, when read or when brought together
	Superseded  int64 // said again, or differently, by a later return or another row
	Marks       int64 // rows that only mark a child (unaccompanied asylum seekers) and become no row
	Left        int64 // rows of the table
	Nobody      int64 // rows whose identifier names no child, among the quarantined
}

// ReadFunc reads one source file in batches.
type ReadFunc func(ctx context.Context, src *extract.Source, want extract.Want, sink func(*extract.Batch) error) (extract.Tally, error)

// Input is what a table is made from.
type Input struct {
	Inventory *extract.Inventory
	Children  *Children
	Report    *finding.Report
	Read      ReadFunc
}

// Table streams one table, core or as returned, with the columns named, to sink. A batch is valid until sink returns.
// The order of rows is fixed by the inventory: latest collection year first, then file, then row.
func Table(ctx context.Context, in Input, table *dataset.Table, columns []string, sink func(*extract.Batch) error) (Tally, error) {
	if !table.Core() {
		return asReturned(ctx, in, table, columns, sink)
	}
	if len(table.OneRowPer) == 1 {
		return perChild(ctx, in, table, columns, sink)
	}
	return perEvent(ctx, in, table, columns, sink)
}

// SourceTables lists the ids of the source tables that a table is made from.
func SourceTables(table *dataset.Table) []string {
	if !table.Core() {
		return []string{table.ID()}
	}
	ids := make([]string, len(table.Sources))
	for i, s := range table.Sources {
		ids[i] = s.Table
	}
	return ids
}

func asReturned(ctx context.Context, in Input, table *dataset.Table, columns []string, sink func(*extract.Batch) error) (Tally, error) {
	var tally Tally
	for _, src := range in.Inventory.Of(table.ID()) {
		read, err := in.Read(ctx, src, extract.NewWant(table, columns...), sink)
		if err != nil {
			return tally, err
		}
		tally.Read += read.Read
		tally.Quarantined += read.Quarantined
		tally.Left += read.Passed
	}
	return tally, nil
}

// translate gives the columns of a batch of a source table as columns of the core table, in the order asked for.
// Codes become the core column's by the feed's map; each distinct value is translated once. A column that the source
// does not feed is empty.
func translate(b *extract.Batch, source *dataset.Source, table *dataset.Table, columns []string) []extract.Column {
	out := make([]extract.Column, len(columns))
	for i, name := range columns {
		def := table.Column(name)
		feed := source.Feed(name)
		var from *extract.Column
		if feed != nil && !feed.Present {
			from = b.Column(feed.From)
		}
		if from == nil {
			out[i] = extract.Column{Def: def, Values: []extract.Value{{}}, Index: make([]uint32, b.Len())}
			continue
		}
		out[i] = extract.Column{Def: def, From: feed.From, Values: from.Values, Index: from.Index}
		if def.Type == dataset.Code {
			out[i].Values = translateCodes(from, feed, def)
		}
	}
	return out
}

func translateCodes(from *extract.Column, feed *dataset.Feed, to *dataset.Column) []extract.Value {
	values := make([]extract.Value, len(from.Values))
	for i, v := range from.Values {
		if v.State != extract.Known {
			continue
		}
		code := from.Def.Codes[v.Num].Value
		if feed.Map != nil {
			code, _ = feed.Map.To(code)
		}
		// The definitions were held to having a place for every code when they were loaded.
		at, _ := to.Code(code, 0)
		values[i] = extract.Value{State: extract.Known, Num: int32(at)}
	}
	return values
}

// wantOf lists what to read of a source table for the core columns asked for.
func wantOf(in Input, source *dataset.Source, table *dataset.Table, columns []string) extract.Want {
	sources := in.Inventory.Of(source.Table)
	if len(sources) == 0 {
		return nil
	}
	var names []string
	for _, name := range columns {
		if feed := source.Feed(name); feed != nil && !feed.Present {
			names = append(names, feed.From)
		}
	}
	return extract.NewWant(sources[0].Table, names...)
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
