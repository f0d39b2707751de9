package harmonise

import (
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// RuleUndecided is met when a code belongs to more than one of those that it may become, and the agreement does not say to
// which.
const RuleUndecided = "CODE_UNDECIDED"

// undecided looks for codes that a code map leaves to the agreement, and that it does not decide: such a cell leaves as
// null. It returns the batch that goes on: without the rows of such cells, where the agreement weighs the finding so, and
// how many these were.
func undecided(b *extract.Batch, source *dataset.Source, columns []string, choices Choices, report *finding.Report) (*extract.Batch, int64) {
	var keep []bool
	kept := b.Len()
	for _, name := range columns {
		feed := source.Feed(name)
		if feed == nil || feed.Map == nil || len(feed.Map.Undecided) == 0 {
			continue
		}
		column := b.Column(inYear(b, feed))
		if column == nil {
			continue
		}
		open := open(column, feed.Map, choices)
		if open == nil {
			continue
		}
		for row, n := range column.Index {
			if !open[n] {
				continue
			}
			severity := report.Add(RuleUndecided, finding.Warning, b.Source.Place(b.Rows[row], column.Named()),
				"the code belongs to more than one of those that it could become, and the agreement does not say to which; it leaves as null",
				"decide under choices in the agreement what becomes of "+listed(feed.Map.Undecided))
			if severity < finding.Quarantine {
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
	if kept == b.Len() {
		return b, 0
	}
	return without(b, keep, kept), int64(b.Len() - kept)
}

// open says which distinct values of a column are codes that nobody decided; nil for none.
func open(column *extract.Column, by *dataset.CodeMap, choices Choices) []bool {
	var out []bool
	for i, v := range column.Values {
		if v.State != extract.Known {
			continue
		}
		if _, ok := by.Decided(column.Def.Codes[v.Num].Value, choices.Ethnicity); !ok {
			if out == nil {
				out = make([]bool, len(column.Values))
			}
			out[i] = true
		}
	}
	return out
}

func all(n int) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
}

// listed writes codes one after the other.
func listed(codes []string) string {
	text := ""
	for i, code := range codes {
		switch {
		case i > 0 && i == len(codes)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += code
	}
	return text
}
