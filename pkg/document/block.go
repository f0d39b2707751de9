package document

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// block reads a block scalar (| |- > >-) from the source itself, and holds the library's reading against it.
func (c *converter) block(out *node, n *ast.LiteralNode) {
	out.style = block
	header := c.src.at(out.place)
	folded, chomp, length := blockHeader(header)
	if length == 0 {
		c.log.fault(Ambiguous, out.place, "", "is a block with a header that is not accepted", "accepted: | |- > >-")
		return
	}
	c.src.use(out.place, length)
	lines, problem := c.blockLines(out.place.Line)
	if problem != nil {
		c.log.fault(Malformed, *problem, "", "is not in line with the first line of its block", "")
		return
	}
	text := strings.Join(lines, "\n")
	if folded {
		text = fold(lines)
	}
	if len(lines) > 0 && !chomp {
		text += "\n"
	}
	if n.Value == nil || n.Value.Value != text {
		c.log.fault(Ambiguous, out.place, "", "is a block that readers of YAML understand differently",
			"use >- for one paragraph, |- for lines, and no lines of blanks")
		return
	}
	out.kind, out.text = scalar, text
}

// blockHeader reads | or >, and -, and that nothing but a comment follows.
func blockHeader(line []rune) (folded, chomp bool, length int) {
	if len(line) == 0 || line[0] != '|' && line[0] != '>' {
		return false, false, 0
	}
	length = 1
	if len(line) > 1 && line[1] == '-' {
		chomp, length = true, 2
	}
	rest := string(line[length:])
	if trimmed := strings.TrimLeft(rest, " "); trimmed != "" && (trimmed[0] != '#' || trimmed == rest) {
		return false, false, 0
	}
	return line[0] == '>', chomp, length
}

// blockLines takes the lines of a block: those indented as its first line, and empty ones between them.
func (c *converter) blockLines(header int) (lines []string, problem *Place) {
	indent := 0
	pending := 0
	for number := header + 1; number <= len(c.src.lines); number++ {
		line := c.src.lines[number-1]
		blanks := 0
		for blanks < len(line) && line[blanks] == ' ' {
			blanks++
		}
		if blanks == len(line) {
			pending++
			continue
		}
		if indent == 0 {
			indent = blanks
		}
		switch {
		case blanks < indent || indent == 0:
			return lines, nil
		case blanks > indent:
			return nil, &Place{number, blanks + 1}
		}
		for ; pending > 0; pending-- {
			lines = append(lines, "")
		}
		c.src.use(Place{number, blanks + 1}, len(line)-blanks)
		lines = append(lines, string(line[blanks:]))
	}
	return lines, nil
}

// fold joins lines by a space, and paragraphs (separated by empty lines) by as many line feeds as there are empty lines.
func fold(lines []string) string {
	var b strings.Builder
	empty := 0
	for i, line := range lines {
		if line == "" {
			empty++
			continue
		}
		switch {
		case empty > 0:
			b.WriteString(strings.Repeat("\n", empty))
		case i > 0:
			b.WriteByte(' ')
		}
		empty = 0
		b.WriteString(line)
	}
	return b.String()
}
