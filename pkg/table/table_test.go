package table_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/table"
)

type child struct {
	ChildID string  `parquet:"child_id,dict"`
	Sex     *string `parquet:"sex,optional,dict"`
	Started int32   `parquet:"started,date"`
	Age     *int32  `parquet:"age,optional"`
	UASC    bool    `parquet:"uasc"`
}

// children are n rows, two to a child, ordered by child_id; every third row has no sex, every fifth no age.
func children(n int) []child {
	rows := make([]child, n)
	for i := range rows {
		rows[i] = child{ChildID: fmt.Sprintf("c1_%08d", i/2), Started: int32(18000 + i), UASC: i%4 == 0}
		if i%3 != 0 {
			sex := []string{"M", "F"}[i%2]
			rows[i].Sex = &sex
		}
		if i%5 != 0 {
			age := int32(i % 7)
			rows[i].Age = &age
		}
	}
	return rows
}

func write[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, data []byte) *table.File {
	t.Helper()
	f, err := table.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFile(t *testing.T) {
	data := write(t, children(2500), parquet.MaxRowsPerRowGroup(1000), parquet.PageBufferSize(512), parquet.Compression(&parquet.Zstd),
		parquet.KeyValueMetadata("b", "2"), parquet.KeyValueMetadata("a", "1"))
	path := filepath.Join(t.TempDir(), "children.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := table.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	if want := []table.Column{
		{Name: "child_id", Type: table.String}, {Name: "sex", Type: table.String, Optional: true}, {Name: "started", Type: table.Date},
		{Name: "age", Type: table.Int32, Optional: true}, {Name: "uasc", Type: table.Boolean},
	}; !reflect.DeepEqual(f.Columns(), want) {
		t.Errorf("columns %v", f.Columns())
	}
	if f.Rows() != 2500 || !slices.Equal(f.RowGroups(), []int64{1000, 1000, 500}) {
		t.Errorf("%d rows in groups of %v", f.Rows(), f.RowGroups())
	}
	if want := []table.KeyValue{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}; !slices.Equal(f.Metadata(), want) {
		t.Errorf("metadata %v", f.Metadata())
	}
	for column, want := range map[string]int64{"child_id": 1250, "sex": 2, "started": 2500, "age": 7, "uasc": 2} {
		if got, err := f.Distinct(column); err != nil || got != want {
			t.Errorf("%s: %d distinct (%v), want %d", column, got, err, want)
		}
	}
}

func TestEach(t *testing.T) {
	rows := children(2500)
	f := read(t, write(t, rows, parquet.MaxRowsPerRowGroup(999), parquet.PageBufferSize(256)))
	for _, c := range f.Columns() {
		next := int64(0)
		if err := f.Each(c.Name, func(row int64, v table.Value) error {
			want := rows[row]
			ok := row == next
			switch c.Name {
			case "child_id":
				ok = ok && string(v.Bytes()) == want.ChildID
			case "sex":
				ok = ok && v.IsNull() == (want.Sex == nil) && (want.Sex == nil || string(v.Bytes()) == *want.Sex)
			case "started":
				ok = ok && v.Int32() == want.Started
			case "age":
				ok = ok && v.IsNull() == (want.Age == nil) && (want.Age == nil || v.Int32() == *want.Age)
			case "uasc":
				ok = ok && v.Boolean() == want.UASC
			}
			if !ok {
				t.Fatalf("%s: row %d is not what was written", c.Name, row)
			}
			next++
			return nil
		}); err != nil || next != 2500 {
			t.Errorf("%s: %d rows, error %v", c.Name, next, err)
		}
	}
	ids, err := f.Strings("child_id")
	if err != nil || len(ids) != 2500 || ids[2499] != rows[2499].ChildID {
		t.Errorf("%d strings, error %v", len(ids), err)
	}
	sexes, err := f.Strings("sex")
	if err != nil || sexes[0] != "" || sexes[1] != "F" {
		t.Errorf("strings of a column with empty cells: error %v", err)
	}
}

func TestEachEndsWithTheVisitor(t *testing.T) {
	f := read(t, write(t, children(10)))
	enough := errors.New("enough")
	n := 0
	if err := f.Each("child_id", func(int64, table.Value) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d visits, error %v", n, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a panic of the visitor was swallowed")
		}
	}()
	_ = f.Each("child_id", func(int64, table.Value) error { panic("mine") })
}

func TestDistinctOutOfOrder(t *testing.T) {
	rows := children(100)
	slices.Reverse(rows)
	if n, err := read(t, write(t, rows)).Distinct("child_id"); err != nil || n != 50 {
		t.Errorf("%d distinct, error %v", n, err)
	}
}

func TestUnknownColumn(t *testing.T) {
	f := read(t, write(t, children(1)))
	if err := f.Each("nothing", func(int64, table.Value) error { return nil }); err == nil {
		t.Error("read a column that is not there")
	}
	if _, err := f.Distinct("nothing"); err == nil {
		t.Error("counted a column that is not there")
	}
	if _, err := f.Strings("age"); err == nil {
		t.Error("took numbers for strings")
	}
}

func TestEmptyTable(t *testing.T) {
	f := read(t, write(t, []child{}))
	if n, err := f.Distinct("child_id"); err != nil || n != 0 || f.Rows() != 0 || len(f.Columns()) != 5 {
		t.Errorf("%d distinct of %d rows, error %v", n, f.Rows(), err)
	}
}

func TestOtherTypes(t *testing.T) {
	type other struct {
		Raw  []byte  `parquet:"raw"`
		Long int64   `parquet:"long"`
		Real float64 `parquet:"real"`
		Enum string  `parquet:"enum,enum"`
	}
	f := read(t, write(t, []other{{}}))
	for _, c := range f.Columns() {
		if c.Type != table.Other {
			t.Errorf("%s is taken for %s", c.Name, c.Type)
		}
		if _, err := f.Distinct(c.Name); err == nil {
			t.Errorf("%s is counted", c.Name)
		}
	}
}

func TestRefusesShapes(t *testing.T) {
	type inner struct{ A int32 }
	type nested struct{ Inner inner }
	type repeated struct{ Many []int32 }
	whole := write(t, children(3))
	for name, data := range map[string][]byte{
		"nested":    write(t, []nested{{}}),
		"repeated":  write(t, []repeated{{}}),
		"nothing":   {},
		"magic":     []byte("PAR1PAR1"),
		"no footer": []byte("PAR1\x00\x00\x00\x00PAR1"),
		"text":      []byte(strings.Repeat("child_id,sex\n", 10)),
		"cut":       whole[:len(whole)-1],
		"headless":  whole[1:],
		"huge":      append(slices.Clone(whole[:len(whole)-8]), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1'),
	} {
		if _, err := table.New(bytes.NewReader(data), int64(len(data))); !errors.Is(err, table.ErrDamaged) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Whatever byte is damaged, reading ends without a panic: the file reads, or is ErrDamaged.
func TestEveryByteDamaged(t *testing.T) {
	data := write(t, children(12), parquet.KeyValueMetadata("postern.agreement", "dsa"))
	damaged := 0
	for i := range data {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			changed := bytes.Clone(data)
			changed[i] ^= flip
			f, err := table.New(bytes.NewReader(changed), int64(len(changed)))
			if err == nil {
				for _, c := range f.Columns() {
					err = errors.Join(err, f.Each(c.Name, func(int64, table.Value) error { return nil }))
				}
			}
			if err != nil {
				damaged++
				if !errors.Is(err, table.ErrDamaged) {
					t.Fatalf("byte %d: %v", i, err)
				}
			}
		}
	}
	if damaged < len(data) {
		t.Errorf("only %d of %d changes were seen", damaged, 3*len(data))
	}
}

func TestOpenMissing(t *testing.T) {
	if _, err := table.Open(filepath.Join(t.TempDir(), "none.parquet")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// failing is a disk that stops answering.
type failing struct {
	data []byte
	from int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off < f.from {
		return 0, &os.PathError{Op: "read", Path: "children.parquet", Err: os.ErrDeadlineExceeded}
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

// A disk that fails is no damaged file: the reader can put it right and try again.
func TestDiskFailure(t *testing.T) {
	data := write(t, children(100))
	if _, err := table.New(failing{data, int64(len(data))}, int64(len(data))); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkEach(b *testing.B) {
	f := read(b, write(b, children(100_000)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := f.Distinct("child_id"); err != nil || n != 50_000 {
			b.Fatal(n, err)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add(write(f, children(5)))
	f.Add(write(f, children(5), parquet.Compression(&parquet.Zstd)))
	f.Add(write(f, []child{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := table.New(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, c := range file.Columns() {
			rows := int64(0)
			if err := file.Each(c.Name, func(int64, table.Value) error { rows++; return nil }); err == nil && rows != file.Rows() {
				t.Errorf("%d cells in %d rows", rows, file.Rows())
			}
		}
	})
}
