package csv_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// most is how much a refusal may allocate altogether, in bytes: far less than any of the files.
const most = 64 << 20

// allocated is how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// sparse writes a file that begins with a text and is 1 GiB long, the rest of it NUL bytes that take no room.
func sparse(t *testing.T, begin string) string {
	t.Helper()
	path := file(t, begin)
	if err := os.Truncate(path, 1<<30); err != nil {
		t.Skip("no sparse files here:", err)
	}
	return path
}

// source is a file as it would be after it was recognised, its digest apart.
func source(t *testing.T, c *dataset.Catalogue, path, header string) *extract.Source {
	t.Helper()
	table, h, err := extract.Match(c, "extract.csv", strings.Split(strings.TrimSpace(header), ","), &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	return &extract.Source{File: "extract.csv", Path: path, Table: table, Year: 2020, Header: h}
}

// recognisedAs is a file as it would be after it was recognised.
func recognisedAs(t *testing.T, c *dataset.Catalogue, path, header string) *extract.Source {
	t.Helper()
	src := source(t, c, path, header)
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	return src
}

// A gigabyte without a line end costs no more than the bound of one line.
func TestOneLineOfAGigabyte(t *testing.T) {
	c := catalogue(t)
	longer := strings.Repeat("a", 4<<20)
	for name, v := range map[string]struct {
		begin, header, rule string // header is set when the file's own is sound
	}{
		"NUL bytes":                      {"", "", csv.RuleNUL},
		"letters":                        {longer, "", csv.RuleLineTooLong},
		"commas":                         {strings.Repeat(",", 4<<20), "", csv.RuleLineTooLong},
		"an open quote":                  {"\"" + longer, "", csv.RuleLineTooLong},
		"quotes":                         {strings.Repeat("\"", 4<<20), "", csv.RuleLineTooLong},
		"line ends in an open quote":     {"\"" + strings.Repeat("\n", 4<<20), "", csv.RuleLineTooLong},
		"a row of letters":               {headerLine + goodRow + longer, headerLine, csv.RuleLineTooLong},
		"a row of commas":                {headerLine + goodRow + strings.Repeat(",", 4<<20), headerLine, csv.RuleLineTooLong},
		"a row of an open quote":         {headerLine + goodRow + "\"" + longer, headerLine, csv.RuleLineTooLong},
		"a row of doubled quotes":        {headerLine + goodRow + strings.Repeat("\"", 4<<20), headerLine, csv.RuleLineTooLong},
		"NUL bytes behind sound rows":    {headerLine + goodRow, headerLine, csv.RuleNUL},
		"NUL bytes behind half a row":    {headerLine + goodRow + "5100", headerLine, csv.RuleNUL},
		"NUL bytes behind an open quote": {headerLine + goodRow + "\"5100", headerLine, csv.RuleNUL},
	} {
		t.Run(name, func(t *testing.T) {
			path := sparse(t, v.begin)
			var err error
			bytes := allocated(func() {
				if v.header == "" {
					_, err = csv.Reader{}.Recognise(t.Context(), c, path, "extract.csv", &finding.Report{})
				} else {
					err = readSource(t, source(t, c, path, v.header), &finding.Report{}).err
				}
			})
			var bad *extract.Invalid
			if !errors.As(err, &bad) || bad.Findings[0].Rule != v.rule || v.header != "" && bad.Findings[0].Place.Row != 2 {
				t.Errorf("got %v, want %s", err, v.rule)
			}
			if bytes > most {
				t.Errorf("%d MiB allocated", bytes>>20)
			}
		})
	}
}

func TestAMillionColumnsCostLittle(t *testing.T) {
	path := file(t, strings.Repeat(",", 1_000_000)+"\n")
	c := catalogue(t)
	if n := allocated(func() {
		if _, err := (csv.Reader{}).Recognise(t.Context(), c, path, "extract.csv", &finding.Report{}); err == nil {
			t.Error("accepted")
		}
	}); n > most/4 {
		t.Errorf("%d MiB allocated", n>>20)
	}
	src := recognisedAs(t, c, file(t, headerLine+strings.Repeat(",", 1_000_000)+"\n"), headerLine)
	if n := allocated(func() {
		if got := readSource(t, src, &finding.Report{}); got.tally.Quarantined != 1 {
			t.Errorf("%+v", got.tally)
		}
	}); n > most {
		t.Errorf("%d MiB allocated", n>>20)
	}
}

// Long cells make short batches: memory does not grow with the file.
func TestBatchesOfLongCells(t *testing.T) {
	c := catalogue(t)
	path := filepath.Join(t.TempDir(), "extract.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := f
	const rows = 80
	_, _ = io.WriteString(w, episodesLine)
	for i := range rows { // 64 MB of postcodes
		_, _ = fmt.Fprintf(w, "51,02/05/2020,S,C2,N1,U4,PR1,,,,%d%s,,\n", i, strings.Repeat("x", 800_000))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	src := recognisedAs(t, c, path, episodesLine)
	var peak uint64
	numbers, batches := int64(0), 0
	tally, err := pass(t.Context(), src, extract.NewWant(src.Table, "CHILD", "HOME_POST"), func(b *extract.Batch) error {
		batches++
		for _, n := range b.Rows {
			if numbers++; n != numbers {
				t.Fatalf("row %d where row %d should be", n, numbers)
			}
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		return nil
	}, &finding.Report{})
	if err != nil || tally != (extract.Tally{Read: rows, Passed: rows}) || numbers != rows {
		t.Fatalf("%v, %+v, %d rows", err, tally, numbers)
	}
	if batches < 3 || peak > 2*most {
		t.Errorf("%d batches, %d MiB held", batches, peak>>20)
	}
}

// However many batches a file makes, its rows are the same, and a batch's memory is used again.
func TestBatchesOfManyRows(t *testing.T) {
	c := catalogue(t)
	for _, rows := range []int{1 << 15, 1<<15 + 1, 1<<16 + 1} {
		var b strings.Builder
		b.WriteString(headerLine)
		for i := range rows {
			if i%1000 == 999 {
				b.WriteString("510000,9,11/07/2015,WBRI,,,\n")
			} else {
				fmt.Fprintf(&b, "%d,1,%02d/07/2015,WBRI,,,\n", 100_000+i, 1+i%28)
			}
		}
		path := file(t, b.String())
		src := recognisedAs(t, c, path, headerLine)
		batches, numbers := 0, int64(0)
		tally, err := pass(t.Context(), src, extract.NewWant(src.Table, "CHILD", "SEX"), func(b *extract.Batch) error {
			batches++
			if n := len(b.Column("CHILD").Values); n > 1<<15 {
				t.Fatalf("%d distinct values: those of the batch before are still here", n)
			}
			for row, number := range b.Rows {
				if numbers++; number%1000 == 0 || b.Column("CHILD").At(row).Text != fmt.Sprint(100_000+number-1) {
					t.Fatalf("row %d is not its own child's", number)
				}
			}
			return nil
		}, &finding.Report{})
		bad := int64(rows / 1000)
		if err != nil || tally != (extract.Tally{Read: int64(rows), Passed: int64(rows) - bad, Quarantined: bad}) || numbers != tally.Passed {
			t.Fatalf("%d rows: %v, %+v", rows, err, tally)
		}
		if want := (rows + 1<<15 - 1) >> 15; batches != want {
			t.Errorf("%d rows in %d batches, want %d", rows, batches, want)
		}
	}
}
