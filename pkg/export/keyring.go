package export

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// fetchKeys fetches the agreement's keys, and holds them to those of its drops. What it saw are fingerprints.
func (r *run) fetchKeys() ([]finding.Check, error) {
	const epochs = "keys of the agreement's drops"
	a := r.judgement.Agreement
	keys, err := r.Keys.AgreementKeys(r.LACode, a.ID, a.Pseudonyms.Epoch)
	if err != nil {
		return nil, err
	}
	r.keys = keys
	if err := r.State.ClaimSalt(keys.SaltFingerprint(), a.ID, a.Pseudonyms.Epoch); err != nil {
		return nil, err
	}
	checks := []finding.Check{
		passed("master key and salt", "salt %s, which no other agreement has", keys.SaltFingerprint()),
		passed(epochs, "epoch %d, key check %s, like every drop of this epoch", a.Pseudonyms.Epoch, keys.KeyCheck()),
	}
	for _, d := range slices.Concat(r.ledger, r.held) {
		if d.Epoch == a.Pseudonyms.Epoch && d.KeyCheck != keys.KeyCheck() {
			checks[1] = failed(epochs, finding.Refuse(finding.KeyEpochMismatch,
				"restore the key of this epoch from the council's backup; a new key is a new epoch, which needs its own approval",
				"the keys are not those of the agreement's last drop, so every child would get another code"))
		}
	}
	// These are needed at the end: to find one missing now costs nothing, then it costs the run.
	signing, err := r.Keys.SigningKey()
	if err != nil {
		return nil, err
	}
	registers, err := r.Keys.RegisterPublicKey()
	if err != nil {
		return nil, err
	}
	if _, err := r.Keys.RightsRecipient(); err != nil {
		return nil, err
	}
	return append(checks,
		passed("signing key", "%s", signature.Fingerprint(signing.PublicKey())),
		passed("register key", "%s", signature.Fingerprint(registers)),
		passed("rights key", "there is one to seal the index of who is in a drop to")), nil
}
