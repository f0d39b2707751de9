//go:build unix

package export_test

import (
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
)

// TestFullDisk lets no file grow beyond a size, as a full disk does: the run fails where that hurts, wherever that is;
// nothing is published but a whole drop, no row is left behind but in a prepared one, and with room again the next run
// completes.
func TestFullDisk(t *testing.T) {
	k := newKilling(t)
	failed := 0
	for _, limit := range []uint64{40, 150, 300, 700, 1200, 2000, 2600, 3300, 4200, 5500, 7000, 10000, 20000, 60000} {
		k.fresh(t)
		o := k.order()
		o.FileLimit = limit
		said, killed := runAlone(t, o)
		if killed {
			t.Fatalf("with %d bytes a file the exporter was killed", limit)
		}
		if said.Failure != "" {
			failed++
		} else if said.Outcome != string(export.Published) {
			t.Errorf("with %d bytes a file the run was %s", limit, said.Outcome)
		}
		if h := k.history(t); len(h.prepared) == len(h.published)+len(h.abandoned) {
			k.nothingStaged(t) // the register may hold a record that the next run finishes
		}
		k.recovers(t)
		if t.Failed() {
			t.Fatalf("a file could have %d bytes; the exporter said %+v", limit, said)
		}
	}
	if failed < 5 {
		t.Errorf("only %d runs met a full disk", failed)
	}
}
