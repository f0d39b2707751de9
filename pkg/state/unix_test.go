//go:build unix

package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestOpenOfExposed(t *testing.T) {
	for name, c := range map[string]struct {
		place string
		mode  fs.FileMode
		want  bool // exposed
	}{
		"all private":          {"", 0o700, false},
		"folder for group":     {"", 0o750, true},
		"folder to enter":      {"", 0o701, true},
		"folder to write":      {"", 0o702, true},
		"file for everybody":   {"salts.json", 0o604, true},
		"file for group":       {"runs/a/000001.json", 0o640, true},
		"file in the register": {"register/log", 0o660, true},
		"staged file":          {"staging/a/1/x.parquet", 0o644, true},
		"folder deep inside":   {"staging/a", 0o755, true},
		"file to execute":      {"salts.json", 0o700, false},
		"file to read only":    {"salts.json", 0o400, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			stage(t, path, "salts.json", "runs/a/000001.json", "register/log", "staging/a/1/x.parquet")
			if err := os.Chmod(filepath.Join(path, c.place), c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			if errors.Is(err, ErrExposed) != c.want || (err != nil) != c.want {
				t.Fatalf("got %v, want exposed %v", err, c.want)
			}
			if c.want && (!strings.Contains(finding.HintOf(err), "chmod 700") || !strings.Contains(err.Error(), c.place) ||
				!strings.Contains(err.Error(), fmt.Sprintf("%04o", c.mode))) {
				t.Errorf("%v (hint %q) does not say what to do", err, finding.HintOf(err))
			}
		})
	}
}

func TestOpenNamesTheFirstFew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	for n := range 20 {
		name := fmt.Sprintf("runs/a/%06d.json", n+1)
		stage(t, path, name)
		if err := os.Chmod(filepath.Join(path, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Open(path)
	if !errors.Is(err, ErrExposed) || strings.Count(err.Error(), "mode 0644") != exposedShown || !strings.Contains(err.Error(), "15 more") {
		t.Errorf("got %v", err)
	}
}

func TestOpenOfLinks(t *testing.T) {
	outside := t.TempDir()
	for name, plant := range map[string]func(path string) error{
		"link to a file":   func(path string) error { return os.Symlink(filepath.Join(outside, "x"), path+"/salts.json") },
		"link to a folder": func(path string) error { return os.Symlink(outside, path+"/staging") },
		"link inside":      func(path string) error { return os.Symlink("runs", path+"/staging") },
		"pipe":             func(path string) error { return syscall.Mkfifo(path+"/lock", 0o600) },
	} {
		path := filepath.Join(t.TempDir(), "state")
		stage(t, path, "runs/a/000001.json")
		if err := plant(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, ErrExposed) || !strings.Contains(finding.HintOf(err), "remove symbolic links") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestOpenThroughALink: the state folder itself may be reached by a link, and what it leads to is checked.
func TestOpenThroughALink(t *testing.T) {
	base := t.TempDir()
	if err := errors.Join(os.Mkdir(base+"/real", 0o700), os.Symlink(base+"/real", base+"/state"), os.Symlink("nowhere", base+"/broken")); err != nil {
		t.Fatal(err)
	}
	f := open(t, base+"/state")
	if _, err := f.AddRun("a", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if names := files(t, base+"/real"); !slices.Equal(names, []string{"runs/a/000001.json"}) {
		t.Errorf("got %q", names)
	}
	if err := os.Chmod(base+"/real", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(base + "/state"); !errors.Is(err, ErrExposed) {
		t.Errorf("got %v, want ErrExposed", err)
	}
	if f, err := Open(base + "/broken"); err == nil {
		if _, err := f.AddRun("a", []byte("{}")); err == nil {
			t.Error("a broken link was taken for a folder")
		}
	}
}

func TestSweepFollowsNoLink(t *testing.T) {
	outside := t.TempDir()
	stage(t, outside, "1/file", ".tmp-x")
	path := filepath.Join(t.TempDir(), "state")
	stage(t, path, "staging/a/1/file", "runs/b/000001.json")
	f := open(t, path)
	if err := errors.Join(
		os.Symlink(outside, path+"/staging/linked"),
		os.Symlink(outside, path+"/staging/a/2"),
		os.Symlink(outside, path+"/staging/a/1/deep"),
		os.Symlink(outside, path+"/runs/linked"),
	); err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(func(name string) bool { return name == "a/2" || name == "linked/1" }); err != nil {
		t.Fatal(err)
	}
	if names := files(t, outside); !slices.Equal(names, []string{".tmp-x", "1/file"}) {
		t.Errorf("swept outside: left %q", names)
	}
	if names := everything(t, path+"/staging"); len(names) > 0 {
		t.Errorf("left in staging: %q", names)
	}
	if err := errors.Join(os.Remove(path+"/staging"), os.Symlink(outside, path+"/staging")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(func(string) bool { return false }); err == nil {
		t.Error("staging was a link, and swept")
	}
	if names := files(t, outside); !slices.Equal(names, []string{".tmp-x", "1/file"}) {
		t.Errorf("swept outside: left %q", names)
	}
}

// TestModesDuringWork does everything that writes, with a umask that takes nothing away, and looks at every file and folder all
// the while.
func TestModesDuringWork(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "state")
	f := open(t, path)
	stop, looked := make(chan struct{}), make(chan error)
	go func() {
		var wrong error
		for looks := 0; ; looks++ {
			wrong = errors.Join(wrong, looseModes(path))
			select {
			case <-stop:
				if looks == 0 {
					wrong = errors.New("nobody looked")
				}
				looked <- wrong
				return
			default:
			}
		}
	}()
	lock, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	identity := rightsKey(t)
	for n := 1; n <= 10; n++ {
		drop := aDrop(n)
		staging, stagingErr := f.Staging(anAgreement, drop.ID)
		_, checkedErr := f.AddPreflight(anAgreement, []byte("{}"))
		_, runErr := f.AddRun(anAgreement, []byte("{}"))
		w, writerErr := f.MembershipWriter(anAgreement, drop.ID, "ssda903/episodes", identity.Recipient())
		if err := errors.Join(stagingErr, checkedErr, runErr, writerErr); err != nil {
			t.Fatal(err)
		}
		for _, pseudonym := range pseudonyms(5000) {
			if err := w.Add([]byte(pseudonym)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(
			looseModes(path), // with an index half written
			w.Close(),
			WriteFile(filepath.Join(staging, "plan.json"), []byte("{}")),
			f.ClaimSalt(fmt.Sprint("f", n), anAgreement, n),
			f.AppendDrop(anAgreement, drop),
			f.RemoveStaging(anAgreement, drop.ID),
		); err != nil {
			t.Fatal(err)
		}
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	close(stop)
	if err := errors.Join(<-looked, looseModes(path)); err != nil {
		t.Error(err)
	}
	if _, err := Open(path); err != nil {
		t.Error(err)
	}
	if names := files(t, path); len(names) != 10+10+10+3 { // pre-flights, runs and indexes; lock, salts, ledger
		t.Errorf("files: %q", names)
	}
}

// looseModes is an error for every folder that has not mode 0700 and every file that has not 0600.
func looseModes(path string) error {
	var wrong []error
	err := filepath.WalkDir(path, func(place string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = entry.Info()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // just removed
		}
		if err != nil {
			return err
		}
		if want := map[bool]fs.FileMode{true: fs.ModeDir | 0o700, false: 0o600}[entry.IsDir()]; info.Mode() != want {
			wrong = append(wrong, fmt.Errorf("%s has mode %v", place, info.Mode()))
		}
		return nil
	})
	return errors.Join(append(wrong, err)...)
}
