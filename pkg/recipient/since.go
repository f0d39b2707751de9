package recipient

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// The errors of Continue.
var (
	// ErrRewritten means that the council's key signed two histories: the proofs and the kept checkpoint are not of one.
	ErrRewritten = errors.New("the register does not continue the kept checkpoint: its history was rewritten")
	// ErrNoLink means that the proofs do not reach back to the kept checkpoint, which says nothing against the register.
	ErrNoLink = errors.New("the proofs do not reach back to the kept checkpoint")
)

// ParseCheckpoint reads and verifies a checkpoint that a recipient kept: one that the council gave it (postern register
// checkpoint), or the register.proof of a drop.
func ParseCheckpoint(data []byte, allowed signature.AllowedSigners, at time.Time) (register.Checkpoint, error) {
	return register.ParseKept(data, RegisterVerifier(allowed, at))
}

// Continue holds the register, as verified proofs of drops show it, to a checkpoint that somebody kept, and returns the
// latest state that is shown to continue it. Each proof leads from the register in one drop to that in the next, so the
// proofs of all drops since lead from the kept checkpoint, where that is of one of them, to the last. Of a checkpoint of
// another moment only the council can show that the register continues it (postern register verify --since).
//
// The error is ErrRewritten or ErrNoLink.
func Continue(kept register.Checkpoint, proofs ...*register.Proof) (register.Checkpoint, error) {
	proofs = slices.Clone(proofs)
	slices.SortStableFunc(proofs, func(a, b *register.Proof) int {
		return int(min(max(a.Checkpoint.Size-b.Checkpoint.Size, -1), 1))
	})
	reached, linked := []register.Checkpoint{kept}, false
	is := func(c register.Checkpoint) (known bool, err error) {
		for _, r := range reached {
			switch {
			case r.Origin != c.Origin, r.Size == c.Size && r.Root != c.Root:
				return false, ErrRewritten
			case r.Size == c.Size:
				known = true
			}
		}
		return known, nil
	}
	for _, p := range proofs {
		now, err := is(p.Checkpoint)
		if err != nil {
			return kept, err
		}
		if p.Previous != nil {
			before, err := is(*p.Previous)
			if err != nil {
				return kept, err
			}
			now = now || before
		}
		if now {
			reached, linked = append(reached, p.Checkpoint), true
		}
	}
	if !linked {
		return kept, ErrNoLink
	}
	return slices.MaxFunc(reached, func(a, b register.Checkpoint) int { return int(min(max(a.Size-b.Size, -1), 1)) }), nil
}

// since holds the drop, with the one before it where that is given, to a checkpoint that the recipient kept.
func (v *verification) since(ctx context.Context) (string, error) {
	kept := *v.opt.Since
	if v.proof == nil {
		return "", failf("register.proof does not verify, so it does not continue the kept checkpoint.")
	}
	proofs := []*register.Proof{v.proof}
	if v.opt.Previous != nil {
		data, err := readSmall(ctx, v.opt.Previous, manifest.ProofName, manifest.MaxBytes)
		if errors.Is(err, fs.ErrNotExist) {
			return "", failf("The previous drop has no register.proof.")
		}
		if err != nil {
			return "", err
		}
		before, err := register.ParseProof(data)
		if err == nil {
			err = before.Verify(RegisterVerifier(v.opt.AllowedSigners, v.opt.Now))
		}
		if err != nil {
			return "", failf("register.proof of the previous drop does not verify.")
		}
		proofs = append(proofs, before)
	}
	last, err := Continue(kept, proofs...)
	switch {
	case errors.Is(err, ErrRewritten):
		return "", failf("The register does not continue the checkpoint that you kept: its history was rewritten.")
	case errors.Is(err, ErrNoLink) && kept.Size > v.proof.Checkpoint.Size:
		return "", notChecked("The checkpoint that you kept is later than this drop.")
	case errors.Is(err, ErrNoLink), last.Size < v.proof.Checkpoint.Size:
		return "", notChecked("The drop does not show that the register continues the checkpoint that you kept: that is of another moment than the drop before. " +
			"Give the checkpoint of the drop before this one, or ask the council to run postern register verify --since.")
	}
	return fmt.Sprintf("The register continues the checkpoint that you kept, of %d records, by %d.", kept.Size, v.proof.Checkpoint.Size-kept.Size), nil
}
