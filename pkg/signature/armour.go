package signature

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
)

const (
	armourBegin = "-----BEGIN SSH SIGNATURE-----\n"
	armourEnd   = "-----END SSH SIGNATURE-----\n"
	columns     = 70 // of base64 a line, as ssh-keygen breaks it

	// maxArmour is far above the largest signature of an accepted key (RSA 8192: under 4 KiB).
	maxArmour = 16 << 10
)

// armour writes a signature as ssh-keygen does. (sshsig.Armor breaks lines at 64 columns, so one signature would have
// two forms.)
func armour(blob []byte) []byte {
	text := base64.StdEncoding.EncodeToString(blob)
	var b bytes.Buffer
	b.WriteString(armourBegin)
	for len(text) > 0 {
		n := min(columns, len(text))
		b.WriteString(text[:n])
		b.WriteByte('\n')
		text = text[n:]
	}
	b.WriteString(armourEnd)
	return b.Bytes()
}

// unarmour accepts only what armour writes.
func unarmour(armoured []byte) ([]byte, error) {
	if len(armoured) > maxArmour {
		return nil, errors.New("the signature file is too large")
	}
	body, begins := bytes.CutPrefix(armoured, []byte(armourBegin))
	body, ends := bytes.CutSuffix(body, []byte(armourEnd))
	if !begins || !ends {
		return nil, errors.New("the file is not an armoured SSH signature")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(string(bytes.ReplaceAll(body, []byte("\n"), nil)))
	if err != nil || !bytes.Equal(armour(blob), armoured) {
		return nil, errors.New("the armour of the signature is damaged or was re-written")
	}
	return blob, nil
}

// parse reads an armoured signature that has the one encoding of its content. sshsig forgets the reserved field of the
// signature, which may not carry anything, so it is compared after writing the signature again.
func parse(armoured []byte) (*sshsig.Signature, error) {
	blob, err := unarmour(armoured)
	if err != nil {
		return nil, err
	}
	sig, err := sshsig.ParseSignature(blob)
	if err != nil {
		// The library's message may quote the file; what it says is of no use to the reader.
		return nil, errors.New("the armour holds no SSH signature of version 1 hashed with sha512 or sha256")
	}
	if !bytes.Equal(sig.Marshal(), blob) {
		return nil, errors.New("the signature holds more than its fields")
	}
	return sig, nil
}

// userPresence is the flag of a hardware key's signature that says: somebody touched the key (OpenSSH's PROTOCOL.u2f).
const userPresence = 0x01

// checkFields checks the parts of the inner signature that the libraries leave open.
func checkFields(sig *sshsig.Signature) error {
	format, blob, rest := sig.Signature.Format, sig.Signature.Blob, sig.Signature.Rest
	wantFormat, wantRest := sig.PublicKey.Type(), 0
	switch wantFormat {
	case ssh.KeyAlgoRSA:
		wantFormat = ssh.KeyAlgoRSASHA512
		if modulus := rsaBits(sig.PublicKey); len(blob) != (modulus+7)/8 {
			return fmt.Errorf("%w: the RSA signature has not the length of its key", ErrSignature)
		}
	case ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		var n struct{ R, S *big.Int }
		if ssh.Unmarshal(blob, &n) != nil || !bytes.Equal(ssh.Marshal(n), blob) {
			return fmt.Errorf("%w: the numbers of the ECDSA signature are not in their shortest form", ErrSignature)
		}
	}
	if format != wantFormat {
		return finding.WithHint(fmt.Errorf("%w: the algorithm is not %s", ErrSignature, wantFormat),
			"sign again with a current ssh-keygen or ssh-agent")
	}
	switch sig.PublicKey.Type() {
	case ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		wantRest = 1 + 4 // flags, counter
	}
	if len(rest) != wantRest {
		return fmt.Errorf("%w: it holds more, or fewer, fields than its kind of key makes", ErrSignature)
	}
	if wantRest > 0 && rest[0]&userPresence == 0 {
		return finding.WithHint(fmt.Errorf("%w: the hardware key %s does not state that somebody touched it", ErrSignature, Fingerprint(sig.PublicKey)),
			"sign again with a hardware key that was made without the option no-touch-required")
	}
	return nil
}
