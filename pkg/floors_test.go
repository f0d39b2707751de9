// Package pkg_test holds the packages below to the order they stand in: who may import whom, how files are kept, and
// what may not stand in them. CONTRIBUTING.md says the same in words.
package pkg_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const module = "github.com/postern-gateway/postern/"

// floors says on which floor each package stands. A package imports only lower floors.
func floors() map[string]int {
	return map[string]int{
		// The ground has two steps: document rests on civil.
		"pkg/civil": -2, "pkg/finding": -2, "schemas": -2,
		"pkg/document": -1,
		"pkg/dataset":  0, "pkg/identifier": 0, "pkg/manifest": 0, "pkg/register": 0, "pkg/signature": 0, "pkg/store": 0, "pkg/table": 0,
		"pkg/agreement": 1, "pkg/extract": 1, "pkg/extract/internal/markup": 1, "pkg/pseudonym": 1, "pkg/state": 1, "pkg/store/dir": 1, "pkg/store/s3": 1, "pkg/store/storetest": 1,
		"pkg/custody": 2, "pkg/extract/csv": 2, "pkg/extract/xlsx": 2, "pkg/extract/xml": 2, "pkg/harmonise": 2, "pkg/notice": 2, "pkg/recipient": 2, "pkg/store/s3/s3test": 2,
		"pkg/draft": 3, "pkg/minimise": 3, "pkg/recipient/recipienttest": 3, "pkg/synth": 3,
		"pkg/disclosure": 4, "pkg/parquetfile": 4,
		"pkg/export": 5,
		"pkg/config": 6,
	}
}

// breaches lists what is wrong with who imports whom: packages by their path in the module, imports by their own path.
func breaches(imports map[string][]string) []string {
	var out []string
	floor := floors()
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		command := strings.HasPrefix(from, "cmd/")
		if _, known := floor[from]; !known && !command {
			out = append(out, from+" stands on no floor: give it one in floors(), .golangci.yml and CONTRIBUTING.md")
			continue
		}
		for _, imported := range imports[from] {
			to, own := strings.CutPrefix(imported, module)
			switch {
			case !own:
			case strings.HasPrefix(to, "cmd/"):
				out = append(out, fmt.Sprintf("%s imports the command %s", from, to))
			case !command && floor[to] >= floor[from]:
				out = append(out, fmt.Sprintf("%s (floor %d) imports %s (floor %d)", from, floor[from], to, floor[to]))
			case to == "pkg/config" && !command:
				out = append(out, from+" imports the configuration, which is for commands")
			case to == "pkg/pseudonym" && !slices.Contains([]string{"pkg/custody", "pkg/minimise", "pkg/rights", "cmd/postern"}, from):
				out = append(out, from+" imports pseudonym: only custody, minimise, rights and cmd/postern may")
			}
		}
	}
	return out
}

// forbidden lists what the recipient's binary must not reach.
func forbidden(reached []string) []string {
	var out []string
	for _, p := range reached {
		to, _ := strings.CutPrefix(p, module)
		for _, never := range []string{"pkg/extract", "pkg/pseudonym", "pkg/custody", "github.com/apache/arrow"} {
			if to == never || strings.HasPrefix(to, never+"/") {
				out = append(out, to)
			}
		}
	}
	return out
}

// TestFloors looks at the imports of every file that is not a test, for whatever system it is built.
func TestFloors(t *testing.T) {
	imports := make(map[string][]string)
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		imports[f.pkg] = append(imports[f.pkg], f.imports()...)
	}
	if len(imports) < 25 || !slices.Contains(imports["pkg/export"], module+"pkg/minimise") {
		t.Fatalf("only %d packages were found, or not what they import", len(imports))
	}
	for _, b := range breaches(imports) {
		t.Error(b)
	}
	for p := range floors() {
		if imports[p] == nil && p != "schemas" {
			t.Errorf("there is no package %s, but it has a floor", p)
		}
	}
}

// TestFloorsSeeBreaches holds the test above to imports that must not be.
func TestFloorsSeeBreaches(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"pkg/manifest", "pkg/signature", "pkg/manifest (floor 0) imports pkg/signature (floor 0)"},
		{"pkg/extract", "pkg/export", "pkg/extract (floor 1) imports pkg/export (floor 5)"},
		{"pkg/finding", "pkg/civil", "pkg/finding (floor -2) imports pkg/civil (floor -2)"},
		{"pkg/store", "pkg/store/dir", "pkg/store (floor 0) imports pkg/store/dir (floor 1)"},
		{"pkg/export", "pkg/pseudonym", "pkg/export imports pseudonym: only custody, minimise, rights and cmd/postern may"},
		{"cmd/postern-verify", "pkg/pseudonym", "cmd/postern-verify imports pseudonym: only custody, minimise, rights and cmd/postern may"},
		{"pkg/export", "pkg/config", "pkg/export (floor 5) imports pkg/config (floor 6)"},
		{"pkg/config", "cmd/postern", "pkg/config imports the command cmd/postern"},
		{"pkg/utils", "pkg/finding", "pkg/utils stands on no floor: give it one in floors(), .golangci.yml and CONTRIBUTING.md"},
	} {
		got := breaches(map[string][]string{c.from: {"fmt", module + c.to}})
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s importing %s gives %q; want %q", c.from, c.to, got, c.want)
		}
	}
	for _, c := range [][2]string{
		{"pkg/store/dir", "pkg/store"}, {"pkg/document", "pkg/civil"}, {"cmd/postern", "pkg/pseudonym"}, {"cmd/postern", "pkg/config"}, {"pkg/minimise", "pkg/pseudonym"},
	} {
		if got := breaches(map[string][]string{c[0]: {module + c[1]}}); len(got) != 0 {
			t.Errorf("%s may import %s, but: %q", c[0], c[1], got)
		}
	}
}

// TestVerifierReachesNoKeyAndNoExtract follows the imports of postern-verify to the end, on each system.
func TestVerifierReachesNoKeyAndNoExtract(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		reached := deps(t, system, "./cmd/postern-verify")
		if !slices.Contains(reached, module+"pkg/recipient") || !slices.Contains(reached, "github.com/parquet-go/parquet-go") {
			t.Fatalf("%s: go list says nothing of what is reached", system)
		}
		for _, p := range forbidden(reached) {
			t.Errorf("%s: cmd/postern-verify reaches %s", system, p)
		}
	}
	// The same look at postern finds all four.
	if got := forbidden(deps(t, "linux", "./cmd/postern")); len(got) < 5 {
		t.Errorf("postern reaches only %q", got)
	}
}

func deps(t *testing.T, system, of string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", of)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	return strings.Fields(string(out))
}

// TestLinterHasTheSameFloors holds .golangci.yml to floors(): each package is denied, by the rule of its floor, to all
// packages on its floor and below, and to no other.
func TestLinterHasTheSameFloors(t *testing.T) {
	data, err := os.ReadFile("../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	type rule struct {
		Files []string               `yaml:"files"`
		Deny  []struct{ Pkg string } `yaml:"deny"`
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]rule `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	rules := config.Linters.Settings.Depguard.Rules
	names := map[int]string{-2: "floor-ground", -1: "floor-document"}
	for _, level := range slices.Compact(slices.Sorted(maps.Values(floors()))) {
		name := names[level]
		if name == "" {
			name = "floor-" + strconv.Itoa(level)
		}
		var holds, denied []string
		for _, glob := range rules[name].Files {
			holds = append(holds, expand(glob)...)
		}
		for _, d := range rules[name].Deny {
			denied = append(denied, strings.TrimPrefix(d.Pkg, module))
		}
		for p, other := range floors() {
			if got := slices.Contains(holds, p); got != (other <= level) {
				t.Errorf(".golangci.yml: rule %s covers %s: %v, but it stands on floor %d", name, p, got, other)
			}
			if level > -2 && slices.Contains(denied, p) != (other == level) {
				t.Errorf(".golangci.yml: rule %s denies %s: %v, but it stands on floor %d", name, p, slices.Contains(denied, p), other)
			}
		}
	}
}

var glob = regexp.MustCompile(`^\*\*/(.*?)(?:\{(.*)\})?/\*\.go$`)

// expand lists the packages of a pattern such as **/pkg/{civil,finding}/*.go.
func expand(pattern string) []string {
	m := glob.FindStringSubmatch(pattern)
	if m == nil {
		return nil
	}
	if m[2] == "" {
		return []string{m[1]}
	}
	var out []string
	for name := range strings.SplitSeq(m[2], ",") {
		out = append(out, path.Join(m[1], name))
	}
	return out
}
