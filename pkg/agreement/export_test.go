package agreement

import (
	"errors"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// ParseDecision reads a statement, for the tests that hold it to what Statement writes.
func ParseDecision(statement []byte) (Decision, error) { return parseDecision(statement) }

// Shape returns what is wrong with the writing and the shape of a file, and not with the rules between its parts: the first
// of two layers, the one that the JSON Schema describes.
func Shape(file string, data []byte, catalogue *dataset.Catalogue) document.Problems {
	_, err := Parse(file, data, catalogue)
	var problems document.Problems
	_ = errors.As(err, &problems)
	return slices.DeleteFunc(problems, func(p document.Problem) bool { return p.Code == document.BrokenRule })
}
