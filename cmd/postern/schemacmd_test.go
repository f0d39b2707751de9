package main

import (
	"archive/zip"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	openText  = regexp.MustCompile(`(?m)^( *)(title|meaning): # FILL IN:.*$`)
	feedsLine = regexp.MustCompile(`(?m)^    # (feeds:$|  )`)
)

// complete fills in what a drafted definition leaves to be said in words.
func complete(ts *testscript.TestScript, args []string) error {
	return rewriteIn(ts, args, openText, "$1$2: As somebody who knows the report has it")
}

// takeFeeds takes the feeds that a drafted definition suggests in comments.
func takeFeeds(ts *testscript.TestScript, args []string) error {
	return rewriteIn(ts, args, feedsLine, "    $1")
}

func rewriteIn(ts *testscript.TestScript, args []string, what *regexp.Regexp, with string) error {
	if len(args) != 1 {
		ts.Fatalf("usage: a file")
	}
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !what.Match(data) {
		ts.Fatalf("nothing in %s is to be rewritten", args[0])
	}
	return os.WriteFile(path, what.ReplaceAll(data, []byte(with)), 0o600)
}

// workbookParts are the parts of a workbook but for its sheet: of its two styles the second shows a number as a day.
var workbookParts = map[string]string{
	"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>`,
	"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
	"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Report" sheetId="1" r:id="rId1"/></sheets></workbook>`,
	"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`,
	"xl/styles.xml":              `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="165" formatCode="dd\\-mm\\-yyyy"/></numFmts><cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
}

var allDigits = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// workbook makes a workbook of a CSV file.
func workbook(ts *testscript.TestScript, args []string) (err error) {
	if len(args) != 2 {
		ts.Fatalf("usage: workbook CSV XLSX")
	}
	in, err := os.Open(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return err
	}
	var sheet strings.Builder
	sheet.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c t="inlineStr"><is><t>Early help, all teams</t></is></c></row>`)
	for n, row := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, n+3)
		for i, cell := range row {
			ref := fmt.Sprintf("%c%d", 'A'+i, n+3)
			day, err := time.Parse("02-01-2006", cell)
			switch {
			case cell == "":
			case err == nil:
				fmt.Fprintf(&sheet, `<c r="%s" s="1"><v>%d</v></c>`, ref, int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24))
			case allDigits.MatchString(cell):
				fmt.Fprintf(&sheet, `<c r="%s"><v>%s</v></c>`, ref, cell)
			default:
				fmt.Fprintf(&sheet, `<c r="%s" t="inlineStr"><is><t>`, ref)
				if err := xml.EscapeText(&sheet, []byte(cell)); err != nil {
					return err
				}
				sheet.WriteString(`</t></is></c>`)
			}
		}
		sheet.WriteString(`</row>`)
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	out, err := os.Create(ts.MkAbs(args[1]))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	z := zip.NewWriter(out)
	parts := map[string]string{"xl/worksheets/sheet1.xml": sheet.String()}
	for name, text := range workbookParts {
		parts[name] = text
	}
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
	}
	return z.Close()
}
