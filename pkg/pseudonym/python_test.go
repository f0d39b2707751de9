package pseudonym

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/identifier"
)

// recompute runs the Python script and returns what it printed.
func recompute(t *testing.T, source string, stdin []byte) (string, error) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in PATH: the independent recomputation is not made")
	}
	cmd := exec.Command(python, filepath.Join("testdata", "recompute.py"), source)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// TestPythonRecomputesVectors holds the vector file against an implementation that shares no line with this one.
func TestPythonRecomputesVectors(t *testing.T) {
	out, err := recompute(t, vectorFile, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ok := 0
	for _, v := range vectors(t) {
		if v["outcome"] == "ok" {
			ok++
		}
	}
	if out != fmt.Sprint(ok) {
		t.Errorf("recomputed %s rows; want %d", out, ok)
	}
}

// TestPythonRecomputesRandomKeys does so under random keys, for every domain, with the values that the vector file does
// not have: commitments and salt fingerprints.
func TestPythonRecomputesRandomKeys(t *testing.T) {
	row := func(i int) map[string]any {
		master, salt := fresh(t), fresh(t)
		scope := Scope{fmt.Sprintf("%03d", 200+i), fmt.Sprintf("dsa-élan-%d", i), 1 + i*i*i}
		kind := identifier.Kinds()[i%len(identifier.Kinds())]
		p := pseudonymiser(t, master, salt, scope, kind)
		value, label, data := fmt.Sprintf("51%04d", i), fmt.Sprintf("label %d", i), strings.Repeat("é", i)
		return map[string]any{
			"master_hex": hex.EncodeToString(master.Reveal()), "agreement_salt_hex": hex.EncodeToString(salt.Reveal()),
			"org": scope.Org, "agreement": scope.Agreement, "epoch": scope.Epoch, "domain": string(kind),
			"normalised": value, "pseudonym": code(p, value), "key_check_value": KeyCheck(master, salt, scope),
			"salt_fingerprint": SaltFingerprint(salt),
			"label":            label, "data": data, "commitment": Commit(master, salt, scope, label, []byte(data)),
		}
	}
	lines := func(rows ...map[string]any) []byte {
		var out bytes.Buffer
		for _, r := range rows {
			if err := json.NewEncoder(&out).Encode(r); err != nil {
				t.Fatal(err)
			}
		}
		return out.Bytes()
	}
	var rows []map[string]any
	for i := range 60 {
		rows = append(rows, row(i))
	}
	if out, err := recompute(t, "-", lines(rows...)); err != nil || out != "60" {
		t.Fatalf("%v: %s", err, out)
	}
	// The script notices each value that is not right.
	for _, name := range []string{"pseudonym", "key_check_value", "salt_fingerprint", "commitment"} {
		wrong := row(1)
		text := wrong[name].(string)
		last := "0"
		if strings.HasSuffix(text, last) {
			last = "1"
		}
		wrong[name] = text[:len(text)-1] + last
		if out, err := recompute(t, "-", lines(wrong)); err == nil || !strings.Contains(out, name) {
			t.Errorf("a wrong %s passes: %s", name, out)
		}
	}
}
