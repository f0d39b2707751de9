package custody_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/custody"
)

func TestEpochs(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return "file:" + filepath.Join(dir, name) }
	k := custody.Open(custody.References{
		Master: at("master"), Salts: at("salts"), Signing: at("signing"), Register: at("register"), Rights: at("rights.pub"),
	})
	wants := func(agreement string, want ...int) {
		t.Helper()
		if got, err := k.Epochs(agreement); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", agreement, got, err, want)
		}
	}
	wants("dsa-one") // no folder yet
	if _, err := k.NewCouncil(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, salt := range []struct {
		agreement string
		epoch     int
	}{{"dsa-one", 10}, {"dsa-one", 2}, {"dsa-one", 1}, {"dsa-one-more", 3}} {
		if _, err := k.NewSalt("331", salt.agreement, salt.epoch); err != nil {
			t.Fatal(err)
		}
	}
	wants("dsa-one", 1, 2, 10)
	wants("dsa-one-more", 3)
	wants("dsa-two")
	if err := os.Remove(filepath.Join(dir, "salts", "dsa-one-more.e3")); err != nil {
		t.Fatal(err)
	}
	wants("dsa-one-more")

	// A copy under another name is still a salt.
	if err := os.Rename(filepath.Join(dir, "salts", "dsa-one.e1"), filepath.Join(dir, "salts", "dsa-one.e1-copy")); err != nil {
		t.Fatal(err)
	}
	var wrong *custody.KeyError
	if _, err := k.Epochs("dsa-one"); !errors.As(err, &wrong) || wrong.NextStep() == "" {
		t.Errorf("a copy of a salt: %v", err)
	}
}
