//go:build unix

package minimise_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// fullVariable tells the test binary that it is the child of TestDiskFull.
const fullVariable = "POSTERN_TEST_DISK_FULL"

// TestDiskFull: rows that could not be spilled, or not be divided, are missed by nobody: it is an error, whoever asks again gets
// an error too, and nothing is left behind. It runs in a process of its own that may write small files only.
func TestDiskFull(t *testing.T) {
	if os.Getenv(fullVariable) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
		cmd.Env = append(os.Environ(), fullVariable+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	c := catalogue(t)
	a, k, dir := awkward().parse(t, c), newKeys(t, "dsa-test"), crowd(t, 100)
	const width = 19
	limit := func(bytes uint64) {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			t.Fatal(err)
		}
		now.Cur = min(now.Max, bytes)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		budget  int
		most    uint64 // bytes of a file, while rows are staged and while they are ordered
		ordered uint64
	}{
		"spilled while rows come": {20 * width, 10 * width, 1 << 40},
		"spilled to be divided":   {1 << 20, 1 << 40, 10 * width},
		"divided":                 {20 * width, 1 << 40, 10 * width},
	} {
		r := start(t, c, a, k, reference(), dir)
		r.rows = 30
		spill := t.TempDir()
		stage := r.plan.Tables[0].NewStage(func() (string, error) { return spill, nil })
		stage.SpillAt(test.budget)
		stage.LimitBucket(5 * width)
		limit(test.most)
		added := 0
		err := r.treat("looked_after_episodes", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error {
			added += b.Len()
			return stage.Add(b)
		})
		limit(1 << 40)
		if test.most < 1<<40 {
			if !errors.Is(err, syscall.EFBIG) {
				t.Fatalf("%s: %v", name, err)
			}
			if left, err := os.ReadDir(spill); err != nil || len(left) != 0 {
				t.Errorf("%s: %d files, error %v", name, len(left), err)
			}
			if err := r.treat("looked_after_episodes", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error { return stage.Add(b) }); err == nil {
				t.Errorf("%s: rows are staged after some were lost", name)
			}
		} else if err != nil || added != 100 {
			t.Fatalf("%s: %d rows, error %v", name, added, err)
		}
		for again := range 2 {
			limit(test.ordered)
			err := stage.Ordered(context.Background(), func(*minimise.Batch) error { return nil })
			limit(1 << 40)
			if err == nil || test.ordered < 1<<40 && again == 0 && !errors.Is(err, syscall.EFBIG) {
				t.Errorf("%s: ordered, time %d: %v", name, again, err)
			}
		}
		if left, err := os.ReadDir(spill); err != nil || len(left) != len(stage.Runs()) {
			t.Errorf("%s: %d files for %d spilled, error %v", name, len(left), len(stage.Runs()), err)
		}
		if err := stage.Close(); err != nil {
			t.Error(err)
		}
	}
}
