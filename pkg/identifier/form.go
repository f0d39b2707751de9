package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// SimpleForm removes only what nobody would call a difference: blanks at both ends, width and case. Two raw values of
// one table whose simple forms differ and whose normal forms are the same are a finding (ID_COLLISION): they may be two
// children.
//
//	SimpleForm(" rnd0１ ")       // "RND01"
//	SimpleForm("943 476 5919")  // "943 476 5919": the spaces are a difference here, and none to Normalise
func SimpleForm(raw string) string {
	if !isASCII(raw) {
		raw = width.Fold.String(raw)
	}
	return upper(trim(raw))
}

// fold does what is common to all kinds: NFKC, trim, upper-case.
func fold(raw string) string {
	if !isASCII(raw) {
		raw = norm.NFKC.String(raw)
	}
	return upper(trim(raw))
}

// trim removes blanks at both ends. Nearly every identifier begins and ends with a letter or a digit.
func trim(s string) string {
	if n := len(s); n > 0 && '!' <= s[0] && s[0] <= '~' && '!' <= s[n-1] && s[n-1] <= '~' {
		return s
	}
	return strings.TrimFunc(s, isBlank)
}

// isBlank reports white space (Unicode White_Space, no-break spaces too) and the characters that take no room: the
// zero-width space and joiners, the word joiner and invisible operators, the byte-order mark, and the marks and
// brackets of writing direction, which office programs leave around copied numbers.
func isBlank(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r == ' ' || '\t' <= r && r <= '\r'
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x2064, 0x2066 <= r && r <= 0x2069,
		r == 0x180E, r == 0xFEFF:
		return true
	default:
		return unicode.IsSpace(r)
	}
}

// isHyphen reports what people type between groups of digits. The no-break hyphen is folded to U+2010 by NFKC.
func isHyphen(r rune) bool { return r == '-' || r == 0x2010 }

// ungroup removes white space and hyphens wherever they stand. Zero-width characters inside are left, and make the
// value malformed: nobody types them to group digits.
func ungroup(s string) string {
	separates := func(r rune) bool { return unicode.IsSpace(r) || isHyphen(r) }
	if strings.IndexFunc(s, separates) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if separates(r) {
			return -1
		}
		return r
	}, s)
}

// upper makes a to z upper-case and leaves every other byte alone.
func upper(s string) string {
	for i := range len(s) {
		if isLower(s[i]) {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if isLower(b[j]) {
					b[j] -= 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// allOne reports whether every byte of s is c.
func allOne(s string, c byte) bool {
	for i := range len(s) {
		if s[i] != c {
			return false
		}
	}
	return true
}
