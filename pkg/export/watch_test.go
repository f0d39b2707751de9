//go:build unix

package export_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// watch keeps every file that appears below some folders while it runs, those that are gone a moment later with them: each gets
// a second name in the folder of evidence, and so outlives its first. It also keeps every name and mode that was seen.
type watch struct {
	every    time.Duration
	roots    []string
	evidence string
	mu       sync.Mutex
	kept     map[uint64]bool       // by inode
	names    map[string]string     // of what was kept: from the evidence's name to the first name it had
	modes    map[string][]modeSeen // by path
	stop     chan struct{}
	done     sync.WaitGroup
}

type modeSeen struct {
	folder bool
	mode   fs.FileMode
}

// newWatch begins to watch, looking every so often. The evidence is on the same file system as what is watched.
func newWatch(tb testing.TB, every time.Duration, roots ...string) *watch {
	tb.Helper()
	w := &watch{
		every: every, roots: roots, evidence: filepath.Join(tb.TempDir(), "evidence"), kept: make(map[uint64]bool),
		names: make(map[string]string), modes: make(map[string][]modeSeen), stop: make(chan struct{}),
	}
	mustMkdir(tb, w.evidence)
	w.done.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(w.every):
				w.look()
			}
		}
	})
	return w
}

// look keeps what is there now. Tests call it at each step of a run, so that nothing that outlives a step is missed.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, root := range w.roots {
		// What cannot be looked at has just been removed.
		_ = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // it has just been removed
			}
			info, err := entry.Info()
			if err != nil {
				return nil //nolint:nilerr // it has just been removed
			}
			w.see(name, info)
			return nil
		})
	}
}

func (w *watch) see(name string, info fs.FileInfo) {
	now := modeSeen{info.IsDir(), info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)}
	if seen := w.modes[name]; len(seen) == 0 || seen[len(seen)-1] != now {
		w.modes[name] = append(seen, now)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || w.kept[stat.Ino] {
		return
	}
	held := filepath.Join(w.evidence, fmt.Sprintf("%06d", len(w.names)))
	if os.Link(name, held) == nil {
		w.kept[stat.Ino], w.names[held] = true, name
	}
}

// end stops watching. The evidence stays until the test is over.
func (w *watch) end() {
	close(w.stop)
	w.done.Wait()
	w.look()
}

// saw reports whether there was a file or folder whose path ends so.
func (w *watch) saw(ending string) bool {
	for name := range w.modes {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}
