package agreement

import (
	"fmt"
	"slices"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Authenticate finds out whether the roles file is valid: signed, over its exact bytes and in the namespace
// postern-roles@v1, by two people in two roles, one of them the Data Protection Officer and one an asset owner or the
// SIRO. At set-up these are people whom the file itself names; later, when the register knows of a previous file, they
// must have held those roles in that one, with the same keys, which by that one are valid on the day of at: who decides
// cannot be changed by who is to be added, nor by whose time is over.
//
// Each element of signatures is one armoured signature. The error is a *finding.Refusal: SIGNATURE_MISSING,
// DSA_BAD_SIGNATURE or TWO_PERSON_REQUIRED.
func (r *Roles) Authenticate(signatures [][]byte, previous []RoleHolder, at time.Time) error {
	const hint = "have the roles file as it is now signed by the data protection officer and by an asset owner or the SIRO, " +
		"and remove signatures of others: postern agreement sign agreements/roles.yaml --key KEY"
	if len(signatures) == 0 {
		return finding.Refuse(finding.SignatureMissing, hint, "the roles file is not signed")
	}
	var signers []RoleHolder
	for _, armoured := range signatures {
		holder, why := r.signer(armoured, previous, at)
		if why != "" {
			return finding.Refuse(finding.AgreementBadSignature, hint, "a signature of the roles file is not valid: %s", why)
		}
		if !slices.ContainsFunc(signers, func(h RoleHolder) bool { return h.Fingerprint == holder.Fingerprint }) {
			signers = append(signers, holder)
		}
	}
	if len(signers) == 1 && len(signatures) == 1 {
		return finding.Refuse(finding.SignatureMissing, hint, "the roles file has one signature and needs two")
	}
	for _, a := range signers {
		for _, b := range signers {
			if a.Role == DPO && (b.Role == AssetOwner || b.Role == SIRO) && principal(a.Name) != principal(b.Name) {
				return nil
			}
		}
	}
	return finding.Refuse(finding.TwoPersonRequired, hint,
		"the roles file is not signed by two people, the data protection officer and an asset owner or the SIRO")
}

// signer finds who made a signature of the roles file, or why it does not count.
func (r *Roles) signer(armoured []byte, previous []RoleHolder, at time.Time) (holder RoleHolder, why string) {
	// A key that signs for the previous file need not stand in this one: the signature names it, the list decides.
	key, err := signedBy(r.data, armoured, signature.RolesNamespace)
	if err != nil {
		return RoleHolder{}, "the file or the signature was changed after it was signed"
	}
	if previous != nil {
		fingerprint := signature.Fingerprint(key)
		for _, h := range previous {
			switch {
			case h.Fingerprint != fingerprint:
			case !within(h.From, h.To, at):
				return RoleHolder{}, "by the previous roles file its key is not valid at this time"
			default:
				return h, ""
			}
		}
		return RoleHolder{}, "its key held no role in the previous roles file"
	}
	p, ok := r.Holder(key)
	switch {
	case !ok:
		return RoleHolder{}, "its key holds no role in the file"
	case !p.validAt(at):
		return RoleHolder{}, "its key is not valid at this time"
	}
	return p.holder(), ""
}

// signedBy verifies a signature with the key that it names itself, and returns that key: whose it is, and what it may
// sign, is for the caller to find out.
func signedBy(message, armoured []byte, namespace string) (ssh.PublicKey, error) {
	sig, err := sshsig.Unarmor(armoured)
	if err != nil {
		return nil, fmt.Errorf("read the signature: %w", err)
	}
	list := signature.AllowedSigners{{Principal: "signer", Key: sig.PublicKey}}
	if _, err := signature.Verify(message, armoured, namespace, list, time.Time{}); err != nil {
		return nil, fmt.Errorf("verify the signature: %w", err)
	}
	return sig.PublicKey, nil
}
