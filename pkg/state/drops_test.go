package state

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

func aDrop(sequence int) PublishedDrop {
	return PublishedDrop{
		Sequence:      sequence,
		ID:            fmt.Sprintf("%04d-20261121", sequence),
		InputDigest:   strings.Repeat("0a", 32),
		SumsSHA256:    strings.Repeat("1b", 32),
		Epoch:         3,
		KeyCheck:      strings.Repeat("2c", 8),
		ReferenceDate: civil.MustYMD(2026, 11, 1),
		Store:         "dir:/srv/drops",
		Checkpoint:    "postern/331 & <co>\n12\nAAAA=\n\n— “x”\n",
		Published:     time.Date(2026, 11, 21, 2, 0, 0, 123, time.UTC),
	}
}

func TestDrops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := open(t, path)
	first, second, third := aDrop(1), aDrop(2), aDrop(5)
	third.ID = anAgreement + "/0005-20261121"
	london := time.FixedZone("BST", 3600)
	for _, drop := range []PublishedDrop{first, second, third} {
		drop.Published = drop.Published.In(london)
		for range 2 { // the second time as after a kill
			if err := f.AppendDrop(anAgreement, drop); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := open(t, path).Drops(anAgreement)
	if want := []PublishedDrop{first, second, third}; !slices.Equal(got, want) || err != nil {
		t.Errorf("got\n%v, %v, want\n%v", got, err, want)
	}
	if got, err := f.Drops("another"); len(got) > 0 || err != nil {
		t.Errorf("another agreement has %v, %v", got, err)
	}
	now := aDrop(9)
	now.Published = time.Now() // with a monotonic reading
	for range 2 {
		if err := f.AppendDrop(anAgreement, now); err != nil {
			t.Error(err)
		}
	}
}

func TestAppendDropRefuses(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	if err := f.AppendDrop(anAgreement, aDrop(5)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(f.path, "drops", anAgreement+".json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*PublishedDrop){
		"the sequence again":       func(d *PublishedDrop) { d.Sequence = 5 },
		"a lower sequence":         func(d *PublishedDrop) { d.Sequence = 4 },
		"no sequence":              func(d *PublishedDrop) { d.Sequence = 0 },
		"a negative sequence":      func(d *PublishedDrop) { d.Sequence = -6 },
		"the identifier again":     func(d *PublishedDrop) { d.ID = aDrop(5).ID },
		"the same with agreement":  func(d *PublishedDrop) { d.ID = anAgreement + "/" + aDrop(5).ID },
		"another agreement's":      func(d *PublishedDrop) { d.ID = "other/" + d.ID },
		"no identifier":            func(d *PublishedDrop) { d.ID = "" },
		"a path":                   func(d *PublishedDrop) { d.ID = "../x" },
		"no input digest":          func(d *PublishedDrop) { d.InputDigest = "" },
		"a short input digest":     func(d *PublishedDrop) { d.InputDigest = d.InputDigest[:62] },
		"an odd input digest":      func(d *PublishedDrop) { d.InputDigest += "0" },
		"a capital in the digest":  func(d *PublishedDrop) { d.SumsSHA256 = strings.ToUpper(d.SumsSHA256) },
		"no hexadecimal digest":    func(d *PublishedDrop) { d.SumsSHA256 = strings.Repeat("g", 64) },
		"no epoch":                 func(d *PublishedDrop) { d.Epoch = 0 },
		"a negative epoch":         func(d *PublishedDrop) { d.Epoch = -1 },
		"a long key check":         func(d *PublishedDrop) { d.KeyCheck += "00" },
		"no store":                 func(d *PublishedDrop) { d.Store = "" },
		"no checkpoint":            func(d *PublishedDrop) { d.Checkpoint = "" },
		"a checkpoint not of text": func(d *PublishedDrop) { d.Checkpoint = "\xff" },
		"a huge checkpoint":        func(d *PublishedDrop) { d.Checkpoint = strings.Repeat("x", maxCheckpoint+1) },
		"no time":                  func(d *PublishedDrop) { d.Published = time.Time{} },
		"a time beyond years":      func(d *PublishedDrop) { d.Published = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"a date beyond years":      func(d *PublishedDrop) { d.ReferenceDate = 1 << 30 },
	} {
		drop := aDrop(6)
		change(&drop)
		if err := f.AppendDrop(anAgreement, drop); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: got %v, want a refusal with a hint", name, err)
		}
	}
	other := aDrop(5)
	other.KeyCheck = strings.Repeat("3d", 8)
	if err := f.AppendDrop(anAgreement, other); err == nil {
		t.Error("the last drop with another key check was taken for the same")
	}
	if after, err := os.ReadFile(filepath.Join(f.path, "drops", anAgreement+".json")); !bytes.Equal(before, after) || err != nil {
		t.Errorf("the ledger changed: %v\n%s", err, after)
	}
}

// TestDropsGolden holds the ledger's form: later versions of Postern read what earlier ones wrote.
func TestDropsGolden(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	drop := aDrop(7)
	drop.Checkpoint = "<o>\n7\n"
	if err := f.AppendDrop(anAgreement, drop); err != nil {
		t.Fatal(err)
	}
	const want = `{
 "format": "postern-drops/v1",
 "agreement": "dsa-anywhere-2026",
 "drops": [
  {
   "sequence": 7,
   "id": "0007-20261121",
   "input_digest": "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
   "sums_sha256": "1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b",
   "epoch": 3,
   "key_check": "2c2c2c2c2c2c2c2c",
   "reference_date": "2026-11-01",
   "checkpoint": "<o>\n7\n",
   "store": "dir:/srv/drops",
   "published": "2026-11-21T02:00:00.000000123Z"
  }
 ]
}
`
	if got, err := os.ReadFile(filepath.Join(f.path, "drops", anAgreement+".json")); string(got) != want || err != nil {
		t.Errorf("got (error %v)\n%s", err, got)
	}
}

// TestDropsOfAChangedFile changes a ledger in the ways of editors, accidents and other programs.
func TestDropsOfAChangedFile(t *testing.T) {
	good := someLedger(t)
	if _, err := parseDrops(good); err != nil {
		t.Fatal(err)
	}
	f := open(t, filepath.Join(t.TempDir(), "state"))
	stage(t, f.path, "drops/"+anAgreement+".json")
	replace := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	for name, data := range map[string][]byte{
		"empty":               nil,
		"cut off":             good[:len(good)/2],
		"no last new line":    good[:len(good)-1],
		"trailing new line":   append(bytes.Clone(good), '\n'),
		"trailing object":     append(bytes.Clone(good), "{}"...),
		"leading space":       append([]byte(" "), good...),
		"byte order mark":     append([]byte("\xef\xbb\xbf"), good...),
		"CRLF":                bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")),
		"unknown field":       replace(`"sequence"`, `"extra": 1, "sequence"`),
		"field twice":         replace(`"sequence": 1`, `"sequence": 1, "sequence": 1`),
		"field in capitals":   replace(`"sequence"`, `"Sequence"`),
		"field missing":       replace(`   "key_check": "2c2c2c2c2c2c2c2c",`+"\n", ""),
		"number as float":     replace(`"sequence": 1`, `"sequence": 1.0`),
		"number as text":      replace(`"sequence": 1`, `"sequence": "1"`),
		"other format":        replace("postern-drops/v1", "postern-drops/v2"),
		"other agreement":     replace(anAgreement, "dsa-somewhere-2026"),
		"escaped letter":      replace("postern/331", `postern/33\u0031`),
		"other time zone":     replace("000000123Z", "000000123+00:00"),
		"sequence repeated":   replace(`"sequence": 2`, `"sequence": 1`),
		"identifier reused":   replace("0002-20261121", "0001-20261121"),
		"drops null":          []byte("{\n \"format\": \"postern-drops/v1\",\n \"agreement\": \"" + anAgreement + "\",\n \"drops\": null\n}\n"),
		"drops empty":         []byte("{\n \"format\": \"postern-drops/v1\",\n \"agreement\": \"" + anAgreement + "\",\n \"drops\": []\n}\n"),
		"not JSON":            []byte("drops: []\n"),
		"a NUL in the middle": replace("postern/331", "postern\x00331"),
	} {
		if bytes.Equal(data, good) {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := os.WriteFile(filepath.Join(f.path, "drops", anAgreement+".json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		drops, err := f.Drops(anAgreement)
		if err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: got %v and %v, want an error with a hint", name, drops, err)
		}
		if err := f.AppendDrop(anAgreement, aDrop(9)); err == nil {
			t.Errorf("%s: a drop was appended to it", name)
		}
	}
}

// TestDropsOfEveryChangedByte changes each byte of a ledger: it is refused, or says something else than before and is
// written as Postern writes that. (Nothing signs the ledger: the register has what must be proved.)
func TestDropsOfEveryChangedByte(t *testing.T) {
	good := someLedger(t)
	before, err := parseDrops(good)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			data := bytes.Clone(good)
			data[i] ^= bit
			ledger, err := parseDrops(data)
			if err == nil && ledger.Agreement == before.Agreement && slices.Equal(ledger.Drops, before.Drops) {
				t.Errorf("byte %d (%q to %q) changed nothing", i, good[i], data[i])
			}
		}
	}
}

func FuzzParseDrops(f *testing.F) {
	f.Add(someLedger(f))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ledger, err := parseDrops(data)
		if err != nil {
			return
		}
		if again, err := encode(ledger); err != nil || !bytes.Equal(again, data) {
			t.Errorf("read\n%s\nwritten again (error %v)\n%s", data, err, again)
		}
	})
}

func someLedger(t testing.TB) []byte {
	t.Helper()
	data, err := encode(dropsLedger{dropsFormat, anAgreement, []PublishedDrop{aDrop(1), aDrop(2)}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
