package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/identifier"
)

var vectorFile = filepath.Join("..", "..", "testdata", "vectors", "pseudonym-vectors.csv")

// published makes a Secret of bytes that NewSecret refuses: only this package's own tests can.
func published(t testing.TB, hexBytes string) Secret {
	t.Helper()
	b, err := hex.DecodeString(hexBytes)
	if err != nil || len(b) != SecretSize {
		t.Fatalf("not 32 bytes: %v", err)
	}
	return seal(b)
}

// publishedMaster is the bytes 00 to 1f.
func publishedMaster(t testing.TB) Secret {
	return published(t, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
}

func fresh(t testing.TB) Secret {
	t.Helper()
	s, err := GenerateSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pseudonymiser(t testing.TB, master, salt Secret, scope Scope, kind identifier.Kind) *Pseudonymiser {
	t.Helper()
	domain, ok := DomainFor(kind)
	if !ok {
		t.Fatalf("no domain for %s", kind)
	}
	p, err := New(master, salt, scope, domain)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func code(p *Pseudonymiser, value string) string {
	var mac [20]byte
	p.MAC(&mac, []byte(value))
	return string(p.AppendText(nil, &mac))
}

type vector map[string]string

func vectors(t testing.TB) []vector {
	t.Helper()
	file, err := os.Open(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	var out []vector
	for _, record := range records[1:] {
		v := make(vector)
		for i, name := range records[0] {
			v[name] = record[i]
		}
		out = append(out, v)
	}
	return out
}

func (v vector) scope(t testing.TB) Scope {
	t.Helper()
	var epoch int
	if _, err := fmt.Sscanf(v["epoch"], "%d", &epoch); err != nil {
		t.Fatal(err)
	}
	return Scope{Org: v["org"], Agreement: v["agreement"], Epoch: epoch}
}

func TestVectors(t *testing.T) {
	master := publishedMaster(t)
	hashed := 0
	for _, v := range vectors(t) {
		salt, scope := published(t, v["agreement_salt_hex"]), v.scope(t)
		if got := KeyCheck(master, salt, scope); got != v["key_check_value"] {
			t.Errorf("%s: key check value %s; want %s", v["case"], got, v["key_check_value"])
		}
		value, outcome := identifier.Normalise(identifier.Kind(v["domain"]), v["raw"])
		if outcome.String() != v["outcome"] || value != v["normalised"] {
			t.Errorf("%s: outcome %s", v["case"], outcome)
		}
		if v["outcome"] != "ok" {
			if v["pseudonym"] != "" || v["key_hex"] != "" {
				t.Errorf("%s: has a code but is not ok", v["case"])
			}
			continue
		}
		hashed++
		p := pseudonymiser(t, master, salt, scope, identifier.Kind(v["domain"]))
		if got := hex.EncodeToString(p.keyed().key.bytes()[:]); got != v["key_hex"] {
			t.Errorf("%s: another key", v["case"])
		}
		var mac [20]byte
		p.MAC(&mac, []byte(value))
		if got := hex.EncodeToString(mac[:]); got != v["mac_hex"][:40] {
			t.Errorf("%s: mac %s; want %s", v["case"], got, v["mac_hex"][:40])
		}
		if got := hex.EncodeToString(p.keyed().sum[:]); got != v["mac_hex"] {
			t.Errorf("%s: whole mac %s; want %s", v["case"], got, v["mac_hex"])
		}
		if got := string(p.AppendText([]byte("x"), &mac)); got != "x"+v["pseudonym"] {
			t.Errorf("%s: %s; want %s", v["case"], got, v["pseudonym"])
		}
		prefix, parsed, err := ParseText(v["pseudonym"])
		if err != nil || prefix != p.Prefix() || parsed != mac {
			t.Errorf("%s: parsed as %s %x, %v", v["case"], prefix, parsed, err)
		}
	}
	if hashed < 20 {
		t.Errorf("only %d rows have a code", hashed)
	}
}

func TestNewRefuses(t *testing.T) {
	master, salt := fresh(t), fresh(t)
	good, _ := DomainFor(identifier.LAChildID)
	scope := Scope{"331", "dsa-x-2026", 1}
	for name, c := range map[string]struct {
		master, salt Secret
		scope        Scope
		domain       Domain
		weak         string
	}{
		"no master":       {Secret{}, salt, scope, good, ReasonMissing},
		"no salt":         {master, Secret{}, scope, good, ReasonMissing},
		"neither":         {Secret{}, Secret{}, scope, good, ReasonMissing},
		"master as salt":  {master, master, scope, good, ReasonSame},
		"no council":      {master, salt, Scope{"", "a", 1}, good, ""},
		"council's name":  {master, salt, Scope{"abc", "a", 1}, good, ""},
		"long council":    {master, salt, Scope{"3310", "a", 1}, good, ""},
		"no agreement":    {master, salt, Scope{"331", "", 1}, good, ""},
		"not UTF-8":       {master, salt, Scope{"331", "\xff", 1}, good, ""},
		"epoch 0":         {master, salt, Scope{"331", "a", 0}, good, ""},
		"negative epoch":  {master, salt, Scope{"331", "a", -1}, good, ""},
		"epoch too high":  {master, salt, Scope{"331", "a", MaxEpoch + 1}, good, ""},
		"no domain":       {master, salt, scope, Domain{}, ""},
		"letter changed":  {master, salt, scope, Domain{good.Kind, 'x', 1}, ""},
		"version changed": {master, salt, scope, Domain{good.Kind, 'c', 2}, ""},
		"unknown kind":    {master, salt, scope, Domain{"child/name", 'c', 1}, ""},
	} {
		p, err := New(c.master, c.salt, c.scope, c.domain)
		if err == nil || p != nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		var weak *WeakSecretError
		if errors.As(err, &weak) != (c.weak != "") || (weak != nil && weak.Reason != c.weak) {
			t.Errorf("%s: %v", name, err)
		}
		if c.domain != good { // the rest do not depend on the domain
			continue
		}
		if KeyCheck(c.master, c.salt, c.scope) != "" || Commit(c.master, c.salt, c.scope, "label", []byte("data")) != "" {
			t.Errorf("%s: a key check value or commitment is made", name)
		}
	}
	if SaltFingerprint(Secret{}) != "" {
		t.Error("no salt has a fingerprint")
	}
}

func TestEveryKindHasOneDomain(t *testing.T) {
	letters := make(map[byte]bool)
	for _, kind := range identifier.Kinds() {
		domain, ok := DomainFor(kind)
		if !ok || domain.Kind != kind || domain.Version != 1 || letters[domain.Letter] {
			t.Errorf("%s: %+v, %v", kind, domain, ok)
		}
		letters[domain.Letter] = true
		if !isPrefix(string(domain.Letter) + "1") {
			t.Errorf("%s: its pseudonyms do not parse", kind)
		}
	}
	if _, ok := DomainFor("child/name"); ok {
		t.Error("an unknown kind has a domain")
	}
}

// ids are what a council of fewer than a thousand children could have: a space so small that only a key protects it.
func ids() []string {
	var out []string
	for i := range 1000 {
		out = append(out, fmt.Sprintf("%06d", 510000+i))
	}
	return out
}

// TestWithoutSaltNothingRecomputes is rule 1: who has lost the salt, and has everything else, makes other codes for
// every child; so do a salt or master that differ in any one bit, and so does every hash without the key.
func TestWithoutSaltNothingRecomputes(t *testing.T) {
	master, salt, scope := fresh(t), fresh(t), Scope{"331", "dsa-x-2026", 1}
	released := make(map[string]bool)
	p := pseudonymiser(t, master, salt, scope, identifier.LAChildID)
	for _, id := range ids() {
		released[code(p, id)] = true
	}
	if len(released) != len(ids()) {
		t.Fatalf("%d codes for %d children", len(released), len(ids()))
	}
	attempt := func(name string, p *Pseudonymiser) {
		t.Helper()
		for _, id := range ids()[:40] {
			if released[code(p, id)] {
				t.Fatalf("%s: a code was recomputed", name)
			}
		}
	}
	for range 50 {
		attempt("another salt", pseudonymiser(t, master, fresh(t), scope, identifier.LAChildID))
	}
	for bit := range SecretSize * 8 {
		flipped := func(s Secret) Secret {
			b := s.Reveal()
			b[bit/8] ^= 1 << (bit % 8)
			return seal(b)
		}
		attempt("salt with a bit changed", pseudonymiser(t, master, flipped(salt), scope, identifier.LAChildID))
		attempt("master with a bit changed", pseudonymiser(t, flipped(master), salt, scope, identifier.LAChildID))
	}
	attempt("secrets exchanged", pseudonymiser(t, salt, master, scope, identifier.LAChildID))
	for _, id := range ids() {
		for name, digest := range map[string][]byte{
			"plain hash":       plainHash([]byte(id)),
			"salt, then value": plainHash(append(salt.Reveal(), id...)),
			"value, then salt": plainHash(append([]byte(id), salt.Reveal()...)),
			"under master":     macUnder(master.Reveal(), id),
			"under salt":       macUnder(salt.Reveal(), id),
		} {
			if released[string(p.AppendText(nil, (*[20]byte)(digest[:20])))] {
				t.Fatalf("%s: a code was recomputed", name)
			}
		}
	}
}

func plainHash(b []byte) []byte { h := sha256.Sum256(b); return h[:] }

func macUnder(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}

// TestScopesShareNoPseudonym is rule 6, and its other half: the same scope again gives the same codes.
func TestScopesShareNoPseudonym(t *testing.T) {
	master, salt := fresh(t), fresh(t)
	// Scopes that differ in one part, under one salt: the worst case, which custody refuses besides.
	scopes := []Scope{
		{"331", "dsa-x-2026", 1}, {"331", "dsa-y-2026", 1}, {"937", "dsa-x-2026", 1}, {"331", "dsa-x-2026", 2},
		{"331", "dsa-x-20261", 1}, {"331", "dsa-x-202", 61}, {"331", "1", 1}, {"331", "11", 1}, {"331", "1", 11},
	}
	owner := make(map[string]string) // code without prefix → scope and kind
	checks := make(map[string]bool)
	for _, scope := range scopes {
		checks[KeyCheck(master, salt, scope)] = true
		for _, kind := range identifier.Kinds() {
			p, again := pseudonymiser(t, master, salt, scope, kind), pseudonymiser(t, master, salt, scope, kind)
			for _, id := range ids()[:100] {
				text := code(p, id)
				if code(again, id) != text || code(p.Clone(), id) != text {
					t.Fatal("the same scope makes another code")
				}
				body := strings.TrimPrefix(text, p.Prefix())
				place := fmt.Sprint(scope, kind)
				if other, taken := owner[body]; taken {
					t.Fatalf("%s and %s share a code", other, place)
				}
				owner[body] = place
			}
		}
	}
	if len(checks) != len(scopes) {
		t.Errorf("%d key check values for %d scopes", len(checks), len(scopes))
	}
}

func TestLengthPrefixIsInjective(t *testing.T) {
	seen := make(map[string][]string)
	for _, parts := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {"a", "b", "c"}, {}, {""}, {"\x00\x00\x00\x01a"}, {"é"}} {
		encoded := lengthPrefixed(parts...)
		if other, taken := seen[encoded]; taken {
			t.Errorf("%q and %q are encoded alike", other, parts)
		}
		seen[encoded] = parts
	}
	if got := lengthPrefixed("é", strings.Repeat("x", 258)); !strings.HasPrefix(got, "\x00\x00\x00\x02é\x00\x00\x01\x02xx") {
		t.Errorf("encoded as %q", got[:12])
	}
}

func TestCommitAndFingerprint(t *testing.T) {
	master, salt, other := fresh(t), fresh(t), fresh(t)
	scope := Scope{"331", "dsa-x-2026", 1}
	got := map[string]bool{
		Commit(master, salt, scope, "source", []byte("a")):                    true,
		Commit(master, salt, scope, "source", []byte("b")):                    true,
		Commit(master, salt, scope, "plan", []byte("a")):                      true,
		Commit(master, other, scope, "source", []byte("a")):                   true,
		Commit(other, salt, scope, "source", []byte("a")):                     true,
		Commit(master, salt, Scope{"331", "dsa-x-2026", 2}, "s", []byte("a")): true,
		Commit(master, salt, Scope{"331", "dsa-y-2026", 1}, "s", []byte("a")): true,
		hex.EncodeToString(plainHash([]byte("a"))):                            true,
		SaltFingerprint(salt):                             true,
		SaltFingerprint(other):                            true,
		hex.EncodeToString(plainHash(salt.Reveal()))[:32]: true,
		Commit(master, salt, scope, "sourcea", nil):       true,
		hex.EncodeToString(pseudonymiser(t, master, salt, scope, identifier.UPN).keyed().key.Reveal()): true,
	}
	if len(got) != 13 {
		t.Errorf("%d different values; want 13", len(got))
	}
	if c := Commit(master, salt, scope, "source", []byte("a")); len(c) != 64 || !got[c] {
		t.Errorf("commitment %q", c)
	}
	if f := SaltFingerprint(salt); len(f) != 32 || !got[f] {
		t.Errorf("fingerprint %q", f)
	}
}

func TestClonesWorkAtOnce(t *testing.T) {
	p := pseudonymiser(t, fresh(t), fresh(t), Scope{"331", "dsa-x-2026", 1}, identifier.LAChildID)
	var want []string
	for _, id := range ids() {
		want = append(want, code(p, id))
	}
	var wg sync.WaitGroup
	for range 4 {
		clone := p.Clone()
		wg.Go(func() {
			for i, id := range ids() {
				if code(clone, id) != want[i] {
					t.Error("a clone makes another code")
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestMACAllocatesNothing(t *testing.T) {
	p := pseudonymiser(t, fresh(t), fresh(t), Scope{"331", "dsa-x-2026", 1}, identifier.LAChildID)
	var mac [20]byte
	value, text := []byte("510000"), make([]byte, 0, 64)
	for name, p := range map[string]*Pseudonymiser{"original": p, "clone": p.Clone()} {
		if n := testing.AllocsPerRun(100, func() { p.MAC(&mac, value) }); n != 0 {
			t.Errorf("%s: MAC allocates %v times", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { text = p.AppendText(text[:0], &mac) }); n != 0 {
			t.Errorf("%s: AppendText allocates %v times", name, n)
		}
	}
}

// TestOrder holds that 20 bytes order as their text does: rows sorted by either are sorted by both.
func TestOrder(t *testing.T) {
	p := pseudonymiser(t, fresh(t), fresh(t), Scope{"331", "dsa-x-2026", 1}, identifier.LAChildID)
	var last [20]byte
	p.MAC(&last, []byte("0"))
	for _, id := range ids() {
		var next [20]byte
		p.MAC(&next, []byte(id))
		texts := bytes.Compare(p.AppendText(nil, &last), p.AppendText(nil, &next))
		if texts != bytes.Compare(last[:], next[:]) {
			t.Fatal("text and bytes order differently")
		}
		last = next
	}
}

func BenchmarkMAC(b *testing.B) {
	p := pseudonymiser(b, fresh(b), fresh(b), Scope{"331", "dsa-x-2026", 1}, identifier.LAChildID)
	var mac [20]byte
	value := []byte("510000")
	b.ReportAllocs()
	for b.Loop() {
		p.MAC(&mac, value)
	}
}

func BenchmarkAppendText(b *testing.B) {
	p := pseudonymiser(b, fresh(b), fresh(b), Scope{"331", "dsa-x-2026", 1}, identifier.LAChildID)
	var mac [20]byte
	text := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		text = p.AppendText(text[:0], &mac)
	}
}
