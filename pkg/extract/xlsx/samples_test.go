package xlsx_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

const samples = "../../../../shared/samples/"

// anyone is what the lists of children of an Annex A workbook have in common.
const anyone = `apiVersion: postern/dataset/v1
format: anyone
version: 1
title: The first columns of a list of children
collection_years: {from: 2016, to: 2030}
date_formats: [DD/MM/YYYY]
text: quoted
code_lists: {}
tables:
  - name: anyone
    meaning: anyone
    columns:
      - {name: id, header: Child Unique ID, type: key, class: record-identifier, meaning: number}
      - {name: ethnicity, header: Ethnicity, type: key, class: record-identifier, meaning: ethnicity}
      - {name: born, header: Date of Birth, type: date, class: quasi-identifier, meaning: birth}
`

// byPython reads the same columns with nothing but Python's standard library.
const byPython = `
import sys, zipfile, json, datetime, re, xml.etree.ElementTree as E
z = zipfile.ZipFile(sys.argv[1])
m = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
r = '{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id'
links = {e.get('Id'): e.get('Target') for e in E.fromstring(z.read('xl/_rels/workbook.xml.rels'))}
strings = [''.join(t.text or '' for t in si.iter(m+'t')) for si in E.fromstring(z.read('xl/sharedStrings.xml'))]
out = {}
for number, s in enumerate(E.fromstring(z.read('xl/workbook.xml')).iter(m+'sheet'), 1):
    rows = []
    for row in E.fromstring(z.read('xl/' + links[s.get(r)])).iter(m+'row'):
        cells = {}
        for c in row.iter(m+'c'):
            v = c.find(m+'v')
            if v is not None:
                cells[re.match('[A-Z]+', c.get('r')).group()] = strings[int(v.text)] if c.get('t') == 's' else v.text
        rows.append((int(row.get('r')), cells))
    names = {n: k for k, n in rows[0][1].items()}
    if all(n in names for n in ('Child Unique ID', 'Ethnicity', 'Date of Birth')):
        lines = out[number] = []
        for at, cells in rows[1:]:
            if not cells: continue
            born = cells.get(names['Date of Birth'], '')
            if born: born = str(datetime.date(1899, 12, 30) + datetime.timedelta(int(float(born))))
            lines.append('|'.join([str(at-1), cells.get(names['Child Unique ID'], ''), cells.get(names['Ethnicity'], '').strip(), born]))
print(json.dumps(out))
`

// What the published Annex A workbook says of its children is read as Python reads it.
func TestSampleCells(t *testing.T) {
	path := samples + "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/annex_a_pipeline/spec/samples/Annex_A_2024_Jan.xlsx"
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not there")
	}
	if !exists(path) {
		t.Skip("the samples are not there")
	}
	c, err := dataset.Load(fstest.MapFS{"anyone.yaml": &fstest.MapFile{Data: []byte(anyone)}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", byPython, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want map[int][]string
	if err := json.Unmarshal(out, &want); err != nil || len(want) < 9 {
		t.Fatalf("%d lists, %v", len(want), err)
	}
	got := readOf(t, c, path)
	if got.err != nil || len(got.rows) != len(want) {
		t.Fatalf("%d lists, want %d; %v", len(got.rows), len(want), got.err)
	}
	for sheet, lines := range want {
		if !slices.Equal(got.rows[sheet], lines) {
			t.Errorf("sheet %d is read otherwise than by Python: %d rows, want %d", sheet, len(got.rows[sheet]), len(lines))
		}
	}
}

func exists(path string) bool {
	found, err := filepath.Glob(path)
	return err == nil && len(found) == 1
}

// Every workbook among the samples is recognised, or refused as none of the returns.
func TestSamples(t *testing.T) {
	c, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"Annex_A_2024_Jan.xlsx": 11}
	seen := 0
	err = filepath.WalkDir(samples, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xlsx" {
			return err
		}
		seen++
		sources, err := xlsx.Reader{}.Recognise(t.Context(), c, path, entry.Name(), &finding.Report{})
		if rule := (outcome{err: err}).rule(); rule != map[bool]string{true: "", false: extract.RuleTableUnknown}[want[entry.Name()] > 0] || len(sources) != want[entry.Name()] {
			t.Errorf("%s: %d sheets, %s", entry.Name(), len(sources), strings.Join([]string{rule, fmt.Sprint(err)}, " "))
		}
		return nil
	})
	if seen == 0 {
		t.Skip("the samples are not there")
	}
	if err != nil {
		t.Fatal(err)
	}
}
