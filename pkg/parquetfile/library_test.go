package parquetfile

import (
	"bytes"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// listed is a group of columns in the order given: the library's own group sorts them by name.
type listed struct {
	parquet.Group
	fields []parquet.Field
}

func (l listed) Fields() []parquet.Field { return l.fields }

type listedField struct {
	parquet.Node
	name string
}

func (f listedField) Name() string                           { return f.name }
func (f listedField) Value(base reflect.Value) reflect.Value { return base.FieldByName(f.name) }

// librarySchema is the schema of a table as the library makes it.
func librarySchema(columns []minimise.Column) *parquet.Schema {
	root := listed{Group: make(parquet.Group)}
	for _, c := range columns {
		node := parquet.Encoded(parquet.Leaf(parquet.Int32Type), &parquet.RLEDictionary)
		switch {
		case isText(c.Kind):
			node = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		case c.Kind == minimise.Date:
			node = parquet.Encoded(parquet.Date(), &parquet.RLEDictionary)
		case c.Kind == minimise.Boolean:
			node = parquet.Leaf(parquet.BooleanType)
		}
		root.Group[c.Name] = parquet.Optional(node)
		root.fields = append(root.fields, listedField{Node: root.Group[c.Name], name: c.Name})
	}
	return parquet.NewSchema("postern", root)
}

// byLibrary writes the rows with the library's own writer, cut as ours.
func (m *made) byLibrary(t testing.TB, out io.Writer, size size) {
	t.Helper()
	w := parquet.NewGenericWriter[any](out, librarySchema(m.columns),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}), parquet.DataPageVersion(1), parquet.PageBufferSize(1<<30),
		parquet.ColumnIndexSizeLimit(func([]string) int { return 64 }))
	values, texts := make([]parquet.Value, 0, size.page), make([]byte, 0, size.page*40)
	for row := 0; row < m.to; {
		to := min(row+size.page, m.to)
		for i, column := range w.ColumnWriters() {
			values, texts = values[:0], texts[:0]
			for _, code := range m.codes[i][row:to] {
				v := parquet.NullValue().Level(0, 0, i)
				switch c := &m.columns[i]; {
				case code == 0:
				case isText(c.Kind):
					start := len(texts)
					texts = m.AppendCode(texts, i, code)
					v = parquet.ByteArrayValue(texts[start:]).Level(0, 1, i)
				case c.Kind == minimise.Boolean:
					v = parquet.BooleanValue(number(c, code) != 0).Level(0, 1, i)
				default:
					v = parquet.Int32Value(number(c, code)).Level(0, 1, i)
				}
				values = append(values, v)
			}
			if _, err := column.WriteRowValues(values); err != nil {
				t.Fatal(err)
			}
			if err := column.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if row = to; row%size.group == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAgainstTheLibrarysWriter holds what is written here to what the library's own writer makes of the same rows: schema,
// counts, statistics, page index. Its cells are held to the rows elsewhere.
func TestAgainstTheLibrarysWriter(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(10, seed))
		size := size{page: 50 + r.IntN(50), piece: 40 + r.IntN(200)}
		size.group = size.page * (1 + r.IntN(4))
		m := drawMade(r, r.IntN(900))
		path, _ := m.file(t, r, size, 1)
		var library bytes.Buffer
		m.byLibrary(t, &library, size)
		ours, theirs := opened(t, bytesOf(t, path)), opened(t, library.String())
		for i := range theirs.Metadata().Schema {
			theirs.Metadata().Schema[i].TypeLength.Reset() // which is for another type of values
		}
		if !reflect.DeepEqual(ours.Metadata().Schema, theirs.Metadata().Schema) || !reflect.DeepEqual(ours.Metadata().ColumnOrders, theirs.Metadata().ColumnOrders) {
			t.Fatalf("the schema is %+v; the library's %+v", ours.Metadata().Schema, theirs.Metadata().Schema)
		}
		got, want := ours.Metadata().RowGroups, theirs.Metadata().RowGroups
		if len(got) != len(want) || ours.NumRows() != theirs.NumRows() {
			t.Fatalf("%d row groups of %d rows; the library has %d of %d", len(got), ours.NumRows(), len(want), theirs.NumRows())
		}
		for g := range got {
			if got[g].NumRows != want[g].NumRows || got[g].Ordinal != want[g].Ordinal {
				t.Errorf("row group %d has %d rows", g, got[g].NumRows)
			}
			for i := range got[g].Columns {
				a, b := got[g].Columns[i].MetaData, want[g].Columns[i].MetaData
				if !reflect.DeepEqual(a.Statistics, b.Statistics) || a.NumValues != b.NumValues || a.Type != b.Type || a.Codec != b.Codec {
					t.Errorf("seed %d, row group %d, column %d: %+v; the library has %+v", seed, g, i, a, b)
				}
				at := g*len(m.columns) + i
				sameIndex(t, &ours.ColumnIndexes()[at], &theirs.ColumnIndexes()[at])
				from := g * size.group
				if want := boundsOrder(m.codes[i][from:min(from+size.group, m.to)], size.page); ours.ColumnIndexes()[at].BoundaryOrder != want {
					t.Errorf("seed %d, row group %d, column %d: bounds in order %v; want %v", seed, g, i, ours.ColumnIndexes()[at].BoundaryOrder, want)
				}
				sameOffsets(t, got[g].Columns[i].MetaData, ours.OffsetIndexes()[at], theirs.OffsetIndexes()[at])
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func opened(t *testing.T, data string) *parquet.File {
	t.Helper()
	f, err := parquet.OpenFile(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// boundsOrder is the order of the least and greatest codes of pages: codes order as values do.
func boundsOrder(codes []uint32, page int) format.BoundaryOrder {
	var least, most []uint32
	for ; len(codes) > 0; codes = codes[min(page, len(codes)):] {
		values := slices.DeleteFunc(slices.Clone(codes[:min(page, len(codes))]), func(code uint32) bool { return code == 0 })
		if len(values) > 0 {
			least, most = append(least, slices.Min(values)), append(most, slices.Max(values))
		}
	}
	if slices.IsSorted(least) && slices.IsSorted(most) {
		return format.Ascending
	}
	slices.Reverse(least)
	slices.Reverse(most)
	if slices.IsSorted(least) && slices.IsSorted(most) {
		return format.Descending
	}
	return format.Unordered
}

// sameIndex compares column indexes. Of the order of bounds, the library is not asked.
func sameIndex(t *testing.T, got, want *format.ColumnIndex) {
	t.Helper()
	empty := func(values [][]byte) [][]byte { // the library gives pages of nulls bounds of zeros
		out := make([][]byte, len(values))
		for i, v := range values {
			if !want.NullPages[i] {
				out[i] = append([]byte{}, v...)
			}
		}
		return out
	}
	if !reflect.DeepEqual(got.NullPages, want.NullPages) || !reflect.DeepEqual(got.NullCounts, want.NullCounts) ||
		!reflect.DeepEqual(empty(got.MinValues), empty(want.MinValues)) || !reflect.DeepEqual(empty(got.MaxValues), empty(want.MaxValues)) {
		t.Errorf("column index %+v; the library has %+v", got, want)
	}
}

// sameOffsets compares where pages begin, and sees that ours follow one another through the chunk.
func sameOffsets(t *testing.T, chunk format.ColumnMetaData, got, want format.OffsetIndex) {
	t.Helper()
	at := chunk.DataPageOffset
	if len(got.PageLocations) != len(want.PageLocations) {
		t.Fatalf("%d pages; the library has %d", len(got.PageLocations), len(want.PageLocations))
	}
	for i, page := range got.PageLocations {
		if page.Offset != at || page.FirstRowIndex != want.PageLocations[i].FirstRowIndex {
			t.Errorf("page %d at %d begins with row %d; want %d, %d", i, page.Offset, page.FirstRowIndex, at, want.PageLocations[i].FirstRowIndex)
		}
		at += int64(page.CompressedPageSize)
	}
	begin := chunk.DataPageOffset
	if chunk.DictionaryPageOffset != 0 {
		begin = chunk.DictionaryPageOffset
	}
	if at-begin != chunk.TotalCompressedSize {
		t.Errorf("the pages take %d bytes of %d", at-begin, chunk.TotalCompressedSize)
	}
}
