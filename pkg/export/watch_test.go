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
	glances  bool                  // no file's mode matters: a folder in which no name came or went is not listed again
	listed   map[string]listed     // by folder
	stop     chan struct{}
	done     sync.WaitGroup
}

// listed is what a folder held when it was listed, some time after its last change.
type listed struct {
	changed time.Time
	folders []string
}

type modeSeen struct {
	folder bool
	mode   fs.FileMode
}

// newWatch begins to watch, looking every so often. The evidence is on the same file system as what is watched.
func newWatch(tb testing.TB, every time.Duration, roots ...string) *watch {
	tb.Helper()
	return beginWatch(tb, &watch{every: every, roots: roots})
}

// newGlance begins a watch of what appears, and not of how the modes of files change.
func newGlance(tb testing.TB, every time.Duration, roots ...string) *watch {
	tb.Helper()
	return beginWatch(tb, &watch{every: every, roots: roots, glances: true})
}

func beginWatch(tb testing.TB, w *watch) *watch {
	tb.Helper()
	w.evidence, w.kept = filepath.Join(tb.TempDir(), "evidence"), make(map[uint64]bool)
	w.names, w.modes, w.listed, w.stop = make(map[string]string), make(map[string][]modeSeen), make(map[string]listed), make(chan struct{})
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
		if w.glances {
			w.glance(root)
			continue
		}
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

// glance keeps what there is in a folder, and below it.
func (w *watch) glance(folder string) {
	info, err := os.Lstat(folder)
	if err != nil {
		return // it has just been removed
	}
	w.see(folder, info)
	last, known := w.listed[folder]
	if !known || !last.changed.Equal(info.ModTime()) {
		began := time.Now()
		entries, err := os.ReadDir(folder)
		if err != nil {
			return
		}
		whole := true
		last = listed{changed: info.ModTime()}
		for _, entry := range entries {
			name := filepath.Join(folder, entry.Name())
			if entry.IsDir() {
				last.folders = append(last.folders, name)
			} else if info, err := entry.Info(); err == nil {
				w.see(name, info)
			} else {
				whole = false
			}
		}
		// The clock of file systems ticks some hundred times a second: one more change soon after the last may show the same time.
		if whole && began.Sub(info.ModTime()) > 100*time.Millisecond {
			w.listed[folder] = last
		}
	}
	for _, name := range last.folders {
		w.glance(name)
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
