package register

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// A checkpoint is a signed note to the package that defines what one is.
func TestACheckpointIsASignedNote(t *testing.T) {
	_, l := newLog(t, 3)
	c := l.Checkpoint()
	vkey, err := note.NewEd25519VerifierKey(origin, councilKey.public())
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(c.Format(), note.VerifierList(v))
	if err != nil || n.Text != string(c.Text()) || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 || n.Sigs[0].Name != origin {
		t.Errorf("opened as %+v, %v", n, err)
	}
	// And what that package writes is what stands in the file.
	again, err := note.Sign(&note.Note{Text: string(c.Text()), Sigs: n.Sigs})
	if err != nil || !bytes.Equal(again, c.Format()) {
		t.Errorf("written again as %q, %v", again, err)
	}
}

func TestVerifyNote(t *testing.T) {
	_, l := newLog(t, 1)
	c := l.Checkpoint()
	text, mine, others := c.Text(), councilKey.public(), []ed25519.PublicKey{testKey(2).public(), testKey(3).public()}
	if key, err := VerifyNote(text, c.Signature, append(others, mine, mine)...); err != nil || !key.Equal(mine) {
		t.Errorf("%x, %v", key, err)
	}
	for _, keys := range [][]ed25519.PublicKey{nil, others} {
		if _, err := VerifyNote(text, c.Signature, keys...); !errors.Is(err, ErrNoteKey) {
			t.Errorf("without the key: %v", err)
		}
	}
	line := string(c.Signature)
	for name, bad := range map[string]string{
		"nothing":          "",
		"twice":            line + line,
		"another beside":   line + strings.Replace(line, origin, "witness.example", 1),
		"one beside first": strings.Replace(line, origin, "witness.example", 1) + line,
		"CRLF":             strings.TrimSuffix(line, "\n") + "\r\n",
		"no line end":      strings.TrimSuffix(line, "\n"),
		"hyphen":           strings.Replace(line, "—", "-", 1),
		"two spaces":       strings.Replace(line, "— ", "—  ", 1),
		"another name":     strings.Replace(line, origin, origin+"x", 1),
		"no name":          strings.Replace(line, origin+" ", "", 1),
		"short":            line[:len(line)-6] + "\n",
		"padding gone":     strings.Replace(line, "=\n", "\n", 1),
		"more after":       line + "\n",
		"loose last bits":  loosen(line),
	} {
		if _, err := VerifyNote(text, []byte(bad), mine); !errors.Is(err, ErrNoteSignature) {
			t.Errorf("%s: %v", name, err)
		}
		if IsNote([]byte(bad)) && checkSignature(origin, []byte(bad)) == nil {
			t.Errorf("%s: has the form of a signature", name)
		}
	}
	for i := range line {
		changed := []byte(line)
		changed[i] ^= 1
		if _, err := VerifyNote(text, changed, mine); err == nil {
			t.Errorf("byte %d changed: accepted", i)
		}
	}
	for name, other := range map[string]string{
		"another text":   strings.Replace(string(text), "\n1\n", "\n2\n", 1),
		"another origin": "x" + string(text),
		"no text":        "",
		"spaces":         " \n1\n",
		"a text more":    string(text) + "\n" + line + string(text),
	} {
		if _, err := VerifyNote([]byte(other), c.Signature, mine); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// A key whose halves do not belong together is found when it signs.
	if _, err := NoteSigner(mine, func(m []byte) ([]byte, error) { return ed25519.Sign(testKey(2).private, m), nil })(text); err == nil {
		t.Error("signed with another key than the one named")
	}
	failing := errors.New("the token is gone")
	if _, err := NoteSigner(mine, func([]byte) ([]byte, error) { return nil, failing })(text); !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
}

// loosen sets a bit of the last sextet that the padding makes meaningless.
func loosen(line string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := len(line) - 3
	return line[:at] + string(digits[strings.IndexByte(digits, line[at])|1]) + line[at+1:]
}

// A reader who has nothing of Postern, only this package's comment: Python computes the root anew from the records and
// compares it with the checkpoint, and prepares what openssl then verifies.
const pythonReader = `
import base64, hashlib, json, os, struct, sys
folder, key, out = sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3]
sha = lambda b: hashlib.sha256(b).digest()
def root(leaves):
    if not leaves: return sha(b"")
    if len(leaves) == 1: return leaves[0]
    k = 1
    while k * 2 < len(leaves): k *= 2
    return sha(b"\x01" + root(leaves[:k]) + root(leaves[k:]))
text, _, signature = open(folder + "/checkpoint", encoding="utf-8", newline="").read().partition("\n\n")
text += "\n"
origin, size, stated, rest = text.split("\n")
assert rest == ""
leaves, gone, erased, signatures = [], {}, {}, []
for i, line in enumerate(open(folder + "/records", encoding="utf-8", newline="")):
    r = json.loads(line)
    assert r["index"] == i and list(r)[0] in ("v", "index") and line.endswith("}\n")
    if "body" in r:
        body = line.partition(',"body":')[2][:-2]
        entry = '{"time":"%s","kind":"%s","body":%s}' % (r["time"], r["kind"], body)
        leaf = sha(b"\x00" + bytes.fromhex(r["salt"]) + entry.encode())
        assert leaf.hex() == r["leaf"], i
        if r["kind"] == "erased": erased[r["body"]["index"]] = (r["body"]["time"], r["body"]["kind"])
    else:
        leaf, gone[i] = bytes.fromhex(r["leaf"]), (r["time"], r["kind"])
    leaves.append(leaf)
    signed = "%s\n%d\n%s\n" % (origin, i + 1, base64.b64encode(root(leaves)).decode())
    signatures.append((signed, r.get("signature")))
assert gone == erased and len(leaves) == int(size)
assert base64.b64encode(root(leaves)).decode() == stated, "root"
name, b64 = signature.rstrip("\n").split(" ")[1:]
assert name == origin and signatures[-1] == (text, b64)
for i, (signed, b64) in enumerate(signatures):
    raw = base64.b64decode(b64)
    assert raw[:4] == sha(origin.encode() + b"\n\x01" + key)[:4] and len(raw) == 68
    open("%s/%d.text" % (out, i), "w", encoding="utf-8", newline="").write(signed)
    open("%s/%d.sig" % (out, i), "wb").write(raw[4:])
print(len(signatures))
`

func TestAnIndependentReader(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not on this machine: the root is not computed by another implementation")
	}
	dir, l := newLog(t, 9)
	erase(t, l, 4, "number")
	add(t, l, entry(10))
	out := t.TempDir()
	public := councilKey.public()
	read := func() ([]byte, error) {
		return exec.Command(python, "-c", pythonReader, dir, hex.EncodeToString(public), out).CombinedOutput()
	}
	if text, err := read(); err != nil || strings.TrimSpace(string(text)) != "11" {
		t.Fatalf("%v: %s", err, text)
	}
	t.Run("openssl", func(t *testing.T) {
		openssl, err := exec.LookPath("openssl")
		if err != nil {
			t.Skip("openssl is not on this machine: the signatures are not verified by another implementation")
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		key := filepath.Join(out, "key.der")
		if err := os.WriteFile(key, der, 0o600); err != nil {
			t.Fatal(err)
		}
		verify := func(text, signature string) ([]byte, error) {
			return exec.Command(openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", key,
				"-in", filepath.Join(out, text), "-sigfile", filepath.Join(out, signature)).CombinedOutput()
		}
		if said, err := exec.Command(openssl, "pkeyutl", "-help").CombinedOutput(); err != nil || !bytes.Contains(said, []byte("-rawin")) {
			t.Skip("this openssl verifies no Ed25519 signature: the signatures are not verified by another implementation")
		}
		for _, i := range []string{"0", "4", "9", "10"} {
			if said, err := verify(i+".text", i+".sig"); err != nil {
				t.Errorf("the signature of record %s: %v: %s", i, err, said)
			}
		}
		if said, err := verify("4.text", "5.sig"); err == nil {
			t.Errorf("the signature of another record is accepted: %s", said)
		}
	})
	// And it finds what was changed.
	f, lines := snapshot(t, dir), allLines(t, l)
	lines[2].Kind = "other"
	f.with(recordsFile, write(lines)).lay(t, dir)
	if said, err := read(); err == nil || !strings.Contains(string(said), "AssertionError: root") {
		t.Errorf("a forged record: %v: %s", err, said)
	}
}
