package agreement_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"io"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/signature"
)

// token is a hardware key in software, in the form of OpenSSH's PROTOCOL.u2f: what is signed is
// SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(message), and flags and counter follow the signature.
type token struct {
	public ssh.PublicKey
	key    ed25519.PrivateKey
	flags  byte
}

const application = "ssh:"

func newToken(t *testing.T, flags byte) *token {
	t.Helper()
	seed := sha256.Sum256([]byte("token"))
	key := ed25519.NewKeyFromSeed(seed[:])
	public, err := ssh.ParsePublicKey(ssh.Marshal(struct{ Kind, Key, Application string }{
		ssh.KeyAlgoSKED25519, string(key.Public().(ed25519.PublicKey)), application,
	}))
	if err != nil {
		t.Fatal(err)
	}
	return &token{public, key, flags}
}

func (k *token) PublicKey() ssh.PublicKey { return k.public }

func (k *token) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	app, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	rest := ssh.Marshal(struct {
		Flags   byte
		Counter uint32
	}{k.flags, 1})
	signed := append(append(app[:], rest...), message[:]...)
	return &ssh.Signature{Format: k.public.Type(), Blob: ed25519.Sign(k.key, signed), Rest: rest}, nil
}

// armoured signs as a token does whose owner need not touch it, and as ssh-keygen writes it down: signature.Sign would
// refuse.
func (k *token) armoured(t *testing.T, message []byte) []byte {
	t.Helper()
	sig, err := sshsig.Sign(strings.NewReader(string(message)), k, sshsig.HashSHA512, signature.DecisionNamespace)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(sig.Marshal())
	var b strings.Builder
	b.WriteString("-----BEGIN SSH SIGNATURE-----\n")
	for len(text) > 0 {
		n := min(70, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.WriteString("-----END SSH SIGNATURE-----\n")
	if block, _ := pem.Decode([]byte(b.String())); block == nil {
		t.Fatal("the armour is none")
	}
	return []byte(b.String())
}

// A decision with a hardware key counts only when somebody touched it.
func TestHardwareKeys(t *testing.T) {
	const touched, verified = 0x01, 0x04
	for flags, want := range map[byte]string{
		touched: "active", touched | verified: "active",
		0: "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING", verified: "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING",
	} {
		c := newCouncil(t)
		k := newToken(t, flags)
		text := strings.Replace(rolesText(t, "Sue submitter", "Dora dpo", "Owen asset-owner"), publicKey(t, "Owenasset-owner"),
			strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k.public))), 1)
		var err error
		if c.roles, err = agreement.ParseRoles("roles.yaml", []byte(text)); err != nil {
			t.Fatal(err)
		}
		c.submit().advise(agreement.AdviseClear).approve("")
		c.decisions[2].Signature = k.armoured(t, c.decisions[2].Statement)
		if got := c.at(noon); got != want {
			t.Errorf("flags %#x: %s, want %s", flags, got, want)
		}
		if _, err := agreement.Hold(c.a, c.definitions, c.roles, c.decisions[2], noon); (err == nil) != (want == "active") {
			t.Errorf("flags %#x: stored: %v", flags, err)
		}
	}
}
