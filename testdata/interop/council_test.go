package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The demo's council and agreement, as the demo sets them up.
const (
	laCode      = "331"
	agreementID = "dsa-coventry-fv-2026"
	cohortFrom  = "2020-04-01" // children referred on this day or later; and since when events may leave
	dataTo      = "2029-03-31"
	children    = "500"
	seed        = "2026" // the demo's
)

// council is a demo council that has published one drop.
type council struct {
	folder   string // of postern.yaml
	drop     string // the folder of the drop
	truth    string // the program that says what is true of its children
	manifest manifest
}

// manifest is what these tests need of manifest.json, read without Postern's own package.
type manifest struct {
	ReferenceDate string  `json:"reference_date"`
	Tables        []table `json:"tables"`
}

// table finds a table by its name; it must be there.
func (m manifest) table(t *testing.T, name string) table {
	t.Helper()
	for _, tab := range m.Tables {
		if tab.Name == name {
			return tab
		}
	}
	t.Fatalf("the manifest has no table %s", name)
	return table{}
}

type table struct {
	Name             string   `json:"name"`
	Files            []file   `json:"files"`
	Rows             int64    `json:"rows"`
	DistinctChildren int64    `json:"distinct_children"`
	ChildrenColumn   string   `json:"children_column"`
	Columns          []column `json:"columns"`
}

type file struct {
	Path             string `json:"path"`
	Rows             int64  `json:"rows"`
	DistinctChildren int64  `json:"distinct_children"`
}

type column struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Domain string `json:"domain"`
	Codes  []struct {
		Code string `json:"code"`
	} `json:"codes"`
	Nullable bool  `json:"nullable"`
	Nulls    int64 `json:"nulls"`
}

// newCouncil builds postern, and has the demo make a council with plain key files.
func newCouncil(t *testing.T) council {
	t.Helper()
	for _, tool := range []string{"ssh-keygen", "sh", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not in PATH: no council can be made", tool)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	c := council{folder: filepath.Join(t.TempDir(), "council"), truth: filepath.Join(bin, "truth")}
	build := exec.Command("go", "build", "-C", root, "-buildvcs=false", "-o", bin+string(filepath.Separator), "./cmd/...", "./testdata/truth")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build postern: %v\n%s", err, out)
	}
	demo := exec.Command("sh", filepath.Join(root, "testdata", "demo", "demo.sh"), "--folder", c.folder, "--bin", bin, "--children", children, "--plain-keys")
	if out, err := demo.CombinedOutput(); err != nil {
		t.Fatalf("make a council: %v\n%s", err, out)
	}
	sums, err := filepath.Glob(filepath.Join(c.folder, "drops", agreementID, "*", "SHA256SUMS.sig"))
	if err != nil || len(sums) != 1 {
		t.Fatalf("%d drops were published, %v; want 1", len(sums), err)
	}
	c.drop = filepath.Dir(sums[0])
	data, err := os.ReadFile(filepath.Join(c.drop, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &c.manifest); err != nil {
		t.Fatal(err)
	}
	return c
}

// parquet lists the files of a table as DuckDB's read_parquet takes them.
func (c council) parquet(t table) string {
	var paths []string
	for _, f := range t.Files {
		paths = append(paths, quote(filepath.Join(c.drop, filepath.FromSlash(f.Path))))
	}
	return "read_parquet([" + strings.Join(paths, ", ") + "])"
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func name(column string) string { return `"` + strings.ReplaceAll(column, `"`, `""`) + `"` }

// TestDrop makes one council and holds its drop against DuckDB, Python, a recount of the extracts, the truth, and
// the query of README.md.
func TestDrop(t *testing.T) {
	c := newCouncil(t)
	db := open(t)
	if n := len(c.manifest.Tables); n != 9 {
		t.Fatalf("the manifest has %d tables; want 9", n)
	}
	t.Run("manifest", func(t *testing.T) { testManifest(t, db, c) })
	t.Run("recount", func(t *testing.T) { testRecount(t, db, c) })
	t.Run("python", func(t *testing.T) { testPython(t, db, c) })
	t.Run("truth", func(t *testing.T) { testTruth(t, db, c) })
	t.Run("readme", func(t *testing.T) { testReadme(t, db, c) })
}
