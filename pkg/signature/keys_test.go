package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// rsaKeys makes each size of RSA key once: they are slow.
var rsaKeys sync.Map

func privateKey(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "ecdsa-256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ecdsa-384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ecdsa-521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "rsa-2048", "rsa-3072":
		bits := map[string]int{"rsa-2048": 2048, "rsa-3072": 3072}[kind]
		make := sync.OnceValue(func() crypto.Signer {
			k, err := rsa.GenerateKey(rand.Reader, bits)
			if err != nil {
				panic(err)
			}
			return k
		})
		once, _ := rsaKeys.LoadOrStore(kind, make)
		key = once.(func() crypto.Signer)()
	default:
		t.Fatalf("no key of kind %s", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSigner(t testing.TB, kind string) ssh.Signer {
	t.Helper()
	switch kind {
	case "sk-ed25519", "sk-ecdsa":
		return newToken(t, kind, userPresence)
	}
	signer, err := ssh.NewSignerFromKey(privateKey(t, kind))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// token emulates a hardware key with an ordinary one, in the form of OpenSSH's PROTOCOL.u2f: what is signed is
// SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(message); flags and counter follow the signature.
type token struct {
	public ssh.PublicKey
	key    crypto.Signer
	flags  byte
}

const application = "ssh:"

func newToken(t testing.TB, kind string, flags byte) *token {
	t.Helper()
	var blob []byte
	var key crypto.Signer
	switch kind {
	case "sk-ed25519":
		key = privateKey(t, "ed25519")
		blob = ssh.Marshal(struct{ Kind, Key, Application string }{
			ssh.KeyAlgoSKED25519, string(key.Public().(ed25519.PublicKey)), application})
	case "sk-ecdsa":
		key = privateKey(t, "ecdsa-256")
		point, err := key.Public().(*ecdsa.PublicKey).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		blob = ssh.Marshal(struct{ Kind, Curve, Key, Application string }{
			ssh.KeyAlgoSKECDSA256, "nistp256", string(point), application})
	}
	public, err := ssh.ParsePublicKey(blob)
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
	}{k.flags, 7})
	signed := append(append(app[:], rest...), message[:]...)
	var blob []byte
	switch key := k.key.(type) {
	case ed25519.PrivateKey:
		blob = ed25519.Sign(key, signed)
	case *ecdsa.PrivateKey:
		digest := sha256.Sum256(signed)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		blob = ssh.Marshal(struct{ R, S *big.Int }{r, s})
	}
	return &ssh.Signature{Format: k.public.Type(), Blob: blob, Rest: rest}, nil
}

// writeKey writes a private key file as ssh-keygen does, with a passphrase unless it is empty, and its .pub beside it.
func writeKey(t testing.TB, key crypto.Signer, passphrase string) string {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id")
	writeFile(t, path, pem.EncodeToMemory(block), 0o600)
	writeFile(t, path+".pub", ssh.MarshalAuthorizedKey(public), 0o644)
	return path
}

func writeFile(t testing.TB, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}
