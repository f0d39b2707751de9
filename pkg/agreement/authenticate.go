package agreement

import (
	"errors"
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
// cannot be changed by who is to be added, nor by whose time is over. A key that either file says is revoked signs
// neither.
//
// The day is that on which the register recorded the file, and today for one that it has not: a file that was valid when
// it was recorded stays so until another is recorded, whatever days of its signers end. Where by the previous file no
// Data Protection Officer is left on that day whose key is valid, any key that it gives that role and that is not revoked
// signs for the role, whatever its days; and so for the owners, asset owners and SIRO together. Else a council whose only
// officer's days are over could never appoint another.
//
// Each element of signatures is one armoured signature. The error is a *finding.Refusal: SIGNATURE_MISSING,
// DSA_BAD_SIGNATURE, SIGNATURE_NAMESPACE, KEY_REVOKED or TWO_PERSON_REQUIRED.
func (r *Roles) Authenticate(signatures [][]byte, previous []RoleHolder, at time.Time) error {
	const hint = "have the roles file as it is now signed by the data protection officer and by an asset owner or the SIRO, " +
		"and remove signatures of others: postern agreement sign agreements/roles.yaml --key KEY"
	if len(signatures) == 0 {
		return finding.Refuse(finding.SignatureMissing, hint, "the roles file is not signed")
	}
	var signers []RoleHolder
	for _, armoured := range signatures {
		holder, wrong := r.signer(armoured, previous, at)
		if wrong.why != "" {
			return finding.Refuse(wrong.code, hint, "a signature of the roles file is not valid: %s", wrong.why)
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

// fault is what is wrong with a signature, and the code of the refusal that it comes to. The zero fault is none.
type fault struct {
	code finding.Code
	why  string
	late bool // the register had the decision too late, and it may have been made in time
}

func bad(why string) fault { return fault{code: finding.AgreementBadSignature, why: why} }

// signer finds who made a signature of the roles file, or why it does not count.
func (r *Roles) signer(armoured []byte, previous []RoleHolder, at time.Time) (RoleHolder, fault) {
	// A key that signs for the previous file need not stand in this one: the signature names it, the list decides.
	key, err := signedBy(r.data, armoured, signature.RolesNamespace)
	switch {
	case errors.Is(err, errNamespace):
		return RoleHolder{}, fault{code: finding.SignatureNamespace, why: "it was made for something else than a roles file"}
	case err != nil:
		return RoleHolder{}, bad("the file or the signature was changed after it was signed")
	}
	p, here := r.Holder(key)
	if here && revokedBy(p.Revoked, at) {
		return RoleHolder{}, fault{code: finding.KeyRevoked, why: "the file says that its key is revoked"}
	}
	if previous == nil {
		switch {
		case !here:
			return RoleHolder{}, bad("its key holds no role in the file")
		case !p.validAt(at):
			return RoleHolder{}, bad("its key is not valid at this time")
		}
		return p.holder(), fault{}
	}
	fingerprint := signature.Fingerprint(key)
	i := slices.IndexFunc(previous, func(h RoleHolder) bool { return h.Fingerprint == fingerprint })
	switch {
	case i < 0:
		return RoleHolder{}, bad("its key held no role in the previous roles file")
	case revokedBy(previous[i].Revoked, at):
		return RoleHolder{}, fault{code: finding.KeyRevoked, why: "the previous roles file says that its key is revoked"}
	case !previous[i].signs(at) && slices.ContainsFunc(previous, func(h RoleHolder) bool { return h.Role.among() == previous[i].Role.among() && h.signs(at) }):
		return RoleHolder{}, bad("by the previous roles file its key is not valid at this time")
	}
	return previous[i], fault{}
}

// errNamespace is the error of a signature that is a good one of the message, made for something else.
var errNamespace = errors.New("the signature was made for another namespace")

// signedBy verifies a signature with the key that it names itself, and returns that key: whose it is, and what it may
// sign, is for the caller to find out. With errNamespace too it returns the key.
func signedBy(message, armoured []byte, namespace string) (ssh.PublicKey, error) {
	sig, err := sshsig.Unarmor(armoured)
	if err != nil {
		return nil, fmt.Errorf("read the signature: %w", err)
	}
	list := signature.AllowedSigners{{Principal: "signer", Key: sig.PublicKey}}
	if _, err := signature.Verify(message, armoured, sig.Namespace, list, time.Time{}); err != nil {
		return nil, fmt.Errorf("verify the signature: %w", err)
	}
	if sig.Namespace != namespace {
		return sig.PublicKey, errNamespace
	}
	return sig.PublicKey, nil
}
