package pseudonym

import (
	"errors"
	"strconv"
	"strings"
)

// crockford is the alphabet of the code: digits and the letters without i, l, o and u, which are misread or misspelt.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// codeLen is the length of a code without its prefix: 160 bits, five to a character.
const codeLen = 32

// errNotPseudonym never repeats the text: what is not a pseudonym may be an identifier.
var errNotPseudonym = errors.New("not a pseudonym of scheme " + Scheme)

// appendCode appends 160 bits, first bit first, five to a character: 40 bits at a time, which are eight characters.
func appendCode(dst []byte, mac *[20]byte) []byte {
	for i := 0; i < len(mac); i += 5 {
		high, low := uint32(mac[i])<<12|uint32(mac[i+1])<<4|uint32(mac[i+2])>>4, uint32(mac[i+2])<<16|uint32(mac[i+3])<<8|uint32(mac[i+4])
		dst = append(dst, crockford[high>>15&31], crockford[high>>10&31], crockford[high>>5&31], crockford[high&31],
			crockford[low>>15&31], crockford[low>>10&31], crockford[low>>5&31], crockford[low&31])
	}
	return dst
}

// ParseText takes a pseudonym apart into its prefix ("c1_") and its 160 bits. It accepts exactly what AppendText
// writes: a letter that a domain has, an epoch without leading zeros, "_", 32 lower-case characters of the alphabet.
// Crockford's readings of look-alikes (o for 0) and of capitals are not accepted. The error does not repeat the text.
func ParseText(s string) (prefix string, mac [20]byte, err error) {
	letter, rest, found := strings.Cut(s, "_")
	if !found || len(rest) != codeLen || !isPrefix(letter) {
		return "", [20]byte{}, errNotPseudonym
	}
	for i := range len(mac) / 5 {
		var group uint64
		for _, c := range []byte(rest[i*8 : i*8+8]) {
			value := strings.IndexByte(crockford, c)
			if value < 0 {
				return "", [20]byte{}, errNotPseudonym
			}
			group = group<<5 | uint64(value)
		}
		for j := range 5 {
			mac[i*5+j] = byte(group >> (32 - 8*j))
		}
	}
	return s[:len(letter)+1], mac, nil
}

// isPrefix reports a domain's letter and an epoch as New writes them.
func isPrefix(s string) bool {
	if s == "" || strings.IndexByte("cunlsw", s[0]) < 0 {
		return false
	}
	epoch, err := strconv.Atoi(s[1:])
	return err == nil && epoch >= 1 && epoch <= MaxEpoch && strconv.Itoa(epoch) == s[1:]
}
