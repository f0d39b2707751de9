package table_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/table"
)

// chunkOf is a file of one optional column of strings, as a list of pages in one row group says, with whatever is put wrong in it.
type chunkOf struct {
	rows  int64
	pages [][]byte
	codec format.CompressionCodec
	spoil func(m *format.FileMetaData)
}

func marshalled(t *testing.T, v any) []byte {
	t.Helper()
	out, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c chunkOf) file(t *testing.T) []byte {
	t.Helper()
	out := []byte("PAR1")
	for _, p := range c.pages {
		out = append(out, p...)
	}
	size := int64(len(out) - 4)
	m := &format.FileMetaData{
		Version: 1, NumRows: c.rows,
		Schema: []format.SchemaElement{
			{Name: "x", NumChildren: thrift.New[int32](1)},
			{
				Name: "c", Type: thrift.New(format.ByteArray), RepetitionType: thrift.New(format.Optional),
				ConvertedType: thrift.New(deprecated.UTF8), LogicalType: format.LogicalType{Value: &format.StringType{}},
			},
		},
		RowGroups: []format.RowGroup{{NumRows: c.rows, TotalByteSize: size, Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: format.ByteArray, PathInSchema: []string{"c"}, Codec: c.codec, NumValues: c.rows, TotalUncompressedSize: size,
			TotalCompressedSize: size, DataPageOffset: 4, Encoding: []format.Encoding{format.Plain},
		}}}}},
	}
	if c.spoil != nil {
		c.spoil(m)
	}
	footer := marshalled(t, m)
	out = append(out, footer...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(footer))), "PAR1"...)
}

func page(t *testing.T, h format.PageHeader, body []byte) []byte {
	h.CompressedPageSize = int32(len(body))
	if h.UncompressedPageSize == 0 {
		h.UncompressedPageSize = int32(len(body))
	}
	return append(marshalled(t, &h), body...)
}

func dictionary(t *testing.T, values int32, body []byte) []byte {
	return page(t, format.PageHeader{Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: values})}, body)
}

// data is a page of so many rows; levels stand before its body with their length.
func data(t *testing.T, rows int32, encoding format.Encoding, levels, body []byte) []byte {
	return page(t, format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{
		NumValues: rows, Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})},
		append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(levels))), levels...), body...))
}

func plain(words ...string) (out []byte) {
	for _, w := range words {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(w))), w...)
	}
	return out
}

// times is a run of one value that is told in a byte; packed one of eights.
func times(n uint64, value ...byte) []byte { return append(binary.AppendUvarint(nil, n<<1), value...) }
func packed(eights uint64, bits ...byte) []byte {
	return append(binary.AppendUvarint(nil, eights<<1|1), bits...)
}

func joined(parts ...[]byte) []byte { return slices.Concat(parts...) }

// What a file may say all the same: values that no row has, runs that are filled up, places that need not be told.
func TestCraftedPages(t *testing.T) {
	abc := dictionary(t, 3, plain("a", "b", "c"))
	eight := times(8, 1)
	for name, c := range map[string]struct {
		pages [][]byte
		want  string
	}{
		"a value in no row": {[][]byte{abc, data(t, 8, format.RLEDictionary, eight, joined([]byte{2}, times(4, 0), times(4, 2)))}, "a a a a c c c c"},
		"in bits":           {[][]byte{abc, data(t, 8, format.Encoding(2), eight, joined([]byte{2}, packed(1, 0b10_01_00_10, 0b00_00_01_01)))}, "c a b c b b a a"},
		"filled up":         {[][]byte{abc, data(t, 8, format.RLEDictionary, packed(1, 0xff), joined([]byte{1}, packed(32, bytes.Repeat([]byte{0xaa}, 32)...)))}, "a b a b a b a b"},
		"filled up, many":   {[][]byte{abc, data(t, 8, format.RLEDictionary, eight, joined([]byte{1}, packed(65, bytes.Repeat([]byte{0xaa}, 65)...)))}, "a b a b a b a b"},
		"no bits":           {[][]byte{abc, data(t, 8, format.RLEDictionary, eight, []byte{0})}, "a a a a a a a a"},
		"some empty":        {[][]byte{abc, data(t, 8, format.RLEDictionary, packed(1, 0b0110_0101), joined([]byte{2}, times(1, 0), times(3, 1)))}, "a - b - - b b -"},
		"all empty":         {[][]byte{data(t, 8, format.Plain, times(8, 0), nil)}, "- - - - - - - -"},
		"two halves": {[][]byte{data(t, 3, format.Plain, times(3, 1), plain("x", "y", "")), abc, data(t, 0, format.RLEDictionary, nil, nil),
			data(t, 5, format.RLEDictionary, times(5, 1), joined([]byte{2}, times(5, 2)))}, "x y  c c c c c"},
		"twice the same": {[][]byte{dictionary(t, 2, plain("a", "a")), data(t, 8, format.RLEDictionary, eight, joined([]byte{1}, times(4, 0), times(4, 1)))}, "a a a a a a a a"},
	} {
		got, err := columnOf(t, read(t, chunkOf{rows: 8, pages: c.pages}.file(t)), table.Column{Name: "c", Type: table.String})
		text := strings.ReplaceAll(strings.Join(got, " "), "s", "")
		if err != nil || text != c.want {
			t.Errorf("%s: %q, want %q (%v)", name, text, c.want, err)
		}
	}
}

// A dictionary such as the gateway writes, large and of several frames, is read as it is, and damaged if one of them is.
func TestLargeDictionary(t *testing.T) {
	const values, piece = 1 << 16, 1 << 14
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 5))
	var frames, places []byte
	want, size := make([]string, values), int32(0)
	for i := range want {
		want[i] = fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
		places = binary.LittleEndian.AppendUint16(places, uint16(i))
		if (i+1)%piece == 0 {
			text := plain(want[i+1-piece : i+1]...)
			frames, size = encoder.EncodeAll(text, frames), size+int32(len(text))
		}
	}
	body := joined(binary.LittleEndian.AppendUint32(nil, 4), times(values, 1), []byte{16}, packed(values/8, places...))
	rows := page(t, format.PageHeader{Type: format.DataPage, UncompressedPageSize: int32(len(body)), DataPageHeader: thrift.New(
		format.DataPageHeader{NumValues: values, Encoding: format.RLEDictionary, DefinitionLevelEncoding: format.RLE})}, encoder.EncodeAll(body, nil))
	for _, c := range []struct{ size, at int32 }{{size, -1}, {size - 1, -1}, {size, int32(len(frames) / 2)}} {
		changed := bytes.Clone(frames)
		if c.at >= 0 {
			clear(changed[c.at : c.at+100])
		}
		words := page(t, format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: c.size,
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: values})}, changed)
		f := read(t, chunkOf{rows: values, codec: format.Zstd, pages: [][]byte{words, rows}}.file(t))
		got, err := f.Strings("c")
		if sound := c.size == size && c.at < 0; sound && (err != nil || !slices.Equal(got, want)) || !sound && !errors.Is(err, table.ErrDamaged) {
			t.Errorf("%d cells, error %v", len(got), err)
		}
	}
	if len(frames) < 1<<20 {
		t.Errorf("%d bytes are no large page", len(frames))
	}
}

// Pages that lie end as damaged, before memory is taken for what they say.
func TestHostilePages(t *testing.T) {
	abc := dictionary(t, 3, plain("a", "b", "c"))
	eight := times(8, 1)
	places := func(body ...byte) []byte { return data(t, 8, format.RLEDictionary, eight, body) }
	levels := func(levels []byte) []byte {
		return data(t, 8, format.RLEDictionary, levels, joined([]byte{2}, times(8, 0)))
	}
	v2 := func(nulls, length int32, body []byte) []byte {
		return page(t, format.PageHeader{Type: format.DataPageV2, DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues: 8, NumNulls: nulls, NumRows: 8, Encoding: format.Plain, DefinitionLevelsByteLength: length})}, body)
	}
	claims := func(p []byte, change func(h *format.PageHeader)) []byte { // the header says something else of the same body
		var h format.PageHeader
		r := new(thrift.CompactProtocol).NewReaderFromBytes(p)
		if err := thrift.NewDecoder(r).Decode(&h); err != nil {
			t.Fatal(err)
		}
		body := bytes.Clone(p[r.BytesRead():])
		change(&h)
		return append(marshalled(t, &h), body...)
	}
	good := data(t, 8, format.Plain, eight, plain("1", "2", "3", "4", "5", "6", "7", "8"))
	if _, err := columnOf(t, read(t, chunkOf{rows: 8, pages: [][]byte{good}}.file(t)), table.Column{Name: "c", Type: table.String}); err != nil {
		t.Fatalf("what is sound cannot be read: %v", err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := encoder.EncodeAll(make([]byte, 300<<20), nil)
	snappyBomb := append(binary.AppendUvarint(nil, math.MaxUint32), 0)
	uvarints := func(n ...uint64) (out []byte) {
		for _, v := range n {
			out = binary.AppendUvarint(out, v)
		}
		return out
	}
	for name, c := range map[string]chunkOf{
		"place beyond the dictionary":    {pages: [][]byte{abc, places(joined([]byte{2}, times(7, 0), times(1, 3))...)}},
		"place in bits beyond it":        {pages: [][]byte{abc, places(joined([]byte{2}, packed(1, 0xff, 0))...)}},
		"places too wide":                {pages: [][]byte{abc, places(joined([]byte{33}, times(8, 0, 0, 0, 0, 0))...)}},
		"negative places":                {pages: [][]byte{abc, places(joined([]byte{32}, times(8, 0xff, 0xff, 0xff, 0xff))...)}},
		"too few places":                 {pages: [][]byte{abc, places(joined([]byte{2}, times(7, 0))...)}},
		"too many places":                {pages: [][]byte{abc, places(joined([]byte{2}, times(9, 0))...)}},
		"places after the last":          {pages: [][]byte{abc, places(joined([]byte{2}, times(8, 0), times(1, 0))...)}},
		"a run of nothing":               {pages: [][]byte{abc, places(joined([]byte{2}, times(0, 0), times(8, 0))...)}},
		"a run of 2^31":                  {pages: [][]byte{abc, places(joined([]byte{2}, times(math.MaxInt32, 0))...)}},
		"a run of 2^63":                  {pages: [][]byte{abc, places(joined([]byte{2}, times(math.MaxInt64, 0))...)}},
		"eights without end":             {pages: [][]byte{abc, places(joined([]byte{2}, packed(math.MaxInt64, 0))...)}},
		"eights that wrap":               {pages: [][]byte{abc, places(joined([]byte{2}, packed(1<<61+1, 0, 0))...)}},
		"eights far beyond":              {pages: [][]byte{abc, places(joined([]byte{1}, packed(80, make([]byte, 80)...))...)}},
		"bits cut off":                   {pages: [][]byte{abc, places(joined([]byte{2}, packed(1, 0))...)}},
		"no places":                      {pages: [][]byte{abc, places()}},
		"no width of places":             {pages: [][]byte{abc, places(2)}},
		"an empty dictionary":            {pages: [][]byte{dictionary(t, 0, nil), places(0)}},
		"no dictionary":                  {pages: [][]byte{places(joined([]byte{2}, times(8, 0))...)}},
		"two dictionaries":               {pages: [][]byte{abc, abc, good}},
		"dictionary of fewer":            {pages: [][]byte{dictionary(t, 2, plain("a", "b", "c")), good}},
		"dictionary of more":             {pages: [][]byte{dictionary(t, 4, plain("a", "b", "c")), good}},
		"dictionary of 2^31":             {pages: [][]byte{dictionary(t, math.MaxInt32, plain("a")), good}},
		"dictionary of less than none":   {pages: [][]byte{dictionary(t, -1, nil), good}},
		"string beyond the page":         {pages: [][]byte{dictionary(t, 1, append(binary.LittleEndian.AppendUint32(nil, math.MaxUint32), 'a')), good}},
		"levels of 2^31":                 {pages: [][]byte{abc, levels(times(math.MaxInt32, 1))}},
		"levels in eights without end":   {pages: [][]byte{abc, levels(packed(math.MaxInt64, 0xff))}},
		"level 2":                        {pages: [][]byte{abc, levels(times(8, 2))}},
		"too few levels":                 {pages: [][]byte{abc, levels(times(7, 1))}},
		"no levels":                      {pages: [][]byte{abc, levels(nil)}},
		"more cells than levels say":     {pages: [][]byte{data(t, 8, format.Plain, packed(1, 0x7f), plain("1", "2", "3", "4", "5", "6", "7", "8"))}},
		"fewer cells than levels say":    {pages: [][]byte{data(t, 8, format.Plain, eight, plain("1", "2", "3", "4", "5", "6", "7"))}},
		"another encoding":               {pages: [][]byte{data(t, 8, format.DeltaByteArray, eight, uvarints(128, 4, 8, 0))}},
		"delta of 2^31":                  {pages: [][]byte{data(t, 8, format.DeltaLengthByteArray, eight, uvarints(128, 4, math.MaxInt32, 0))}},
		"delta lengths that wrap":        {pages: [][]byte{data(t, 8, format.DeltaLengthByteArray, eight, joined(uvarints(128, 4, 8, 2<<29, 0), make([]byte, 64)))}},
		"a row too many":                 {pages: [][]byte{good, data(t, 1, format.Plain, times(1, 1), plain("9"))}},
		"a row too few":                  {rows: 9, pages: [][]byte{good}},
		"no page":                        {pages: nil},
		"a page of 2^31 rows":            {rows: math.MaxInt32, pages: [][]byte{data(t, math.MaxInt32, format.Plain, times(math.MaxInt32, 0), nil)}},
		"a page of less than no rows":    {pages: [][]byte{claims(good, func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = -8 })}},
		"a page of another kind":         {pages: [][]byte{good, claims(good, func(h *format.PageHeader) { h.Type = format.IndexPage })}},
		"a page that is not what it is":  {pages: [][]byte{claims(good, func(h *format.PageHeader) { h.Type = format.DataPageV2 })}},
		"levels otherwise":               {pages: [][]byte{claims(good, func(h *format.PageHeader) { h.DataPageHeader.V.DefinitionLevelEncoding = format.BitPacked })}},
		"another checksum":               {pages: [][]byte{claims(good, func(h *format.PageHeader) { h.CRC = 7 })}},
		"a page longer than the chunk":   {pages: [][]byte{claims(good, func(h *format.PageHeader) { h.CompressedPageSize++ })}},
		"a page of less than no bytes":   {pages: [][]byte{claims(good, func(h *format.PageHeader) { h.CompressedPageSize = -1 })}},
		"2^31 bytes":                     {codec: format.Zstd, pages: [][]byte{claims(good, func(h *format.PageHeader) { h.UncompressedPageSize = math.MaxInt32 })}},
		"more zstd than the page says":   {codec: format.Zstd, pages: [][]byte{page(t, format.PageHeader{Type: format.DataPage, UncompressedPageSize: 100, DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 8})}, bomb)}},
		"more snappy than the page says": {codec: format.Snappy, pages: [][]byte{page(t, format.PageHeader{Type: format.DataPage, UncompressedPageSize: 100, DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 8})}, snappyBomb)}},
		"more empty cells (2)":           {pages: [][]byte{v2(1, 2, joined(eight, plain("1", "2", "3", "4", "5", "6", "7", "8")))}},
		"longer levels (2)":              {pages: [][]byte{v2(0, 1000, joined(eight, plain("1")))}},
		"levels of less than none (2)":   {pages: [][]byte{v2(0, -1, eight)}},
		"no levels (2)":                  {pages: [][]byte{v2(0, 0, plain("1", "2", "3", "4", "5", "6", "7", "8"))}},
		"bytes after the last page":      {pages: [][]byte{good, {0}}},
		"no end of a header":             {pages: [][]byte{good, bytes.Repeat([]byte{0x1c}, 200_000)}},
		"beyond the file":                {pages: [][]byte{good}, spoil: func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.TotalCompressedSize = math.MaxInt64 }},
		"before the file":                {pages: [][]byte{good}, spoil: func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.DataPageOffset = -4 }},
		"of another type than its chunk": {pages: [][]byte{good}, spoil: func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.Type = format.FixedLenByteArray }},
		"fewer than no rows": {rows: 8, pages: [][]byte{good, good}, spoil: func(m *format.FileMetaData) {
			m.RowGroups = append(m.RowGroups, m.RowGroups[0], m.RowGroups[0])
			m.RowGroups[2].NumRows = -8
		}},
		"more rows than its groups": {pages: [][]byte{good}, spoil: func(m *format.FileMetaData) { m.NumRows = 9 }},
	} {
		if c.rows == 0 {
			c.rows = 8
		}
		file := c.file(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := table.New(bytes.NewReader(file), int64(len(file)))
		if err == nil {
			err = f.Pages("c", func(table.Page) error { return nil })
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 4<<20 {
			t.Errorf("%s: it took %d bytes of memory", name, after.TotalAlloc-before.TotalAlloc)
		}
		if !errors.Is(err, table.ErrDamaged) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Whatever byte of whatever file is damaged, and wherever it is cut, reading ends without a panic, as damaged or with as many
// cells as there are rows.
func TestEveryShapeDamaged(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		whole := drawn(t, r)
		if len(whole) > 20_000 {
			continue
		}
		for range 100 {
			changed := bytes.Clone(whole)
			for range 1 + r.IntN(3) {
				changed[r.IntN(len(changed))] = byte(r.Uint32())
			}
			f, err := table.New(bytes.NewReader(changed), int64(len(changed)))
			if err != nil {
				if !errors.Is(err, table.ErrDamaged) {
					t.Fatal(err)
				}
				continue
			}
			for _, c := range f.Columns() {
				cells, err := columnOf(t, f, c)
				if err != nil && !errors.Is(err, table.ErrDamaged) || err == nil && int64(len(cells)) != f.Rows() {
					t.Fatalf("%d cells in %d rows (%v)", len(cells), f.Rows(), err)
				}
			}
		}
	}
}
