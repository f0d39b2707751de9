//go:build unix

package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		s := open(t, filepath.Join(t.TempDir(), "drops"))
		old := syscall.Umask(umask)
		err := s.Put(t.Context(), "a/b", store.BodyFromBytes([]byte("x")))
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]fs.FileMode{".": folderMode, "a": folderMode, "a/b": objectMode} {
			if info, err := os.Stat(filepath.Join(s.path, name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("umask %03o: %s has mode %v (error %v), want %v", umask, name, info.Mode(), err, want)
			}
		}
	}
}

func TestSetGroupIDIsHandedDown(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("%s hands the group down without the bit", runtime.GOOS)
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o770|fs.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, root), "a/b/c", "x")
	for _, name := range []string{"a", "a/b"} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || info.Mode() != fs.ModeDir|fs.ModeSetgid|folderMode {
			t.Errorf("%s has mode %v, error %v", name, info.Mode(), err)
		}
	}
}

// TestLinks has a symbolic link, a pipe and a link to a folder at every place that a key can lead through.
func TestLinks(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(root string) error{
		"object links out":       func(root string) error { return os.Symlink(filepath.Join(outside, "secret"), root+"/a/b") },
		"object links inside":    func(root string) error { return os.Symlink("../good/one", root+"/a/b") },
		"object links nowhere":   func(root string) error { return os.Symlink("nowhere", root+"/a/b") },
		"object is a pipe":       func(root string) error { return syscall.Mkfifo(root+"/a/b", 0o600) },
		"folder links out":       func(root string) error { return replace(root+"/a", outside) },
		"folder links inside":    func(root string) error { return replace(root+"/a", "good") },
		"folder links to itself": func(root string) error { return replace(root+"/a", "a") },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			put(t, s, "good/one", "x")
			if err := os.Mkdir(s.path+"/a", 0o750); err != nil {
				t.Fatal(err)
			}
			if err := plant(s.path); err != nil {
				t.Fatal(err)
			}
			before := everything(t, s.path)
			_, getErr := s.Get(t.Context(), "a/b")
			putErr := s.Put(t.Context(), "a/b", store.BodyFromBytes([]byte("x")))
			var listErr error
			for _, listErr = range s.List(t.Context(), "a") {
			}
			for what, err := range map[string]error{"get": getErr, "put": putErr, "list": listErr} {
				var failed *store.Error
				if !errors.As(err, &failed) || !strings.Contains(finding.HintOf(err), "remove it") {
					t.Errorf("%s: got %v, want a *store.Error that says to remove it", what, err)
				}
			}
			if after := everything(t, s.path); !slices.Equal(before, after) {
				t.Errorf("before %q, after %q", before, after)
			}
			if names := everything(t, outside); !slices.Equal(names, []string{"secret"}) {
				t.Errorf("written outside: %q", names)
			}
			if keys := list(t, s, "good/"); !slices.Equal(keys, []string{"good/one"}) {
				t.Errorf("the rest of the store lists %q", keys)
			}
		})
	}
}

// replace puts a symbolic link where an empty folder is.
func replace(folder, target string) error {
	return errors.Join(os.Remove(folder), os.Symlink(target, folder))
}

func TestRootMayBeALink(t *testing.T) {
	base := t.TempDir()
	if err := errors.Join(os.Mkdir(base+"/real", 0o750), os.Symlink("real", base+"/drops")); err != nil {
		t.Fatal(err)
	}
	s := open(t, base+"/drops")
	put(t, s, "a/b", "x")
	if names := everything(t, base+"/real"); !slices.Equal(names, []string{"a", "a/b"}) {
		t.Errorf("got %q", names)
	}
}

func TestSweepFollowsNoLink(t *testing.T) {
	outside := t.TempDir()
	const temp = ".put-abcdefghijklmnopqrstuvwxyz"
	s := open(t, t.TempDir())
	if err := errors.Join(os.WriteFile(outside+"/"+temp, nil, 0o600), os.Symlink(outside, s.path+"/"+temp)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d, error %v", n, err)
	}
	if err := os.Rename(s.path+"/"+temp, s.path+"/a"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d, error %v", n, err)
	}
	if names := everything(t, outside); !slices.Equal(names, []string{temp}) {
		t.Errorf("swept outside: left %q", names)
	}
}

func TestUnsupported(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EPERM: true, syscall.ENOTSUP: true, syscall.ENOSYS: true, syscall.EINVAL: true,
		syscall.EACCES: false, syscall.EEXIST: false, syscall.ENOSPC: false, syscall.EIO: false, syscall.EXDEV: false,
	} {
		if got := unsupported(&os.LinkError{Op: "link", Err: err}); got != want {
			t.Errorf("unsupported(%v) = %v", err, got)
		}
	}
	if unsupported(nil) {
		t.Error("no error is taken for an operation that is not supported")
	}
}
