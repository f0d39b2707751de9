package identifier

import "strings"

// maxChildID is the longest child ID accepted, in characters.
const maxChildID = 20

// judgeChildID judges a folded, non-empty child ID.
func judgeChildID(s string) Outcome {
	switch s {
	case "NULL", "NONE", "N/A", "NA", "UNKNOWN", "TEST":
		return Placeholder
	case "UN1", "UN2", "UN3", "UN4", "UN5", "UN6", "UN7":
		// The codes for no UPN, in the wrong column: they would make one child of all who have none.
		return Unknown
	}
	// Any number of zeros is a filled-in blank, also more of them than a child ID has characters.
	if allOne(s, '0') {
		return Placeholder
	}
	if len(s) > maxChildID || isSpreadsheetNumber(s) {
		return Malformed
	}
	for i := range len(s) {
		c := s[i]
		if isUpper(c) || isDigit(c) {
			continue
		}
		if i == 0 || c != '.' && c != '_' && c != '/' && c != '-' {
			return Malformed
		}
	}
	return OK
}

// isSpreadsheetNumber reports a child ID that a spreadsheet took for a number and rewrote: digits, a point, digits and
// perhaps an exponent (12.0, 1.2E+05). The number that was there before cannot be had back from it. Without a point it
// is left alone: 12E5 is a council's ID as often as a number.
func isSpreadsheetNumber(s string) bool {
	whole, rest, found := strings.Cut(s, ".")
	if !found || whole == "" || !allDigits(whole) {
		return false
	}
	fraction, exponent, scientific := strings.Cut(rest, "E")
	if !allDigits(fraction) {
		return false
	}
	if !scientific {
		return true
	}
	if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	return exponent != "" && allDigits(exponent)
}

// judgeURN judges a folded, non-empty URN or SC number.
func judgeURN(s string) Outcome {
	digits := s
	switch {
	case len(s) == 8 && strings.HasPrefix(s, "SC"):
		digits = s[2:]
	case len(s) != 6 && len(s) != 7:
		return Malformed
	}
	return judgeNumber(digits)
}

// judgeWorker judges a folded, non-empty registration number of a social worker. Returns give XX and digits to a worker
// who has no number.
func judgeWorker(s string) Outcome {
	if strings.HasPrefix(s, "XX") {
		return Unknown
	}
	digits, found := strings.CutPrefix(s, "SW")
	if !found || len(digits) < 1 || len(digits) > 10 {
		return Malformed
	}
	return judgeNumber(digits)
}

// judgeNumber judges the digits of a register that starts at one and has no check digit.
func judgeNumber(digits string) Outcome {
	switch {
	case !allDigits(digits):
		return Malformed
	case allOne(digits, '0'):
		return Placeholder
	default:
		return OK
	}
}
