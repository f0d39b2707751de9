package table_test

import (
	"fmt"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/table"
)

// mark is a row such as a table of daily marks has: one in a thousand children a day, in order of the child.
type mark struct {
	ChildID *string `parquet:"child_id,optional,dict"`
	Code    *string `parquet:"code,optional,dict"`
	Day     *int32  `parquet:"day,optional,date,dict"`
	Age     *int32  `parquet:"age,optional,dict"`
	UPN     *string `parquet:"upn,optional,dict"`
	Present *bool   `parquet:"present,optional"`
	Nothing *string `parquet:"nothing,optional,dict"`
	Plain   *int32  `parquet:"plain,optional"`
	Words   *string `parquet:"words,optional,plain"`
}

func marks(n int) []mark {
	codes := []string{"/", "\\", "L", "M", "N", "I", "B", "V"}
	rows := make([]mark, n)
	random := uint32(1)
	for i := range rows {
		random = random*1664525 + 1013904223
		child, day, age, present := fmt.Sprintf("c1_%032d", i/100), int32(19000+i%100), int32(i/100%200), random>>31 == 0
		upn := fmt.Sprintf("u1_%032d", random>>8%100_000)
		code := codes[random>>29]
		rows[i] = mark{ChildID: &child, Code: &code, Day: &day, UPN: &upn, Present: &present, Plain: &day, Words: &code}
		if random>>4%8 != 0 {
			rows[i].Age = &age
		}
	}
	return rows
}

func marksFile(b *testing.B, n int) *table.File {
	return read(b, write(b, marks(n), parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1), parquet.PageBufferSize(1<<19)))
}

// BenchmarkPages is what it costs to have every cell of a column in hand.
func BenchmarkPages(b *testing.B) {
	const rows = 1 << 19
	f := marksFile(b, rows)
	for _, c := range f.Columns() {
		b.Run(c.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Pages(c.Name, func(table.Page) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/cell")
		})
	}
}
