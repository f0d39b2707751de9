package synth

func careTable() table {
	return table{format: SSDA903XML, file: "ssda903.xml", newline: "\n", open: true}
}

// careFile writes one year's return of children looked after as a document: EXPSSDA903. Even years are indented, odd ones
// are on one line; 2020 and 2024 have the line ends of Windows. It has no social workers.
type careFile struct {
	xmlFile
	year year
	rows *yearRows
}

func newCareFile(f *file, y year) *careFile {
	c := &careFile{xmlFile: xmlFile{file: f, pretty: y.number%2 == 0, eol: "\n"}, year: y, rows: newYearRows(y)}
	if y.number%4 == 0 {
		c.eol = "\r\n"
	}
	c.buf = append(c.buf, `<?xml version='1.0' encoding='us-ascii'?>`...)
	c.buf = append(c.buf, c.eol...)
	c.buf = append(c.buf, "<EXPSSDA903>"...)
	c.depth = 1
	return c
}

func (c *careFile) finish() { c.finishRoot("EXPSSDA903") }

// child writes what the year's return has of a child.
func (c *careFile) child(p *person, id *identity, said *annual) {
	if len(c.buf) > bufferSize-childBytes {
		c.flush()
	}
	c.rows.take(c.year, p, id, said)
	h := c.rows.of(header)[0]
	c.file.rows++
	c.open("CHILD")
	c.open("HEADER")
	c.leaf("CHILDID", h[0])
	c.maybe("UPN", h[4], 0)
	c.leaf("SEX", h[1])
	c.leaf("DOB", h[2])
	c.leaf("ETHNIC", h[3])
	if rows := c.rows.of(uasc); len(rows) > 0 {
		c.file.rows++
		c.leaf("UASC", "1")
		c.maybe("DUC", rows[0][3], 0)
	} else {
		c.maybe("UASC", oneOf(id.index%3 == 0, "0", ""), 0)
	}
	for _, table := range []int{ad1, oc3} {
		for _, row := range c.rows.of(table) {
			c.file.rows++
			c.cells(table, row, 2)
		}
	}
	c.each("AMISSING", missing)
	c.each("AREVIEW", reviews)
	c.maybe("MOTHER", h[5], id.index)
	c.maybe("MC_DOB", h[6], id.index)
	c.each("PERMANENCE", previousPermanence)
	c.each("OC2", oc2)
	c.each("AD_PLACED", placedAdoption)
	c.shut("HEADER")
	for _, row := range c.rows.of(episodes) {
		c.file.rows++
		c.open("EPISODE")
		for _, at := range []int{1, 2, 3, 4, 5, 11, 10, 12, 6, 7, 8, 9} { // the order of the document
			name := c.rows.columns(episodes)[at]
			c.maybe(oneOf(name == "PLACE", "PL", name), row[at], id.index+at)
		}
		c.shut("EPISODE")
	}
	c.shut("CHILD")
}

// each writes an element for each row of a table.
func (c *careFile) each(element string, table int) {
	for _, row := range c.rows.of(table) {
		c.file.rows++
		c.open(element)
		c.cells(table, row, 2)
		c.shut(element)
	}
}

// cells writes the cells of a row from a column on.
func (c *careFile) cells(table int, row []string, from int) {
	for i := from; i < len(row); i++ {
		c.maybe(c.rows.columns(table)[i], row[i], i)
	}
}

// maybe writes an element; without a value it is empty, or left out.
func (c *careFile) maybe(name, value string, n int) {
	switch {
	case value != "":
		c.leaf(name, value)
	case n%2 == 0:
		c.empty(name)
	}
}
