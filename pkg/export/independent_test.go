//go:build unix

package export_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/synth"
)

// recompute reads key files and headers of returns, and prints the children's pseudonyms, sorted: Python's standard library
// alone, by the words of the design.
const recompute = `
import base64, csv, glob, hashlib, hmac, json, re, struct, sys, unicodedata

order = json.load(sys.stdin)

def key_file(path, kind):
    with open(path, encoding="ascii") as f:
        first, coded, check, end = f.read().split("\n")
    assert first.startswith(kind) and end == ""
    secret = base64.b64decode(coded, validate=True)
    assert len(secret) == 32
    assert check == "check " + hmac.new(secret, first.encode(), hashlib.sha256).hexdigest()[:16]
    return first.split(" "), secret

_, master = key_file(order["master"], "POSTERN-MASTER-KEY-1")
words, salt = key_file(order["salt"], "POSTERN-SALT-1")
org, agreement, epoch = words[1], words[2], words[3][1:]

def lp(*parts):
    return b"".join(struct.pack(">I", len(p.encode())) + p.encode() for p in parts)

def hkdf(info):
    pseudorandom = hmac.new(salt, master, hashlib.sha256).digest()
    return hmac.new(pseudorandom, info + b"\x01", hashlib.sha256).digest()

key = hkdf(lp("postern/pseudonym/v1", org, agreement, epoch, "child/la-child-id"))

def pseudonym(value):
    bits = int.from_bytes(hmac.new(key, value.encode(), hashlib.sha256).digest()[:20], "big")
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    return "c" + epoch + "_" + "".join(digits[bits >> shift & 31] for shift in range(155, -1, -5))

def normalise(raw):
    value = unicodedata.normalize("NFKC", raw).strip().upper()
    if not value or re.fullmatch("0+|NULL|NONE|N/A|NA|UNKNOWN|TEST|UN[1-7]", value):
        return None
    if re.fullmatch(r"[0-9]+\.[0-9]*(E[+-]?[0-9]+)?", value) or not re.fullmatch("[A-Z0-9][A-Z0-9._/-]{0,19}", value):
        return None
    return value

children = set()
for path in glob.glob(order["extracts"] + "/*/header.csv"):
    with open(path, encoding="utf-8-sig", newline="") as f:
        children.update(normalise(row["CHILD"]) for row in csv.DictReader(f))
children.discard(None)
check = hmac.new(hkdf(lp("postern/kcv/v1", org, agreement, epoch)), b"kcv", hashlib.sha256).hexdigest()[:16]
print(check)
print("\n".join(sorted(pseudonym(c) for c in children)))
`

// TestPythonMakesTheSamePseudonyms has the children of a drop recomputed by an independent reader, from the council's key
// files and returns: exactly these children are in it.
func TestPythonMakesTheSamePseudonyms(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here to recompute pseudonyms with")
	}
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, cohort(t, synth.CohortOptions{Children: 120, Seed: 5, Years: 3, Formats: []string{"ssda903"}}), extracts)
	header := filepath.Join(extracts, "2024-25", "header.csv")
	mustWrite(t, header, mustRead(t, header)+" rnd000000000001 ,2,02/03/2012,WBRI,,,\n\uff15\uff11\uff10\uff10\uff10\uff11,1,02/03/2012,WBRI,,,\n00123,1,02/03/2012,WBRI,,,\nUN4,1,02/03/2012,WBRI,,,\nN/A,1,02/03/2012,WBRI,,,\n")
	const id = "dsa-trust-narrow"
	c := newCouncil(t, narrowAgreement(id))
	result := c.export(t, id, extracts)
	order, err := json.Marshal(map[string]string{
		"master": c.path("keys", "master"), "salt": c.path("keys", "salts", id+".e1"), "extracts": extracts,
	})
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(python, "-I", "-S", "-c", recompute)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(order), &stdout, &stderr, time.Minute
	if err := cmd.Run(); err != nil {
		t.Fatalf("python3: %v: %s", err, stderr.String())
	}
	lines := strings.Fields(stdout.String())
	if len(lines) < 100 || lines[0] != result.Manifest.Pseudonyms.KeyCheck {
		t.Fatalf("python3 found %d children, and the key check value %s where the manifest has %s", len(lines)-1, lines[0], result.Manifest.Pseudonyms.KeyCheck)
	}
	got := columnOf(t, c.path("drops", result.Drop, "children.parquet"), "child_id")
	if !slices.Equal(got, lines[1:]) {
		t.Errorf("the drop has %d children, python3 finds %d, and they are not the same, in this order", len(got), len(lines)-1)
	}
}
