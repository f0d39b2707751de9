package extract

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// flattened finds the table of a document that a file in text was made of: two of its columns and half of what the header
// names, or more, are that table's. Such a file has lost what stood around its rows, and is not read.
func flattened(catalogue *dataset.Catalogue, names []string) *dataset.Table {
	var best *dataset.Table
	most := 1
	for _, t := range catalogue.Tables() {
		if t.Delimited || t.Row == "" {
			continue
		}
		n := 0
		for _, c := range t.Columns {
			if c.Path != "" && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.Name) }) {
				n++
			}
		}
		if n > most && 2*n >= len(names)-blanks(names) {
			best, most = t, n
		}
	}
	return best
}

func blanks(names []string) int {
	n := 0
	for _, name := range names {
		if name == "" {
			n++
		}
	}
	return n
}
