package csv_test

import (
	stdcsv "encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

const census = "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/school_census_pipeline/spec/samples"

const noSessions = "rows with a code and no number of sessions"

// wantCensus is what is right about the samples of the school census: an autumn census of October 2024 and a spring census
// of January 2025, both of academic year 2024/25. The counts were made by another program.
var wantCensus = []want{
	{file: "2024_autumn_pupilonroll.csv", table: "pupilonroll", term: dataset.Autumn, rows: 9088,
		why: "numbers as 134.0, booleans as True, False or nothing; its UPNs are no UPNs, and keep no row back"},
	{file: "2024_autumn_pupilnolongeronroll.csv", table: "pupilnolongeronroll", term: dataset.Autumn, rows: 308, why: "nobody leaves before entering"},
	{file: "2024_autumn_fsmperiodsonroll.csv", table: "fsmperiodsonroll", term: dataset.Autumn, rows: 25358, bad: 6263,
		rules: []string{"DATE_ORDER fsmenddate 6263"}, why: "6,263 periods end before they start"},
	{file: "2024_autumn_termlysessiondetailsonroll.csv", table: "termlysessiondetailsonroll", term: dataset.Autumn, rows: 39953, bad: 365,
		rules: []string{"REQUIRED_EMPTY sessions 365"}, why: noSessions + "; H and Y are former codes"},
	{file: "2024_autumn_termlysessiondetailsoffroll.csv", table: "termlysessiondetailsoffroll", term: dataset.Autumn, rows: 1328, bad: 14,
		rules: []string{"REQUIRED_EMPTY sessions 14"}, why: noSessions},
	{file: "2024_autumn_summerhalfterm2sessiondetailsonroll.csv", table: "summerhalfterm2sessiondetailsonroll", term: dataset.Autumn, rows: 39575, bad: 404,
		rules: []string{"REQUIRED_EMPTY sessions 404"}, why: noSessions},
	{file: "2024_autumn_summerhalfterm2sessiondetailsoffroll.csv", table: "summerhalfterm2sessiondetailsoffroll", term: dataset.Autumn, rows: 1343, bad: 17,
		rules: []string{"REQUIRED_EMPTY sessions 17"}, why: noSessions + "; J1 and Y3 are codes of this year"},
	{file: "2024_autumn_termlyexclusionsonroll.csv", table: "termlyexclusionsonroll", term: dataset.Autumn, rows: 10373, why: "FIXD and OT are former codes"},
	{file: "2024_autumn_termlyexclusionsoffroll.csv", table: "termlyexclusionsoffroll", term: dataset.Autumn, rows: 318, why: "as those on the roll"},
	{file: "2024_autumn_addressesoffroll.csv", table: "addressesoffroll", term: dataset.Autumn, rows: 1698, why: "numbers of properties from -3.0 to 3.0 are text"},
	{file: "2025_spring_pupilonroll.csv", table: "pupilonroll", term: dataset.Spring, rows: 9498,
		why: "all 108 extended codes of ethnicity; quotes around a comma"},
	{file: "2025_spring_pupilnolongeronroll.csv", table: "pupilnolongeronroll", term: dataset.Spring, rows: 375, why: "nobody leaves before entering"},
	{file: "2025_spring_fsmperiod.csv", table: "fsmperiod", term: dataset.Spring, rows: 25889, bad: 6382,
		rules: []string{"DATE_ORDER fsmenddate 6382"}, why: "6,382 periods end before they start"},
	{file: "2025_spring_termlysessiondetailsonroll.csv", table: "termlysessiondetailsonroll", term: dataset.Spring, rows: 41251, bad: 404,
		rules: []string{"REQUIRED_EMPTY sessions 404"}, why: noSessions},
	{file: "2025_spring_termlysessiondetailsoffroll.csv", table: "termlysessiondetailsoffroll", term: dataset.Spring, rows: 1684, bad: 18,
		rules: []string{"REQUIRED_EMPTY sessions 18"}, why: noSessions},
	{file: "2025_spring_termlyexclusionsonroll.csv", table: "termlyexclusionsonroll", term: dataset.Spring, rows: 10064, why: "as in autumn"},
	{file: "2025_spring_termlyexclusionsoffroll.csv", table: "termlyexclusionsoffroll", term: dataset.Spring, rows: 516, why: "as in autumn"},
	{file: "2025_spring_senneeds.csv", table: "senneeds", term: dataset.Spring, rows: 16954, why: "ranks from 1.0 to 10.0"},
}

// Every file of both censuses, each by itself, read with all its columns.
func TestCensusSamples(t *testing.T) {
	folder := filepath.Join(samples(t), filepath.FromSlash(census))
	for _, w := range wantCensus {
		t.Run(w.file, func(t *testing.T) {
			w.year = 2025
			w.hold(t, []string{filepath.Join(folder, w.file)})
		})
	}
}

// The folder as a whole is two censuses, told apart by the names of their files.
func TestCensusSamplesTogether(t *testing.T) {
	folder := filepath.Join(samples(t), filepath.FromSlash(census))
	report := &finding.Report{}
	inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{folder}, report)
	if err != nil || len(report.Findings()) > 0 {
		t.Fatal(err, report.Findings())
	}
	var got, want []string
	for _, s := range inventory.Sources {
		got = append(got, fmt.Sprintf("%s %s %d %s", filepath.Base(s.File), s.Table.ID(), s.Year, s.Term))
	}
	for _, w := range wantCensus {
		want = append(want, fmt.Sprintf("%s school_census/%s 2025 %s", w.file, w.table, w.term))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, when := range []string{"the spring term of academic year 2024/25", "the autumn term of academic year 2024/25"} {
		if of := inventory.Of("school_census/pupilonroll"); len(of) != 2 || of[i].When() != when {
			t.Errorf("the pupils' %d. file is not of the %s", i+1, when)
		}
	}
}

// Cell by cell, the pupils are what the standard library reads in the file.
func TestCensusSamplePupils(t *testing.T) {
	path := filepath.Join(samples(t), filepath.FromSlash(census), "2025_spring_pupilonroll.csv")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read from
	records, err := stdcsv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	src, err := recognise(t.Context(), catalogue(t), path, 2025, &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src.Term = dataset.Spring
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	want := extract.NewWant(src.Table, "pupilonrolltableid", "NativeId", "upn", "dob", "sex", "entrydate", "enrolstatus",
		"termlysessionspossible", "parttime", "ethnicity", "surname", "summerhalfterm2sessionspossible", dataset.CensusTerm)
	rows, known := 0, 0
	_, err = pass(t.Context(), src, want, func(b *extract.Batch) error {
		for row, number := range b.Rows {
			rows++
			for i := range b.Columns {
				c := &b.Columns[i]
				cell, v := "", c.At(row)
				if at, has := src.Header.At[c.Def.Name]; has {
					cell = records[number][at]
				}
				if got, want := shown(c.Def, v), meant(t, c.Def, cell); got != want {
					t.Fatalf("row %d, %s: %q, want %q", number, c.Def.Name, got, want)
				}
				if v.State == extract.Known {
					known++
				}
			}
		}
		return nil
	}, &finding.Report{})
	if err != nil || rows != 9498 || known < 9*rows {
		t.Errorf("%v after %d rows with %d values", err, rows, known)
	}
}

// shown writes a value down.
func shown(c *dataset.Column, v extract.Value) string {
	switch {
	case v.State == extract.Empty:
		return ""
	case v.State == extract.Unusable:
		return "unusable"
	case c.Type == dataset.Date:
		return civil.Date(v.Num).String()
	case c.Type == dataset.Code:
		return c.Codes[v.Num].Value
	case c.Type == dataset.Boolean:
		return strconv.FormatBool(v.Num == 1)
	case c.Type == dataset.Integer:
		return strconv.Itoa(int(v.Num))
	default:
		return v.Text
	}
}

// meant is what a cell of the samples says, by the standard library.
func meant(t *testing.T, c *dataset.Column, cell string) string {
	t.Helper()
	switch {
	case c.Name == dataset.CensusTerm:
		return dataset.Spring
	case cell == "":
		return ""
	case c.Name == "upn" || c.Type == dataset.Text:
		return "unusable"
	case c.Type == dataset.Date:
		day, err := time.Parse("2006-Jan-02 15:04:05", cell)
		if err != nil {
			t.Fatal(err)
		}
		return day.Format(time.DateOnly)
	case c.Type == dataset.Boolean:
		return strings.ToLower(cell)
	case c.Type == dataset.Integer:
		n, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatFloat(n, 'f', -1, 64)
	default:
		return cell
	}
}
