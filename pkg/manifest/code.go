package manifest

// CodeLength is how many characters a pseudonym has behind its prefix.
const CodeLength = 32

// alphabet has each byte that is of Crockford's base 32 in lower case, the digits and the letters without i, l, o and u, in its
// own place, and 0 in the places of all others.
const (
	none16   = "0000000000000000"
	alphabet = none16 + none16 + none16 + "0123456789000000" + none16 + none16 + "0abcdefgh0jk0mn0" + "pqrst0vwxyz00000" +
		none16 + none16 + none16 + none16 + none16 + none16 + none16 + none16
)

// IsCode reports whether a text is what a pseudonym has behind its prefix: 32 characters of that alphabet. It is asked of every
// pseudonym that leaves, and of every one that arrives: eight characters are looked at without a decision in between.
func IsCode(text []byte) bool {
	if len(text) != CodeLength {
		return false
	}
	odd := byte(0)
	for ; len(text) >= 8; text = text[8:] {
		odd |= (alphabet[text[0]] ^ text[0]) | (alphabet[text[1]] ^ text[1]) | (alphabet[text[2]] ^ text[2]) | (alphabet[text[3]] ^ text[3]) |
			(alphabet[text[4]] ^ text[4]) | (alphabet[text[5]] ^ text[5]) | (alphabet[text[6]] ^ text[6]) | (alphabet[text[7]] ^ text[7])
	}
	return odd == 0
}
