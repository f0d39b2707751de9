//go:build unix

package export_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// plantInOthers plants canaries in every format that the synthetic cohort of the tests has not, and in every other form
// of those that it has: tables of a case system, the lists of an inspection as text and as a workbook, registers of daily
// attendance, the return on children looked after as a document and as a workbook, and a council's own report.
func (c *canary) plantInOthers(tb testing.TB, catalogue *dataset.Catalogue, extracts string) {
	tb.Helper()
	c.plantInText(tb, tablesOf(catalogue, "ssd"), filepath.Join(extracts, "2025-26", "ssd"), 2026)
	c.plantInText(tb, tablesOf(catalogue, "annex_a"), filepath.Join(extracts, "2026-27", "inspection"), 2027)
	c.plantInText(tb, tablesOf(catalogue, "attendance"), filepath.Join(extracts, "2026-27", "registers"), 2027)
	c.plantInText(tb, tablesOf(catalogue, ownFormat), filepath.Join(extracts, "2026-27", "log"), 2027)
	c.plantInBook(tb, tablesOf(catalogue, "annex_a"), filepath.Join(extracts, "2025-26", "inspection.xlsx"), 2026)
	c.plantInBook(tb, tablesOf(catalogue, "ssda903"), filepath.Join(extracts, "2022-23", "looked-after.xlsx"), 2023)
	c.plantInCare(tb, tablesOf(catalogue, "ssda903"), filepath.Join(extracts, "2023-24", "looked-after.xml"), 2024)
}

func tablesOf(catalogue *dataset.Catalogue, format string) []*dataset.Table {
	var of []*dataset.Table
	for _, t := range catalogue.Tables() {
		if t.Format == format {
			of = append(of, t)
		}
	}
	return of
}

// sameChildren makes rows of some tables belong together: row n of each is about the n-th child, and has the n-th key of its
// kind. The first child, whose rows are good, is that of all formats, and so is referred again. Where the council's own spellings can stand for a code, one does.
func (c *canary) sameChildren(tables []*dataset.Table) func(t *dataset.Table) func(row int, column *dataset.Column) string {
	ids := make([]string, len(faults()))
	for i := range ids {
		c.made++
		ids[i] = c.plant(c.identifier(""), fmt.Sprintf("child %d of %s", i+1, tables[0].Format))
	}
	if c.first == "" {
		c.first = ids[0]
		c.ids = append(c.ids, c.first)
	}
	ids[0] = c.first
	keys := make(map[string]string)
	return func(t *dataset.Table) func(int, *dataset.Column) string {
		return func(row int, column *dataset.Column) string {
			switch {
			case column.Name == t.ChildID && column.Type == dataset.Identifier:
				return ids[row]
			case column.Type == dataset.Key:
				_, kind, _ := strings.Cut(column.Name, "_") // ssd tables begin each name with their own sign
				of := fmt.Sprintf("%s %d", kind, row)
				if keys[of] == "" {
					c.made++
					keys[of] = c.plant(fmt.Sprintf("key-%06d-Quill", 482900+c.made), "the key "+kind)
				}
				return keys[of]
			case column.Type == dataset.Code && column.Aliased():
				if _, known := column.Spelt(ownSpelling); known {
					return ownSpelling
				}
			}
			return ""
		}
	}
}

// sheet is a table's header and rows of canaries, a good one first and one with each fault.
func (c *canary) sheet(t *dataset.Table, year int, set func(int, *dataset.Column) string) [][]string {
	var header []string
	for _, column := range t.Columns {
		if column.Name != dataset.CollectionYear && column.In(year) {
			header = append(header, column.Heading())
		}
	}
	return c.rows(t, [][]string{header}, year, set)
}

// plantInText writes a file of text for each of some tables.
func (c *canary) plantInText(tb testing.TB, tables []*dataset.Table, folder string, year int) {
	tb.Helper()
	mustMkdir(tb, folder)
	of := c.sameChildren(tables)
	for _, t := range tables {
		lines := c.sheet(t, year, of(t))
		for i, name := range lines[0] {
			if strings.ContainsAny(name, `,"`) {
				lines[0][i] = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
			}
		}
		writeCSV(tb, filepath.Join(folder, t.Name+".csv"), ",", lines)
	}
}

// plantInCare writes a return on children looked after as a document.
func (c *canary) plantInCare(tb testing.TB, tables []*dataset.Table, path string, year int) {
	tb.Helper()
	tables = slices.DeleteFunc(slices.Clone(tables), func(t *dataset.Table) bool { return t.Row == "" })
	var b strings.Builder
	c.made++
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<EXPSSDA903><!-- %s -->\n", c.plant(fmt.Sprintf("Zebedee Remark %04d", c.made), "a remark"))
	whole := c.child(year, tables...)
	c.ids = append(c.ids, whole.at("HEADER", "CHILDID").text)
	whole.at("HEADER", "UASC").text = "1"
	c.surround(whole, whole.at("HEADER"), whole.at("EPISODE"), whole.at("HEADER", "OC2"), whole.at("HEADER", "CHILDID"))
	whole.write(&b)
	c.wrongChildren(&b, year, tables...)
	b.WriteString("</EXPSSDA903>\n")
	mustMkdir(tb, filepath.Dir(path))
	mustWrite(tb, path, b.String())
}
