package pkg_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

var inTable = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// TestDependenciesAreExplained holds docs/dependencies.md to what the code imports: each module, in the right section,
// and none besides.
func TestDependenciesAreExplained(t *testing.T) {
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	moduleOf := func(imported string) string {
		longest := ""
		for _, r := range mod.Require {
			path := r.Mod.Path
			if (imported == path || strings.HasPrefix(imported, path+"/")) && len(path) > len(longest) {
				longest = path
			}
		}
		return longest
	}
	used, tested := make(map[string]bool), make(map[string]bool)
	for _, f := range goFiles(t) {
		for _, i := range f.imports() {
			m := moduleOf(i)
			switch {
			case m == "":
			case f.test:
				tested[m] = true
			default:
				used[m] = true
			}
		}
	}
	page, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	linked, rest, found := strings.Cut(string(page), "\n## In tests only\n")
	only, _, foundToo := strings.Cut(rest, "\n## In modules of their own\n")
	if !found || !foundToo || len(used) < 5 {
		t.Fatalf("the page has not its sections, or only %d modules are imported", len(used))
	}
	named := func(text string) []string {
		var out []string
		for _, m := range inTable.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		return out
	}
	for m := range used {
		if !slices.Contains(named(linked), m) {
			t.Errorf("docs/dependencies.md does not say why %s is there", m)
		}
	}
	for _, m := range named(linked) {
		if !used[m] {
			t.Errorf("docs/dependencies.md explains %s, which no command imports", m)
		}
	}
	for m := range tested {
		if !used[m] && !slices.Contains(named(only), m) {
			t.Errorf("docs/dependencies.md does not say why the tests need %s", m)
		}
	}
	for _, m := range named(only) {
		if !tested[m] || used[m] {
			t.Errorf("docs/dependencies.md explains %s as one of the tests only", m)
		}
	}
}
