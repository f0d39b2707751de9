//go:build unix

package export_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tracedCalls are the system calls by which a run changes anything.
func tracedCalls() []string {
	return []string{"openat", "write", "pwrite64", "fsync", "close", "mkdirat", "linkat", "renameat", "unlinkat"}
}

// traced makes the command of an exporter under strace.
func (k *killing) traced(t *testing.T, strace string, options ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(k.order())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, append(append([]string{"-f", "-qq"}, options...), self)...)
	// One core: most calls are then one thread's, which is what strace counts by.
	cmd.Env = append(os.Environ(), childVariable+"="+string(text), "GOMAXPROCS=1")
	return cmd
}

// TestEndsAtSystemCalls kills the exporter at the n-th system call of a kind: between any two things it does to a disk. There are
// more than a thousand; some are tried, others each time.
func TestEndsAtSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace here to kill at system calls with")
	}
	k := newKilling(t)
	k.fresh(t)
	trace := filepath.Join(t.TempDir(), "trace")
	if out, err := k.traced(t, strace, "-o", trace, "-e", "trace="+strings.Join(tracedCalls(), ",")).CombinedOutput(); err != nil {
		t.Skipf("strace cannot watch here: %v\n%s", err, out)
	}
	type point struct {
		call string
		n    int
	}
	var points []point
	calls := mustRead(t, trace)
	for _, call := range tracedCalls() {
		for n := range strings.Count(calls, " "+call+"(") {
			points = append(points, point{call, n + 1})
		}
	}
	if len(points) < 200 {
		t.Fatalf("a run made %d system calls of the kinds watched", len(points))
	}
	rand.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	tries := 12
	if long() {
		tries = 400
	}
	points = points[:min(tries, len(points))]
	struck := 0
	for _, p := range points {
		k.fresh(t)
		inject := fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", p.call, p.n)
		if k.traced(t, strace, "-o", "/dev/null", "-e", "trace="+p.call, "-e", inject).Run() != nil {
			struck++
		}
		k.recovers(t)
		if t.Failed() {
			t.Fatalf("killed at %s number %d", p.call, p.n)
		}
	}
	if struck == 0 {
		t.Error("no exporter was killed")
	}
}
