package pkg_test

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

// schemaKeys lists the keys that the parser of dataset definitions asks for: the first argument of each question to a
// mapping.
func schemaKeys(t *testing.T) []string {
	t.Helper()
	questions := []string{"String", "Text", "Int", "Bool", "Date", "Strings", "Mapping", "Sequence", "Value", "columnsOf", "path"}
	var keys []string
	for _, f := range goFiles(t) {
		if f.test || f.pkg != "pkg/dataset" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			name := ""
			switch fun := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			case *ast.Ident:
				name = fun.Name
			}
			if !slices.Contains(questions, name) {
				return true
			}
			for _, arg := range call.Args[:min(2, len(call.Args))] {
				if literal, ok := arg.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					key, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					if key != "" && !slices.Contains(keys, key) {
						keys = append(keys, key)
					}
					break
				}
			}
			return true
		})
	}
	return keys
}

var inBackquotes = regexp.MustCompile("`([^`]+)`")

// TestSchemasPage holds docs/schemas.md to the keys that the parser knows: each is told, in its own quotes or in an example,
// and what stands first in a row of a table of keys is one.
func TestSchemasPage(t *testing.T) {
	data, err := os.ReadFile("../docs/schemas.md")
	if err != nil {
		t.Fatal(err)
	}
	page := regexp.MustCompile("(?s)```.*?```").ReplaceAllString(string(data), "")
	keys := schemaKeys(t)
	if len(keys) < 60 {
		t.Fatalf("only %d keys are found in the parser: %v", len(keys), keys)
	}
	told := make(map[string]bool)
	for _, m := range inBackquotes.FindAllStringSubmatch(page, -1) {
		told[m[1]] = true
		for _, word := range regexp.MustCompile(`[a-zA-Z_]+:`).FindAllString(m[1], -1) {
			told[strings.TrimSuffix(word, ":")] = true
		}
	}
	for _, key := range keys {
		if !told[key] {
			t.Errorf("docs/schemas.md does not tell of the key %s", key)
		}
	}
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.Contains(cells[1], "{") {
			continue
		}
		for _, m := range inBackquotes.FindAllStringSubmatch(cells[1], -1) {
			if !slices.Contains(keys, m[1]) && m[1] != "in_confidence" {
				t.Errorf("docs/schemas.md tells of a key %s, for which the parser does not ask", m[1])
			}
		}
	}
	for _, form := range dataset.DateForms() {
		if !told[form] {
			t.Errorf("docs/schemas.md does not tell of dates as %s", form)
		}
	}
	for _, kind := range dataset.Types() {
		if !told[string(kind)] {
			t.Errorf("docs/schemas.md does not tell of the type %s", kind)
		}
	}
	for _, class := range dataset.Classes() {
		if !told[string(class)] {
			t.Errorf("docs/schemas.md does not tell of the class %s", class)
		}
	}
}

// TestSchemasExample loads the example of the page, and holds it to feeding what it says.
func TestSchemasExample(t *testing.T) {
	data, err := os.ReadFile("../docs/schemas.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(data), "<!-- loads -->\n```yaml\n")
	example, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatal("the page has no example")
	}
	c, err := dataset.Load(schemas.Files, fstest.MapFS{"early_help.yaml": {Data: []byte(example)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"referrals", "children"} {
		sources := c.Table(name).Sources
		if last := sources[len(sources)-1]; last.Table != "early_help/referrals" {
			t.Errorf("%s is fed last by %s", name, last.Table)
		}
	}
}
