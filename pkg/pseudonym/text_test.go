package pseudonym

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/identifier"
)

const good = "c1_yfagjb711ag44byspe9n35dxhb2f9cf0"

func TestParseTextRefuses(t *testing.T) {
	if _, _, err := ParseText(good); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"empty":               "",
		"no prefix":           good[3:],
		"no epoch":            "c_" + good[3:],
		"no letter":           "1_" + good[3:],
		"epoch 0":             "c0_" + good[3:],
		"leading zero":        "c01_" + good[3:],
		"plus":                "c+1_" + good[3:],
		"minus":               "c-1_" + good[3:],
		"epoch too high":      "c1000000_" + good[3:],
		"epoch past int":      "c99999999999999999999_" + good[3:],
		"other letter":        "x1_" + good[3:],
		"capital letter":      "C1_" + good[3:],
		"capitals":            "c1_" + strings.ToUpper(good[3:]),
		"o for 0":             "c1_" + strings.Replace(good[3:], "0", "o", 1),
		"i for 1":             "c1_" + strings.Replace(good[3:], "1", "i", 1),
		"u":                   "c1_u" + good[4:],
		"one short":           good[:len(good)-1],
		"one long":            good + "0",
		"space":               " " + good,
		"line end":            good + "\n",
		"hyphen for _":        "c1-" + good[3:],
		"two prefixes":        "c1_" + good,
		"wide digit in code":  "c1_\uff10" + good[6:],
		"an identifier":       "510000",
		"NUL in place of a 0": good[:len(good)-1] + "\x00",
	} {
		prefix, mac, err := ParseText(s)
		if err == nil || prefix != "" || mac != [20]byte{} {
			t.Errorf("%s: accepted as %q", name, prefix)
		}
		if err != nil && s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%s: the error repeats the text", name)
		}
	}
}

// TestParseTextEveryByte changes each byte of a pseudonym to every other: what is accepted is another pseudonym,
// written canonically.
func TestParseTextEveryByte(t *testing.T) {
	for i := range len(good) {
		for c := range 256 {
			s := good[:i] + string([]byte{byte(c)}) + good[i+1:]
			prefix, mac, err := ParseText(s)
			if err == nil && prefix+string(appendCode(nil, &mac)) != s {
				t.Errorf("byte %d as %d: not canonical", i, c)
			}
		}
	}
}

func FuzzParseText(f *testing.F) {
	for _, seed := range []string{good, "w999999_" + strings.Repeat("z", 32), "c0_" + good[3:], "", "s1_0"} {
		f.Add(seed)
	}
	byLetter := make(map[byte]Domain)
	for _, kind := range identifier.Kinds() {
		domain, _ := DomainFor(kind)
		byLetter[domain.Letter] = domain
	}
	master, salt := fresh(f), fresh(f)
	f.Fuzz(func(t *testing.T, s string) {
		prefix, mac, err := ParseText(s)
		if err != nil {
			return
		}
		epoch := 0
		for _, c := range prefix[1 : len(prefix)-1] {
			epoch = epoch*10 + int(c-'0')
		}
		p, err := New(master, salt, Scope{"331", "dsa-x-2026", epoch}, byLetter[prefix[0]])
		if err != nil {
			t.Fatalf("a prefix that no pseudonymiser has: %v", err)
		}
		if got := string(p.AppendText(nil, &mac)); got != s {
			t.Fatalf("%q is written %q", s, got)
		}
	})
}
