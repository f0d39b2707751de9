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

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

// rules lists the rules that findings have, by the constants named for them (RuleDateOrder).
func rules(t *testing.T) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		for _, decl := range f.tree.Decls {
			constants, ok := decl.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, spec := range constants.Specs {
				value := spec.(*ast.ValueSpec)
				for i, name := range value.Names {
					if !strings.HasPrefix(name.Name, "Rule") || i >= len(value.Values) {
						continue
					}
					if literal, ok := value.Values[i].(*ast.BasicLit); ok && literal.Kind == token.STRING {
						rule, err := strconv.Unquote(literal.Value)
						if err != nil {
							t.Fatal(err)
						}
						all[rule] = true
					}
				}
			}
		}
	}
	return all
}

var ruleRow = regexp.MustCompile("(?m)^\\| `([A-Z][A-Z0-9_]+)` \\| [^|]+ \\| [^|]+ \\|$")

// TestFormatsPage holds docs/formats.md to the rules that findings have, each once with what to do about it, and to the
// formats and core tables of the definitions.
func TestFormatsPage(t *testing.T) {
	data, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range ruleRow.FindAllStringSubmatch(string(data), -1) {
		if slices.Contains(told, m[1]) {
			t.Errorf("docs/formats.md tells of %s twice", m[1])
		}
		told = append(told, m[1])
	}
	all := rules(t)
	if len(all) < 60 {
		t.Fatalf("only %d rules are found in the code", len(all))
	}
	for rule := range all {
		if !slices.Contains(told, rule) {
			t.Errorf("docs/formats.md does not say what to do about %s", rule)
		}
	}
	for _, rule := range told {
		if !all[rule] {
			t.Errorf("docs/formats.md tells of %s, which no finding has", rule)
		}
	}
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range catalogue.Tables() {
		switch {
		case !table.Core() && !strings.Contains(string(data), "\n| `"+table.Format+"` |"):
			t.Errorf("docs/formats.md does not tell of the format %s", table.Format)
		case table.Core() && !strings.Contains(string(data), table.Name):
			t.Errorf("docs/formats.md does not tell of the core table %s", table.Name)
		}
	}
}
