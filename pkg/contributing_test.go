package pkg_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

// section is the fenced block of CONTRIBUTING.md that begins with a line.
func section(t *testing.T, first string) string {
	t.Helper()
	data, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "\n"+first+"\n")
	text, _, foundToo := strings.Cut(rest, "\n```\n")
	if !found || !foundToo {
		t.Fatalf("CONTRIBUTING.md has no block that begins with %q", first)
	}
	return first + "\n" + text + "\n"
}

var floorLine = regexp.MustCompile(`^ *(-?[0-9]+)  (.*)$`)

// TestContributingHasTheSameFloors holds the table of CONTRIBUTING.md to floors().
func TestContributingHasTheSameFloors(t *testing.T) {
	listed := make(map[string]int)
	for line := range strings.Lines(section(t, "floor  packages")) {
		m := floorLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue
		}
		level, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range strings.Fields(m[2]) {
			listed["pkg/"+p] = level
		}
	}
	listed["schemas"] = -2 // a folder of data
	for p, level := range floors() {
		if got, there := listed[p]; !there || got != level {
			t.Errorf("CONTRIBUTING.md has %s on floor %d (%v); it stands on %d", p, got, there, level)
		}
	}
	for p := range listed {
		if _, there := floors()[p]; !there {
			t.Errorf("CONTRIBUTING.md lists %s, which there is not", p)
		}
	}
}

// TestContributingDefinitionLoads loads the example of a dataset definition beside the built-in ones.
func TestContributingDefinitionLoads(t *testing.T) {
	text := section(t, "apiVersion: postern/dataset/v1")
	load := func(text string) (*dataset.Catalogue, error) {
		return dataset.Load(schemas.Files, fstest.MapFS{"visits.yaml": {Data: []byte(text)}})
	}
	cat, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	table := cat.Table("visits/visits")
	if table == nil || table.ChildID != "PersonID" || table.Column("Seen") == nil || len(table.Column("Seen").Codes) != 3 {
		t.Fatal("the example does not define what it says")
	}
	for name, may := range map[string]bool{"VisitDate": true, "Minutes": true, "Worker": false, "Notes": false} {
		if table.Column(name).Class.Releasable() != may {
			t.Errorf("column %s of the example may leave: %v", name, !may)
		}
	}
	if _, err := load(strings.Replace(text, "codes: seen", "codes: other", 1)); err == nil {
		t.Error("an example that is wrong loads")
	}
}
