//go:build unix

package export_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
	"github.com/postern-gateway/postern/schemas"
)

// childVariable is the environment variable that makes the test binary an exporter.
const childVariable = "POSTERN_TEST_EXPORTER"

// TestMain is also the exporter that tests start as a process of its own, and kill.
func TestMain(m *testing.M) {
	if order := os.Getenv(childVariable); order != "" {
		os.Exit(runChild(order))
	}
	os.Exit(runTests(m))
}

// runTests gives all tests one temporary folder: in memory where there is such a place, since every run flushes its
// files to the disk some dozens of times.
func runTests(m *testing.M) int {
	base := "/dev/shm"
	if info, err := os.Stat(base); err != nil || !info.IsDir() || os.Getenv("TMPDIR") != "" {
		base = ""
	}
	folder, err := os.MkdirTemp(base, "postern-trust-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "no temporary folder:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	common.dir = filepath.Join(folder, "council")
	if err := errors.Join(os.Mkdir(common.dir, 0o700), os.Setenv("TMPDIR", folder)); err != nil {
		fmt.Fprintln(os.Stderr, "no temporary folder:", err)
		return 1
	}
	return m.Run()
}

// order is what an exporter of its own process is to do, and where it is to die.
type order struct {
	Council   string
	Agreement string
	Extracts  []string
	Now       time.Time
	Spill     int // bytes of rows that a table keeps in memory; 0 for the usual
	Batch     int // rows that come at a time; 0 for what the readers make
	Umask     int
	FileLimit uint64 // bytes that a file may have; 0 for no limit: what a full disk is like

	// Where it kills itself: at the n-th step, clock reading or put, from 1; 0 for nowhere.
	KillAtStep, KillAtClock, KillAtPut int
	// KillAfterPut is KillAtPut once the object is there.
	KillAfterPut int
}

// outcome is what such an exporter says when it lives to the end.
type outcome struct {
	Outcome   string
	Drop      string
	Recovered []string
	Refusal   string
	Failure   string // its kind: refusal, invalid, store, other
	Error     string
	Steps     int // that it made
	Clocks    int
	Puts      int
}

// die is kill -9, by its own hand.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// countdown dies at the n-th call.
type countdown struct{ at, n int }

func (c *countdown) step() {
	if c.n++; c.n == c.at {
		die()
	}
}

// deadlyStore dies before or after a put.
type deadlyStore struct {
	*dir.Store
	before, after countdown
}

func (s *deadlyStore) Put(ctx context.Context, key string, b store.Body) error {
	s.before.step()
	err := s.Store.Put(ctx, key, b)
	s.after.step()
	return err
}

func runChild(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return 2
	}
	syscall.Umask(o.Umask)
	if o.FileLimit > 0 {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: o.FileLimit, Max: o.FileLimit}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return 2
		}
	}
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		return 2
	}
	g, err := gatewayAt(o.Council, catalogue, o.Now)
	if err != nil {
		return tell(outcome{Failure: "other", Error: err.Error()})
	}
	target, ok := g.Store.(*dir.Store)
	if !ok {
		return 2
	}
	steps, clocks := countdown{at: o.KillAtStep}, countdown{at: o.KillAtClock}
	deadly := &deadlyStore{Store: target, before: countdown{at: o.KillAtPut}, after: countdown{at: o.KillAfterPut}}
	now := g.Now
	g.Store = deadly
	g.Progress = func(export.Event) { steps.step() }
	g.Now = func() time.Time { clocks.step(); return now() }
	g.StageBytes = o.Spill
	if o.Spill > 0 {
		g.MostChildren = 1
	}
	for ending, reader := range g.Readers {
		if o.Batch > 0 {
			g.Readers[ending] = rebatched{reader, o.Batch}
		}
	}
	result, err := g.Run(context.Background(), export.Request{Agreement: o.Agreement, Extracts: o.Extracts})
	out := outcome{Steps: steps.n, Clocks: clocks.n, Puts: deadly.before.n}
	if err != nil {
		out.Error, out.Failure = err.Error(), kindOf(err)
		var refusal *finding.Refusal
		if errors.As(err, &refusal) {
			out.Refusal = string(refusal.Code)
		}
		return tell(out)
	}
	out.Outcome, out.Drop, out.Recovered = string(result.Outcome), result.Drop, result.Recovered
	return tell(out)
}

func kindOf(err error) string {
	var (
		refusal *finding.Refusal
		invalid *extract.Invalid
		failed  *store.Error
	)
	switch {
	case errors.As(err, &refusal):
		return "refusal"
	case errors.As(err, &invalid):
		return "invalid"
	case errors.As(err, &failed), errors.Is(err, store.ErrTaken):
		return "store"
	default:
		return "other"
	}
}

func tell(o outcome) int {
	data, err := json.Marshal(o)
	if err != nil {
		return 2
	}
	if _, err := os.Stdout.Write(data); err != nil {
		return 2
	}
	return 0
}

// child makes the command of an exporter in a process of its own.
func child(tb testing.TB, o order, env ...string) (*exec.Cmd, *strings.Builder) {
	tb.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		tb.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), childVariable+"="+string(text)), env...)
	var out strings.Builder
	cmd.Stdout = &out
	return cmd, &out
}

// runAlone runs an exporter in a process of its own. It reports whether the process was killed; when it lived, what it
// said.
func runAlone(tb testing.TB, o order, env ...string) (said outcome, killed bool) {
	tb.Helper()
	cmd, out := child(tb, o, env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); wasKilled(cmd.ProcessState) {
		return outcome{}, true
	} else if err != nil {
		tb.Fatalf("the exporter's process ended with %v: %s", err, stderr.String())
	}
	if err := json.Unmarshal([]byte(out.String()), &said); err != nil {
		tb.Fatalf("the exporter said nothing that can be read: %v", err)
	}
	return said, false
}

func wasKilled(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
