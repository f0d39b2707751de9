package custody

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

func pemOf(t *testing.T, key any, passphrase string) []byte {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "test")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func TestSigningKeysThatAreRefused(t *testing.T) {
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked := pemOf(t, other, "horse") // slow on purpose, so once
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		path := c.path("signing" + suffix)
		_, good, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		halves := bytes.Clone(good)
		halves[40] ^= 1
		text := pemOf(t, good, "")
		for name, c2 := range map[string]struct {
			text         []byte
			reason, hint string
		}{
			"passphrase":    {locked, "has a passphrase", "ssh-keygen -p -f " + path},
			"ECDSA":         {pemOf(t, curve, ""), "not an Ed25519 key", "postern keys new"},
			"empty":         {nil, "not an OpenSSH private key", "backup"},
			"cut":           {text[:len(text)/2], "not an OpenSSH private key", "backup"},
			"text":          {[]byte("correct horse battery staple yes"), "not an OpenSSH private key", "backup"},
			"public half":   {read(t, c.path("signing.pub")), "not an OpenSSH private key", "backup"},
			"master":        {formatKey(masterHeader, good.Seed()), "not an OpenSSH private key", "backup"},
			"zero seed":     {pemOf(t, ed25519.NewKeyFromSeed(make([]byte, 32)), ""), "equal", "keys new"},
			"text seed":     {pemOf(t, ed25519.NewKeyFromSeed([]byte("correct horse battery staple yes")), ""), "text", "keys new"},
			"mixed halves":  {pemOf(t, ed25519.PrivateKey(halves), ""), "halves", "backup"},
			"another's key": {text, "not the public half of " + path, "recipients"},
		} {
			c.write(t, path, c2.text)
			_, err := c.ring.SigningKey()
			at := path
			if name == "another's key" {
				at = c.path("signing.pub")
			}
			wantKeyError(t, err, at, c2.reason, c2.hint, good.Seed(), []byte(strings.Join(strings.Fields(string(text)), "")[40:90]))
		}
		// The private key alone is enough to sign.
		c.write(t, path, text)
		if err := os.Remove(c.path("signing.pub")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ring.SigningKey(); err != nil {
			t.Error(err)
		}
		_, err = c.ring.SigningPublicKey()
		wantKeyError(t, err, c.path("signing.pub"), "not there", "restore")
		for name, text := range map[string]string{
			"empty": "", "text": "ssh-ed25519 horse\n", "two": strings.Repeat(string(read(t, c.path("register.pub"))), 2),
		} {
			if err := os.WriteFile(c.path("signing.pub"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = c.ring.SigningPublicKey()
			wantKeyError(t, err, c.path("signing.pub"), "not one Ed25519 public key", "ssh-keygen -y")
			if _, err = c.ring.SigningKey(); err == nil {
				t.Errorf("%s: signs beside a public half that is none", name)
			}
		}
	})
}

// TestSSHKeygenReadsKeys holds the made files against OpenSSH itself.
func TestSSHKeygenReadsKeys(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not in PATH: the files are not held against OpenSSH")
	}
	c := newCouncil(t, "")
	for _, name := range []string{"signing", "register"} {
		out, err := exec.Command(keygen, "-y", "-P", "", "-f", c.path(name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if public := read(t, c.path(name+".pub")); !bytes.Equal(out, public) {
			t.Errorf("%s: ssh-keygen derives %s; beside it lies %s", name, out, public)
		}
		out, err = exec.Command(keygen, "-l", "-f", c.path(name+".pub")).CombinedOutput()
		key, keyErr := publicKey(place{path: c.path(name)}, nil)
		if err != nil || keyErr != nil || !strings.Contains(string(out), ssh.FingerprintSHA256(key)) {
			t.Errorf("%s: fingerprint %s, %v", name, out, err)
		}
	}
	// And the other way: a key that ssh-keygen made.
	for _, name := range []string{"signing", "signing.pub"} {
		if err := os.Remove(c.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-C", "made elsewhere", "-f", c.path("signing")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := c.ring.SigningKey(); err != nil {
		t.Error(err)
	}
}

func TestRightsKeysThatAreRefused(t *testing.T) {
	c := newCouncil(t, "")
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	line := id.Recipient().String()
	for name, r := range map[string]struct{ text, reason string }{
		"empty":          {"", "exactly one"},
		"comment":        {"# nobody\n", "exactly one"},
		"two":            {line + "\n" + line + "\n", "exactly one"},
		"text":           {"the rights officer\n", "exactly one"},
		"a slip":         {line[:len(line)-1] + "b\n", "exactly one"},
		"identity":       {id.String() + "\n", "identity, which is secret"},
		"small identity": {strings.ToLower(id.String()) + "\n", "identity, which is secret"},
		"identity file":  {string(read(t, c.path("rights.identity"))), "identity, which is secret"},
		"both":           {line + "\n" + id.String() + "\n", "identity, which is secret"},
	} {
		if err := os.WriteFile(c.path("rights.pub"), []byte(r.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := c.ring.RightsRecipient()
		wantKeyError(t, err, c.path("rights.pub"), r.reason, "age", []byte(id.String()))
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if err := os.WriteFile(c.path("rights.pub"), []byte("# the rights officer's\n"+line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	recipient, err := c.ring.RightsRecipient()
	if err != nil || recipient.(*age.X25519Recipient).String() != line {
		t.Errorf("a good one: %v, %v", recipient, err)
	}
	for _, name := range []string{"rights.age", "rights.identity"} {
		refs := c.refs
		refs.Rights = "file:" + c.path(name)
		_, err := Open(refs).ensureRights()
		wantKeyError(t, err, c.path(name), "end in .pub", "rights.pub")
	}
}
