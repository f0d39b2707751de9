package parquetfile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompilerKeepsUntreatedDataIn writes programs that would hand untreated data to a Parquet writer, in every way that
// the types seem to offer, and sees the compiler refuse each. One control, the right way, must compile: else the
// refusals would say nothing.
func TestCompilerKeepsUntreatedDataIn(t *testing.T) {
	for _, c := range []struct {
		name, body string
		refused    string // part of the compiler's message; empty for what must compile
	}{
		{"treated batch", "func f(w *parquetfile.Writer, b *minimise.Batch) error { return w.Write(b) }", ""},
		{"slice of a treated batch", "func f(w *parquetfile.Writer, b *minimise.Batch) error { return w.Write(b.Slice(0, b.Len())) }", ""},

		{"untreated batch", "func f(w *parquetfile.Writer, b *extract.Batch) error { return w.Write(b) }",
			"cannot use b (variable of type *extract.Batch) as *minimise.Batch value in argument to w.Write"},
		{"conversion", "func f(w *parquetfile.Writer, b *extract.Batch) error { return w.Write((*minimise.Batch)(b)) }",
			"cannot convert b (variable of type *extract.Batch) to type *minimise.Batch"},
		{"value of an untreated batch", "func f(w *parquetfile.Writer, b *extract.Batch) error { return w.Write(minimise.Batch(*b)) }",
			"cannot convert *b (variable of struct type extract.Batch) to type minimise.Batch"},
		{"type of the same shape", "type batch struct { layout *int; rows []byte }\nfunc f(w *parquetfile.Writer, b *batch) error { return w.Write((*minimise.Batch)(b)) }",
			"cannot convert b (variable of type *batch) to type *minimise.Batch"},
		{"through any", "func f(w *parquetfile.Writer, b any) error { return w.Write(b) }",
			"cannot use b (variable of interface type any) as *minimise.Batch value in argument to w.Write: need type assertion"},
		{"function of untreated batches as a sink", "func f(w *parquetfile.Writer) func(*extract.Batch) error { return w.Write }",
			"cannot use w.Write (value of type func(b *minimise.Batch) error) as func(*extract.Batch) error value in return statement"},
		{"fields by name", `func f() *minimise.Batch { return &minimise.Batch{rows: []byte("raw")} }`,
			"cannot refer to unexported field rows in struct literal of type minimise.Batch"},
		{"layout by name", "func f() *minimise.Batch { return &minimise.Batch{layout: nil} }",
			"cannot refer to unexported field layout in struct literal of type minimise.Batch"},
		{"fields in order", `func f() *minimise.Batch { return &minimise.Batch{nil, []byte("raw")} }`,
			"implicit assignment to unexported field rows in struct literal of type minimise.Batch"},
		{"rows of a treated batch", `func f(b *minimise.Batch) { b.rows = []byte("raw") }`,
			"b.rows undefined (cannot refer to unexported field rows)"},
		{"layout of a treated batch", "func f(b *minimise.Batch) { b.layout = nil }",
			"b.layout undefined (cannot refer to unexported field layout)"},
		{"embedding", "type mine struct { minimise.Batch }\nfunc f(w *parquetfile.Writer, m *mine) error { return w.Write(m) }",
			"cannot use m (variable of type *mine) as *minimise.Batch value in argument to w.Write"},
		{"embedding and reaching in", `type mine struct { minimise.Batch }
func f(m *mine) { m.rows = []byte("raw") }`,
			"m.rows undefined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			message, err := compile(t, c.body)
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("does not compile: %v\n%s", err, message)
			case c.refused != "" && err == nil:
				t.Error("compiles: untreated data can reach a Parquet file")
			case c.refused != "" && !strings.Contains(message, c.refused):
				t.Errorf("is refused for another reason than %q:\n%s", c.refused, message)
			}
		})
	}
}

// compile compiles a package of this module that is on no disk within it, and returns what the compiler says.
func compile(t *testing.T, body string) (string, error) {
	t.Helper()
	source := "package guard\n"
	for _, name := range []string{"extract", "minimise", "parquetfile"} {
		if strings.Contains(body, name+".") {
			source += "import \"github.com/postern-gateway/postern/pkg/" + name + "\"\n"
		}
	}
	source += body + "\nvar _ = f\n"
	folder := t.TempDir()
	file, overlay := filepath.Join(folder, "guard.go"), filepath.Join(folder, "overlay.json")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "guard", "guard.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{file: []byte(source), overlay: replace} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-overlay", overlay, "./guard")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}
