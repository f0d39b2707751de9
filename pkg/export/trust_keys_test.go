//go:build unix

package export_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/synth"
)

// keyFile reads the 32 bytes of a master or salt file, as custody's package comment describes it.
func keyFile(tb testing.TB, path string) []byte {
	tb.Helper()
	lines := strings.Split(mustRead(tb, path), "\n")
	secret, err := base64.StdEncoding.DecodeString(lines[1])
	if err != nil || len(secret) != 32 {
		tb.Fatalf("%s is not a key file (%v)", filepath.Base(path), err)
	}
	return secret
}

// writeSalt writes a salt file for an agreement, as custody would have written it.
func writeSalt(tb testing.TB, c *council, id string, secret []byte) {
	tb.Helper()
	first := fmt.Sprintf("POSTERN-SALT-1 %s %s e1 (secret: keep this file 0600)", laCode, id)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(first))
	text := fmt.Sprintf("%s\n%s\ncheck %s\n", first, base64.StdEncoding.EncodeToString(secret), hex.EncodeToString(mac.Sum(nil))[:16])
	mustWrite(tb, c.path("keys", "salts", id+".e1"), text)
}

// refusesKey holds that a run ends for want of a key, with nothing read and nothing published.
func (c *council) refusesKey(t *testing.T, id, extracts string) error {
	t.Helper()
	g := c.gateway(t)
	for ending := range g.Readers {
		g.Readers[ending] = unreadable{t}
	}
	err := c.tryExport(t, g, id, extracts)
	var key *custody.KeyError
	if !errors.As(err, &key) && !errors.Is(err, state.ErrSaltReused) && !errors.Is(err, state.ErrSaltChanged) {
		t.Errorf("the run failed with %v; want a refused key", err)
	}
	if h := c.history(t); len(h.prepared) > 0 {
		t.Errorf("the register: %+v", h)
	}
	c.nothingLeft(t)
	return err
}

// TestNoKeyNoDrop is trust rule 1: there is no default for a key that is missing or bad.
func TestNoKeyNoDrop(t *testing.T) {
	extracts := smallCohort(t)
	for name, spoil := range map[string]func(c *council, keys string) error{
		"no master":  func(_ *council, keys string) error { return os.Remove(filepath.Join(keys, "master")) },
		"no salt":    func(_ *council, keys string) error { return os.Remove(filepath.Join(keys, "salts", shippedID+".e1")) },
		"no salts":   func(_ *council, keys string) error { return os.RemoveAll(filepath.Join(keys, "salts")) },
		"no signing": func(_ *council, keys string) error { return os.Remove(filepath.Join(keys, "signing")) },
		"no rights":  func(_ *council, keys string) error { return os.Remove(filepath.Join(keys, "rights.pub")) },
		"empty salt": func(_ *council, keys string) error {
			return os.Truncate(filepath.Join(keys, "salts", shippedID+".e1"), 0)
		},
		"open salt": func(_ *council, keys string) error {
			return os.Chmod(filepath.Join(keys, "salts", shippedID+".e1"), 0o640)
		},
		"open keys":  func(_ *council, keys string) error { return os.Chmod(filepath.Join(keys, "salts"), 0o755) },
		"short salt": func(c *council, _ string) error { writeSalt(t, c, shippedID, make([]byte, 31)); return nil },
		"equal salt": func(c *council, _ string) error { writeSalt(t, c, shippedID, make([]byte, 32)); return nil },
		"text salt": func(c *council, _ string) error {
			writeSalt(t, c, shippedID, []byte("correct horse battery staple, ok"))
			return nil
		},
		"published salt": func(c *council, _ string) error {
			counting := make([]byte, 32)
			for i := range counting {
				counting[i] = byte(0x20 + i)
			}
			writeSalt(t, c, shippedID, counting)
			return nil
		},
		"the master as salt": func(c *council, keys string) error {
			writeSalt(t, c, shippedID, keyFile(t, filepath.Join(keys, "master")))
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCouncil(t, shippedAgreement(t))
			if err := spoil(c, c.path("keys")); err != nil {
				t.Fatal(err)
			}
			c.refusesKey(t, shippedID, extracts)
		})
	}
}

// TestOneSaltTwoAgreements: a salt that two agreements share is refused, while both files are there and when the first
// one's is gone.
func TestOneSaltTwoAgreements(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t), narrowAgreement("dsa-trust-second"))
	c.export(t, shippedID, extracts)
	salt := keyFile(t, c.path("keys", "salts", shippedID+".e1"))
	writeSalt(t, c, "dsa-trust-second", salt)
	refused := func() {
		t.Helper()
		err := c.tryExport(t, c.gateway(t), "dsa-trust-second", extracts)
		var key *custody.KeyError
		if !errors.As(err, &key) && !errors.Is(err, state.ErrSaltReused) {
			t.Errorf("the run failed with %v; want a refused salt", err)
		}
	}
	refused()
	if err := os.Remove(c.path("keys", "salts", shippedID+".e1")); err != nil {
		t.Fatal(err)
	}
	refused()
	if drops := objects(t, c.gateway(t).Store, "dsa-trust-second"); len(drops) > 0 {
		t.Errorf("the store holds %v", drops)
	}
}

// TestAgreementsShareNoPseudonym is half of trust rule 6. That a re-run shares all of them is in
// TestUnchangedRunPublishesNothing.
func TestAgreementsShareNoPseudonym(t *testing.T) {
	extracts := smallCohort(t)
	one, other := narrowAgreement("dsa-trust-one"), narrowAgreement("dsa-trust-other")
	c := newCouncil(t, one, other)
	first := columnOf(t, c.path("drops", c.export(t, "dsa-trust-one", extracts).Drop, "children.parquet"), "child_id")
	second := columnOf(t, c.path("drops", c.export(t, "dsa-trust-other", extracts).Drop, "children.parquet"), "child_id")
	if len(first) < 90 || len(first) != len(second) {
		t.Fatalf("the drops have %d and %d children", len(first), len(second))
	}
	for _, p := range second {
		if slices.Contains(first, p) {
			t.Errorf("the two agreements share a pseudonym")
		}
	}
}

// TestSaltDestroyed is the other half of trust rule 1: once the salt is gone, nothing that the council keeps or that left
// leads from a child to its code, and a new salt does not either.
func TestSaltDestroyed(t *testing.T) {
	opt := synth.CohortOptions{Children: 100, Seed: 11, Years: 2, Formats: []string{"ssda903"}}
	extracts := cohort(t, opt)
	c := newCouncil(t, shippedAgreement(t))
	drop := c.export(t, shippedID, extracts).Drop
	saltFile := c.path("keys", "salts", shippedID+".e1")
	master, salt := keyFile(t, c.path("keys", "master")), keyFile(t, saltFile)
	left := columnOf(t, c.path("drops", drop, "children.parquet"), "child_id")
	ids := childrenOf(t, opt)

	// Nothing that is kept holds a key, what a key is made of, or a child's identifier.
	s := newSearcher()
	key := pseudonymKey(t, master, salt, shippedID, identifier.LAChildID)
	for name, secret := range map[string][]byte{"the master": master, "the salt": salt, "the derived key": key} {
		s.forms(string(secret), name)
	}
	for i, id := range ids {
		name := fmt.Sprintf("child %d", i)
		if len(id) < 10 { // a short number stands in any long row of hexadecimal digits
			s.words[id] = name
			s.digests(id, name)
			continue
		}
		s.forms(id, name)
	}
	digest := sha256.Sum256([]byte(ids[1]))
	if found := s.text([]byte(hex.EncodeToString(salt) + " " + ids[0] + " " + string(digest[:]))); len(found) != 3 {
		t.Fatalf("the search finds only %v where three things are", found)
	}
	for _, folder := range []string{"state", "drops"} {
		for _, name := range filesBelow(t, c.path(folder)) {
			found, err := s.file(c.path(folder, name))
			absent(t, folder+"/"+name, found, err)
		}
	}

	// The pseudonyms can be made again while the salt is there, and by nothing else.
	if !slices.Contains(left, macText(key, ids[0])) && !slices.Contains(left, macText(key, ids[1])) {
		t.Fatal("the test does not know how pseudonyms are made")
	}
	if err := os.Remove(saltFile); err != nil {
		t.Fatal(err)
	}
	guesses := map[string][]byte{"nothing": nil, "zeros": make([]byte, 32), "the agreement": []byte(shippedID), "the master": master}
	for _, ledger := range []string{"salts.json", "drops/" + shippedID + ".json"} {
		for _, word := range strings.FieldsFunc(mustRead(t, c.path("state", ledger)), func(r rune) bool { return strings.ContainsRune(" \n\t\",:{}[]", r) }) {
			guesses["a word of "+ledger+" "+word] = []byte(word)
			if raw, err := hex.DecodeString(word); err == nil {
				guesses["bytes of "+ledger+" "+word] = raw
			}
		}
	}
	for name, guess := range guesses {
		for _, key := range [][]byte{pseudonymKey(t, master, guess, shippedID, identifier.LAChildID), master, guess} {
			for _, id := range ids {
				if slices.Contains(left, macText(key, id)) {
					t.Fatalf("a pseudonym can be made again from %s", strings.SplitN(name, " ", 5)[0])
				}
			}
		}
	}
	err := c.tryExport(t, c.gateway(t), shippedID, extracts)
	var missing *custody.KeyError
	if !errors.As(err, &missing) {
		t.Errorf("without its salt the run failed with %v", err)
	}
	if _, err := custody.Open(references(c.dir)).NewSalt(laCode, shippedID, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.tryExport(t, c.gateway(t), shippedID, extracts); !errors.Is(err, state.ErrSaltChanged) {
		t.Errorf("with another salt the run failed with %v", err)
	}
	for _, p := range c.pseudonyms(t, shippedID, identifier.LAChildID, ids...) {
		if slices.Contains(left, p) {
			t.Error("another salt makes the same pseudonym")
		}
	}
}

// childrenOf lists the identifiers of a cohort's children.
func childrenOf(tb testing.TB, opt synth.CohortOptions) []string {
	tb.Helper()
	children, err := synth.Truth(opt)
	if err != nil {
		tb.Fatal(err)
	}
	var ids []string
	for child := range children {
		ids = append(ids, child.ID)
	}
	return ids
}

// pseudonymKey is the key of an agreement's domain, by the design's words and not the program's code.
func pseudonymKey(tb testing.TB, master, salt []byte, agreement string, kind identifier.Kind) []byte {
	tb.Helper()
	var info []byte
	for _, part := range []string{"postern/pseudonym/v1", laCode, agreement, "1", string(kind)} {
		n := len(part)
		info = append(append(info, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), part...)
	}
	key, err := hkdf.Key(sha256.New, master, salt, string(info), 32)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// macText is the code of a value under a key, with the letter of children.
func macText(key []byte, value string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	var b strings.Builder
	b.WriteString("c1_")
	sum := mac.Sum(nil)[:20]
	for i := 0; i < len(sum); i += 5 { // 40 bits are eight digits
		bits := uint64(sum[i])<<32 | uint64(sum[i+1])<<24 | uint64(sum[i+2])<<16 | uint64(sum[i+3])<<8 | uint64(sum[i+4])
		for shift := 35; shift >= 0; shift -= 5 {
			b.WriteByte(digits[bits>>shift&31])
		}
	}
	return b.String()
}
