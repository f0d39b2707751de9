package custody

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

func identity(t testing.TB) []byte {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return []byte("# created: by age-keygen\n# public key: " + id.Recipient().String() + "\n" + id.String() + "\n")
}

// TestAlteredFiles changes every byte of every secret file, and cuts each at every length: nothing of what comes out is
// used.
func TestAlteredFiles(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		scope := pseudonym.Scope{Org: org, Agreement: dsa, Epoch: 1}
		for path, use := range map[string]func() error{
			c.path("master" + suffix): func() error { _, err := c.ring.master(); return err },
			c.salt:                    func() error { _, err := c.ring.salt(place{path: c.salt}, scope); return err },
		} {
			if suffix != "" && path == c.salt {
				continue // the encryption is the same, and changing each of its bytes takes a second a file
			}
			whole := read(t, path)
			secret := c.secretOf(t, path)
			try := func(name string, data []byte) {
				t.Helper()
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				err := use()
				if err == nil {
					t.Fatalf("%s: %s is accepted", filepath.Base(path), name)
				}
				wantKeyError(t, err, path, "", "", secret)
			}
			for i := range whole {
				flips := []byte{0x01, 0x20, 0x80}
				if suffix != "" {
					flips = []byte{1 << (i % 8)} // the encryption knows no byte better than another, and is slow
				}
				for _, flip := range flips {
					altered := bytes.Clone(whole)
					altered[i] ^= flip
					try(fmt.Sprintf("byte %d changed", i), altered)
				}
				if suffix == "" || i%5 == 0 || i > len(whole)-20 {
					try(fmt.Sprintf("cut to %d", i), whole[:i])
				}
			}
			for _, end := range []string{"\n", " ", "\x00", "x", "check"} {
				try("something added", append(bytes.Clone(whole), end...))
			}
			try("something in front", append([]byte("\n"), whole...))
			try("a byte-order mark", append([]byte("\ufeff"), whole...))
			try("carriage returns", bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n")))
			try("twice", append(bytes.Clone(whole), whole...))
			try("too large", bytes.Repeat([]byte("a"), maxFile+1))
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.ring.AgreementKeys(org, dsa, 1); err != nil {
			t.Errorf("the files as they were: %v", err)
		}
	})
}

func TestEncryptedFiles(t *testing.T) {
	c := newCouncil(t, ageSuffix)
	secret := c.secretOf(t, c.path("master.age"))
	right := read(t, c.path("identity"))
	for _, name := range []string{"master.age", "signing.age", "register.age", "salts/" + dsa + ".e1.age"} {
		text := read(t, c.path(name))
		if !bytes.HasPrefix(text, []byte("age-encryption.org/v1\n-> X25519 ")) || bytes.Contains(text, []byte("POSTERN")) || bytes.Contains(text, []byte("OPENSSH")) {
			t.Errorf("%s is not encrypted", name)
		}
	}
	replace := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(c.path("identity"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replace(identity(t))
	_, err := c.ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.path("master.age"), "another identity", "identity file", secret)
	_, err = c.ring.SigningKey()
	wantKeyError(t, err, c.path("signing.age"), "another identity", "identity file")
	// A second identity in the file, as age allows.
	replace(append(identity(t), right...))
	if _, err := c.ring.AgreementKeys(org, dsa, 1); err != nil {
		t.Errorf("the right identity is second in the file: %v", err)
	}
	key := bytes.TrimSpace(bytes.Split(right, []byte("\n"))[2])
	for name, data := range map[string][]byte{
		"empty": nil, "comment only": []byte("# nothing\n"), "recipient": []byte("age1qqqqqq\n"), "lower case": bytes.ToLower(key),
		"a character changed": append(bytes.Clone(key[:len(key)-1]), '?'), "cut": key[:40], "text": []byte("correct horse\n"),
	} {
		replace(data)
		_, err := c.ring.AgreementKeys(org, dsa, 1)
		if name == "lower case" && err == nil {
			continue // bech32 has both cases
		}
		wantKeyError(t, err, c.path("identity"), "not an age identity", "AGE-SECRET-KEY-1", key)
	}
	// A plain file under an encrypted one's name.
	replace(right)
	if err := os.WriteFile(c.path("master.age"), formatKey(masterHeader, secret), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = c.ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.path("master.age"), "not an age file", "backup", secret)
	// Other text inside.
	c.write(t, c.path("master.age"), read(t, c.path("signing.pub")))
	_, err = c.ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.path("master.age"), "not a master key file", "keys new")
	c.write(t, c.path("master.age"), bytes.Repeat([]byte("a"), maxFile-300))
	_, err = c.ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.path("master.age"), "not a master key file", "keys new")
}
