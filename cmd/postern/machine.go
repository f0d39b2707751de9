package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// keptMemory is how much memory a run takes before the garbage collector works harder to take no more, in bytes. Rows are
// spilled far below it, and of a quarter of a million children the numbers and pseudonyms are kept; what is brought together from
// returns may come to more.
const keptMemory = 416 << 20

// liveMemory is the runtime's name of what the last collection found in use.
const liveMemory = "/gc/heap/live:bytes"

// confine keeps a run to its share of the machine: to no more processors than it was given workers, and to memory that
// grows with what is in use only. The function it returns ends that.
func (h *howToRun) confine() (free func()) {
	processors := runtime.GOMAXPROCS(0)
	if n := int(h.workers); n > 0 && n < processors {
		runtime.GOMAXPROCS(n)
	}
	if os.Getenv("GOMEMLIMIT") != "" { // whoever runs it has said how much
		return func() { runtime.GOMAXPROCS(processors) }
	}
	before := debug.SetMemoryLimit(keptMemory)
	done := make(chan struct{})
	var watching sync.WaitGroup
	tick := time.NewTicker(50 * time.Millisecond)
	watching.Go(func() { loosen(tick.C, done, keptMemory) })
	return func() {
		close(done)
		watching.Wait()
		tick.Stop()
		debug.SetMemoryLimit(before)
		runtime.GOMAXPROCS(processors)
	}
}

// loosen raises the limit, at every tick, to two fifths more than what is in use: were it no more, collecting over and over
// would gain nothing; were there none, memory would come to twice what is in use.
func loosen(tick <-chan time.Time, done <-chan struct{}, limit int64) {
	live := []metrics.Sample{{Name: liveMemory}}
	for {
		select {
		case <-done:
			return
		case <-tick:
		}
		metrics.Read(live)
		if room := int64(live[0].Value.Uint64()) / 5 * 7; room > limit {
			limit = room
			debug.SetMemoryLimit(limit)
		}
	}
}
