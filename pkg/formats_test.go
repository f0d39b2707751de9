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
	"github.com/postern-gateway/postern/pkg/finding"
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

// TestRulesWeigh holds the list of rules that an agreement is checked against to the rules that findings have, and what
// each does by itself to the part of docs/formats.md that tells of it.
func TestRulesWeigh(t *testing.T) {
	data, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	parts := map[finding.Severity]string{finding.Stop: "**Ends the run**", finding.Quarantine: "**Keeps a row back**", finding.Warning: "**A warning**", finding.Notice: "**A notice**"}
	told := make(map[string]finding.Severity)
	for severity, title := range parts {
		_, part, ok := strings.Cut(page, "\n"+title)
		if !ok {
			t.Fatalf("docs/formats.md has no part %s", title)
		}
		for _, other := range parts {
			part, _, _ = strings.Cut(part, "\n"+other)
		}
		for _, m := range ruleRow.FindAllStringSubmatch(part, -1) {
			told[m[1]] = severity
		}
	}
	_, raised, _ := strings.Cut(page, "\nThese may be made to keep their rows back:")
	raised, _, _ = strings.Cut(raised, "\n\n")
	listed := make(map[string]bool)
	all := rules(t)
	for _, rule := range finding.Rules() {
		listed[rule.Name] = true
		if !all[rule.Name] {
			t.Errorf("no finding has the rule %s", rule.Name)
		}
		if told[rule.Name] != rule.Severity {
			t.Errorf("docs/formats.md tells of %s as a %s; it is a %s", rule.Name, told[rule.Name], rule.Severity)
		}
		if rule.Says == "" && len(rule.Raisable()) > 0 {
			t.Errorf("nothing says in words what %s is, and an agreement may raise it", rule.Name)
		}
		if alone := strings.Contains(raised, "`"+rule.Name+"`"); alone != slices.Contains(rule.Raisable(), finding.Quarantine) {
			t.Errorf("docs/formats.md says that %s may be made to keep its row back: %v", rule.Name, alone)
		}
	}
	for rule := range all {
		if !listed[rule] {
			t.Errorf("finding.Rules does not list %s", rule)
		}
	}
}
