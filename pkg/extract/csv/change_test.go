package csv_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// recognised writes a file into a folder of its year and recognises it.
func recognised(t *testing.T, content string) *extract.Source {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "2019-20")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "extract.csv")
	write(t, path, content)
	inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{folder}, &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	if err := inventory.TakeDigests(t.Context())(); err != nil {
		t.Fatal(err)
	}
	return inventory.Sources[0]
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func changed(err error) bool {
	var refusal *finding.Refusal
	return errors.As(err, &refusal) && refusal.Code == finding.SourceChanged && refusal.Hint != ""
}

// A file that is no longer the one that was recognised is refused, whatever about it is different.
func TestReaderRefusesAChangedFile(t *testing.T) {
	content := headerLine + goodRow + goodRow
	for name, other := range map[string]string{
		"a row more":                headerLine + goodRow + goodRow + goodRow,
		"a row less":                headerLine + goodRow,
		"a byte of a cell":          headerLine + goodRow + strings.Replace(goodRow, "WBRI", "WIRI", 1),
		"a byte of a bad row":       headerLine + goodRow + strings.Replace(goodRow, "WBRI", "XXXX", 1),
		"a blank line more":         content + "\n",
		"a byte order mark":         "\xef\xbb\xbf" + content,
		"two columns swapped":       strings.Replace(content, "DOB,ETHNIC", "ETHNIC,DOB", 1),
		"a column less":             "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER\n",
		"another table":             "CHILD,SEX,DOB,DUC\n510000,1,11/07/2015,11/07/2033\n",
		"the case of a column name": strings.Replace(content, "SEX", "Sex", 1),
	} {
		src := recognised(t, content)
		write(t, src.Path, other)
		if got := readSource(t, src, &finding.Report{}); !changed(got.err) {
			t.Errorf("%s: %v", name, got.err)
		}
	}
	src := recognised(t, content)
	if got := readSource(t, src, &finding.Report{}); got.err != nil || got.tally.Passed != 2 {
		t.Errorf("the file that was recognised: %v", got.err)
	}
	for name, bytes := range map[string]string{"empty": "", "cut off in quotes": headerLine + "\"51", "binary": headerLine + "\x00"} {
		src := recognised(t, content)
		write(t, src.Path, bytes)
		if got := readSource(t, src, &finding.Report{}); got.err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	src = recognised(t, content)
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	var bad *extract.Invalid
	if got := readSource(t, src, &finding.Report{}); !errors.As(got.err, &bad) || bad.Findings[0].Rule != extract.RuleUnreadable {
		t.Errorf("a file that is gone: %v", got.err)
	}
}

// The header that stood there when the table was told and the digest that was taken after it may be of two files: the
// columns of the one are not read by the places of the other.
func TestReaderHoldsTheHeaderToTheOneMatched(t *testing.T) {
	src := recognised(t, strings.Replace(headerLine, "SEX,DOB", "DOB,SEX", 1)+"510000,11/07/2015,1,WBRI,,,\n")
	_, header, err := extract.Match(catalogue(t), "", strings.Split(strings.TrimSpace(headerLine), ","), &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src.Header = header
	if got := readSource(t, src, &finding.Report{}); !changed(got.err) || got.tally.Read != 0 {
		t.Errorf("%v, %+v", got.err, got.tally)
	}
}

// A file that grows while it is read, after its first rows have been handed on, is refused at its end.
func TestReaderRefusesAFileThatGrowsMeanwhile(t *testing.T) {
	src := recognised(t, headerLine+strings.Repeat(goodRow, 1<<16))
	batches := 0
	_, err := pass(t.Context(), src, extract.NewWant(src.Table, "CHILD"), func(*extract.Batch) error {
		if batches++; batches > 1 {
			return nil
		}
		f, err := os.OpenFile(src.Path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if _, err := f.WriteString(goodRow); err != nil {
			return err
		}
		return f.Close()
	}, &finding.Report{})
	if !changed(err) || batches < 2 {
		t.Errorf("%v after %d batches", err, batches)
	}
}

func TestReaderStopsWhenToldTo(t *testing.T) {
	src := recognised(t, headerLine+strings.Repeat(goodRow, 1<<16))
	full := errors.New("no room")
	batches := 0
	_, err := pass(t.Context(), src, extract.NewWant(src.Table, "CHILD"), func(*extract.Batch) error {
		batches++
		return full
	}, &finding.Report{})
	if !errors.Is(err, full) || batches != 1 {
		t.Errorf("%v after %d batches", err, batches)
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches = 0
	_, err = pass(ctx, src, extract.NewWant(src.Table, "CHILD"), func(*extract.Batch) error {
		batches++
		cancel()
		return nil
	}, &finding.Report{})
	if !errors.Is(err, context.Canceled) || batches != 1 {
		t.Errorf("%v after %d batches", err, batches)
	}
	if _, err := (csv.Reader{}).Recognise(ctx, catalogue(t), src.Path, "extract.csv", &finding.Report{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A reader has no state: many files at once give what they give one by one.
func TestReaderAtOnce(t *testing.T) {
	src := recognised(t, base(2000))
	want := readSource(t, src, &finding.Report{})
	if want.err != nil || want.tally.Passed != 2000 {
		t.Fatal(want.err, want.tally)
	}
	done := make(chan outcome)
	for range 4 {
		go func() { done <- readSource(t, src, &finding.Report{}) }()
	}
	for range 4 {
		got := <-done
		if got.err != nil || got.tally != want.tally || strings.Join(got.cells, "\n") != strings.Join(want.cells, "\n") {
			t.Errorf("%v, %+v", got.err, got.tally)
		}
	}
}

// A sound row allocates nothing: what reading costs does not grow with the rows of one batch.
func TestReaderAllocatesNothingPerRow(t *testing.T) {
	c := catalogue(t)
	allocations := func(rows int) float64 {
		src := recognisedAs(t, c, file(t, base(rows)), episodesLine)
		want := extract.NewWant(src.Table, "CHILD", "DECOM", "DEC", "LS")
		return testing.AllocsPerRun(3, func() {
			tally, err := pass(t.Context(), src, want, func(*extract.Batch) error { return nil }, &finding.Report{})
			if err != nil || tally.Passed != int64(rows) {
				t.Fatal(err, tally)
			}
		})
	}
	few, many := allocations(1_000), allocations(20_000)
	if many > few+100 {
		t.Errorf("%v allocations for 1,000 rows, %v for 20,000", few, many)
	}
}

func BenchmarkReader(b *testing.B) {
	const rows = 50_000
	path := file(b, base(rows))
	c := catalogue(b)
	src, err := recognise(b.Context(), c, path, 2020, &finding.Report{})
	if err != nil {
		b.Fatal(err)
	}
	if err := src.TakeDigest(); err != nil {
		b.Fatal(err)
	}
	table := src.Table
	for name, want := range map[string]extract.Want{
		"core columns": extract.NewWant(table, "CHILD", "DECOM", "DEC", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "URN", "REC", "REASON_PLACE_CHANGE"),
		"one column":   extract.NewWant(table, "CHILD"),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(src.Size)
			b.ReportAllocs()
			for b.Loop() {
				if tally, err := pass(b.Context(), src, want, func(*extract.Batch) error { return nil }, &finding.Report{}); err != nil || tally.Passed != rows {
					b.Fatal(err, tally)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
