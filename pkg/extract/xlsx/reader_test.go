package xlsx_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
)

const places = `<row><c t="str"><v>Child</v></c><c t="str"><v> place </v></c><c t="str"><v>Teacher</v></c></row>`

// Which sheets are tables, and what is told of the others.
func TestSheets(t *testing.T) {
	other := texts("some", "words")
	visited := texts(strings.Split(visits, ",")...)
	titles := texts("Visits of all children") + `<row r="5"><c/></row>`
	for name, v := range map[string]struct {
		book    book
		sources []int
		rule    string
		told    []string
	}{
		"one":                {book{sheets: []string{visited}}, []int{1}, "", []string{"NO_ROWS 1 0 1"}},
		"two":                {book{sheets: []string{visited + texts("1"), places + texts("2")}}, []int{1, 2}, "", []string{"COLUMN_UNKNOWN 2 0 number 3 1"}},
		"others":             {book{sheets: []string{other, "", visited + texts("1")}}, []int{3}, "", []string{"SHEET_NOT_READ 1 0 1", "SHEET_NOT_READ 2 0 1"}},
		"titles":             {book{sheets: []string{titles + strings.ReplaceAll(visited, "<row>", `<row r="20">`) + texts("1")}}, []int{1}, "", []string{"ROWS_ABOVE_HEADER 1 0 1"}},
		"too many titles":    {book{sheets: []string{titles + strings.ReplaceAll(visited, "<row>", `<row r="21">`) + texts("1")}}, nil, "TABLE_UNKNOWN", nil},
		"hidden":             {book{sheets: []string{visited, visited + texts("1"), visited}, states: map[int]string{1: "hidden", 3: "veryHidden"}}, []int{2}, "", []string{"SHEET_HIDDEN 1 0 1", "SHEET_HIDDEN 3 0 1"}},
		"all hidden":         {book{sheets: []string{visited}, states: map[int]string{1: "hidden"}}, nil, "TABLE_UNKNOWN", nil},
		"none":               {book{sheets: []string{other, other}}, nil, "TABLE_UNKNOWN", nil},
		"empty":              {book{sheets: []string{""}}, nil, "TABLE_UNKNOWN", nil},
		"nearly":             {book{sheets: []string{visited + texts("1"), texts("CHILD", "SEEN", "BORN", "KIND", "COUNT", "ALONE")}}, nil, "TABLE_UNKNOWN", nil},
		"a column twice":     {book{sheets: []string{visited + texts("1"), texts("CHILD", "PLACE", "PLACE")}}, nil, "HEADER_DUPLICATE", nil},
		"names with blanks":  {book{sheets: []string{texts("\u00a0child ", "place") + texts("1")}}, []int{1}, "", nil},
		"a chart":            {book{sheets: []string{visited + texts("1"), "x"}, changed: map[string]string{}}, []int{1}, "", []string{"SHEET_NOT_READ 2 0 1"}},
		"rows between":       {book{sheets: []string{visited + texts("1") + texts("", "") + `<row r="9"/>` + texts("2")}}, []int{1}, "", nil},
		"an empty sheet":     {book{sheets: []string{visited + texts("1"), ""}, behind: map[int]string{2: `<pageMargins left="0.7"/>`}}, []int{1}, "", []string{"SHEET_NOT_READ 2 0 1"}},
		"a sheet of no rows": {book{sheets: []string{visited + `<row r="9"><c s="1"/></row>`}}, []int{1}, "", []string{"NO_ROWS 1 0 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a chart" {
				v.book.changed["xl/_rels/workbook.xml.rels"] = strings.Replace(v.book.parts()["xl/_rels/workbook.xml.rels"], `worksheet" Target="worksheets/sheet2`, `chartsheet" Target="worksheets/sheet2`, 1)
			}
			got := read(t, v.book.write(t))
			if got.rule() != v.rule {
				t.Fatalf("%s (%v), want %s", got.rule(), got.err, v.rule)
			}
			var sheets []int
			for _, src := range got.sources {
				sheets = append(sheets, src.Sheet)
			}
			if !slices.Equal(sheets, v.sources) || !slices.Equal(got.told(), v.told) {
				t.Errorf("sheets %v, want %v; told %q, want %q", sheets, v.sources, got.told(), v.told)
			}
			for _, f := range got.findings {
				if f.Place.Sheet == 0 || !strings.Contains(f.Place.String(), "book.xlsx, sheet ") {
					t.Errorf("%s names no sheet", f)
				}
			}
		})
	}
}

// Rows are numbered by where they stand below the header, blank ones counted too.
func TestRowsAreNumberedFromTheHeader(t *testing.T) {
	b := book{sheets: []string{texts("A title") + `<row r="4"><c t="str"><v>CHILD</v></c><c t="str"><v>PLACE</v></c></row>` + texts("1", "H") + texts("") + `<row r="9"><c t="str"><v>2</v></c><c t="str"><v>S</v></c></row>`}}
	got := read(t, b.write(t))
	if want := []string{"1|1|H", "5|2|S"}; got.err != nil || !slices.Equal(got.rows[1], want) || got.tally[1].Read != 2 {
		t.Errorf("%q, want %q; %+v %v", got.rows[1], want, got.tally, got.err)
	}
}

// A workbook that is a set of its own is discovered, its year told from the path, and two sheets of one table refuse it.
func TestDiscover(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "2024-25")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	discover := func(b book) (*extract.Inventory, *finding.Report, error) {
		if err := os.Rename(b.write(t), filepath.Join(folder, "book.xlsx")); err != nil {
			t.Fatal(err)
		}
		report := &finding.Report{}
		inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".xlsx": xlsx.Reader{}}, []string{folder}, report)
		return inventory, report, err
	}
	visited := texts(strings.Split(visits, ",")...) + texts("1001")
	if err := os.WriteFile(filepath.Join(folder, "old.xls"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	inventory, report, err := discover(book{sheets: []string{places + texts("1001", "H"), visited}})
	if err != nil {
		t.Fatal(err)
	}
	for i, src := range inventory.Sources {
		if src.Year != 2025 || src.Form != extract.Sheet || src.Sheet != i+1 || src.Size == 0 {
			t.Errorf("%+v", src)
		}
	}
	if len(inventory.Sources) != 2 || !slices.ContainsFunc(report.Findings(), func(f finding.Finding) bool {
		return f.Rule == extract.RuleFileSkipped && strings.Contains(f.Hint, ".xlsx")
	}) {
		t.Errorf("%d sources, %v", len(inventory.Sources), report.Findings())
	}
	var bad *extract.Invalid
	if _, _, err = discover(book{sheets: []string{visited, visited, visited}}); !errors.As(err, &bad) || len(bad.Findings) != 2 || bad.Findings[0].Rule != extract.RuleTableTwice || bad.Findings[0].Place.Sheet != 2 {
		t.Errorf("%v", err)
	}
}

// Several demands of several sheets are met in one reading, sheet by sheet.
func TestDemandsOfSheets(t *testing.T) {
	path := book{sheets: []string{places + texts("1", "H") + texts("2", "S"), texts(strings.Split(visits, ",")...) + texts("3", "", "", "A1")}}.write(t)
	sources, err := xlsx.Reader{}.Recognise(t.Context(), catalogue(t), path, "book.xlsx", &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var demands []*extract.Demand
	for _, at := range []struct {
		sheet  int
		column string
	}{{1, "KIND"}, {0, "PLACE"}, {1, "CHILD"}, {0, "CHILD"}} {
		src := sources[at.sheet]
		if src.File, src.Path = "book.xlsx", path; at.column == "KIND" || at.column == "PLACE" {
			if err := src.TakeDigest(); err != nil {
				t.Fatal(err)
			}
		}
		demands = append(demands, &extract.Demand{Source: src, Want: extract.Want{src.Table.Column(at.column)}, Report: &finding.Report{}, Sink: func(b *extract.Batch) error {
			got = append(got, b.Source.Table.Name)
			for row := range b.Len() {
				got = append(got, cell(b.Columns[0].Def, b.Columns[0].At(row)))
			}
			return nil
		}})
	}
	if err := (xlsx.Reader{}).Read(t.Context(), demands); err != nil {
		t.Fatal(err)
	}
	if want := []string{"visits", "A1", "visits", "3", "places", "H", "S", "places", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A file that is changed while it is read, or was since it was recognised, is refused.
func TestChanged(t *testing.T) {
	rows := strings.Repeat("<row><c><v>1</v></c></row>", 40_000) // more than a batch
	path := headed(rows).write(t)
	sources, err := xlsx.Reader{}.Recognise(t.Context(), catalogue(t), path, "book.xlsx", &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src := sources[0]
	src.File, src.Path = "book.xlsx", path
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	touch := func() {
		if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	read := func(sink func()) string {
		err := xlsx.Reader{}.Read(t.Context(), []*extract.Demand{{Source: src, Want: extract.NewWant(src.Table, "CHILD"), Report: &finding.Report{}, Sink: func(*extract.Batch) error {
			sink()
			return nil
		}}})
		return outcome{err: err}.rule()
	}
	if got := read(func() {}); got != "" {
		t.Fatal(got)
	}
	if got := read(touch); got != string(finding.SourceChanged) {
		t.Errorf("written to while it was read: %q", got)
	}
	if err := os.Rename(headed(rows+person).write(t), path); err != nil {
		t.Fatal(err)
	}
	if got := read(func() {}); got != string(finding.SourceChanged) {
		t.Errorf("another file: %q", got)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(func() {}); got != string(finding.SourceChanged) {
		t.Errorf("a broken file: %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := read(func() {}); got != extract.RuleUnreadable {
		t.Errorf("no file: %q", got)
	}
}

// An end that is asked for, or an error of a sink, ends the reading, and is passed on as it is. Meanwhile no file is made.
func TestInterruptedWithoutTrace(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	path := headed(strings.Repeat("<row><c><v>1</v></c></row>", 100_000)).write(t)
	sources, err := xlsx.Reader{}.Recognise(t.Context(), catalogue(t), path, "book.xlsx", &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src := sources[0]
	src.File, src.Path = "book.xlsx", path
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("the sink is full")
	for name, v := range map[string]struct {
		sink func(cancel func()) error
		want error
	}{
		"cancelled": {func(cancel func()) error { cancel(); return nil }, context.Canceled},
		"a sink":    {func(func()) error { return wrong }, wrong},
		"to an end": {func(func()) error { return nil }, nil},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		err := xlsx.Reader{}.Read(ctx, []*extract.Demand{{Source: src, Want: extract.NewWant(src.Table, "CHILD"), Report: &finding.Report{}, Sink: func(*extract.Batch) error {
			for _, folder := range []string{temporary, filepath.Dir(path)} {
				if left, err := os.ReadDir(folder); err != nil || folder == temporary && len(left) > 0 || folder != temporary && len(left) != 1 {
					t.Errorf("%s: files are made while it is read: %d, %v", name, len(left), err)
				}
			}
			return v.sink(cancel)
		}}})
		cancel()
		if !errors.Is(err, v.want) || (err == nil) != (v.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, v.want)
		}
	}
}
