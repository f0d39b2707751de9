package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// standing is what a run is confined to: its processors, and its memory in bytes.
func standing() [2]int64 { return [2]int64{int64(runtime.GOMAXPROCS(0)), debug.SetMemoryLimit(-1)} }

// A run has the processors that it was given and a bound of memory, and leaves both as they were.
func TestConfine(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	all := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(all)
	before := standing()
	for _, c := range []struct {
		workers count
		limited string // GOMEMLIMIT, of which Go takes notice when a program begins
		want    [2]int64
	}{
		{0, "", [2]int64{4, keptMemory}},
		{1, "", [2]int64{1, keptMemory}},
		{3, "", [2]int64{3, keptMemory}},
		{16, "", [2]int64{4, keptMemory}},
		{2, "1GiB", [2]int64{2, before[1]}},
	} {
		t.Setenv("GOMEMLIMIT", c.limited)
		free := (&howToRun{workers: c.workers}).confine()
		if got := standing(); got != c.want {
			t.Errorf("%d workers have %v; want %v", c.workers, got, c.want)
		}
		free()
		if got := standing(); got != before {
			t.Errorf("behind a run of %d workers stands %v; want %v", c.workers, got, before)
		}
	}
}

// The bound is raised when nearly as much is in use, and not before.
func TestLoosen(t *testing.T) {
	runtime.GC() // only a collection tells what is in use
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	for from, raised := range map[int64]bool{1 << 40: false, 1: true} {
		debug.SetMemoryLimit(1 << 40)
		tick, done, ended := make(chan time.Time), make(chan struct{}), make(chan struct{})
		go func() { loosen(tick, done, from); close(ended) }()
		tick <- time.Time{}
		tick <- time.Time{}
		close(done)
		<-ended
		if got := standing()[1]; (got != 1<<40) != raised || got < 1<<10 {
			t.Errorf("from %d on the bound is %d", from, got)
		}
	}
}
