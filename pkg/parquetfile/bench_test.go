package parquetfile_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
)

const benchRows = 200_000

// perRow reports time and allocations by row of what f does to benchRows rows.
func perRow(b *testing.B, f func(round int)) {
	b.Helper()
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	round := 0
	for b.Loop() {
		f(round)
		round++
	}
	runtime.ReadMemStats(&after)
	rows := float64(round) * benchRows
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rows, "ns/row")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/rows, "allocs/row")
}

// benchStaged are benchRows rows of every kind.
func benchStaged(b *testing.B) (*staging, *minimise.Stage) {
	b.Helper()
	return everyKindStaged(b, benchRows)
}

func BenchmarkWrite(b *testing.B) {
	s, stage := benchStaged(b)
	dir := b.TempDir()
	perRow(b, func(round int) {
		if _, err := parquetfile.WriteTable(context.Background(), dir, strconv.Itoa(round), stage, s.table().Columns, options()); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkReadBack(b *testing.B) {
	s, stage := benchStaged(b)
	dir, files := write(b, s, stage, parquetfile.Standard())
	path := filepath.Join(dir, files[0].Path)
	for name, look := range map[string]func(*minimise.Column, []byte) error{
		"alone": func(*minimise.Column, []byte) error { return nil }, "with scan": disclosure.CheckString,
	} {
		b.Run(name, func(b *testing.B) {
			perRow(b, func(int) {
				if _, err := parquetfile.ReadBack(context.Background(), path, s.table().Columns, files[0], options(), look); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
