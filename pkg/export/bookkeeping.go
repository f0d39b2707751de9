package export

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
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

// CreateRegister makes an empty register; it leaves one that is there as it is. Where there was one, a new one in its place
// would hide that it is lost: where drops were published, and where the mark of the register key does not say that no
// record was ever signed with the key. A key without a mark was not made by this program, or has lost it.
func (g *Gateway) CreateRegister() (err error) {
	dir := g.State.RegisterDir()
	if register.Exists(dir) {
		return nil
	}
	published, err := g.State.Agreements()
	if err != nil {
		return err
	}
	if len(published) > 0 {
		return NotSetUp{finding.WithHint(errors.New("the register is not there, and drops were published"),
			"restore "+dir+" from the council's backup; no new register takes its place")}
	}
	key, err := g.Keys.RegisterKey()
	if err != nil {
		return err
	}
	m, err := g.readMark(verifierOf(g.LACode, key.PublicKey(), g.Now))
	if err != nil {
		return err
	}
	if err := m.lost(dir); err != nil {
		return err
	}
	if !m.there {
		return NotSetUp{finding.WithHint(errors.New("the register is not there, and the mark of the register key, which says whether there was one, is not there either"),
			"restore "+dir+" and the keys folder from the council's backup; a council that never had a register moves the register key and its public half away and runs postern keys new, which makes another key")}
	}
	sign, err := signerOf(key)
	if err != nil {
		return err
	}
	lock, err := g.State.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	// Killed after this, the register is there with no record and the mark unused, which the next OpenBooks mends.
	log, err := register.Create(dir, RegisterOrigin(g.LACode), sign)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	if err != nil {
		return err
	}
	return (&Books{log: log, mark: g.Keys}).remember()
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
		"move it, its public half and its mark away, run postern keys new, and tell every recipient the new key")
}

// OpenBooks opens the register for a run, checking every record of it, and that it goes on from the mark beside its key; a
// mark that is behind is brought up to it. The error for a register that does not is a *register.TamperError. The caller holds the lock of the state folder.
func (g *Gateway) OpenBooks() (*Books, error) {
	key, err := g.Keys.RegisterKey()
	if err != nil {
		return nil, err
	}
	sign, err := signerOf(key)
	if err != nil {
		return nil, err
	}
	verify := verifierOf(g.LACode, key.PublicKey(), g.Now)
	m, err := g.readMark(verify)
	if err != nil {
		return nil, err
	}
	log, err := register.Open(g.State.RegisterDir(), verify)
	if err != nil {
		return nil, g.registerError(err, m)
	}
	if err := m.hold(log); err != nil {
		return nil, err
	}
	books := &Books{log: log, sign: sign, now: g.Now, mark: g.Keys}
	if m.text != string(log.Checkpoint().Format()) {
		if err := books.remember(); err != nil {
			return nil, err
		}
	}
	return books, nil
}

// ViewBooks opens the register for reading, with the public half of its key, and holds it to the mark where that can be
// read.
func (g *Gateway) ViewBooks() (*Books, error) {
	key, err := g.Keys.RegisterPublicKey()
	if err != nil {
		return nil, err
	}
	verify := verifierOf(g.LACode, key, g.Now)
	// A run at work may be between its records and its checkpoint: what looks wrong is looked at again.
	for attempt := 0; ; attempt++ {
		books, err := g.view(verify)
		var absent NotSetUp
		if err == nil || attempt == viewAttempts || errors.As(err, &absent) {
			return books, err
		}
		time.Sleep(viewPause)
	}
}

func (g *Gateway) view(verify register.Verifier) (*Books, error) {
	m, held, err := g.markedAs(verify) // before the register, which a run at work may add to
	if err != nil {
		return nil, err
	}
	log, err := register.View(g.State.RegisterDir(), verify)
	if err != nil {
		return nil, g.registerError(err, m)
	}
	if held {
		if err := m.hold(log); err != nil {
			return nil, err
		}
	}
	return &Books{log: log, now: g.Now}, nil
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

func (g *Gateway) registerError(err error, m mark) error {
	if errors.Is(err, fs.ErrNotExist) {
		if lost := m.lost(g.State.RegisterDir()); lost != nil {
			return lost
		}
		return NotSetUp{finding.WithHint(errors.New("there is no register"),
			"make one with postern keys new; if there was one, restore it from the council's backup")}
	}
	return err
}
