package dir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/store"
)

// TestTidy: what is half made below a prefix goes, however new; everything else stays.
func TestTidy(t *testing.T) {
	s := open(t, t.TempDir())
	for _, key := range []string{"a/1/x", "a/1/b/y", "a/10/x"} {
		put(t, s, key, "x")
	}
	const temp = ".put-abcdefghijklmnopqrstuvwxyz"
	for _, name := range []string{"a/1/" + temp, "a/1/b/" + temp, "a/1/.other", "a/1/.put-short", "a/10/" + temp, "a/" + temp, temp} {
		if err := os.WriteFile(filepath.Join(s.path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range []string{"a/1", "a/1/", "a/2", "a/1/x/none"} {
		if err := s.Tidy(t.Context(), prefix); err != nil {
			t.Errorf("tidy %s: %v", prefix, err)
		}
	}
	want := []string{
		temp, "a", "a/" + temp, "a/1", "a/1/.other", "a/1/.put-short", "a/1/b", "a/1/b/y", "a/1/x", "a/10", "a/10/" + temp, "a/10/x",
	}
	names := everything(t, s.path)
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("tidy left\n%q, want\n%q", names, want)
	}
	if err := s.Tidy(t.Context(), "a/../b"); !errors.Is(err, store.ErrInvalidKey) {
		t.Errorf("a prefix that is no key: got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Tidy(ended, "a/10"); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: got %v", err)
	}
	if err := open(t, filepath.Join(t.TempDir(), "none")).Tidy(t.Context(), "a"); err != nil {
		t.Errorf("an empty store: %v", err)
	}
}
