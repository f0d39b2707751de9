package csv_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// file writes a file of the given bytes.
func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "extract.csv")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// outcome is all that reading one file gives.
type outcome struct {
	table    string
	tally    extract.Tally
	rows     []int64  // numbers of the rows that passed
	cells    []string // per passed row, its values; of the first 5,000 only
	batches  int
	broken   []int64 // numbers of the rows kept back for a cell
	findings []finding.Finding
	err      error
}

// read recognises a file and reads every column of it.
func read(t testing.TB, c *dataset.Catalogue, path string, year int) outcome {
	t.Helper()
	report := &finding.Report{}
	src, err := recognise(t.Context(), c, path, year, report)
	if err != nil {
		return outcome{err: err, findings: report.Findings()}
	}
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	return readSource(t, src, report)
}

// recognise is what the reader says of a file, as a source of a year that has no digest yet.
func recognise(ctx context.Context, c *dataset.Catalogue, path string, year int, report *finding.Report) (*extract.Source, error) {
	sources, err := csv.Reader{}.Recognise(ctx, c, path, "extract.csv", report)
	if err != nil {
		return nil, err
	}
	src := sources[0]
	src.File, src.Path, src.Year = "extract.csv", path, year
	return src, nil
}

// pass reads a source for one demand.
func pass(ctx context.Context, src *extract.Source, want extract.Want, sink func(*extract.Batch) error, report *finding.Report) (extract.Tally, error) {
	d := &extract.Demand{Source: src, Want: want, Report: report, Sink: sink}
	err := csv.Reader{}.Read(ctx, []*extract.Demand{d})
	return d.Tally, err
}

func readSource(t testing.TB, src *extract.Source, report *finding.Report) outcome {
	t.Helper()
	var names []string
	for _, column := range src.Table.Columns {
		names = append(names, column.Name)
	}
	out := outcome{table: src.Table.ID()}
	out.tally, out.err = pass(t.Context(), src, extract.NewWant(src.Table, names...), func(b *extract.Batch) error {
		out.batches++
		if b.Broken != nil {
			out.broken = append(out.broken, b.Broken.Rows...)
		}
		rows := b.Len()
		if b.Broken != nil {
			rows += b.Broken.Len()
		}
		for i := range b.Columns {
			if len(b.Columns[i].Values) > rows {
				t.Fatalf("%d rows have %d distinct values: those of earlier batches are still here", rows, len(b.Columns[i].Values))
			}
		}
		for row, number := range b.Rows {
			out.rows = append(out.rows, number)
			if len(out.rows) > 5_000 {
				continue
			}
			var cells []string
			for i := range b.Columns {
				v := b.Columns[i].At(row)
				cells = append(cells, fmt.Sprint(v.State, v.Outcome, v.Num, v.Text, v.Simple))
			}
			out.cells = append(out.cells, strings.Join(cells, "|"))
		}
		return nil
	}, report)
	out.findings = report.Findings()
	return out
}

// rules lists the findings as "RULE column rows".
func (o outcome) rules() []string {
	var out []string
	for _, f := range o.findings {
		if f.Severity == finding.Notice {
			continue
		}
		text := f.Rule
		if f.Place.Column != "" {
			text += " " + f.Place.Column
		}
		if len(f.Rows) > 0 {
			text += " " + strings.Trim(fmt.Sprint(f.Rows), "[]")
		}
		out = append(out, text)
	}
	return out
}

const (
	headerLine   = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
	goodRow      = "510000,1,11/07/2015,WBRI,,,\n"
	episodesLine = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
)

// utf16Text is a text as Windows programs save it under the name of Unicode.
func utf16Text(text string, bigEndian, mark bool) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xFEFF}, units...)
	}
	var b strings.Builder
	for _, u := range units {
		if bigEndian {
			b.WriteString(string([]byte{byte(u >> 8), byte(u)}))
		} else {
			b.WriteString(string([]byte{byte(u), byte(u >> 8)}))
		}
	}
	return b.String()
}

// A file of which nothing can be made is refused with the rule, and at the row where it stops being readable.
func TestReaderRefusesFiles(t *testing.T) {
	c := catalogue(t)
	many := strings.Repeat(goodRow, 20_000)
	for name, v := range map[string]struct {
		content, rule string
		row           int64
	}{
		"empty":                                                  {"", csv.RuleEmptyFile, 0},
		"a byte order mark alone":                                {"\xef\xbb\xbf", csv.RuleEmptyFile, 0},
		"a line end alone":                                       {"\n", csv.RuleEmptyFile, 0},
		"CRLF alone":                                             {"\r\n", csv.RuleEmptyFile, 0},
		"a blank first line":                                     {"\n" + headerLine + goodRow, csv.RuleEmptyFile, 0},
		"UTF-16, little end first":                               {utf16Text(headerLine+goodRow, false, true), csv.RuleUTF16, 0},
		"UTF-16, big end first":                                  {utf16Text(headerLine+goodRow, true, true), csv.RuleUTF16, 0},
		"UTF-16 without a mark":                                  {utf16Text(headerLine+goodRow, false, false), csv.RuleNUL, 0},
		"UTF-16, big, without a mark":                            {utf16Text(headerLine+goodRow, true, false), csv.RuleNUL, 0},
		"the mark of UTF-16 alone":                               {"\xff\xfe", csv.RuleUTF16, 0},
		"a NUL byte in the header":                               {"CHILD,SEX\x00,DOB\n", csv.RuleNUL, 0},
		"a NUL byte in the first row":                            {headerLine + "5100\x0000,1\n", csv.RuleNUL, 1},
		"a NUL byte in the third row":                            {headerLine + goodRow + goodRow + "\x00\n", csv.RuleNUL, 3},
		"a NUL byte far down":                                    {headerLine + many + "\x00" + goodRow, csv.RuleNUL, 20_001},
		"a NUL byte at the end":                                  {headerLine + goodRow + "\x00", csv.RuleNUL, 2},
		"a quote never closed in header":                         {"CHILD,\"SEX,DOB\n1,2,3\n", csv.RuleOpenQuote, 0},
		"cut off inside quotes":                                  {headerLine + goodRow + "510001,1,11/07/2015,\"WB", csv.RuleOpenQuote, 2},
		"a quote never closed":                                   {headerLine + "\"510001,1,11/07/2015,WBRI,,,\n" + many[:5000], csv.RuleOpenQuote, 1},
		"a quote closed rows later":                              {headerLine + goodRow + "510001,1,\"11/07/2015,WBRI,,,\n" + goodRow + "51,1,\",WBRI,,,\n", csv.RuleOpenQuote, 2},
		"a line end in an identifier":                            {headerLine + goodRow + "\"51\n0000\",1,11/07/2015,WBRI,,,\n", csv.RuleOpenQuote, 2},
		"a line end in a column that is a direct identifier":     {headerLine + "510000,1,11/07/2015,WBRI,\"H80\n12\",,\n", csv.RuleOpenQuote, 1},
		"a line end in a column that is a direct identifier too": {episodesLine + "51,02/05/2020,S,C2,N1,U4,PR1,,,,\"CV1\n2AB\",,\n", csv.RuleOpenQuote, 1},
		"a line end in a row of too few fields":                  {"NOTE," + headerLine + "\"a\nb\",510000\n", csv.RuleOpenQuote, 1},
		"a header of several lines":                              {"CHILD,\"SE\nX\",DOB\n", csv.RuleHeader, 0},
		"a quote within a header name":                           {"CHILD,SE\"X,DOB\n", csv.RuleHeader, 0},
		"a header that is not UTF-8":                             {"CHILD,S\xc9X,DOB\n", csv.RuleHeader, 0},
		"2,001 columns":                                          {strings.Repeat("A,", 2000) + "A\n", csv.RuleTooWide, 0},
		"a million columns":                                      {strings.Repeat(",", 999_999) + "\n", csv.RuleTooWide, 0},
		"a million named columns":                                {strings.Repeat("CHILD,", 1_000_000) + "\n", csv.RuleLineTooLong, 0},
		"a header of more than 1 MiB":                            {strings.Repeat("A", 1<<20+1), csv.RuleLineTooLong, 0},
		"a row of more than 1 MiB":                               {headerLine + goodRow + strings.Repeat("5", 1<<20+1) + "\n", csv.RuleLineTooLong, 2},
		"columns that no table has":                              {"A,B,C\n1,2,3\n", extract.RuleTableUnknown, 0},
		"a column twice":                                         {"CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB,SEX\n", extract.RuleHeaderTwice, 0},
		"semicolons":                                             {strings.ReplaceAll(headerLine, ",", ";"), extract.RuleTableUnknown, 0},
		"no header line":                                         {goodRow + goodRow, extract.RuleTableUnknown, 0},
		"2,000 columns, none of a table's":                       {strings.Repeat("A,", 1999) + "A\n", extract.RuleTableUnknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, c, file(t, v.content), 2020)
			var bad *extract.Invalid
			if !errors.As(got.err, &bad) || len(bad.Findings) != 1 {
				t.Fatalf("got %v, want %s", got.err, v.rule)
			}
			f := bad.Findings[0]
			if f.Rule != v.rule || f.Place.Row != v.row || f.Place.File != "extract.csv" || f.Severity != finding.Stop || f.Message == "" || f.Hint == "" {
				t.Errorf("got %+v, want %s at row %d", f, v.rule, v.row)
			}
		})
	}
}

// Rows are kept back one by one, each with its rule, and the others pass.
func TestReaderQuarantines(t *testing.T) {
	c := catalogue(t)
	for name, v := range map[string]struct {
		content string
		year    int
		passed  []int64
		rules   []string
	}{
		"a sound file":                   {headerLine + goodRow + goodRow, 2020, []int64{1, 2}, nil},
		"a byte order mark and CRLF":     {"\xef\xbb\xbf" + strings.ReplaceAll(headerLine+goodRow+goodRow, "\n", "\r\n"), 2020, []int64{1, 2}, nil},
		"no line end at the end":         {headerLine + goodRow + strings.TrimSuffix(goodRow, "\n"), 2020, []int64{1, 2}, nil},
		"CR at the end":                  {headerLine + goodRow + strings.TrimSuffix(goodRow, "\n") + "\r", 2020, []int64{1, 2}, nil},
		"everything quoted":              {"\"" + strings.ReplaceAll(strings.TrimSpace(headerLine+goodRow), ",", "\",\"") + "\n", 2020, nil, nil},
		"blank lines are no rows":        {headerLine + "\n" + goodRow + "\r\n\n" + goodRow + "\n\n", 2020, []int64{1, 2}, nil},
		"a header and no rows":           {headerLine, 2020, nil, []string{"NO_ROWS"}},
		"a header without a line end":    {strings.TrimSpace(headerLine), 2020, nil, []string{"NO_ROWS"}},
		"a header and blank lines":       {headerLine + "\n\r\n\n", 2020, nil, []string{"NO_ROWS"}},
		"too few fields":                 {headerLine + "510000,1,11/07/2015\n" + goodRow, 2020, []int64{2}, []string{"FIELD_COUNT 1"}},
		"too many fields":                {headerLine + goodRow + "510000,1,11/07/2015,WBRI,,,,\n", 2020, []int64{1}, []string{"FIELD_COUNT 2"}},
		"one field":                      {headerLine + "total 1\n", 2020, nil, []string{"FIELD_COUNT 1"}},
		"one quoted empty field":         {headerLine + "\"\"\n" + goodRow, 2020, []int64{2}, []string{"FIELD_COUNT 1"}},
		"cut off in a row":               {headerLine + goodRow + "510001,1,11/0", 2020, []int64{1}, []string{"FIELD_COUNT 2"}},
		"cut off in the last field":      {headerLine + "510001,1,11/07/2015,WBRI,,,27/0", 2020, nil, []string{"DATE_MALFORMED MC_DOB 1"}},
		"an unquoted comma":              {headerLine + "510000,1,11/07/2015,WBRI,,,,SMITH, JO\n", 2020, nil, []string{"FIELD_COUNT 1"}},
		"an empty line of commas":        {headerLine + goodRow + ",,,,,,\n,,,,,,\n" + goodRow, 2020, []int64{1, 4}, []string{"ROW_EMPTY 2 3"}},
		"quotes around nothing":          {headerLine + "\"\",,,,,,\"\"\n", 2020, nil, []string{"ROW_EMPTY 1"}},
		"a quote in a field":             {headerLine + "5100\"00,1,11/07/2015,WBRI,,,\n" + goodRow, 2020, []int64{2}, []string{"QUOTE_MISPLACED 1"}},
		"text behind a quote":            {headerLine + "\"510000\"x,1,11/07/2015,WBRI,,,\n" + goodRow, 2020, []int64{2}, []string{"QUOTE_MISPLACED 1"}},
		"a cell that is not UTF-8":       {headerLine + "51\xe9,1,11/07/2015,WBRI,,,\n510000,1,11/07/2015,WBR\xc9,,,\n", 2020, nil, []string{"ENCODING CHILD 1", "ENCODING ETHNIC 2"}},
		"an impossible date":             {headerLine + "510000,1,30/02/2015,WBRI,,,\n", 2020, nil, []string{"DATE_IMPOSSIBLE DOB 1"}},
		"a date of another form":         {headerLine + "510000,1,42196,WBRI,,,\n510000,1,2015-07-11,WBRI,,,\n", 2020, []int64{2}, []string{"DATE_MALFORMED DOB 1"}},
		"an unknown code":                {headerLine + "510000,9,11/07/2015,UNKN,,,\n", 2020, nil, []string{"CODE_UNKNOWN ETHNIC 1", "CODE_UNKNOWN SEX 1"}},
		"a code that is a number":        {headerLine + "510000,1,11/07/2015,WBRI,,1.0,\n510000,1,11/07/2015,WBRI,,1,\n", 2020, []int64{2}, []string{"CODE_UNKNOWN MOTHER 1"}},
		"a code of another year":         {headerLine + "510000,M,11/07/2015,WBRI,,,\n" + goodRow, 2024, []int64{2}, []string{"CODE_NOT_IN_YEAR SEX 1"}},
		"a code of this year":            {headerLine + "510000,m,11/07/2015,wbri,,,\n" + goodRow, 2025, []int64{1}, []string{"CODE_NOT_IN_YEAR SEX 2"}},
		"an end before its beginning":    {episodesLine + "51,02/05/2020,S,C2,N1,U4,PR1,01/05/2020,E4A,,,,\n51,01/05/2020,S,C2,N1,U4,PR1,01/05/2020,E4A,,,,\n", 2021, []int64{2}, []string{"DATE_ORDER DEC 1"}},
		"no beginning":                   {episodesLine + "51,,S,C2,N1,U4,PR1,01/05/2020,E4A,,,,\n", 2021, nil, []string{"REQUIRED_EMPTY DECOM 1"}},
		"a number out of range":          {"CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR\n51,11/07/2015,,,0,3,MF,L0\n51,11/07/2015,,,0,2.0,MF,L0\n51,11/07/2015,,,0,two,MF,L0\n", 2021, []int64{2}, []string{"NUMBER_MALFORMED NB_ADOPTR 3", "NUMBER_OUT_OF_RANGE NB_ADOPTR 1"}},
		"a line end in a further column": {"NOTE," + headerLine + "\"a\nb\n\"," + goodRow + "c," + goodRow, 2020, []int64{1, 2}, nil},
		"identifiers that are nobody's":  {headerLine + "0000,1,11/07/2015,WBRI,UN1,,\n,1,11/07/2015,WBRI,12,,\n", 2020, []int64{1, 2}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			content := v.content
			if name == "everything quoted" {
				content = "\"CHILD\",\"SEX\",\"DOB\",\"ETHNIC\",\"UPN\",\"MOTHER\",\"MC_DOB\"\r\n\"510000\",\"1\",\"11/07/2015\",\"WBRI\",\"\",\"\",\"\"\r\n"
				v.passed = []int64{1}
			}
			got := read(t, c, file(t, content), v.year)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if !slices.Equal(got.rows, v.passed) || !slices.Equal(got.rules(), v.rules) {
				t.Errorf("passed %v with %v; want %v with %v", got.rows, got.rules(), v.passed, v.rules)
			}
			if got.tally.Passed != int64(len(got.rows)) || got.tally.Read != got.tally.Passed+got.tally.Quarantined {
				t.Errorf("%+v does not add up with %d rows", got.tally, len(got.rows))
			}
		})
	}
}

// A further column is a notice and is not read; a column of other years may be missing.
func TestReaderWithFurtherColumns(t *testing.T) {
	got := read(t, catalogue(t), file(t, "NOTE,CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB,TEST\n\"a \"\"note\"\", long\",510000,1,11/07/2015,WBRI,,,,*DUMMY*\n"), 2020)
	if got.err != nil || got.tally != (extract.Tally{Read: 1, Passed: 1}) || len(got.findings) != 2 ||
		got.findings[0].Place.Column != "number 1" || got.findings[1].Place.Column != "number 9" || got.findings[0].Rule != extract.RuleColumnUnknown {
		t.Errorf("%+v", got)
	}
}

// Free text may run over several lines, if a council's own definitions have any.
func TestReaderOfFreeText(t *testing.T) {
	c, err := dataset.Load(fstest.MapFS{"local.yaml": {Data: []byte(`apiVersion: postern/dataset/v1
format: local
version: 1
title: A table with a note
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists: {}
tables:
  - name: notes
    meaning: One row per note
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: NOTE, type: text, class: free-text, meaning: Note}
      - {name: DAY, type: date, class: quasi-identifier, meaning: Day}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, c, file(t, "CHILD,NOTE,DAY\n51,\"one\n\r\ntwo, \"\"three\"\"\n\",01/05/2020\n52,,01/05/2020\n"), 2020)
	if got.err != nil || !slices.Equal(got.rows, []int64{1, 2}) || strings.Contains(strings.Join(got.cells, ""), "three") {
		t.Errorf("%+v", got)
	}
	got = read(t, c, file(t, "CHILD,NOTE,DAY\n51,one,\"01/05/2020\n52,,\"\n"), 2020)
	if f := got.err; f == nil || !strings.Contains(f.Error(), csv.RuleOpenQuote) {
		t.Errorf("%v", got.err)
	}
}

// What is not asked for is not read: what is wrong in it keeps no row back.
func TestReaderReadsOnlyWhatIsWanted(t *testing.T) {
	path := file(t, headerLine+"510000,9,nonsense,UNKN,,7,oops\n")
	c := catalogue(t)
	report := &finding.Report{}
	src, err := recognise(t.Context(), c, path, 2020, report)
	if err != nil {
		t.Fatal(err)
	}
	table := src.Table
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	var columns []string
	tally, err := pass(t.Context(), src, extract.NewWant(table, "CHILD", dataset.CollectionYear), func(b *extract.Batch) error {
		for i := range b.Columns {
			columns = append(columns, fmt.Sprint(b.Columns[i].Def.Name, b.Columns[i].At(0).Text, b.Columns[i].At(0).Num))
		}
		if b.Column("CHILD") == nil || b.Column("SEX") != nil || b.Source != src {
			t.Error("the batch does not have what was wanted")
		}
		return nil
	}, report)
	if err != nil || tally.Passed != 1 || len(report.Findings()) != 0 || !slices.Equal(columns, []string{"CHILD5100000", "collection_year2020", "in_confidence0"}) {
		t.Errorf("%v, %+v, %v, %v", err, tally, columns, report.Findings())
	}
}
