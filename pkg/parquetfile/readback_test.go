package parquetfile_test

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
)

// drawnRows is how many rows the file has that these tests spoil.
const drawnRows = 120

// TestAnyByteChanged flips every byte of a file, and cuts it off and adds to it.
func TestAnyByteChanged(t *testing.T) {
	s, stage := everyKindStaged(t, 40)
	dir, files := write(t, s, stage, small(1<<20))
	path := filepath.Join(dir, files[0].Path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	put := func(at int, b byte) {
		if _, err := f.WriteAt([]byte{b}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	for at, b := range data {
		put(at, b^byte(1<<(at%8)))
		if err := readBack(s, path, files[0]); !refused(err, finding.VerifyAfterWriteFailed) {
			t.Errorf("byte %d of %d changed: %v", at, len(data), err)
		}
		put(at, b)
	}
	if err := readBack(s, path, files[0]); err != nil {
		t.Fatalf("as it was: %v", err)
	}
	for name, size := range map[string]int64{"cut off": int64(len(data)) - 1, "grown": int64(len(data)) + 1, "empty": 0} {
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		if err := readBack(s, path, files[0]); !refused(err, finding.VerifyAfterWriteFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := readBack(s, path, files[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

func refused(err error, code finding.Code) bool {
	var refusal *finding.Refusal
	return errors.As(err, &refusal) && refusal.Code == code && refusal.Hint != ""
}

// copied is a Parquet file taken apart, to be put together again by the other library otherwise.
type copied struct {
	columns  []parquet.Field
	rows     []parquet.Row
	metadata map[string]string
}

// inOrder is a group of columns in their own order: the library's sorts them.
type inOrder struct {
	parquet.Group
	fields []parquet.Field
}

func (g inOrder) Fields() []parquet.Field { return g.fields }

// named is a column under a name.
type named struct {
	parquet.Node
	name string
}

func (n named) Name() string                           { return n.name }
func (n named) Value(base reflect.Value) reflect.Value { return base.FieldByName(n.name) }

func takeApart(t *testing.T, data []byte) *copied {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	c := &copied{columns: f.Schema().Fields(), metadata: maps.Clone(options().Metadata)}
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 1)
		for {
			n, err := rows.ReadRows(buffer)
			if n == 1 {
				c.rows = append(c.rows, buffer[0].Clone())
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
	return c
}

// together writes the file and says of it what was said of the file that it was taken from, but for its bytes: the
// digest would notice any change, and what notices it after that is what is tested.
func (c *copied) together(t *testing.T, want parquetfile.Written) (path string, written parquetfile.Written) {
	t.Helper()
	root := inOrder{Group: make(parquet.Group), fields: c.columns}
	for _, column := range c.columns {
		root.Group[column.Name()] = column
	}
	var b bytes.Buffer
	settings := []parquet.WriterOption{
		parquet.NewSchema("x", root), parquet.MaxRowsPerRowGroup(33),
		parquet.ColumnIndexSizeLimit(func([]string) int { return 64 }), // whole pseudonyms, as they are written
	}
	for key, value := range c.metadata {
		settings = append(settings, parquet.KeyValueMetadata(key, value))
	}
	w := parquet.NewWriter(&b, settings...)
	if _, err := w.WriteRows(c.rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "other.parquet")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	want.Bytes, want.CRC32C = int64(b.Len()), crc32.Checksum(b.Bytes(), crc32.MakeTable(crc32.Castagnoli))
	return path, want
}

// row finds a row in which a column is, or is not, empty: the nth.
func (c *copied) row(column int, null bool, nth int) parquet.Row {
	for _, row := range c.rows {
		if row[column].IsNull() == null {
			if nth == 0 {
				return row
			}
			nth--
		}
	}
	return nil
}

// pair finds two rows that differ in a column.
func (c *copied) pair(column int) (x, y parquet.Row) {
	for _, row := range c.rows {
		switch {
		case row[column].IsNull():
		case x == nil:
			x = row
		case !parquet.DeepEqual(x[column], row[column]):
			return x, row
		}
	}
	return nil, nil
}

func text(s string, column int) parquet.Value {
	return parquet.ByteArrayValue([]byte(s)).Level(0, 1, column)
}

func number(n int32, column int) parquet.Value { return parquet.Int32Value(n).Level(0, 1, column) }

// The columns of everyKind.
const (
	seen = iota
	place
	child
	kind
	score
	band
	open
	nothing
	batch
)

// TestReadBack spoils a file in every way that a writer might, each file sound in itself, and sees each refused.
func TestReadBack(t *testing.T) {
	s, stage := everyKindStaged(t, drawnRows)
	dir, files := write(t, s, stage, small(1<<20))
	data := []byte(contents(t, dir)[files[0].Path])
	rename := func(c *copied, column int, name string, node parquet.Node) { c.columns[column] = named{node, name} }
	for _, test := range []struct {
		name  string
		spoil func(c *copied)
		code  finding.Code // empty for what is accepted
	}{
		{"nothing", func(*copied) {}, ""},
		{"two rows exchanged", func(c *copied) { x, y := c.pair(child); swap(x, y, slices.Collect(upTo(len(x)))...) }, finding.VerifyAfterWriteFailed},
		{"the last two rows exchanged", func(c *copied) {
			n := len(c.rows)
			c.rows[n-1], c.rows[n-2] = c.rows[n-2], c.rows[n-1]
		}, finding.VerifyAfterWriteFailed},
		{"all rows turned round", func(c *copied) { slices.Reverse(c.rows) }, finding.VerifyAfterWriteFailed},
		{"the last row gone", func(c *copied) { c.rows = c.rows[:len(c.rows)-1] }, finding.VerifyAfterWriteFailed},
		{"the first row gone", func(c *copied) { c.rows = c.rows[1:] }, finding.VerifyAfterWriteFailed},
		{"the first row twice", func(c *copied) { c.rows = append(c.rows[:1:1], c.rows...) }, finding.VerifyAfterWriteFailed},
		{"one row for another", func(c *copied) { c.rows[3] = c.rows[4] }, finding.VerifyAfterWriteFailed},
		{"no rows", func(c *copied) { c.rows = nil }, finding.VerifyAfterWriteFailed},

		{"a date", func(c *copied) { r := c.row(seen, false, 3); r[seen] = number(r[seen].Int32()+1, seen) }, finding.VerifyAfterWriteFailed},
		{"a number", func(c *copied) { r := c.row(score, false, 3); r[score] = number(-r[score].Int32()-1, score) }, finding.VerifyAfterWriteFailed},
		{"the sign of a number", func(c *copied) { r := c.row(score, false, 0); r[score] = number(r[score].Int32()^-1<<31, score) }, finding.VerifyAfterWriteFailed},
		{"a truth", func(c *copied) {
			r := c.row(open, false, 3)
			r[open] = parquet.BooleanValue(!r[open].Boolean()).Level(0, 1, open)
		}, finding.VerifyAfterWriteFailed},
		{"a code", func(c *copied) { x, y := c.pair(kind); x[kind] = y[kind] }, finding.VerifyAfterWriteFailed},
		{"a pseudonym", func(c *copied) { x, y := c.pair(child); x[child] = y[child] }, finding.VerifyAfterWriteFailed},
		{"the last character of a pseudonym", func(c *copied) {
			r := c.row(child, false, 5)
			code := []byte(r[child].String())
			code[len(code)-1] = map[bool]byte{true: '1', false: '0'}[code[len(code)-1] == '0']
			r[child] = text(string(code), child)
		}, finding.VerifyAfterWriteFailed},
		{"two cells of a column", func(c *copied) { x, y := c.pair(score); swap(x, y, score) }, finding.VerifyAfterWriteFailed},
		{"a code for none", func(c *copied) { c.row(nothing, true, 0)[nothing] = text("A", nothing) }, finding.VerifyAfterWriteFailed},
		{"zero for none", func(c *copied) { c.row(score, true, 0)[score] = number(0, score) }, finding.VerifyAfterWriteFailed},
		{"none for a number", func(c *copied) { c.row(score, false, 0)[score] = parquet.NullValue().Level(0, 0, score) }, finding.VerifyAfterWriteFailed},
		{"none for a pseudonym", func(c *copied) { c.row(place, false, 0)[place] = parquet.NullValue().Level(0, 0, place) }, finding.VerifyAfterWriteFailed},
		{"an empty cell moved", func(c *copied) { swap(c.row(score, true, 1), c.row(score, false, 4), score) }, finding.VerifyAfterWriteFailed},
		{"two columns of a type exchanged", func(c *copied) {
			for _, r := range c.rows {
				r[seen], r[score] = r[score].Level(0, r[score].DefinitionLevel(), seen), r[seen].Level(0, r[seen].DefinitionLevel(), score)
			}
		}, finding.VerifyAfterWriteFailed},

		{"a raw identifier", func(c *copied) { c.row(child, false, 0)[child] = text("RND000215205141", child) }, finding.IdentifierFound},
		{"a raw identifier in a part of a page", func(c *copied) { c.row(child, false, 70)[child] = text("c1_0000000000000000000000000051000", child) }, finding.IdentifierFound},
		{"a code that is not of the list", func(c *copied) { c.row(kind, false, 40)[kind] = text("D", kind) }, finding.CodeNotAllowed},
		{"free text", func(c *copied) { c.row(batch, false, 40)[batch] = text("seen at home", batch) }, finding.CodeNotAllowed},
		{"an empty string", func(c *copied) { c.row(kind, false, 0)[kind] = text("", kind) }, finding.CodeNotAllowed},

		{"a column under another name", func(c *copied) { rename(c, score, "points", c.columns[score]) }, finding.VerifyAfterWriteFailed},
		{"a date that is a number", func(c *copied) { rename(c, seen, "seen", parquet.Optional(parquet.Leaf(parquet.Int32Type))) }, finding.VerifyAfterWriteFailed},
		{"a number that is a date", func(c *copied) { rename(c, score, "score", parquet.Optional(parquet.Date())) }, finding.VerifyAfterWriteFailed},
		{"strings that are bytes", func(c *copied) { rename(c, kind, "kind", parquet.Optional(parquet.Leaf(parquet.ByteArrayType))) }, finding.VerifyAfterWriteFailed},
		{"a column that may not be empty", func(c *copied) {
			rename(c, batch, "batch", parquet.String())
			for _, r := range c.rows {
				r[batch] = r[batch].Level(0, 0, batch)
			}
		}, finding.VerifyAfterWriteFailed},
		{"a column less", func(c *copied) {
			c.columns = c.columns[:batch]
			for i := range c.rows {
				c.rows[i] = c.rows[i][:batch]
			}
		}, finding.VerifyAfterWriteFailed},
		{"a column more", func(c *copied) {
			c.columns = append(c.columns, named{c.columns[batch], "more"})
			for i, r := range c.rows {
				c.rows[i] = append(r[:len(r):len(r)], r[batch].Level(0, 1, batch+1))
			}
		}, finding.VerifyAfterWriteFailed},

		{"metadata gone", func(c *copied) { delete(c.metadata, "empty") }, finding.VerifyAfterWriteFailed},
		{"metadata more", func(c *copied) { c.metadata["host"] = "gateway" }, finding.VerifyAfterWriteFailed},
		{"metadata changed", func(c *copied) { c.metadata["agreement"] = "dsa-test v2" }, finding.VerifyAfterWriteFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := takeApart(t, data)
			if len(c.rows) != drawnRows || len(c.columns) != batch+1 {
				t.Fatalf("%d rows, %d columns", len(c.rows), len(c.columns))
			}
			c.columns = slices.Clone(c.columns)
			test.spoil(c)
			path, written := c.together(t, files[0])
			err := readBack(s, path, written)
			if test.code == "" && err != nil || test.code != "" && !refused(err, test.code) {
				t.Fatalf("%v; want %q", err, test.code)
			}
			if err == nil {
				return
			}
			for _, value := range []string{"RND", "510", "at home", "c1_", "points", "more", "host", "gateway"} {
				if strings.Contains(err.Error(), value) || strings.Contains(finding.HintOf(err), value) {
					t.Errorf("the refusal repeats what is in the file: %v", err)
				}
			}
		})
	}
}

// swap exchanges cells of two rows.
func swap(x, y parquet.Row, columns ...int) {
	for _, c := range columns {
		x[c], y[c] = y[c], x[c]
	}
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestReadBackHoldsEveryFigure changes what is said of a sound file.
func TestReadBackHoldsEveryFigure(t *testing.T) {
	s, stage := everyKindStaged(t, drawnRows)
	dir, files := write(t, s, stage, small(1<<20))
	path := filepath.Join(dir, files[0].Path)
	try := func(name string, change func(w *parquetfile.Written)) {
		w := files[0]
		w.Nulls, w.Checks = slices.Clone(w.Nulls), slices.Clone(w.Checks)
		change(&w)
		if err := readBack(s, path, w); !refused(err, finding.VerifyAfterWriteFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	try("rows", func(w *parquetfile.Written) { w.Rows++ })
	try("bytes", func(w *parquetfile.Written) { w.Bytes++ })
	try("checksum", func(w *parquetfile.Written) { w.CRC32C++ })
	for i := range files[0].Nulls {
		try("nulls", func(w *parquetfile.Written) { w.Nulls[i]++ })
		try("check", func(w *parquetfile.Written) { w.Checks[i]++ })
	}
	// Columns that were not to be written.
	columns := slices.Clone(s.table().Columns)
	columns[kind], columns[nothing] = columns[nothing], columns[kind]
	if _, err := parquetfile.ReadBack(context.Background(), path, columns, files[0], options(), disclosure.CheckString); !refused(err, finding.VerifyAfterWriteFailed) {
		t.Errorf("columns in another order: %v", err)
	}
}

// TestReadBackShowsEveryString: every distinct string of a file is looked at, with its column; and what the look says
// ends the reading.
func TestReadBackShowsEveryString(t *testing.T) {
	s, stage := everyKindStaged(t, drawnRows)
	dir, files := write(t, s, stage, small(1<<20))
	path := filepath.Join(dir, files[0].Path)
	want, got := make(map[string]bool), make(map[string]bool)
	for _, row := range rowsOf(t, stage) {
		for i, c := range s.table().Columns {
			if (c.Kind == minimise.Pseudonym || c.Kind == minimise.Code) && row[i] != "-" {
				want[c.Name+" "+row[i]] = true
			}
		}
	}
	var one sync.Mutex
	if _, err := parquetfile.ReadBack(context.Background(), path, s.table().Columns, files[0], options(), func(c *minimise.Column, text []byte) error {
		one.Lock()
		defer one.Unlock()
		got[c.Name+" "+string(text)] = true
		return nil
	}); err != nil || !maps.Equal(got, want) || len(want) < 40 {
		t.Errorf("%d strings were shown; want %d; error %v", len(got), len(want), err)
	}
	enough := errors.New("enough")
	if _, err := parquetfile.ReadBack(context.Background(), path, s.table().Columns, files[0], options(), func(*minimise.Column, []byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the look says no, and the reading %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := parquetfile.ReadBack(ctx, path, s.table().Columns, files[0], options(), disclosure.CheckString); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}
