package disclosure

import (
	"bytes"

	"github.com/postern-gateway/postern/pkg/finding"
)

// CheckWritten refuses a text that people wrote when it holds an identifier which the run has read, digits and all: in a
// title or a name there are no counts to be mistaken for one.
func CheckWritten(name string, text []byte, known func(word []byte) bool) error {
	for _, joined := range bytes.FieldsFunc(text, func(r rune) bool { return !isLetter(r) && !isDigit(r) && !isJoint(r) }) {
		for _, word := range append(bytes.FieldsFunc(joined, isJoint), bytes.TrimFunc(joined, isJoint)) {
			if len(word) >= shortest && bytes.IndexFunc(word, isDigit) >= 0 && known(bytes.ToUpper(word)) {
				return finding.Refuse(finding.IdentifierFound, "take the identifier out of the text, and have the agreement decided on again",
					"%s names an identifier of an extract", name)
			}
		}
	}
	return nil
}
