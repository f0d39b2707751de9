package dir

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
}

// TestConformanceOfNewFolder begins without the store's own folder.
func TestConformanceOfNewFolder(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "drops")) })
}

// TestConformanceWithoutLink runs the suite as on a file system that cannot link.
func TestConformanceWithoutLink(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skipf("%s has no rename that never replaces; TestNeitherLinkNorRename tests what happens", runtime.GOOS)
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		s := open(t, t.TempDir())
		s.link = func(*os.Root, string, string) error { return syscall.EPERM }
		return s
	})
}

// TestNeitherLinkNorRename has the steps that name an object fail, as on a file system without them and on a broken disk.
func TestNeitherLinkNorRename(t *testing.T) {
	fails := func(err error) func(*os.Root, string, string) error {
		return func(_ *os.Root, from, to string) error {
			return &os.LinkError{Op: "name", Old: from, New: to, Err: err}
		}
	}
	for _, c := range []struct {
		name         string
		link, rename error
		want         error
		hint         string
	}{
		{"neither works", syscall.EPERM, syscall.EINVAL, syscall.EPERM, "local disk"},
		{"the disk is broken at the link", syscall.EIO, nil, syscall.EIO, "run the same command again"},
		{"the disk is broken at the rename", errors.ErrUnsupported, syscall.EIO, syscall.EIO, "run the same command again"},
		{"full at the link", syscall.ENOSPC, nil, syscall.ENOSPC, "make room"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			s.link, s.rename = fails(c.link), fails(c.rename)
			err := s.Put(t.Context(), "a/b", store.BodyFromBytes([]byte("x")))
			var failed *store.Error
			if !errors.As(err, &failed) || !errors.Is(err, c.want) || !strings.Contains(finding.HintOf(err), c.hint) {
				t.Errorf("got %v (hint %q), want a *store.Error of %v that says %q", err, finding.HintOf(err), c.want, c.hint)
			}
			if names := everything(t, s.path); !slices.Equal(names, []string{"a"}) {
				t.Errorf("a failed put left %q", names)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	base := t.TempDir()
	if err := os.WriteFile(filepath.Join(base, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(base, "file"), filepath.Join(base, "no", "such"), filepath.Join(base, "file", "x")} {
		if s, err := Open(path); err == nil || finding.HintOf(err) == "" {
			t.Errorf("Open(%q): got %v and %v, want an error with a hint", path, s, err)
		}
	}
	s := open(t, filepath.Join(base, "drops"))
	if got, want := s.Location(), "dir:"+filepath.Join(base, "drops"); got != want {
		t.Errorf("location %q, want %q", got, want)
	}
	if keys := list(t, s, ""); len(keys) > 0 {
		t.Errorf("a folder that is not there lists %q", keys)
	}
	if n, err := s.Sweep(t.Context(), time.Now()); n != 0 || err != nil {
		t.Errorf("sweep of a folder that is not there: %d, %v", n, err)
	}
	if _, err := os.Stat(s.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading made the folder: %v", err)
	}
}

// TestFolderAndObject has one name asked to be both.
func TestFolderAndObject(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b/c", "x")
	put(t, s, "d", "x")
	for _, key := range []string{"a", "a/b", "d/e", "d/e/f"} {
		if err := s.Put(t.Context(), key, store.BodyFromBytes([]byte("x"))); !errors.Is(err, store.ErrTaken) {
			t.Errorf("put %s: got %v, want ErrTaken", key, err)
		}
	}
	if keys := list(t, s, ""); !slices.Equal(keys, []string{"a/b/c", "d"}) {
		t.Errorf("left %q", keys)
	}
}

// TestNothingIsLeft looks for temporary files after every way in which a put ends.
func TestNothingIsLeft(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/taken", "x")
	wrong := store.BodyFromBytes([]byte("abc"))
	wrong.SHA256[0] ^= 1
	broken := store.Body{Size: 10, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader([]byte("abc")), brokenReader{})), nil
	}}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		key  string
		body store.Body
	}{
		{t.Context(), "a/taken", store.BodyFromBytes([]byte("x"))},
		{t.Context(), "a/taken", store.BodyFromBytes([]byte("y"))},
		{t.Context(), "a/wrong", wrong},
		{t.Context(), "a/broken", broken},
		{ended, "a/ended", store.BodyFromBytes([]byte("z"))},
	} {
		_ = s.Put(c.ctx, c.key, c.body)
		if names := everything(t, s.path); !slices.Equal(names, []string{"a", "a/taken"}) {
			t.Errorf("after put %s: %q", c.key, names)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// TestStrangers puts names into the folder that Postern would not.
func TestStrangers(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b", "x")
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(s.path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a/.DS_Store")
	write(".hidden")
	if keys := list(t, s, ""); !slices.Equal(keys, []string{"a/b"}) {
		t.Errorf("names that begin with a dot: %q", keys)
	}
	write("a/my report.pdf")
	var last error
	for _, last = range s.List(t.Context(), "a/") {
	}
	var failed *store.Error
	if !errors.As(last, &failed) || finding.HintOf(last) == "" {
		t.Errorf("a name that is no key: got %v, want a *store.Error with a hint", last)
	}
	if keys := list(t, s, "a/b"); !slices.Equal(keys, []string{"a/b"}) {
		t.Errorf("a stranger that the prefix leaves out: %q", keys)
	}
}

func TestSweep(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b/c", "x")
	put(t, s, "d", "x")
	now := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	const random = "abcdefghijklmnopqrstuvwxyz"
	age := map[string]time.Duration{
		"a/b/.put-" + random:                  25 * time.Hour,  // stale
		".put-22222222222222222222222227":     48 * time.Hour,  // stale, in the root (26 characters)
		"a/.put-" + random:                    time.Hour,       // may be at work
		"a/b/.put-short":                      100 * time.Hour, // not ours
		"a/b/.put-" + strings.ToUpper(random): 100 * time.Hour, // not ours either
		"a/b/.other":                          100 * time.Hour,
		"a/b/c":                               100 * time.Hour,
		"d":                                   100 * time.Hour,
	}
	for name, old := range age {
		path := filepath.Join(s.path, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-old), now.Add(-old)); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := s.Sweep(t.Context(), now.Add(-24*time.Hour))
	if removed != 2 || err != nil {
		t.Errorf("swept %d files, error %v, want 2", removed, err)
	}
	want := []string{
		"a", "a/.put-" + random, "a/b", "a/b/.other", "a/b/.put-" + strings.ToUpper(random), "a/b/.put-short", "a/b/c", "d",
	}
	if names := everything(t, s.path); !slices.Equal(names, want) {
		t.Errorf("sweep left\n%q, want\n%q", names, want)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sweep(ended, now); !errors.Is(err, context.Canceled) {
		t.Errorf("sweep after the end: %v", err)
	}
}

func TestTempNamesAreSwept(t *testing.T) {
	s := open(t, t.TempDir())
	body := store.BodyFromBytes([]byte("abc"))
	looked := false
	body.Open = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader([]byte("ab")), readerFunc(func() {
			looked = true
			for _, name := range everything(t, s.path) {
				if !isTemp(name) {
					t.Errorf("%q is not taken for a temporary file", name)
				}
			}
		}), bytes.NewReader([]byte("c")))), nil
	}
	if err := s.Put(t.Context(), "a", body); err != nil || !looked {
		t.Errorf("put: %v, looked: %v", err, looked)
	}
}

type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) { f(); return 0, io.EOF }

// TestListGoesOnPastTheRemoved is a janitor at work while the list is read.
func TestListGoesOnPastTheRemoved(t *testing.T) {
	s := open(t, t.TempDir())
	for _, key := range []string{"a", "b", "c/d", "e"} {
		put(t, s, key, "x")
	}
	var got []string
	for object, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, object.Key); object.Key == "a" {
			if err := errors.Join(os.Remove(filepath.Join(s.path, "b")), os.RemoveAll(filepath.Join(s.path, "c"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(got, []string{"a", "e"}) {
		t.Errorf("got %q", got)
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	body := store.BodyFromBytes(make([]byte, 1<<20))
	b.SetBytes(body.Size)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if err := s.Put(b.Context(), "a/b/"+strconv.Itoa(n), body); err != nil {
			b.Fatal(err)
		}
	}
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, key, data string) {
	t.Helper()
	if err := s.Put(t.Context(), key, store.BodyFromBytes([]byte(data))); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, s *Store, prefix string) []string {
	t.Helper()
	var keys []string
	for object, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, object.Key)
	}
	return keys
}

// everything names all that is under a folder, hidden or not, in order.
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
