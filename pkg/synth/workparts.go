package synth

import (
	"fmt"
	"strings"
)

// The namespaces and kinds of the parts of a workbook (ECMA-376, part 1).
const (
	xmlStart     = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetSpace   = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	linkSpace    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageSpace = "http://schemas.openxmlformats.org/package/2006/"
	sheetContent = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// packed is a part of a workbook that is not a sheet.
type packed struct{ name, text string }

// parts are those that are not sheets, in the order they are written in.
func (w *workbook) parts() []packed {
	return []packed{
		{"[Content_Types].xml", w.contentTypes()},
		{"_rels/.rels", xmlStart + `<Relationships xmlns="` + packageSpace + `relationships">` +
			`<Relationship Id="rId1" Type="` + linkSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", w.listOfSheets()},
		{"xl/_rels/workbook.xml.rels", w.links()},
		{"xl/styles.xml", styles},
		{"xl/sharedStrings.xml", w.sharedStrings()},
	}
}

func (w *workbook) contentTypes() string {
	var b strings.Builder
	b.WriteString(xmlStart + `<Types xmlns="` + packageSpace + `content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>`)
	override := func(name, kind string) {
		fmt.Fprintf(&b, `<Override PartName="/xl/%s.xml" ContentType="%s%s+xml"/>`, name, sheetContent, kind)
	}
	override("workbook", "sheet.main")
	override("styles", "styles")
	override("sharedStrings", "sharedStrings")
	for i := range w.sheets {
		override(fmt.Sprintf("worksheets/sheet%d", i+1), "worksheet")
	}
	b.WriteString("</Types>")
	return b.String()
}

func (w *workbook) listOfSheets() string {
	var b strings.Builder
	b.WriteString(xmlStart + `<workbook xmlns="` + sheetSpace + `" xmlns:r="` + linkSpace + `">`)
	if w.options.epoch1904 {
		b.WriteString(`<workbookPr date1904="1"/>`)
	}
	b.WriteString("<sheets>")
	for i, s := range w.sheets {
		state := ""
		if s.hidden != "" {
			state = ` state="` + s.hidden + `"`
		}
		fmt.Fprintf(&b, `<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>`, appendEscaped(nil, s.name), i+1, state, i+1)
	}
	b.WriteString("</sheets></workbook>")
	return b.String()
}

func (w *workbook) links() string {
	var b strings.Builder
	b.WriteString(xmlStart + `<Relationships xmlns="` + packageSpace + `relationships">`)
	link := func(n int, kind, target string) {
		fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%s/%s" Target="%s.xml"/>`, n, linkSpace, kind, target)
	}
	for i := range w.sheets {
		link(i+1, "worksheet", fmt.Sprintf("worksheets/sheet%d", i+1))
	}
	link(len(w.sheets)+1, "styles", "styles")
	link(len(w.sheets)+2, "sharedStrings", "sharedStrings")
	b.WriteString("</Relationships>")
	return b.String()
}

func (w *workbook) sharedStrings() string {
	var b strings.Builder
	b.WriteString(xmlStart + `<sst xmlns="` + sheetSpace + `">`)
	for _, text := range w.strings {
		fmt.Fprintf(&b, `<si><t xml:space="preserve">%s</t></si>`, appendEscaped(nil, text))
	}
	b.WriteString("</sst>")
	return b.String()
}

// styles has two: of anything, and of a date (number format 14: a day as the reader's own country writes it).
const styles = xmlStart + `<styleSheet xmlns="` + sheetSpace + `">` +
	`<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
