// Package signature signs and verifies messages in the SSHSIG format, the one that `ssh-keygen -Y sign` writes and
// `ssh-keygen -Y verify` reads (OpenSSH's PROTOCOL.sshsig), so that everything Postern signs can be checked with a tool
// that is already on the reader's machine, and people sign decisions with the keys they already have.
//
// The package owns no cryptography: golang.org/x/crypto/ssh signs and verifies, github.com/hiddeco/sshsig frames. What
// it adds is refusal. Those libraries, rightly for their purpose, accept more than a gate may, so Verify also asks that
//
//   - the armour is byte for byte what ssh-keygen writes: 70 columns, LF, nothing before or after, and the decoded
//     signature has one encoding only (no reserved bytes, no trailing fields, whole-length RSA numbers). A signature
//     file can therefore not be changed at all without being refused, not even where the change would be harmless;
//   - the namespace is the one asked for: a signature made for one purpose never serves another;
//   - the message was hashed with SHA-512 or SHA-256, and an RSA signature uses rsa-sha2-512;
//   - the key is Ed25519, ECDSA (P-256, P-384, P-521), RSA of 3072 to 8192 bits, or one of the first two in a hardware
//     key (sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com). DSA keys and certificates are refused;
//   - a hardware key states user presence (flag bit 0x01): somebody touched it. A signature that software could draw
//     from a plugged-in key with nobody there is no person's decision;
//   - the key stands in the list of allowed signers, for this namespace and this time.
//
// A signature says who and what, not how often: an ECDSA signature can be rewritten by anyone into a second valid one
// over the same message, so a signature's bytes are never used as an identity.
//
// # Worked example
//
//	$ ssh-keygen -Y sign -n postern-decision@v1 -f ~/.ssh/id_ed25519 decision.txt     # writes decision.txt.sig
//	$ cat allowed_signers
//	dpo@council.example namespaces="postern-decision@v1",valid-after="20260401Z" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA…
//	$ ssh-keygen -Y verify -f allowed_signers -I dpo@council.example -n postern-decision@v1 -s decision.txt.sig < decision.txt
//
// and in Go, on the same three files:
//
//	allowed, err := signature.ParseAllowedSigners(list)
//	signer, err := signature.Verify(message, armoured, signature.DecisionNamespace, allowed, now)
//	// signer.Principal == "dpo@council.example"
package signature

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The namespaces of everything Postern signs. A signature is bound to one of them and is refused under any other.
const (
	DropNamespace     = "postern-drop@v1"     // SHA256SUMS of a drop
	DecisionNamespace = "postern-decision@v1" // a decision statement on an agreement
	RolesNamespace    = "postern-roles@v1"    // the roles file
	RegisterNamespace = "postern-register@v1" // a checkpoint of the register
	RefusalNamespace  = "postern-refusal@v1"  // a recipient's or gate's signed refusal

	WithdrawalNamespace = "postern-withdrawal@v1" // a notice that a drop was wrong and must not be used
	// ProgrammeNamespace is for the list of the councils of a programme.
	ProgrammeNamespace = "postern-programme@v1"
)

var (
	// ErrSignature is wrapped by every error of Verify that means: this is not a signature of this message under this
	// namespace. The message, the signature or the namespace is not the one that was signed.
	ErrSignature = errors.New("signature does not verify")

	// ErrNotAllowed is wrapped by every error of Verify that means: the signature may be sound, and the key that made
	// it may not sign this: it is not listed, not for this namespace, not at this time, or of a kind that is not accepted.
	ErrNotAllowed = errors.New("signed by a key that is not allowed")
)

// Sign signs the message under the namespace, hashing with SHA-512, and returns the armoured signature exactly as
// `ssh-keygen -Y sign` writes it. What is returned has been verified once, so that a faulty token or agent, a hardware
// key that nobody touched, or a key that Verify would not accept is found now and not by the reader.
func Sign(signer ssh.Signer, namespace string, message []byte) ([]byte, error) {
	if err := checkNamespace(namespace); err != nil {
		return nil, err
	}
	if err := acceptable(signer.PublicKey()); err != nil {
		return nil, err
	}
	sig, err := sshsig.Sign(bytes.NewReader(message), signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, hintOr(fmt.Errorf("sign with key %s: %w", Fingerprint(signer.PublicKey()), err),
			"if the key is in ssh-agent or in a hardware token, see that the agent runs and touch the token when it blinks")
	}
	armoured := armour(sig.Marshal())
	if _, err := check(message, armoured, namespace); err != nil {
		return nil, finding.WithHint(fmt.Errorf("sign with key %s: the signature just made: %w", Fingerprint(signer.PublicKey()), err),
			"sign again; if it happens again the key or its agent is faulty, or a hardware key was made with no-touch-required: use another key")
	}
	return armoured, nil
}

// Verify checks that the armoured signature is one of exactly this message under this namespace, made by a key that
// the list allows for the namespace at the time, and returns the signer's line of the list. Windows of validity are
// compared in whole seconds, both ends included, as ssh-keygen does.
//
// The errors wrap ErrSignature or ErrNotAllowed; any other error means that the namespace or the list is unusable.
func Verify(message, armoured []byte, namespace string, allowed AllowedSigners, at time.Time) (Signer, error) {
	if err := checkNamespace(namespace); err != nil {
		return Signer{}, err
	}
	if err := allowed.check(); err != nil {
		return Signer{}, err
	}
	key, err := check(message, armoured, namespace)
	if err != nil {
		return Signer{}, err
	}
	return allowed.find(key, namespace, at)
}

// check verifies everything about a signature but who made it, and returns the key.
func check(message, armoured []byte, namespace string) (ssh.PublicKey, error) {
	sig, err := parse(armoured)
	if err != nil {
		return nil, finding.WithHint(fmt.Errorf("%w: %w", ErrSignature, err),
			"fetch the signature file again, unchanged: it must be as ssh-keygen -Y sign wrote it, with LF line ends")
	}
	if sig.Namespace != namespace {
		return nil, finding.WithHint(fmt.Errorf("%w: it was made for another namespace than %s", ErrSignature, namespace),
			"sign again with ssh-keygen -Y sign -n "+namespace)
	}
	if err := acceptable(sig.PublicKey); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAllowed, err)
	}
	if err := checkFields(sig); err != nil {
		return nil, hintOr(err, "fetch the signature file again, or sign again with a current ssh-keygen")
	}
	if err := sshsig.Verify(bytes.NewReader(message), sig, sig.PublicKey, sig.HashAlgorithm, namespace); err != nil {
		return nil, finding.WithHint(fmt.Errorf("%w by key %s: %w", ErrSignature, Fingerprint(sig.PublicKey), err),
			"the message is not the one that was signed, or the signature belongs to another: fetch both again")
	}
	return sig.PublicKey, nil
}

// hintOr adds what to do next to an error that does not say it itself.
func hintOr(err error, hint string) error {
	if finding.HintOf(err) != "" {
		return err
	}
	return finding.WithHint(err, hint)
}

// maxNamespace bounds a namespace; SSHSIG itself sets no limit.
const maxNamespace = 64

// checkNamespace accepts letters, digits and "@._-": what can stand in an allowed-signers line without being a pattern.
func checkNamespace(s string) error {
	ok := s != "" && len(s) <= maxNamespace
	for i := 0; ok && i < len(s); i++ {
		ok = isPlain(s[i])
	}
	if !ok {
		return finding.WithHint(errors.New("signature namespace is not usable"),
			fmt.Sprintf("write 1 to %d letters, digits and @ . _ - such as %s", maxNamespace, DropNamespace))
	}
	return nil
}

// isPlain is true of the characters that mean themselves everywhere in an allowed-signers line.
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '@' || c == '.' || c == '_' || c == '-'
}
