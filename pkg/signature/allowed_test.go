package signature

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
)

// A key that appears nowhere else, so that lines can be written out.
const (
	testKeyBlob = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
	testKey     = "ssh-ed25519 " + testKeyBlob
)

func TestParseAllowedSignersAcceptsExactlyWhatFormatWrites(t *testing.T) {
	other := string(ssh.MarshalAuthorizedKey(newSigner(t, "ecdsa-256").PublicKey()))
	for name, text := range map[string]string{
		"plain":          "dpo@council.example " + testKey + "\n",
		"namespace":      `dpo namespaces="postern-drop@v1" ` + testKey + "\n",
		"namespaces":     `dpo namespaces="a,b" ` + testKey + "\n",
		"after a day":    `dpo valid-after="20260401Z" ` + testKey + "\n",
		"after a minute": `dpo valid-after="202604011230Z" ` + testKey + "\n",
		"after a second": `dpo valid-after="20260401000001Z" ` + testKey + "\n",
		"before":         `dpo valid-before="20270331235959Z" ` + testKey + "\n",
		"everything":     `dpo namespaces="a",valid-after="20260401Z",valid-before="20270331235959Z" ` + testKey + "\n",
		"two":            "dpo " + testKey + "\nowner " + other,
		"one key again":  `dpo valid-before="20260331Z" ` + testKey + "\n" + `dpo valid-after="20270401Z" ` + testKey + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			list, err := ParseAllowedSigners([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			again, err := list.Format()
			if err != nil || string(again) != text {
				t.Errorf("written again: %q, %v", again, err)
			}
		})
	}
}

func TestParseAllowedSignersRefuses(t *testing.T) {
	rsa := newSigner(t, "rsa-2048").PublicKey()
	weak := string(bytes.TrimSuffix(ssh.MarshalAuthorizedKey(rsa), []byte("\n")))
	trailing := base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + strings.Repeat("\x01", 32) + "x"))
	for name, text := range map[string]string{
		"nothing":               "",
		"no line end":           "dpo " + testKey,
		"empty line":            "dpo " + testKey + "\n\n",
		"comment line":          "# who\ndpo " + testKey + "\n",
		"comment word":          "dpo " + testKey + " laptop\n",
		"CRLF":                  "dpo " + testKey + "\r\n",
		"tab":                   "dpo\t" + testKey + "\n",
		"two spaces":            "dpo  " + testKey + "\n",
		"pattern":               "*@council.example " + testKey + "\n",
		"two principals":        "a,b " + testKey + "\n",
		"negated principal":     "!a " + testKey + "\n",
		"quoted principal":      `"a" ` + testKey + "\n",
		"not ASCII":             "dpö " + testKey + "\n",
		"unknown option":        `dpo secret-option="x" ` + testKey + "\n",
		"certificate authority": `dpo cert-authority ` + testKey + "\n",
		"options upside down":   `dpo valid-after="20260401Z",namespaces="a" ` + testKey + "\n",
		"option twice":          `dpo namespaces="a",namespaces="b" ` + testKey + "\n",
		"option without comma":  `dpo namespaces="a"valid-after="20260401Z" ` + testKey + "\n",
		"trailing comma":        `dpo namespaces="a", ` + testKey + "\n",
		"leading comma":         `dpo ,namespaces="a" ` + testKey + "\n",
		"no namespace":          `dpo namespaces="" ` + testKey + "\n",
		"namespace pattern":     `dpo namespaces="postern-*" ` + testKey + "\n",
		"open quote":            `dpo namespaces="a ` + testKey + "\n",
		"time without zone":     `dpo valid-after="20260401" ` + testKey + "\n",
		"time too long":         `dpo valid-after="202604010000Z" ` + testKey + "\n",
		"fraction of a second":  `dpo valid-after="20260401000001.5Z" ` + testKey + "\n",
		"day that is none":      `dpo valid-after="20260230Z" ` + testKey + "\n",
		"year 0":                `dpo valid-after="00000101Z" ` + testKey + "\n",
		"year 1":                `dpo valid-after="00010101Z" ` + testKey + "\n",
		"1970":                  `dpo valid-after="19700101Z" ` + testKey + "\n",
		"ends before it begins": `dpo valid-after="20260401Z",valid-before="20260331Z" ` + testKey + "\n",
		"one second":            `dpo valid-after="20260401Z",valid-before="20260401Z" ` + testKey + "\n",
		"another kind":          "dpo ssh-rsa " + testKeyBlob + "\n",
		"key not base64":        "dpo ssh-ed25519 ****\n",
		"key cut off":           "dpo " + testKey[:len(testKey)-4] + "\n",
		"key with more":         "dpo ssh-ed25519 " + trailing + "\n",
		"RSA of 2048 bits":      "dpo " + weak + "\n",
		"one key for two":       "dpo " + testKey + "\nowner " + testKey + "\n",
		"too large":             strings.Repeat("dpo "+testKey+"\n", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseAllowedSigners([]byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			if finding.HintOf(err) == "" {
				t.Errorf("no hint: %v", err)
			}
			if strings.Contains(err.Error(), "secret-option") {
				t.Errorf("repeats the file: %v", err)
			}
		})
	}
}

func TestParseAllowedSignersReportsEveryLine(t *testing.T) {
	_, err := ParseAllowedSigners([]byte("a b c d e\nfine " + testKey + "\ndpo nonsense " + testKey + "\n"))
	if err == nil || !strings.Contains(err.Error(), "line 1:") || !strings.Contains(err.Error(), "line 3:") || strings.Contains(err.Error(), "line 2:") {
		t.Errorf("got %v", err)
	}
}

func TestWindowsAndNamespaces(t *testing.T) {
	signer := newSigner(t, "ed25519")
	armoured, err := Sign(signer, DropNamespace, message)
	if err != nil {
		t.Fatal(err)
	}
	from, to := at.Add(-time.Hour), at.Add(time.Hour)
	line := func(namespaces []string, from, to time.Time) AllowedSigners {
		return AllowedSigners{{Principal: "dpo", Namespaces: namespaces, ValidAfter: from, ValidBefore: to, Key: signer.PublicKey()}}
	}
	var open time.Time
	for _, c := range []struct {
		name    string
		allowed AllowedSigners
		at      time.Time
		want    error
	}{
		{"inside", line(nil, from, to), at, nil},
		{"first second", line(nil, from, to), from, nil},
		{"last second", line(nil, from, to), to, nil},
		{"within the last second", line(nil, from, to), to.Add(time.Second - 1), nil},
		{"before", line(nil, from, to), from.Add(-1), ErrNotAllowed},
		{"after", line(nil, from, to), to.Add(time.Second), ErrNotAllowed},
		{"no beginning", line(nil, open, to), time.Unix(0, 0), nil},
		{"no end", line(nil, from, open), to.AddDate(1000, 0, 0), nil},
		{"another zone", line(nil, from, to), to.In(time.FixedZone("", 3600)), nil},
		{"namespace listed", line([]string{"x", DropNamespace}, open, open), at, nil},
		{"namespace not listed", line([]string{DecisionNamespace}, open, open), at, ErrNotAllowed},
		{"second line allows", append(line(nil, to, open), line(nil, open, to)...), at, nil},
		{"no line allows", append(line([]string{"x"}, open, open), line(nil, to, open)...), at, ErrNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Verify(message, armoured, DropNamespace, c.allowed, c.at)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err == nil && got.Principal != "dpo" {
				t.Errorf("signer %q", got.Principal)
			}
		})
	}
}

func TestVerifyRefusesAContradictoryList(t *testing.T) {
	signer := newSigner(t, "ed25519")
	armoured, err := Sign(signer, DropNamespace, message)
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string]AllowedSigners{
		"two principals": allow(signer.PublicKey(), signer.PublicKey()),
		"no key":         allow(signer.PublicKey(), nil),
		"no principal":   {{Key: signer.PublicKey()}},
		"a line inside":  {{Principal: "a\nb", Key: signer.PublicKey()}},
		"half a second":  {{Principal: "a", ValidAfter: at.Add(time.Second / 2), Key: signer.PublicKey()}},
	} {
		if _, err := Verify(message, armoured, DropNamespace, list, at.Add(time.Hour)); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := list.Format(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	if _, err := (AllowedSigners{}).Format(); err == nil {
		t.Error("an empty list is written")
	}
}

func FuzzParseAllowedSigners(f *testing.F) {
	f.Add([]byte("dpo " + testKey + "\n"))
	f.Add([]byte(`dpo namespaces="a,b",valid-after="20260401Z",valid-before="20270331235959Z" ` + testKey + "\n"))
	f.Add([]byte("dpo  " + testKey + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseAllowedSigners(data)
		if err != nil {
			return
		}
		again, err := list.Format()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted %q, written again as %q, %v", data, again, err)
		}
	})
}
