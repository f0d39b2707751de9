package minimise_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
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

// registers is an agreement on nine columns of daily registers.
const registers = `  attendance/daily:
    child: {treatment: pseudonym, from: la_child_id}
    school: {treatment: pseudonym, from: school_urn}
    day: {treatment: date, from: session_date, to: day}
    session: {treatment: keep}
    mark: {treatment: keep, from: attendance_code}
    age: {treatment: age_months, from: dob}
    free_meals: {treatment: keep, from: fsm}
    premium: {treatment: keep, from: pupil_premium}
    gender: {treatment: keep}
`

// register makes batches of registers as a reader would: every pupil, day after day, morning and afternoon.
type register struct {
	table  *minimise.Table
	batch  *extract.Batch
	pupils int
	next   int
	mix    *rand.Rand // where rows come in no order
}

// registerRows is how many rows the batches have: about as many as a split of a file.
const registerRows = 10_000

func newRegister(b *testing.B, pupils int, stocked bool) *register {
	b.Helper()
	c := catalogue(b)
	plan, err := minimise.Compile(c, terms{tables: registers}.parse(b, c), newKeys(b, "dsa-test"), reference())
	if err != nil {
		b.Fatal(err)
	}
	table := plan.Tables[0]
	r := &register{table: table, pupils: pupils, batch: &extract.Batch{Source: &extract.Source{Table: table.Source, Year: 2024}, Rows: make([]int64, registerRows)}}
	first := civil.MustYMD(2023, 9, 4)
	for _, name := range []string{"la_child_id", "school_urn", "session_date", "session", "attendance_code", "dob", "fsm", "pupil_premium", "gender"} {
		column := extract.Column{Def: table.Source.Column(name), Index: make([]uint32, registerRows)}
		if stocked {
			column.Stock = new(extract.Stock)
		}
		n := map[string]int{"la_child_id": pupils, "school_urn": 60, "session_date": 365, "dob": 4000}[name]
		if n == 0 {
			n = min(len(column.Def.Codes), 20)
		}
		for i := range n {
			v := extract.Value{State: extract.Known, Num: int32(i)}
			switch name {
			case "la_child_id":
				v.Text = fmt.Sprintf("C%09d", 1_000_000+i)
			case "school_urn":
				v.Text = fmt.Sprint(100_000 + i)
			case "session_date":
				v.Num = int32(first) + int32(i)
			case "dob":
				v.Num = int32(first) - 2000 - int32(i)
			}
			column.Values = append(column.Values, v)
		}
		r.batch.Columns = append(r.batch.Columns, column)
	}
	return r
}

// fill makes the next batch.
func (r *register) fill() *extract.Batch {
	for row := range r.batch.Rows {
		pupil, day, half := r.next/2%r.pupils, r.next/2/r.pupils%365, r.next%2
		if r.mix != nil {
			pupil, day, half = r.mix.IntN(r.pupils), r.mix.IntN(365), r.mix.IntN(2)
		}
		r.batch.Rows[row] = int64(row) + 1
		for i, n := range []int{pupil, pupil % 60, day, half, r.next * 7 % 13, pupil % 4000, pupil % 2, pupil / 3 % 2, pupil % 3} {
			r.batch.Columns[i].Index[row] = uint32(n) % uint32(len(r.batch.Columns[i].Values))
		}
		r.next++
	}
	return r.batch
}

// BenchmarkTreat is what it takes to treat a row of nine columns whose distinct values were met before.
func BenchmarkTreat(b *testing.B) {
	r := newRegister(b, 20_000, true)
	treater, into, held, report := r.table.Treater(), r.table.NewBatch(), minimise.NewHeld(), &finding.Report{}
	batch := r.fill()
	perRow(b, func() int64 {
		into.Reset()
		if err := treater.Apply(into, batch, held, report); err != nil {
			b.Fatal(err)
		}
		return registerRows
	})
}

// BenchmarkTreatDistinct is what it takes to treat a row whose child was not met before: nearly all of it is the HMAC. It
// allocates for the identifiers that it makes up.
func BenchmarkTreatDistinct(b *testing.B) {
	next := 0
	r := newRegister(b, registerRows, false)
	treater, into, held, report := r.table.Treater(), r.table.NewBatch(), minimise.NewHeld(), &finding.Report{}
	batch := r.fill()
	for row := range batch.Rows {
		batch.Columns[0].Index[row] = uint32(row)
	}
	perRow(b, func() int64 {
		b.StopTimer()
		for i := range batch.Columns[0].Values {
			batch.Columns[0].Values[i].Text = fmt.Sprintf("C%09d", next)
			next++
		}
		b.StartTimer()
		into.Reset()
		if err := treater.Apply(into, batch, held, report); err != nil {
			b.Fatal(err)
		}
		return registerRows
	})
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

// BenchmarkStage stages a million rows of 20,000 pupils, and gives them back in order: rows as registers have them, rows in no
// order, and rows of which most are another child's; from spill files, and from buckets that are divided.
func BenchmarkStage(b *testing.B) {
	for name, test := range map[string]struct {
		pupils  int
		mixed   bool
		budget  int
		workers int
	}{
		"register": {20_000, false, 256 << 20, 1}, "register by two": {20_000, false, 256 << 20, 2}, "mixed": {20_000, true, 256 << 20, 1},
		"distinct": {1_000_000, true, 256 << 20, 1}, "spilled": {20_000, false, 4 << 20, 1}, "divided": {20_000, true, 4 << 20, 1},
	} {
		b.Run(name, func(b *testing.B) {
			r := newRegister(b, test.pupils, true)
			if test.mixed {
				r.mix = rand.New(rand.NewPCG(1, 2))
			}
			treater, held, report := r.table.Treater(), minimise.NewHeld(), &finding.Report{}
			var batches []*minimise.Batch
			for range 1_000_000 / registerRows {
				into := r.table.NewBatch()
				if err := treater.Apply(into, r.fill(), held, report); err != nil {
					b.Fatal(err)
				}
				batches = append(batches, into)
			}
			dir := b.TempDir()
			var staging, ordering int64
			perRow(b, func() int64 {
				stage := r.table.NewStage(func() (string, error) { return dir, nil })
				stage.SpillAt(test.budget)
				stage.Workers(test.workers)
				if name == "divided" {
					stage.LimitBucket(1 << 15) // half of what a bucket has
				}
				begun := b.Elapsed()
				for _, batch := range batches {
					if err := stage.Add(batch); err != nil {
						b.Fatal(err)
					}
				}
				staged := b.Elapsed()
				if err := stage.Ordered(context.Background(), func(*minimise.Batch) error { return nil }); err != nil {
					b.Fatal(err)
				}
				staging, ordering = staging+int64(staged-begun), ordering+int64(b.Elapsed()-staged)
				if err := stage.Close(); err != nil {
					b.Fatal(err)
				}
				return stage.Rows()
			})
			rows := float64(b.N) * 1_000_000
			b.ReportMetric(float64(staging)/rows, "stage-ns/row")
			b.ReportMetric(float64(ordering)/rows, "order-ns/row")
		})
	}
}
