package pkg_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var refusalRow = regexp.MustCompile("(?m)^\\| `([A-Z][A-Z0-9_]+)` \\| [^|]+ \\| [^|]+ \\| `([^`]+)` \\|$")

// TestRefusalsPage holds docs/refusals.md to the codes that refusals have: each once, with a script over the real
// program in which it is told.
func TestRefusalsPage(t *testing.T) {
	data, err := os.ReadFile("../docs/refusals.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts := make(map[string]string)
	files, err := filepath.Glob("../cmd/postern/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts[filepath.Base(file)] = string(text)
	}
	codes, there := refusalCodes(t), shows(t)
	var told []string
	for _, m := range refusalRow.FindAllStringSubmatch(string(data), -1) {
		code, script := m[1], m[2]
		switch {
		case slices.Contains(told, code):
			t.Errorf("%s is told twice", code)
		case !slices.Contains(codes, code):
			t.Errorf("there is no code %s", code)
		case !there[script]:
			t.Errorf("%s is shown by %s, which is not there", code, script)
		case strings.HasSuffix(script, ".txtar") && !strings.Contains(scripts[script], code):
			t.Errorf("%s is not told in %s", code, script)
		}
		told = append(told, code)
	}
	for _, code := range codes {
		if !slices.Contains(told, code) {
			t.Errorf("the page says nothing of %s", code)
		}
	}
}

// refusalCodes lists the constants of type Code in package finding.
func refusalCodes(t *testing.T) []string {
	t.Helper()
	var codes []string
	for _, f := range goFiles(t) {
		if f.name != "pkg/finding/refusal.go" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, typed := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if typed && literal && kind.Name == "Code" && value.Kind == token.STRING {
				code, err := strconv.Unquote(value.Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, code)
			}
			return true
		})
	}
	if len(codes) == 0 {
		t.Fatal("no code was found")
	}
	return codes
}
