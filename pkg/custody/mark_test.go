package custody

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"
)

// TestRegisterMark: it is made with the key, replaced whole, closed to others, and never made for a key that is there.
func TestRegisterMark(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		if data, err := c.ring.RegisterMark(); err != nil || string(data) != UnusedMark {
			t.Fatalf("made as %q, %v", data, err)
		}
		for _, text := range []string{"a longer text than the one before, by far, so that a tail of it would be seen\n", "short\n"} {
			// What a write that was killed leaves.
			if err := os.WriteFile(c.path(".register.mark.new"), []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := c.ring.SetRegisterMark([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if data, err := c.ring.RegisterMark(); err != nil || string(data) != text {
				t.Errorf("got %q, %v; want %q", data, err, text)
			}
		}
		info, err := os.Stat(c.path("register.mark"))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if _, err := os.Lstat(c.path(".register.mark.new")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("something is left: %v", err)
		}
		before := files(t, c.dir)
		for _, name := range []string{"register" + suffix, "register.pub"} {
			if err := os.Remove(c.path(name)); err != nil {
				t.Fatal(err)
			}
		}
		_, err = c.ring.NewCouncil(t.Context())
		wantKeyError(t, err, c.path("register"+suffix), "the mark of the last register that it signed is", "restore "+c.path("register"+suffix))
		if got := files(t, c.dir); got["register.mark"] != before["register.mark"] {
			t.Error("the mark was changed")
		}
		c = newCouncil(t, suffix)
		if err := os.Remove(c.path("register.mark")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ring.NewCouncil(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = c.ring.RegisterMark()
		wantKeyError(t, err, c.path("register.mark"), "it is not there", "restore "+c.path("register.mark"))
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}
