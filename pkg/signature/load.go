package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"runtime"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/postern-gateway/postern/pkg/finding"
)

// maxKeyFile bounds a key file; the largest accepted RSA key takes about 7 KiB.
const maxKeyFile = 64 << 10

// LoadSigner returns the signer of a key file, which is either
//
//   - a private key in a format that ssh-keygen writes, without a passphrase and closed to other users; or
//   - a public key (.pub): the private key is then asked of the ssh-agent that the environment names in SSH_AUTH_SOCK,
//     at each signature. That is the way for keys with a passphrase and for hardware keys.
//
// Every error says what to do next; none repeats anything of the file.
func LoadSigner(path string) (ssh.Signer, error) {
	data, mode, err := readKey(path)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte("-----BEGIN ")) {
		return fromAgent(path, data, os.Getenv("SSH_AUTH_SOCK"))
	}
	if runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 {
		return nil, finding.WithHint(fmt.Errorf("private key %s can be read or written by other users of this machine", path),
			"run chmod 600 on it; if others may have read it, make a new key")
	}
	signer, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, finding.WithHint(fmt.Errorf("private key %s is encrypted with a passphrase", path),
			fmt.Sprintf("add it to ssh-agent (ssh-add %s) and pass the public key (%s.pub)", path, path))
	case err != nil:
		// The library's error may hold parts of the file.
		return nil, finding.WithHint(fmt.Errorf("private key %s cannot be read as one", path),
			fmt.Sprintf("make a key with ssh-keygen -t ed25519; for a hardware key, add it to ssh-agent (ssh-add %s) and pass the public key (%s.pub)", path, path))
	}
	if err := acceptable(signer.PublicKey()); err != nil {
		return nil, fmt.Errorf("private key %s: %w", path, err)
	}
	return signer, nil
}

func readKey(path string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, finding.WithHint(fmt.Errorf("key file: %w", err),
			"name a private key file, or the .pub file of a key that is in ssh-agent")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, finding.WithHint(fmt.Errorf("key file %s is not a file", path), "name the key file itself")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, 0, fmt.Errorf("key file: %w", err)
	}
	if len(data) > maxKeyFile {
		return nil, 0, finding.WithHint(fmt.Errorf("key file %s is too large for a key", path), "name the key file itself")
	}
	return data, info.Mode(), nil
}

// agentSigner asks an ssh-agent for each signature. It connects each time: an agent that is restarted, or a token that
// is plugged in again, is found again, and no connection is left open.
type agentSigner struct {
	socket string
	key    ssh.PublicKey
}

func fromAgent(path string, data []byte, socket string) (ssh.Signer, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey(data)
	if err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, finding.WithHint(fmt.Errorf("key file %s is neither a private key nor one public key", path),
			"name a private key file, or the .pub file of a key that is in ssh-agent")
	}
	if err := acceptable(key); err != nil {
		return nil, fmt.Errorf("public key %s: %w", path, err)
	}
	if socket == "" {
		return nil, finding.WithHint(fmt.Errorf("public key %s: no ssh-agent is running to sign with it", path),
			`start one (eval "$(ssh-agent)"), add the private key with ssh-add, and try again`)
	}
	signer := agentSigner{socket, key}
	if err := signer.do(func(ssh.AlgorithmSigner) error { return nil }); err != nil {
		return nil, fmt.Errorf("public key %s: %w", path, err)
	}
	return signer, nil
}

// do hands the agent's signer for the key to f.
func (a agentSigner) do(f func(ssh.AlgorithmSigner) error) error {
	conn, err := net.Dial("unix", a.socket)
	if err != nil {
		return finding.WithHint(fmt.Errorf("ssh-agent cannot be reached: %w", err),
			`see that the agent runs and that SSH_AUTH_SOCK names its socket (eval "$(ssh-agent)" starts one)`)
	}
	defer func() { _ = conn.Close() }() // nothing was asked of the agent that it has not answered
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return finding.WithHint(fmt.Errorf("ssh-agent does not list its keys: %w", err), "unlock it with ssh-add -X, or start a new one")
	}
	for _, s := range signers {
		if with, ok := s.(ssh.AlgorithmSigner); ok && sameKey(s.PublicKey(), a.key) {
			return f(with)
		}
	}
	return finding.WithHint(fmt.Errorf("ssh-agent does not hold key %s", Fingerprint(a.key)),
		"add the private key with ssh-add (ssh-add -l lists what it holds)")
}

// PublicKey is the key of the .pub file.
func (a agentSigner) PublicKey() ssh.PublicKey { return a.key }

// Sign asks the agent for a signature with the key's usual algorithm. The agent makes its own randomness.
func (a agentSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return a.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm asks the agent for a signature.
func (a agentSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	var sig *ssh.Signature
	err := a.do(func(s ssh.AlgorithmSigner) (err error) {
		sig, err = s.SignWithAlgorithm(rand, data, algorithm)
		return err
	})
	return sig, err
}
