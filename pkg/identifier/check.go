package identifier

import "strings"

// upnLetters are the check letters of a UPN in the order of their values, A = 0 to Z = 22: the alphabet without I, O
// and S, which are read as digits.
const upnLetters = "ABCDEFGHJKLMNPQRTUVWXYZ"

// UPNCheckLetter returns the check letter that stands before the twelve other characters of a UPN: eleven digits and
// one more digit, or a letter in a temporary UPN. The characters are weighted 2 to 13 from the left and added; the sum
// modulo 23 counts into the alphabet without I, O and S, in which the letter of a temporary UPN is valued too (A = 0).
// It reports false for anything but twelve such characters, lower-case letters included.
//
//	UPNCheckLetter("801200001001")  // 'H', true: the sum is 53, and 53 mod 23 = 7
//	UPNCheckLetter("80120000100A")  // 'U', true: 40 mod 23 = 17
//
// Source: Government Data Standards Catalogue, Unique Pupil Number v2.0.
func UPNCheckLetter(twelve string) (byte, bool) {
	if len(twelve) != 12 || !allDigits(twelve[:11]) {
		return 0, false
	}
	sum := 0
	for i := range 11 {
		sum += (i + 2) * int(twelve[i]-'0')
	}
	last := int(twelve[11]) - '0'
	if !isDigit(twelve[11]) {
		last = strings.IndexByte(upnLetters, twelve[11])
	}
	if last < 0 {
		return 0, false
	}
	return upnLetters[(sum+13*last)%len(upnLetters)], true
}

// judgeUPN judges a folded, non-empty UPN. The zero UPN A000000000000 passes its check letter, so zeros are looked for
// first.
func judgeUPN(s string) Outcome {
	if len(s) == 3 && strings.HasPrefix(s, "UN") && '1' <= s[2] && s[2] <= '7' {
		return Unknown
	}
	if len(s) != 13 || strings.IndexByte(upnLetters, s[0]) < 0 {
		return Malformed
	}
	letter, ok := UPNCheckLetter(s[1:])
	switch {
	case !ok:
		return Malformed
	case allOne(s[1:], '0'):
		return Placeholder
	case letter != s[0]:
		return CheckDigit
	default:
		return OK
	}
}

// judgeTenDigits judges a folded, ungrouped, non-empty number of nine digits and a check digit.
func judgeTenDigits(s string, checkDigit func(sum int) int) Outcome {
	switch {
	case len(s) != 10 || !allDigits(s):
		return Malformed
	case allOne(s, s[0]):
		return Placeholder
	case checkDigit(weightedSum(s)) != int(s[9]-'0'):
		return CheckDigit
	default:
		return OK
	}
}

// weightedSum weighs the first nine digits 10 to 2 from the left, as NHS numbers and ULNs both do.
func weightedSum(s string) int {
	sum := 0
	for i := range 9 {
		sum += (10 - i) * int(s[i]-'0')
	}
	return sum
}

// nhsCheckDigit is the check digit of an NHS number: 11 less the remainder, where 11 is written 0 and 10 is never
// issued (NHS Data Dictionary, NHS NUMBER). The result 10 equals no digit.
func nhsCheckDigit(sum int) int { return (11 - sum%11) % 11 }

// ulnCheckDigit is the check digit of a ULN: 10 less the remainder; a remainder of 0 is never issued (DfE, Learning
// Records Service). The result 10 equals no digit.
func ulnCheckDigit(sum int) int { return 10 - sum%11 }
