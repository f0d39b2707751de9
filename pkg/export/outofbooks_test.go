//go:build unix

package export_test

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/store/dir"
)

// outOfBooks is a council with a drop that is in the store, and in no book: the ledger could not be written.
func outOfBooks(t *testing.T, extracts string) (c *council, drop string) {
	t.Helper()
	c = newCouncil(t, shippedAgreement(t))
	inTheWay := c.path("state", "drops")
	err := c.tryExport(t, c.faulty(t, &faultyStore{at: func(key string) {
		if path.Base(key) == manifest.SignatureName {
			mustWrite(t, inTheWay, "in the way")
		}
	}}), shippedID, extracts)
	if err == nil || len(c.wholeDrops(t, shippedID, asFolder)) != 1 {
		t.Fatalf("the run ended with %v", err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	return c, c.history(t).prepared[0]
}

// refusedWith holds an error to be a refusal of a code, with something to do about it.
func refusedWith(t *testing.T, err error, code finding.Code) {
	t.Helper()
	var refusal *finding.Refusal
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.Hint == "" {
		t.Errorf("the run ended with %v; want %s", err, code)
	}
}

func (c *council) staged(drop string) string { return c.path("state", "staging", drop) }

// TestDropThatIsOutIsNeverGivenUp: of a drop in the store, what is staged was lost in part or whole. With what the ledger
// will say of it, it is entered; without, the run is refused until that is put back, and the index of who is in it stays.
func TestDropThatIsOutIsNeverGivenUp(t *testing.T) {
	extracts := smallCohort(t)
	ready, drop := outOfBooks(t, extracts)
	for name, lost := range map[string]string{"the drop": "drop", "its signature": "drop/" + manifest.SignatureName, "all": ""} {
		t.Run(name, func(t *testing.T) {
			c := movedWith(t, ready)
			kept := filepath.Join(t.TempDir(), "kept")
			mustMkdir(t, kept)
			mustCopy(t, c.staged(drop), kept)
			if err := os.RemoveAll(filepath.Join(c.staged(drop), lost)); err != nil {
				t.Fatal(err)
			}
			if lost == "" {
				for range 2 {
					refusedWith(t, c.tryExport(t, c.gateway(t), shippedID, extracts), finding.ManifestChainBroken)
				}
				if h := c.history(t); len(h.abandoned)+len(h.published) > 0 || !slices.Equal(c.sealed(t, shippedID), []string{drop}) {
					t.Errorf("the register: %+v; there are indexes of %v", h, c.sealed(t, shippedID))
				}
				mustCopy(t, kept, c.staged(drop))
			}
			if again := c.export(t, shippedID, extracts); again.Outcome != export.Unchanged || !slices.Equal(again.Recovered, []string{drop + " was finished"}) {
				t.Errorf("the next run was %s, and recovered %v", again.Outcome, again.Recovered)
			}
			if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{drop}) {
				t.Errorf("the store holds %v", drops)
			}
		})
	}
}

// movedWith is the council in another folder, whose store is moved with it: drops that were being put go on there.
func movedWith(t *testing.T, ready *council) *council {
	t.Helper()
	c := ready.copied(t)
	for _, name := range filesBelow(t, c.path("state", "staging")) {
		if path.Base(name) == "ledger.json" {
			at := c.path("state", "staging", name)
			mustWrite(t, at, strings.ReplaceAll(mustRead(t, at), ready.dir, c.dir))
		}
	}
	return c
}

// TestLedgerKnowsWhatIsOut: the ledger has the drop, the register could not be told, and then what was staged was lost. The
// store at hand is even another.
func TestLedgerKnowsWhatIsOut(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	pending := c.path("state", "register", "pending.new")
	err := c.tryExport(t, c.faulty(t, &faultyStore{at: func(key string) {
		if path.Base(key) == manifest.SignatureName {
			mustMkdir(t, filepath.Join(pending, "in the way"))
		}
	}}), shippedID, extracts)
	if err == nil {
		t.Fatal("the register could be written")
	}
	if err := errors.Join(os.RemoveAll(pending), os.RemoveAll(c.path("state", "staging"))); err != nil {
		t.Fatal(err)
	}
	g := c.gateway(t)
	if g.Store, err = dir.Open(c.path("elsewhere")); err != nil {
		t.Fatal(err)
	}
	first := c.history(t).prepared
	result := c.exportWith(t, g, shippedID, extracts)
	if h := c.history(t); len(h.abandoned) != 0 || !slices.Equal(h.published, append(first, result.Drop)) {
		t.Errorf("the register: %+v", h)
	}
	if sealed := c.sealed(t, shippedID); !slices.Equal(sealed, append(first, result.Drop)) {
		t.Errorf("there are indexes of %v", sealed)
	}
}

// TestIndexOfAnAbandonedDropGoes: the run that gave the drop up could not remove the index; a later one does.
func TestIndexOfAnAbandonedDropGoes(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{fail: 4}, extracts)
	kept := filepath.Join(t.TempDir(), "kept")
	mustMkdir(t, kept)
	mustCopy(t, c.path("state", "membership"), kept)
	if err := os.RemoveAll(filepath.Join(c.staged(drop), "drop", manifest.SignatureName)); err != nil {
		t.Fatal(err)
	}
	next := c.export(t, shippedID, extracts)
	mustCopy(t, kept, c.path("state", "membership"))
	if sealed := c.sealed(t, shippedID); len(sealed) != 2 {
		t.Fatalf("there are indexes of %v", sealed)
	}
	c.export(t, shippedID, extracts)
	if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{next.Drop}) {
		t.Errorf("the store holds %v", drops)
	}
}

// TestRefusalIsToldBeforeAnythingIsSettled: a drop waits for another store, and the agreement was suspended since. The run is
// refused for that, which is on record, whatever is to be said of the drop.
func TestRefusalIsToldBeforeAnythingIsSettled(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{fail: 4}, extracts)
	c.suspend(t)
	g := c.gateway(t)
	var err error
	if g.Store, err = dir.Open(c.path("elsewhere")); err != nil {
		t.Fatal(err)
	}
	before := len(c.preflights(t, shippedID))
	err = c.tryExport(t, g, shippedID, extracts)
	refusedWith(t, err, finding.AgreementSuspended)
	if err == nil || !strings.Contains(err.Error(), "was being published to") {
		t.Errorf("nothing is said of the drop: %v", err)
	}
	runs := c.runs(t, shippedID)
	if last := runs[len(runs)-1]; last.Outcome != "refused" || last.Refusal.Code != "DSA_SUSPENDED" || len(c.preflights(t, shippedID)) != before+1 {
		t.Errorf("the last run record: %+v; %d pre-flight records", last, len(c.preflights(t, shippedID)))
	}
	refusedWith(t, c.tryExport(t, c.gateway(t), shippedID, extracts), finding.AgreementSuspended)
	if h := c.history(t); !slices.Equal(h.abandoned, []string{drop}) || len(objects(t, c.gateway(t).Store, drop+"/"+manifest.SignatureName)) > 0 {
		t.Errorf("the register: %+v", h)
	}
	if kinds := c.kinds(t); !slices.Equal(kinds[len(kinds)-3:], []string{export.KindPreflight, export.KindRefused, export.KindAbandoned}) {
		t.Errorf("the register ends with %v", kinds)
	}
	c.nothingLeft(t)
}

// kinds lists the kinds of the register's records.
func (c *council) kinds(t *testing.T) (out []string) {
	t.Helper()
	books, err := c.gateway(t).ViewBooks()
	if err != nil {
		t.Fatal(err)
	}
	for record, err := range books.Log().Records() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, record.Kind)
	}
	return out
}

// TestHeldDropWaitsForThePreflight: what an earlier run prepared leaves when the checks of this one are on record, not before.
func TestHeldDropWaitsForThePreflight(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{fail: 4}, extracts)
	looked := 0
	before := len(c.preflights(t, shippedID))
	c.exportWith(t, c.faulty(t, &faultyStore{at: func(string) {
		looked++
		if got := len(c.preflights(t, shippedID)); got != before+1 {
			t.Errorf("something is put when there are %d pre-flight records; want %d", got, before+1)
		}
	}}), shippedID, extracts)
	if drops := c.settled(t, shippedID); looked == 0 || !slices.Equal(drops, []string{drop}) {
		t.Errorf("the store holds %v after %d puts", drops, looked)
	}
}
