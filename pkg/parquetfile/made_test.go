package parquetfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// made are rows that stand in for a minimise.Batch: codes, and what they mean.
type made struct {
	columns []minimise.Column
	most    []uint32
	codes   [][]uint32 // per column
	from    int        // rows
	to      int
}

func (m *made) Ordinals(column int) uint32 { return m.most[column] }
func (m *made) Len() int                   { return m.to - m.from }
func (m *made) Lead() int                  { return 0 }
func (m *made) FirstLead() uint32          { return 1 }

func (m *made) Codes(column, from, to int, dst []uint32) []uint32 {
	return append(dst, m.codes[column][m.from+from:m.from+to]...)
}

// AppendCode gives pseudonyms that order as their codes do: eight characters of the code, and 24 drawn from it.
func (m *made) AppendCode(dst []byte, column int, code uint32) []byte {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	if c := m.columns[column]; c.Kind == minimise.Code {
		return append(dst, c.Codes[code-1].Value...)
	}
	dst = append(dst, "c1_"...)
	word := uint64(code)
	for i := range 32 {
		if i%8 == 0 && i > 0 {
			word = mix(word)
		}
		dst = append(dst, alphabet[word>>(35-5*(i%8))&31])
	}
	return dst
}

// cell is a cell as text, "-" for a null.
func (m *made) cell(row, column int) string {
	code, c := m.codes[column][row], &m.columns[column]
	switch {
	case code == 0:
		return "-"
	case isText(c.Kind):
		return string(m.AppendCode(nil, column, code))
	case c.Kind == minimise.Boolean:
		return strconv.FormatBool(number(c, code) != 0)
	default:
		return strconv.Itoa(int(number(c, code)))
	}
}

// drawMade draws rows: columns of every kind, of many shapes and with many sizes of dictionaries.
func drawMade(r *rand.Rand, rows int) *made {
	m := &made{to: rows}
	add := func(c minimise.Column, most uint32) {
		c.Name = fmt.Sprintf("c%02d", len(m.columns))
		if c.Kind == minimise.Code {
			for i := range most {
				c.Codes = append(c.Codes, dataset.CodeValue{Value: fmt.Sprintf("%03d", i)})
			}
		}
		m.columns, m.most = append(m.columns, c), append(m.most, most)
		m.codes = append(m.codes, drawCodes(r, rows, most))
	}
	anyOf := func(of ...uint32) uint32 { return of[r.IntN(len(of))] }
	add(minimise.Column{Kind: minimise.Pseudonym}, anyOf(1, 3, 200, 70_000, 3_000_000))
	slices.Sort(m.codes[0]) // the child's
	add(minimise.Column{Kind: minimise.Pseudonym}, anyOf(1, 64, 65_535, 65_536, 1<<20+1, 5_000_000))
	add(minimise.Column{Kind: minimise.Code}, anyOf(1, 2, 3, 17, 254, 255, 256, 900))
	add(minimise.Column{Kind: minimise.Date, Base: -400 + r.Int32N(20_000)}, anyOf(1, 365, 40_000))
	add(minimise.Column{Kind: minimise.Integer, Base: -1 << 31}, anyOf(255, 1<<27, 1<<32-1))
	add(minimise.Column{Kind: minimise.Integer, Base: r.Int32N(9) - 4}, anyOf(2, 9, 1<<16+1))
	add(minimise.Column{Kind: minimise.Boolean}, 2)
	add(minimise.Column{Kind: minimise.Boolean}, 2)
	return m
}

// drawCodes draws the codes of a column: few or many of them, with runs or without, with nulls or without, or nothing else.
func drawCodes(r *rand.Rand, rows int, most uint32) []uint32 {
	out := make([]uint32, 0, rows)
	nulls := []float64{0, 0, 0.01, 0.5, 1}[r.IntN(5)]
	run := []int{1, 1, 3, 40, 1000}[r.IntN(5)]
	from, few := r.Uint32N(most), 1+r.Uint32N(most)
	if r.IntN(2) == 0 {
		few = min(few, 1+r.Uint32N(300))
	}
	for len(out) < rows {
		code := 1 + (from+r.Uint32N(few))%most
		if r.IntN(200) == 0 {
			code = most
		}
		if r.Float64() < nulls {
			code = 0
		}
		for range min(1+r.IntN(run), rows-len(out)) {
			out = append(out, code)
		}
	}
	return out
}

// file writes the rows, in batches drawn, and returns where.
func (m *made) file(t testing.TB, r *rand.Rand, size size, workers int) (path string, written Written) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "made.parquet")
	w, err := create(path, m.columns, Options{Workers: workers}, size, &shop{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	rest := *m
	for rest.from < m.to {
		rest.to = min(m.to, rest.from+1+r.IntN(2*size.page))
		if err := w.write(&rest, m); err != nil {
			t.Fatal(err)
		}
		rest.from = rest.to
	}
	if written, err = w.Close(); err != nil {
		t.Fatal(err)
	}
	return path, written
}

func bytesOf(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
