package export

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// verifierOf checks checkpoints against the register key, as a recipient does with its list of allowed signers.
func verifierOf(laCode string, key ssh.PublicKey, now func() time.Time) register.Verifier {
	allowed := signature.AllowedSigners{{
		Principal: RegisterPrincipal(laCode), Namespaces: []string{signature.RegisterNamespace}, Key: key,
	}}
	return func(message, sig []byte) error { return recipient.RegisterVerifier(allowed, now())(message, sig) }
}

// CreateRegister makes an empty register; it leaves one that is there as it is. Where drops were published there was one,
// and a new one in its place would hide that it is lost.
func (g *Gateway) CreateRegister() error {
	published, err := g.State.Agreements()
	if err != nil {
		return err
	}
	_, err = os.Stat(g.State.RegisterDir())
	if len(published) > 0 && errors.Is(err, fs.ErrNotExist) {
		return NotSetUp{finding.WithHint(errors.New("the register is not there, and drops were published"),
			"restore "+g.State.RegisterDir()+" from the council's backup; no new register takes its place")}
	}
	key, err := g.Keys.RegisterKey()
	if err != nil {
		return err
	}
	sign, err := signerOf(key)
	if err != nil {
		return err
	}
	_, err = register.Create(g.State.RegisterDir(), RegisterOrigin(g.LACode), sign)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// signerOf signs checkpoints as C2SP signed notes with the council's OpenSSH key, which is an Ed25519 key or none that
// custody hands out.
func signerOf(key ssh.Signer) (register.Signer, error) {
	inside, _ := key.PublicKey().(ssh.CryptoPublicKey)
	if inside == nil || key.PublicKey().Type() != ssh.KeyAlgoED25519 {
		return nil, notForNotes()
	}
	public, ok := inside.CryptoPublicKey().(ed25519.PublicKey)
	if !ok {
		return nil, notForNotes()
	}
	return register.NoteSigner(public, func(message []byte) ([]byte, error) {
		signed, err := key.Sign(rand.Reader, message)
		if err != nil {
			return nil, fmt.Errorf("sign with the register key: %w", err)
		}
		return signed.Blob, nil
	}), nil
}

func notForNotes() error {
	return finding.WithHint(errors.New("the register key is not an Ed25519 key, the only kind that signs a register"),
		"move it and its public half away, run postern keys new, and tell every recipient the new key")
}

// OpenBooks opens the register for a run, checking every record of it. The caller holds the lock of the state folder.
func (g *Gateway) OpenBooks() (*Books, error) {
	key, err := g.Keys.RegisterKey()
	if err != nil {
		return nil, err
	}
	sign, err := signerOf(key)
	if err != nil {
		return nil, err
	}
	log, err := register.Open(g.State.RegisterDir(), verifierOf(g.LACode, key.PublicKey(), g.Now))
	if err != nil {
		return nil, registerError(err)
	}
	return &Books{log: log, sign: sign, now: g.Now}, nil
}

// ViewBooks opens the register for reading, with the public half of its key.
func (g *Gateway) ViewBooks() (*Books, error) {
	key, err := g.Keys.RegisterPublicKey()
	if err != nil {
		return nil, err
	}
	// A run at work may be between its records and its checkpoint: what looks wrong is looked at again.
	for attempt := 0; ; attempt++ {
		log, err := register.View(g.State.RegisterDir(), verifierOf(g.LACode, key, g.Now))
		if err == nil {
			return &Books{log: log, now: g.Now}, nil
		}
		if attempt == viewAttempts || errors.Is(err, fs.ErrNotExist) {
			return nil, registerError(err)
		}
		time.Sleep(viewPause)
	}
}

// How often, and after which pause, a register that does not hold together is read again.
const (
	viewAttempts = 3
	viewPause    = 100 * time.Millisecond
)

// NotSetUp is the error of a gate that lacks what has to be there before any run.
type NotSetUp struct{ err error }

// Error says what is not there.
func (n NotSetUp) Error() string { return n.err.Error() }

// Unwrap returns the cause.
func (n NotSetUp) Unwrap() error { return n.err }

func registerError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return NotSetUp{finding.WithHint(errors.New("there is no register"),
			"make one with postern keys new; if there was one, restore it from the council's backup")}
	}
	return err
}
