package custody

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// TestFormats fixes the text of key files: a file that an older version wrote must be read for ever.
func TestFormats(t *testing.T) {
	secret := []byte("\x8a\x01not a good secret, but fixed \xff")
	if got, want := string(formatKey(masterHeader, secret)), "POSTERN-MASTER-KEY-1 (secret: keep this file 0600)\n"+
		"igFub3QgYSBnb29kIHNlY3JldCwgYnV0IGZpeGVkIP8=\ncheck aa171596960450e4\n"; got != want {
		t.Errorf("master:\n%s\nwant\n%s", got, want)
	}
	scope := pseudonym.Scope{Org: "331", Agreement: "dsa-coventry-fv-2026", Epoch: 12}
	if got, want := saltHeader(scope), "POSTERN-SALT-1 331 dsa-coventry-fv-2026 e12 (secret: keep this file 0600)"; got != want {
		t.Errorf("salt: %s; want %s", got, want)
	}
	parsed, _, err := parseSalt(formatKey(saltHeader(scope), secret))
	if err != nil || parsed != scope {
		t.Errorf("%+v, %v", parsed, err)
	}
}

// TestPythonChecksAKeyFile computes the check line again with Python's standard library.
func TestPythonChecksAKeyFile(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in PATH: the check line is not computed a second time")
	}
	c := newCouncil(t, "")
	const script = `
import base64, hashlib, hmac, sys
for path in sys.argv[1:]:
    first, second, third = open(path, encoding="ascii").read().splitlines()
    key = base64.b64decode(second, validate=True)
    assert len(key) == 32
    assert third == "check " + hmac.new(key, first.encode(), hashlib.sha256).hexdigest()[:16]
print("good")`
	out, err := exec.Command(python, "-c", script, c.path("master"), c.salt).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "good" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestSaltNames(t *testing.T) {
	for name, want := range map[string]pseudonym.Scope{
		"a.e1": {Agreement: "a", Epoch: 1}, "dsa-x.e12.age": {Agreement: "dsa-x", Epoch: 12}, "a.e1.e2": {Agreement: "a.e1", Epoch: 2},
		"a.age.e1": {Agreement: "a.age", Epoch: 1}, "0_.-.e999999": {Agreement: "0_.-", Epoch: 999999},
	} {
		agreement, epoch, ok := parseSaltName(name)
		if !ok || agreement != want.Agreement || epoch != want.Epoch {
			t.Errorf("%s: %s, %d, %v", name, agreement, epoch, ok)
		}
	}
	for _, name := range []string{"", "a", ".e1", "a.e", "a.e0", "a.e01", "a.e-1", "a.e+1", "a.1", "a.E1", "A.e1", "a.e1.bak", "a.e1~", "a b.e1", "-a.e1", "a.e1000000", "a.e1.age.age", "é.e1"} {
		if agreement, epoch, ok := parseSaltName(name); ok {
			t.Errorf("%q is the salt of %s, epoch %d", name, agreement, epoch)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	good := formatKey(masterHeader, []byte("\x8a\x01not a good secret, but fixed \xff"))
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(formatKey(masterHeader, nil))
	f.Add([]byte(masterHeader + "\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		secret, err := parseKey(masterHeader, text)
		if err != nil {
			if !secret.IsZero() {
				t.Fatal("an error and a secret")
			}
			return
		}
		if !bytes.Equal(formatKey(masterHeader, secret.Reveal()), text) {
			t.Fatal("accepted, and not as it is written")
		}
	})
}

func FuzzParseSalt(f *testing.F) {
	scope := pseudonym.Scope{Org: "331", Agreement: "dsa-x", Epoch: 1}
	f.Add(formatKey(saltHeader(scope), []byte("\x8a\x01not a good secret, but fixed \xff")))
	f.Add([]byte(saltHeader(scope)))
	f.Add([]byte("POSTERN-SALT-1 331 a e01 (secret: keep this file 0600)\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		scope, secret, err := parseSalt(text)
		if err != nil {
			return
		}
		if !bytes.Equal(formatKey(saltHeader(scope), secret.Reveal()), text) {
			t.Fatal("accepted, and not as it is written")
		}
		if agreement, epoch, ok := parseSaltName(saltName(scope.Agreement, scope.Epoch)); !ok || agreement != scope.Agreement || epoch != scope.Epoch {
			t.Fatal("accepted, and its file cannot be named")
		}
	})
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{
		"/keys/master.age": "/keys/master.age", "my keys/m": "'my keys/m'", "": "''", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "a;b": "'a;b'", "~/k": "'~/k'",
	} {
		if got := quote(path); got != want {
			t.Errorf("%q: %s; want %s", path, got, want)
		}
	}
}
