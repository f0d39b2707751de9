package parquetfile

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	arrow "github.com/apache/arrow/go/v17/parquet"
	arrowfile "github.com/apache/arrow/go/v17/parquet/file"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/rle"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// byParquetGo reads a file row by row, as text.
func byParquetGo(t testing.TB, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]string, len(p.Schema().Fields()))
	for _, group := range p.RowGroups() {
		for i, chunk := range group.ColumnChunks() {
			values := parquet.NewColumnChunkValueReader(chunk)
			buffer := make([]parquet.Value, 100)
			for {
				n, err := values.ReadValues(buffer)
				for _, v := range buffer[:n] {
					text := "-"
					if !v.IsNull() {
						text = v.String()
					}
					out[i] = append(out[i], text)
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := values.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// byArrow reads a file column by column, as text, with a library that shares nothing with the other.
func byArrow(t testing.TB, path string) [][]string {
	t.Helper()
	f, err := arrowfile.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := make([][]string, f.MetaData().Schema.NumColumns())
	for g := range f.NumRowGroups() {
		group := f.RowGroup(g)
		for i := range out {
			chunk, err := group.Column(i)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = append(out[i], arrowChunk(t, chunk, int(group.NumRows()))...)
		}
	}
	return out
}

func arrowChunk(t testing.TB, chunk arrowfile.ColumnChunkReader, rows int) []string {
	t.Helper()
	levels := make([]int16, rows)
	texts := make([]string, 0, rows)
	var total int64
	var err error
	switch typed := chunk.(type) {
	case *arrowfile.Int32ColumnChunkReader:
		values := make([]int32, rows)
		var n int
		total, n, err = typed.ReadBatch(int64(rows), values, levels, nil)
		for _, v := range values[:n] {
			texts = append(texts, strconv.Itoa(int(v)))
		}
	case *arrowfile.BooleanColumnChunkReader:
		values := make([]bool, rows)
		var n int
		total, n, err = typed.ReadBatch(int64(rows), values, levels, nil)
		for _, v := range values[:n] {
			texts = append(texts, strconv.FormatBool(v))
		}
	case *arrowfile.ByteArrayColumnChunkReader:
		values := make([]arrow.ByteArray, rows)
		var n int
		total, n, err = typed.ReadBatch(int64(rows), values, levels, nil)
		for _, v := range values[:n] {
			texts = append(texts, string(v))
		}
	}
	if err != nil || total != int64(rows) {
		t.Fatalf("%d rows of %d, %v", total, rows, err)
	}
	out, at := make([]string, 0, rows), 0
	for _, level := range levels {
		if level == 0 {
			out = append(out, "-")
			continue
		}
		out = append(out, texts[at])
		at++
	}
	return out
}

// hold holds a file to the rows that it was made of, by two readers, by the reading back and by its figures.
func (m *made) hold(t testing.TB, path string, written Written) {
	t.Helper()
	want := make([][]string, len(m.columns))
	nulls := make([]int64, len(m.columns))
	for i := range m.columns {
		for row := range m.to {
			want[i] = append(want[i], m.cell(row, i))
			if m.codes[i][row] == 0 {
				nulls[i]++
			}
		}
	}
	for name, got := range map[string][][]string{"parquet-go": byParquetGo(t, path), "arrow": byArrow(t, path)} {
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%s reads other cells of column %d than were written", name, i)
			}
		}
	}
	children := slices.Compact(slices.Clone(m.codes[0]))
	if len(children) > 0 && children[0] == 0 {
		children = children[1:]
	}
	if written.Rows != int64(m.to) || !slices.Equal(written.Nulls, nulls) || written.Children != int64(len(children)) {
		t.Errorf("described as %d rows, %d children, nulls %v", written.Rows, written.Children, written.Nulls)
	}
	if _, err := ReadBack(context.Background(), path, m.columns, written, Options{}, func(*minimise.Column, []byte) error { return nil }); err != nil {
		t.Error(err)
	}
}

// TestDrawnTables writes tables drawn by chance and reads them with two other programs.
func TestDrawnTables(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(6, seed))
		rows := []int{0, 1, 7, 8, 9, 63, 64, 65, 128, 129, 999, 3000}[r.IntN(12)]
		size := size{page: []int{1, 8, 100, 5000}[r.IntN(4)], piece: []int{100, 700, 1 << 14}[r.IntN(3)]}
		if rows > 900 {
			size.page = max(size.page, 100)
		}
		size.group = size.page * (1 + r.IntN(5))
		m := drawMade(r, rows)
		path, written := m.file(t, r, size, 1)
		m.hold(t, path, written)
		again, _ := m.file(t, r, size, 3)
		if bytesOf(t, again) != bytesOf(t, path) {
			t.Errorf("seed %d: three workers write other bytes than one", seed)
		}
		if t.Failed() {
			t.Fatalf("seed %d, %d rows, %+v, codes up to %v", seed, rows, size, m.most)
		}
	}
}

// FuzzFile does the same for tables of the fuzzer's choice.
func FuzzFile(f *testing.F) {
	f.Add(uint64(1), uint16(100), uint16(10), uint8(3))
	f.Add(uint64(2), uint16(2000), uint16(700), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, rows, page uint16, pages uint8) {
		r := rand.New(rand.NewPCG(7, seed))
		count := int(rows % 4096)
		size := size{page: max(int(page), 1+count/50), piece: 50 + int(page)%1000}
		size.group = size.page * (1 + int(pages%8))
		m := drawMade(r, count)
		path, written := m.file(t, r, size, 2)
		m.hold(t, path, written)
	})
}

// TestHybrid holds runs of every width to the library's decoder.
func TestHybrid(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var decode rle.DictionaryEncoding
	for width := range 33 {
		for range 60 {
			v := make([]uint32, 0, 400)
			for len(v) < cap(v)-r.IntN(40) {
				x := uint32(r.Uint64() >> (64 - width))
				for range min(1+r.IntN(1+r.IntN(60)), cap(v)-len(v)) {
					v = append(v, x)
				}
			}
			data := appendHybrid([]byte{byte(width)}, v, width)
			got, err := decode.DecodeInt32(make([]int32, 0, 2000), slices.Concat(data, make([]byte, 0, 64)))
			if err != nil || len(got) < len(v) || len(got) > len(v)+7 {
				t.Fatalf("width %d: %d of %d, %v", width, len(got), len(v), err)
			}
			for i := range v {
				if uint32(got[i]) != v[i] {
					t.Fatalf("width %d: number %d of %d is %d; want %d", width, i, len(v), got[i], v[i])
				}
			}
		}
	}
}

// TestBits holds packed booleans to their definition.
func TestBits(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for n := range 70 {
		v := make([]byte, n)
		for i := range v {
			v[i] = byte(r.IntN(2))
		}
		got := appendBits(nil, v)
		if len(got) != (n+7)/8 {
			t.Fatalf("%d bits take %d bytes", n, len(got))
		}
		for i := range 8 * len(got) {
			if want := i < n && v[i] == 1; got[i/8]>>(i%8)&1 == 1 != want {
				t.Fatalf("bit %d of %d", i, n)
			}
		}
	}
}
