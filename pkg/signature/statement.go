package signature

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Statement is the envelope of what a person signs: a text short enough to be read before signing, with one form only,
// so that "the same statement" and "the same bytes" are one.
//
//	postern-decision v1
//	agreement: dsa-coventry-fv-2026
//	role: dpo
//	decision: advise-clear
//
// The first line is the kind and the version of the form, v1. Each further line is a field: name, colon, space, value.
// UTF-8, LF line ends. Which fields a kind has, and in which order, is for its own package to say and check.
type Statement struct {
	Kind   string  // lower-case letters, digits and hyphens, from a letter: "postern-decision"
	Fields []Field // at least one, no name twice
}

// Field is one line of a statement.
type Field struct {
	Name  string // lower-case letters, digits and hyphens, from a letter
	Value string // one line of printable text that does not begin or end with a space; never empty
}

const (
	statementVersion = " v1"
	maxStatement     = 64 << 10 // bytes
	maxName          = 64       // bytes
	maxFields        = 64
)

// Value returns the value of the field of that name.
func (s Statement) Value(name string) (string, bool) {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}

// Format writes the statement's one form. Values with control characters, line ends, or characters that do not show
// (such as those that turn the direction of writing) are refused: what is signed is what was seen.
func (s Statement) Format() ([]byte, error) {
	data, err := s.format()
	if err != nil {
		return nil, hintOr(err, "this is a mistake in the program that made the statement: please report it")
	}
	return data, nil
}

func (s Statement) format() ([]byte, error) {
	if !isName(s.Kind) || len(s.Fields) == 0 {
		return nil, errors.New("statement: no kind or no field")
	}
	if len(s.Fields) > maxFields {
		return nil, fmt.Errorf("statement: more than %d fields", maxFields)
	}
	var b bytes.Buffer
	b.WriteString(s.Kind + statementVersion + "\n")
	for i, f := range s.Fields {
		if !isName(f.Name) {
			return nil, fmt.Errorf("statement: field %d: the name is not lower-case letters, digits and hyphens", i+1)
		}
		for _, earlier := range s.Fields[:i] {
			if earlier.Name == f.Name {
				return nil, fmt.Errorf("statement: field %d: the name of an earlier field", i+1)
			}
		}
		if !isValue(f.Value) {
			return nil, finding.WithHint(fmt.Errorf("statement: field %d: the value is not one line of printable text", i+1),
				"write something, on one line, with ordinary spaces and no space at either end")
		}
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	if b.Len() > maxStatement {
		return nil, finding.WithHint(fmt.Errorf("statement: larger than %d bytes", maxStatement), "put long text in a document and name it")
	}
	return b.Bytes(), nil
}

// ParseStatement reads a statement, accepting exactly what Format writes.
func ParseStatement(data []byte) (Statement, error) {
	s, err := parseStatement(data)
	if err != nil {
		return Statement{}, finding.WithHint(err, "use the statement unchanged, as postern wrote it, in UTF-8 with LF line ends")
	}
	return s, nil
}

func parseStatement(data []byte) (Statement, error) {
	if len(data) > maxStatement {
		return Statement{}, fmt.Errorf("statement: larger than %d bytes", maxStatement)
	}
	text, ended := strings.CutSuffix(string(data), "\n")
	lines := strings.Split(text, "\n")
	kind, versioned := strings.CutSuffix(lines[0], statementVersion)
	if !ended || !versioned || !isName(kind) {
		return Statement{}, errors.New("statement: line 1: not a kind and v1, or the last line is cut off")
	}
	s := Statement{Kind: kind}
	for i, line := range lines[1:] {
		name, value, found := strings.Cut(line, ": ")
		if !found {
			return Statement{}, fmt.Errorf("statement: line %d: not a name, a colon, a space and a value", i+2)
		}
		s.Fields = append(s.Fields, Field{Name: name, Value: value})
	}
	again, err := s.format()
	if err != nil {
		return Statement{}, err
	}
	if !bytes.Equal(again, data) {
		return Statement{}, errors.New("statement: not in its one form")
	}
	return s, nil
}

func isName(s string) bool {
	if s == "" || len(s) > maxName || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func isValue(s string) bool {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) { // the plain space is the only space that is
			return false
		}
	}
	return true
}
