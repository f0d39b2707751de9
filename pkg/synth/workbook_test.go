package synth

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
)

// sampleBook writes a workbook with a cell of each kind, two sheets filled side by side.
func sampleBook(t *testing.T, path string, o workbookOptions) []byte {
	t.Helper()
	w := createWorkbook(path, o)
	one, two := w.sheet("List 1"), w.sheet("A & B")
	two.hide(false)
	one.header("Child", "Born", "Said \"so\"")
	two.header("Child")
	day := civil.MustYMD(2024, 2, 29)
	one.row(cellText("a<b>&c"), cellDate(day), cellBoolean(true), cellError("#N/A"))
	two.row(cellNumber(-7))
	one.skip()
	one.row(cellRaw("510000.0"), cellNone(), cellFormula("A1&\"x\"", cellText("Childx")), cellFormula("1+1", cellNumber(2)), cellFormula("1/3", cellNone()))
	two.row(cellDate(civil.MustYMD(1900, 1, 1)), cellText(" kept "))
	one.merge("A2:A4")
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path + part)
	if err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("files left beside the workbook: %d, %v", len(left), err)
	}
	return data
}

func TestWorkbookSameBytes(t *testing.T) {
	a := sampleBook(t, filepath.Join(t.TempDir(), "a.xlsx"), workbookOptions{})
	b := sampleBook(t, filepath.Join(t.TempDir(), "b.xlsx"), workbookOptions{})
	if !bytes.Equal(a, b) {
		t.Error("the same rows give other bytes")
	}
}

func TestWorkbookPartsAreXML(t *testing.T) {
	for _, o := range []workbookOptions{{}, {epoch1904: true}} {
		data := sampleBook(t, filepath.Join(t.TempDir(), "a.xlsx"), o)
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(in)
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
			}
			if !f.Modified.IsZero() && f.Modified.Year() > 1980 {
				t.Errorf("%s has a time", f.Name)
			}
		}
	}
}

// readWithPython prints the cells of a workbook's sheets with nothing but Python's standard library.
const readWithPython = `
import sys, zipfile, xml.etree.ElementTree as E
z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
m = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
r = '{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id'
links = {e.get('Id'): e.get('Target') for e in E.fromstring(z.read('xl/_rels/workbook.xml.rels'))}
strings = [''.join(t.text or '' for t in si.iter(m+'t')) for si in E.fromstring(z.read('xl/sharedStrings.xml'))]
book = E.fromstring(z.read('xl/workbook.xml'))
for s in book.iter(m+'sheet'):
    print('sheet', s.get('name'), s.get('state'))
    for c in E.fromstring(z.read('xl/' + links[s.get(r)])).iter(m+'c'):
        v = c.find(m+'v'); i = c.find(m+'is')
        x = ''.join(t.text for t in i.iter(m+'t')) if i is not None else '' if v is None else v.text
        print(c.get('r'), c.get('t'), c.get('s'), '[' + (strings[int(x)] if c.get('t') == 's' else x) + ']')
`

func TestWorkbookOpensElsewhere(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not there")
	}
	for _, c := range []struct {
		o              workbookOptions
		leapDay, first string
	}{{workbookOptions{}, "45351", "1"}, {workbookOptions{epoch1904: true}, "43889", "-1460"}} {
		path := filepath.Join(t.TempDir(), "a.xlsx")
		sampleBook(t, path, c.o)
		out, err := exec.Command(python, "-c", readWithPython, path+part).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want := []string{
			"sheet List 1 None", "A1 s None [Child]", "B1 s None [Born]", `C1 s None [Said "so"]`,
			"A2 inlineStr None [a<b>&c]", "B2 None 1 [" + c.leapDay + "]", "C2 b None [1]", "D2 e None [#N/A]",
			"A4 None None [510000.0]", "C4 str None [Childx]", "D4 None None [2]", "E4 None None []",
			"sheet A & B hidden", "A1 s None [Child]", "A2 None None [-7]", "A3 None 1 [" + c.first + "]", "B3 inlineStr None [ kept ]",
		}
		if got := strings.TrimSpace(string(out)); got != strings.Join(want, "\n") {
			t.Errorf("read:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
	}
}

func TestWorkbookAbandoned(t *testing.T) {
	dir := t.TempDir()
	w := createWorkbook(filepath.Join(dir, "a.xlsx"), workbookOptions{})
	w.sheet("One").row(cellNumber(1))
	if err := w.abandon(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestWorkbookColumns(t *testing.T) {
	for column, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA", 16383: "XFD"} {
		if got := string(appendColumn(nil, column)); got != want {
			t.Errorf("column %d is %s, want %s", column, got, want)
		}
	}
}
