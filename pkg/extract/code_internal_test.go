package extract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// spans writes cells one behind the other, with something between them and slack behind the last.
func spans(cells []string) (text []byte, at []Span) {
	for i, cell := range cells {
		text = append(text, ","[:i%2]...)
		at = append(at, Span{uint32(len(text)), uint32(len(cell))})
		text = append(text, cell...)
	}
	end := len(text)
	return append(text, "behind the cells"...)[:end], at
}

// kinds are columns as registers have them.
func kinds(rows int) map[string][]string {
	random := rand.New(rand.NewPCG(31, 32))
	column := func(cell func(row int) string) []string {
		out := make([]string, rows)
		for i := range out {
			out[i] = cell(i)
		}
		return out
	}
	id := func(n int) string { return fmt.Sprintf("H8012%08d", n*7919) }
	return map[string][]string{
		"1 day":              column(func(int) string { return "04/09/2023" }),
		"2 sessions in turn": column(func(row int) string { return []string{"AM", "PM"}[row%2] }),
		"3 marks":            column(func(int) string { return []string{"/", "\\", "I", "Y5", "M", "E", "O"}[min(random.IntN(40), 6)] }),
		"4 twenty codes":     column(func(int) string { return fmt.Sprintf("C%03d", random.IntN(20)) }),
		"5 4000 birthdays": column(func(int) string {
			return fmt.Sprintf("%02d/%02d/%d", 1+random.IntN(28), 1+random.IntN(12), 2005+random.IntN(12))
		}),
		"6 register of 100000": column(func(row int) string { return id(row / 2 % 100_000) }),
		"7 100000 at random":   column(func(int) string { return id(random.IntN(100_000)) }),
		"8 all distinct":       column(func(row int) string { return id(row) }),
		"9 long":               column(func(int) string { return fmt.Sprintf("2024-09-02T00:00:%02d", random.IntN(60)) }),
	}
}

// Coding a column does what looking up each of its cells does, wherever the column is cut.
func TestCodeAgainstNumber(t *testing.T) {
	columns := kinds(20_000)
	random := rand.New(rand.NewPCG(33, 34))
	columns["of all lengths"] = make([]string, 20_000)
	for i := range columns["of all lengths"] {
		raw := make([]byte, random.IntN(24))
		for at := range raw {
			raw[at] = "\x00a\xff"[random.IntN(3)]
		}
		columns["of all lengths"][i] = string(raw)
	}
	columns["all of that"] = slices.Concat(columns["6 register of 100000"], columns["of all lengths"], columns["7 100000 at random"], columns["6 register of 100000"])
	for name, cells := range columns {
		coded, looked := NewDictionary(), NewDictionary()
		for round := range 2 {
			text, at := spans(cells)
			var got, want []uint32
			for from := 0; from < len(at); {
				to := min(len(at), from+random.IntN(5_000))
				if random.IntN(3) == 0 && to > from {
					n, _ := coded.Number([]byte(cells[from])) // one by one, in between
					got = append(got, n)
					from++
				}
				got = coded.code(got, text, at[from:max(from, to)])
				from = max(from, to)
			}
			for _, cell := range cells {
				n, _ := looked.Number([]byte(cell))
				want = append(want, n)
			}
			if !slices.Equal(got, want) || coded.Size() != looked.Size() || coded.Len() != looked.Len() {
				t.Fatalf("%s, round %d: coding and looking up come to different numbers", name, round)
			}
			for i, cell := range cells {
				if string(coded.Bytes(got[i])) != cell {
					t.Fatalf("%s: cell %d is %q, want %q", name, i, coded.Bytes(got[i]), cell)
				}
			}
			if round == 0 && len(cells)%2 == 0 {
				coded.Reset()
				looked.Reset()
			}
		}
	}
}

// Per cell: what it costs to number the cells of a column.
func BenchmarkCode(b *testing.B) {
	columns := kinds(1 << 20)
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		text, at := spans(columns[name])
		b.Run(name, func(b *testing.B) {
			d := NewDictionary()
			dst := d.code(make([]uint32, 0, 1<<14), text, at[:1<<14])
			d.code(dst[:0], text, at)
			b.ReportAllocs()
			from := 0
			for b.Loop() {
				dst = d.code(dst[:0], text, at[from:from+1<<14])
				if from += 1 << 14; from == len(at) {
					from = 0
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<14), "ns/cell")
		})
	}
}
