package synth

import (
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
)

func cinTable() table { return table{format: CIN, file: "cin.xml", newline: "\n", open: true} }

// cinFile writes one year's CIN census. Even years are indented, odd ones are on one line; 2024 has the line ends of
// Windows.
type cinFile struct {
	xmlFile
	year year
}

func newCINFile(f *file, y year, laCode string) *cinFile {
	c := &cinFile{xmlFile: xmlFile{file: f, pretty: y.number%2 == 0, eol: "\n"}, year: y}
	if y.number%4 == 0 {
		c.eol = "\r\n"
	}
	if y.number%3 != 0 {
		c.buf = append(c.buf, `<?xml version="1.0" encoding="utf-8"?>`...)
		c.buf = append(c.buf, c.eol...)
	}
	c.buf = append(c.buf, "<Message>"...)
	c.depth = 1
	c.open("Header")
	c.open("CollectionDetails")
	c.leaf("Collection", "CIN")
	c.leaf("Year", strconv.Itoa(y.number))
	c.dated("ReferenceDate", y.end)
	c.shut("CollectionDetails")
	c.open("Source")
	c.leaf("SourceLevel", "L")
	c.leaf("LEA", laCode)
	c.leaf("SoftwareCode", "Local Authority")
	c.leaf("Release", "ver 3.1.21")
	c.leaf("SerialNo", "001")
	c.leaf("DateTime", strconv.Itoa(c.year.number)+"-05-23T11:14:05"+oneOf(c.year.number%2 == 0, "", "Z"))
	c.shut("Source")
	c.shut("Header")
	c.open("Children")
	return c
}

func (c *cinFile) finish() {
	c.shut("Children")
	c.finishRoot("Message")
}

func (c *cinFile) dated(name string, d civil.Date) {
	y, m, day := d.YMD()
	text := [10]byte{
		byte('0' + y/1000), byte('0' + y/100%10), byte('0' + y/10%10), byte('0' + y%10), '-',
		byte('0' + m/10), byte('0' + m%10), '-', byte('0' + day/10), byte('0' + day%10),
	}
	c.line()
	c.buf = append(append(append(c.buf, '<'), name...), '>')
	if c.quirk(uint64(d), 53) { // a date may have white space around it
		c.buf = append(append(append(c.buf, ' '), text[:]...), c.eol...)
	} else {
		c.buf = append(c.buf, text[:]...)
	}
	c.buf = append(append(append(c.buf, '<', '/'), name...), '>')
}

// known writes a date that is known by the reference date.
func (c *cinFile) known(name string, d civil.Date) {
	if d <= c.year.end {
		c.dated(name, d)
	}
}

// said writes a boolean in one of its two spellings.
func (c *cinFile) said(name string, value bool, ordinal int) {
	text := oneOf(value, "1", "0")
	if c.quirk(uint64(ordinal), 2) {
		text = oneOf(value, "true", "false")
	}
	c.leaf(name, text)
}

// quirk is true for one number in a few, another one in each year.
func (c *cinFile) quirk(n, one uint64) bool { return mix(n+uint64(c.year.number)<<32)%one == 0 }
