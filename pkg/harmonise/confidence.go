package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// opens reports whether the agreement lets rows of a table leave though they are marked as given in confidence.
func (c Choices) opens(table *dataset.Table) bool { return slices.Contains(c.Confidential, table.ID()) }

// opened makes a table for which rows given in confidence are read as any other.
type opened struct{ maker }

func (o opened) readings() []reading {
	all := o.maker.readings()
	for _, r := range all {
		r.demand.Confidential = true
	}
	return all
}
