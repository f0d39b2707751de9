package document_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/document"
)

// problemsOf walks a document with one key of each kind and returns what was found, one line per problem.
func problemsOf(src string) []string {
	root, log := document.Parse("f.yaml", []byte(src))
	for _, e := range root.Entries() {
		walkAny(e.Value)
	}
	return lines(log)
}

// walkAny asks of every value what it is.
func walkAny(v *document.Value) {
	switch {
	case v.IsMapping():
		for _, e := range v.Mapping().Entries() {
			walkAny(e.Value)
		}
	case v.IsSequence():
		for _, item := range v.Sequence() {
			walkAny(item)
		}
	default:
		_ = v.Text()
	}
}

func lines(log *document.Log) []string {
	var out []string
	for _, p := range log.Problems() {
		code := ""
		if p.Code.Written() {
			code = string(p.Code) + ": "
		}
		out = append(out, strings.Replace(strings.TrimPrefix(p.String(), "f.yaml:"), code, "", 1)) // codes have a test of their own
	}
	return out
}

func TestNotAccepted(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		want      []string
	}{
		{"nothing wrong", "a: b\nc: {d: [e, 'f g', \"h\"]}\ni:\n  - j\n  - k: l\n    m: o\n", nil},
		{"one document start", "---\na: b\n", nil},
		{"comments", "# é: x\na: b # c\n# d\n", nil},
		{"windows line ends", "a: b\r\nc: \"d\"\r\n", nil},
		{"no final line feed", "a: b", nil},
		{"empty", "", []string{"1:1: the file says nothing"}},
		{"comment only", "# a\n", []string{"1:1: the file says nothing"}},
		{"root is a list", "- a\n", []string{"1:1: is not a mapping (keys and values)"}},
		{"root is text", "abc\n", []string{"1:1: is not a mapping (keys and values)"}},
		{"duplicate", "a: b\nc: d\na: e\n", []string{"3:1: this key is there twice"}},
		{"duplicate, otherwise quoted", "a: b\n\"a\": e\n", []string{"2:1: this key is there twice"}},
		{"duplicate in flow", "x: {a: é, a: c}\n", []string{"1:11: this key is there twice"}},
		{"anchor and alias", "a: &x b\nc: *x\n", []string{"1:4: anchors (&) are not accepted", "2:4: aliases (*) are not accepted"}},
		{"merge key", "a: {b: c}\nd:\n  <<: {e: f}\n", []string{"3:3: merge keys (<<) are not accepted"}},
		{"tag", "a: !!str b\n", []string{"1:4: tags (!) are not accepted"}},
		{"two tags", "a: !!str b\nc: !x d\n", []string{"1:4: tags (!) are not accepted", "2:4: tags (!) are not accepted"}},
		{"explicit key", "? a\n: b\n", []string{"1:1: explicit keys (?) are not accepted"}},
		{"second document", "a: b\n---\nc: d\n", []string{"2:1: a second document (---) is not accepted"}},
		{"document end", "a: b\n...\n", []string{"2:1: document ends (...) are not accepted"}},
		{"directive", "%YAML 1.2\n---\na: b\n", []string{"1:1: directives (%) are not accepted", "2:1: a second document (---) is not accepted"}},
		{"tab", "a: b\nc:\td\n\te: f\n", []string{"2:3: tabs are not accepted", "3:1: tabs are not accepted"}},
		{"byte order mark", "\ufeffa: b\n", []string{"1:1: a byte order mark is not accepted"}},
		{"no-break space", "a: b\u00a0c\n", []string{"1:5: only the ordinary space is accepted"}},
		{"right-to-left override", "a: b\u202ec\n", []string{"1:5: control, formatting and private-use"}},
		{"zero width", "a: b\u200bc\n", []string{"1:5: control, formatting and private-use"}},
		{"control", "a: b\x07c\n", []string{"1:5: control, formatting and private-use"}},
		{"lone carriage return", "a: b\rc: d\n", []string{"1:5: only the ordinary space is accepted"}},
		{"next line", "a: b\u0085c: d\n", []string{"1:5: only the ordinary space is accepted"}},
		{"not UTF-8", "a: é\xffb\n", []string{"1:5: is not UTF-8 here"}},
		{"bare words", "a: yes\nb: No\nc: [on, OFF, y, N, True]\n", []string{
			"1:4: [1]: unquoted, this is a truth value", "2:4: [2]: unquoted, this is a truth value",
			"3:5: [3][1]: unquoted", "3:9: [3][2]: unquoted", "3:14: [3][3]: unquoted", "3:17: [3][4]: unquoted",
			"3:20: [3][5]: unquoted, this is a truth value"}},
		{"bare keys", "n: a\nx: {1: b, ~: c, yes: d}\n", []string{
			"1:1: unquoted, this key is a truth value", "2:5: unquoted, this key is a number",
			"2:11: unquoted, this key is nothing", "2:17: unquoted, this key is a truth value"}},
		{"numbers", "a: 0123\nb: 331\nc: 1e3\nd: 0x1F\ne: 12:30\nf: .inf\ng: 1_000\nh: +1\ni: 0o17\nj: 4E1\n", []string{
			"1:4: [1]: unquoted, this is a number", "2:4: [2]: unquoted, this is a number", "3:4: [3]: unquoted, this is a number",
			"4:4: [4]: unquoted, this is a number", "5:4: [5]: unquoted, this is a number", "6:4: [6]: unquoted, this is a number",
			"7:4: [7]: unquoted, this is a number", "8:4: [8]: unquoted, this is a number", "9:4: [9]: unquoted, this is a number",
			"10:4: [10]: unquoted, this is a number"}},
		{"dates", "a: 2026-04-01\nb: 2026-04-01T00:00:00Z\n", []string{
			"1:4: [1]: unquoted, this is a date", "2:4: [2]: unquoted, this is a date"}},
		{"nothing", "a: ~\nb: null\nc:\nd: ''\n", []string{
			"1:4: [1]: unquoted, this is nothing", "2:4: [2]: unquoted, this is nothing",
			"3:1: [3]: has no value, text is wanted", "4:4: [4]: is empty"}},
		{"set", "a: {b, c}\n", []string{"1:5: [1][1]: has no value", "1:8: [1][2]: has no value"}},
		{"empty item", "a:\n  - b\n  -\n", []string{"2:3: [1][2]: has no value"}},
		{"no number after all", "a: 6(1)(e)\nb: p1\nc: v1.2.3\nd: DPIA-2026-014\ne: 1-2\n", nil},
		{"plain text over lines", "a: b\n  c\nd: e\n", []string{"1:4: is not a value on one line"}},
		{"quoted text over lines", "a: \"b\n  c\"\nd: e\n", []string{"1:4: is quoted text that does not end on its line"}},
		{"escape", "a: \"b\\u0041\"\n", []string{"1:4: has an escape other than"}},
		{"accepted escapes", "a: \"b \\\"c\\\" \\\\\"\nd: 'it''s'\n", nil},
		{"block header", "a: |2\n    b\n", []string{"1:4: is a block with a header that is not accepted"}},
		{"keeping block", "a: |+\n  b\n\n", []string{"1:4: is a block with a header that is not accepted"}},
		{"block out of line", "a: |\n  b\n    c\n", []string{"3:5: is not in line with the first line of its block"}},
		{"key out of line", "a:\n    b: c\n   d: e\n", []string{"3:4"}},
		{"unclosed quote", "a: \"b\nc: d\n", []string{"1:4: cannot be read as YAML from here on"}},
		{"unclosed bracket", "a: [b\nc: d\n", []string{"2:1: the structure of the file is broken"}},
		{"two colons", "a: b: c\n", []string{"1:4: the structure of the file is broken"}},
		{"reserved character", "a: @b\n", []string{"1:4: cannot be read as YAML from here on"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := problemsOf(tc.src)
			ok := len(got) == len(tc.want)
			for i := range min(len(got), len(tc.want)) {
				ok = ok && strings.HasPrefix(got[i], tc.want[i])
			}
			if !ok {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestBounds(t *testing.T) {
	deep := func(n int) string {
		return "a: " + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "\n"
	}
	blockDeep := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
		}
		return b.String()
	}
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%d: b\n", i)
		}
		return b.String()
	}
	long := func(n int) string { return "a: [" + strings.Repeat("b,", n) + "]\n" }
	for _, tc := range []struct {
		name, src, want string
		options         []document.Limit
	}{
		{"depth 32", deep(document.MaxDepth), "", nil},
		{"depth 33", deep(document.MaxDepth + 1), "is nested too deeply", nil},
		{"depth 100,000", deep(100_000), "is nested too deeply", nil},
		{"block depth 33", blockDeep(document.MaxDepth + 1), "is nested too deeply", nil},
		{"block depth 300", blockDeep(300), "is nested too deeply", nil},
		{"sequences in a line", "a:\n  " + strings.Repeat("- ", 50_000) + "b\n", "is nested too deeply", nil},
		{"explicit keys in a line", strings.Repeat("? ", 50_000) + "b\n", "explicit keys (?) are not accepted", nil},
		{"anchors in a line", "a: " + strings.Repeat("&a ", 50_000) + "b\n", "anchors (&) are not accepted", nil},
		{"1,000 keys without a value", "a:\n" + strings.Repeat(" b: {c}\n", 1000), "there twice", nil},
		{"many keys without a value", strings.Repeat("a:\n", 66_000), "too many keys without a value", nil},
		{"many commented keys without a value", strings.Repeat("a: #\n", 40_000), "too many keys without a value", nil},
		{"many items without a value", "a:\n" + strings.Repeat("-\n", 100_000), "too many keys without a value", nil},
		{"many words in braces", "a: {" + strings.Repeat("b,", 90_000) + "}\n", "too many keys without a value", nil},
		{"many keys in braces without a value", "a: {" + strings.Repeat("b:,", 60_000) + "}\n", "too many keys without a value", nil},
		{"2,000 keys", keys(document.MaxKeys), "", nil},
		{"2,001 keys", keys(document.MaxKeys + 1), "2000 keys", nil},
		{"2,001 keys in braces", "a: {" + strings.ReplaceAll(keys(document.MaxKeys+1), "\n", ", ") + "}\n", "2000 keys", nil},
		{"many documents", strings.Repeat("a: b\n---\n", 28_000), "a second document", nil},
		{"10,000 items", long(document.MaxItems), "", nil},
		{"10,001 items", long(document.MaxItems + 1), "has more than 10000 entries", nil},
		{"256 KiB", "a: b\n#" + strings.Repeat("x", document.DefaultMaxBytes-7) + "\n", "", nil},
		{"256 KiB and one", "a: b\n#" + strings.Repeat("x", document.DefaultMaxBytes-6) + "\n", "too large", nil},
		{"larger by option", "a: b\n#" + strings.Repeat("x", document.DefaultMaxBytes) + "\n", "", []document.Limit{document.MaxBytes(1 << 20)}},
		{"too many values", "a: [" + strings.Repeat(",", 210_000) + "]\n", "too many values", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, log := document.Parse("f.yaml", []byte(tc.src), tc.options...)
			got := ""
			if err := log.Err(); err != nil {
				got = err.Error()
			}
			if (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWalk(t *testing.T) {
	const src = `version: 1
name: Ann O'Neill
la_code: "331"
share: 0.02
day: 2026-02-29
quoted: "2026-04-01"
ready: true
free:
  one: {x: a}
  two words: b
list: [a, b, 3]
long: >-
  One
  paragraph.

  Another.
lines: |
  a: b
  # no comment
typo: x
`
	root, log := document.Parse("f.yaml", []byte(src))
	if v := root.Int("version", document.Between(1, 9)); v != 1 {
		t.Errorf("version: %d", v)
	}
	if v := root.String("name"); v != "Ann O'Neill" {
		t.Errorf("name: %q", v)
	}
	if v := root.String("la_code", document.Matching(regexp.MustCompile(`^[0-9]{3}$`), "three digits")); v != "331" {
		t.Errorf("la_code: %q", v)
	}
	if v := root.Float("share"); v != 0.02 {
		t.Errorf("share: %v", v)
	}
	if _, ok := root.Date("day"); ok {
		t.Error("29 February 2026 was accepted")
	}
	if v, ok := root.Date("quoted"); !ok || v != civil.MustYMD(2026, 4, 1) {
		t.Errorf("quoted: %v", v)
	}
	if !root.Bool("ready") {
		t.Error("ready: false")
	}
	free := root.Mapping("free").Entries()
	if len(free) != 2 || free[0].Key != "one" || free[1].Key != "two words" || free[1].KeyPlace != (document.Place{Line: 10, Column: 3}) {
		t.Fatalf("free: %+v", free)
	}
	free[0].Known()
	_ = free[0].Value.Mapping().Int("x")
	_ = free[1].Value.Mapping().Int("x")
	if v := root.Strings("list"); strings.Join(v, " ") != "a b" {
		t.Errorf("list: %q", v)
	}
	if v := root.Text("long"); v != "One paragraph.\nAnother." {
		t.Errorf("long: %q", v)
	}
	if v := root.Text("lines"); v != "a: b\n# no comment" {
		t.Errorf("lines: %q", v)
	}
	if v := root.String("absent", document.Optional()); v != "" {
		t.Errorf("absent: %q", v)
	}
	_ = root.String("missing", document.Hint("add it"))
	root.Done()
	want := []string{
		"1:1: missing: is missing",
		"5:6: day: is not a date of the calendar",
		"9:12: free.one.x: is not a whole number",
		"10:14: free[2]: is a single value where a mapping (keys and values) is wanted",
		"11:14: list[3]: unquoted, this is a number to some readers where text is wanted",
		"20:1: unknown key",
	}
	if got := lines(log); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	problems := log.Problems()
	if hint := problems[0].Hint; hint != "add it" {
		t.Errorf("hint of the missing key: %q", hint)
	}
	if hint := problems[5].Hint; !strings.HasPrefix(hint, "accepted here: version, name, la_code") {
		t.Errorf("hint of the unknown key: %q", hint)
	}
	if next := problems.NextStep(); next != "line 1: add it" {
		t.Errorf("next step: %q", next)
	}
}

// A mapping that could not be read is reported once, whatever is asked of it.
func TestBrokenIsSilent(t *testing.T) {
	root, log := document.Parse("f.yaml", []byte("a: b\n"))
	m := root.Mapping("a")
	_, _ = m.Date("x")
	_ = m.String("y")
	_ = m.Mapping("z").Strings("w")
	m.Done()
	root.Done()
	if got := lines(log); len(got) != 1 || got[0] != "1:4: a: is a single value where a mapping (keys and values) is wanted" {
		t.Errorf("got %q", got)
	}
}

func TestTooManyProblems(t *testing.T) {
	root, log := document.Parse("f.yaml", []byte("a:"+strings.Repeat("\n - yes", 500)+"\n"))
	for _, e := range root.Entries() {
		walkAny(e.Value)
	}
	problems := log.Problems()
	if len(problems) != 201 || problems[199].Line != 201 || problems[200].Message != "there are more problems from here on" {
		t.Errorf("%d problems, the last at line %d: %s", len(problems), problems[len(problems)-1].Line, problems[len(problems)-1].Message)
	}
}
