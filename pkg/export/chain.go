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
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/store"
)

// ofAgreement reports whether a drop is one of an agreement's.
func ofAgreement(drop, id string) bool { return path.Dir(drop) == id }

// maxProofSize is more than a proof has, in bytes.
const maxProofSize = 2 << 20

// chain holds the register to the ledger and to the store. What was published is in the ledger as it was entered. Each drop in
// the store that was signed with the council's key, or carries a proof of this register, is one that the register knows
// and has not given up, and the newest that was published carries a proof that the register continues. It is how a state
// folder that was put back from an older copy or edited is found out, and a drop that was played back under another number.
// What others put beside the drops is nobody's drop, and closes nothing: whoever can write to the store could close the
// gate with it.
func (p *preflight) chain(ctx context.Context) (finding.Check, error) {
	check := finding.Check{Name: "store and register tell one story"}
	id := p.judgement.Agreement.ID
	known, err := p.books.account(id)
	if err != nil {
		return check, err
	}
	ledger, err := p.State.Drops(id)
	if err != nil {
		return check, err
	}
	switch why, err := known.against(ledger); {
	case err != nil:
		return check, err
	case why != "":
		return failed(check.Name, broken("%s", why)), nil
	}
	there, err := p.signedDrops(ctx, id)
	if err != nil {
		return check, err
	}
	var strange []string
	for _, drop := range there {
		abandoned := slices.Contains(known.abandoned, drop)
		if !abandoned && slices.Contains(known.prepared, drop) {
			continue
		}
		how, err := p.isOwn(ctx, drop, abandoned)
		switch {
		case err != nil:
			return check, err
		case how != "" && abandoned:
			return failed(check.Name, broken("the store holds the drop %s, %s, and the register has it as given up", drop, how)), nil
		case how != "":
			return failed(check.Name, broken("the store holds the drop %s, %s, and the register does not know it", drop, how)), nil
		}
		strange = append(strange, drop)
	}
	evidence := fmt.Sprintf("%d drops of the agreement in the store, each in the register", len(there)-len(strange))
	if newest := known.newest(); slices.Contains(there, newest) {
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

// isOwn says by what a drop in the store shows to be the council's: it carries a proof of this register, or its list of
// files is signed with the council's key; "" when it is somebody else's. One that was given up may have left its proof there
// when its signature's place was taken: then only the signature counts.
func (p *preflight) isOwn(ctx context.Context, drop string, abandoned bool) (how string, err error) {
	if !abandoned {
		proof, _, err := p.proofOf(ctx, drop)
		if err != nil {
			return "", err
		}
		if proof != nil {
			return "which carries a proof of this register", nil
		}
	}
	signers, err := p.Signers()
	if err != nil {
		return "", err
	}
	var files [2][]byte
	for i, name := range []string{manifest.SumsName, manifest.SignatureName} {
		files[i], err = p.read(ctx, drop+"/"+name, manifest.MaxSumsBytes)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("read the signature of %s: %w", drop, err)
		}
	}
	if _, err := signature.Verify(files[0], files[1], signature.DropNamespace, signers, p.Now()); err != nil {
		return "", nil //nolint:nilerr // what the key did not sign is another's
	}
	return "which is signed with the council's key", nil
}

// read reads an object of the store, no more of it than there may be.
func (p *preflight) read(ctx context.Context, key string, limit int64) ([]byte, error) {
	object, err := p.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(object, limit))
	return data, errors.Join(err, object.Close())
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
	data, err := p.read(ctx, drop+"/"+manifest.ProofName, maxProofSize)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "the drop has none", nil
	}
	if err != nil {
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
