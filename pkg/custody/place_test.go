//go:build unix

package custody

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// TestOpenFiles gives every file and folder each right of the group and others in turn.
func TestOpenFiles(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		secrets := []string{"master" + suffix, "signing" + suffix, "register" + suffix, "salts/" + dsa + ".e1" + suffix}
		if suffix != "" {
			secrets = append(secrets, "identity")
		}
		for bit := fs.FileMode(1); bit <= 0o40; bit <<= 1 {
			for _, name := range secrets {
				chmod(t, c.path(name), 0o600|bit)
				wantKeyError(t, useAll(c), c.path(name), "open to other users (mode 06", "chmod 600 "+c.path(name))
				chmod(t, c.path(name), 0o600)
			}
			for _, folder := range []string{c.dir, c.path("salts")} {
				chmod(t, folder, 0o700|bit)
				wantKeyError(t, useAll(c), folder, "open to other users (mode 07", "chmod 700 "+folder)
				_, err := c.ring.NewCouncil(context.Background())
				wantKeyError(t, err, folder, "open to other users", "chmod 700 "+folder)
				_, err = c.ring.NewSalt(org, "dsa-new", 1)
				wantKeyError(t, err, folder, "open to other users", "chmod 700 "+folder)
				chmod(t, folder, 0o700)
			}
		}
		for _, name := range []string{"signing.pub", "register.pub", "rights.pub"} {
			chmod(t, c.path(name), 0o644)
			if err := useAll(c); err != nil {
				t.Errorf("a public file that all may read: %v", err)
			}
			for _, mode := range []fs.FileMode{0o664, 0o646, 0o620} {
				chmod(t, c.path(name), mode)
				wantKeyError(t, useAll(c), c.path(name), "other users can change it", "chmod go-w "+c.path(name))
			}
			chmod(t, c.path(name), 0o644)
		}
		// Stricter than needed is welcome.
		for _, name := range secrets {
			chmod(t, c.path(name), 0o400)
		}
		chmod(t, c.path("salts"), 0o500)
		chmod(t, c.dir, 0o500)
		if err := useAll(c); err != nil {
			t.Error(err)
		}
		chmod(t, c.dir, 0o700)
		chmod(t, c.path("salts"), 0o700)
	})
}

func TestSomethingElseInAFilesPlace(t *testing.T) {
	c := newCouncil(t, "")
	for _, name := range []string{"master", "signing", "register", "rights.pub", "salts/" + dsa + ".e1"} {
		path := c.path(name)
		whole := read(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		wantKeyError(t, useAll(c), path, "folder, not a file", "")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		// A pipe, which would be waited for.
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		wantKeyError(t, useAll(c), path, "not an ordinary file", "")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, path); err != nil {
			t.Fatal(err)
		}
		wantKeyError(t, useAll(c), path, "", "")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(c.path("salts")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.path("salts"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := c.ring.NewCouncil(context.Background())
	wantKeyError(t, err, c.path("salts"), "file, not a folder", "move")
	_, err = c.ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.salt, "not a directory", "")
}

// TestLinks follows symbolic links, and looks at both of their ends.
func TestLinks(t *testing.T) {
	c := newCouncil(t, "")
	vault := filepath.Join(filepath.Dir(c.dir), "vault")
	if err := os.Mkdir(vault, 0o700); err != nil {
		t.Fatal(err)
	}
	target, link := filepath.Join(vault, "master"), c.path("master")
	if err := os.Rename(link, target); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := useAll(c); err != nil {
		t.Fatalf("a link into a closed folder: %v", err)
	}
	chmod(t, vault, 0o750)
	wantKeyError(t, useAll(c), vault, "open to other users (mode 0750)", "chmod 700 "+vault)
	chmod(t, vault, 0o700)
	chmod(t, target, 0o640)
	wantKeyError(t, useAll(c), link, "open to other users (mode 0640)", "chmod 600 "+link)
	chmod(t, target, 0o600)
	// The link itself lies in a folder that others may change.
	open := filepath.Join(filepath.Dir(c.dir), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(open, "master")); err != nil {
		t.Fatal(err)
	}
	chmod(t, open, 0o777)
	refs := c.refs
	refs.Master = "file:" + filepath.Join(open, "master")
	_, err := Open(refs).AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, open, "open to other users (mode 0777)", "chmod 700 "+open)
	// A link to nothing is not filled.
	if err := os.Remove(target); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(c.path("salts")); err != nil {
		t.Fatal(err)
	}
	_, err = c.ring.NewCouncil(context.Background())
	wantKeyError(t, err, link, "never overwritten", "see what")
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Error("something was made at the end of a link")
	}
}
