package pkg_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goFile is one Go file of the module.
type goFile struct {
	name  string // below the module's folder, slashes forward
	pkg   string // its package's folder
	test  bool
	lines int
	tree  *ast.File
}

func (f goFile) imports() []string {
	var out []string
	for _, i := range f.tree.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			name = i.Path.Value
		}
		out = append(out, name)
	}
	return out
}

// goFiles parses every Go file of the module: not those of modules within it, nor of what was built.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var out []goFile
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below := strings.TrimPrefix(filepath.ToSlash(name), "../")
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			module := err == nil && name != ".."
			if module || strings.HasPrefix(d.Name(), ".") && name != ".." || d.Name() == "testdata" || below == "bin" || below == "demo" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(below) != ".go" {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		out = append(out, goFile{below, path.Dir(below), strings.HasSuffix(below, "_test.go"), bytes.Count(data, []byte("\n")), tree})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// habits lists what is wrong with one file.
func habits(f goFile) []string {
	var out []string
	if slices.Contains([]string{"utils", "util", "common", "helpers", "helper", "manager", "base", "shared", "misc"}, f.tree.Name.Name) {
		out = append(out, "the package is not named for a thing of the field")
	}
	if f.test {
		return out
	}
	if f.lines > 500 {
		out = append(out, fmt.Sprintf("has %d lines: a file has 500 at most", f.lines))
	}
	for _, d := range f.tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			out = append(out, "has an init function: say what is to be done where it is wanted")
		}
	}
	return out
}

func TestHabits(t *testing.T) {
	files := goFiles(t)
	if len(files) < 200 {
		t.Fatalf("only %d files were found", len(files))
	}
	documented := make(map[string]int)
	for _, f := range files {
		for _, b := range habits(f) {
			t.Errorf("%s: %s", f.name, b)
		}
		if !f.test {
			n := documented[f.pkg]
			if f.tree.Doc.Text() != "" {
				n++
			}
			documented[f.pkg] = n
		}
	}
	for p, n := range documented {
		if n != 1 {
			t.Errorf("%s: %d files have a package comment; one has it", p, n)
		}
	}
}

// TestHabitsSeeBreaches holds the test above to files that must not be.
func TestHabitsSeeBreaches(t *testing.T) {
	for _, c := range []struct {
		source string
		lines  int
		test   bool
		want   int
	}{
		{"package civil\nfunc f() {}\ntype t int\nfunc (t) init() {}", 500, false, 0},
		{"package civil\nfunc init() {}", 2, false, 1},
		{"package civil", 501, false, 1},
		{"package civil\nfunc init() {}", 600, true, 0},
		{"package utils\nfunc init() {}", 501, false, 3},
		{"package helpers", 1, true, 1},
	} {
		tree, err := parser.ParseFile(token.NewFileSet(), "x.go", c.source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := habits(goFile{lines: c.lines, test: c.test, tree: tree}); len(got) != c.want {
			t.Errorf("%q with %d lines gives %q; want %d breaches", c.source, c.lines, got, c.want)
		}
	}
}
