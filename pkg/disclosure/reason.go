package disclosure

import (
	"regexp"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The words with a digit that a text may have about which no extract can be asked.
var (
	dropName  = regexp.MustCompile(`^([a-z0-9][a-z0-9._-]{0,63}/)?[0-9]{4}-20[0-9]{6}$`)
	dayOrYear = regexp.MustCompile(`^([0-9]{1,2}[/.][0-9]{1,2}[/.])?[0-9]{4}([-/][0-9]{2}([-/][0-9]{2})?)?$|^[0-9]{4}-[0-9]{4}$`)
	shortWord = regexp.MustCompile(`^[A-Za-z]{0,12}[0-9]{0,3}[A-Za-z]{0,12}$`)
)

const (
	longestNumber = 4 // digits of a number that is a count or a year
	mostDigits    = 8 // digits of numbers that stand side by side, as identifiers are grouped to read them aloud
)

// CheckReason refuses a text that people wrote when no extract has been read to look its words up in, if any word could be
// an identifier: a number of more than four digits, several that would be one together, letters with more than three
// digits. Dates, years and the names of drops may stand in it. A child's name cannot be told from other words: that
// nobody writes one is for people to see to.
func CheckReason(name string, text []byte) error {
	run := 0 // digits of the numbers that stand side by side here
	for _, word := range strings.Fields(string(text)) {
		word = strings.TrimFunc(word, func(r rune) bool { return !isLetter(r) && !isDigit(r) })
		digits := strings.Count(word, "") - 1 - len(strings.Map(notDigit, word))
		if digits == 0 || strings.ContainsFunc(word, isLetter) {
			run = 0
		} else if run += digits; run > mostDigits && !dropName.MatchString(word) {
			return couldName(name)
		}
		if digits > 0 && !dropName.MatchString(word) && !dayOrYear.MatchString(word) && !plain(word) {
			return couldName(name)
		}
	}
	return nil
}

// plain reports whether a word with digits is a count, or a short name such as ssda903/episodes or 2025-26/autumn.
func plain(word string) bool {
	total := 0
	for _, part := range strings.FieldsFunc(word, func(r rune) bool { return !isLetter(r) && !isDigit(r) }) {
		number := !strings.ContainsFunc(part, isLetter)
		if number {
			total += len(part)
		}
		if number && len(part) > longestNumber || !number && !shortWord.MatchString(part) {
			return false
		}
	}
	return total <= mostDigits
}

func notDigit(r rune) rune {
	if isDigit(r) {
		return -1
	}
	return r
}

func couldName(name string) error {
	return finding.Refuse(finding.IdentifierFound, "say it without any number that could be a child's; counts, years, dates and the names of drops and tables may stand in it",
		"%s has a word that could be an identifier", name)
}
