package manifest

import "encoding/binary"

// CodeLength is how many characters a pseudonym has behind its prefix.
const CodeLength = 32

// IsCode reports whether a text is what a pseudonym has behind its prefix: 32 characters of Crockford's base 32 in lower case,
// which are the digits and the letters without i, l, o and u. It looks at eight characters at once: it is asked of every pseudonym
// that leaves, and of every one that arrives.
func IsCode(text []byte) bool {
	if len(text) != CodeLength {
		return false
	}
	odd := uint64(0)
	for at := 0; at < CodeLength; at += 8 {
		odd |= oddOnes(binary.LittleEndian.Uint64(text[at:]))
	}
	return odd == 0
}

// Of eight bytes, the least and the highest bit of each.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// oddOnes has the highest bit of those of eight bytes that are not of the alphabet.
func oddOnes(eight uint64) uint64 {
	// Highest bits are set, so that nothing is borrowed from the byte beside: after a subtraction one is still set where the
	// byte, without it, is not less. Bytes that have theirs are odd in any case.
	not, set := eight&highs, eight|highs
	digit := (set - '0'*ones) &^ (set - ('9'+1)*ones)
	letter := (set - 'a'*ones) &^ (set - ('z'+1)*ones)
	missing := same(set, 'i') | same(set, 'l') | same(set, 'o') | same(set, 'u')
	return (not | ^(digit | letter) | missing) & highs
}

// same has the highest bit of those of eight bytes, with theirs set, that are a character.
func same(set, character uint64) uint64 { return ^((set ^ character*ones) - ones) & highs }
