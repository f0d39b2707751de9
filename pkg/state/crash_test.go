//go:build unix

package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The tests of this file run their own binary again as another process, which does one of these in a state folder.
const (
	helperVariable = "POSTERN_TEST_STATE_HELPER"
	helperLocks    = "locks"  // takes the lock and holds it until its input ends
	helperWrites   = "writes" // writes runs, drops and salts until it is killed
	helperOnce     = "once"   // adds a run and claims a salt, once
	helperSeals    = "seals"  // writes a membership index and never closes it
)

func TestMain(m *testing.M) {
	what := os.Getenv(helperVariable)
	if what == "" {
		os.Exit(m.Run())
	}
	if err := help(what, os.Args[1]); err != nil {
		fmt.Println("error:", err)
	}
	os.Exit(0)
}

func help(what, path string) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	lock, err := f.Lock()
	if err != nil {
		return err
	}
	switch what {
	case helperLocks:
		fmt.Println("started")
		_, err := io.Copy(io.Discard, os.Stdin)
		return errors.Join(err, lock.Unlock())
	case helperWrites:
		return writeForEver(f)
	case helperOnce:
		_, checkedErr := f.AddPreflight("a", []byte("{}"))
		_, err := f.AddRun("a", []byte("{}"))
		return errors.Join(checkedErr, err, f.ClaimSalt("f1", "a", 1))
	default:
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return err
		}
		w, err := f.MembershipWriter(anAgreement, aDropName, "children", identity.Recipient())
		if err != nil {
			return err
		}
		for n := 0; ; n++ {
			if n == 10_000 {
				fmt.Println("started")
			}
			if err := w.Add([]byte(pseudonymOf(n))); err != nil {
				return err
			}
		}
	}
}

func writeForEver(f *Folder) error {
	drops, err := f.Drops(anAgreement)
	if err != nil {
		return err
	}
	for n := len(drops) + 1; ; n++ {
		_, checkedErr := f.AddPreflight(anAgreement, fmt.Appendf(nil, `{"n": %d}`, n))
		_, runErr := f.AddRun(anAgreement, fmt.Appendf(nil, `{"n": %d}`, n))
		if err := errors.Join(checkedErr, runErr, f.ClaimSalt(fmt.Sprint("f", n), anAgreement, n), f.AppendDrop(anAgreement, aDrop(n))); err != nil {
			return err
		}
		fmt.Println("started")
	}
}

// startHelper starts another process in a state folder and waits until it says that it has started.
func startHelper(t *testing.T, what, path string) (cmd *exec.Cmd, input io.Closer) {
	t.Helper()
	cmd = exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), helperVariable+"="+what)
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "started\n" {
		t.Fatalf("the helper says %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return cmd, in
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := open(t, path)
	lock, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []*Folder{f, open(t, path)} {
		if _, err := g.Lock(); !errors.Is(err, ErrLocked) || finding.HintOf(err) == "" {
			t.Errorf("a second lock: got %v, want ErrLocked with a hint", err)
		}
	}
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), helperVariable+"="+helperLocks)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), ErrLocked.Error()) {
		t.Errorf("another process: %v\n%s", err, out)
	}
	if err := errors.Join(lock.Unlock(), lock.Unlock()); err != nil {
		t.Fatal(err)
	}
	if lock, err = f.Lock(); err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockOfAnotherProcess(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	for _, end := range []string{"in order", "killed"} {
		cmd, input := startHelper(t, helperLocks, f.path)
		if _, err := f.Lock(); !errors.Is(err, ErrLocked) {
			t.Errorf("got %v, want ErrLocked", err)
		}
		if end == "killed" {
			_ = cmd.Process.Kill()
		}
		_ = input.Close()
		_ = cmd.Wait()
		lock, err := f.Lock()
		if err != nil {
			t.Fatalf("after the other ended (%s): %v", end, err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledWriter kills a writer 20 times: whatever it was at, the folder reads as if it had stopped between two steps.
func TestKilledWriter(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	for range 20 {
		cmd, _ := startHelper(t, helperWrites, f.path)
		time.Sleep(time.Duration(rand.IntN(15_000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		f = open(t, f.path)
		drops, err := f.Drops(anAgreement)
		if err != nil {
			t.Fatal(err)
		}
		for i, drop := range drops {
			if drop != aDrop(i+1) {
				t.Errorf("drop %d is %v", i+1, drop)
			}
		}
		runs, err := f.Runs(anAgreement)
		if err != nil || len(runs) < len(drops) || runs[len(runs)-1] != len(runs) {
			t.Errorf("%d drops, runs %v, %v", len(drops), runs, err)
		}
		for _, n := range runs {
			if record, err := f.Run(anAgreement, n); err != nil || !strings.HasSuffix(string(record), "}") {
				t.Errorf("run %d: %q, %v", n, record, err)
			}
		}
		checked, err := f.Preflights(anAgreement)
		if err != nil || len(checked) < len(runs) || checked[len(checked)-1] != len(checked) {
			t.Errorf("%d runs, pre-flights %v, %v", len(runs), checked, err)
		}
		for _, n := range checked {
			if record, err := f.Preflight(anAgreement, n); err != nil || !strings.HasSuffix(string(record), "}") {
				t.Errorf("pre-flight %d: %q, %v", n, record, err)
			}
		}
		if err := f.ClaimSalt("f1", anAgreement, 1); err != nil {
			t.Errorf("salts: %v", err)
		}
	}
	if err := f.Sweep(func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if left := slices.DeleteFunc(everything(t, f.path), func(name string) bool { return !tempName(filepath.Base(name)) }); len(left) > 0 {
		t.Errorf("sweep left %q", left)
	}
}

// TestFlushOrder watches the system calls: what a loss of power would take cannot be tested, the order can.
func TestFlushOrder(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace here to watch with")
	}
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	trace, path := filepath.Join(base, "trace"), filepath.Join(base, "state")
	const calls = "trace=fsync,linkat,/^rename"
	cmd := exec.Command(strace, "-f", "-y", "-s", "200", "-o", trace, "-e", calls, os.Args[0], path)
	cmd.Env = append(os.Environ(), helperVariable+"="+helperOnce)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Skipf("strace cannot watch here: %v\n%s", err, out)
	}
	got, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	const temp = `\.tmp-[a-z2-7]{26}`
	base, path = regexp.QuoteMeta(base), regexp.QuoteMeta(path)
	steps := []string{
		`fsync\(\d+<` + base + `>`, // the names of new folders
		`fsync\(\d+<` + path + `>`,
		`fsync\(\d+<` + path + `/preflight>`,
		`fsync\(\d+<` + path + `/preflight/a/` + temp + `>`,
		`linkat\([^\n]*"` + temp + `", [^\n]*"000001.json"`,
		`fsync\(\d+<` + path + `/preflight/a>`,
		`fsync\(\d+<` + path + `/runs>`,
		`fsync\(\d+<` + path + `/runs/a/` + temp + `>`,
		`linkat\([^\n]*"` + temp + `", [^\n]*"000001.json"`,
		`fsync\(\d+<` + path + `/runs/a>`,
		`fsync\(\d+<` + path + `/` + temp + `>`,
		`rename[a-z0-9]*\([^\n]*"` + temp + `", [^\n]*"salts.json"`,
		`fsync\(\d+<` + path + `>`,
	}
	if !regexp.MustCompile("(?s)" + strings.Join(steps, ".*")).Match(got) {
		t.Errorf("want in this order:\n%s\ngot:\n%s", strings.Join(steps, "\n"), got)
	}
}

func TestKilledMembershipWriter(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	cmd, _ := startHelper(t, helperSeals, f.path)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	f = open(t, f.path)
	if _, err := collect(f.Membership(anAgreement, aDropName, "children", rightsKey(t))); !errors.Is(err, ErrNoMembership) {
		t.Errorf("got %v, want ErrNoMembership", err)
	}
	if names := files(t, f.path); len(names) != 2 {
		t.Errorf("want the lock and a temporary file, got %q", names)
	}
	if err := f.Sweep(func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if names := files(t, f.path); !slices.Equal(names, []string{"lock"}) {
		t.Errorf("sweep left %q", names)
	}
}
