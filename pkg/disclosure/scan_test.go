package disclosure_test

import (
	"encoding/base32"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

func codes(values ...string) []dataset.CodeValue {
	out := make([]dataset.CodeValue, len(values))
	for i, v := range values {
		out[i].Value = v
	}
	return out
}

// refusal gives the code of a refusal, "" for no error, and fails on any other error and on one that repeats text.
func refusal(t *testing.T, err error, text string) finding.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	var r *finding.Refusal
	if !errors.As(err, &r) || r.Hint == "" {
		t.Fatalf("%q: error %v", text, err)
	}
	if len(text) > 3 && strings.Contains(err.Error(), text) {
		t.Errorf("the refusal repeats %q: %v", text, err)
	}
	return r.Code
}

const code = "yfagjb711ag44byspe9n35dxhb2f9cf0" // of a pseudonym, without its prefix

// TestCheckString looks at every kind of string that may not stand in a column of a kind.
func TestCheckString(t *testing.T) {
	child := minimise.Column{Name: "child_id", Kind: minimise.Pseudonym, Prefix: "c1_"}
	later := minimise.Column{Name: "child_id", Kind: minimise.Pseudonym, Prefix: "c12_"}
	kind := minimise.Column{Name: "kind", Kind: minimise.Code, Codes: codes("", "A", "A5", "B", "E4A", "É", "é")}
	none := minimise.Column{Name: "kind", Kind: minimise.Code}
	for _, c := range []struct {
		column minimise.Column
		text   string
		want   finding.Code
	}{
		{child, "c1_" + code, ""},
		{child, "c1_" + strings.Repeat("0", 32), ""},
		{child, "c1_0123456789abcdefghjkmnpqrstvwxyz", ""},
		{later, "c12_" + code, ""},
		{child, "", finding.IdentifierFound},
		{child, "c1_", finding.IdentifierFound},
		{child, code, finding.IdentifierFound},
		{child, "510000", finding.IdentifierFound},
		{child, "RND000215205141", finding.IdentifierFound},
		{child, "U80120000100A", finding.IdentifierFound},
		{child, "c2_" + code, finding.IdentifierFound},
		{child, "c12_" + code, finding.IdentifierFound},
		{later, "c1_" + code, finding.IdentifierFound},
		{child, "u1_" + code, finding.IdentifierFound},
		{child, "C1_" + code, finding.IdentifierFound},
		{child, "c1-" + code, finding.IdentifierFound},
		{child, " c1_" + code, finding.IdentifierFound},
		{child, "c1_" + code + " ", finding.IdentifierFound},
		{child, "c1_" + code[1:], finding.IdentifierFound},
		{child, "c1_" + code + "0", finding.IdentifierFound},
		{child, "c1_" + code[:31] + "\n", finding.IdentifierFound},
		{child, "c1_" + code[:15] + "\x00" + code[16:], finding.IdentifierFound},
		{child, "c1_" + code[:15] + "51 00" + code[20:], finding.IdentifierFound},
		{child, "c1_" + strings.ToUpper(code), finding.IdentifierFound},
		{child, "c1_" + code[:30] + "é", finding.IdentifierFound},
		{kind, "A", ""}, {kind, "A5", ""}, {kind, "B", ""}, {kind, "E4A", ""}, {kind, "", ""}, {kind, "É", ""}, {kind, "é", ""},
		{kind, "a", finding.CodeNotAllowed}, {kind, "A ", finding.CodeNotAllowed}, {kind, "A4", finding.CodeNotAllowed}, {kind, "AB", finding.CodeNotAllowed},
		{kind, "Z", finding.CodeNotAllowed}, {kind, "0", finding.CodeNotAllowed}, {kind, "E4", finding.CodeNotAllowed}, {kind, "E\u0301", finding.CodeNotAllowed},
		{kind, "510000", finding.CodeNotAllowed}, {kind, "c1_" + code, finding.CodeNotAllowed}, {kind, "seen at home", finding.CodeNotAllowed},
		{kind, "\xff", finding.CodeNotAllowed}, {none, "A", finding.CodeNotAllowed}, {none, "", finding.CodeNotAllowed},
		{minimise.Column{Name: "seen", Kind: minimise.Date}, "2020-05-01", finding.IdentifierFound},
		{minimise.Column{Name: "score", Kind: minimise.Integer}, "17", finding.IdentifierFound},
		{minimise.Column{Name: "open", Kind: minimise.Boolean}, "true", finding.IdentifierFound},
	} {
		if got := refusal(t, disclosure.CheckString(&c.column, []byte(c.text)), c.text); got != c.want {
			t.Errorf("%q in column %s of kind %d: %q; want %q", c.text, c.column.Name, c.column.Kind, got, c.want)
		}
	}
	// No one character but those of the alphabet may stand anywhere in a code.
	const crockford = "0123456789abcdefghjkmnpqrstvwxyz"
	for at := range code {
		for c := range 256 {
			text := []byte("c1_" + code)
			text[3+at] = byte(c)
			if ok := disclosure.CheckString(&child, text) == nil; ok != (strings.IndexByte(crockford, byte(c)) >= 0) {
				t.Errorf("byte %#x at %d of a pseudonym: accepted %v", c, at, ok)
			}
		}
	}
}

// TestCheckStringOfPseudonyms accepts every 160 bits.
func TestCheckStringOfPseudonyms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	encoding := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	column := minimise.Column{Name: "child_id", Kind: minimise.Pseudonym, Prefix: "c1_"}
	for range 1000 {
		var mac [20]byte
		for i := range mac {
			mac[i] = byte(r.Uint32())
		}
		if err := disclosure.CheckString(&column, []byte("c1_"+encoding.EncodeToString(mac[:]))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckText finds identifiers of the run among the words of a text, and none in counts, dates and digests.
func TestCheckText(t *testing.T) {
	children := map[string]bool{
		"RND000215205141": true, "510000": true, "A21": true, "20261121": true, "C12345": true, "A.12/7-B_1": true, "12E5678": true,
		"A1234567890123456789": true, "CHILDREN": true, "2026-11-21": true, "AB-12345": true, "X9-": true, "XY12345-": true,
	}
	known := func(word []byte) bool { return children[string(word)] }
	for _, c := range []struct {
		text  string
		found bool
	}{
		{`{"meaning": "RND000215205141"}`, true},
		{`RND000215205141`, true},
		{`rnd000215205141`, true},
		{`<td>Rnd000215205141</td>`, true},
		{`extracts/RND000215205141.csv`, true},
		{`before "12e5678", after`, true},
		{`a1234567890123456789.`, true},
		{`(C12345)`, true},
		{`see A.12/7-B_1.`, true},
		{`"a.12/7-b_1"`, true},
		{`AB-12345/`, true},
		{`{"id": "xy12345-"}`, true},

		{``, false},
		{`RND000215205142 is nobody`, false},
		{`xRND000215205141x`, false},
		{`{"rows": 510000, "bytes": 20261121}`, false}, // counts and dates, whatever children are called
		{`"date": "2026-11-21", "id": "0007-20261121"`, false},
		{`children, CHILDREN`, false},
		{`A21 is too short to say`, false},
		{`SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`, false},
		{"c1_" + code, false},
	} {
		err := disclosure.CheckText("manifest.json", []byte(c.text), known)
		switch got := refusal(t, err, c.text); {
		case c.found && got != finding.IdentifierFound:
			t.Errorf("%s: %q; want %s", c.text, got, finding.IdentifierFound)
		case !c.found && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.found && (!strings.Contains(err.Error(), "manifest.json") || strings.Contains(strings.ToUpper(err.Error()), "12345")):
			t.Errorf("%s: the refusal says %v", c.text, err)
		}
	}
	// The words that are asked about are in upper case, and the text stays as it is.
	text := []byte("rnd000215205142 Abc123-x")
	var asked []string
	if err := disclosure.CheckText("x", text, func(word []byte) bool { asked = append(asked, string(word)); return false }); err != nil {
		t.Error(err)
	}
	if string(text) != "rnd000215205142 Abc123-x" || !strings.Contains(strings.Join(asked, " "), "RND000215205142") || strings.ToUpper(strings.Join(asked, " ")) != strings.Join(asked, " ") {
		t.Errorf("asked about %q, text %q", asked, text)
	}
}

// TestCheckStringOfEveryCharacter: in a pseudonym's code stand the digits of Crockford's base 32 in lower case and nothing else.
func TestCheckStringOfEveryCharacter(t *testing.T) {
	column := minimise.Column{Name: "child_id", Kind: minimise.Pseudonym, Prefix: "c1_"}
	for c := range 256 {
		text := append([]byte("c1_"+strings.Repeat("7", 31)), byte(c))
		err := disclosure.CheckString(&column, text)
		if want := strings.IndexByte("0123456789abcdefghjkmnpqrstvwxyz", byte(c)) >= 0; (err == nil) != want {
			t.Errorf("character %d: %v", c, err)
		}
	}
}
