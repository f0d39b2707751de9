//go:build unix

package export_test

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
)

// lossyStore loses bytes of one object on the way.
type lossyStore struct {
	*dir.Store
	key string // its name
}

func (s *lossyStore) Put(ctx context.Context, key string, b store.Body) error {
	if path.Base(key) == s.key {
		return &store.Error{Op: store.OpPut, Key: key, Err: store.ErrBody, Hint: "run again"}
	}
	return s.Store.Put(ctx, key, b)
}

// TestStagedFileThatChanges: a staged file that is no longer what was signed when it is sent ends its drop, and the next run makes
// another; one that was lost on the way is sent again by the next run.
func TestStagedFileThatChanges(t *testing.T) {
	extracts := smallCohort(t)
	const name = "children.parquet"
	c := newCouncil(t, shippedAgreement(t))
	g := c.faulty(t, &faultyStore{at: func(key string) {
		if path.Base(key) != name {
			return
		}
		staged, err := filepath.Glob(c.path("state", "staging", shippedID, "*", "*", name))
		if err != nil || len(staged) != 1 {
			t.Fatalf("staged: %v, %v", staged, err)
		}
		text := []byte(mustRead(t, staged[0]))
		text[len(text)/2] ^= 1
		mustWrite(t, staged[0], string(text))
	}})
	var refusal *finding.Refusal
	if err := c.tryExport(t, g, shippedID, extracts); !errors.As(err, &refusal) || refusal.Code != finding.VerifyAfterWriteFailed {
		t.Errorf("the run with a changed file failed with %v", err)
	}
	if h := c.history(t); len(h.prepared) != 1 || len(h.abandoned) != 1 {
		t.Errorf("the register: %+v", h)
	}
	next := c.export(t, shippedID, extracts)
	if drops := c.settled(t, shippedID); next.Outcome != export.Published || !slices.Equal(drops, []string{next.Drop}) {
		t.Errorf("the next run was %s; the store holds %v", next.Outcome, drops)
	}
	c = newCouncil(t, shippedAgreement(t))
	g = c.gateway(t)
	target, ok := g.Store.(*dir.Store)
	if !ok {
		t.Fatal("the store is no folder")
	}
	g.Store = &lossyStore{target, name}
	if err := c.tryExport(t, g, shippedID, extracts); !errors.Is(err, store.ErrBody) || errors.As(err, &refusal) && refusal.Code == finding.VerifyAfterWriteFailed {
		t.Errorf("the run whose file was lost on the way failed with %v", err)
	}
	again := c.export(t, shippedID, extracts)
	if drops := c.settled(t, shippedID); again.Outcome != export.Unchanged || len(again.Recovered) != 1 || !slices.Equal(drops, []string{again.Drop}) {
		t.Errorf("the run after it was %s, recovered %v; the store holds %v", again.Outcome, again.Recovered, drops)
	}
}
