package parquetfile

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// register are rows as a year of daily attendance has them: 380 sessions to a child, ten columns.
func register(rows int) *made {
	r := rand.New(rand.NewPCG(11, 11))
	m := &made{to: rows}
	children := rows/380 + 1
	add := func(c minimise.Column, most int, code func(row, child int) int) {
		c.Name = fmt.Sprintf("c%02d", len(m.columns))
		if c.Kind == minimise.Code {
			for i := range most {
				c.Codes = append(c.Codes, dataset.CodeValue{Value: fmt.Sprintf("%02d", i)})
			}
		}
		codes := make([]uint32, rows)
		for row := range codes {
			codes[row] = uint32(code(row, row/380))
		}
		m.columns, m.most, m.codes = append(m.columns, c), append(m.most, uint32(most)), append(m.codes, codes)
	}
	own := func(most int) func(row, child int) int { // a child has one
		drawn := make([]int, children)
		for i := range drawn {
			drawn[i] = 1 + r.IntN(most)
		}
		return func(_, child int) int { return drawn[child] }
	}
	add(minimise.Column{Kind: minimise.Pseudonym}, 30_000, func(_, child int) int { return 1 + child*(30_000/children) })
	add(minimise.Column{Kind: minimise.Pseudonym}, 30_000, own(30_000))
	add(minimise.Column{Kind: minimise.Pseudonym}, 600, own(600))
	add(minimise.Column{Kind: minimise.Date, Base: 19_000}, 365, func(row, _ int) int { return 1 + row%380/2 })
	add(minimise.Column{Kind: minimise.Code}, 2, func(row, _ int) int { return 1 + row%2 })
	add(minimise.Column{Kind: minimise.Code}, 24, func(row, _ int) int { return max(1, min(24, int(r.ExpFloat64()*2))) })
	add(minimise.Column{Kind: minimise.Boolean}, 2, own(2))
	add(minimise.Column{Kind: minimise.Boolean}, 2, own(2))
	add(minimise.Column{Kind: minimise.Code}, 19, own(19))
	add(minimise.Column{Kind: minimise.Integer}, 20, own(20))
	return m
}

// stranger are rows in which nothing repeats: a child and another pseudonym to each row.
func stranger(rows int) *made {
	m := register(rows)
	r := rand.New(rand.NewPCG(12, 12))
	m.most[0], m.most[1] = uint32(rows), uint32(10*rows)
	for row := range rows {
		m.codes[0][row], m.codes[1][row] = uint32(row+1), 1+r.Uint32N(uint32(10*rows))
	}
	return m
}

func perRowOf(b *testing.B, rows int, f func(round int)) {
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
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(round*rows), "ns/row")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(round*rows), "allocs/row")
}

const encodeRows = 1 << 20

// BenchmarkEncode writes one row group, with one worker and with as many as there are processors.
func BenchmarkEncode(b *testing.B) {
	for name, make := range map[string]func(int) *made{"register": register, "strangers": stranger} {
		m := make(encodeRows)
		for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
			b.Run(name+"/"+strconv.Itoa(workers), func(b *testing.B) {
				dir, shop := b.TempDir(), &shop{}
				perRowOf(b, encodeRows, func(round int) { m.writeTo(b, filepath.Join(dir, strconv.Itoa(round)), workers, shop) })
			})
		}
	}
}

// BenchmarkLibrary writes the same rows with the library's writer, to nowhere.
func BenchmarkLibrary(b *testing.B) {
	m := register(encodeRows)
	perRowOf(b, encodeRows, func(int) { m.byLibrary(b, io.Discard, sizes()) })
}

// BenchmarkDecode reads the same rows back.
func BenchmarkDecode(b *testing.B) {
	for name, make := range map[string]func(int) *made{"register": register, "strangers": stranger} {
		m := make(encodeRows)
		path := filepath.Join(b.TempDir(), "x")
		written := m.writeTo(b, path, 0, &shop{})
		for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
			b.Run(name+"/"+strconv.Itoa(workers), func(b *testing.B) {
				perRowOf(b, encodeRows, func(int) {
					look := func(*minimise.Column, []byte) error { return nil }
					if _, err := ReadBack(context.Background(), path, m.columns, written, Options{Workers: workers}, look); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}

// writeTo writes the rows in batches of 32,768.
func (m *made) writeTo(b *testing.B, path string, workers int, shop *shop) Written {
	b.Helper()
	w, err := create(path, m.columns, Options{Workers: workers}, sizes(), shop, int64(m.to))
	if err != nil {
		b.Fatal(err)
	}
	rest := *m
	for ; rest.from < m.to; rest.from = rest.to {
		rest.to = min(m.to, rest.from+1<<15)
		if err := w.write(&rest, m); err != nil {
			b.Fatal(err)
		}
	}
	written, err := w.Close()
	if err != nil {
		b.Fatal(err)
	}
	return written
}
