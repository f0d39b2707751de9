package signature

import (
	"crypto/rsa"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The sizes of RSA keys, in bits. The lower bound is 128 bits of strength (NIST SP 800-57 part 1, table 2); the upper
// one keeps a signature made to cost time from costing it.
const (
	minRSABits = 3072
	maxRSABits = 8192
)

// Fingerprint is the SHA-256 fingerprint of a public key as ssh-keygen -l prints it: "SHA256:" and 43 characters of
// base64. It may be printed and logged.
func Fingerprint(key ssh.PublicKey) string { return ssh.FingerprintSHA256(key) }

// acceptable says whether a key is of a kind that may sign.
func acceptable(key ssh.PublicKey) error {
	const hint = "use an Ed25519 key (ssh-keygen -t ed25519), or a hardware key (ssh-keygen -t ed25519-sk)"
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return nil
	case ssh.KeyAlgoRSA:
		if bits := rsaBits(key); bits < minRSABits || bits > maxRSABits {
			return finding.WithHint(fmt.Errorf("key %s is an RSA key of %d bits, not of %d to %d", Fingerprint(key), bits, minRSABits, maxRSABits), hint)
		}
		return nil
	default:
		return finding.WithHint(fmt.Errorf("key %s is of a kind that is not accepted", Fingerprint(key)), hint)
	}
}

// rsaBits is the length of an RSA key's modulus, 0 for any other key. Keys held by an agent come as opaque bytes and
// are parsed first.
func rsaBits(key ssh.PublicKey) int {
	parsed, err := ssh.ParsePublicKey(key.Marshal())
	if err != nil {
		return 0
	}
	if holder, ok := parsed.(ssh.CryptoPublicKey); ok {
		if k, ok := holder.CryptoPublicKey().(*rsa.PublicKey); ok {
			return k.N.BitLen()
		}
	}
	return 0
}

// sameKey compares keys by their encoding; a nil key is like no other.
func sameKey(a, b ssh.PublicKey) bool {
	return a != nil && b != nil && string(a.Marshal()) == string(b.Marshal())
}

// parseKey reads a key from the two words of an allowed-signers line, in their one encoding.
func parseKey(kind string, blob []byte) (ssh.PublicKey, error) {
	key, err := ssh.ParsePublicKey(blob)
	if err != nil || key.Type() != kind || string(key.Marshal()) != string(blob) {
		return nil, finding.WithHint(errors.New("no public key of the kind that the line names"),
			"copy the first two words of the .pub file that ssh-keygen made")
	}
	return key, acceptable(key)
}
