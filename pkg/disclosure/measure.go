package disclosure

import (
	"context"
	"encoding/binary"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// Risk says how many children look like how many others.
type Risk struct {
	QuasiIdentifiers []string // table.column
	Children         int64
	Unique           int64 // alone in their group
	Under5           int64 // in a group of fewer than 5
	Under10          int64 // in a group of fewer than 10
}

// Measure groups the children of a staged table with one row per child. quasi lists the positions of the columns to
// group by; with none, every child looks like every other.
//
// Cost: one pass over the staged rows; about 60 bytes per group.
func Measure(ctx context.Context, stage *minimise.Stage, quasi []int) (Risk, error) {
	groups := make(map[string]*int64)
	var risk Risk
	var key []byte
	err := stage.Ordered(ctx, func(b *minimise.Batch) error {
		for row := range b.Len() {
			key = key[:0]
			for _, column := range quasi {
				key = appendCell(key, b, row, column)
			}
			n := groups[string(key)] // a look-up copies no key
			if n == nil {
				n = new(int64)
				groups[string(key)] = n
			}
			*n++
			risk.Children++
		}
		return nil
	})
	if err != nil {
		return Risk{}, err
	}
	for _, n := range groups {
		if *n == 1 {
			risk.Unique++
		}
		if *n < 5 {
			risk.Under5 += *n
		}
		if *n < 10 {
			risk.Under10 += *n
		}
	}
	return risk, nil
}

// appendCell appends a cell so that two cells are alike only when they are equal. Pseudonyms are never grouped by.
func appendCell(key []byte, b *minimise.Batch, row, column int) []byte {
	if b.Null(row, column) {
		return append(key, 0)
	}
	return binary.BigEndian.AppendUint32(append(key, 1), uint32(b.Number(row, column)))
}
