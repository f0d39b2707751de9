//go:build unix

package dir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// The tests of this file run their own binary again as another process, which does one of these in a store's folder.
const (
	helperVariable = "POSTERN_TEST_STORE_HELPER"
	helperDies     = "dies"   // kills itself while it reads the body's byte of a given number
	helperLoops    = "loops"  // puts objects until it is killed
	helperOnce     = "once"   // puts one large object and prints what came of it
	helperNobody   = "nobody" // the same, without the privileges of root
)

const largeSize = 2 << 20

func TestMain(m *testing.M) {
	what := os.Getenv(helperVariable)
	if what == "" {
		os.Exit(m.Run())
	}
	if err := help(what, os.Args[1:]); err != nil {
		fmt.Println("error:", err)
		fmt.Println("hint:", finding.HintOf(err))
		var failed *store.Error
		fmt.Println("failure:", errors.As(err, &failed))
	}
	os.Exit(0)
}

func help(what string, args []string) error {
	if what == helperNobody && os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
			return err
		}
	}
	s, err := Open(args[0])
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch what {
	case helperDies:
		at, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		body := store.BodyFromBytes(large())
		source := body.Open
		body.Open = func() (io.ReadCloser, error) {
			reader, err := source()
			return io.NopCloser(io.MultiReader(io.LimitReader(reader, int64(at)), suicide{}, reader)), err
		}
		return s.Put(ctx, "a/b/large", body)
	case helperLoops:
		for n := 0; ; n++ {
			if err := s.Put(ctx, fmt.Sprintf("%s/%d/object", args[1], n), store.BodyFromBytes(large()[:64<<10])); err != nil {
				return err
			}
			if n == 0 {
				fmt.Println("started")
			}
		}
	default:
		return s.Put(ctx, "a/b/large", store.BodyFromBytes(large()))
	}
}

type suicide struct{}

func (suicide) Read([]byte) (int, error) {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // it may take a moment
}

func large() []byte { return bytes.Repeat([]byte("postern "), largeSize/8) }

func helper(what string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), helperVariable+"="+what)
	return cmd
}

// TestKilledAtAByte kills a writer at 20 places of a large object: the first byte, the last, and others between.
func TestKilledAtAByte(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 20 {
		at := random.IntN(largeSize)
		switch n {
		case 0:
			at = 0
		case 1:
			at = largeSize
		}
		s := open(t, filepath.Join(t.TempDir(), "drops"))
		out, err := helper(helperDies, s.path, strconv.Itoa(at)).CombinedOutput()
		var died *exec.ExitError
		if !errors.As(err, &died) || died.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the writer did not die at byte %d: %v\n%s", at, err, out)
		}
		if _, err := s.Get(t.Context(), "a/b/large"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("killed at byte %d: get says %v, want ErrNotFound", at, err)
		}
		if keys := list(t, s, ""); len(keys) > 0 {
			t.Errorf("killed at byte %d: list shows %q", at, keys)
		}
		leftovers := temps(t, s)
		if len(leftovers) != 1 {
			t.Errorf("killed at byte %d: left %q, want one temporary file", at, leftovers)
		}
		put(t, s, "a/b/large", string(large()))
		mustBeWhole(t, s, "a/b/large", large())
		if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil || len(temps(t, s)) > 0 {
			t.Errorf("killed at byte %d: swept %d, error %v, left %q", at, n, err, temps(t, s))
		}
		mustBeWhole(t, s, "a/b/large", large())
	}
}

// TestKilledAnytime kills a writer of many objects 20 times, at moments nobody chose: between the steps of a put as well as within.
func TestKilledAnytime(t *testing.T) {
	s := open(t, t.TempDir())
	want := large()[:64<<10]
	for n := range 20 {
		cmd := helper(helperLoops, s.path, fmt.Sprintf("run-%02d", n))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started := make([]byte, len("started\n"))
		if _, err := io.ReadFull(out, started); err != nil {
			t.Fatalf("the writer did not start: %v", err)
		}
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		keys := list(t, s, fmt.Sprintf("run-%02d/", n))
		if len(keys) == 0 {
			t.Fatal("the writer said it had put an object, and there is none")
		}
		for _, key := range keys {
			mustBeWhole(t, s, key, want)
		}
		put(t, s, fmt.Sprintf("run-%02d/%d/object", n, len(keys)), string(want)) // where it was killed
	}
	if _, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || len(temps(t, s)) > 0 {
		t.Errorf("sweep: %v, left %q", err, temps(t, s))
	}
}

// TestKilledBetweenLinkAndRemove is the state that a kill leaves between two steps: the object under both names.
func TestKilledBetweenLinkAndRemove(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b", "x")
	if err := os.Link(s.path+"/a/b", s.path+"/a/.put-abcdefghijklmnopqrstuvwxyz"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a/b", "x")
	if keys := list(t, s, ""); !slices.Equal(keys, []string{"a/b"}) {
		t.Errorf("list shows %q", keys)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("swept %d, error %v", n, err)
	}
	mustBeWhole(t, s, "a/b", []byte("x"))
}

// TestDiskFull puts 2 MiB on a file system of 1 MiB, in a mount namespace of its own.
func TestDiskFull(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("no unshare here to make a small file system with")
	}
	folder := t.TempDir()
	script := `mount -t tmpfs -o size=1m tmpfs "$0" || exit 42; "$1" "$0"; echo "names:"; ls -A "$0/a/b"`
	cmd := exec.Command(unshare, "--mount", "--map-root-user", "sh", "-c", script, folder, os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+helperOnce)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Skipf("no small file system to be had here: %v\n%s", err, out)
	}
	if text := string(out); !strings.Contains(text, "failure: true") || !strings.Contains(text, syscall.ENOSPC.Error()) ||
		!strings.Contains(text, "make room") || !strings.HasSuffix(text, "names:\n") {
		t.Errorf("a full disk: want a failure that says to make room, and nothing left; got:\n%s", text)
	}
}

func TestPermissionDenied(t *testing.T) {
	base := t.TempDir()
	drops := filepath.Join(base, "drops")
	if err := errors.Join(os.Mkdir(drops, 0o755), os.Chmod(drops, 0o555)); err != nil {
		t.Fatal(err)
	}
	// From within the folder above, and so by a name that needs no permission on the way.
	cmd := helper(helperNobody, "drops")
	cmd.Dir = base
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text := string(out); !strings.Contains(text, "failure: true") || !strings.Contains(text, "permission denied") ||
		!strings.Contains(text, "the account that runs Postern") {
		t.Errorf("no permission: want a failure that says whom to give it, got:\n%s", text)
	}
	if names := everything(t, drops); len(names) > 0 {
		t.Errorf("left %q", names)
	}
}

// TestFlushOrder watches the system calls of a put: what a loss of power would take cannot be tested, the order can.
func TestFlushOrder(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace here to watch with")
	}
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(base, "trace")
	cmd := exec.Command(strace, "-f", "-y", "-s", "200", "-o", trace, "-e", "trace=fsync,linkat,unlinkat", os.Args[0], "drops")
	cmd.Dir = base
	cmd.Env = append(os.Environ(), helperVariable+"="+helperOnce)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("strace cannot watch here: %v\n%s", err, out)
	}
	calls, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	base = regexp.QuoteMeta(base)
	steps := []string{
		`fsync\(\d+<` + base + `>`, // the new root's name
		`fsync\(\d+<` + base + `/drops/a/b/\.put-[a-z2-7]{26}>`,
		`linkat\(\d+<` + base + `/drops/a/b>, "\.put-[a-z2-7]{26}", \d+<` + base + `/drops/a/b>, "large", 0`,
		`unlinkat\(\d+<` + base + `/drops/a/b>, "\.put-[a-z2-7]{26}", 0`,
		`fsync\(\d+<` + base + `/drops/a/b>`,
		`fsync\(\d+<` + base + `/drops/a>`,
		`fsync\(\d+<` + base + `/drops>`,
	}
	if !regexp.MustCompile("(?s)" + strings.Join(steps, ".*")).Match(calls) {
		t.Errorf("want in this order:\n%s\ngot:\n%s", strings.Join(steps, "\n"), calls)
	}
}

func mustBeWhole(t *testing.T, s *Store, key string, want []byte) {
	t.Helper()
	reader, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, reader); err != nil {
		t.Fatal(err)
	}
	if [32]byte(digest.Sum(nil)) != sha256.Sum256(want) {
		t.Errorf("%s is there and not whole", key)
	}
}

// temps names the temporary files in the store.
func temps(t *testing.T, s *Store) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(s.path), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && isTemp(entry.Name()) {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
