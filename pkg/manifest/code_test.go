package manifest_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
)

// TestIsCode puts every byte at every place, alone and beside bytes that could lend it a bit.
func TestIsCode(t *testing.T) {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	for _, beside := range alphabet {
		code := []byte(strings.Repeat(string(beside), manifest.CodeLength))
		for at := range code {
			for c := range 256 {
				code[at] = byte(c)
				if got, want := manifest.IsCode(code), strings.IndexByte(alphabet, byte(c)) >= 0; got != want {
					t.Fatalf("byte %#x at %d beside %q: %t", c, at, beside, got)
				}
			}
			code[at] = byte(beside)
		}
	}
	for _, c := range []byte{0, '/', ':', '`', '{', 0x7f, 0x80, 'i' | 0x80, 0xff} { // and many of them, at which bits could be lent twice
		if code := strings.Repeat(string([]byte{c}), manifest.CodeLength); manifest.IsCode([]byte(code)) {
			t.Errorf("%d bytes %#x are a code", manifest.CodeLength, c)
		}
	}
	for _, n := range []int{0, 8, manifest.CodeLength - 1, manifest.CodeLength + 1, 2 * manifest.CodeLength} {
		if manifest.IsCode([]byte(strings.Repeat("a", n))) {
			t.Errorf("%d characters are a code", n)
		}
	}
}
