//go:build unix

package export_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// element is an XML element in the making.
type element struct {
	name, text string
	attributes string // as they are written, with the space before them
	inside     []*element
}

// at finds the element at a path below e, and makes what is missing of it.
func (e *element) at(path ...string) *element {
	for _, name := range path {
		i := slices.IndexFunc(e.inside, func(in *element) bool { return in.name == name })
		if i < 0 {
			e.inside = append(e.inside, &element{name: name})
			i = len(e.inside) - 1
		}
		e = e.inside[i]
	}
	return e
}

func (e *element) add(in ...*element) { e.inside = append(e.inside, in...) }

// write writes an element; one without a name is its text as it is, which may be markup.
func (e *element) write(b *strings.Builder) {
	if e.name == "" {
		b.WriteString(e.text)
		return
	}
	var text bytes.Buffer
	_ = xml.EscapeText(&text, []byte(e.text)) // a buffer never fails
	fmt.Fprintf(b, "<%s%s>%s", e.name, e.attributes, text.String())
	for _, in := range e.inside {
		in.write(b)
	}
	fmt.Fprintf(b, "</%s>\n", e.name)
}

func (e *element) String() string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

// childOf is the name of a child's element in the documents of a table's format.
func childOf(t *dataset.Table) string {
	names := strings.Split(t.Row, "/")
	return names[slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, "child") })]
}

// cellPath is where a column's cell stands in a child's element.
func cellPath(t *dataset.Table, column *dataset.Column) []string {
	path, cell := strings.Split(t.Row, "/"), column.Path
	for strings.HasPrefix(cell, "../") {
		path, cell = path[:len(path)-1], cell[len("../"):]
	}
	if cell != "." {
		path = append(path, strings.Split(cell, "/")...)
	}
	return path[slices.Index(path, childOf(t))+1:]
}

// child makes a Child with one row of each of some tables, and a canary in every element, those with it that the return
// of the year has not.
func (c *canary) child(year int, tables ...*dataset.Table) *element {
	e := &element{name: childOf(tables[0])}
	for _, t := range tables {
		for _, column := range t.Columns {
			if column.Path == "" {
				continue
			}
			leaf := e.at(cellPath(t, column)...)
			switch {
			case leaf.text != "":
			case t.In(year) && column.In(year):
				leaf.text = c.value(t, column, year)
			default:
				c.made++
				leaf.text = c.plant(fmt.Sprintf("Zebedee Late %04d", c.made), "an element of other years than "+t.ID()+"'s")
			}
		}
	}
	return e
}

// documentFault makes one cell of a table's row wrong.
type documentFault struct {
	name string
	of   dataset.Type // of the cell; "" for any
	set  func(c *canary, leaf *element, t *dataset.Table, column *dataset.Column)
}

func text(value string) func(*canary, *element, *dataset.Table, *dataset.Column) {
	return func(c *canary, leaf *element, t *dataset.Table, column *dataset.Column) {
		c.made++
		leaf.text = c.plant(fmt.Sprintf(value, c.made), "a bad "+column.Name+" of "+t.ID())
	}
}

func documentFaults() []documentFault {
	return []documentFault{
		{"unknown code", dataset.Code, text("QZX%04d")},
		{"no date", dataset.Date, text("the 31st of May %04d")},
		{"impossible date", dataset.Date, text("2024-02-31-%04d")},
		{"a year of history", dataset.Date, func(c *canary, leaf *element, t *dataset.Table, column *dataset.Column) {
			c.made++
			leaf.text = c.plant(fmt.Sprintf("%04d-%02d-%02d", 1066+c.made/300, 1+c.made/25%12, 1+c.made%25), "a date of history of "+t.ID())
		}},
		{"no number", dataset.Integer, text("77x%05d")},
		{"number out of range", dataset.Integer, func(_ *canary, leaf *element, _ *dataset.Table, column *dataset.Column) {
			leaf.text = fmt.Sprint(column.Max + 1)
		}},
		{"neither true nor false", dataset.Boolean, text("perhaps %04d")},
		{"child with a space", dataset.Identifier, text("AB 4829 %04d Q")},
		{"a float where the child should be", dataset.Identifier, text("48290%d.0")},
		{"no child", dataset.Identifier, func(_ *canary, leaf *element, _ *dataset.Table, _ *dataset.Column) { leaf.text = "" }},
		{"an element in a cell", "", func(c *canary, leaf *element, t *dataset.Table, _ *dataset.Column) {
			c.made++
			name := c.plant(fmt.Sprintf("Zebedee%06d", c.made), "an element's name in a cell of "+t.ID())
			leaf.add(&element{name: name, text: c.plant(fmt.Sprintf("Zebedee Within %04d", c.made), "an element's text in a cell of "+t.ID())})
		}},
	}
}

// plantInCIN adds children with canaries to the CIN census in a folder: as many whole ones as there are kinds of rows
// of pupils, and some more, with canaries around them wherever a document can have something; and for each fault and
// table, one whose row of that table has it.
func (c *canary) plantInCIN(tb testing.TB, catalogue *dataset.Catalogue, folder string, year int) {
	tb.Helper()
	var all []*dataset.Table
	for _, t := range catalogue.Tables() {
		if t.Format == "cin" {
			all = append(all, t)
		}
	}
	var planted strings.Builder
	c.pupils = nil
	for n := range len(faults()) + pupilsMore {
		e := c.child(year, all...)
		who := e.at("ChildIdentifiers")
		if n == len(faults())+pupilsMore-1 {
			who.at("UPN").text = c.pupils[n-1].upn // two children's
		}
		c.pupils = append(c.pupils, pupil{who.at("LAchildID").text, who.at("UPN").text, who.at("FormerUPN").text})
		c.ids = append(c.ids, who.at("LAchildID").text)
		c.surround(e, who, e.at("CINdetails"), e.at("CINdetails", "Assessments"), who.at("LAchildID"))
		e.write(&planted)
	}
	c.wrongChildren(&planted, year, all...)
	path := filepath.Join(folder, "cin.xml")
	document := emptyCIN(year, laCode)
	if exists(path) {
		document = mustRead(tb, path)
	}
	for _, mark := range []string{"</Children>", "</Source>"} {
		if strings.Count(document, mark) != 1 {
			tb.Fatalf("the document has not one %s", mark)
		}
	}
	c.made++
	document = strings.Replace(document, "</Source>", fmt.Sprintf("<SoftwareCode>%s</SoftwareCode></Source>",
		c.plant(fmt.Sprintf("Zebedee Software %04d", c.made), "an element of the header")), 1)
	mustMkdir(tb, folder)
	mustWrite(tb, path, strings.Replace(document, "</Children>", planted.String()+"</Children>", 1))
}

// wrongChildren writes, for each table of a document and each way in which one of its cells can be wrong, a child who has it.
func (c *canary) wrongChildren(to *strings.Builder, year int, tables ...*dataset.Table) {
	for _, t := range tables {
		if !t.In(year) {
			continue
		}
		for _, fault := range documentFaults() {
			for _, column := range t.Columns {
				if column.Path == "" || !column.In(year) || fault.of != "" && column.Type != fault.of {
					continue
				}
				e := c.child(year, t)
				fault.set(c, e.at(cellPath(t, column)...), t, column)
				e.write(to)
			}
		}
		c.twice(t, year).write(to)
		if e := c.outOfOrder(t, year); e != nil {
			e.write(to)
		}
	}
}

// surround puts canaries where a document can have something that is no cell: an attribute and its name, a comment, an
// instruction, a section of text, text between elements, an element of no definition, its name and an attribute of it.
func (c *canary) surround(elements ...*element) {
	for _, in := range elements {
		c.made++
		mark := func(what string) string {
			return c.plant(fmt.Sprintf("Zebedee%s%05d", what, c.made), "an XML "+what+" in "+in.name)
		}
		in.attributes = fmt.Sprintf(" %s=%q", mark("Attribute"), mark("Value"))
		comment, instruction := &element{text: "<!-- " + mark("Comment") + " -->"}, &element{text: "<?postern " + mark("Instruction") + "?>"}
		in.add(comment, instruction)
		if in.text != "" {
			continue // a cell: whatever else stands in it would keep its row back
		}
		in.add(&element{text: mark("Stray")}, &element{text: "<![CDATA[" + mark("Section") + "]]>"},
			&element{name: mark("Element"), text: mark("Text"), attributes: fmt.Sprintf(" note=%q", mark("Note")), inside: []*element{
				{name: "LAchildID", text: mark("Nested")},
			}})
	}
}

// twice makes a child of whose row a cell is given twice.
func (c *canary) twice(t *dataset.Table, year int) *element {
	e := c.child(year, t)
	column := t.Columns[0]
	path := cellPath(t, column)
	e.at(path[:len(path)-1]...).add(&element{name: path[len(path)-1], text: c.value(t, column, year)})
	return e
}

// outOfOrder makes a child of whose row a date is before the one that it must follow: authorised before it was begun; nil
// where the table has no such dates.
func (c *canary) outOfOrder(t *dataset.Table, year int) *element {
	i := slices.IndexFunc(t.Columns, func(column *dataset.Column) bool { return column.NotBefore != "" })
	if i < 0 {
		return nil
	}
	e := c.child(year, t)
	first := t.Column(t.Columns[i].NotBefore)
	e.at(cellPath(t, first)...).text = c.value(t, first, year) // a later day than any before
	return e
}

// emptyCIN is a CIN census without children.
func emptyCIN(year int, authority string) string {
	return fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Message><Header><CollectionDetails><Collection>CIN</Collection>"+
		"<Year>%d</Year><ReferenceDate>%d-03-31</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>%s</LEA></Source></Header>\n"+
		"<Children>\n</Children></Message>\n", year, year, authority)
}
