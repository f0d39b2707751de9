//go:build unix

package export_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// plantInBook writes a workbook with a sheet for each of some tables, and with canaries wherever else a workbook can have
// something: properties, names of sheets, hidden and other sheets, rows above a header, comments, formulas, readings,
// pictures, links, texts that no cell has, and parts that no program knows. Its parts are not packed, so that a search
// of the file finds them.
func (c *canary) plantInBook(tb testing.TB, tables []*dataset.Table, path string, year int) {
	tb.Helper()
	of := c.sameChildren(tables)
	mark := func(what string) string {
		c.made++
		return c.plant(fmt.Sprintf("Zebedee %s %05d", what, c.made), "a workbook's "+what)
	}
	b := &workbook{parts: make(map[string]string), mark: mark}
	for _, t := range tables {
		if t.In(year) && t.Delimited {
			lines := c.sheet(t, year, of(t))
			unreadable := slices.IndexFunc(faults(), func(f faulty) bool { return f.name == "not UTF-8" })
			b.sheet(mark("Sheet"), "", t, slices.Delete(lines, 1+unreadable, 2+unreadable))
		}
	}
	b.sheet(mark("Hidden"), ` state="hidden"`, tables[0], [][]string{{mark("Heading")}, {mark("Cell")}})
	b.sheet(mark("Other"), "", tables[0], [][]string{{mark("Heading"), mark("Heading")}, {mark("Cell"), mark("Cell")}})
	for name, what := range map[string]string{
		"docProps/core.xml": "Creator", "docProps/custom.xml": "Property", "xl/comments1.xml": "Comment", "customXml/item1.xml": "Item",
		"xl/media/image1.png": "Picture", "xl/embeddings/object1.bin": "Embedding", "xl/drawings/drawing1.xml": "Drawing", "unknown.dat": "Part",
	} {
		b.parts[name] = "<part>" + mark(what) + "</part>"
	}
	mustMkdir(tb, filepath.Dir(path))
	b.write(tb, path)
}

// workbook is a workbook in the making.
type workbook struct {
	parts       map[string]string
	list, links string
	shared      []string
	count       int
	mark        func(what string) string
}

const (
	sheetSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relation   = `Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
)

func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}

// sheet adds a sheet of lines below a row of titles. Cells are written in each way that there is: as a text of their own,
// as one that is shared, as a formula's outcome, and days as counts of days.
func (b *workbook) sheet(name, attributes string, t *dataset.Table, lines [][]string) {
	b.count++
	b.list += fmt.Sprintf(`<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>`, name, b.count, attributes, b.count)
	b.links += fmt.Sprintf(`<Relationship Id="rId%d" %sworksheet" Target="worksheets/sheet%d.xml"/>`, b.count, relation, b.count)
	var rows strings.Builder
	fmt.Fprintf(&rows, `<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>`, b.mark("Title"))
	for i, line := range lines {
		fmt.Fprintf(&rows, `<row r="%d">`, i+2)
		for j, cell := range line {
			at := fmt.Sprintf("%s%d", letters(j), i+2)
			column := columnHeaded(t, lines[0][min(j, len(lines[0])-1)])
			day, isDay := dayOf(cell)
			switch {
			case cell == "":
			case isDay && column != nil && column.Type == dataset.Date && i%2 == 1:
				fmt.Fprintf(&rows, `<c r="%s"><v>%d</v></c>`, at, int32(day)+25569) // 30 December 1899 is day 0
			case i > 0 && (i+j)%5 == 0:
				fmt.Fprintf(&rows, `<c r="%s" t="str"><f>CONCATENATE("%s")</f><v>%s</v></c>`, at, b.mark("Formula"), escaped(cell))
			case (i+j)%2 == 0:
				fmt.Fprintf(&rows, `<c r="%s" t="s"><v>%d</v></c>`, at, len(b.shared))
				b.shared = append(b.shared, fmt.Sprintf(`<r><t>%s</t></r><rPh sb="0" eb="1"><t>%s</t></rPh>`, escaped(cell), b.mark("Reading")))
			default:
				fmt.Fprintf(&rows, `<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, escaped(cell))
			}
		}
		rows.WriteString("</row>")
	}
	b.parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", b.count)] = fmt.Sprintf(`<worksheet %s><sheetData>%s</sheetData><hyperlinks><hyperlink ref="A1" display="%s"/></hyperlinks><headerFooter><oddHeader>%s</oddHeader></headerFooter></worksheet>`,
		sheetSpace, rows.String(), b.mark("Link"), b.mark("Header"))
}

func (b *workbook) write(tb testing.TB, path string) {
	tb.Helper()
	b.shared = append(b.shared, "<t>"+b.mark("Unused")+"</t>")
	b.parts["[Content_Types].xml"] = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`
	b.parts["_rels/.rels"] = `<Relationships><Relationship Id="rId1" ` + relation + `officeDocument" Target="xl/workbook.xml"/></Relationships>`
	b.parts["xl/sharedStrings.xml"] = "<sst " + sheetSpace + "><si>" + strings.Join(b.shared, "</si><si>") + "</si></sst>"
	b.parts["xl/workbook.xml"] = fmt.Sprintf(`<workbook %s><sheets>%s</sheets><definedNames><definedName name="Name">%s</definedName></definedNames></workbook>`, sheetSpace, b.list, b.mark("Defined"))
	b.parts["xl/_rels/workbook.xml.rels"] = "<Relationships>" + b.links + `<Relationship Id="strings" ` + relation + `sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	z := zip.NewWriter(f)
	var names []string
	for name := range b.parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		part, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Comment: b.mark("Note")})
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := part.Write([]byte(b.parts[name])); err != nil {
			tb.Fatal(err)
		}
	}
	if err := errors.Join(z.SetComment(b.mark("Archive")), z.Close(), f.Close()); err != nil {
		tb.Fatal(err)
	}
}

// letters are those of a column, from 0.
func letters(column int) string {
	if column < 26 {
		return string(rune('A' + column))
	}
	return letters(column/26-1) + letters(column%26)
}

// dayOf reads a cell as the canaries' dates are written.
func dayOf(cell string) (civil.Date, bool) {
	if d, err := civil.ParseUK(cell); err == nil {
		return d, true
	}
	d, err := civil.ParseISO(cell)
	return d, err == nil
}
