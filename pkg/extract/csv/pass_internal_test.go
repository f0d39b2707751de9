package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

const notes = `apiVersion: postern/dataset/v1
format: local
version: 1
title: A table with a note
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY, YYYY-MM-DD]
code_lists:
  kind:
    - {code: A, meaning: One}
    - {code: B, meaning: Another}
tables:
  - name: notes
    meaning: One row per note
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: NOTE, type: text, class: free-text, meaning: Note}
      - {name: DAY, type: date, class: quasi-identifier, meaning: Day}
      - {name: KIND, type: code, codes: kind, class: ordinary, meaning: Kind}
`

const notesLine = "CHILD,NOTE,DAY,KIND,FURTHER\n"

func notesTable(t testing.TB) *dataset.Table {
	t.Helper()
	c, err := dataset.Load(fstest.MapFS{"local.yaml": {Data: []byte(notes)}})
	if err != nil {
		t.Fatal(err)
	}
	return c.Table("local/notes")
}

// notesOf is a file of notes that was recognised.
func notesOf(t testing.TB, table *dataset.Table, text string) *extract.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notes.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	src := &extract.Source{File: "notes.csv", Path: path, Table: table, Year: 2020}
	src.Header = extract.Header{Fields: 5, At: map[string]int{"CHILD": 0, "NOTE": 1, "DAY": 2, "KIND": 3}, Unknown: []int{4}}
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	return src
}

// crew is workers who note what they get, held to what is promised to them.
type crew struct {
	t       *testing.T
	src     *extract.Source
	refuses func(joined bool) bool // a piece asks to be made again
	fails   string                 // a cell that nobody can work with
	joining atomic.Bool
	noted   [2][]string // of rows that were joined: those that pass, and those held back
	pieces  int
}

type workman struct {
	*crew
	busy atomic.Bool
	at   *piece
}

type piece struct {
	*workman
	report *finding.Report
	joined bool
	noted  [2][]string
}

func (c *crew) Worker() extract.Worker { return &workman{crew: c} }

func (w *workman) Begin(report *finding.Report, joined bool) extract.Piece {
	if !w.busy.CompareAndSwap(false, true) {
		w.t.Error("a worker begins a split while it does something else")
	}
	defer w.busy.Store(false)
	w.at = &piece{workman: w, report: report, joined: joined}
	return w.at
}

func (p *piece) Add(b *extract.Batch) error {
	if p.at != p || !p.busy.CompareAndSwap(false, true) {
		p.t.Error("a piece gets rows while its worker does something else")
	}
	defer p.busy.Store(false)
	for i, part := range append([]*extract.Batch{b}, b.Withheld()...) {
		for row, n := range part.Rows {
			p.noted[min(i, 1)] = append(p.noted[min(i, 1)], cells(part, row))
			if p.fails != "" && part.Columns[0].At(row).Text == p.fails {
				return fmt.Errorf("row %d cannot be worked with", n)
			}
			p.report.Add([]string{"PASSED", "HELD"}[min(i, 1)], finding.Notice, p.src.Place(n, ""), "a row was seen", "")
		}
	}
	return nil
}

func (p *piece) Join() error {
	if !p.joining.CompareAndSwap(false, true) || p.at != p || !p.busy.CompareAndSwap(false, true) {
		p.t.Error("a piece is joined while something else is done with it or with another")
	}
	defer p.joining.Store(false)
	defer p.busy.Store(false)
	if p.refuses != nil && p.refuses(p.joined) && !p.joined {
		return extract.ErrAgain
	}
	p.pieces++
	for i := range p.noted {
		p.crew.noted[i] = append(p.crew.noted[i], p.noted[i]...)
	}
	return nil
}

func cells(b *extract.Batch, row int) string {
	line := ""
	for i := range b.Columns {
		line += fmt.Sprintf("%v|", b.Columns[i].At(row))
	}
	return line
}

// result is all that comes of a reading.
type result struct {
	noted    [2][]string
	findings []finding.Finding
	tally    extract.Tally
	err      string
}

// readBy reads a source with workers, or without any for none.
func readBy(t *testing.T, src *extract.Source, r Reader, c *crew, columns ...string) result {
	t.Helper()
	report := &finding.Report{}
	c.t, c.src = t, src
	d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, columns...), Report: report, Workers: c}
	if r.Workers == 0 {
		// One who takes rows from a sink, noting the same.
		one := &piece{workman: &workman{crew: c}, report: report, joined: true}
		one.at = one
		d.Workers, d.Sink = nil, one.Add
		err := r.Read(t.Context(), []*extract.Demand{d})
		return result{one.noted, report.Findings(), d.Tally, fmt.Sprint(err)}
	}
	err := r.Read(t.Context(), []*extract.Demand{d})
	return result{c.noted, report.Findings(), d.Tally, fmt.Sprint(err)}
}

// scribble writes a file of notes with whatever may come.
func scribble(random *rand.Rand, rows int) string {
	var b strings.Builder
	b.WriteString(notesLine)
	end := []string{"\n", "\r\n"}[random.IntN(2)]
	odd := random.IntN(12) + 1
	for i := range rows {
		cell := []string{fmt.Sprint(100_000 + i), "", "01/05/2020", "AB"[i%2 : i%2+1], ""}
		switch random.IntN(8 * odd) {
		case 0:
			cell[1] = "\"one\ntwo, \"\"three\"\"\r\n\n123,x,y,z,w\n\""
		case 1:
			cell[4] = "\"a\nb\""
		case 2:
			cell[1], cell[4] = "\"x \"\"y\"\"\"", "é"
		case 3:
			cell[2] = "2020-05-02"
		case 4:
			cell[3] = "C"
		case 5:
			cell[2] = ""
		}
		line := strings.Join(cell, ",")
		switch random.IntN(40 * odd) {
		case 0:
			line = "short"
		case 1:
			line = ",,,,"
		case 2:
			line = ""
		case 3:
			line = "5\"5,,,,"
		case 4:
			line = strings.Repeat("x", random.IntN(300)) + ",,,,"
		}
		b.WriteString(line + end)
		if odd == 1 && random.IntN(60) == 0 {
			b.WriteString([]string{"\"1\n2\",,,,\n", "\x00", "\"", "9,9,\"\n\",,\n"}[random.IntN(4)])
		}
	}
	text := b.String()
	if random.IntN(3) == 0 {
		text = text[:len(notesLine)+random.IntN(len(text)-len(notesLine)+1)]
	}
	return text
}

// However a file is cut into splits, and by however many it is read, what comes of it is the same: rows, findings, tally,
// and the error when there is one.
func TestSplitsMakeNoDifference(t *testing.T) {
	table, random := notesTable(t), rand.New(rand.NewPCG(31, 32))
	failed, again := 0, 0
	for round := range 120 {
		text := scribble(random, random.IntN(60))
		src := notesOf(t, table, text)
		fails := ""
		if round%5 == 4 {
			fails = fmt.Sprint(100_000 + random.IntN(60))
		}
		want := readBy(t, src, Reader{}, &crew{fails: fails}, "CHILD", "NOTE", "DAY", "KIND")
		if want.err != "<nil>" {
			failed++
		}
		var mu sync.Mutex
		for _, r := range []Reader{
			{Workers: 0, split: int64(1 + random.IntN(40))}, {Workers: 1, split: int64(1 + random.IntN(400))}, {Workers: 1},
			{Workers: 2, split: int64(1 + random.IntN(40))}, {Workers: 2, split: int64(1 + random.IntN(400))}, {Workers: 7, split: int64(1 + random.IntN(200))},
		} {
			got := readBy(t, src, r, &crew{fails: fails, refuses: func(joined bool) bool {
				mu.Lock()
				defer mu.Unlock()
				if no := random.IntN(4) == 0; no && !joined {
					again++
					return true
				}
				return false
			}}, "CHILD", "NOTE", "DAY", "KIND")
			if want.err != "<nil>" {
				// What was handed on before the error is thrown away; how much that is depends on the splits.
				got.noted, got.tally = want.noted, want.tally
			}
			if fails != "" && want.err != "<nil>" {
				got.findings = want.findings
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q\n%d workers, splits of %d bytes:\n%+v\nwant\n%+v", text, r.Workers, r.split, got, want)
			}
		}
	}
	if failed < 10 || failed > 80 || again < 50 {
		t.Errorf("%d of 120 files were refused, %d pieces made again: this test shows little", failed, again)
	}
}

// A line end in quotes right where a split begins makes a guess go wrong, and what the guess read leaves no trace.
func TestAWrongGuessLeavesNoTrace(t *testing.T) {
	table := notesTable(t)
	row := func(n int, note string) string { return fmt.Sprintf("%d,\"%s\",01/05/2020,A,\n", n, note) }
	text := notesLine + row(1, strings.Repeat("9,\"\"x\"\",2020-05-01,Z,\n9,x,2020-05-01,A,\n", 20)) + row(2, "") + row(3, "x\ny") + row(4, "")
	src := notesOf(t, table, text)
	want := readBy(t, src, Reader{}, &crew{}, "CHILD", "DAY", "KIND")
	if want.tally != (extract.Tally{Read: 4, Passed: 4}) || len(want.findings) != 1 {
		t.Fatalf("%+v", want)
	}
	for split := int64(1); split < int64(len(text)); split += 3 {
		if got := readBy(t, src, Reader{Workers: 3, split: split}, &crew{}, "CHILD", "DAY", "KIND"); !reflect.DeepEqual(got, want) {
			t.Fatalf("splits of %d bytes: %+v, want %+v", split, got, want)
		}
	}
}

// Large splits, as they are: a file of several MiB, with rows over their seams.
func TestSplitsOfAMebibyte(t *testing.T) {
	table, random := notesTable(t), rand.New(rand.NewPCG(33, 34))
	var b strings.Builder
	b.WriteString(notesLine)
	for i := range 60_000 {
		note := ""
		if random.IntN(400) == 0 {
			note = "\"" + strings.Repeat("a\"\"b\n1,,2020-05-05,B,\n", random.IntN(1200)) + "\""
		}
		fmt.Fprintf(&b, "%d,%s,%02d/%02d/2020,%c,further\n", 100_000+i/3, note, 1+i%28, 1+i%12, "ABC"[i%1000/998])
	}
	src := notesOf(t, table, b.String())
	want := readBy(t, src, Reader{}, &crew{}, "CHILD", "DAY", "KIND")
	if want.err != "<nil>" || want.tally.Read != 60_000 || want.tally.Quarantined != 0 || src.Size < 3<<20 {
		t.Fatalf("%s, %+v of %d bytes", want.err, want.tally, src.Size)
	}
	for _, workers := range []int{1, 2, 4} {
		c := &crew{}
		got := readBy(t, src, Reader{Workers: workers}, c, "CHILD", "DAY", "KIND")
		if !reflect.DeepEqual(got, want) || c.pieces != int((src.Size+splitBytes-1)/splitBytes) {
			t.Errorf("%d workers, %d pieces: %s, %+v, %d rows; want %+v", workers, c.pieces, got.err, got.tally, len(got.noted[0]), want.tally)
		}
	}
}

// A byte that is another, wherever it stands and whoever reads it, is a changed file; so are bytes more or less.
func TestSplitsOfAChangedFile(t *testing.T) {
	table := notesTable(t)
	var b strings.Builder
	b.WriteString(notesLine)
	for i := range 5_000 {
		fmt.Fprintf(&b, "%d,%s,01/05/2020,A,\n", 100_000+i, strings.Repeat("note ", 100))
	}
	text := b.String()
	for name, change := range map[string]func([]byte) []byte{
		"the first row":      func(b []byte) []byte { b[len(notesLine)] = '2'; return b },
		"a byte of a note":   func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the row at a seam":  func(b []byte) []byte { b[2<<20] ^= 1; return b },
		"the row before it":  func(b []byte) []byte { b[2<<20-1] ^= 1; return b },
		"the last row":       func(b []byte) []byte { b[len(b)-4] ^= 1; return b },
		"a row more":         func(b []byte) []byte { return append(b, "1,,,,\n"...) },
		"a blank line less":  func(b []byte) []byte { return b[:len(b)-1] },
		"all behind a block": func(b []byte) []byte { return b[:2<<20] },
	} {
		src := notesOf(t, table, text)
		if err := os.WriteFile(src.Path, change([]byte(text)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, r := range []Reader{{}, {Workers: 1}, {Workers: 2}, {Workers: 2, split: 100_000}} {
			got := readBy(t, src, r, &crew{}, "CHILD")
			if !strings.Contains(got.err, "changed while it was being read") {
				t.Errorf("%s, %+v: %s", name, r, got.err)
			}
		}
	}
}

// twofold is a file that says something else when a byte is read by itself, as the end of a split's last record is.
type twofold struct {
	data []byte
	at   int64 // of a byte that is read as another with all that is before it in its block
}

func (f twofold) ReadAt(b []byte, at int64) (int, error) {
	n := copy(b, f.data[at:])
	if at/extract.Block < f.at/extract.Block && f.at < at+int64(n) {
		b[f.at-at] = 'X'
	}
	return n, nil
}

// The bytes that a record has in the next split are read by both. They are not taken when they are not the same.
func TestWhatTwoSplitsReadIsTheSame(t *testing.T) {
	table := notesTable(t)
	text := []byte(notesLine + strings.Repeat("123456,"+strings.Repeat("note ", 100)+",01/05/2020,A,\n", 5_000))
	src := notesOf(t, table, string(text))
	line := int64(bytes.IndexByte(text[extract.Block:], '\n'))
	for _, workers := range []int{1, 2, 3} {
		for at, changed := range map[int64]bool{extract.Block: true, extract.Block + line - 1: true, extract.Block + line + 1: false} {
			p, err := newPass([]*extract.Demand{{Source: src, Want: extract.NewWant(table, "CHILD"), Report: &finding.Report{}, Workers: &crew{t: t, src: src}}})
			if err != nil {
				t.Fatal(err)
			}
			p.file, p.size, p.stride, p.header, p.between = twofold{text, at}, src.Size, splitBytes, []byte(notesLine), ','
			err = p.read(t.Context(), workers)
			if changed != (err != nil && strings.Contains(err.Error(), "changed while it was being read")) || !changed && err != nil {
				t.Errorf("%d workers, byte %d of a block: %v", workers, at-extract.Block, err)
			}
		}
	}
}

// Two who want rows of one file, one of them by a sink.
func TestWorkersAndASink(t *testing.T) {
	table := notesTable(t)
	src := notesOf(t, table, scribble(rand.New(rand.NewPCG(37, 38)), 300))
	want := readBy(t, src, Reader{}, &crew{}, "CHILD", "DAY")
	if want.err != "<nil>" {
		t.Fatal(want.err)
	}
	for _, sink := range []bool{true, false} {
		first, second := &crew{t: t, src: src}, &crew{t: t, src: src}
		one := &extract.Demand{Source: src, Want: extract.NewWant(table, "CHILD", "DAY"), Report: &finding.Report{}, Workers: first}
		other := &extract.Demand{Source: src, Want: extract.NewWant(table, "KIND", "CHILD"), Report: &finding.Report{}, Workers: second}
		rows := 0
		if sink {
			other.Workers, other.Sink = nil, func(b *extract.Batch) error { rows += b.Len(); return nil }
		}
		if err := (Reader{Workers: 3, split: 99}).Read(t.Context(), []*extract.Demand{one, other}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first.noted, want.noted) || one.Tally != want.tally || other.Tally.Read != want.tally.Read {
			t.Errorf("%+v, %d rows; want %+v", one.Tally, len(first.noted[0]), want.tally)
		}
		if sink && int64(rows) != other.Tally.Passed || !sink && len(second.noted[0]) == 0 {
			t.Errorf("%d rows of %+v", rows, other.Tally)
		}
	}
}

// A reading that is called off ends with all its hands.
func TestSplitsAreCalledOff(t *testing.T) {
	table := notesTable(t)
	src := notesOf(t, table, notesLine+strings.Repeat("1,,01/05/2020,A,\n", 5_000))
	ctx, cancel := context.WithCancel(t.Context())
	c := &crew{t: t, src: src, refuses: func(bool) bool { cancel(); return false }}
	d := &extract.Demand{Source: src, Want: extract.NewWant(table, "CHILD"), Report: &finding.Report{}, Workers: c}
	if err := (Reader{Workers: 4, split: 100}).Read(ctx, []*extract.Demand{d}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if c.pieces > 1 {
		t.Errorf("%d pieces were joined all the same", c.pieces)
	}
}

// A NUL byte that has come to stand in the header since that was read makes a changed file, whoever comes to it first.
func TestNULInTheHeaderSinceItWasRead(t *testing.T) {
	table := notesTable(t)
	text := []byte(notesLine + strings.Repeat("123456,,01/05/2020,A,\n", 100))
	src := notesOf(t, table, string(text))
	text[3] = 0
	for _, workers := range []int{1, 2} {
		p, err := newPass([]*extract.Demand{{Source: src, Want: extract.NewWant(table, "CHILD"), Report: &finding.Report{}, Workers: &crew{t: t, src: src}}})
		if err != nil {
			t.Fatal(err)
		}
		p.file, p.size, p.stride, p.header, p.between = bytes.NewReader(text), src.Size, 100, []byte(notesLine), ','
		if err := p.read(t.Context(), workers); err == nil || !strings.Contains(err.Error(), "changed while it was being read") {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// What is known of cells takes no more memory with many hands than with two, but for what each needs.
func TestStockOf(t *testing.T) {
	for hands, want := range map[int]int{1: 1 << 17, 2: 1 << 17, 3: (1 << 18) / 3, 4: 1 << 16, 16: 1 << 14, 32: 1 << 13, 1000: 1 << 13} {
		if got := stockOf(hands); got != want {
			t.Errorf("%d hands know %d cells each, want %d", hands, got, want)
		}
	}
	table := notesTable(t)
	src := notesOf(t, table, notesLine+strings.Repeat("123456,,01/05/2020,A,\n", 100))
	for hands, want := range map[int]int{1: 1 << 17, 4: 1 << 16} {
		p, err := newPass([]*extract.Demand{{Source: src, Want: extract.NewWant(table, "CHILD"), Report: &finding.Report{}, Workers: &crew{t: t, src: src}}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(src.Path)
		if err != nil {
			t.Fatal(err)
		}
		p.file, p.size, p.stride, p.header, p.between = f, src.Size, 100, []byte(notesLine), ','
		if err := errors.Join(p.read(t.Context(), hands), f.Close()); err != nil || p.stock != want {
			t.Errorf("%d hands knew %d cells each, want %d; %v", hands, p.stock, want, err)
		}
	}
}
