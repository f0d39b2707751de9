package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
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
// repeated: a drop that was put in part by a run that was killed is completed, and never changed. Unless it is out, that
// its signature is there already, the gate is asked again before anything is put, and before the signature is.
func (r *run) publish(ctx context.Context, id, dir string, out bool) error {
	files := filepath.Join(dir, stagedDrop)
	encoded, err := os.ReadFile(filepath.Join(files, manifest.SumsName))
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	sums, err := manifest.ParseSums(encoded)
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	if err := r.check(ctx, id, files); err != nil {
		return err
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
	for i, name := range append(names, manifest.SumsName, manifest.SignatureName) {
		r.detail("publishing", name)
		if !out && (i == 0 || name == manifest.SignatureName) {
			if err := r.judgeAgain(dir); err != nil {
				return err
			}
		}
		if err := r.put(ctx, id, files, name, sums); err != nil {
			return err
		}
	}
	return r.enterPublished(id, dir, manifest.Hex(sha256.Sum256(encoded)))
}

// check looks at a staged drop as its recipient will: what the gate's own verifier refuses is not sent.
func (r *run) check(ctx context.Context, id, files string) error {
	signers, err := r.Signers()
	if err != nil {
		return err
	}
	drop, err := recipient.FromDir(files)
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	defer func() { _ = drop.Close() }() // only read from: nothing is lost
	report, err := recipient.Verify(ctx, drop, recipient.Options{AllowedSigners: signers, Now: r.Now(), TempDir: filepath.Dir(files)})
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	if !report.Verified {
		return damaged(id)
	}
	return nil
}

func damaged(id string) error {
	return finding.Refuse(finding.VerifyAfterWriteFailed, "run the export again: it takes the next number; if it is refused again, report the fault",
		"the staged drop %s is not what was signed, so nothing of it was sent", id)
}

// hopeless says why a staged drop can never be published; "" when it can be tried again.
func hopeless(err error) string {
	var refusal *finding.Refusal
	var lapsed *lapsedError
	switch {
	case errors.As(err, &lapsed):
		return noLongerPermitted
	case errors.As(err, &refusal) && refusal.Code == finding.VerifyAfterWriteFailed:
		return "it was not what was signed"
	case errors.Is(err, store.ErrTaken):
		return "its place in the store is taken by something else"
	default:
		return ""
	}
}

// put puts one file of a drop. What is listed in SHA256SUMS must still be what was listed.
func (r *run) put(ctx context.Context, id, files, name string, sums manifest.Sums) error {
	file := filepath.Join(files, filepath.FromSlash(name))
	want, listed := sums.Find(name)
	body, err := store.BodyFromFile(file, want)
	if err == nil && !listed { // the list itself, and its signature
		var data []byte
		data, err = os.ReadFile(file)
		body = store.BodyFromBytes(data)
	}
	if err != nil {
		return fmt.Errorf("read staged drop: %w", err)
	}
	err = r.Store.Put(ctx, id+"/"+name, body)
	if errors.Is(err, store.ErrBody) && !holds(ctx, body) {
		return damaged(id)
	}
	if errors.Is(err, store.ErrTaken) {
		return finding.WithHint(fmt.Errorf("publish %s: %w", id, err),
			"something else has written to this place in the store: see that one gate only serves the agreement; the next run takes the next number")
	}
	if err != nil {
		return fmt.Errorf("publish %s: %w", id, err)
	}
	return nil
}

// holds reports whether a body is what was announced, as far as it can be read: then it was lost on the way to the store.
func holds(ctx context.Context, body store.Body) bool {
	r, err := body.Reader(ctx)
	if err != nil {
		return !errors.Is(err, store.ErrBody)
	}
	_, err = io.Copy(io.Discard, r)
	return !errors.Is(errors.Join(err, r.Close()), store.ErrBody)
}

// enterPublished remembers a published drop in the ledger and then in the register, and removes its staging. The
// register's entry is what keeps the next run from doing it again, so it comes after the ledger's.
func (r *run) enterPublished(id, dir, digest string) error {
	entry, err := stagedEntry(dir)
	if err != nil {
		return err
	}
	agreementID := path.Dir(id)
	known := slices.ContainsFunc(r.ledger, func(d state.PublishedDrop) bool { return d.ID == id })
	if !known {
		if err := r.State.AppendDrop(agreementID, entry); err != nil {
			return err
		}
		r.ledger = append(r.ledger, entry)
	}
	ledger, err := entry.Digest()
	if err != nil {
		return err
	}
	if _, err := r.books.enter(KindPublished, PublishedBody{Drop: id, SumsSHA256: digest, LedgerSHA256: ledger}); err != nil {
		return err
	}
	return r.State.RemoveStaging(agreementID, path.Base(id))
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
