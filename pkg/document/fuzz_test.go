package document

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// greek replaces every letter and digit by a Greek letter, which no message of this package holds: what a problem
// repeats of the source shows. Words that YAML knows keep their effect through the punctuation around them.
func greek(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return 'α' + (r % 17)
		case r >= 0x80 && unicode.IsGraphic(r):
			return 'ω'
		}
		return r
	}, s)
}

// everything walks a whole tree, so that the log holds all that can be said of it.
func everything(n *node, log *Log) {
	v := &Value{node: n, path: "x", log: log, given: true}
	_ = v.Int()
	_ = v.Float(Between(0, 1))
	_, _ = v.Date()
	_ = v.Bool()
	_ = v.String(OneOf("accepted"), MaxLength(3))
	_ = v.Text()
	_ = v.Strings(NotEmpty())
	m := v.Mapping()
	_ = m.String("wanted")
	m.Done()
	for _, e := range n.entries {
		everything(e.value, log)
	}
	for _, item := range n.items {
		everything(item, log)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a: b\nc: {d: [e, 'f', \"g\"]}\nh:\n  - i\n  - j: k\n    l: 0123\n", "a: &x !!str b\nc: *x\n", "? a\n: b\n--- c\n...\n",
		"a: |\n  b\n\n  c\nd: >-\n  e\n  f\n", "%YAML 1.2\n---\na: b", "a: \"b\\x41\\\"\"\n'c': d\n", "a: {b, c: }\n", "\ta:\r\tb\u00a0\xff\n",
		"a: [1, ~, yes, 1e3,]\n", "<<: {a: b}\n", "- a\n-- b\n", "a: b # c\n#d\n", "a:\n- b\n-   c: d\n", "a: {\n b: c\n}\n", "!!map {a: b}\n", "a: !", "@a: `b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, log := Parse("f", data)
		_, again := Parse("f", data)
		if !slices.Equal(log.Problems(), again.Problems()) {
			t.Fatal("two readings of one file differ")
		}
		if log.Empty() {
			text := render(root.node)
			second, log := Parse("f", []byte(text), MaxBytes(1<<24))
			if !log.Empty() || !equal(root.node, second.node) {
				t.Fatalf("what was read is not what is written again: %v", log.Problems())
			}
			if strings.Contains(string(data), "\r") {
				return
			}
			places(t, string(data), root.node)
		}

		masked, log := Parse("f", []byte(greek(string(data))))
		everything(masked.node, log)
		for _, p := range log.Problems() {
			for _, r := range p.String() + p.Hint {
				if unicode.Is(unicode.Greek, r) {
					t.Fatalf("a problem repeats the source: %s", p)
				}
			}
			if p.Line < 1 || p.Column < 1 {
				t.Fatalf("a problem has no place: %s", p)
			}
		}
	})
}

// places holds the place of each scalar against the source: its text, or its quote, stands there.
func places(t *testing.T, src string, n *node) {
	lines := strings.Split(src, "\n")
	check := func(p Place, text string, s style) {
		rest := string([]rune(lines[p.Line-1])[p.Column-1:])
		ok := map[style]bool{
			plain:  strings.HasPrefix(rest, text),
			quoted: strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "'"),
			block:  strings.HasPrefix(rest, "|") || strings.HasPrefix(rest, ">"),
		}[s]
		if !ok {
			t.Fatalf("%d:%d is not where it is said to be", p.Line, p.Column)
		}
	}
	if n.kind == scalar {
		check(n.place, n.text, n.style)
	}
	for _, e := range n.entries {
		rest := string([]rune(lines[e.place.Line-1])[e.place.Column-1:])
		if !strings.HasPrefix(rest, e.key) && !strings.ContainsAny(rest[:1], `"'`) {
			t.Fatalf("key at %d:%d is not where it is said to be", e.place.Line, e.place.Column)
		}
		places(t, src, e.value)
	}
	for _, item := range n.items {
		places(t, src, item)
	}
}

// render writes a tree in the plainest way: flow style, all text in double quotes. Text of several lines becomes a
// list of lines on both sides of the comparison.
func render(n *node) string {
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
	}
	var b strings.Builder
	switch n.kind {
	case scalar:
		b.WriteString(quote(n.text))
	case mapping:
		b.WriteString("{")
		for _, e := range n.entries {
			b.WriteString(quote(e.key) + ": " + render(e.value) + ", ")
		}
		b.WriteString("}")
	case sequence:
		b.WriteString("[")
		for _, item := range n.items {
			if item.kind == empty {
				b.WriteString(`"", `)
				continue
			}
			b.WriteString(render(item) + ", ")
		}
		b.WriteString("]")
	default:
	}
	return b.String()
}

func equal(a, b *node) bool {
	norm := func(s string) string { return strings.ReplaceAll(s, "\n", " ") }
	if a.kind == empty {
		return b.kind == empty || b.kind == scalar && b.text == ""
	}
	if a.kind != b.kind || norm(a.text) != norm(b.text) || len(a.entries) != len(b.entries) || len(a.items) != len(b.items) {
		return false
	}
	for i := range a.entries {
		if a.entries[i].key != b.entries[i].key || !equal(a.entries[i].value, b.entries[i].value) {
			return false
		}
	}
	for i := range a.items {
		if !equal(a.items[i], b.items[i]) {
			return false
		}
	}
	return true
}

// writer writes random documents and knows where each of its values stands.
type writer struct {
	rng          *rand.Rand
	out          strings.Builder
	line, column int
}

func (w *writer) write(s string) {
	for _, r := range s {
		w.out.WriteRune(r)
		w.column++
		if r == '\n' {
			w.line, w.column = w.line+1, 1
		}
	}
}

var words = []string{"a", "é", "x1", "E4A", "children", "日本", "two words", "6(1)(e)", "-", "a#b", "u:v", "it's", `say "x"`, "#", "a\\b", "{x}", "[", "null", "0123", "", "a, b", "a: b", " c ", "&d", "*e", "!f", "%g", "@h", "`i", "|", ">", "?", "~", "yes"}

func (w *writer) scalar(n *node, flow bool) {
	word := words[w.rng.IntN(len(words))]
	n.kind, n.place, n.text = scalar, Place{w.line, w.column}, word
	simple := !strings.ContainsAny(word, " -#:'\"\\{}[],&*!%@`|>?~") && word != "" && mistakenFor(word) == ""
	switch k := w.rng.IntN(4); {
	case simple && k < 2:
		w.write(word)
	case k == 2:
		n.style = quoted
		w.write("'" + strings.ReplaceAll(word, "'", "''") + "'")
	default:
		n.style = quoted
		w.write(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`)
	}
	_ = flow
}

func (w *writer) key(i int) entry {
	e := entry{key: fmt.Sprintf("k%d", i), place: Place{w.line, w.column}, value: &node{}}
	if w.rng.IntN(3) == 0 {
		w.write(`"` + e.key + `"`)
	} else {
		w.write(e.key)
	}
	w.write(":")
	return e
}

func (w *writer) flow(n *node, depth int) {
	n.place = Place{w.line, w.column}
	count := w.rng.IntN(4)
	switch k := w.rng.IntN(3); {
	case k == 0 || depth == 0:
		w.scalar(n, true)
	case k == 1:
		n.kind = mapping
		w.write("{")
		for i := range count {
			e := w.key(i)
			w.write(" ")
			w.flow(e.value, depth-1)
			n.entries = append(n.entries, e)
			w.write(strings.Repeat(" ", w.rng.IntN(2)))
			if i < count-1 {
				w.write(", ")
			}
		}
		w.write("}")
	default:
		n.kind = sequence
		w.write("[")
		for i := range count {
			item := &node{}
			w.flow(item, depth-1)
			n.items = append(n.items, item)
			if i < count-1 {
				w.write(", ")
			}
		}
		w.write("]")
	}
}

// block writes a mapping or sequence in block style; the cursor stands at indent.
func (w *writer) block(n *node, indent, depth int) {
	n.place = Place{w.line, w.column}
	count := 1 + w.rng.IntN(3)
	asMapping := depth == 4 || w.rng.IntN(2) == 0
	for i := range count {
		if i > 0 {
			w.write(strings.Repeat(" ", indent))
		}
		var child *node
		if asMapping {
			n.kind = mapping
			e := w.key(i)
			child = e.value
			n.entries = append(n.entries, e)
		} else {
			n.kind = sequence
			w.write("-")
			child = &node{}
			n.items = append(n.items, child)
		}
		step := 1 + w.rng.IntN(3)
		switch k := w.rng.IntN(4); {
		case k == 0 && depth > 0 && asMapping:
			w.write("\n" + strings.Repeat(" ", indent+step))
			w.block(child, indent+step, depth-1)
			continue
		case k == 0 && depth > 0:
			w.write(strings.Repeat(" ", step))
			w.block(child, indent+1+step, depth-1)
			continue
		case k == 1:
			w.write(" ")
			w.folded(child, indent+step)
			continue
		case k == 2:
			w.write(" ")
			w.flow(child, 3)
		default:
			w.write(" ")
			w.scalar(child, false)
		}
		if w.rng.IntN(4) == 0 {
			w.write("   # é: {comment")
		}
		w.write("\n")
		if w.rng.IntN(4) == 0 {
			w.write("\n# another\n")
		}
	}
}

func (w *writer) folded(n *node, indent int) {
	header := []string{"|", "|-", ">", ">-"}[w.rng.IntN(4)]
	n.kind, n.style, n.place = scalar, block, Place{w.line, w.column}
	w.write(header + "\n")
	separator := "\n"
	if header[0] == '>' {
		separator = " "
	}
	count := 1 + w.rng.IntN(3)
	for i := range count {
		if i > 0 {
			n.text += separator
		}
		text := []string{"Ünder: #1", "the {law}", "- says"}[w.rng.IntN(3)]
		n.text += text
		w.write(strings.Repeat(" ", indent) + text + "\n")
	}
	if len(header) == 1 {
		n.text += "\n"
	}
}

// Whatever is written in the accepted ways is read as written, each value and key at its place.
func TestReadsWhatIsWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		w := &writer{rng: rng, line: 1, column: 1}
		want := &node{}
		w.block(want, 0, 4)
		root, log := Parse("f", []byte(w.out.String()))
		if !log.Empty() {
			t.Fatalf("%v\n%s", log.Problems(), w.out.String())
		}
		if diff := firstDifference(want, root.node); diff != "" {
			t.Fatalf("%s\n%s", diff, w.out.String())
		}
	}
}

func firstDifference(a, b *node) string {
	if a.kind != b.kind || a.style != b.style || a.place != b.place || a.text != b.text ||
		len(a.entries) != len(b.entries) || len(a.items) != len(b.items) {
		return fmt.Sprintf("want %+v\ngot  %+v", *a, *b)
	}
	for i := range a.entries {
		if a.entries[i].key != b.entries[i].key || a.entries[i].place != b.entries[i].place {
			return fmt.Sprintf("key: want %+v, got %+v", a.entries[i], b.entries[i])
		}
		if d := firstDifference(a.entries[i].value, b.entries[i].value); d != "" {
			return d
		}
	}
	for i := range a.items {
		if d := firstDifference(a.items[i], b.items[i]); d != "" {
			return d
		}
	}
	if !reflect.DeepEqual(a, b) {
		return "trees differ"
	}
	return ""
}
