//go:build unix

package export_test

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/export"
)

// TestModesDuringRun is trust rule 8: whatever the umask, everything below the state folder is its owner's alone from its first
// moment to its last, and nothing in the store is everybody's. Nothing is written anywhere else.
func TestModesDuringRun(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	mustMkdir(t, c.path("tmp"))
	w := newWatch(t, 500*time.Microsecond, c.dir)
	t.Setenv("TMPDIR", c.path("tmp"))
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	result := c.exportWith(t, c.watched(t, w), shippedID, extracts)
	w.end()
	if result.Outcome != export.Published {
		t.Fatalf("the run was %s", result.Outcome)
	}
	seen := 0
	for name, modes := range w.modes {
		below := strings.TrimPrefix(name, c.dir+"/")
		for _, m := range modes {
			var forbidden fs.FileMode
			switch {
			case below == "state" || strings.HasPrefix(below, "state/"):
				forbidden = 0o077
				seen++
			case below == "drops" || strings.HasPrefix(below, "drops/"):
				forbidden = 0o027
			}
			if m.mode&forbidden != 0 {
				t.Errorf("%s had the mode %04o", below, m.mode)
			}
			if !m.folder && m.mode&0o111 != 0 {
				t.Errorf("%s was executable", below)
			}
		}
		if strings.HasPrefix(below, "tmp/") {
			t.Errorf("%s was written outside the state folder", below)
		}
	}
	if seen < 30 {
		t.Errorf("only %d files and folders were seen", seen)
	}
	for _, ending := range []string{"-spill", ".run", "/drop", ".parquet", "ledger.json", "SHA256SUMS.sig", ".age", "000001.json"} {
		if !w.saw(ending) {
			t.Errorf("the watch saw no %s", ending)
		}
	}
	c.settled(t, shippedID)
}
