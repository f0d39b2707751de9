package harmonise_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// BenchmarkHarmonise brings tables together from batches that were read before, so that reading is not measured.
func BenchmarkHarmonise(b *testing.B) {
	council := discover(b, builtIn(b), cohort(b, 2000, 6)...)
	for id, columns := range map[string][]string{
		"children":              {"child_id", "sex", "ethnicity", "birth_date", "uasc"},
		"looked_after_episodes": {"child_id", "start_date", "end_date", "start_reason", "legal_status", "placement_type", "end_reason"},
		"looked_after_periods":  synth.CoreColumns("looked_after_periods"),
		"placements":            synth.CoreColumns("placements"),
		"ssda903/missing":       {"CHILD", "MISSING", "MIS_START", "MIS_END"},
	} {
		b.Run(id, func(b *testing.B) {
			held := make(map[string][]*extract.Batch) // by file
			hold := func(ctx context.Context, demands []*extract.Demand) error {
				d := *demands[0]
				d.Sink = func(batch *extract.Batch) error {
					held[d.Source.File] = append(held[d.Source.File], part(batch, 0, batch.Len()))
					return nil
				}
				return csv.Reader{}.Read(ctx, []*extract.Demand{&d})
			}
			give := func(_ context.Context, demands []*extract.Demand) error {
				d := demands[0]
				for _, batch := range held[d.Source.File] {
					d.Tally.Read, d.Tally.Passed = d.Tally.Read+int64(batch.Len()), d.Tally.Passed+int64(batch.Len())
					if err := d.Sink(batch); err != nil {
						return err
					}
				}
				return nil
			}
			table := council.catalogue.Table(id)
			run := func(read harmonise.ReadFunc) int64 {
				in := harmonise.Input{Inventory: council.inventory, Children: harmonise.NewChildren(), Read: read}
				tally, err := makeTable(in, &finding.Report{}, table, columns, func(*extract.Batch) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
				return tally.Read
			}
			run(hold)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			rows := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				rows += run(give)
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(rows), "allocs/row")
		})
	}
}

// BenchmarkJoined brings the episodes of a case system together with the placements that they name, reading included.
func BenchmarkJoined(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "cohort")
	if _, err := synth.Cohort(context.Background(), dir, synth.CohortOptions{Children: 5000, Years: 4, Seed: 20, Formats: []string{synth.SSD}}); err != nil {
		b.Fatal(err)
	}
	council := discover(b, builtIn(b), dir)
	table := council.catalogue.Table("looked_after_episodes")
	columns := []string{"child_id", "start_date", "end_date", "start_reason", "placement_type", "placement_urn", "end_reason"}
	rows := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		in := harmonise.Input{Inventory: council.inventory, Children: harmonise.NewChildren(), Read: council.read}
		tally, err := makeTable(in, &finding.Report{}, table, columns, func(*extract.Batch) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		rows += tally.Read
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}
