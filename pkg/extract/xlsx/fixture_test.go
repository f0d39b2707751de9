package xlsx_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
)

// definition is a report with a column of each type.
const definition = `apiVersion: postern/dataset/v1
format: visits
version: 1
title: A report of the tests
collection_years: {from: 2016, to: 2030}
date_formats: [DD/MM/YYYY]
text: quoted
code_lists:
  kind: [{code: "1", meaning: one}, {code: A1, meaning: letter}]
  place: [{code: H, meaning: home}, {code: S, meaning: school}]
tables:
  - name: visits
    meaning: visits
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: child, required: true}
      - {name: SEEN, type: date, class: sensitive, meaning: day}
      - {name: BORN, type: partial-date, class: quasi-identifier, meaning: birth}
      - {name: KIND, type: code, class: sensitive, meaning: kind, codes: kind}
      - {name: COUNT, type: integer, class: sensitive, meaning: count, min: 0, max: 99}
      - {name: ALONE, type: boolean, class: sensitive, meaning: alone}
      - {name: CASE, type: key, class: record-identifier, meaning: case}
      - {name: NOTE, type: text, class: free-text, meaning: note, optional: true}
  - name: places
    meaning: places
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: child, required: true}
      - {name: PLACE, type: code, class: sensitive, meaning: place, codes: place}
`

var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) {
	return dataset.Load(fstest.MapFS{"visits.yaml": &fstest.MapFile{Data: []byte(definition)}})
})

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// visits is the header of the table visits, and its columns by their letters.
const visits = "CHILD,SEEN,BORN,KIND,COUNT,ALONE,CASE"

// book is a workbook in the making: each sheet is what stands in its sheetData.
type book struct {
	sheets  []string
	behind  map[int]string // what follows the sheetData of a sheet
	states  map[int]string
	shared  []string // each the inside of an si
	before  string   // of the sheets, in xl/workbook.xml
	changed map[string]string
	added   map[string]string
}

// parts are the parts of the workbook by name.
func (b book) parts() map[string]string {
	const space = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	const kind = `Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	out := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":         `<Relationships><Relationship Id="rId1" ` + kind + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
	}
	list, links := "", ""
	for i, s := range b.sheets {
		n := i + 1
		state := ""
		if b.states[n] != "" {
			state = fmt.Sprintf(` state="%s"`, b.states[n])
		}
		list += fmt.Sprintf(`<sheet name="Sheet of a child" sheetId="%d"%s r:id="rId%d"/>`, n, state, n)
		links += fmt.Sprintf(`<Relationship Id="rId%d" %sworksheet" Target="worksheets/sheet%d.xml"/>`, n, kind, n)
		out[fmt.Sprintf("xl/worksheets/sheet%d.xml", n)] = "<worksheet " + space + "><sheetData>" + s + "</sheetData>" + b.behind[n] + "</worksheet>"
	}
	out["xl/workbook.xml"] = "<workbook " + space + ">" + b.before + "<sheets>" + list + "</sheets></workbook>"
	if b.shared != nil {
		links += `<Relationship Id="strings" ` + kind + `sharedStrings" Target="/xl/sharedStrings.xml"/>`
		out["xl/sharedStrings.xml"] = "<sst " + space + "><si>" + strings.Join(b.shared, "</si><si>") + "</si></sst>"
	}
	out["xl/_rels/workbook.xml.rels"] = "<Relationships>" + links + "</Relationships>"
	for name, text := range b.changed {
		out[name] = text
		if text == "" {
			delete(out, name)
		}
	}
	for name, text := range b.added {
		out[name] = text
	}
	return out
}

func (b book) write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.xlsx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	parts := b.parts()
	var names []string
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		in, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write([]byte(parts[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func bytesOf(t testing.TB, b book) []byte {
	t.Helper()
	content, err := os.ReadFile(b.write(t))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func fileOf(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// texts is a row of texts that stand in their cells, without names of cells; an empty one is a cell without value.
func texts(cells ...string) string {
	out := "<row>"
	for _, c := range cells {
		if c == "" {
			out += "<c/>"
			continue
		}
		out += `<c t="inlineStr"><is><t>` + c + `</t></is></c>`
	}
	return out + "</row>"
}

func headed(rows ...string) book {
	return book{sheets: []string{texts(strings.Split(visits, ",")...) + strings.Join(rows, "")}}
}

// outcome is what came of one workbook.
type outcome struct {
	err      error
	sources  []*extract.Source
	tally    map[int]extract.Tally // by sheet
	rows     map[int][]string      // of the rows that pass: number, then the cells
	broken   map[int][]string
	findings []finding.Finding
}

// rule is the rule that refused the file, "" when it was read.
func (o outcome) rule() string {
	var bad *extract.Invalid
	var refusal *finding.Refusal
	switch {
	case o.err == nil:
		return ""
	case errors.As(o.err, &bad):
		return bad.Findings[0].Rule
	case errors.As(o.err, &refusal):
		return string(refusal.Code)
	default:
		return "error: " + o.err.Error()
	}
}

// told lists the findings: rule, sheet, row, column, count.
func (o outcome) told() []string {
	var out []string
	for _, f := range o.findings {
		row := f.Place.Row
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s %d %d %s %d", f.Rule, f.Place.Sheet, row, f.Place.Column, f.Count)), " "))
	}
	slices.Sort(out)
	return out
}

func read(t testing.TB, path string) outcome { return readOf(t, catalogue(t), path) }

// readOf recognises a workbook and reads all columns of all its tables.
func readOf(t testing.TB, c *dataset.Catalogue, path string) outcome {
	t.Helper()
	report := &finding.Report{}
	got := outcome{tally: make(map[int]extract.Tally), rows: make(map[int][]string), broken: make(map[int][]string)}
	if got.sources, got.err = (xlsx.Reader{}).Recognise(t.Context(), c, path, "book.xlsx", report); got.err != nil {
		return got
	}
	var demands []*extract.Demand
	for _, src := range got.sources {
		src.File, src.Path = "book.xlsx", path
		if err := src.TakeDigest(); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range src.Table.Columns {
			names = append(names, c.Name)
		}
		demands = append(demands, &extract.Demand{Source: src, Want: extract.NewWant(src.Table, names...), Report: report, Sink: func(b *extract.Batch) error {
			got.rows[src.Sheet] = append(got.rows[src.Sheet], lines(b)...)
			if b.Broken != nil {
				got.broken[src.Sheet] = append(got.broken[src.Sheet], lines(b.Broken)...)
			}
			return nil
		}})
	}
	got.err = xlsx.Reader{}.Read(t.Context(), demands)
	for _, d := range demands {
		got.tally[d.Source.Sheet] = d.Tally
	}
	got.findings = report.Findings()
	return got
}

func lines(b *extract.Batch) []string {
	var out []string
	for row := range b.Len() {
		line := fmt.Sprint(b.Rows[row])
		for i := range b.Columns {
			if _, has := b.Source.Header.At[b.Columns[i].Def.Name]; has {
				line += "|" + cell(b.Columns[i].Def, b.Columns[i].At(row))
			}
		}
		out = append(out, line)
	}
	return out
}

func cell(def *dataset.Column, v extract.Value) string {
	switch {
	case v.State == extract.Empty:
		return ""
	case v.State == extract.Unusable && def.Type == dataset.Identifier:
		return v.Outcome.String()
	case v.State == extract.Unusable:
		return "?"
	case def.Type == dataset.Identifier || def.Type == dataset.Key:
		return v.Text
	case def.Type == dataset.Code:
		return def.Codes[v.Num].Value
	case def.Type == dataset.Date || def.Type == dataset.PartialDate:
		return civil.Date(v.Num).String()
	default:
		return fmt.Sprint(v.Num)
	}
}
