package state

import (
	"fmt"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// maxName is the longest name, in bytes: file systems take 255, and endings are added.
const maxName = 100

// checkName refuses what cannot be a part of a path in the state folder. What says what it would have named; the name itself, which
// may be anything, is not repeated.
func checkName(what, name string) error {
	if validName(name) {
		return nil
	}
	return finding.WithHint(fmt.Errorf("state: not a name for %s", what),
		fmt.Sprintf("a name is made of a-z, 0-9, dot, hyphen and underscore, begins and ends with a letter or digit, "+
			"has no two dots in a row and at most %d characters", maxName))
}

func validName(name string) bool {
	if name == "" || len(name) > maxName || strings.Contains(name, "..") {
		return false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case (c == '.' || c == '-' || c == '_') && i > 0 && i < len(name)-1:
		default:
			return false
		}
	}
	return true
}

// checkTable takes a table's identifier: a core table's name, or format and table with a slash between.
func checkTable(table string) error {
	format, name, two := strings.Cut(table, "/")
	if !two {
		format, name = "core", table
	}
	if validName(format) && validName(name) {
		return nil
	}
	return checkName("a table", "")
}

// tempName reports whether a file is one that was being written when its writer was stopped.
func tempName(name string) bool { return strings.HasPrefix(name, tempPrefix) }
