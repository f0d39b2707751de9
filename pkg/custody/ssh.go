package custody

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// SigningKey reads the key that signs drops. The signer is safe for concurrent use and prints as "[redacted]".
func (k *Keyring) SigningKey() (ssh.Signer, error) { return k.signer(k.signingPlace()) }

// RegisterKey reads the key that signs checkpoints of the register. The signer is safe for concurrent use and prints as
// "[redacted]".
func (k *Keyring) RegisterKey() (ssh.Signer, error) { return k.signer(k.registerPlace()) }

// SigningPublicKey reads the public half of the signing key from the .pub file beside it; the private half is not
// touched, so who may not read that can still verify.
func (k *Keyring) SigningPublicKey() (ssh.PublicKey, error) { return publicKey(k.signingPlace()) }

// RegisterPublicKey reads the public half of the register key from the .pub file beside it.
func (k *Keyring) RegisterPublicKey() (ssh.PublicKey, error) { return publicKey(k.registerPlace()) }

// public is the .pub file beside a private key.
func (p place) public() place {
	return place{what: "public half of the " + p.what, name: p.name, path: strings.TrimSuffix(p.path, ageSuffix) + ".pub"}
}

func (k *Keyring) signer(p place, err error) (ssh.Signer, error) {
	if err != nil {
		return nil, err
	}
	text, err := k.readSecret(p)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	key, err := p.parsePrivate(text)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, p.damaged("it cannot sign")
	}
	beside, err := publicKey(p, nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Recipients have it; here it is only a convenience.
	case err != nil:
		return nil, err
	case !bytes.Equal(beside.Marshal(), signer.PublicKey().Marshal()):
		return nil, p.public().refuse("it is not the public half of "+p.path,
			"find out which of the two is the right one; recipients check drops with the public half that they were given")
	}
	return sealedSigner{func() ssh.Signer { return signer }}, nil
}

// parsePrivate reads an OpenSSH private key file. Errors of package ssh are not passed on.
func (p place) parsePrivate(text []byte) (ed25519.PrivateKey, error) {
	parsed, err := ssh.ParseRawPrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, p.refuse("it has a passphrase, and nobody is there at night to type it",
			"take it off with `ssh-keygen -p -f "+quote(p.path)+"`, or keep the key in a file encrypted with age")
	}
	if err != nil {
		return nil, p.damaged("it is not an OpenSSH private key file, or damaged")
	}
	key, ok := parsed.(*ed25519.PrivateKey)
	if !ok {
		return nil, p.refuse("it is not an Ed25519 key", "make one with `postern keys new` or `ssh-keygen -t ed25519`")
	}
	seed := key.Seed()
	defer clear(seed)
	if _, err := pseudonym.NewSecret(seed); err != nil {
		return nil, p.fail(err)
	}
	// The file holds the public half inside the private one; signatures made with another would give the key away.
	if !key.Equal(ed25519.NewKeyFromSeed(seed)) {
		return nil, p.damaged("its two halves do not belong together")
	}
	return *key, nil
}

func publicKey(p place, err error) (ssh.PublicKey, error) {
	if err != nil {
		return nil, err
	}
	pub := p.public()
	text, err := pub.read(writeRight)
	if err != nil {
		return nil, err
	}
	key, _, _, rest, err := ssh.ParseAuthorizedKey(text)
	if err != nil || len(bytes.TrimSpace(rest)) != 0 || key.Type() != ssh.KeyAlgoED25519 {
		return nil, pub.refuse("it is not one Ed25519 public key", "write it again with `ssh-keygen -y -f "+quote(p.path)+" > "+quote(pub.path)+"`")
	}
	return key, nil
}

// ensureSSH makes a key pair where there is none.
func (k *Keyring) ensureSSH(p place, err error) (Item, error) {
	if err != nil {
		return Item{}, err
	}
	_, private := os.Stat(p.path)
	_, public := os.Stat(p.public().path)
	made := false
	switch {
	case private == nil:
	case !os.IsNotExist(private):
		return Item{}, p.fail(private)
	case public == nil:
		return Item{}, p.refuse("it is not there, but its public half is",
			"restore "+quote(p.path)+" from its backup; if it is lost, move "+quote(p.public().path)+" away, and of the register key the mark too, run `postern keys new`, and tell every recipient the new key")
	default:
		if p.what == ItemRegister {
			if err := k.ensureMark(p); err != nil {
				return Item{}, err
			}
		}
		if err := k.makeSSH(p); err != nil {
			return Item{}, err
		}
		made = true
	}
	signer, err := k.signer(p, nil)
	if err != nil {
		return Item{}, err
	}
	if os.IsNotExist(public) {
		line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(signer.PublicKey())), "\n") + " postern " + p.name + "\n"
		if err := p.public().create([]byte(line), 0o644); err != nil {
			return Item{}, err
		}
	}
	return Item{What: p.what, Path: p.path, Made: made, Note: "public half " + p.public().path + ", " + ssh.FingerprintSHA256(signer.PublicKey())}, nil
}

func (k *Keyring) makeSSH(p place) error {
	seed, err := pseudonym.GenerateSecret(k.random)
	if err != nil {
		return p.fail(err)
	}
	key := ed25519.NewKeyFromSeed(seed.Reveal())
	defer clear(key)
	block, err := ssh.MarshalPrivateKey(key, "postern "+p.name)
	if err != nil {
		return p.fail(err)
	}
	return k.createSecret(p, pem.EncodeToMemory(block))
}

// sealedSigner keeps a signer's private key from being printed, as pseudonym.Secret does.
type sealedSigner struct{ inside func() ssh.Signer }

// PublicKey returns the public half.
func (s sealedSigner) PublicKey() ssh.PublicKey { return s.inside().PublicKey() }

// Sign signs data.
func (s sealedSigner) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	return s.inside().Sign(random, data)
}

// SignWithAlgorithm signs data with ssh-ed25519, the only algorithm of the key.
func (s sealedSigner) SignWithAlgorithm(random io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if algorithm != "" && algorithm != ssh.KeyAlgoED25519 {
		return nil, errors.New("an Ed25519 key signs with ssh-ed25519 only")
	}
	return s.inside().Sign(random, data)
}

// Format writes "[redacted]".
func (s sealedSigner) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// MarshalText returns "[redacted]".
func (s sealedSigner) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
