package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// turn says when a source has its turn: returns and case systems, then a council's reports, then what is of last resort.
// Years count within each.
type turn int

const (
	firstTurn turn = iota
	reportTurn
	lastTurn
	turns
)

func turnOf(source *dataset.Source) turn {
	switch source.Last {
	case "":
		return firstTurn
	case dataset.LastReport:
		return reportTurn
	default:
		return lastTurn
	}
}

// The ranks of each turn are above these, and those of sources of last resort above 0.
const (
	reportRanks = 6500
	firstRanks  = 13000
)

// rankOf is rank for a source of a table that may not have the first turn.
func rankOf(table *dataset.Table, at, year int) int16 {
	turn := turnOf(&table.Sources[at])
	if turn == firstTurn {
		return rank(year, at)
	}
	const most = 64 // sources of one table that have a turn
	before := 0
	for i := range at {
		if turnOf(&table.Sources[i]) == turn {
			before++
		}
	}
	of := int16(1 + (year-2000)*most + most - 1 - min(before, most-1))
	if turn == reportTurn {
		of += reportRanks
	}
	return of
}

// othersOf is by child the source table that has a row, for a table with a source that is silent where it is another one.
func othersOf(table *dataset.Table) map[uint32]string {
	if !slices.ContainsFunc(table.Sources, func(s dataset.Source) bool { return s.Last == dataset.LastChild }) {
		return nil
	}
	return make(map[uint32]string)
}

// spoken reports whether a row of a child says nothing, since its source is silent on those of whom others have a row; of
// another source it remembers the child.
func (e *events) spoken(source *dataset.Source, child uint32) bool {
	if e.others == nil || child == Nobody || source.Last == dataset.LastRow {
		return false
	}
	other, spoken := e.others[child]
	if !spoken {
		e.others[child] = source.Table
	}
	return spoken && source.Last == dataset.LastChild && other != source.Table
}

// among leaves out of a batch the rows that the table is not told of, and says how many they are. Of a row that is kept
// back, what decides may be what is wrong with it: such a row stays.
func among(b *extract.Batch, source *dataset.Source) (*extract.Batch, int64) {
	if source.Rows == nil {
		return b, 0
	}
	out := meeting(b, source, false)
	if b.Broken != nil {
		out.Broken = meeting(b.Broken, source, true)
	}
	if b.Confidential != nil {
		out.Confidential = meeting(b.Confidential, source, true)
	}
	return out, int64(b.Len() - out.Len())
}

// meeting is the rows of a batch for which the conditions of a source hold.
func meeting(b *extract.Batch, source *dataset.Source, unknown bool) *extract.Batch {
	keep := all(b.Len())
	for _, w := range source.Rows {
		c := b.Column(w.Column)
		holds := make([]bool, len(c.Values))
		for i, v := range c.Values {
			holds[i] = unknown && v.State != extract.Known || v.State == extract.Known && slices.Contains(w.Codes, c.Def.Codes[v.Num].Value)
		}
		for row, n := range c.Index {
			keep[row] = keep[row] && holds[n]
		}
	}
	kept := 0
	for _, k := range keep {
		if k {
			kept++
		}
	}
	return filter(b, keep, kept)
}

// RuleBroad is met when a code says less than the core table's codes tell apart.
const RuleBroad = "CODE_TOO_BROAD"

// broad tells of codes that become nothing, since they say less than the core table's own. It returns the batch that goes
// on: without the rows of such codes, where the agreement weighs the finding so, and how many these were.
func broad(b *extract.Batch, source *dataset.Source, columns []string, report *finding.Report) (*extract.Batch, int64) {
	keep, kept := []bool(nil), b.Len()
	for _, name := range columns {
		feed := source.Feed(name)
		if feed == nil || feed.NullFor == nil {
			continue
		}
		c := b.Column(inYear(b, feed))
		if c == nil {
			continue
		}
		for row := range b.Len() {
			v := c.At(row)
			if v.State != extract.Known || !feed.Broad(c.Def.Codes[v.Num].Value) {
				continue
			}
			if report.Add(RuleBroad, finding.Notice, b.Source.Place(b.Rows[row], c.Named()),
				"the category is broader than those that the core table tells apart, so that the fact leaves as null",
				"nothing, unless the source system knows more: then let the extract say it") < finding.Quarantine {
				continue
			}
			if keep == nil {
				keep = all(b.Len())
			}
			if keep[row] {
				keep[row] = false
				kept--
			}
		}
	}
	if keep == nil {
		return b, 0
	}
	return without(b, keep, kept), int64(b.Len() - kept)
}

// without is a batch without the rows that are not kept: these are among the broken ones, so that what they say is not
// said by an earlier return in their place.
func without(b *extract.Batch, keep []bool, kept int) *extract.Batch {
	out, lost := filter(b, keep, kept), make([]bool, len(keep))
	for row, k := range keep {
		lost[row] = !k
	}
	out.Broken, out.Confidential = filter(b, lost, len(keep)-kept), b.Confidential
	if b.Broken == nil {
		return out
	}
	out.Broken.Rows = append(out.Broken.Rows, b.Broken.Rows...)
	for i := range out.Broken.Columns {
		c, more := &out.Broken.Columns[i], &b.Broken.Columns[i]
		first := uint32(len(c.Values))
		c.Values, c.Stock = slices.Concat(c.Values, more.Values), nil
		for _, n := range more.Index {
			c.Index = append(c.Index, first+n)
		}
	}
	return out
}
