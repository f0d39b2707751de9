package signature

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// These tests hold the package to stock OpenSSH, in both directions.

func keygen(t *testing.T, stdin []byte, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd.CombinedOutput()
}

func needKeygen(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not on this machine: the comparison with OpenSSH is not made")
	}
}

func TestSSHKeygenSignsAndVerifyAccepts(t *testing.T) {
	needKeygen(t)
	for _, kind := range []string{"ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-3072"} {
		t.Run(kind, func(t *testing.T) {
			key := privateKey(t, kind)
			path := writeKey(t, key, "")
			armoured := signedBy(t, path)
			public, err := ssh.NewPublicKey(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(message, armoured, DecisionNamespace, allow(public), at); err != nil {
				t.Errorf("Verify refuses what ssh-keygen signed: %v", err)
			}
			if _, err := Verify(message, armoured, DropNamespace, allow(public), at); !errors.Is(err, ErrSignature) {
				t.Errorf("another namespace: %v", err)
			}
			if kind != "ed25519" {
				return // ECDSA draws numbers; RSA is compared by verifying
			}
			signer, err := LoadSigner(path)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := Sign(signer, DecisionNamespace, message)
			if err != nil || !bytes.Equal(ours, armoured) {
				t.Errorf("not the bytes of ssh-keygen:\n%s\n%s%v", ours, armoured, err)
			}
		})
	}
}

// signedBy lets ssh-keygen sign the message from its standard input.
func signedBy(t *testing.T, key string) []byte {
	t.Helper()
	cmd := exec.Command("ssh-keygen", "-q", "-Y", "sign", "-n", DecisionNamespace, "-f", key)
	cmd.Stdin = bytes.NewReader(message)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSSHKeygenAcceptsWhatSignWrites(t *testing.T) {
	needKeygen(t)
	for _, kind := range acceptedKinds {
		t.Run(kind, func(t *testing.T) {
			signer := newSigner(t, kind)
			armoured, err := Sign(signer, DropNamespace, message)
			if err != nil {
				t.Fatal(err)
			}
			list := AllowedSigners{{Principal: "gate@council.example", Namespaces: []string{DecisionNamespace, DropNamespace},
				ValidAfter: at.Add(-time.Hour), ValidBefore: at.Add(time.Hour), Key: signer.PublicKey()}}
			verify := func(message []byte, principal, namespace string, at time.Time) error {
				out, err := keygen(t, message, "-Y", "verify", "-f", writeList(t, list), "-I", principal, "-n", namespace,
					"-s", writeSignature(t, armoured), "-Overify-time="+at.UTC().Format(timeSecond))
				if err != nil {
					t.Logf("ssh-keygen: %s", out)
				}
				return err
			}
			if err := verify(message, "gate@council.example", DropNamespace, at); err != nil {
				t.Errorf("ssh-keygen refuses: %v", err)
			}
			for name, refused := range map[string]error{
				"another message":   verify([]byte("other"), "gate@council.example", DropNamespace, at),
				"another principal": verify(message, "dpo@council.example", DropNamespace, at),
				"another namespace": verify(message, "gate@council.example", DecisionNamespace, at),
			} {
				if refused == nil {
					t.Errorf("%s: ssh-keygen accepts", name)
				}
			}
			// Both draw the same line at the ends of the window.
			for _, moment := range []time.Time{at.Add(-time.Hour - time.Second), at.Add(-time.Hour), at.Add(time.Hour), at.Add(time.Hour + time.Second)} {
				theirs := verify(message, "gate@council.example", DropNamespace, moment)
				_, ours := Verify(message, armoured, DropNamespace, list, moment)
				if (theirs == nil) != (ours == nil) {
					t.Errorf("at %s: ssh-keygen says %v, Verify says %v", moment, theirs, ours)
				}
			}
		})
	}
}

func writeList(t *testing.T, list AllowedSigners) string {
	t.Helper()
	data, err := list.Format()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "allowed_signers")
	writeFile(t, path, data, 0o600)
	return path
}

func writeSignature(t *testing.T, armoured []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "message.sig")
	writeFile(t, path, armoured, 0o600)
	return path
}

func TestKeysMadeBySSHKeygenLoad(t *testing.T) {
	needKeygen(t)
	for _, args := range [][]string{{"-t", "ed25519"}, {"-t", "ecdsa", "-b", "384"}, {"-t", "rsa", "-b", "3072", "-m", "PEM"}} {
		path := filepath.Join(t.TempDir(), "id")
		out, err := keygen(t, nil, append(args, "-q", "-N", "", "-C", "somebody's laptop", "-f", path)...)
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		signer, err := LoadSigner(path)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		signsAndVerifies(t, signer)
		printed, err := keygen(t, nil, "-l", "-f", path+".pub")
		if err != nil || !bytes.Contains(printed, []byte(" "+Fingerprint(signer.PublicKey())+" ")) {
			t.Errorf("%v: fingerprint %s is not that of %q (%v)", args, Fingerprint(signer.PublicKey()), printed, err)
		}
	}
}
