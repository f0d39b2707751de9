package main

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// nameless tells of the rows of a batch that are about a child and name none, and counts them: a run keeps them back, in
// whatever tables the agreement names. A row that names no child, and may find one by a pupil's number, is none of them.
func nameless(cat *dataset.Catalogue, b *extract.Batch, report *finding.Report) int64 {
	column := b.Column(b.Source.Table.ChildID)
	if column == nil || !slices.ContainsFunc(column.Values, func(v extract.Value) bool { return v.State == extract.Unusable }) {
		return 0
	}
	linked := slices.ContainsFunc(cat.Tables(), func(t *dataset.Table) bool {
		return slices.ContainsFunc(t.Sources, func(s dataset.Source) bool { return s.Table == b.Source.Table.ID() && len(s.LinkedBy) > 0 })
	})
	n := int64(0)
	for row := range b.Len() {
		v := column.At(row)
		if v.State != extract.Unusable || linked && v.Outcome == identifier.Missing {
			continue
		}
		n++
		report.Add(harmonise.RuleNobody, finding.Quarantine, b.Source.Place(b.Rows[row], column.Named()),
			"the cell identifies no child: it is empty, stands for nobody, or was changed by a spreadsheet", "fill in the child's identifier in the source system, and export identifiers as text")
	}
	return n
}
