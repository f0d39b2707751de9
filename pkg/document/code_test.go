package document_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/document"
)

// Each row is a document and the codes of its problems, in order. All codes that package document gives are among them.
func TestCodes(t *testing.T) {
	word := regexp.MustCompile("^[a-z]+$")
	seen := make(map[document.Code]bool)
	for _, tc := range []struct {
		name, src string
		want      string
	}{
		{"nothing wrong", "text: a\n", ""},
		{"ten megabytes", "text: " + strings.Repeat("a", 10<<20), "YAML_TOO_LARGE"},
		{"nested mappings", "a: " + strings.Repeat("{a: ", 40) + "b" + strings.Repeat("}", 40), "YAML_TOO_DEEP"},
		{"nested lists", "a: " + strings.Repeat("[", 70) + strings.Repeat("]", 70), "YAML_TOO_DEEP"},
		{"keys", manyKeys(document.MaxKeys + 1), "YAML_TOO_MANY"},
		{"items", "list: [" + strings.Repeat("a,", document.MaxItems+1) + "a]\n", "YAML_TOO_MANY"},
		{"bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
			"YAML_ANCHOR YAML_ANCHOR YAML_ALIAS YAML_ALIAS YAML_ALIAS YAML_ALIAS"},
		{"nothing", "# a\n", "YAML_NOTHING"},
		{"unclosed", "text: [a\n", "YAML_MALFORMED"},
		{"out of line", "m:\n    a: b\n  c: d\n", "YAML_MALFORMED"},
		{"tab", "text:\ta\n", "YAML_CHARACTER"},
		{"invisible character", "text: a\u200bb\n", "YAML_CHARACTER"},
		{"not UTF-8", "text: a\xff\n", "YAML_CHARACTER"},
		{"merge key", "m:\n  <<: {a: b}\n", "YAML_MERGE_KEY"},
		{"tag", "text: !!str a\n", "YAML_TAG"},
		{"explicit key", "? a\n: b\n", "YAML_EXPLICIT_KEY"},
		{"directive", "%YAML 1.2\n---\ntext: a\n", "YAML_DIRECTIVE YAML_SECOND_DOCUMENT"},
		{"document end", "text: a\n...\n", "YAML_DOCUMENT_END"},
		{"second document", "text: a\n---\ntext: b\n", "YAML_SECOND_DOCUMENT"},
		{"key twice", "text: a\ntext: b\n", "YAML_DUPLICATE_KEY"},
		{"key twice, once quoted", "text: a\n\"text\": b\n", "YAML_DUPLICATE_KEY"},
		{"Cyrillic letter in a key", "tеxt: a\n", "YAML_KEY_LOOKALIKE"},
		{"full-width letter in a key", "ｔext: a\n", "YAML_KEY_LOOKALIKE"},
		{"accent in a key within", "m: {é: a}\n", "YAML_KEY_LOOKALIKE"},
		{"the same letter in a value", "text: tеxt\n", ""},
		{"yes", "text: yes\n", "YAML_BARE_WORD"},
		{"key no", "no: a\n", "YAML_UNKNOWN_KEY YAML_BARE_WORD"},
		{"number for text", "text: 0123\n", "YAML_BARE_WORD"},
		{"null for text", "text: ~\n", "YAML_BARE_WORD"},
		{"escape", `text: "\n"` + "\n", "YAML_AMBIGUOUS"},
		{"plain text over lines", "text: a\n  b\n", "YAML_AMBIGUOUS"},

		{"unknown key", "text: a\nother: b\n", "YAML_UNKNOWN_KEY"},
		{"missing key", "number: 1\n", "YAML_MISSING_KEY"},
		{"mapping for text", "text: {a: b}\n", "YAML_WRONG_KIND"},
		{"text for a number", "text: a\nnumber: one\n", "YAML_WRONG_KIND"},
		{"text for a truth value", "text: a\ntruth: \"true\"\n", "YAML_WRONG_KIND"},
		{"root is a list", "- a\n", "YAML_WRONG_KIND"},
		{"empty text", "text: ''\n", "YAML_EMPTY_VALUE"},
		{"no value", "text:\n", "YAML_EMPTY_VALUE"},
		{"empty list", "text: a\nwords: []\n", "YAML_EMPTY_VALUE"},
		{"blanks", "text: ' a'\n", "YAML_BLANKS"},
		{"too long", "text: " + strings.Repeat("a", 2001) + "\n", "YAML_TOO_LONG"},
		{"unknown word", "text: a\nwords: [c]\n", "YAML_UNKNOWN_WORD"},
		{"form", "text: a\nform: A\n", "YAML_WRONG_FORM"},
		{"out of range", "text: a\nnumber: 5\n", "YAML_OUT_OF_RANGE"},
		{"no date", "text: a\nday: 2026-02-30\n", "YAML_NO_DATE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root, log := document.Parse("f.yaml", []byte(tc.src))
			root.String("text")
			root.Int("number", document.Optional(), document.Between(1, 4))
			root.Bool("truth", document.Optional())
			root.Strings("words", document.Optional(), document.NotEmpty(), document.OneOf("a", "b"))
			root.String("form", document.Optional(), document.Matching(word, "a word"))
			root.Date("day", document.Optional())
			for _, free := range []string{"a", "b", "c", "m", "list"} {
				root.Value(free, document.Optional())
			}
			root.Done()
			var got []string
			for _, p := range log.Problems() {
				seen[p.Code] = true
				if p.Code != document.MissingKey || tc.want == "YAML_MISSING_KEY" { // of what was not read for another reason
					got = append(got, string(p.Code))
				}
				if strings.Contains(p.String(), string(p.Code)) != p.Code.Written() || p.Code.Written() == p.Code.Shaped() {
					t.Errorf("%s is shown, or not, against its kind: %s", p.Code, p)
				}
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %s, want %s\n%v", strings.Join(got, " "), tc.want, log.Problems())
			}
		})
	}
	// Given by those who walk a document, and not by the package.
	seen[document.BrokenRule], seen[document.Repeated], seen[document.TooShort] = true, true, true
	for _, code := range allCodes(t) {
		if !seen[code] {
			t.Errorf("no document is refused with %s", code)
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: a\n", i)
	}
	return b.String()
}

// allCodes are the constants of the package of type Code, read from its source.
func allCodes(t *testing.T) []document.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[document.Code]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok {
			out[document.Code(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))] = true
		}
		return true
	})
	if len(out) < 30 {
		t.Fatalf("only %d codes found", len(out))
	}
	return slices.Sorted(maps.Keys(out))
}
