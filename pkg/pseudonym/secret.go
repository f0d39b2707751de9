package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// SecretSize is the length of a master or a salt, in bytes.
const SecretSize = 32

// Secret is a master or a salt: 32 random bytes that print as "[redacted]" however they are printed. The zero Secret is
// no secret, and everything refuses it.
type Secret struct {
	redacted
	// A function, so that code which goes round the methods (a struct with a hidden Secret in it, a converted type, a
	// verb that does not exist) finds an address. A pointer is not enough: package fmt follows it for a bad verb.
	bytes func() *[SecretSize]byte
}

// seal makes a Secret of bytes that nobody else holds.
func seal(b []byte) Secret {
	array := (*[SecretSize]byte)(b)
	return Secret{bytes: func() *[SecretSize]byte { return array }}
}

// What is wrong with a weak secret: the reasons of a WeakSecretError.
const (
	ReasonMissing    = "it is missing"
	ReasonShort      = "it is shorter than 32 bytes"
	ReasonLong       = "it is longer than 32 bytes"
	ReasonAllEqual   = "all its bytes are equal"
	ReasonRepetitive = "it repeats a few bytes"
	ReasonCounting   = "its bytes count up or down, as published test keys do"
	ReasonTextLike   = "it is text, not random bytes"
	ReasonSame       = "master and salt are the same"
)

// WeakSecretError says why bytes cannot be a master or a salt. It never holds any of them.
type WeakSecretError struct {
	Reason string // one of the constants of this package
}

// Error writes the reason.
func (e *WeakSecretError) Error() string { return "the secret cannot be used: " + e.Reason }

// NewSecret copies 32 random bytes into a Secret. It refuses, with a *WeakSecretError, what no good source of randomness
// gives (chances are below 1 in 10^10): nothing, other lengths, one byte repeated, 16 or fewer different bytes (a
// shorter key written twice, hexadecimal digits), bytes that count (the published test vectors among them), and text,
// also when it is padded with zero bytes.
func NewSecret(b []byte) (Secret, error) {
	if reason := weakness(b); reason != "" {
		return Secret{}, &WeakSecretError{Reason: reason}
	}
	return seal(bytes.Clone(b)), nil
}

// GenerateSecret reads 32 bytes of randomness, normally from crypto/rand.Reader. A source that gives weak ones is
// refused as NewSecret does; nothing is drawn again, so that a broken source is noticed.
func GenerateSecret(random io.Reader) (Secret, error) {
	var b [SecretSize]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Secret{}, fmt.Errorf("reading randomness: %w", err)
	}
	defer clear(b[:])
	return NewSecret(b[:])
}

// Reveal returns a copy of the bytes. It is for custody, to store them, and for nothing else.
func (s Secret) Reveal() []byte {
	if s.IsZero() {
		return nil
	}
	return bytes.Clone(s.bytes()[:])
}

// IsZero reports that there is no secret.
func (s Secret) IsZero() bool { return s.bytes == nil }

// Equal compares two secrets in constant time. Two zero Secrets are not equal: there is nothing to compare.
func (s Secret) Equal(other Secret) bool {
	return !s.IsZero() && !other.IsZero() && hmac.Equal(s.bytes()[:], other.bytes()[:])
}

// weakness gives the reason why the bytes cannot be a secret, or "".
func weakness(b []byte) string {
	switch {
	case len(b) == 0:
		return ReasonMissing
	case len(b) < SecretSize:
		return ReasonShort
	case len(b) > SecretSize:
		return ReasonLong
	}
	var seen [256]bool
	different, counting := 0, true
	for i, c := range b {
		if !seen[c] {
			seen[c] = true
			different++
		}
		counting = counting && (i == 0 || c-b[i-1] == b[1]-b[0])
	}
	switch {
	case different == 1:
		return ReasonAllEqual
	case counting:
		return ReasonCounting
	case isText(bytes.Trim(b, "\x00")):
		return ReasonTextLike
	case different <= SecretSize/2:
		return ReasonRepetitive
	default:
		return ""
	}
}

// isText reports UTF-8 without control characters other than tabs and line ends.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size <= 1 || unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			return false
		}
		b = b[size:]
	}
	return true
}

// redacted is embedded in what must never be printed. Its methods answer every usual way of writing a value.
type redacted struct{}

const redaction = "[redacted]"

// String returns "[redacted]".
func (redacted) String() string { return redaction }

// GoString returns "[redacted]".
func (redacted) GoString() string { return redaction }

// Format writes "[redacted]" for every verb of package fmt.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redaction) }

// MarshalText returns "[redacted]", for JSON, XML and the rest.
func (redacted) MarshalText() ([]byte, error) { return []byte(redaction), nil }

// LogValue returns "[redacted]", for log/slog.
func (redacted) LogValue() slog.Value { return slog.StringValue(redaction) }
