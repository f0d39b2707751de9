package pseudonym

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/postern-gateway/postern/pkg/identifier"
)

func TestNewSecretRefuses(t *testing.T) {
	random := fresh(t).Reveal()
	count := func(start, step int) []byte {
		b := make([]byte, SecretSize)
		for i := range b {
			b[i] = byte(start + i*step)
		}
		return b
	}
	hexKey := []byte(hex.EncodeToString(random[:16]))
	for name, c := range map[string]struct {
		bytes  []byte
		reason string
	}{
		"nil":                     {nil, ReasonMissing},
		"empty":                   {[]byte{}, ReasonMissing},
		"one byte":                {random[:1], ReasonShort},
		"31 bytes":                {random[:31], ReasonShort},
		"33 bytes":                {append(bytes.Clone(random), 7), ReasonLong},
		"hex of 32 bytes":         {[]byte(hex.EncodeToString(random)), ReasonLong},
		"zeros":                   {make([]byte, SecretSize), ReasonAllEqual},
		"ones":                    {bytes.Repeat([]byte{0xff}, SecretSize), ReasonAllEqual},
		"letters":                 {bytes.Repeat([]byte{'a'}, SecretSize), ReasonAllEqual},
		"published master":        {count(0, 1), ReasonCounting},
		"published salt":          {count(0x20, 1), ReasonCounting},
		"published other salt":    {count(0x40, 1), ReasonCounting},
		"published second epoch":  {count(0x60, 1), ReasonCounting},
		"counting down":           {count(0xff, -1), ReasonCounting},
		"counting by three":       {count(5, 3), ReasonCounting},
		"hex of 16 bytes":         {hexKey, ReasonTextLike},
		"sentence":                {[]byte("correct horse battery staple yes"), ReasonTextLike},
		"sentence and line end":   {[]byte("correct horse battery staple ye\n"), ReasonTextLike},
		"accents":                 {[]byte("ŵyrion a phlant heb ôl yno rŵ"), ReasonTextLike},
		"password, zero padding":  {append([]byte("correct horse"), make([]byte, 19)...), ReasonTextLike},
		"zero padding, password":  {append(make([]byte, 19), "correct horse"...), ReasonTextLike},
		"half, twice":             {append(bytes.Clone(random[:16]), random[:16]...), ReasonRepetitive},
		"a quarter, four times":   {bytes.Repeat(random[:8], 4), ReasonRepetitive},
		"short, padded with zero": {append(bytes.Clone(random[:15]), make([]byte, 17)...), ReasonRepetitive},
	} {
		s, err := NewSecret(c.bytes)
		var weak *WeakSecretError
		if !errors.As(err, &weak) || weak.Reason != c.reason || !s.IsZero() {
			t.Errorf("%s: %v; want %q", name, err, c.reason)
		}
		// The same bytes from a source of randomness.
		if len(c.bytes) == SecretSize {
			if _, err := GenerateSecret(bytes.NewReader(c.bytes)); !errors.As(err, &weak) {
				t.Errorf("%s: generated", name)
			}
		}
	}
	// Every master and salt of the published vectors.
	for _, v := range vectors(t) {
		if _, err := NewSecret(published(t, v["agreement_salt_hex"]).Reveal()); err == nil {
			t.Fatal("a published salt is accepted")
		}
	}
}

func TestNewSecretAcceptsRandomBytes(t *testing.T) {
	for range 20000 {
		if _, err := GenerateSecret(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGenerateSecretFails(t *testing.T) {
	broken := errors.New("broken")
	for name, source := range map[string]io.Reader{
		"broken": iotest.ErrReader(broken), "short": io.LimitReader(rand.Reader, 31), "empty": strings.NewReader(""),
	} {
		if s, err := GenerateSecret(source); err == nil || !s.IsZero() {
			t.Errorf("%s: a secret was made", name)
		}
	}
	if _, err := GenerateSecret(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestSecretIsACopy(t *testing.T) {
	b := fresh(t).Reveal()
	s, err := NewSecret(b)
	if err != nil {
		t.Fatal(err)
	}
	same := bytes.Clone(b)
	clear(b)
	clear(s.Reveal())
	if !bytes.Equal(s.Reveal(), same) {
		t.Error("the secret changed with a caller's slice")
	}
	if (Secret{}).Reveal() != nil {
		t.Error("no secret reveals bytes")
	}
}

func TestSecretEqual(t *testing.T) {
	a, b := fresh(t), fresh(t)
	twin, err := NewSecret(a.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if !a.Equal(a) || !a.Equal(twin) || a.Equal(b) || a.Equal(Secret{}) || (Secret{}).Equal(a) || (Secret{}).Equal(Secret{}) {
		t.Error("equality is wrong")
	}
}

// TestNothingPrintsASecret writes secrets and pseudonymisers in every way that a log line or an error could, and looks
// for their bytes as text, numbers, hexadecimal and base64.
func TestNothingPrintsASecret(t *testing.T) {
	s := fresh(t)
	p := pseudonymiser(t, s, fresh(t), Scope{"331", "dsa-x-2026", 1}, identifier.LAChildID)
	code(p, "510000")
	type converted Secret // has none of the methods
	type convertedP Pseudonymiser
	type inside struct {
		Exported Secret
		hidden   Secret
		pointer  *Secret
		list     []Secret
		any      any
		p        *Pseudonymiser
	}
	values := map[string]any{
		"secret": s, "pointer": &s, "converted": converted(s), "converted pointer": (*converted)(&s), "list": []Secret{s}, "map": map[string]Secret{"k": s},
		"inside": inside{s, s, &s, []Secret{s}, s, p}, "inside pointer": &inside{s, s, &s, []Secret{s}, s, p},
		"pseudonymiser": p, "pseudonymiser list": []*Pseudonymiser{p}, "zero": Secret{},
		"converted pseudonymiser": convertedP(*p), "pointer to one": (*convertedP)(p), "pointer to pointer": &p,
	}
	var out bytes.Buffer
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%# x", "%q", "%d", "%t", "%b", "%o", "%e", "%g", "%c", "%U", "%p", "%z", "%T", "%10.3v"} {
			// The verb is a variable so that vet lets every one of them through.
			fmt.Fprintf(&out, verb+"\n", value)
		}
		fmt.Fprintln(&out, value)
		if j, err := json.Marshal(value); err == nil {
			out.Write(j)
		}
		if x, err := xml.Marshal(value); err == nil {
			out.Write(x)
		}
		for _, handler := range []slog.Handler{
			slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil),
		} {
			slog.New(handler).Info(name, "value", value, slog.Group("group", "value", value))
		}
		fmt.Fprintln(&out, fmt.Errorf("wrapped: %w", fmt.Errorf("%v", value)))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		for name, value := range map[string]any{"secret": s, "pointer": &s, "pseudonymiser": p} {
			if got := fmt.Sprintf(verb, value); got != redaction {
				t.Errorf("%s with %s: %q", name, verb, got)
			}
		}
	}
	if j, err := json.Marshal(s); err != nil || string(j) != `"[redacted]"` {
		t.Errorf("JSON: %s, %v", j, err)
	}
	if !strings.Contains(out.String(), `"value":"[redacted]"`) || !strings.Contains(out.String(), "value=[redacted]") {
		t.Error("a log line does not show [redacted]")
	}
	for name, secret := range map[string][]byte{"secret": s.Reveal(), "key": p.keyed().key.Reveal()} {
		if form, found := shown(out.Bytes(), secret); found {
			t.Errorf("the %s is printed: %s", name, form)
		}
	}
	// The search finds what is there.
	for _, planted := range []string{"%v", "%x", "%X", "%s", "%q", "%#v", "% x", "%d"} {
		if _, found := shown(fmt.Appendf(nil, planted, s.Reveal()), s.Reveal()); !found {
			t.Errorf("a secret printed with %s is not found", planted)
		}
	}
}

// shown looks for six bytes in a row of a secret, in the forms in which Go prints bytes.
func shown(out, secret []byte) (form string, found bool) {
	lower := bytes.ToLower(out)
	for i := 0; i+6 <= len(secret); i++ {
		part := secret[i : i+6]
		for _, form := range []string{
			strings.Trim(fmt.Sprintf("%d", part), "[]"),
			fmt.Sprintf("%x", part),
			fmt.Sprintf("% x", part),
			strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"),
			strings.Trim(fmt.Sprintf("%q", part), `"`),
		} {
			// A few readable bytes can stand in any output by chance.
			if len(form) > 6 && bytes.Contains(lower, bytes.ToLower([]byte(form))) {
				return form, true
			}
		}
	}
	return "", bytes.Contains(out, secret) || bytes.Contains(out, []byte(base64.StdEncoding.EncodeToString(secret)[:40]))
}
