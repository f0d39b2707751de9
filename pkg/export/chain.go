package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/store"
)

// ofAgreement reports whether a drop is one of an agreement's.
func ofAgreement(drop, id string) bool { return path.Dir(drop) == id }

// maxProofSize is more than a proof has, in bytes.
const maxProofSize = 2 << 20

// chain holds the register to the store: each drop there that carries a proof of this register is one that the register
// knows, and the newest that was published carries one that the register continues. It is how a state folder that was put
// back from an older copy is found out, and a drop that was played back under another number. What others put beside the
// drops is nobody's drop, and closes nothing: whoever can write to the store could close the gate with it.
func (p *preflight) chain(ctx context.Context) (finding.Check, error) {
	check := finding.Check{Name: "store and register tell one story"}
	id := p.judgement.Agreement.ID
	known, newest, err := p.books.dropsOf(id)
	if err != nil {
		return check, err
	}
	there, err := p.signedDrops(ctx, id)
	if err != nil {
		return check, err
	}
	var strange []string
	for _, drop := range there {
		if slices.Contains(known, drop) {
			continue
		}
		proof, _, err := p.proofOf(ctx, drop)
		if err != nil {
			return check, err
		}
		if proof != nil {
			return failed(check.Name, broken("the store holds the drop %s, which carries a proof of this register, and the register does not know it", drop)), nil
		}
		strange = append(strange, drop)
	}
	evidence := fmt.Sprintf("%d drops of the agreement in the store, each in the register", len(there)-len(strange))
	if newest != "" && slices.Contains(there, newest) {
		size, why, err := p.continues(ctx, newest)
		if err != nil {
			return check, err
		}
		if why != "" {
			return failed(check.Name, broken("the register does not go on from the proof of the drop %s: %s", newest, why)), nil
		}
		evidence += fmt.Sprintf(", which goes on from the %d entries that the proof of %s is over", size, newest)
	}
	if len(strange) > 0 {
		check.Outcome = finding.CheckWarned
		check.Evidence = fmt.Sprintf("the store holds %d things that pass for drops and are none of this council's: %s", len(strange), strings.Join(strange, ", "))
		return check, nil
	}
	return passed(check.Name, "%s", evidence), nil
}

func broken(sentence string, args ...any) *finding.Refusal {
	return finding.Refuse(finding.ManifestChainBroken,
		"put back the state folder as the last run left it, and find out who replaced it or wrote to the store; an older copy cannot be gone on from",
		sentence, args...)
}

// dropsOf lists the drops of an agreement that the register has as prepared, and the newest that was published.
func (b *Books) dropsOf(id string) (prepared []string, newest string, err error) {
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, "", err
		}
		switch record.Kind {
		case manifest.PreparedKind:
			body, err := bodyOf[manifest.Prepared](record)
			if err != nil {
				return nil, "", err
			}
			if body.Agreement == id {
				prepared = append(prepared, body.Drop)
			}
		case KindPublished:
			body, err := bodyOf[PublishedBody](record)
			if err != nil {
				return nil, "", err
			}
			if ofAgreement(body.Drop, id) {
				newest = body.Drop
			}
		}
	}
	return prepared, newest, nil
}

// signedDrops lists an agreement's drops in the store: what has a signature.
func (p *preflight) signedDrops(ctx context.Context, id string) ([]string, error) {
	var out []string
	for object, err := range p.Store.List(ctx, id+"/") {
		if err != nil {
			return nil, fmt.Errorf("list the drops in the store: %w", err)
		}
		drop, name, _ := cutLast(object.Key)
		if name == manifest.SignatureName && ofAgreement(drop, id) {
			out = append(out, drop)
		}
	}
	return out, nil
}

func cutLast(key string) (before, after string, found bool) {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}

// continues says why the register does not continue the proof of a drop in the store; "" when it does, with the number of
// entries that the proof is over.
func (p *preflight) continues(ctx context.Context, drop string) (size int64, why string, err error) {
	proof, why, err := p.proofOf(ctx, drop)
	if err != nil || why != "" {
		return 0, why, err
	}
	var tampered *register.TamperError
	switch err := p.books.log.Extends(proof.Checkpoint); {
	case errors.As(err, &tampered):
		return 0, "entries that it was made over are not there, or are others", nil
	case err != nil:
		return 0, "", err
	}
	return proof.Checkpoint.Size, "", nil
}

// proofOf reads the proof of a drop in the store, when it is one of this register; otherwise it says why not.
func (p *preflight) proofOf(ctx context.Context, drop string) (proof *register.Proof, why string, err error) {
	object, err := p.Store.Get(ctx, drop+"/"+manifest.ProofName)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "the drop has none", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the proof of %s: %w", drop, err)
	}
	data, err := io.ReadAll(io.LimitReader(object, maxProofSize))
	if err := errors.Join(err, object.Close()); err != nil {
		return nil, "", fmt.Errorf("read the proof of %s: %w", drop, err)
	}
	key, err := p.Keys.RegisterPublicKey()
	if err != nil {
		return nil, "", err
	}
	proof, err = register.ParseProof(data)
	switch {
	case err != nil:
		return nil, "it is no proof", nil
	case proof.Checkpoint.Origin != RegisterOrigin(p.LACode):
		return nil, "it is of another register", nil
	case proof.Verify(verifierOf(p.LACode, key, p.Now)) != nil:
		return nil, "it does not hold", nil
	}
	return proof, "", nil
}
