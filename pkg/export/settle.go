package export

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

// settle closes what earlier runs of this agreement prepared and did not publish: a drop that is in the store is entered
// in the books, one that may still leave is published, any other is abandoned with an entry that proves the gap. Then it
// removes what no prepared drop claims. It is done before a refusal too: nothing treated is left lying about.
func (r *run) settle(ctx context.Context, permitted bool) error {
	open, err := r.books.open()
	if err != nil {
		return err
	}
	claimed := make(map[string]bool)
	for _, record := range open {
		p, err := manifest.ParsePrepared(record.Body)
		if err != nil {
			return err
		}
		if p.Agreement != r.judgement.Agreement.ID {
			claimed[p.Drop] = true // for a run of its own agreement
			continue
		}
		what, err := r.settleOne(ctx, p, permitted)
		if err != nil {
			return err
		}
		r.result.Recovered = append(r.result.Recovered, p.Drop+" was "+what)
	}
	if s, ok := r.Store.(sweeper); ok {
		if _, err := s.Sweep(ctx, r.Now().Add(-staleAfter)); err != nil {
			return err
		}
	}
	return r.State.Sweep(func(name string) bool { return claimed[name] })
}

// sweeper is a store that leaves temporary files behind when a run is killed, and can remove them.
type sweeper interface {
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// tidier is a store from which what is half made below a prefix can be removed by the only one who puts objects there.
type tidier interface {
	Tidy(ctx context.Context, prefix string) error
}

// staleAfter is the age from which a temporary file in the store belongs to no run at work.
const staleAfter = 24 * time.Hour

// settleOne closes one prepared drop, and says how.
func (r *run) settleOne(ctx context.Context, p *manifest.Prepared, permitted bool) (string, error) {
	dir, err := r.State.Staging(p.Agreement, path.Base(p.Drop))
	if err != nil {
		return "", err
	}
	reason, out, err := r.whyNot(ctx, p, dir, permitted)
	if err != nil {
		return "", err
	}
	if reason == "" {
		r.progress("finishing", p.Drop, 0)
		err := r.publish(ctx, p.Drop, dir)
		if err == nil {
			return "finished", nil
		}
		if reason = hopeless(err); reason == "" || out {
			return "", err
		}
	}
	return "abandoned: " + reason, r.abandon(p.Drop, reason)
}

// whyNot says why a prepared drop must not be published, "" when it may or already was (out).
func (r *run) whyNot(ctx context.Context, p *manifest.Prepared, dir string, permitted bool) (reason string, out bool, err error) {
	whole, err := isWhole(dir)
	if err != nil {
		return "", false, fmt.Errorf("read staged drop: %w", err)
	}
	if !whole {
		return "the run that made it ended before it was whole", false, nil
	}
	entry, err := stagedEntry(dir)
	if err != nil {
		return "", false, err
	}
	if entry.Store != r.Store.Location() {
		return "", false, NotSetUp{finding.WithHint(fmt.Errorf("drop %s was being published to %s when its run was interrupted", p.Drop, entry.Store),
			"run the export once with --to "+entry.Store+", which finishes or abandons it")}
	}
	out, err = r.isOut(ctx, p.Drop, dir)
	if err != nil || out {
		return "", out, err // there is a drop, whatever was decided since: only the books lack it
	}
	a, definitions := r.judgement.Agreement, r.Catalogue.Digest()
	switch {
	case !permitted:
		return "the agreement no longer permits it", false, nil
	case p.AgreementSHA256 != hex.EncodeToString(a.SHA256[:]) || p.DefinitionsSHA256 != hex.EncodeToString(definitions[:]):
		return "the agreement or the definitions changed before it was published", false, nil
	case !r.decidedAs(dir):
		return "it was decided anew before it was published", false, nil
	default:
		return "", false, nil
	}
}

// isOut reports whether a staged drop is in the store: its own signature is there, and not another's in its place.
func (r *run) isOut(ctx context.Context, drop, dir string) (bool, error) {
	object, err := r.Store.Get(ctx, drop+"/"+manifest.SignatureName)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	there, err := io.ReadAll(io.LimitReader(object, signatureSize))
	if err := errors.Join(err, object.Close()); err != nil {
		return false, fmt.Errorf("look for %s in the store: %w", drop, err)
	}
	staged, err := os.ReadFile(filepath.Join(dir, stagedDrop, manifest.SignatureName))
	if err != nil {
		return false, fmt.Errorf("read staged drop: %w", err)
	}
	return bytes.Equal(there, staged), nil
}

// signatureSize is more than any signature has, in bytes.
const signatureSize = 64 << 10

// decidedAs reports whether the decisions that a staged drop names are those in force.
func (r *run) decidedAs(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, stagedDrop, manifest.Name))
	if err != nil {
		return false
	}
	m, err := manifest.Parse(data)
	if err != nil {
		return false
	}
	return slices.EqualFunc(m.Agreement.Decisions, counting(r.judgement), func(a, b manifest.Decision) bool {
		return a.StatementSHA256 == b.StatementSHA256 && a.Signer == b.Signer
	})
}

// stagedEntry is what the ledger will say of a staged drop.
func stagedEntry(dir string) (state.PublishedDrop, error) {
	var entry state.PublishedDrop
	data, err := os.ReadFile(filepath.Join(dir, stagedLedger))
	if err != nil {
		return entry, fmt.Errorf("read staged drop: %w", err)
	}
	if err := json.Unmarshal(data, &entry); err != nil {
		return entry, fmt.Errorf("read staged drop: %w", err)
	}
	return entry, nil
}

// abandon gives a prepared drop up: the register says so, and nothing of it is kept.
func (r *run) abandon(drop, reason string) error {
	_, err := r.books.enter(KindAbandoned, AbandonedBody{Drop: drop, Reason: reason})
	if err != nil {
		return err
	}
	agreement, name := path.Dir(drop), path.Base(drop)
	return errors.Join(r.State.RemoveMembership(agreement, name), r.State.RemoveStaging(agreement, name))
}

// isWhole reports whether a staging folder holds a whole drop: the signature is written last.
func isWhole(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, stagedDrop, manifest.SignatureName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
