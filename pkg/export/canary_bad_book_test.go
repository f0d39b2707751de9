//go:build unix

package export_test

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	aBook     = "2025-26/inspection.xlsx"
	aDocument = "2023-24/looked-after.xml"
	aReport   = "2026-27/log/calls.csv"
)

// badForms are the ways in which no drop can be made of extracts that the synthetic cohort has not. Each is tried alone,
// in a folder with the spoilt file and nothing else.
func badForms() []badInput {
	book := func(part string, how func(text, marker string) string) func(*testing.T, *canary, string) {
		return func(t *testing.T, c *canary, folder string) {
			c.only(t, folder, aBook)
			marker := c.marker()
			changeBook(t, filepath.Join(folder, filepath.FromSlash(aBook)), func(name, text string) string {
				if name == part {
					text = how(text, marker)
				}
				return text
			})
		}
	}
	replaced := func(part, old, with string) func(*testing.T, *canary, string) {
		return book(part, func(text, marker string) string {
			return strings.Replace(text, old, strings.ReplaceAll(with, "%s", marker), 1)
		})
	}
	of := func(file string, how func(text, marker string) string) func(*testing.T, *canary, string) {
		return func(t *testing.T, c *canary, folder string) {
			c.only(t, folder, file)
			changeIn(file, how)(t, c, folder)
		}
	}
	const sheet, links = "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"
	return []badInput{
		{"a workbook that is cut off", 4, 4, of(aBook, func(text, marker string) string { return text[:len(text)/2] + marker })},
		{"a text that is called a workbook", 4, 4, of(aBook, func(_, marker string) string { return marker })},
		{"a sheet with a document type", 4, 4, replaced(sheet, "<worksheet", `<!DOCTYPE worksheet [<!ENTITY e "%s">]><worksheet`)},
		{"a sheet with an entity", 4, 4, replaced(sheet, "<sheetData>", "<sheetData>%s&zebedee;")},
		{"a sheet that is cut off", 4, 4, book(sheet, func(text, marker string) string { return text[:strings.LastIndex(text, "</row>")] + marker })},
		{"a text that is not there", 4, 4, replaced(sheet, ` t="s"><v>`, ` t="s"><v>%s`)},
		{"a cell twice", 4, 4, replaced(sheet, `<row r="2">`, `<row r="2"><c r="ZZ2" t="inlineStr"><is><t>%s</t></is></c>`)},
		{"a sheet in another file", 4, 4, replaced(links, `Target="worksheets/sheet1.xml"`, `TargetMode="External" Target="file:///%s.xlsx"`)},
		{"a sheet that is nowhere", 4, 4, replaced(links, "worksheets/sheet1.xml", "worksheets/%s.xml")},
		{"a header near a table's", 4, 4, replaced(sheet, ">Date of Contact<", ">%s<")},
		{"a workbook of no tables", 4, 4, func(t *testing.T, c *canary, folder string) {
			c.only(t, folder, aBook)
			changeBook(t, filepath.Join(folder, filepath.FromSlash(aBook)), func(name, text string) string {
				return strings.ReplaceAll(strings.ReplaceAll(text, "Child", c.marker()), "Family", "Zebedee")
			})
		}},
		{"a document without an end", 4, 4, of(aDocument, func(text, marker string) string {
			return strings.Replace(text, "</EXPSSDA903>", marker, 1)
		})},
		{"a document with an entity", 4, 4, of(aDocument, func(text, marker string) string {
			return strings.Replace(text, "<EXPSSDA903>", "<EXPSSDA903>"+marker+"&zebedee;", 1)
		})},
		{"a document of another name", 4, 4, of(aDocument, func(text, marker string) string {
			return strings.ReplaceAll(text, "EXPSSDA903", strings.ReplaceAll(marker, " ", ""))
		})},
		{"a report with a column of another name", 4, 4, of(aReport, func(text, marker string) string {
			return strings.Replace(text, "D.O.B.", marker, 1)
		})},
		{"a report with a column twice", 4, 4, of(aReport, func(text, marker string) string {
			return strings.Replace(text, "Surname", "D.O.B.,"+marker, 1)
		})},
	}
}

// marker plants one more marker of a bad file.
func (c *canary) marker() string {
	c.made++
	return c.plant("Zebedee Badform "+strings.Repeat("x", c.made%7)+letters(c.made), "a marker in a bad file")
}

// only removes every extract but one.
func (c *canary) only(t *testing.T, folder, keep string) {
	t.Helper()
	for _, name := range filesBelow(t, folder) {
		if filepath.ToSlash(name) == keep {
			continue
		}
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// changeBook writes a workbook again with parts that are changed.
func changeBook(t *testing.T, path string, how func(name, text string) string) {
	t.Helper()
	from, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.Create(path + ".new")
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(to)
	changed := false
	for _, part := range from.File {
		in, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := z.CreateHeader(&zip.FileHeader{Name: part.Name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		now := how(part.Name, string(text))
		changed = changed || now != string(text)
		if _, err := io.WriteString(out, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(from.Close(), z.Close(), to.Close(), os.Rename(path+".new", path)); err != nil || !changed {
		t.Fatalf("the workbook was not changed (%v)", err)
	}
}
