package csv

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plainOf is a splitter of plain text.
func plainOf(text []byte, between byte) *splitter {
	s := splitterOf(text)
	s.plain, s.between = true, between
	return s
}

// checkPlain holds the splitter to what the words of the package say of plain text: lines, and in a line what stands
// between delimiters.
func checkPlain(t *testing.T, text []byte, between byte, random *rand.Rand) {
	t.Helper()
	whole, err := all(plainOf(text, between), 4096, 4096)
	if bytes.IndexByte(text, 0) >= 0 {
		if !errors.Is(err, errNUL) {
			t.Fatalf("%q holds a NUL byte: %v", text, err)
		}
	} else {
		var want []taken
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if line != "" {
				want = append(want, taken{fields: strings.Split(line, string(between))})
			}
		}
		if err != nil || !slices.EqualFunc(whole, want, same) {
			t.Fatalf("%q: %v, %v; want %v", text, whole, err, want)
		}
	}
	agreeInPieces(t, text, whole, err, random, func() *splitter { return plainOf(text, between) })
}

func TestSplitterOfPlainText(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	for _, text := range []string{
		"", "\n", "\r\n", "\r", "a", "a\tb\n", "a\tb\r\nc\td", "\"a\tb\"\n", "\"a\n", "a\"b\"\"c\t\"\n", "\"\"\n", "\t\n", "\t", "a\rb\tc\n", "a\r\r\n",
		"O'Neil\t\"Jo\"\n", "a,b\tc\n", "\"\tx\n\"\ty\n", "a\x00b\n", "\"\x00", "é\tü\n", strings.Repeat("\t", 300) + "\n", strings.Repeat("a\n", 1000),
	} {
		for _, between := range []byte{'\t', ','} {
			checkPlain(t, []byte(text), between, random)
		}
	}
	alphabet := []string{"a", "b", "\t", "\t", ",", "\"", "\"", "\n", "\r", "\r\n", "\"\"", "é", " ", "", "\x00"}
	for range 10_000 {
		var b strings.Builder
		letters := len(alphabet) - random.IntN(2) // half of them without a NUL byte
		for range random.IntN(24) {
			b.WriteString(alphabet[random.IntN(letters)])
		}
		checkPlain(t, []byte(b.String()), []byte{'\t', ','}[random.IntN(2)], random)
	}
}

// What a program writes that joins values with a delimiter is read back as it was, quotes and all.
func TestSplitterReadsBackPlainText(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	letters := []string{"a", "\"", ",", "é", " ", "0", "'", "\\", "#", "\u00a0"}
	for range 2_000 {
		width := 2 + random.IntN(5)
		var want [][]string
		var b strings.Builder
		for range 1 + random.IntN(6) {
			fields := make([]string, width)
			for i := range fields {
				for range random.IntN(6) {
					fields[i] += letters[random.IntN(len(letters))]
				}
			}
			want = append(want, fields)
			b.WriteString(strings.Join(fields, "\t") + []string{"\n", "\r\n"}[random.IntN(2)])
		}
		got, err := all(plainOf([]byte(b.String()), '\t'), 16, 1+random.IntN(20))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q: %v, %v", b.String(), got, err)
		}
		for i := range got {
			if got[i].malformed || !slices.Equal(got[i].fields, want[i]) {
				t.Fatalf("%q: record %d is %q, want %q", b.String(), i+1, got[i].fields, want[i])
			}
		}
	}
}

// Tabs between fields change nothing else of quoted text.
func TestSplitterOfQuotedTextWithTabs(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 20))
	swap := func(s string) string {
		return strings.Map(func(r rune) rune {
			switch r {
			case ',':
				return '\t'
			case '\t':
				return ','
			default:
				return r
			}
		}, s)
	}
	alphabet := []string{"a", ",", ",", "\t", "\"", "\"", "\n", "\r\n", "\"\"", ",\"", "\",", " "}
	for range 10_000 {
		var b strings.Builder
		for range random.IntN(24) {
			b.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		want, wantErr := all(splitterOf([]byte(b.String())), 16, 16)
		tabbed := splitterOf([]byte(swap(b.String())))
		tabbed.between = '\t'
		got, err := all(tabbed, 16, 16)
		for i := range got {
			for j := range got[i].fields {
				got[i].fields[j] = swap(got[i].fields[j])
			}
		}
		if !errors.Is(err, wantErr) || !slices.EqualFunc(got, want, same) {
			t.Fatalf("%q: %v, %v; with commas %v, %v", b.String(), got, err, want, wantErr)
		}
	}
}

func TestSplitterBoundsALineOfPlainText(t *testing.T) {
	for text, want := range map[string]error{
		strings.Repeat("a", maxRecord) + "\n":        nil,
		"\"" + strings.Repeat("a", maxRecord):        errRecordTooLong,
		strings.Repeat("\t", 2*maxRecord):            errRecordTooLong,
		"a\n" + strings.Repeat("\"", maxRecord+1):    errRecordTooLong,
		strings.Repeat("\"a\n", maxRecord/2) + "\tb": nil,
	} {
		if _, err := all(plainOf([]byte(text), '\t'), chunk, chunk); !errors.Is(err, want) || err == nil != (want == nil) {
			t.Errorf("%d bytes: %v, want %v", len(text), err, want)
		}
	}
}

func FuzzSplitterOfPlainText(f *testing.F) {
	for _, s := range []string{"a\tb\n\"c\"\"d\"\te\r\nf", "\"a\nb\"\n", "\x00", "\r", "\"\"", "a\t\t\n\t\n"} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		checkPlain(t, text, '\t', rand.New(rand.NewPCG(seed, 1)))
	})
}

func BenchmarkSplitterOfPlainText(b *testing.B) {
	text := bytes.Repeat([]byte("H801200001001\tSUR1\tFOR1\tF\t01/05/2015\t4\t1\t0\t0\t0\t1\t1480.00\t01/04/2025\t31/03/2026\t\n"), 20_000)
	columns := make([]int, 15)
	for i := range columns {
		columns[i] = -1
	}
	columns[0], columns[6], columns[7], columns[8], columns[9] = 0, 1, 2, 3, 4
	benchmark(b, text, columns, '\t', true)
}
