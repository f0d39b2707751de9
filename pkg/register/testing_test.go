package register

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const origin = "postern.council.example/331"

// key is a register key.
type key struct{ private ed25519.PrivateKey }

func testKey(seed byte) key {
	return key{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
}

func (k key) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

func (k key) sign(message []byte) ([]byte, error) {
	return NoteSigner(k.public(), func(m []byte) ([]byte, error) { return ed25519.Sign(k.private, m), nil })(message)
}

// sign1 signs as version 1 allowed: in its own way, here with one line of text.
func (k key) sign1(message []byte) ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, message)) + "\n"), nil
}

var errNotSigned = errors.New("not signed by the register key")

func (k key) verify(message, signature []byte) error {
	if IsNote(signature) {
		if _, err := VerifyNote(message, signature, k.public()); err != nil {
			return fmt.Errorf("%w: %w", errNotSigned, err)
		}
		return nil
	}
	s, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(string(signature), "\n"))
	// Base64 ignores line ends; a verifier accepts one form only.
	if err != nil || base64.StdEncoding.EncodeToString(s)+"\n" != string(signature) || !ed25519.Verify(k.public(), message, s) {
		return errNotSigned
	}
	return nil
}

var councilKey = testKey(1)

// counter is a source of salts that differ and can be told apart.
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	c.n++
	for i := range p {
		p[i] = c.n ^ byte(i*7)
	}
	return len(p), nil
}

func entry(i int) Entry {
	return Entry{
		Kind: []string{"decision", "prepared", "published"}[i%3],
		Time: time.Date(2026, 11, 21, 12, 0, i, 0, time.UTC),
		Body: json.RawMessage(fmt.Sprintf(`{"number":%d,"text":"what happened <%d>"}`, i, i)),
	}
}

// newLog makes a register of n records, with salts that are the same each time.
func newLog(t testing.TB, n int) (string, *Log) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "register")
	l, err := Create(dir, origin, councilKey.sign)
	if err != nil {
		t.Fatal(err)
	}
	l.random = &counter{}
	for i := range n {
		add(t, l, entry(i))
	}
	return dir, l
}

func add(t testing.TB, l *Log, e Entry) Record {
	t.Helper()
	r, err := l.Append(e, councilKey.sign)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, dir string) *Log {
	t.Helper()
	l, err := Open(dir, councilKey.verify)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// files is what a folder holds.
type files map[string]string

func snapshot(t testing.TB, dir string) files {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, e := range list {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		f[e.Name()] = string(data)
	}
	return f
}

// lay makes a folder hold exactly these files.
func (f files) lay(t testing.TB, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range f {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (f files) with(name, data string) files {
	out := files{}
	for k, v := range f {
		out[k] = v
	}
	out[name] = data
	return out
}

func (f files) without(name string) files {
	out := f.with(name, "")
	delete(out, name)
	return out
}

func (f files) equal(other files) bool {
	if len(f) != len(other) {
		return false
	}
	for k, v := range f {
		if w, ok := other[k]; !ok || v != w {
			return false
		}
	}
	return true
}

// forge makes the line of a record as one would who knows the form and has no key: with this signature.
func forge(r Record, signature string) string {
	l := newLine(r)
	l.signature = signature
	return string(l.append(nil))
}

// lineOf gives the line of a record as it stands in the file.
func lineOf(t testing.TB, l *Log, index int64) line {
	t.Helper()
	r, err := l.line(index)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// refusedAt opens and verifies the folder, which must be refused as tampered with from that record on, and be left as it
// is.
func refusedAt(t testing.TB, dir string, f files, index int64, what string) {
	t.Helper()
	f.lay(t, dir)
	_, err := Open(dir, councilKey.verify)
	if err == nil {
		_, err = Verify(dir, councilKey.verify) // what Open passes over, this does not
	}
	var tamper *TamperError
	if !errors.As(err, &tamper) {
		t.Errorf("%s: got %v, want a TamperError", what, err)
		return
	}
	if tamper.Index != index {
		t.Errorf("%s: record %d is named, want %d (%v)", what, tamper.Index, index, err)
	}
	if !snapshot(t, dir).equal(f) {
		t.Errorf("%s: Open changed a folder that it refused", what)
	}
}
