//go:build unix

package export_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestPanicsShowNoValue reads the program itself: whoever calls panic gives it a constant sentence (or http.ErrAbortHandler,
// which is one), and whoever recovers does not look at what it was. So no panic's text can hold a cell.
func TestPanicsShowNoValue(t *testing.T) {
	files := token.NewFileSet()
	panics, recovers := 0, 0
	for _, root := range []string{"../../pkg", "../../cmd"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			tree, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			p, r := panicsIn(tree, func(pos token.Pos, what string) { t.Errorf("%s: %s", files.Position(pos), what) })
			panics, recovers = panics+p, recovers+r
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if panics == 0 || recovers == 0 {
		t.Errorf("%d panics and %d recoveries were found: the program has some of both", panics, recovers)
	}
}

// panicsIn counts the calls of panic and recover in a file, and tells of those that could show a value.
func panicsIn(tree *ast.File, tell func(token.Pos, string)) (panics, recovers int) {
	dropped := make(map[ast.Node]bool) // calls of recover of which only is told whether there was something
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if isNil(n.Y) {
				dropped[n.X] = true
			}
		case *ast.ExprStmt:
			dropped[n.X] = true
		case *ast.CallExpr:
			name, ok := n.Fun.(*ast.Ident)
			switch {
			case !ok:
			case name.Name == "panic":
				panics++
				if text, ok := n.Args[0].(*ast.BasicLit); (!ok || text.Kind != token.STRING) && !isAbort(n.Args[0]) {
					tell(n.Pos(), "a panic says something other than a constant sentence")
				}
			case name.Name == "recover":
				recovers++
				if !dropped[n] {
					tell(n.Pos(), "what was recovered is kept, and could be shown")
				}
			}
		}
		return true
	})
	return panics, recovers
}

// isAbort reports the one value that net/http asks its handlers to panic with: a constant, of no text but its own name.
func isAbort(e ast.Expr) bool {
	of, ok := e.(*ast.SelectorExpr)
	if !ok || of.Sel.Name != "ErrAbortHandler" {
		return false
	}
	name, ok := of.X.(*ast.Ident)
	return ok && name.Name == "http"
}

func isNil(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "nil"
}

// TestPanicsAreSeen holds the test above to code that could show a value.
func TestPanicsAreSeen(t *testing.T) {
	for body, want := range map[string]int{
		`panic("a sentence")`:                       0,
		`if recover() != nil { return }`:            0,
		`recover()`:                                 0,
		`panic("a sentence " + cell)`:               1,
		`panic(err)`:                                1,
		`panic(http.ErrAbortHandler)`:               0,
		`panic(http.ErrBodyNotAllowed)`:             1,
		`panic(cell.ErrAbortHandler)`:               1,
		`panic(fmt.Sprint(http.ErrAbortHandler))`:   1,
		`panic(fmt.Sprint(cell))`:                   1,
		`if r := recover(); r != nil { return }`:    1,
		`err = fmt.Errorf("panic: %v", recover())`:  1,
		`defer func() { what = recover() }()`:       1,
		`if recover() != nil { panic("x" + cell) }`: 1,
	} {
		tree, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc f() {\n"+body+"\n}", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		panicsIn(tree, func(token.Pos, string) { got++ })
		if got != want {
			t.Errorf("%s: %d complaints, want %d", body, got, want)
		}
	}
}
