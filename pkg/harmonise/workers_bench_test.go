package harmonise_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// nothing is a Workers that does nothing.
type nothing struct{}

func (n nothing) Worker() extract.Worker                    { return n }
func (n nothing) Begin(*finding.Report, bool) extract.Piece { return n }
func (n nothing) Add(*extract.Batch) error                  { return nil }
func (n nothing) Join() error                               { return nil }

// BenchmarkSideBySide makes tables from splits of 16,384 rows that were read before, by one worker with stocks: a register in
// file order, of children whom the rows name.
func BenchmarkSideBySide(b *testing.B) {
	var text strings.Builder
	text.WriteString(dailyLine + "\n")
	const children, days = 1 << 13, 8
	for day := range days {
		for child := range children {
			for _, half := range []string{"AM", "PM"} {
				text.WriteString(daily(strconv.Itoa(100_000+child), upns[0], "0"+strconv.Itoa(day+1)+"/10/2024 "+half+" 100001", "I") + "\n")
			}
		}
	}
	c := discover(b, builtIn(b), write(b, map[string]string{"2024-25/attendance.csv": text.String()})...)
	for table, columns := range map[string][]string{
		"attendance_daily": strings.Fields("child_id session_date session school_urn mark possible authorised unauthorised"),
		"attendance/daily": strings.Fields("la_child_id session_date session school_urn attendance_code fsm gender"),
	} {
		b.Run(table, func(b *testing.B) {
			var splits []*extract.Batch
			var rows int
			read := func(ctx context.Context, demands []*extract.Demand) error {
				d := demands[0]
				if splits == nil {
					all := &wide{}
					x := &split{splitter: &splitter{stock: 1 << 20}, all: all}
					if err := readerOf(".csv").Read(ctx, []*extract.Demand{{Source: d.Source, Want: d.Want, Report: d.Report, Sink: all.sink}}); err != nil {
						return err
					}
					w := &hand{}
					for from := 0; from < len(all.numbers); from += 1 << 14 {
						batch := w.batch(x)
						for row := from; row < min(from+1<<14, len(all.numbers)); row++ {
							w.add(batch, all.numbers[row], all.cells[row])
						}
						w.close(batch)
						splits = append(splits, batch)
					}
					rows = len(all.numbers)
				}
				worker := d.Workers.Worker()
				for _, batch := range splits {
					piece := worker.Begin(d.Report.Apart(), false)
					if err := piece.Add(batch); err != nil {
						return err
					}
					if err := piece.Join(); err != nil {
						return err
					}
				}
				return nil
			}
			b.ReportAllocs()
			for b.Loop() {
				job := &harmonise.Job{Table: c.catalogue.Table(table), Columns: columns, Report: &finding.Report{}, Workers: nothing{}}
				in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: read, Links: harmonise.NewLinks(nil, &finding.Report{})}
				if err := harmonise.Make(b.Context(), in, []*harmonise.Job{job}, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows*b.N), "ns/row")
		})
	}
}
