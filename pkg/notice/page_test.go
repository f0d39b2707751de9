package notice_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	inSource = regexp.MustCompile(`(?:c\.gap\(|c\.conflict\(|name: |flat: |AnswersNothing = )"([a-z-]+)"`)
	inPage   = regexp.MustCompile("(?m)^\\| `([a-z-]+…?)` \\| [^|]+ \\| [^|]+ \\|$")
)

// TestPage holds docs/notices.md to the names that points have: each once, and no other.
func TestPage(t *testing.T) {
	data, err := os.ReadFile("../../docs/notices.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range inPage.FindAllStringSubmatch(string(data), -1) {
		told = append(told, strings.TrimSuffix(m[1], "…"))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inSource.FindAllStringSubmatch(string(source), -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	slices.Sort(told)
	if len(names) < 30 || !slices.Equal(told, names) {
		t.Errorf("the page tells of\n  %s\nand the code raises\n  %s", strings.Join(told, "\n  "), strings.Join(names, "\n  "))
	}
}
