package parquetfile

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

func twoPairs() Options { return Options{Metadata: map[string]string{"a": "1", "b": "2"}} }

// spoilt writes a file whose footer, page index included, is changed: the file is sound in itself but for that.
func (m *made) spoilt(t *testing.T, spoil func(f *file)) (string, Written) {
	t.Helper()
	path := t.TempDir() + "/spoilt.parquet"
	w, err := create(path, m.columns, twoPairs(), size{page: 40, group: 120, piece: 1 << 14}, &shop{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.write(m, m); err != nil {
		t.Fatal(err)
	}
	if err := w.group(); err != nil {
		t.Fatal(err)
	}
	spoil(w.file)
	written, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return path, written
}

// TestWhatReadersRelyOn: statistics and page index that are not those of the values are refused, though every value is as it
// was written: readers pass over pages by them.
func TestWhatReadersRelyOn(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	m := drawMade(r, 200) // a row group of three pages, and one of two
	for i := range m.codes {
		for row := range m.codes[i] { // two values and a null in each page
			m.codes[i][row] = []uint32{1, min(2, m.most[i]), 0}[row%3]
		}
	}
	clear(m.codes[4][:40])
	column := func(f *file, i int) *format.Statistics { return &f.meta.RowGroups[1].Columns[i].MetaData.Statistics }
	for name, test := range map[string]struct {
		spoil func(f *file)
		sound bool
	}{
		"nothing":                        {func(*file) {}, true},
		"least of a chunk":               {func(f *file) { column(f, 2).MinValue = column(f, 2).MaxValue }, len(m.columns[2].Codes) == 1},
		"greatest of a chunk":            {func(f *file) { column(f, 3).MaxValue = []byte{255, 255, 0, 0} }, false},
		"greatest of a chunk's truths":   {func(f *file) { column(f, 6).MaxValue = []byte{0} }, false},
		"nulls of a chunk":               {func(f *file) { column(f, 2).NullCount-- }, false},
		"no bounds":                      {func(f *file) { column(f, 5).MinValue = nil }, false},
		"least of a page":                {func(f *file) { f.columns[0][3].MinValues[2] = []byte{0, 0, 0, 0} }, false},
		"greatest of a page":             {func(f *file) { f.columns[0][5].MaxValues[1] = f.columns[0][5].MinValues[1] }, m.most[5] == 1},
		"greatest of a pseudonym":        {func(f *file) { f.columns[0][0].MaxValues[1] = f.columns[0][0].MaxValues[1][:16] }, false},
		"nulls of a page":                {func(f *file) { f.columns[1][1].NullCounts[0]++ }, false},
		"a page said to be nulls":        {func(f *file) { f.columns[1][1].NullPages[0] = true }, false},
		"a page of nulls said not to be": {func(f *file) { f.columns[0][4].NullPages[0] = false }, false},
		"first row of a page":            {func(f *file) { f.offsets[0][1].PageLocations[1].FirstRowIndex++ }, false},
		"a row more in all":              {func(f *file) { f.meta.NumRows++ }, false},
		"a row more in a row group":      {func(f *file) { f.meta.RowGroups[0].NumRows++; f.meta.RowGroups[1].NumRows-- }, false},
		"metadata twice":                 {func(f *file) { f.meta.KeyValueMetadata[1] = f.meta.KeyValueMetadata[0] }, false},
		"a page less": {func(f *file) {
			x, o := &f.columns[0][1], &f.offsets[0][1]
			x.NullPages, x.NullCounts, x.MinValues, x.MaxValues = x.NullPages[:2], x.NullCounts[:2], x.MinValues[:2], x.MaxValues[:2]
			o.PageLocations = o.PageLocations[:2]
		}, false},
		"a page more": {func(f *file) {
			x, o := &f.columns[0][1], &f.offsets[0][1]
			x.NullPages, x.NullCounts = append(x.NullPages, false), append(x.NullCounts, 0)
			x.MinValues, x.MaxValues = append(x.MinValues, nil), append(x.MaxValues, nil)
			o.PageLocations = append(o.PageLocations, o.PageLocations[2])
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path, written := m.spoilt(t, test.spoil)
			_, err := ReadBack(context.Background(), path, m.columns, written, twoPairs(), func(*minimise.Column, []byte) error { return nil })
			var refusal *finding.Refusal
			if test.sound != (err == nil) || err != nil && (!errors.As(err, &refusal) || refusal.Code != finding.VerifyAfterWriteFailed) {
				t.Error(err)
			}
		})
	}
}

// turned are rows whose codes do not order as their values do.
type turned struct{ *made }

func (t turned) AppendCode(dst []byte, column int, code uint32) []byte {
	return t.made.AppendCode(dst, column, t.most[column]+1-code)
}

// more are rows with more codes than others of their table.
type more struct{ *made }

func (m more) Ordinals(column int) uint32 { return m.made.Ordinals(column) + 1 }

// TestCodesThatAreNotOneOrdering: rows that were not ordered, or of two orderings, make no file.
func TestCodesThatAreNotOneOrdering(t *testing.T) {
	m := register(1000)
	for name, test := range map[string]struct {
		second batch
		as     source
		want   error
	}{"as it should be": {m, m, nil}, "turned": {m, turned{m}, errOrder}, "another ordering": {more{m}, m, errCodes}} {
		w, err := create(t.TempDir()+"/x.parquet", m.columns, Options{}, sizes(), &shop{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		err = w.write(m, m)
		if err == nil {
			err = w.write(test.second, test.as)
		}
		if err == nil {
			_, err = w.Close()
		} else {
			w.Abandon()
		}
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDamageBehindTheChecksum changes every byte of the pages of a file whose checksum is said to be that of what it became.
// Each is refused, or changes nothing that is read; the library's panics do not come through.
func TestDamageBehindTheChecksum(t *testing.T) {
	m := drawMade(rand.New(rand.NewPCG(14, 14)), 90)
	path, written := m.file(t, rand.New(rand.NewPCG(1, 1)), size{page: 40, group: 80, piece: 25}, 1)
	data := []byte(bytesOf(t, path))
	last := opened(t, string(data)).Metadata().RowGroups[1].Columns[len(m.columns)-1].MetaData
	end := int(last.DataPageOffset + last.TotalCompressedSize)
	refused := 0
	for at := 4; at < end; at++ {
		data[at] ^= byte(1 << (at % 7))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		written.CRC32C = crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		_, err := ReadBack(context.Background(), path, m.columns, written, Options{Workers: 1}, func(*minimise.Column, []byte) error { return nil })
		var refusal *finding.Refusal
		if err != nil && (!errors.As(err, &refusal) || refusal.Code != finding.VerifyAfterWriteFailed) {
			t.Errorf("byte %d: %v", at, err)
		}
		if err != nil {
			refused++
		}
		data[at] ^= byte(1 << (at % 7))
	}
	// What is left are fields of headers that say again what is said elsewhere.
	if refused < (end-4)*9/10 {
		t.Errorf("%d of %d changes are refused", refused, end-4)
	}
}

// changing is a file of which a byte becomes another when it was read to its end once.
type changing struct {
	mu   sync.Mutex
	data []byte
	at   int // behind the end: then there is a byte more
	done bool
}

func (c *changing) ReadAt(p []byte, offset int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := bytes.NewReader(c.data).ReadAt(p, offset)
	if errors.Is(err, io.EOF) && !c.done {
		c.done = true
		if c.at == len(c.data) {
			c.data = append(c.data, 0)
		}
		c.data[c.at] ^= 1
	}
	return n, err
}

// TestFileThatChanges: a file that was held to its checksum and changes then, in a byte that says nothing, is refused: its digest
// would be that of other bytes.
func TestFileThatChanges(t *testing.T) {
	m := drawMade(rand.New(rand.NewPCG(15, 15)), 90)
	path, written := m.file(t, rand.New(rand.NewPCG(1, 1)), size{page: 40, group: 80, piece: 25}, 1)
	data := []byte(bytesOf(t, path))
	for name, at := range map[string]int{"the program's name": bytes.LastIndex(data, []byte(createdBy(""))), "a byte more": len(data)} {
		var refusal *finding.Refusal
		digest, err := readBack(context.Background(), &changing{data: bytes.Clone(data), at: at}, m.columns, written, Options{}, func(*minimise.Column, []byte) error { return nil })
		if !errors.As(err, &refusal) || refusal.Code != finding.VerifyAfterWriteFailed || digest != [32]byte{} {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := readBack(ctx, bytes.NewReader(data), m.columns, written, Options{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody wants to know: %v", err)
	}
}
