package store_test

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

func TestCheckKey(t *testing.T) {
	for key, want := range map[string]bool{
		"a":                                  true,
		"dsa-x/0001-20261121/SHA256SUMS.sig": true,
		"A_b-c.d/0":                          true,
		strings.Repeat("a", store.MaxPart):   true,
		strings.Repeat("ab/", store.MaxKey/3) + "a": true, // 1,024 bytes
		"":                                   false,
		"/":                                  false,
		"a/":                                 false,
		"/a":                                 false,
		"a//b":                               false,
		".":                                  false,
		"..":                                 false,
		"a/../b":                             false,
		"a/.b":                               false,
		"a.":                                 false,
		"a./b":                               false,
		"a..b":                               false,
		`a\b`:                                false,
		"a b":                                false,
		"a\x00":                              false,
		"ä":                                  false,
		strings.Repeat("a", store.MaxPart+1): false,
		strings.Repeat("ab/", store.MaxKey/3) + "ab": false, // 1,025 bytes
	} {
		err := store.CheckKey(key)
		if (err == nil) != want {
			t.Errorf("CheckKey(%q): got %v, want valid %v", key, err, want)
		}
		if err != nil && (!errors.Is(err, store.ErrInvalidKey) || finding.HintOf(err) == "") {
			t.Errorf("CheckKey(%q): %v is not ErrInvalidKey with a hint", key, err)
		}
	}
}

func TestCheckPrefix(t *testing.T) {
	for prefix, want := range map[string]bool{
		"": true, "a": true, "a/": true, "a/b": true, "a.": true, "a/b.": true, "-": true,
		"/": false, "a//": false, ".": false, "a/.": false, "a..": false, "a./": false, "a b": false, "a/b/../": false,
		strings.Repeat("a", store.MaxPart+1): false, strings.Repeat("a/", store.MaxKey): false,
	} {
		if err := store.CheckPrefix(prefix); (err == nil) != want || err != nil && !errors.Is(err, store.ErrInvalidKey) {
			t.Errorf("CheckPrefix(%q): got %v, want valid %v", prefix, err, want)
		}
	}
}

// FuzzKey holds the rules of keys against those of paths: a valid key is a clean local path that nothing changes, every
// beginning of it is a valid prefix, and no key that would lead out of a folder is valid.
func FuzzKey(f *testing.F) {
	for _, seed := range []string{"a/b.c", "..", "a/../b", "a//b", "/a", "a.", "CON", "a\\b", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if store.CheckKey(key) != nil {
			return
		}
		if !fs.ValidPath(key) || path.Clean(key) != key || filepath.ToSlash(filepath.FromSlash(key)) != key {
			t.Errorf("%q is valid and not a clean path", key)
		}
		if strings.ContainsAny(key, "\\:*?\"<>| \t\r\n'$`;&") || strings.Contains("/"+key, "/.") {
			t.Errorf("%q is valid and needs quoting", key)
		}
		for i := range len(key) + 1 {
			if err := store.CheckPrefix(key[:i]); err != nil {
				t.Errorf("%q is valid and its beginning %q is not: %v", key, key[:i], err)
			}
		}
	})
}
