package csv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// idle is workers who do nothing.
type idle struct{}

func (idle) Worker() extract.Worker                    { return idle{} }
func (idle) Begin(*finding.Report, bool) extract.Piece { return idle{} }
func (idle) Add(*extract.Batch) error                  { return nil }
func (idle) Join() error                               { return nil }

// register is a register of sessions: so many days of so many pupils, pupil by pupil.
func register(pupils, days int) string {
	var b strings.Builder
	b.WriteString("la_child_id,upn,forename,surname,dob,postcode,school_urn,session_date,session,attendance_code,fsm,pupil_premium,ethnicity,gender\n")
	for pupil := range pupils {
		for day := range days {
			fmt.Fprintf(&b, "C%09d,H8012000%05d,Name%d,Surname%d,%02d/%02d/2011,CV%d %dAB,1087%02d,%02d/%02d/2024,%s,%s,%c,N,%s,%c\n", pupil, pupil, pupil%97, pupil%89,
				1+pupil%28, 1+pupil%12, pupil%9, pupil%7, pupil%50, 1+day%28, 1+day/28%6, []string{"AM", "PM"}[day%2], []string{"/", "\\", "L", "I"}[day*day%31%4], "YN"[pupil%2],
				[]string{"WBRI", "WOTH", "AIND"}[pupil%3], "MF"[pupil%2])
		}
	}
	return b.String()
}

// Everything that is done with a file before anyone has its rows: splits, cells, their values.
func BenchmarkRead(b *testing.B) {
	const pupils, days = 800, 168
	path := file(b, register(pupils, days))
	src, err := recognise(b.Context(), catalogue(b), path, 2024, &finding.Report{})
	if err != nil {
		b.Fatal(err)
	}
	if err := src.TakeDigest(); err != nil {
		b.Fatal(err)
	}
	for name, want := range map[string]extract.Want{
		"ten columns": extract.NewWant(src.Table, "la_child_id", "upn", "dob", "school_urn", "session_date", "session", "attendance_code", "fsm", "pupil_premium", "gender"),
		"one column":  extract.NewWant(src.Table, "session_date"),
	} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s, %d workers", name, workers), func(b *testing.B) {
				b.SetBytes(src.Size)
				b.ReportAllocs()
				for b.Loop() {
					d := &extract.Demand{Source: src, Want: want, Report: &finding.Report{}, Workers: idle{}}
					if err := (csv.Reader{Workers: workers}).Read(b.Context(), []*extract.Demand{d}); err != nil || d.Tally.Passed != pupils*days {
						b.Fatal(err, d.Tally)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(pupils*days), "ns/row")
			})
		}
	}
}
