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
	"testing/iotest"
)

// chunks reads at most so many bytes at a time, cycling through sizes.
type chunks struct {
	data  []byte
	sizes []int
	at    int
	end   error // given with the last bytes, as some readers do, when not nil
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := min(c.sizes[c.at%len(c.sizes)], len(p), len(c.data))
	c.at++
	copy(p, c.data[:n])
	c.data = c.data[n:]
	if len(c.data) == 0 {
		return n, c.end
	}
	return n, nil
}

// taken is a record as the splitter tells it, kept for later.
type taken struct {
	fields    []string
	malformed bool
}

// all splits everything, wanting every field.
func all(src io.Reader) ([]taken, error) { return allOf(newSplitter(src, nil, 0)) }

// small splits everything with a buffer that is soon too small.
func small(src io.Reader, size int) ([]taken, error) {
	return allOf(&splitter{src: src, between: ',', buf: make([]byte, size), nul: -1})
}

func allOf(s *splitter) ([]taken, error) {
	var out []taken
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if rec.blank {
			continue
		}
		one := taken{malformed: rec.malformed}
		spans, empty := false, true
		for _, f := range rec.fields[:rec.count] {
			one.fields = append(one.fields, string(f))
			spans, empty = spans || bytes.Contains(f, []byte("\n")), empty && len(f) == 0
		}
		if spans != rec.spans || empty != rec.empty {
			return out, errors.New("spans or empty is not what the fields say")
		}
		out = append(out, one)
	}
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
	whole, wholeErr := small(bytes.NewReader(text), 4096)
	if bytes.IndexByte(text, 0) >= 0 {
		if !errors.Is(wholeErr, errNUL) {
			t.Fatalf("%q holds a NUL byte: %v", text, wholeErr)
		}
	} else {
		agree(t, text, whole, wholeErr)
	}
	sizes := make([]int, 1+random.IntN(4))
	for i := range sizes {
		sizes[i] = 1 + random.IntN(1+random.IntN(12))
	}
	for name, src := range map[string]io.Reader{
		"byte by byte":           iotest.OneByteReader(bytes.NewReader(text)),
		"the end with the bytes": iotest.DataErrReader(bytes.NewReader(text)),
		"in pieces":              &chunks{data: text, sizes: sizes},
		"in pieces, then EOF":    &chunks{data: text, sizes: sizes, end: io.EOF},
	} {
		got, err := small(src, 1+random.IntN(64))
		if !errors.Is(err, wholeErr) || !slices.EqualFunc(got, whole, func(a, b taken) bool {
			return a.malformed == b.malformed && slices.Equal(a.fields, b.fields)
		}) {
			t.Fatalf("%q %s (%v): %v, %v; in one piece %v, %v", text, name, sizes, got, err, whole, wholeErr)
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
		got, err := small(&chunks{data: b.Bytes(), sizes: []int{1 + random.IntN(20)}}, 16)
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

// Fields that are not wanted are skipped and counted; the others come out where they are wanted.
func TestSplitterWantsSomeFields(t *testing.T) {
	text := "a,\"b\"\"b\",c,d\n1,\"\"\"2\"\"\",3,4\n,,,\nx\nx,y,z,w,v,\"u\"\"\"\n"
	s := newSplitter(strings.NewReader(text), []int{1, 0, -1, 2}, 4)
	for i, want := range []struct {
		fields []string
		count  int
	}{{[]string{"b\"b", "a", "d", ""}, 4}, {[]string{"\"2\"", "1", "4", ""}, 4}, {[]string{"", "", "", ""}, 4}, {[]string{"", "x", "", ""}, 1}, {[]string{"y", "x", "w", ""}, 6}} {
		rec, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range rec.fields {
			got = append(got, string(f))
		}
		if rec.count != want.count || !slices.Equal(got, want.fields) {
			t.Errorf("record %d: %d fields, %q; want %d, %q", i+1, rec.count, got, want.count, want.fields)
		}
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v", err)
	}
}

// A record may have 1 MiB and not a byte more, wherever the pieces end and whether or not the end is known.
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
		{"a byte more without a line end", strings.Repeat("a", maxRecord+2), errRecordTooLong},
		{"much more", strings.Repeat("a", 3*maxRecord), errRecordTooLong},
		{"in quotes, never closed", `"` + strings.Repeat("a", 3*maxRecord), errRecordTooLong},
		{"in quotes, after a sound record", "a\n\"" + strings.Repeat("a\n", maxRecord), errRecordTooLong},
		{"many fields", strings.Repeat("a,", maxRecord), errRecordTooLong},
		{"many sound records", strings.Repeat(strings.Repeat("a", 1000)+"\n", 3000), nil},
	} {
		for name, src := range map[string]io.Reader{
			"in one piece":           strings.NewReader(c.text),
			"the end with the bytes": &chunks{data: []byte(c.text), sizes: []int{1 << 30}, end: io.EOF},
			"in large pieces":        &chunks{data: []byte(c.text), sizes: []int{chunk - 1, 100_003}},
		} {
			if _, err := all(src); !errors.Is(err, c.want) || err == nil != (c.want == nil) {
				t.Errorf("%s, %s: %v, want %v", c.name, name, err, c.want)
			}
		}
	}
}

func TestSplitterPassesOnAReadersError(t *testing.T) {
	broken := errors.New("the disk is gone")
	got, err := all(io.MultiReader(strings.NewReader("a,b\nc"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
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

func BenchmarkSplitter(b *testing.B) {
	plain := bytes.Repeat([]byte("510000,15/02/2016,L,C2,N3,T2,PR0,14/08/2017,X1,CLOSE,CV1 2AB,CV3 4CD,4244474\n"), 20_000)
	quoted := bytes.Repeat([]byte("\"510000\",\"15/02/2016\",\"L\",\"C\"\"2\",\"N3\",\"T2\",\"PR0\",\"14/08/2017\",\"X1\",\"CLOSE\",\"CV1 2AB\",\"CV3 4CD\",\"4244474\"\n"), 20_000)
	for name, text := range map[string][]byte{"plain": plain, "quoted": quoted} {
		b.Run(name, func(b *testing.B) {
			wanted := []int{0, 1, -1, 2, -1, -1, -1, 3, 4, -1, -1, -1, -1}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				s := newSplitter(bytes.NewReader(text), wanted, 5)
				for {
					if _, err := s.next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
