package harmonise_test

import (
	"archive/zip"
	"context"
	stdcsv "encoding/csv"
	stdxml "encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/synth"
)

// sheetXML is a sheet as the standard library reads it.
type sheetXML struct {
	Rows []struct {
		Cells []struct {
			Ref   string `xml:"r,attr"`
			Kind  string `xml:"t,attr"`
			Style string `xml:"s,attr"`
			Value string `xml:"v"`
			Text  string `xml:"is>t"`
		} `xml:"c"`
	} `xml:"sheetData>row"`
}

// inPart reads a part of a workbook.
func inPart(t *testing.T, z *zip.ReadCloser, name string, into any) {
	t.Helper()
	part, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(part)
	if err == nil {
		err = stdxml.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asCSV writes each sheet of a workbook as a CSV file, as a spreadsheet program does, by another reader than the gate's.
// Every other file has its days as DD/MM/YYYY, the others as YYYY-MM-DD.
func asCSV(t *testing.T, workbook, dir string) {
	t.Helper()
	z, err := zip.OpenReader(workbook)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // only read from
	var shared struct {
		Texts []string `xml:"si>t"`
	}
	inPart(t, z, "xl/sharedStrings.xml", &shared)
	for list := 1; list <= 11; list++ {
		var sheet sheetXML
		inPart(t, z, fmt.Sprintf("xl/worksheets/sheet%d.xml", list+1), &sheet)
		var lines [][]string
		for _, row := range sheet.Rows {
			line := make([]string, len(sheet.Rows[0].Cells))
			for _, c := range row.Cells {
				at := 0
				for _, r := range strings.TrimRight(c.Ref, "0123456789") {
					at = at*26 + int(r-'A') + 1
				}
				text := c.Value + c.Text
				switch {
				case c.Kind == "s":
					n, err := strconv.Atoi(text)
					if err != nil {
						t.Fatal(err)
					}
					text = shared.Texts[n]
				case c.Style == "1":
					n, err := strconv.Atoi(text)
					if err != nil {
						t.Fatal(err)
					}
					day := civil.Date(n - 25569)
					text = day.String()
					if y, m, d := day.YMD(); list%2 == 0 {
						text = fmt.Sprintf("%02d/%02d/%04d", d, m, y)
					}
				}
				line[at-1] = strings.ReplaceAll(text, "\n", " ") // a header of several lines is one of a workbook only
			}
			lines = append(lines, line)
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("Annex A - List %d.csv", list)))
		if err != nil {
			t.Fatal(err)
		}
		w := stdcsv.NewWriter(f)
		if err := w.WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An Annex A is the same whether it comes as one workbook or as one CSV file for each list: what core tables are made of
// it, cell by cell.
func TestAnnexAAsCSV(t *testing.T) {
	opt := synth.CohortOptions{Children: 1200, Seed: 3, Years: 2, Formats: []string{synth.AnnexA}}
	dir := filepath.Join(t.TempDir(), "cohort")
	if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	workbook := filepath.Join(dir, "2025-26", "annex_a.xlsx")
	text := filepath.Join(t.TempDir(), "inspection") // nothing here tells the year: the dates inside do
	if err := os.Mkdir(text, 0o700); err != nil {
		t.Fatal(err)
	}
	asCSV(t, workbook, text)
	rows := make(map[string][]string)
	for i, path := range []string{workbook, text} {
		council := discover(t, builtIn(t), path)
		if n := len(council.inventory.Sources); n != 11 || council.inventory.Sources[0].Year != 2026 {
			t.Fatalf("%d lists of %d", n, council.inventory.Sources[0].Year)
		}
		tables, _ := council.everything(t, annexTables(), synth.CoreColumns)
		for id, m := range tables {
			if m.tally.Quarantined > 0 || m.tally.Read != sum(m.tally) {
				t.Errorf("%s: %+v %v", id, m.tally, m.found)
			}
			got := strings.Split(m.text(), "\n")
			slices.Sort(got)
			if i == 0 {
				rows[id] = got
			} else if !slices.Equal(got, rows[id]) || len(got) < 15 {
				t.Errorf("%s: %d rows of the workbook, %d of the text files%s", id, len(rows[id]), len(got), unlike(got, rows[id]))
			}
		}
	}
}
