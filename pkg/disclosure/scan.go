// Package disclosure looks for what must not leave, and measures how easily a child could be singled out by what does.
//
// # The scan
//
// Every string of a finished Parquet file is a pseudonym of its column's shape or a code of its column's list; any
// other refuses the drop (IDENTIFIER_FOUND, CODE_NOT_ALLOWED). There is no free text, so nothing else needs to be
// guessed at. What people wrote of it (titles, names) may hold no identifier that the run has read; the texts that the
// gate writes beside the Parquet files (manifest, data dictionary, page) none that counts and digests could not be taken
// for: letters and digits in one word.
//
// # The measure
//
// Over the tables with one row per child, children are grouped by their released quasi-identifiers together: those of
// that class, and those that the agreement adds. Empty cells are a value of their own, never a wildcard, which would
// overstate how many look alike. Reported are the shares of children who are alone, in a group of fewer than 5, and of
// fewer than 10. The secure release profile reports and does not refuse: its outputs are checked where they are made.
package disclosure

import (
	"bytes"
	"slices"
	"sort"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// CheckString refuses a string that may not stand in a column. It is called once per distinct string of a file.
func CheckString(column *minimise.Column, text []byte) error {
	switch column.Kind {
	case minimise.Pseudonym:
		code, ok := bytes.CutPrefix(text, []byte(column.Prefix))
		if !ok || !manifest.IsCode(code) {
			return found(finding.IdentifierFound, column.Name, "is not a pseudonym")
		}
		return nil
	case minimise.Code:
		i := sort.Search(len(column.Codes), func(i int) bool { return column.Codes[i].Value >= string(text) })
		if i == len(column.Codes) || column.Codes[i].Value != string(text) {
			return found(finding.CodeNotAllowed, column.Name, "is not a code of its list")
		}
		return nil
	default:
		return found(finding.IdentifierFound, column.Name, "is a string where none may be")
	}
}

func found(code finding.Code, column, what string) error {
	return finding.Refuse(code, "nothing was published; report the fault",
		"the scan of the finished files met, in column %s, a value that %s", column, what)
}

// shortest is the length from which a word can be told as an identifier. Shorter ones say nothing.
const shortest = 6

// CheckText refuses a text that the gate wrote when it holds an identifier which the run has read. Words without a
// letter are passed over: in such texts they are counts, years and dates. known reports whether the run has read an
// identifier, given in upper case.
func CheckText(name string, text []byte, known func(word []byte) bool) error {
	if holds(text, func(word []byte) bool {
		return bytes.IndexFunc(word, isLetter) >= 0 && bytes.IndexFunc(word, isDigit) >= 0 && known(word)
	}) {
		return finding.Refuse(finding.IdentifierFound, "nothing was published; report the fault",
			"the scan of the finished files met an identifier of an extract in %s", name)
	}
	return nil
}

// holds reports whether a text has an identifier: as a word, or as words that are joined as identifiers join theirs.
func holds(text []byte, known func(word []byte) bool) bool {
	is := func(word []byte) bool { return len(word) >= shortest && known(bytes.ToUpper(word)) }
	for _, joined := range bytes.FieldsFunc(text, func(r rune) bool { return !isLetter(r) && !isDigit(r) && !isJoint(r) }) {
		if is(joined) || is(bytes.TrimFunc(joined, isJoint)) || slices.ContainsFunc(bytes.FieldsFunc(joined, isJoint), is) {
			return true
		}
	}
	return false
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isLetter(r rune) bool { return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' }

// isJoint reports what an identifier may have between its words.
func isJoint(r rune) bool { return r == '.' || r == '_' || r == '/' || r == '-' }
