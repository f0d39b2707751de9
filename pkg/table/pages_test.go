package table_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/postern-gateway/postern/pkg/table"
)

// drawn makes a file by chance: its columns of every type and encoding, values with few and many repetitions, in runs and not, empty
// cells from none to all, row groups and pages of any size, dictionaries that are given up in the middle.
func drawn(t testing.TB, r *rand.Rand) []byte {
	t.Helper()
	pick := func(n ...int) int { return n[r.IntN(len(n))] }
	text, day, number := parquet.String(), parquet.Date(), parquet.Leaf(parquet.Int32Type)
	nodes := []parquet.Node{
		text, parquet.Encoded(text, &parquet.RLEDictionary), parquet.Encoded(text, &parquet.Plain), parquet.Encoded(text, &parquet.DeltaLengthByteArray),
		day, parquet.Encoded(day, &parquet.RLEDictionary), parquet.Encoded(day, &parquet.Plain),
		number, parquet.Encoded(number, &parquet.RLEDictionary), parquet.Encoded(number, &parquet.DeltaBinaryPacked),
		parquet.Leaf(parquet.BooleanType),
	}
	group, rows := make(parquet.Group), make([]parquet.Row, pick(0, 1, 7, 8, 9, 100, 1000, 3000))
	for column := range 1 + r.IntN(5) {
		node := nodes[r.IntN(len(nodes))]
		optional := r.IntN(3) > 0
		kind := node.Type().Kind()
		if optional {
			node = parquet.Optional(node)
		}
		group[fmt.Sprintf("c%d", column)] = node
		empty, stay, kinds, ascending := pick(0, 0, 1, 50, 99, 100), pick(0, 50, 95), pick(1, 2, 3, 30, 300, 100_000), r.IntN(2) == 0
		var last parquet.Value
		for i := range rows {
			n := r.IntN(kinds)
			if ascending {
				n = i * kinds / len(rows)
			}
			switch {
			case i > 0 && r.IntN(100) < stay:
			case optional && r.IntN(100) < empty:
				last = parquet.NullValue().Level(0, 0, column)
			default:
				last = map[parquet.Kind]parquet.Value{
					parquet.ByteArray: parquet.ByteArrayValue([]byte(strings.Repeat("x", n%40) + fmt.Sprint(n))),
					parquet.Int32:     parquet.Int32Value(int32(n*77_777 - 1000)), parquet.Boolean: parquet.BooleanValue(n%2 == 1),
				}[kind]
				if kind == parquet.ByteArray && n == 1 {
					last = parquet.ByteArrayValue(nil)
				}
				last = last.Level(0, map[bool]int{true: 1}[optional], column)
			}
			rows[i] = append(rows[i], last)
		}
	}
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("drawn", group), parquet.DataPageVersion(1+r.IntN(2)), parquet.MaxRowsPerRowGroup(int64(pick(40, 300, 10_000))),
		parquet.PageBufferSize(pick(1, 50, 1000, 1<<20)), parquet.DictionaryMaxBytes(int64(pick(0, 20, 500))),
		parquet.Compression([]compress.Codec{&parquet.Uncompressed, &parquet.Zstd, &parquet.Snappy}[r.IntN(3)]))
	if _, err := w.WriteRows(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sound says what is wrong with a page in itself, and with those before it.
func sound(p table.Page, before *table.Values, next int64) string {
	nulls := 0
	for _, at := range p.Index {
		if at < 0 {
			nulls++
		}
		if at < -1 || int(at) >= p.Values.Len() {
			return "points nowhere"
		}
	}
	switch {
	case p.Row != next:
		return "is of other rows"
	case len(p.Index) == 0:
		return "is empty"
	case nulls != p.Nulls:
		return "has other empty cells than it says"
	case !p.Fresh && p.Values != before:
		return "has other values and does not say so"
	}
	return ""
}

func cellOf(kind table.Type, v *table.Values, at int32) string {
	switch {
	case at < 0:
		return "-"
	case kind == table.String:
		return "s" + string(v.Bytes(int(at)))
	case kind == table.Boolean:
		return fmt.Sprint(v.Boolean(int(at)))
	default:
		return fmt.Sprint(v.Int32(int(at)))
	}
}

// columnOf are the cells of a column, by pages.
func columnOf(t testing.TB, f *table.File, c table.Column) ([]string, error) {
	var out []string
	var before *table.Values
	var told []string // the values, as they were when they were fresh
	err := f.Pages(c.Name, func(p table.Page) error {
		if wrong := sound(p, before, int64(len(out))); wrong != "" {
			t.Fatalf("%s: the page at row %d %s", c.Name, p.Row, wrong)
		}
		if p.Fresh {
			told = told[:0]
			for i := range p.Values.Len() {
				told = append(told, cellOf(c.Type, p.Values, int32(i)))
			}
		}
		before = p.Values
		for _, at := range p.Index {
			cell := cellOf(c.Type, p.Values, at)
			if at >= 0 && told[at] != cell {
				t.Fatalf("%s: a value has changed since it was fresh", c.Name)
			}
			out = append(out, cell)
		}
		return nil
	})
	return out, err
}

// libraryColumns are the cells of all columns as the library reads them, row by row.
func libraryColumns(t testing.TB, data []byte) [][]string {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]string, len(f.Root().Columns()))
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 100)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				for i, v := range row {
					switch {
					case v.IsNull():
						out[i] = append(out[i], "-")
					case v.Kind() == parquet.ByteArray:
						out[i] = append(out[i], "s"+string(v.ByteArray()))
					default:
						out[i] = append(out[i], v.String())
					}
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// agrees holds every way of reading a file to what the library reads.
func agrees(t testing.TB, data []byte) {
	t.Helper()
	f := read(t, data)
	want := libraryColumns(t, data)
	for i, c := range f.Columns() {
		cells, err := columnOf(t, f, c)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		var each []string
		err = f.Each(c.Name, func(row int64, v table.Value) error {
			switch {
			case v.IsNull():
				each = append(each, "-")
			case c.Type == table.String:
				each = append(each, "s"+string(v.Bytes()))
			case c.Type == table.Boolean:
				each = append(each, fmt.Sprint(v.Boolean()))
			default:
				each = append(each, fmt.Sprint(v.Int32()))
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if strings.Join(cells, "\n") != strings.Join(want[i], "\n") || strings.Join(each, "\n") != strings.Join(want[i], "\n") {
			t.Fatalf("%s (%s) does not read as the library reads it", c.Name, c.Type)
		}
		distinct := make(map[string]bool)
		for _, cell := range cells {
			if cell != "-" {
				distinct[cell] = true
			}
		}
		if n, err := f.Distinct(c.Name); err != nil || n != int64(len(distinct)) {
			t.Fatalf("%s: %d distinct, want %d (%v)", c.Name, n, len(distinct), err)
		}
		if c.Type != table.String {
			continue
		}
		words, err := f.Strings(c.Name)
		if err != nil || len(words) != len(cells) {
			t.Fatalf("%s: %d strings (%v)", c.Name, len(words), err)
		}
		for row, word := range words {
			if "s"+word != cells[row] && (word != "" || cells[row] != "-") {
				t.Fatalf("%s: row %d is another string", c.Name, row)
			}
		}
	}
}

func TestPagesAgreeWithTheLibrary(t *testing.T) {
	for seed := range uint64(150) {
		agrees(t, drawn(t, rand.New(rand.NewPCG(seed, 0))))
	}
}

// Row groups and columns are read at once by several goroutines, in any order.
func TestGroupPagesSideBySide(t *testing.T) {
	rows := children(2500)
	f := read(t, write(t, rows, parquet.MaxRowsPerRowGroup(400), parquet.PageBufferSize(512), parquet.Compression(&parquet.Zstd)))
	var wait sync.WaitGroup
	for group := len(f.RowGroups()) - 1; group >= 0; group-- {
		for _, c := range f.Columns() {
			wait.Go(func() {
				next := int64(group * 400)
				err := f.GroupPages(group, c.Name, func(p table.Page) error {
					if p.Row != next {
						t.Errorf("%s: row %d, want %d", c.Name, p.Row, next)
					}
					for i, at := range p.Index {
						if row := rows[p.Row+int64(i)]; c.Name == "child_id" && string(p.Values.Bytes(int(at))) != row.ChildID ||
							c.Name == "started" && p.Values.Int32(int(at)) != row.Started {
							t.Errorf("%s: row %d is another", c.Name, p.Row+int64(i))
						}
					}
					next += int64(len(p.Index))
					return nil
				})
				if err != nil || next != int64(min(group*400+400, len(rows))) {
					t.Errorf("group %d of %s ends at row %d (%v)", group, c.Name, next, err)
				}
			})
		}
	}
	wait.Wait()
	for _, group := range []int{-1, len(f.RowGroups())} {
		if f.GroupPages(group, "uasc", func(table.Page) error { return nil }) == nil {
			t.Errorf("row group %d is read", group)
		}
	}
}

func FuzzPages(f *testing.F) {
	for seed := range uint64(60) {
		if data := drawn(f, rand.New(rand.NewPCG(seed, 1))); len(data) < 4000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := table.New(bytes.NewReader(data), int64(len(data)))
		if err != nil || file.Rows() > 1<<20 {
			return
		}
		for _, c := range file.Columns() {
			cells, err := columnOf(t, file, c)
			if err == nil && int64(len(cells)) != file.Rows() {
				t.Errorf("%d cells in %d rows", len(cells), file.Rows())
			}
			if err != nil && !errors.Is(err, table.ErrDamaged) {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	})
}
