package minimise_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// perRow reports time and allocations by row of what f does, which returns how many rows it did it to.
func perRow(b *testing.B, f func() int64) {
	b.Helper()
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rows := int64(0)
	for b.Loop() {
		rows += f()
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(rows), "allocs/row")
}

// held are the untreated batches of a table of the running example, brought together before.
func held(b *testing.B, id string) (*run, *minimise.Table, []*extract.Batch) {
	b.Helper()
	c := catalogue(b)
	dir, _ := cohort(b, 3000, 6)
	r := start(b, c, running(b, c), newKeys(b, "dsa-coventry-fv-2026"), reference(), dir)
	if err := r.lookUp(); err != nil {
		b.Fatal(err)
	}
	var table *minimise.Table
	var batches []*extract.Batch
	if err := r.treat(id, func(t *minimise.Table, untreated *extract.Batch, _ *minimise.Batch) error {
		table = t
		kept := &extract.Batch{Source: untreated.Source, Rows: slices.Clone(untreated.Rows)}
		for _, column := range untreated.Columns {
			kept.Columns = append(kept.Columns, extract.Column{Def: column.Def, Values: slices.Clone(column.Values), Index: slices.Clone(column.Index)})
		}
		batches = append(batches, kept)
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return r, table, batches
}

func BenchmarkApply(b *testing.B) {
	for _, id := range []string{"children", "looked_after_episodes", "ssda903/missing"} {
		b.Run(id, func(b *testing.B) {
			r, table, batches := held(b, id)
			perRow(b, func() int64 {
				rows := int64(0)
				counts := minimise.NewHeld()
				for _, batch := range batches {
					if _, err := table.Apply(batch, counts, r.report); err != nil {
						b.Fatal(err)
					}
					rows += int64(batch.Len())
				}
				return rows
			})
		})
	}
}

// BenchmarkPseudonym is the cost of one distinct identifier.
func BenchmarkPseudonym(b *testing.B) {
	p, err := newKeys(b, "dsa-test").Pseudonymiser(identifier.LAChildID)
	if err != nil {
		b.Fatal(err)
	}
	ids := make([][]byte, 1000)
	for i := range ids {
		ids[i] = fmt.Appendf(nil, "%07d", 1_000_000+i)
	}
	perRow(b, func() int64 {
		var mac [20]byte
		for _, id := range ids {
			p.MAC(&mac, id)
		}
		return int64(len(ids))
	})
}

// BenchmarkOrder stages 300,000 rows and gives them back in order, from memory and from spill files.
func BenchmarkOrder(b *testing.B) {
	for name, budget := range map[string]int{"memory": 0, "spilled": 4 << 20} {
		b.Run(name, func(b *testing.B) {
			r, table, batches := held(b, "looked_after_episodes")
			treated, err := table.Apply(batches[0], minimise.NewHeld(), r.report)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			perRow(b, func() int64 {
				stage := table.NewStage(func() (string, error) { return dir, nil })
				if budget > 0 {
					stage.SpillAt(budget)
				}
				for stage.Rows() < 300_000 {
					if err := stage.Add(treated); err != nil {
						b.Fatal(err)
					}
				}
				if err := stage.Ordered(context.Background(), func(*minimise.Batch) error { return nil }); err != nil {
					b.Fatal(err)
				}
				if err := stage.Close(); err != nil {
					b.Fatal(err)
				}
				return stage.Rows()
			})
		})
	}
}
