package export

import (
	"bytes"
	"context"
	"crypto/sha256"
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
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

// settle closes what earlier runs of this agreement prepared and did not publish: a drop that is in the store is entered
// in the books, one that may still leave is published, any other is abandoned with an entry that proves the gap. Then it
// removes what no prepared drop claims. It is done after a refusal too: nothing treated is left lying about.
func (r *run) settle(ctx context.Context, permitted bool) error {
	var errs []error
	claimed, err := r.eachOpen(func(p *manifest.Prepared) error {
		what, err := r.settleOne(ctx, p, permitted)
		if err != nil {
			errs = append(errs, err)
			return nil // the next may be settled all the same
		}
		r.result.Recovered = append(r.result.Recovered, p.Drop+" was "+what)
		return nil
	})
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	if err := r.dropIndexes(); err != nil {
		return err
	}
	if s, ok := r.Store.(sweeper); ok {
		if _, err := s.Sweep(ctx, r.Now().Add(-staleAfter)); err != nil {
			return err
		}
	}
	return r.State.Sweep(func(name string) bool { return claimed[name] })
}

// eachOpen calls do with each drop of the agreement that was prepared, and neither published nor abandoned. It returns those
// of other agreements, which wait for a run of their own.
func (r *run) eachOpen(do func(*manifest.Prepared) error) (others map[string]bool, err error) {
	open, err := r.books.open()
	if err != nil {
		return nil, err
	}
	others = make(map[string]bool)
	for _, record := range open {
		p, err := manifest.ParsePrepared(record.Body)
		if err != nil {
			return nil, err
		}
		if p.Agreement != r.judgement.Agreement.ID {
			others[p.Drop] = true
			continue
		}
		if err := do(p); err != nil {
			return nil, err
		}
	}
	return others, nil
}

// unfinished finds out what is to become of the drops of earlier runs, before anything is done about them: those that will
// be in the ledger after this run are counted with those that are.
func (p *preflight) unfinished(ctx context.Context) error {
	check, waiting := finding.Check{Name: "drops of earlier runs"}, 0
	_, err := p.eachOpen(func(prepared *manifest.Prepared) error {
		waiting++
		f, err := p.fateOf(ctx, prepared, !p.shut())
		if err == nil && f.reason == "" {
			p.held = append(p.held, f.entry)
		}
		return err
	})
	var refusal *finding.Refusal
	switch {
	case errors.As(err, &refusal):
		check, err = failed(check.Name, refusal), nil
	case err != nil:
	case waiting == 0:
		check = notApplicable(check.Name, "each was published or abandoned")
	default:
		check = passed(check.Name, "%d to be finished, %d to be abandoned", len(p.held), waiting-len(p.held))
	}
	return p.found(check, err)
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
	f, err := r.fateOf(ctx, p, permitted)
	if err != nil {
		return "", err
	}
	if f.reason == "" && f.staged {
		r.progress("finishing", p.Drop, 0)
		err := r.publish(ctx, p.Drop, f.dir, f.out)
		if err == nil {
			return "finished", nil
		}
		reason := hopeless(err)
		if reason == "" {
			return "", err
		}
		var lapsed *lapsedError
		if errors.As(err, &lapsed) {
			return "", errors.Join(err, r.abandon(p.Drop, reason))
		}
		if !f.out {
			f.reason = reason
		}
	}
	if f.reason != "" {
		return "abandoned: " + f.reason, r.abandon(p.Drop, f.reason)
	}
	// What is staged may be gone; what the ledger says, or will say, is known.
	ledger, err := encodeLedger(f.entry)
	if err == nil {
		err = writeFile(filepath.Join(f.dir, stagedLedger), ledger)
	}
	if err == nil {
		err = r.enterPublished(p.Drop, f.dir, f.entry.SumsSHA256)
	}
	return "finished", err
}

// fate is what is to become of a prepared drop.
type fate struct {
	dir    string              // the staging folder
	reason string              // why it must not be published; "" when it may, or already was
	out    bool                // it was published: only the books lack it
	staged bool                // it is staged, whole
	entry  state.PublishedDrop // what the ledger says of it, or will say
}

// fateOf finds out what is to become of a prepared drop. One that is out is never abandoned, whatever was decided since and
// whatever is left of its staging folder: the ledger says so, or its signature in the store.
func (r *run) fateOf(ctx context.Context, p *manifest.Prepared, permitted bool) (f fate, err error) {
	if f.dir, err = r.State.Staging(p.Agreement, path.Base(p.Drop)); err != nil {
		return f, err
	}
	if i := slices.IndexFunc(r.ledger, func(d state.PublishedDrop) bool { return d.ID == p.Drop }); i >= 0 {
		f.out, f.entry = true, r.ledger[i]
		return f, nil
	}
	if f.staged, err = isWhole(f.dir); err != nil {
		return f, fmt.Errorf("read staged drop: %w", err)
	}
	f.entry, err = stagedEntry(f.dir)
	known := err == nil
	if err != nil && (f.staged || !errors.Is(err, fs.ErrNotExist)) {
		return f, err
	}
	if known && !r.isHere(f.entry.Store) {
		return f, NotSetUp{finding.WithHint(fmt.Errorf("drop %s was being published to %s when its run was interrupted", p.Drop, f.entry.Store),
			"run the export once with --to "+f.entry.Store+", which finishes or abandons it")}
	}
	if f.staged {
		if f.out, err = r.isOut(ctx, p.Drop, f.dir); err != nil || f.out {
			return f, err
		}
	}
	sums, err := r.signedSums(ctx, p.Drop)
	if err != nil {
		return f, err
	}
	a, definitions := r.judgement.Agreement, r.Catalogue.Digest()
	switch {
	case sums != "" && known && f.entry.SumsSHA256 == sums:
		f.out, f.staged = true, false // what is staged is not what was sent
	case sums != "":
		return f, finding.Refuse(finding.ManifestChainBroken,
			"put the folder staging/"+p.Drop+" of the state folder back from the council's backup, as the run that made the drop left it; the next run enters it as published",
			"the store holds the drop %s, signed with the council's key, and neither the ledger nor what is staged of it says what was published", p.Drop)
	case !f.staged:
		f.reason = "the run that made it ended before it was whole"
	case !permitted:
		f.reason = noLongerPermitted
	case p.AgreementSHA256 != hex.EncodeToString(a.SHA256[:]) || p.DefinitionsSHA256 != hex.EncodeToString(definitions[:]):
		f.reason = "the agreement or the definitions changed before it was published"
	case !r.decidedAs(f.dir):
		f.reason = "it was decided anew before it was published"
	}
	return f, nil
}

// isOut reports whether a staged drop is in the store: its own signature is there, and not another's in its place.
func (r *run) isOut(ctx context.Context, drop, dir string) (bool, error) {
	there, err := r.stored(ctx, drop+"/"+manifest.SignatureName, signatureSize)
	if err != nil || there == nil {
		return false, err
	}
	staged, err := os.ReadFile(filepath.Join(dir, stagedDrop, manifest.SignatureName))
	if err != nil {
		return false, fmt.Errorf("read staged drop: %w", err)
	}
	return bytes.Equal(there, staged), nil
}

// signedSums is the digest of a drop's SHA256SUMS in the store, when it is there with a signature by the council's own key;
// otherwise "". What others put there is no drop.
func (r *run) signedSums(ctx context.Context, drop string) (string, error) {
	armoured, err := r.stored(ctx, drop+"/"+manifest.SignatureName, signatureSize)
	if err != nil || armoured == nil {
		return "", err
	}
	sums, err := r.stored(ctx, drop+"/"+manifest.SumsName, manifest.MaxSumsBytes)
	if err != nil || sums == nil {
		return "", err
	}
	signers, err := r.Signers()
	if err != nil {
		return "", err
	}
	if _, err := signature.Verify(sums, armoured, signature.DropNamespace, signers, r.Now()); err != nil {
		return "", nil //nolint:nilerr // it is not the council's
	}
	return manifest.Hex(sha256.Sum256(sums)), nil
}

// stored reads a small object of the store; nil when it is not there.
func (r *run) stored(ctx context.Context, key string, most int64) ([]byte, error) {
	object, err := r.Store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(object, most))
	if err := errors.Join(err, object.Close()); err != nil {
		return nil, fmt.Errorf("look for %s in the store: %w", path.Dir(key), err)
	}
	return append([]byte{}, data...), nil
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

// abandon gives a prepared drop up: the register says so, and nothing of it is kept. Never one that the ledger has. The entry
// comes first, since a drop that is still open may yet be published, with its index; what is left of the index when the run
// ends here, dropIndexes removes.
func (r *run) abandon(drop, reason string) error {
	agreement, name := path.Dir(drop), path.Base(drop)
	drops, err := r.State.Drops(agreement)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(drops, func(d state.PublishedDrop) bool { return d.ID == drop }) {
		return fmt.Errorf("drop %s is in the ledger, and cannot be given up", drop)
	}
	if _, err := r.books.enter(KindAbandoned, AbandonedBody{Drop: drop, Reason: reason}); err != nil {
		return err
	}
	return errors.Join(r.State.RemoveMembership(agreement, name), r.State.RemoveStaging(agreement, name))
}

// dropIndexes removes the membership indexes of drops that were abandoned, where the run that did so could not.
func (r *run) dropIndexes() error {
	id := r.judgement.Agreement.ID
	for record, err := range r.books.log.Find(KindAbandoned) {
		if err != nil {
			return err
		}
		body, err := bodyOf[AbandonedBody](record)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(r.ledger, func(d state.PublishedDrop) bool { return d.ID == body.Drop })
		if ofAgreement(body.Drop, id) && !known {
			if err := r.State.RemoveMembership(id, path.Base(body.Drop)); err != nil {
				return err
			}
		}
	}
	return nil
}

// isWhole reports whether a staging folder holds a whole drop: the signature is written last.
func isWhole(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, stagedDrop, manifest.SignatureName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
