package harmonise

import (
	"context"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// emitRows is how many children go into one batch.
const emitRows = 1 << 15

// emit passes the children on, in the order in which they were first met. Positions are values: facts differ from
// child to child, so each batch has its own short lists of distinct values.
func (k *kids) emit(ctx context.Context) error {
	src := &extract.Source{File: "", Table: k.Table}
	for from := 0; from < len(k.rows); from += emitRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := &extract.Batch{Source: src, Columns: make([]extract.Column, len(k.columns))}
		at := make([]uint32, 0, emitRows)
		for i := from; i < min(from+emitRows, len(k.rows)); i++ {
			if d := &k.rows[i]; d.src != nil && !d.conflict {
				at = append(at, uint32(i))
				batch.Rows = append(batch.Rows, k.rows[i].row)
			}
		}
		if len(at) == 0 {
			continue
		}
		for i, name := range k.columns {
			batch.Columns[i] = k.column(i, k.Table.Column(name), at)
		}
		if err := k.Sink(batch); err != nil {
			return err
		}
	}
	return nil
}

// column makes one column of a batch: the identifiers as they are, facts by their distinct values.
func (k *kids) column(i int, def *dataset.Column, at []uint32) extract.Column {
	c := extract.Column{Def: def, Index: make([]uint32, len(at))}
	if i == 0 {
		for row, child := range at {
			c.Values = append(c.Values, k.ids[child])
			c.Index[row] = uint32(row)
		}
		return c
	}
	type fact struct {
		num   int32
		state extract.State
	}
	seen := make(map[fact]uint32)
	for row, child := range at {
		f := fact{k.facts[i].nums[child], k.facts[i].states[child]}
		n, known := seen[f]
		if !known {
			n = uint32(len(c.Values))
			seen[f] = n
			c.Values = append(c.Values, k.facts[i].value(f.state, f.num))
		}
		c.Index[row] = n
	}
	return c
}
