package custody

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/pseudonym"
)

const (
	org = "331"
	dsa = "dsa-x-2026"
)

// council is a set of keys that NewCouncil made, with the salt of one agreement.
type council struct {
	dir  string
	refs References
	ring *Keyring
	salt string // path
}

// forms runs a test with plain and with encrypted keys.
func forms(t *testing.T, test func(t *testing.T, suffix string)) {
	for name, suffix := range map[string]string{"plain": "", "encrypted": ageSuffix} {
		t.Run(name, func(t *testing.T) { test(t, suffix) })
	}
}

func references(dir, suffix string) References {
	at := func(name string) string { return "file:" + filepath.Join(dir, name) }
	return References{
		Master: at("master" + suffix), Salts: at("salts"), Signing: at("signing" + suffix), Register: at("register" + suffix),
		Rights: at("rights.pub"), Identity: at("identity"),
	}
}

func newCouncil(t testing.TB, suffix string) council {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	refs := references(dir, suffix)
	c := council{dir: dir, refs: refs, ring: Open(refs), salt: filepath.Join(dir, "salts", dsa+".e1"+suffix)}
	if _, err := c.ring.NewCouncil(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ring.NewSalt(org, dsa, 1); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c council) path(name string) string { return filepath.Join(c.dir, name) }

// write puts the text of a key file in place of what is there, encrypted if its name says so.
func (c council) write(t testing.TB, path string, text []byte) {
	t.Helper()
	if strings.HasSuffix(path, ageSuffix) {
		sealed, err := c.ring.encrypt(place{path: path}, text)
		if err != nil {
			t.Fatal(err)
		}
		text = sealed
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// secretOf reads the bytes of a key file that is good.
func (c council) secretOf(t testing.TB, path string) []byte {
	t.Helper()
	text, err := c.ring.readSecret(place{path: path})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Split(string(text), "\n")[1])
	if err != nil || len(raw) != pseudonym.SecretSize {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	return raw
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func random(t testing.TB) []byte {
	t.Helper()
	b := make([]byte, pseudonym.SecretSize)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// wantKeyError holds what every failure must be: a *KeyError that names the file and what to do, and shows no secret.
func wantKeyError(t *testing.T, err error, path, reason, hint string, secrets ...[]byte) {
	t.Helper()
	var key *KeyError
	if !errors.As(err, &key) {
		t.Errorf("%v (%T) is no *KeyError", err, err)
		return
	}
	if key.Path != path || !strings.Contains(key.Reason, reason) || !strings.Contains(key.Hint(), hint) {
		t.Errorf("%s: %q, hint %q; want %s: …%q…, hint …%q…", key.Path, key.Reason, key.Hint(), path, reason, hint)
	}
	if key.Hint() == "" || finding.HintOf(fmt.Errorf("outside: %w", err)) != key.Hint() {
		t.Errorf("%v: hint %q is not found from outside", err, key.Hint())
	}
	if path != "" && !strings.Contains(err.Error(), path) {
		t.Errorf("%v does not name %s", err, path)
	}
	shown := fmt.Sprintf("%v %+v %#v %q %v", err, err, err, err, errors.Unwrap(err)) + key.Hint()
	for _, secret := range secrets {
		text := strings.TrimRight(base64.StdEncoding.EncodeToString(secret), "=")
		for _, form := range []string{string(secret), hex.EncodeToString(secret), text, text[:min(12, len(text))]} {
			if len(secret) > 0 && strings.Contains(shown, form) {
				t.Errorf("%s shows a key", key.Reason)
			}
		}
	}
}

// weak are secrets that must be refused, and a word of the reason.
func weak() map[string]struct {
	bytes  []byte
	reason string
} {
	count := func(start byte) []byte {
		b := make([]byte, pseudonym.SecretSize)
		for i := range b {
			b[i] = start + byte(i)
		}
		return b
	}
	return map[string]struct {
		bytes  []byte
		reason string
	}{
		"missing":                {nil, "missing"},
		"short":                  {[]byte("\x01\xfe\x80short"), "shorter"},
		"31 bytes":               {count(9)[:31], "shorter"},
		"long":                   {append(count(9), 1), "longer"},
		"all equal":              {bytes.Repeat([]byte{0xa5}, 32), "equal"},
		"text":                   {[]byte("correct horse battery staple yes"), "text"},
		"published master":       {count(0x00), "published"},
		"published salt":         {count(0x20), "published"},
		"published other salt":   {count(0x40), "published"},
		"published second epoch": {count(0x60), "published"},
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		master, salt := c.secretOf(t, c.path("master"+suffix)), c.secretOf(t, c.salt)
		header := saltHeader(pseudonym.Scope{Org: org, Agreement: dsa, Epoch: 1})
		for name, w := range weak() {
			c.write(t, c.path("master"+suffix), formatKey(masterHeader, w.bytes))
			_, err := c.ring.AgreementKeys(org, dsa, 1)
			wantKeyError(t, err, c.path("master"+suffix), w.reason, "postern keys new", w.bytes)
			var cause *pseudonym.WeakSecretError
			if !errors.As(err, &cause) {
				t.Errorf("%s: the cause is lost: %v", name, err)
			}
			if _, err = c.ring.NewCouncil(context.Background()); !errors.As(err, &cause) {
				t.Errorf("%s: NewCouncil finds the master good: %v", name, err)
			}
			c.write(t, c.path("master"+suffix), formatKey(masterHeader, master))

			c.write(t, c.salt, formatKey(header, w.bytes))
			_, err = c.ring.AgreementKeys(org, dsa, 1)
			wantKeyError(t, err, c.salt, w.reason, "postern keys new", w.bytes)
			c.write(t, c.salt, formatKey(header, salt))
		}
		if _, err := c.ring.AgreementKeys(org, dsa, 1); err != nil {
			t.Errorf("the good keys again: %v", err)
		}
	})
}

func TestMissingKeys(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		for _, name := range []string{"master" + suffix, "salts", "salts/" + dsa + ".e1" + suffix, "signing" + suffix, "register" + suffix, "rights.pub", "identity"} {
			c := newCouncil(t, suffix)
			if err := os.RemoveAll(c.path(name)); err != nil {
				t.Fatal(err)
			}
			err := useAll(c)
			if name == "identity" && suffix == "" {
				if err != nil {
					t.Errorf("an identity is wanted where nothing is encrypted: %v", err)
				}
				continue
			}
			path := c.path(name)
			if name == "salts" {
				path = c.salt
			}
			wantKeyError(t, err, path, "not there", "postern keys new")
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: the cause is lost: %v", name, err)
			}
		}
	})
}

// useAll uses every key once and returns the first error.
func useAll(c council) error {
	_, err1 := c.ring.AgreementKeys(org, dsa, 1)
	_, err2 := c.ring.SigningKey()
	_, err3 := c.ring.RegisterKey()
	_, err4 := c.ring.RightsRecipient()
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestReferences(t *testing.T) {
	c := newCouncil(t, ageSuffix)
	uses := map[string]func(*Keyring) error{
		"master":   func(k *Keyring) error { _, err := k.AgreementKeys(org, dsa, 1); return err },
		"salts":    func(k *Keyring) error { _, err := k.AgreementKeys(org, dsa, 1); return err },
		"signing":  func(k *Keyring) error { _, err := k.SigningKey(); return err },
		"register": func(k *Keyring) error { _, err := k.RegisterKey(); return err },
		"rights":   func(k *Keyring) error { _, err := k.RightsRecipient(); return err },
		"identity": func(k *Keyring) error { _, err := k.SigningKey(); return err },
	}
	for name, use := range uses {
		for _, reference := range []string{"", "file:", "keys/master", "env:POSTERN_KEY", "correct horse battery staple", "file:a\x00b"} {
			refs := c.refs
			setReference(&refs, name, reference)
			err := use(Open(refs))
			wantKeyError(t, err, "", "", "keys: "+name+":")
			if err != nil && reference != "" && strings.Contains(err.Error(), reference) && reference != "file:" {
				t.Errorf("%v repeats the reference", err)
			}
		}
	}
	refs := c.refs
	refs.Identity += ageSuffix
	_, err := Open(refs).SigningKey()
	wantKeyError(t, err, c.path("identity.age"), "cannot be encrypted itself", "identity")
}

func setReference(refs *References, name, value string) {
	switch name {
	case "master":
		refs.Master = value
	case "salts":
		refs.Salts = value
	case "signing":
		refs.Signing = value
	case "register":
		refs.Register = value
	case "rights":
		refs.Rights = value
	case "identity":
		refs.Identity = value
	}
}

func TestAgreementKeys(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		for _, s := range []pseudonym.Scope{{Org: org, Agreement: dsa, Epoch: 2}, {Org: org, Agreement: "dsa-y", Epoch: 1}} {
			if item, err := c.ring.NewSalt(s.Org, s.Agreement, s.Epoch); err != nil || !item.Made {
				t.Fatalf("%+v, %v", item, err)
			}
		}
		keys := func(agreement string, epoch int) *AgreementKeys {
			t.Helper()
			k, err := c.ring.AgreementKeys(org, agreement, epoch)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		one, again := keys(dsa, 1), keys(dsa, 1)
		if one.Scope() != (pseudonym.Scope{Org: org, Agreement: dsa, Epoch: 1}) {
			t.Errorf("scope %+v", one.Scope())
		}
		// The same as package pseudonym makes of the bytes in the files.
		master, err := pseudonym.NewSecret(c.secretOf(t, c.path("master"+suffix)))
		if err != nil {
			t.Fatal(err)
		}
		salt, err := pseudonym.NewSecret(c.secretOf(t, c.salt))
		if err != nil {
			t.Fatal(err)
		}
		if one.KeyCheck() != pseudonym.KeyCheck(master, salt, one.Scope()) || one.KeyCheck() != again.KeyCheck() || len(one.KeyCheck()) != 16 {
			t.Errorf("key check value %q", one.KeyCheck())
		}
		if one.Commit("l", []byte("d")) != pseudonym.Commit(master, salt, one.Scope(), "l", []byte("d")) || len(one.Commit("l", nil)) != 64 {
			t.Error("another commitment")
		}
		if one.SaltFingerprint() != pseudonym.SaltFingerprint(salt) || len(one.SaltFingerprint()) != 32 {
			t.Error("another fingerprint")
		}
		code := func(k *AgreementKeys) string {
			t.Helper()
			p, err := k.Pseudonymiser(identifier.LAChildID)
			if err != nil {
				t.Fatal(err)
			}
			var mac [20]byte
			p.MAC(&mac, []byte("510000"))
			return string(p.AppendText(nil, &mac))[3:]
		}
		if code(one) != code(again) || code(one) == code(keys(dsa, 2)) || code(one) == code(keys("dsa-y", 1)) {
			t.Error("pseudonyms do not follow agreement and epoch")
		}
		_, err = one.Pseudonymiser("child/name")
		wantKeyError(t, err, "", "domain", "agreement")

		for _, s := range []pseudonym.Scope{
			{}, {Org: "33", Agreement: dsa, Epoch: 1}, {Org: org, Agreement: "", Epoch: 1}, {Org: org, Agreement: dsa, Epoch: 0},
			{Org: org, Agreement: "../master", Epoch: 1}, {Org: org, Agreement: "a/b", Epoch: 1}, {Org: org, Agreement: ".a", Epoch: 1},
			{Org: org, Agreement: "DSA", Epoch: 1}, {Org: org, Agreement: "a b", Epoch: 1}, {Org: org, Agreement: strings.Repeat("a", 101), Epoch: 1},
		} {
			_, err := c.ring.AgreementKeys(s.Org, s.Agreement, s.Epoch)
			wantKeyError(t, err, "", "", "agreement")
			_, err = c.ring.NewSalt(s.Org, s.Agreement, s.Epoch)
			wantKeyError(t, err, "", "", "agreement")
		}
	})
}

// TestNothingPrintsKeys prints keyrings, agreement keys and signers in every way.
func TestNothingPrintsKeys(t *testing.T) {
	c := newCouncil(t, "")
	keys, err := c.ring.AgreementKeys(org, dsa, 1)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := c.ring.SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := place{}.parsePrivate(read(t, c.path("signing")))
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		keys   any
		signer any
	}
	var out bytes.Buffer
	for _, value := range []any{keys, *keys, signer, c.ring, *c.ring, holder{keys, signer}, &holder{*keys, signer}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d", "%z", "%p"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		if j, err := json.Marshal(value); err == nil {
			out.Write(j)
		}
	}
	if !strings.Contains(out.String(), "[redacted]") || !strings.Contains(out.String(), "keys of 331 dsa-x-2026.e1") {
		t.Error("keys and signers do not say what they are")
	}
	for name, secret := range map[string][]byte{
		"master": c.secretOf(t, c.path("master")), "salt": c.secretOf(t, c.salt), "signing seed": private.Seed(),
	} {
		for i := 0; i+6 <= len(secret); i++ {
			part := secret[i : i+6]
			for _, form := range []string{strings.Trim(fmt.Sprint(part), "[]"), hex.EncodeToString(part), strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"), string(part)} {
				if strings.Contains(strings.ToLower(out.String()), strings.ToLower(form)) {
					t.Fatalf("the %s is printed", name)
				}
			}
		}
	}
}

func TestPermissionNotice(t *testing.T) {
	if unix := runtime.GOOS != "windows" && runtime.GOOS != "plan9"; unix == (PermissionNotice() != "") {
		t.Errorf("notice %q on %s", PermissionNotice(), runtime.GOOS)
	}
}

func TestUnreadableFile(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may read every file")
	}
	c := newCouncil(t, "")
	if err := os.Chmod(c.path("master"), 0o200); err != nil {
		t.Fatal(err)
	}
	_, err := c.ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.path("master"), "permission denied", "chown")
}

// brokenRandom gives the same byte for ever.
type brokenRandom struct{}

func (brokenRandom) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 7
	}
	return len(p), nil
}

func TestBrokenRandomnessMakesNothing(t *testing.T) {
	for name, source := range map[string]io.Reader{"constant": brokenRandom{}, "empty": strings.NewReader("")} {
		dir := filepath.Join(t.TempDir(), "keys")
		ring := Open(references(dir, ""))
		ring.random = source
		_, err := ring.NewCouncil(context.Background())
		wantKeyError(t, err, filepath.Join(dir, "master"), "", "")
		if entries, err := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("%s: %d files made, %v", name, len(entries), err)
		}
	}
}
