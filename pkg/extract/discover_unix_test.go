//go:build unix

package extract_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestDiscoverLinks(t *testing.T) {
	outside := tree(t, map[string]string{"h.csv": header, "set/h.csv": header})
	for name, c := range map[string]struct {
		make func(root string)
		want []string
	}{
		"a link to a file is followed": {
			func(root string) { link(t, filepath.Join(outside, "h.csv"), filepath.Join(root, "2020-21", "h.csv")) },
			[]string{"2021 ssda903/header 2020-21/h.csv"}},
		"a link to a file of another name": {
			func(root string) { link(t, filepath.Join(outside, "h.csv"), filepath.Join(root, "2020-21", "h")) },
			[]string{"NO_EXTRACTS "}},
		"a link to nothing": {
			func(root string) {
				link(t, filepath.Join(outside, "none.csv"), filepath.Join(root, "2020-21", "h.csv"))
			},
			[]string{"FILE_UNREADABLE 2020-21/h.csv"}},
		"a link to itself": {
			func(root string) { link(t, "h.csv", filepath.Join(root, "2020-21", "h.csv")) },
			[]string{"FILE_UNREADABLE 2020-21/h.csv"}},
		// To leave a folder out would lose its children without a word.
		"a link to a folder": {
			func(root string) { link(t, filepath.Join(outside, "set"), filepath.Join(root, "2021-22")) },
			[]string{"PATH_UNREADABLE 2021-22"}},
		"a link to a folder, named like an extract": {
			func(root string) { link(t, outside, filepath.Join(root, "2021-22.csv")) },
			[]string{"PATH_UNREADABLE 2021-22.csv"}},
		"a hidden link to a folder": {
			func(root string) { link(t, outside, filepath.Join(root, ".2021-22")) },
			[]string{"NO_EXTRACTS "}},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, nil)
			if err := os.Mkdir(filepath.Join(root, "2020-21"), 0o755); err != nil {
				t.Fatal(err)
			}
			c.make(root)
			inventory, report, err := discover(t, root)
			if got := listed(root, inventory, report, err); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The folder that is named may be a link: the user named it.
func TestDiscoverARootThatIsALink(t *testing.T) {
	root := tree(t, map[string]string{"2020-21/h.csv": header})
	name := filepath.Join(t.TempDir(), "current")
	link(t, root, name)
	inventory, report, err := discover(t, name)
	if got, want := listed(name, inventory, report, err), []string{"2021 ssda903/header 2020-21/h.csv"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDiscoverPathsThatCannotBeRead(t *testing.T) {
	root := tree(t, map[string]string{"h.csv": header, "folder.csv/none.txt": "x", "plain": "x"})
	for path, want := range map[string]string{
		filepath.Join(root, "none"):           extract.RulePathUnreadable,
		filepath.Join(root, "none.csv"):       extract.RulePathUnreadable,
		filepath.Join(root, "h.csv", "x"):     extract.RulePathUnreadable, // a folder that is a file
		filepath.Join(root, "h.csv", "x.csv"): extract.RulePathUnreadable,
		filepath.Join(root, "folder.csv"):     extract.RuleNothingFound, // a file that is a folder, with no extract in it
		filepath.Join(root, "plain"):          extract.RuleNothingFound,
		"":                                    extract.RulePathUnreadable,
		"a\x00b":                              extract.RulePathUnreadable,
		strings.Repeat("x", 300):              extract.RulePathUnreadable, // longer than a name may be
	} {
		_, _, err := discover(t, path)
		if f := invalid(t, err); f.Rule != want {
			t.Errorf("%q: %v, want %s", path, f, want)
		}
	}
	for _, path := range []string{root, filepath.Join(root, "folder.csv")} {
		_, err := csv.Reader{}.Recognise(t.Context(), catalogue(t), path, "x.csv", &finding.Report{})
		if f := invalid(t, err); f.Rule != extract.RuleUnreadable || f.Place.File != "x.csv" || strings.Contains(err.Error(), root) {
			t.Errorf("a folder read as a file: %v", f)
		}
	}
}

func TestDiscoverWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	root := tree(t, map[string]string{"2020-21/h.csv": header, "2021-22/h.csv": header, "2022-23/h.csv": header})
	if err := os.Chmod(filepath.Join(root, "2020-21", "h.csv"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "2021-22"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "2021-22"), 0o755) }) // for the removal of the test's folder
	inventory, report, err := discover(t, root)
	want := []string{"FILE_UNREADABLE 2020-21/h.csv", "PATH_UNREADABLE 2021-22"}
	if got := listed(root, inventory, report, err); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Opening a named pipe waits for somebody to write to it: it is refused without opening.
func TestDiscoverANamedPipe(t *testing.T) {
	root := tree(t, nil)
	if err := syscall.Mkfifo(filepath.Join(root, "h.csv"), 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	done := make(chan []string)
	go func() {
		inventory, report, err := discover(t, root)
		done <- listed(root, inventory, report, err)
	}()
	select {
	case got := <-done:
		if !slices.Equal(got, []string{"FILE_UNREADABLE h.csv"}) {
			t.Errorf("got %v", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for a writer")
	}
}
