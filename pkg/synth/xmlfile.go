package synth

// xmlFile is a document being written: indented or on one line, with the line ends of its kind.
type xmlFile struct {
	*file
	pretty bool
	eol    string
	depth  int
}

const indents = "                                "

// line begins a line where the file has lines.
func (x *xmlFile) line() {
	if x.pretty {
		x.buf = append(x.buf, x.eol...)
		x.buf = append(x.buf, indents[:4*x.depth]...)
	}
}

func (x *xmlFile) open(name string) {
	x.line()
	x.buf = append(append(append(x.buf, '<'), name...), '>')
	x.depth++
}

func (x *xmlFile) shut(name string) {
	x.depth--
	x.line()
	x.buf = append(append(append(x.buf, '<', '/'), name...), '>')
}

// leaf writes an element with a value, which has no character that XML reserves.
func (x *xmlFile) leaf(name, value string) {
	x.line()
	x.buf = append(append(append(x.buf, '<'), name...), '>')
	x.buf = append(x.buf, value...)
	x.buf = append(append(append(x.buf, '<', '/'), name...), '>')
}

// some writes an element that has a value.
func (x *xmlFile) some(name, value string) {
	if value != "" {
		x.leaf(name, value)
	}
}

func (x *xmlFile) empty(name string) {
	x.line()
	x.buf = append(append(append(x.buf, '<'), name...), '/', '>')
}

func (x *xmlFile) comment(text string) {
	x.line()
	x.buf = append(append(append(x.buf, "<!-- "...), text...), " -->"...)
}

// finishRoot closes the root element and ends the file.
func (x *xmlFile) finishRoot(name string) {
	x.depth = 0
	x.line()
	x.buf = append(append(append(x.buf, '<', '/'), name...), '>')
	x.buf = append(x.buf, x.eol...)
}
