package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

// digests lists the SHA-256 of every file of a drop, and gives the digest of the list itself.
func digests(m *manifest.Manifest, texts []text) (digest string, encoded []byte, err error) {
	var sums manifest.Sums
	for _, f := range m.Files() {
		raw, err := hex.DecodeString(f.SHA256)
		if err != nil || len(raw) != sha256.Size {
			return "", nil, errors.New("list the digests of the drop: a digest is malformed")
		}
		sums = append(sums, manifest.Sum{Path: f.Path, SHA256: [sha256.Size]byte(raw)})
	}
	for _, t := range texts {
		sums = append(sums, manifest.Sum{Path: t.name, SHA256: sha256.Sum256(t.data)})
	}
	encoded, err = sums.Encode()
	if err != nil {
		return "", nil, fmt.Errorf("list the digests of the drop: %w", err)
	}
	return manifest.Hex(sha256.Sum256(encoded)), encoded, nil
}

func encodeLedger(entry state.PublishedDrop) ([]byte, error) {
	data, err := json.MarshalIndent(entry, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("stage drop: %w", err)
	}
	return append(data, '\n'), nil
}

// publish puts a whole staged drop into the store, the signature last, and records that it is there. Every step can be
// repeated: a drop that was put in part by a run that was killed is completed, and never changed.
func (r *run) publish(ctx context.Context, id, dir string) error {
	files := filepath.Join(dir, stagedDrop)
	encoded, err := os.ReadFile(filepath.Join(files, manifest.SumsName))
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	sums, err := manifest.ParseSums(encoded)
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	// Nobody else puts objects there: what lies half made beside them is of a run that was killed.
	if s, ok := r.Store.(tidier); ok {
		if err := s.Tidy(ctx, id); err != nil {
			return fmt.Errorf("publish %s: %w", id, err)
		}
	}
	names := []string{manifest.ClaimName}
	for _, s := range sums {
		if s.Path != manifest.ClaimName {
			names = append(names, s.Path)
		}
	}
	r.progress("publishing", id, 0)
	for _, name := range append(names, manifest.SumsName, manifest.SignatureName) {
		r.detail("publishing", name)
		if err := r.put(ctx, id, files, name, sums); err != nil {
			return err
		}
	}
	return r.enterPublished(id, dir, manifest.Hex(sha256.Sum256(encoded)))
}

// put puts one file of a drop. What is listed in SHA256SUMS must still be what was listed.
func (r *run) put(ctx context.Context, id, files, name string, sums manifest.Sums) error {
	body, err := store.BodyFromFile(filepath.Join(files, filepath.FromSlash(name)))
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	if want, listed := sums.Find(name); listed && want != body.SHA256 {
		return fmt.Errorf("staged drop %s is damaged: %s is not the file that was signed", id, name)
	}
	err = r.Store.Put(ctx, id+"/"+name, body)
	if errors.Is(err, store.ErrTaken) {
		return finding.WithHint(fmt.Errorf("publish %s: %w", id, err),
			"something else has written to this place in the store: see that one gate only serves the agreement, then run again with another store")
	}
	if err != nil {
		return fmt.Errorf("publish %s: %w", id, err)
	}
	return nil
}

// enterPublished remembers a published drop in the ledger and then in the register, and removes its staging. The
// register's entry is what keeps the next run from doing it again, so it comes after the ledger's.
func (r *run) enterPublished(id, dir, digest string) error {
	data, err := os.ReadFile(filepath.Join(dir, stagedLedger))
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	var entry state.PublishedDrop
	if err := json.Unmarshal(data, &entry); err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	agreementID := path.Dir(id)
	known := slices.ContainsFunc(r.ledger, func(d state.PublishedDrop) bool { return d.ID == id })
	if !known {
		if err := r.State.AppendDrop(agreementID, entry); err != nil {
			return err
		}
		r.ledger = append(r.ledger, entry)
	}
	if _, err := r.books.enter(KindPublished, PublishedBody{Drop: id, SumsSHA256: digest}); err != nil {
		return err
	}
	return r.State.RemoveStaging(agreementID, path.Base(id))
}

// finishEarlier publishes what earlier runs of this agreement prepared and did not publish, or abandons it, and removes
// what no prepared drop claims.
func (r *run) finishEarlier(ctx context.Context) error {
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
		if err := r.finishOne(ctx, p); err != nil {
			return err
		}
		r.result.Recovered = append(r.result.Recovered, p.Drop)
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

func (r *run) finishOne(ctx context.Context, p *manifest.Prepared) error {
	dir, err := r.State.Staging(p.Agreement, path.Base(p.Drop))
	if err != nil {
		return err
	}
	whole, err := isWhole(dir)
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	out, err := exists(ctx, r.Store, p.Drop+"/"+manifest.SignatureName)
	if err != nil {
		return err
	}
	a, definitions := r.judgement.Agreement, r.Catalogue.Digest()
	switch {
	case whole && out: // there is a drop, whatever was decided since: only the books lack it
		r.progress("finishing", p.Drop, 0)
		return r.publish(ctx, p.Drop, dir)
	case !whole:
		err = r.abandon(p.Drop, "the run that made it ended before it was whole")
	case p.AgreementSHA256 != hex.EncodeToString(a.SHA256[:]) || p.DefinitionsSHA256 != hex.EncodeToString(definitions[:]):
		err = r.abandon(p.Drop, "the agreement or the definitions changed before it was published")
	default:
		r.progress("finishing", p.Drop, 0)
		return r.publish(ctx, p.Drop, dir)
	}
	return errors.Join(err, r.State.RemoveStaging(p.Agreement, path.Base(p.Drop)))
}

func (r *run) abandon(drop, reason string) error {
	_, err := r.books.enter(KindAbandoned, AbandonedBody{Drop: drop, Reason: reason})
	return err
}

// exists reports whether the store has an object.
func exists(ctx context.Context, s store.Store, key string) (bool, error) {
	object, err := s.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, object.Close()
}

// Continues holds the register to the checkpoint of a published drop: a register that was put back or replaced would
// let history be rewritten.
func (b *Books) Continues(drop state.PublishedDrop) error {
	checkpoint, err := register.ParseCheckpoint([]byte(drop.Checkpoint))
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	return b.log.Extends(checkpoint)
}
