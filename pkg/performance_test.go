package pkg_test

import (
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// benchmarkRow is a row of the table of benchmarks: a stage, and what measures it.
var (
	benchmarkRow  = regexp.MustCompile("(?m)^\\| ([A-Za-z ]+) \\| (`pkg/.*) \\|$")
	benchmarkName = regexp.MustCompile("`(pkg/[a-z/]+)`|\\b([A-Z][A-Za-z]+)\\b")
)

// TestPerformancePage holds the table of benchmarks in docs/performance.md to those that there are, and to having some for
// each stage.
func TestPerformancePage(t *testing.T) {
	data, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	for _, f := range goFiles(t) {
		for _, decl := range f.tree.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && f.test {
				there[f.pkg+" "+function.Name.Name] = true
			}
		}
	}
	var stages []string
	for _, row := range benchmarkRow.FindAllStringSubmatch(string(data), -1) {
		stages = append(stages, row[1])
		in, named := "", 0
		for _, m := range benchmarkName.FindAllStringSubmatch(row[2], -1) {
			if m[1] != "" {
				in = m[1]
				continue
			}
			if named++; !there[in+" Benchmark"+m[2]] {
				t.Errorf("%s is measured by Benchmark%s of %s, which is not there", row[1], m[2], in)
			}
		}
		if named == 0 {
			t.Errorf("nothing measures %s", row[1])
		}
	}
	for stage := range strings.SplitSeq("digest,split,code,harmonise,treat,HMAC,order,encode,read back,scan", ",") {
		if !slices.Contains(stages, stage) {
			t.Errorf("the page does not say what measures %s", stage)
		}
	}
}
