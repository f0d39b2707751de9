package recipient

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// register holds the drop to the council's register.
func (v *verification) register(context.Context) (string, error) {
	proof, err := register.ParseProof(v.small[manifest.ProofName])
	if err != nil {
		return "", failf("register.proof is not as the gateway writes it.")
	}
	if err := proof.Verify(RegisterVerifier(v.opt.AllowedSigners, v.opt.Now)); err != nil {
		return "", unproved(err)
	}
	m := v.manifest
	body, err := m.Prepared().Encode()
	if err != nil {
		return "", err
	}
	switch {
	case proof.Record.Kind != manifest.PreparedKind:
		return "", failf("register.proof proves another kind of entry than %q.", manifest.PreparedKind)
	case string(proof.Record.Body) != string(body):
		return "", failf("The register's entry is not of this drop: it names another drop, another agreement or other files.")
	case at(proof.Checkpoint) != m.Register:
		return "", failf("register.proof and manifest.json are of two states of the register.")
	case m.Drop.PreviousSumsSHA256 == "" && proof.Previous != nil:
		return "", failf("register.proof continues a drop before this one, and manifest.json says that this is the first.")
	case m.Drop.PreviousSumsSHA256 != "" && proof.Previous == nil:
		return "", failf("register.proof does not continue the drop before, which manifest.json names.")
	}
	v.proof = proof
	return fmt.Sprintf("Entry %d of the register %s is of this drop and its %d Parquet files.",
		proof.Record.Index, proof.Checkpoint.Origin, len(m.Files())), nil
}

// at is a checkpoint as a manifest has it.
func at(c register.Checkpoint) manifest.RegisterAt {
	return manifest.RegisterAt{Origin: c.Origin, Size: c.Size, Root: c.Root.String()}
}

// unproved says what of a proof does not hold.
func unproved(err error) error {
	var proof *register.ProofError
	if !errors.As(err, &proof) {
		return err
	}
	switch proof.Part {
	case register.PartCheckpoint, register.PartPrevious:
		if errors.Is(err, signature.ErrNotAllowed) {
			return failf("register.proof is signed by a key that your list of allowed signers does not have for %s at this time.",
				signature.RegisterNamespace)
		}
		return failf("The %s in register.proof is not signed by the register's key.", named(proof.Part))
	case register.PartInclusion:
		return failf("register.proof does not show the drop's entry in the register.")
	case register.PartConsistency:
		return failf("The register does not continue the one of the drop before: its history was rewritten.")
	default:
		return failf("register.proof is not as the gateway writes it.")
	}
}

func named(part register.Part) string {
	if part == register.PartPrevious {
		return "earlier state of the register"
	}
	return "state of the register"
}

// previous holds the drop to the one before it. That one needs no signature of its own here: the drop's manifest, which is
// signed, names the digest of its SHA256SUMS.
func (v *verification) previous(ctx context.Context) (string, error) {
	named := v.manifest.Drop.PreviousSumsSHA256
	switch {
	case v.opt.Previous == nil && named == "":
		return "It is the first drop under its agreement in its store.", nil
	case v.opt.Previous == nil:
		return "", notChecked("No previous drop was given, so nothing shows that none was left out in between.")
	case named == "":
		return "", failf("A previous drop was given, and manifest.json says that this drop is the first under its agreement in its store.")
	}
	text, err := readSmall(ctx, v.opt.Previous, manifest.SumsName, manifest.MaxSumsBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return "", failf("The previous drop has no SHA256SUMS.")
	}
	if err != nil {
		return "", err
	}
	if manifest.Hex(sha256.Sum256(text)) != named {
		return "", failf("The drop given as the previous one is not the one that this drop follows, or was changed.")
	}
	before, err := previousManifest(ctx, v.opt.Previous, text)
	if err != nil {
		return "", err
	}
	return v.follows(before)
}

func previousManifest(ctx context.Context, src Source, sumsText []byte) (*manifest.Manifest, error) {
	sums, err := manifest.ParseSums(sumsText)
	if err != nil {
		return nil, failf("SHA256SUMS of the previous drop is not as the gateway writes it.")
	}
	data, err := readSmall(ctx, src, manifest.Name, manifest.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failf("The previous drop has no manifest.json.")
	}
	if err != nil {
		return nil, err
	}
	if sum, listed := sums.Find(manifest.Name); !listed || sha256.Sum256(data) != sum {
		return nil, failf("manifest.json of the previous drop was changed.")
	}
	before, err := manifest.Parse(data)
	if err != nil {
		return nil, failf("manifest.json of the previous drop is not as the gateway writes it.")
	}
	return before, nil
}

// follows holds the drop to what the one before said.
func (v *verification) follows(before *manifest.Manifest) (string, error) {
	m := v.manifest
	switch {
	case before.Agreement.ID != m.Agreement.ID:
		return "", failf("The previous drop is of another agreement.")
	case before.Drop.Sequence >= m.Drop.Sequence || before.Drop.Date > m.Drop.Date:
		return "", failf("The previous drop is not earlier than this one.")
	case before.Agreement.Version > m.Agreement.Version:
		return "", failf("The previous drop was made under a later version of the agreement.")
	case before.Pseudonyms.Epoch > m.Pseudonyms.Epoch:
		return "", failf("The previous drop was made with a later version of the code key.")
	case before.Pseudonyms.Epoch == m.Pseudonyms.Epoch && before.Pseudonyms.KeyCheck != m.Pseudonyms.KeyCheck:
		return "", failf("The code key changed without a new version: the same child would have another code than before.")
	case v.proof == nil:
		return "", failf("register.proof does not verify, so it does not continue the register of the previous drop.")
	case v.proof.Previous == nil || at(*v.proof.Previous) != before.Register:
		return "", failf("register.proof does not continue the register as the previous drop had it.")
	}
	return fmt.Sprintf("It follows drop %s: the same register, continued, and %s.", before.Drop.ID, keys(before, m)), nil
}

func keys(before, m *manifest.Manifest) string {
	if before.Pseudonyms.Epoch == m.Pseudonyms.Epoch {
		return "the same code key"
	}
	return fmt.Sprintf("a new code key, version %d: no child has the code it had", m.Pseudonyms.Epoch)
}
