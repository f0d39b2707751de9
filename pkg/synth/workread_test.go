package synth

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
)

// wideTable defines a table of keys, with a date, a count and a truth value before them.
func wideTable(t testing.TB, keys int) *dataset.Catalogue {
	t.Helper()
	var b strings.Builder
	b.WriteString("apiVersion: postern/dataset/v1\nformat: wide\nversion: 1\ntitle: A wide report\ncollection_years: {from: 2016, to: 2030}\n" +
		"date_formats: [DD/MM/YYYY]\ntext: quoted\ncode_lists: {}\ntables:\n  - name: wide\n    meaning: wide\n    columns:\n" +
		"      - {name: DAY, type: date, class: sensitive, meaning: day}\n" +
		"      - {name: COUNT, type: integer, class: sensitive, meaning: count, min: -999999, max: 999999}\n" +
		"      - {name: IS_SO, type: boolean, class: sensitive, meaning: truth}\n")
	for i := range keys {
		fmt.Fprintf(&b, "      - {name: K%d, type: key, class: record-identifier, meaning: key}\n", i)
	}
	c, err := dataset.Load(fstest.MapFS{"wide.yaml": &fstest.MapFile{Data: []byte(b.String())}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wideHeader(keys int) []string {
	out := []string{"DAY", "COUNT", "IS_SO"}
	for i := range keys {
		out = append(out, fmt.Sprintf("K%d", i))
	}
	return out
}

// readBack reads all rows of all sheets of a workbook that are tables.
func readBack(t testing.TB, c *dataset.Catalogue, path string) (map[int][]string, []finding.Finding) {
	t.Helper()
	report := &finding.Report{}
	sources, err := xlsx.Reader{}.Recognise(t.Context(), c, path, "book.xlsx", report)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[int][]string)
	var demands []*extract.Demand
	for _, src := range sources {
		src.File, src.Path = "book.xlsx", path
		if err := src.TakeDigest(); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, column := range src.Table.Columns {
			if _, has := src.Header.At[column.Name]; has {
				names = append(names, column.Name)
			}
		}
		want := extract.NewWant(src.Table, names...)[:len(names)]
		demands = append(demands, &extract.Demand{Source: src, Want: want, Report: report, Sink: func(b *extract.Batch) error {
			for row := range b.Len() {
				line := fmt.Sprint(b.Rows[row])
				for i := range b.Columns {
					switch v := b.Columns[i].At(row); {
					case v.State != extract.Known:
						line += "|"
					case b.Columns[i].Def.Type == dataset.Date:
						line += "|" + civil.Date(v.Num).String()
					case b.Columns[i].Def.Type == dataset.Key:
						line += "|" + v.Text
					default:
						line += fmt.Sprintf("|%d", v.Num)
					}
				}
				out[src.Sheet] = append(out[src.Sheet], line)
			}
			return nil
		}})
	}
	if err := (xlsx.Reader{}).Read(t.Context(), demands); err != nil {
		t.Fatal(err)
	}
	return out, report.Findings()
}

// Whatever is written is read as it was written, by the reader and by Python.
func TestWorkbookIsReadAsWritten(t *testing.T) {
	const keys = 4
	c := wideTable(t, keys)
	python, _ := exec.LookPath("python3")
	random := rand.New(rand.NewPCG(5, 6))
	first, last := int(civil.MustYMD(1904, 1, 1)), int(civil.MustYMD(2100, 12, 31))
	for round := range 30 {
		path := filepath.Join(t.TempDir(), "book.xlsx")
		w := createWorkbook(path, workbookOptions{epoch1904: round%2 == 1})
		var sheets []*worksheet
		want := make(map[int][]string)
		cells := 0
		for i := range 1 + random.IntN(3) {
			s := w.sheet(fmt.Sprintf("Sheet %d", i+1))
			s.header(wideHeader(keys)...)
			cells += keys + 3
			sheets = append(sheets, s)
		}
		for range random.IntN(60) {
			i := random.IntN(len(sheets))
			s := sheets[i]
			if random.IntN(9) == 0 {
				s.skip()
			}
			day, count, yes := civil.Date(first+random.IntN(last-first+1)), random.IntN(2_000_000)-1_000_000+1, random.IntN(2) == 1
			row := []sheetCell{cellDate(day), cellNumber(int64(count)), cellBoolean(yes)}
			line := fmt.Sprintf("%d|%s|%d|%d", s.rows, day, count, map[bool]int{true: 1}[yes])
			for range keys {
				text := randomText(random)
				line += "|" + strings.TrimSpace(text)
				switch random.IntN(3) {
				case 0:
					row = append(row, cellShared(text))
				case 1:
					row = append(row, cellFormula("A1", cellText(text)))
				default:
					row = append(row, cellText(text))
				}
				if text == "" {
					row[len(row)-1] = cellNone()
				}
			}
			s.row(row...)
			cells += len(row)
			want[i+1] = append(want[i+1], line)
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		got, _ := readBack(t, c, path+part)
		for i := range sheets {
			if !slices.Equal(got[i+1], want[i+1]) {
				t.Fatalf("round %d, sheet %d:\n%q\nwant\n%q", round, i+1, got[i+1], want[i+1])
			}
		}
		if python == "" || round > 2 {
			continue
		}
		out, err := exec.Command(python, "-c", readWithPython, path+part).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, lines := range want {
			for _, line := range lines {
				for _, key := range strings.Split(line, "|")[4:] {
					if key != "" && !strings.Contains(string(out), key) {
						t.Fatalf("Python does not find %q", key)
					}
				}
			}
		}
	}
}

func randomText(random *rand.Rand) string {
	pieces := []string{"a", "B", "7", "é", "<", ">", "&", "\"", "'", "]]>", "_", "x000D", "x005F_", "文", "-", "/", "amp;", "."}
	out := ""
	for range random.IntN(6) {
		out += pieces[random.IntN(len(pieces))]
	}
	if strings.Trim(out, "7.-") == "" && out != "" {
		out = "k" + out // no number with a point, which is no key
	}
	if strings.Contains(out, "_x") {
		out = "n" // a text that stands for a character of its own
	}
	return out
}

// BenchmarkWorkbook reads tables of 20 columns: of a typical report, and of nothing but shared strings, all distinct.
func BenchmarkWorkbook(b *testing.B) {
	const keys = 17
	c := wideTable(b, keys)
	for _, v := range []struct {
		name string
		rows int
		make func(w *workbook, row, column int) sheetCell
	}{
		{"typical", 50_000, func(_ *workbook, row, column int) sheetCell {
			if column%3 == 0 {
				return cellText(fmt.Sprintf("K%07d", row))
			}
			return cellNumber(int64(row % (10 * column)))
		}},
		{"distinct", 50_000, func(_ *workbook, row, column int) sheetCell {
			return cellText(fmt.Sprintf("text %d of %d", column, row))
		}},
	} {
		b.Run(v.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "book.xlsx")
			w := createWorkbook(path, workbookOptions{})
			s := w.sheet("Sheet 1")
			s.header(wideHeader(keys)...)
			for row := range v.rows {
				cells := []sheetCell{cellDate(civil.Date(row % 20_000)), cellNumber(int64(row)), cellBoolean(row%2 == 0)}
				for i := range keys {
					cells = append(cells, v.make(w, row, i))
				}
				s.row(cells...)
			}
			if err := w.close(); err != nil {
				b.Fatal(err)
			}
			info, err := os.Stat(path + part)
			if err != nil {
				b.Fatal(err)
			}
			report := &finding.Report{}
			sources, err := xlsx.Reader{}.Recognise(b.Context(), c, path+part, "book.xlsx", report)
			if err != nil {
				b.Fatal(err)
			}
			src := sources[0]
			src.File, src.Path = "book.xlsx", path+part
			if err := src.TakeDigest(); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, wideHeader(keys)...), Report: report, Sink: func(*extract.Batch) error { return nil }}
				if err := (xlsx.Reader{}).Read(b.Context(), []*extract.Demand{d}); err != nil {
					b.Fatal(err)
				}
				if d.Tally.Passed != int64(v.rows) {
					b.Fatalf("%+v", d.Tally)
				}
			}
			b.ReportMetric(float64(v.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
