package recipient

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// RegisterVerifier verifies checkpoints of the council's register with the key that the list of allowed signers has for
// postern-register@v1 at a time. It takes both forms of a signature, by how it begins: the line of a C2SP signed note, and
// the SSHSIG of the registers before. The key is the same OpenSSH key; a note names it by a hash.
//
// Errors wrap signature.ErrSignature or signature.ErrNotAllowed, as those of signature.Verify.
func RegisterVerifier(allowed signature.AllowedSigners, at time.Time) register.Verifier {
	return func(message, sig []byte) error {
		if !register.IsNote(sig) {
			_, err := signature.Verify(message, sig, signature.RegisterNamespace, allowed, at)
			return err
		}
		var keys []ed25519.PublicKey
		for _, s := range allowed {
			if key, ok := ed25519Key(s.Key); ok {
				keys = append(keys, key)
			}
		}
		key, err := register.VerifyNote(message, sig, keys...)
		if errors.Is(err, register.ErrNoteKey) {
			return finding.WithHint(fmt.Errorf("%w: %w", signature.ErrNotAllowed, err),
				"compare the fingerprint of the register key with the one you were given by another way; if it is right, add the key to the allowed signers")
		}
		if err != nil {
			return finding.WithHint(fmt.Errorf("%w: %w", signature.ErrSignature, err), "fetch the file again, unchanged")
		}
		signer, err := ssh.NewPublicKey(key)
		if err != nil {
			return fmt.Errorf("%w: %w", signature.ErrNotAllowed, err)
		}
		_, err = allowed.Find(signer, signature.RegisterNamespace, at)
		return err
	}
}

// ed25519Key is the key inside an OpenSSH key of that kind. A hardware key is another kind: it signs no note.
func ed25519Key(key ssh.PublicKey) (ed25519.PublicKey, bool) {
	if key == nil || key.Type() != ssh.KeyAlgoED25519 {
		return nil, false
	}
	inside, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil, false
	}
	plain, ok := inside.CryptoPublicKey().(ed25519.PublicKey)
	return plain, ok
}
