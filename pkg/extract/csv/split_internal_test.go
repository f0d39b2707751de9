package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
)

// pieces is a file that may fail behind some of its bytes.
type pieces struct {
	data []byte
	err  error
}

func (p pieces) ReadAt(b []byte, at int64) (int, error) {
	n := copy(b, p.data[min(at, int64(len(p.data))):])
	if n < len(b) {
		return n, p.err
	}
	return n, nil
}

// splitterOf is a splitter of quoted text, with commas.
func splitterOf(text []byte) *splitter {
	return &splitter{window: window{file: bytes.NewReader(text), size: int64(len(text)), nul: -1}, between: ','}
}

// taken is a record as the splitter tells it, kept for later.
type taken struct {
	fields    []string
	malformed bool
}

func same(a, b taken) bool { return a.malformed == b.malformed && slices.Equal(a.fields, b.fields) }

// all takes every record, wanting every field, and reads so many bytes at first, and so many more where a record needs it.
func all(s *splitter, begin, step int) ([]taken, error) {
	var out []taken
	if err := s.load(0, begin); err != nil {
		return nil, err
	}
	for at := 0; ; {
		rec, next, err := s.next(at, step)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if at = next; rec.blank {
			continue
		}
		one := taken{malformed: rec.malformed}
		spans, empty := false, true
		for _, f := range rec.fields {
			one.fields = append(one.fields, string(s.cell(f)))
			spans, empty = spans || bytes.Contains(s.cell(f), []byte("\n")), empty && f.Len == 0
		}
		if spans != rec.spans || empty != rec.empty || len(rec.fields) != rec.count {
			return out, errors.New("spans, empty or count is not what the fields say")
		}
		out = append(out, one)
	}
}

// gathered is a gatherer that keeps all records of a splitter, and wants every field.
type gathered struct {
	s     *splitter
	taken map[int64]taken // by the record's number
}

// all lists the records in the order of their numbers, which are 1, 2, …
func (g *gathered) all() []taken {
	var out []taken
	for n := range int64(len(g.taken)) {
		one, has := g.taken[n+1]
		if !has {
			one.fields = []string{"a record's number was not given"}
		}
		out = append(out, one)
	}
	return out
}

func (g *gathered) take(numbers []int64, text []byte, cells [][]extract.Span) error {
	if cap(text)-len(text) < slack {
		return errors.New("too little can be read behind the text")
	}
	for row, n := range numbers {
		var one taken
		for _, column := range cells {
			if len(column) != len(numbers) {
				return errors.New("a column has not as many cells as there are rows")
			}
			one.fields = append(one.fields, string(text[column[row].At:][:column[row].Len]))
		}
		if strings.Join(one.fields, "") == "" {
			return errors.New("a row that holds nothing is told to be sound")
		}
		g.taken[n] = one
	}
	return nil
}

func (g *gathered) odd(n int64, rec *record) error {
	one := taken{malformed: rec.malformed}
	for _, f := range rec.fields {
		one.fields = append(one.fields, string(g.s.cell(f)))
	}
	if !rec.malformed && rec.count == len(g.s.columns) && !rec.empty {
		return errors.New("a row of the right shape is told to be none")
	}
	g.taken[n] = one
	return nil
}

// inSplits takes every record as a row of so many fields, split by split of so many bytes, each in a window of its own
// that begins with the split.
func inSplits(s *splitter, fields, stride int) ([]taken, error) {
	s.columns = make([]int, fields)
	for i := range s.columns {
		s.columns[i] = i
	}
	to := &gathered{s, make(map[int64]taken)}
	g := s.gather(fields, to)
	at := int64(0)
	for from := int64(0); from < s.size; from += int64(stride) {
		end := min(from+int64(stride), s.size)
		if at > end {
			continue
		}
		if err := s.load(from, stride+1); err != nil {
			return to.all(), err
		}
		next, err := s.split(g, int(at-from), int(end-from))
		if err != nil {
			return to.all(), err
		}
		at = from + int64(next)
	}
	if at != s.size {
		return to.all(), errors.New("not everything was taken")
	}
	return to.all(), nil
}

// agree holds the splitter to the standard library: the same records up to the first that the standard library
// refuses, and that one refused by the splitter too. One difference is meant: the standard library turns CRLF inside
// quotes into LF, the splitter leaves a cell as it is.
func agree(t *testing.T, text []byte, got []taken, gotErr error) {
	t.Helper()
	oracle := stdcsv.NewReader(bytes.NewReader(text))
	oracle.FieldsPerRecord = -1
	for i := 0; ; i++ {
		want, err := oracle.Read()
		switch {
		case errors.Is(err, io.EOF):
			if gotErr != nil || len(got) != i {
				t.Fatalf("%q: %d records and %v, want %d", text, len(got), gotErr, i)
			}
			return
		case err != nil:
			if gotErr == nil && (i >= len(got) || !got[i].malformed) {
				t.Fatalf("%q: record %d is accepted as %v; the standard library says %v", text, i+1, got[i:], err)
			}
			return
		case i >= len(got):
			t.Fatalf("%q: %d records and %v, want a further %q", text, len(got), gotErr, want)
		}
		fields := make([]string, len(got[i].fields))
		for j, f := range got[i].fields {
			fields[j] = strings.ReplaceAll(f, "\r\n", "\n")
		}
		if got[i].malformed || !slices.Equal(fields, want) {
			t.Fatalf("%q: record %d is %q (malformed %v), want %q", text, i+1, fields, got[i].malformed, want)
		}
	}
}

// check splits a text in one piece and in many, and holds all to one another and to the standard library.
func check(t *testing.T, text []byte, random *rand.Rand) {
	t.Helper()
	whole, wholeErr := all(splitterOf(text), 4096, 4096)
	if bytes.IndexByte(text, 0) >= 0 {
		if !errors.Is(wholeErr, errNUL) {
			t.Fatalf("%q holds a NUL byte: %v", text, wholeErr)
		}
	} else {
		agree(t, text, whole, wholeErr)
	}
	agreeInPieces(t, text, whole, wholeErr, random, func() *splitter { return splitterOf(text) })
}

// agreeInPieces holds all ways of taking a text apart to what came of it in one piece.
func agreeInPieces(t *testing.T, text []byte, whole []taken, wholeErr error, random *rand.Rand, fresh func() *splitter) {
	t.Helper()
	begin, step := random.IntN(20), 1+random.IntN(12)
	got, err := all(fresh(), begin, step)
	if !errors.Is(err, wholeErr) || !slices.EqualFunc(got, whole, same) {
		t.Fatalf("%q, %d bytes and then %d: %v, %v; in one piece %v, %v", text, begin, step, got, err, whole, wholeErr)
	}
	fields := 1 + random.IntN(4)
	if len(whole) > 0 && random.IntN(2) == 0 {
		fields = len(whole[0].fields)
	}
	for _, stride := range []int{1 + random.IntN(12), len(text) + 1} {
		got, err := inSplits(fresh(), fields, stride)
		alike := func(a, b taken) bool { // what is in fields that no row has was not asked for
			return same(a, b) || a.malformed == b.malformed && len(a.fields) == len(b.fields) && len(a.fields) != fields
		}
		if !errors.Is(err, wholeErr) || !slices.EqualFunc(got, whole, alike) {
			t.Fatalf("%q in splits of %d bytes, rows of %d fields: %v, %v; in one piece %v, %v", text, stride, fields, got, err, whole, wholeErr)
		}
	}
}

func TestSplitterAgreesWithTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for _, text := range []string{
		"", "\n", "\r\n", "\r", ",", ",\n", "a", "a\n", "a\r\n", "a\r", "a,b\nc,d", "a,b\r\nc,d\r\n", "\n\na\n\n", "a\n\r\nb",
		`""`, "\"\"\n", `"",""`, `"a"`, `"a""b"`, `"""a"""`, `"a,b",c`, "\"a\nb\",c\nd", "\"a\r\nb\",c\r\nd", "\"a\"\r\nb", "\"a\"\r",
		`"a`, `"a""`, `"a"b`, `"a"b,c`, "\"a\"b\nc", `a"b`, `a"`, `a,"b`, "\"a\"\"\n", ` "a"`, `"a" `, "\"a\" \n", "a\rb\n", "\"a\"\rb\n",
		"a\x00b", "\x00", "a,b\n\x00", "\"a\x00", "\"\n\x00\"", "é,ü\n", "\xff\xfe,a\n", "\xef\xbb\xbfa,b\n", "a,b\n\"c\nd\n",
		strings.Repeat(",", 300) + "\n", strings.Repeat("\"\"\"\",", 50) + "x\n", strings.Repeat("a\n", 1000),
	} {
		check(t, []byte(text), random)
	}
	alphabet := []string{"a", "b", ",", ",", "\"", "\"", "\n", "\r", "\r\n", "\"\"", ",\"", "\",", "\"\n", "é", " ", "", "\x00"}
	for range 20_000 {
		var b strings.Builder
		letters := len(alphabet) - random.IntN(2) // half of them without a NUL byte
		for range random.IntN(24) {
			b.WriteString(alphabet[random.IntN(letters)])
		}
		check(t, []byte(b.String()), random)
	}
}

// What the standard library writes is read back as it was.
func TestSplitterReadsWhatTheStandardLibraryWrites(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	letters := []string{"a", "\"", ",", "\n", "\r", "é", " ", "0", "'"}
	for range 2_000 {
		var want [][]string
		for range 1 + random.IntN(6) {
			fields := make([]string, 2+random.IntN(5))
			for i := range fields {
				for range random.IntN(6) {
					fields[i] += letters[random.IntN(len(letters))]
				}
			}
			want = append(want, fields)
		}
		var b bytes.Buffer
		w := stdcsv.NewWriter(&b)
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		got, err := all(splitterOf(b.Bytes()), 16, 1+random.IntN(20))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q: %v, %v", b.Bytes(), got, err)
		}
		for i := range got {
			if got[i].malformed || !slices.Equal(got[i].fields, want[i]) {
				t.Fatalf("%q: record %d is %q, want %q", b.Bytes(), i+1, got[i].fields, want[i])
			}
		}
	}
}

// some is a gatherer that keeps the cells of sound rows.
type some struct{ cells [][]string }

func (g *some) take(numbers []int64, text []byte, cells [][]extract.Span) error {
	for row := range numbers {
		var one []string
		for _, column := range cells {
			if column == nil {
				one = append(one, "none")
			} else {
				one = append(one, string(text[column[row].At:][:column[row].Len]))
			}
		}
		g.cells = append(g.cells, one)
	}
	return nil
}

func (g *some) odd(int64, *record) error { return nil }

// Fields that are not wanted are skipped and counted; the others come out where they are wanted.
func TestSplitterWantsSomeFields(t *testing.T) {
	s := splitterOf([]byte("a,\"b\"\"b\",c,d\n1,\"\"\"2\"\"\",3,4\n,,,\nx\n5,6,\"\"\"7\"\"\",8\n\"9\",,\"\",10\r\nx,y,z,w,v,\"u\"\"\"\n"))
	s.columns = []int{1, 0, -1, 3}
	var got some
	if err := s.load(0, 1<<10); err != nil {
		t.Fatal(err)
	}
	if _, err := s.split(s.gather(4, &got), 0, s.n); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"b\"b", "a", "none", "d"}, {"\"2\"", "1", "none", "4"}, {"6", "5", "none", "8"}, {"", "9", "none", "10"}}
	if !slices.EqualFunc(got.cells, want, slices.Equal) {
		t.Errorf("%q, want %q", got.cells, want)
	}
}

// A record may have 1 MiB and not a byte more, wherever the pieces end.
func TestSplitterBoundsARecord(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want error
	}{
		{"1 MiB with a line end", strings.Repeat("a", maxRecord) + "\n", nil},
		{"1 MiB without", strings.Repeat("a", maxRecord), nil},
		{"1 MiB in quotes", `"` + strings.Repeat("a", maxRecord-2) + "\"\n", nil},
		{"a byte more", strings.Repeat("a", maxRecord+1) + "\n", errRecordTooLong},
		{"a byte more without a line end", strings.Repeat("a", maxRecord+1), errRecordTooLong},
		{"a byte more, and more lines", "a\n" + strings.Repeat("a", maxRecord+1) + "\na\n", errRecordTooLong},
		{"much more", strings.Repeat("a", 3*maxRecord), errRecordTooLong},
		{"in quotes, never closed", `"` + strings.Repeat("a", 3*maxRecord), errRecordTooLong},
		{"in quotes, after a sound record", "a\n\"" + strings.Repeat("a\n", maxRecord), errRecordTooLong},
		{"many fields", strings.Repeat("a,", maxRecord), errRecordTooLong},
		{"many sound records", strings.Repeat(strings.Repeat("a", 1000)+"\n", 3000), nil},
	} {
		for _, size := range []int{4 * maxRecord, chunk, chunk - 1, 100_003} {
			if _, err := all(splitterOf([]byte(c.text)), size, size); !errors.Is(err, c.want) || err == nil != (c.want == nil) {
				t.Errorf("%s, %d bytes at a time: %v, want %v", c.name, size, err, c.want)
			}
			if _, err := inSplits(splitterOf([]byte(c.text)), 1, size); !errors.Is(err, c.want) || err == nil != (c.want == nil) {
				t.Errorf("%s, in splits of %d bytes: %v, want %v", c.name, size, err, c.want)
			}
		}
	}
}

func TestSplitterPassesOnAReadersError(t *testing.T) {
	broken := errors.New("the disk is gone")
	for end, want := range map[error]error{broken: broken, io.EOF: errCut} {
		s := &splitter{window: window{file: pieces{[]byte("a,b\nc"), end}, size: 100}, between: ','}
		got, err := all(s, 5, 7)
		if !errors.Is(err, want) || len(got) != 1 {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func FuzzSplitter(f *testing.F) {
	for _, s := range []string{"a,b\n\"c\"\"d\",e\r\nf", "\"a\nb\"\n", "a\"b\n", "\"a\"b\n", "\x00", "\r", "\"\"", "a,,\n,\n"} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		check(t, text, rand.New(rand.NewPCG(seed, 1)))
	})
}

// nobody takes rows and does nothing with them.
type nobody struct{ taken int64 }

func (n *nobody) take(numbers []int64, _ []byte, _ [][]extract.Span) error {
	n.taken += int64(len(numbers))
	return nil
}

func (n *nobody) odd(int64, *record) error { return errors.New("a row has not its shape") }

func benchmark(b *testing.B, text []byte, columns []int, between byte, plain bool) {
	s := splitterOf(text)
	s.between, s.plain, s.columns = between, plain, columns
	var to nobody
	g := s.gather(len(columns), &to)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.load(0, len(text)); err != nil {
			b.Fatal(err)
		}
		if _, err := s.split(g, 0, len(text)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(to.taken), "ns/row")
}

// Some columns of many, in a text that fits the processor's second cache with what is made of it or does not: the reading
// of bytes into memory is measured too.
func BenchmarkSplit(b *testing.B) {
	row := "510000,15/02/2016,L,C2,N3,T2,PR0,14/08/2017,X1,CLOSE,CV1 2AB,CV3 4CD,4244474\n"
	daily := "C001000000,H801200000000,Renée,White,18/08/2011,FF20 5AJ,108728,04/09/2023,AM,/,Y,N,WOTH,M\n"
	quoted := "\"" + strings.ReplaceAll(strings.TrimSpace(row), ",", "\",\"") + "\"\n"
	for _, c := range []struct {
		name, row string
		columns   []int
	}{
		{"a register's", daily, []int{0, 1, -1, -1, 2, -1, 3, 4, 5, 6, 7, 8, 9, -1}},
		{"a register's, one column", daily, []int{0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}},
		{"episodes", row, []int{0, 1, -1, 2, -1, -1, -1, 3, 4, -1, -1, -1, -1}},
		{"episodes, quoted", quoted, []int{0, 1, -1, 2, -1, -1, -1, 3, 4, -1, -1, -1, -1}},
		{"episodes, doubled quotes", strings.Replace(quoted, "CLOSE", "CL\"\"OSE", 1), []int{0, 1, -1, 2, -1, -1, -1, 3, 4, 5, -1, -1, -1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchmark(b, bytes.Repeat([]byte(c.row), (1<<20)/len(c.row)), c.columns, ',', false)
		})
	}
}
