package pkg_test

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	promiseRow = regexp.MustCompile(`(?m)^\| ([ABCD])([0-9]+) \| [^|]+ \| ([^|]+) \|([^|]*)\|$`)
	shownBy    = regexp.MustCompile("`([^`]+)`")
)

// promises is how many rows each part of the page has.
func promises() map[string]int { return map[string]int{"A": 15, "B": 20, "C": 17, "D": 16} }

// TestPromisesPage holds docs/promises.md to the study that it answers, row by row, and to the tests that it names: each
// is there. A row without a test says that the promise is not yet kept, or that it is nothing of the program's.
func TestPromisesPage(t *testing.T) {
	data, err := os.ReadFile("../docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	there := shows(t)
	rows := make(map[string]int)
	for _, m := range promiseRow.FindAllStringSubmatch(string(data), -1) {
		part, row, kept, shown := m[1], m[1]+m[2], m[3], shownBy.FindAllStringSubmatch(m[4], -1)
		if rows[part]++; row != part+strconv.Itoa(rows[part]) {
			t.Errorf("%s does not follow the row before it", row)
		}
		if len(shown) == 0 && !strings.Contains(kept, "**Not yet**") && !slices.Contains([]string{"B16", "C4", "D13", "D15", "B18"}, row) {
			t.Errorf("%s names no test and does not say that it is not kept yet", row)
		}
		for _, name := range shown {
			if !there[name[1]] {
				t.Errorf("%s is shown by %s, which is not there", row, name[1])
			}
		}
	}
	for part, n := range promises() {
		if rows[part] != n {
			t.Errorf("part %s has %d rows and should have %d", part, rows[part], n)
		}
	}
}

// shows lists what can show that a promise is kept: "pkg/export TestCanary", "gate.txtar", "interop".
func shows(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{"interop": true}
	for _, f := range goFiles(t) {
		if !f.test {
			continue
		}
		for _, decl := range f.tree.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(function.Name.Name, "Test") {
				there[f.pkg+" "+function.Name.Name] = true
			}
		}
	}
	err := filepath.WalkDir("../cmd/postern/testdata/script", func(name string, _ fs.DirEntry, err error) error {
		there[filepath.Base(name)] = strings.HasSuffix(name, ".txtar")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}
