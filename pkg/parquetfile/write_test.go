package parquetfile_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
	"github.com/postern-gateway/postern/pkg/table"
)

// small cuts pages, row groups and parts early, so that few rows have them all.
func small(part int64) parquetfile.Sizes { return parquetfile.Sizes{Page: 20, Group: 60, Part: part} }

// readTable reads a file with pkg/table, as text like rowsOf.
func readTable(t testing.TB, path string) (*table.File, [][]string) {
	t.Helper()
	f, err := table.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	rows := make([][]string, f.Rows())
	for _, c := range f.Columns() {
		if err := f.Each(c.Name, func(row int64, v table.Value) error {
			text := "-"
			switch {
			case v.IsNull():
			case c.Type == table.String:
				text = string(v.Bytes())
			case c.Type == table.Boolean:
				text = strconv.FormatBool(v.Boolean())
			default:
				text = strconv.Itoa(int(v.Int32()))
			}
			rows[row] = append(rows[row], text)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return f, rows
}

// distinct counts the children of rows; column 2 is the child's pseudonym.
func distinct(rows [][]string) int64 {
	seen := make(map[string]bool)
	for _, row := range rows {
		if row[2] != "-" {
			seen[row[2]] = true
		}
	}
	return int64(len(seen))
}

// TestFileHoldsTheStagedRows holds a file, read by pkg/table, to the staged rows cell by cell, and what is said of it to
// what can be counted in it.
func TestFileHoldsTheStagedRows(t *testing.T) {
	for _, rows := range []int{0, 1, 19, 20, 21, 60, 61, 100, 333} {
		s, stage := everyKindStaged(t, rows)
		dir, files := write(t, s, stage, small(1<<20))
		if len(files) != 1 || files[0].Path != "care_visits.parquet" {
			t.Fatalf("%d rows: files %v", rows, files)
		}
		path, written := filepath.Join(dir, files[0].Path), files[0]
		f, got := readTable(t, path)
		want := rowsOf(t, stage)
		if len(want) != rows || len(got) != rows || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%d rows: the file holds %d others", rows, len(got))
		}
		columns := []table.Column{
			{Name: "seen", Type: table.Date, Optional: true}, {Name: "place", Type: table.String, Optional: true}, {Name: "child_id", Type: table.String, Optional: true},
			{Name: "kind", Type: table.String, Optional: true}, {Name: "score", Type: table.Int32, Optional: true}, {Name: "band", Type: table.String, Optional: true},
			{Name: "open", Type: table.Boolean, Optional: true}, {Name: "nothing", Type: table.String, Optional: true}, {Name: "batch", Type: table.String, Optional: true},
		}
		if !slices.Equal(f.Columns(), columns) {
			t.Errorf("columns %v", f.Columns())
		}
		metadata := make(map[string]string)
		for _, kv := range f.Metadata() {
			metadata[kv.Key] = kv.Value
		}
		if !maps.Equal(metadata, options().Metadata) || len(f.Metadata()) != len(metadata) {
			t.Errorf("metadata %v", f.Metadata())
		}
		nulls := make([]int64, len(columns))
		for _, row := range want {
			for i, cell := range row {
				if cell == "-" {
					nulls[i]++
				}
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if written.Rows != int64(rows) || !slices.Equal(written.Nulls, nulls) || written.Children != distinct(want) ||
			written.Bytes != int64(len(data)) || written.CRC32C != crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) {
			t.Errorf("%d rows: described as %+v; nulls %v, children %d", rows, written, nulls, distinct(want))
		}
		if rows == 333 && (nulls[0] == 0 || nulls[2] == 0 || nulls[7] != 333 || nulls[8] != 0 || written.Children < 50) {
			t.Errorf("the rows do not have it all: nulls %v, children %d", nulls, written.Children)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("mode %v, error %v", info.Mode(), err)
		}
		if err := readBack(s, path, written); err != nil {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}

// TestCuts: pages and row groups are cut after so many rows, and by nothing else.
func TestCuts(t *testing.T) {
	s, stage := everyKindStaged(t, 333)
	dir, files := write(t, s, stage, small(1<<20))
	data := contents(t, dir)[files[0].Path]
	f, err := parquet.OpenFile(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var groups []int64
	for _, group := range f.RowGroups() {
		groups = append(groups, group.NumRows())
		for _, chunk := range group.ColumnChunks() {
			index, err := chunk.OffsetIndex()
			if err != nil {
				t.Fatal(err)
			}
			for page := range index.NumPages() {
				if index.FirstRowIndex(page) != int64(20*page) || index.NumPages() != int(group.NumRows()+19)/20 {
					t.Errorf("page %d of %d begins with row %d of a row group of %d", page, index.NumPages(), index.FirstRowIndex(page), group.NumRows())
				}
			}
		}
	}
	if !slices.Equal(groups, []int64{60, 60, 60, 60, 60, 33}) {
		t.Errorf("row groups of %v", groups)
	}
	for _, column := range f.Metadata().RowGroups[0].Columns {
		if codec := column.MetaData.Codec.String(); codec != "ZSTD" {
			t.Errorf("codec %s", codec)
		}
	}
	if standard := (parquetfile.Sizes{Page: 131_072, Group: 1_048_576, Part: 4_194_304}); parquetfile.Standard() != standard {
		t.Errorf("the sizes of every file are %+v", parquetfile.Standard())
	}
	if by := f.Metadata().CreatedBy; !strings.Contains(by, "postern") || !strings.Contains(by, "1.2.3") {
		t.Errorf("created by %q", by)
	}
}

// TestSameRowsSameBytes: in whatever order and batches rows were staged and written, and however often, the bytes are
// the same.
func TestSameRowsSameBytes(t *testing.T) {
	s := newStaging(t, everyKind, drawn(t, 333))
	batches := s.batches(t)
	r := rand.New(rand.NewPCG(1, 1))
	for _, sizes := range []parquetfile.Sizes{parquetfile.Standard(), small(1 << 20), small(100)} {
		var want map[string]string
		for round := range 5 {
			dir, _ := write(t, s, s.stage(t, batches), sizes)
			got := contents(t, dir)
			if round == 0 {
				want = got
			}
			if !maps.Equal(got, want) {
				t.Errorf("%+v: round %d: other bytes", sizes, round)
			}
			r.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
		}
		if sizes.Part < 333 {
			if len(want) < 2 {
				t.Errorf("%+v: %d files", sizes, len(want))
			}
			continue
		}
		for round := range 5 {
			path := filepath.Join(t.TempDir(), "x.parquet")
			w, err := parquetfile.CreateOf(path, s.table().Columns, options(), sizes)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.stage(t, batches).Ordered(context.Background(), func(b *minimise.Batch) error {
				for from, to := 0, 0; from < b.Len(); from = to {
					to = min(b.Len(), from+r.IntN(10*round*round+2)) // none at all, now and then
					if err := w.Write(b.Slice(from, to)); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Close(); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil || string(data) != want["care_visits.parquet"] {
				t.Errorf("%+v: batches of up to %d rows: other bytes, error %v", sizes, 10*round*round+1, err)
			}
		}
	}
}

// TestEachInputDecides: another version, other metadata or one other cell give other bytes.
func TestEachInputDecides(t *testing.T) {
	s, stage := everyKindStaged(t, 40)
	seen := make(map[uint32]string)
	try := func(name string, stage *minimise.Stage, opt parquetfile.Options) {
		files, err := parquetfile.WriteTable(context.Background(), t.TempDir(), "x", stage, s.table().Columns, opt)
		if err != nil {
			t.Fatal(err)
		}
		if same, known := seen[files[0].CRC32C]; known {
			t.Errorf("%s gives the bytes of %s", name, same)
		}
		seen[files[0].CRC32C] = name
	}
	opt := options()
	try("the rows", stage, opt)
	opt.Version = "1.2.4"
	try("another version", stage, opt)
	opt = options()
	opt.Metadata["agreement"] = "dsa-test v2"
	try("other metadata", stage, opt)
	try("a row less", s.stage(t, s.batches(t)[1:]), options())
}

// TestParts: a table that is too large is cut by the first four bits of the child's pseudonym.
func TestParts(t *testing.T) {
	s, stage := everyKindStaged(t, 600)
	staged := rowsOf(t, stage)
	dir, files := write(t, s, stage, small(599))
	if len(files) < 10 || len(contents(t, dir)) != len(files) {
		t.Fatalf("%d files described, %d there", len(files), len(contents(t, dir)))
	}
	const crockford = "0123456789abcdefghjkmnpqrstvwxyz"
	var rows [][]string
	children, last := int64(0), -1
	for _, f := range files {
		var part int
		if _, err := fmt.Sscanf(f.Path, "care_visits/%02d.parquet", &part); err != nil || part <= last || part > 15 {
			t.Fatalf("file %s after part %d", f.Path, last)
		}
		last = part
		if f.Rows == 0 {
			t.Errorf("%s has no rows", f.Path)
		}
		_, got := readTable(t, filepath.Join(dir, f.Path))
		for _, row := range got {
			of := 0
			if row[2] != "-" {
				of = strings.IndexByte(crockford, row[2][len("c1_")]) / 2 // five bits to a character
			}
			if of != part {
				t.Fatalf("%s holds a row of part %d", f.Path, of)
			}
		}
		if f.Children != distinct(got) || f.Rows != int64(len(got)) {
			t.Errorf("%s: described as %d children, %d rows; has %d, %d", f.Path, f.Children, f.Rows, distinct(got), len(got))
		}
		children += f.Children
		rows = append(rows, got...)
		if err := readBack(s, filepath.Join(dir, f.Path), f); err != nil {
			t.Error(err)
		}
	}
	if children != distinct(staged) || !slices.EqualFunc(rows, staged, slices.Equal[[]string]) {
		t.Errorf("the parts together have %d children and %d rows; want %d and %d, in this order", children, len(rows), distinct(staged), len(staged))
	}
	// As many rows as go into one file are one file.
	if _, files := write(t, s, stage, small(600)); len(files) != 1 || files[0].Path != "care_visits.parquet" || files[0].Children != children {
		t.Errorf("files %v", files)
	}
}

// TestPartsWithoutChild: a table whose child does not leave is one file, whatever else is a pseudonym, and says of no
// child that it is there.
func TestPartsWithoutChild(t *testing.T) {
	s := newStaging(t, "  care/visits:\n    kind: {treatment: keep, from: KIND}\n    place: {treatment: pseudonym, from: PLACE}\n", drawn(t, 200))
	stage := s.stage(t, s.batches(t))
	dir, files := write(t, s, stage, small(100))
	if len(files) != 1 || files[0].Path != "care_visits.parquet" || files[0].Children != 0 || files[0].Rows != 200 {
		t.Fatalf("files %v", files)
	}
	if _, got := readTable(t, filepath.Join(dir, files[0].Path)); !reflect.DeepEqual(got, rowsOf(t, stage)) {
		t.Error("the file holds other rows")
	}
	if err := readBack(s, filepath.Join(dir, files[0].Path), files[0]); err != nil {
		t.Error(err)
	}
}

// TestMoreThanAPage writes, with the sizes of every file, more rows than go into one page and one batch.
func TestMoreThanAPage(t *testing.T) {
	s := newStaging(t, "  care/visits:\n    child_id: {treatment: pseudonym, from: CHILD}\n    score: {treatment: keep, from: SCORE}\n", drawn(t, 500))
	batches := s.batches(t)
	stage := s.stage(t, nil)
	for range 300 {
		for _, b := range batches {
			if err := stage.Add(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir, files := write(t, s, stage, parquetfile.Standard())
	if len(files) != 1 || files[0].Rows != 150_000 || files[0].Children != distinctOf(rowsOf(t, stage), 0) {
		t.Fatalf("files %v", files)
	}
	path := filepath.Join(dir, files[0].Path)
	if err := readBack(s, path, files[0]); err != nil {
		t.Error(err)
	}
	if _, got := readTable(t, path); !reflect.DeepEqual(got, rowsOf(t, stage)) {
		t.Error("the file holds other rows")
	}
}

func distinctOf(rows [][]string, column int) int64 {
	seen := make(map[string]bool)
	for _, row := range rows {
		seen[row[column]] = true
	}
	delete(seen, "-")
	return int64(len(seen))
}

// TestWriteFails: no file is written over, and a run that is called off leaves nothing that is a Parquet file.
func TestWriteFails(t *testing.T) {
	s, stage := everyKindStaged(t, 30)
	dir := t.TempDir()
	path := filepath.Join(dir, "care_visits.parquet")
	if err := os.WriteFile(path, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parquetfile.WriteTable(context.Background(), dir, "care_visits", stage, s.table().Columns, options()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file in the way: %v", err)
	}
	if contents(t, dir)["care_visits.parquet"] != "another's" {
		t.Error("a file was written over")
	}
	if _, err := parquetfile.WriteTable(context.Background(), filepath.Join(dir, "none"), "x", stage, s.table().Columns, options()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	empty := s.stage(t, nil)
	if _, err := parquetfile.WriteTable(ctx, dir, "empty", empty, s.table().Columns, options()); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}

	w, err := parquetfile.Create(filepath.Join(dir, "abandoned.parquet"), s.table().Columns, options())
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Ordered(context.Background(), w.Write); err != nil {
		t.Fatal(err)
	}
	w.Abandon()
	for name, data := range contents(t, dir) {
		if _, err := parquet.OpenFile(strings.NewReader(data), int64(len(data))); err == nil {
			t.Errorf("%s is a Parquet file", name)
		}
	}
}
