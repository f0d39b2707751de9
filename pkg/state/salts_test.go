package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestClaimSalt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	for n, step := range []struct {
		fingerprint, agreement string
		epoch                  int
		want                   error
	}{
		{"f1", "a", 1, nil},
		{"f1", "a", 1, nil},
		{"f1", "a", 2, ErrSaltReused},  // another epoch
		{"f1", "b", 1, ErrSaltReused},  // another agreement
		{"f2", "a", 1, ErrSaltChanged}, // another salt
		{"f2", "a", 2, nil},            // f2 is still free: refused claims leave nothing
		{"f3", "b", 1, nil},
		{"f1", "a", 2, ErrSaltReused}, // both wrong: the worse of the two
		{"f2", "a", 1, ErrSaltReused}, // the two epochs' salts exchanged
		{"f1", "a", 1, nil},
		{"f2", "a", 2, nil},
		{"f0", "0", 10, nil}, // sorts before the others
		{"f3", "b", 1, nil},
	} {
		f := open(t, path) // each time another run
		err := f.ClaimSalt(step.fingerprint, step.agreement, step.epoch)
		if !errors.Is(err, step.want) {
			t.Errorf("step %d: got %v, want %v", n, err, step.want)
		}
		if err != nil && (finding.HintOf(err) == "" || strings.Contains(err.Error(), step.fingerprint)) {
			t.Errorf("step %d: %v has no hint, or the fingerprint", n, err)
		}
	}
	const want = `{
 "format": "postern-salts/v1",
 "salts": [
  {
   "agreement": "0",
   "epoch": 10,
   "fingerprint": "f0"
  },
  {
   "agreement": "a",
   "epoch": 1,
   "fingerprint": "f1"
  },
  {
   "agreement": "a",
   "epoch": 2,
   "fingerprint": "f2"
  },
  {
   "agreement": "b",
   "epoch": 1,
   "fingerprint": "f3"
  }
 ]
}
`
	if got, err := os.ReadFile(filepath.Join(path, "salts.json")); string(got) != want || err != nil {
		t.Errorf("got (error %v)\n%s", err, got)
	}
}

func TestClaimSaltRefuses(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	for _, c := range []struct {
		fingerprint string
		epoch       int
	}{{"", 1}, {"a b", 1}, {"a\n", 1}, {"é", 1}, {strings.Repeat("a", maxFingerprint+1), 1}, {"ok", 0}, {"ok", -1}} {
		if err := f.ClaimSalt(c.fingerprint, "a", c.epoch); err == nil {
			t.Errorf("%q, epoch %d was taken", c.fingerprint, c.epoch)
		}
	}
	if err := f.ClaimSalt("SHA256:ab+/=_-"+strings.Repeat("a", maxFingerprint-14), "a", 1); err != nil {
		t.Error(err)
	}
}

// TestClaimSaltOfAChangedFile: a file that cannot be read is no permission to begin anew.
func TestClaimSaltOfAChangedFile(t *testing.T) {
	good := someSalts(t)
	f := open(t, filepath.Join(t.TempDir(), "state"))
	stage(t, f.path, "salts.json")
	for name, data := range map[string][]byte{
		"empty":           nil,
		"cut off":         good[:len(good)-3],
		"trailing":        append(bytes.Clone(good), ' '),
		"out of order":    bytes.Replace(good, []byte(`"epoch": 1`), []byte(`"epoch": 3`), 1),
		"epoch twice":     bytes.Replace(good, []byte(`"epoch": 2`), []byte(`"epoch": 1`), 1),
		"salt twice":      bytes.Replace(good, []byte("f2"), []byte("f1"), 1),
		"no epoch":        bytes.Replace(good, []byte(`"epoch": 1`), []byte(`"epoch": 0`), 1),
		"no salts":        []byte("{\n \"format\": \"postern-salts/v1\",\n \"salts\": []\n}\n"),
		"other format":    bytes.Replace(good, []byte("/v1"), []byte("/v2"), 1),
		"unknown field":   bytes.Replace(good, []byte(`"epoch": 1`), []byte("\"x\": 1,\n   \"epoch\": 1"), 1),
		"bad fingerprint": bytes.Replace(good, []byte("f1"), []byte("f 1"), 1),
		"bad agreement":   bytes.Replace(good, []byte(`"a"`), []byte(`"../a"`), 1),
	} {
		if bytes.Equal(data, good) {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := os.WriteFile(filepath.Join(f.path, "salts.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.ClaimSalt("f9", "z", 1); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: got %v, want an error with a hint", name, err)
		}
		if now, err := os.ReadFile(filepath.Join(f.path, "salts.json")); !bytes.Equal(now, data) || err != nil {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
}

func FuzzParseSalts(f *testing.F) {
	f.Add(someSalts(f))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ledger, err := parseSalts(data)
		if err != nil {
			return
		}
		if again, err := encode(ledger); err != nil || !bytes.Equal(again, data) {
			t.Errorf("read\n%s\nwritten again (error %v)\n%s", data, err, again)
		}
	})
}

func someSalts(t testing.TB) []byte {
	t.Helper()
	data, err := encode(saltsLedger{saltsFormat, []saltClaim{{"a", 1, "f1"}, {"a", 2, "f2"}}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
