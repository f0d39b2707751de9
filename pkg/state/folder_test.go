package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

const anAgreement = "dsa-anywhere-2026"

func TestOpenOfNothing(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	runs, err := f.Runs(anAgreement)
	if len(runs) > 0 || err != nil {
		t.Errorf("runs: %v, %v", runs, err)
	}
	drops, err := f.Drops(anAgreement)
	if len(drops) > 0 || err != nil {
		t.Errorf("drops: %v, %v", drops, err)
	}
	if err := f.Sweep(func(string) bool { return false }); err != nil {
		t.Errorf("sweep: %v", err)
	}
	if err := f.RemoveStaging(anAgreement, "a"); err != nil {
		t.Errorf("remove staging: %v", err)
	}
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading made the folder: %v", err)
	}
	if got := f.RegisterDir(); got != filepath.Join(f.path, "register") {
		t.Errorf("the register is in %s", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	base := t.TempDir()
	if err := os.WriteFile(filepath.Join(base, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(base, "file"), filepath.Join(base, "no", "such"), filepath.Join(base, "file", "x")} {
		if f, err := Open(path); err == nil || finding.HintOf(err) == "" {
			t.Errorf("Open(%q): got %v and %v, want an error with a hint", path, f, err)
		}
	}
}

// badNames are names that could lead elsewhere, or be two names for one file.
var badNames = []string{
	"", ".", "..", "../x", "a/b", "/a", `a\b`, "a..b", ".a", "a.", "-a", "a-", "_a", "A", "a b", "a\x00", "a\n", "é", "a:b", "c:",
	"a*", "~", "$a", "%2e%2e", strings.Repeat("a", maxName+1), "a\xff",
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "0", "dsa-coventry-fv-2026", "0007-20261121", "a.b_c-d", strings.Repeat("a", maxName)} {
		if err := checkName("a thing", name); err != nil {
			t.Errorf("checkName(%q): %v", name, err)
		}
	}
	f := open(t, filepath.Join(t.TempDir(), "state"))
	for _, bad := range badNames {
		_, stagingErr := f.Staging(bad, "a")
		_, stagingErr2 := f.Staging("a", bad)
		_, addErr := f.AddRun(bad, []byte("{}"))
		_, runsErr := f.Runs(bad)
		_, runErr := f.Run(bad, 1)
		_, addCheckedErr := f.AddPreflight(bad, []byte("{}"))
		_, checkedErr := f.Preflight(bad, 1)
		_, dropsErr := f.Drops(bad)
		_, writerErr := f.MembershipWriter(bad, "d", "t", nil)
		_, writerErr2 := f.MembershipWriter("a", bad, "t", nil)
		var readErr error
		for _, readErr = range f.Membership("a", "d", bad+"/t", nil) {
		}
		for what, err := range map[string]error{
			"staging agreement": stagingErr, "staging name": stagingErr2, "remove staging": f.RemoveStaging("a", bad),
			"add pre-flight": addCheckedErr, "pre-flight": checkedErr, "add run": addErr, "runs": runsErr, "run": runErr, "drops": dropsErr, "append": f.AppendDrop(bad, aDrop(1)),
			"membership agreement": writerErr, "membership drop": writerErr2, "membership table": readErr,
			"salt": f.ClaimSalt("ab", bad, 1),
		} {
			if err == nil || !strings.Contains(err.Error(), "not a name for") || finding.HintOf(err) == "" {
				t.Errorf("%s %q: got %v, want a refusal with a hint", what, bad, err)
			} else if len(bad) > 3 && strings.Contains(err.Error(), bad) {
				t.Errorf("%s: the error repeats %q", what, bad)
			}
		}
	}
	for table, want := range map[string]bool{
		"children": true, "ssda903/episodes": true, "a/b/c": false, "/a": false, "a/": false, "": false, "../a": false, "a/..": false,
	} {
		if err := checkTable(table); (err == nil) != want {
			t.Errorf("checkTable(%q): %v", table, err)
		}
	}
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("refused names made the folder: %v", err)
	}
}

func FuzzName(f *testing.F) {
	for _, name := range badNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if validName(name) && (!filepath.IsLocal(name) || filepath.Base(name) != name || strings.ToLower(name) != name || tempName(name)) {
			t.Errorf("%q is taken for a name", name)
		}
	})
}

func TestStaging(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	path, err := f.Staging(anAgreement, "0001-20261121")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(f.path, "staging", anAgreement, "0001-20261121"); path != want {
		t.Errorf("got %s, want %s", path, want)
	}
	stage(t, path, "children.parquet")
	if again, err := f.Staging(anAgreement, "0001-20261121"); again != path || err != nil {
		t.Errorf("a second time: %s, %v", again, err)
	}
	if got := everything(t, path); !slices.Equal(got, []string{"children.parquet"}) {
		t.Errorf("a second time took files away: %q", got)
	}
	if _, err := f.Staging(anAgreement, "0002-20261122"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		want []string
	}{
		{"0001-20261121", []string{"staging", "staging/" + anAgreement, "staging/" + anAgreement + "/0002-20261122"}},
		{"0001-20261121", []string{"staging", "staging/" + anAgreement, "staging/" + anAgreement + "/0002-20261122"}},
		{"0002-20261122", []string{"staging"}},
	} {
		if err := f.RemoveStaging(anAgreement, step.name); err != nil {
			t.Fatal(err)
		}
		if got := everything(t, f.path); !slices.Equal(got, step.want) {
			t.Errorf("after %s: %q, want %q", step.name, got, step.want)
		}
	}
}

func TestSweep(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	for _, name := range []string{"a/1", "a/2", "b/1", "register/1"} {
		agreement, rest, _ := strings.Cut(name, "/")
		path, err := f.Staging(agreement, rest)
		if err != nil {
			t.Fatal(err)
		}
		stage(t, path, "deep/file")
	}
	stage(t, f.path, "staging/stray", "staging/a/stray", "register/.tmp-of-the-register", ".tmp-one", "runs/register/.tmp-two",
		"runs/register/000001.json", "membership/staging/d/t/.tmp-three", "membership/staging/d/t/x.age", "drops/a.json")
	var asked []string
	err := f.Sweep(func(name string) bool {
		asked = append(asked, name)
		return name == "a/2"
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a/1", "a/2", "b/1", "register/1"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	var got []string
	for _, name := range everything(t, f.path) {
		if info, err := os.Stat(filepath.Join(f.path, name)); err == nil && !info.IsDir() {
			got = append(got, name)
		}
	}
	want := []string{
		"drops/a.json", "membership/staging/d/t/x.age", "register/.tmp-of-the-register", "runs/register/000001.json", "staging/a/2/deep/file",
	}
	if !slices.Equal(got, want) {
		t.Errorf("left\n%q, want\n%q", got, want)
	}
	if names := everything(t, filepath.Join(f.path, "staging")); !slices.Equal(names, []string{"a", "a/2", "a/2/deep", "a/2/deep/file"}) {
		t.Errorf("left in staging: %q", names)
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.json")
	for _, data := range []string{"one", "", "another, longer"} {
		if err := WriteFile(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if names := everything(t, filepath.Dir(path)); !slices.Equal(names, []string{"plan.json"}) {
		t.Errorf("left %q", names)
	}
	if err := WriteFile(filepath.Join(path, "x"), nil); err == nil || finding.HintOf(err) == "" {
		t.Errorf("into a folder that is none: %v", err)
	}
}

func open(t testing.TB, path string) *Folder {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// stage makes files, with the folders above them, in the modes of a state folder.
func stage(t *testing.T, folder string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// everything names all that is under a folder, in order.
func everything(t *testing.T, path string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(path), ".", func(name string, _ fs.DirEntry, err error) error {
		if name != "." {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}
