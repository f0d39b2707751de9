package disclosure

import (
	"bytes"

	"github.com/postern-gateway/postern/pkg/finding"
)

// CheckWritten refuses a text that people wrote when it holds an identifier which the run has read, digits and all: in a
// title or a name there are no counts to be mistaken for one. Words without a digit are words.
func CheckWritten(name string, text []byte, known func(word []byte) bool) error {
	if holds(text, func(word []byte) bool { return bytes.IndexFunc(word, isDigit) >= 0 && known(word) }) {
		return finding.Refuse(finding.IdentifierFound, "take the identifier out of the text, and have the agreement decided on again",
			"%s names an identifier of an extract", name)
	}
	return nil
}
