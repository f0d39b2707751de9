package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The longest key, in bytes, that buckets take, and the longest part of one that file systems take with room to spare.
const (
	MaxKey  = 1024
	MaxPart = 200
)

const keyHint = "a key is a relative path of letters, digits, dots, hyphens and underscores, " +
	"such as agreement/0001-20261121/children.parquet"

// CheckKey says whether a key can name an object; if not, the error is ErrInvalidKey with the reason. It does not
// repeat the key, which may be anything.
func CheckKey(key string) error {
	if len(key) > MaxKey {
		return invalid("the key is longer than %d bytes", MaxKey)
	}
	for part := range strings.SplitSeq(key, "/") {
		if err := checkPart(part); err != nil {
			return invalid("%w", err)
		}
		if strings.HasSuffix(part, ".") {
			// Windows drops a final dot, so that two keys would be one file.
			return invalid("a part of the key ends with a dot")
		}
	}
	return nil
}

// CheckPrefix says whether at least one key can begin with a prefix; if not, the error is ErrInvalidKey. The empty
// prefix is fine, and so is one that ends with a slash or within a part.
func CheckPrefix(prefix string) error {
	if len(prefix) > MaxKey {
		return invalid("the prefix is longer than %d bytes", MaxKey)
	}
	whole, last := "", prefix
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		whole, last = prefix[:i], prefix[i+1:]
		if err := CheckKey(whole); err != nil {
			return err
		}
	}
	if last == "" {
		return nil
	}
	if err := checkPart(last); err != nil {
		return invalid("%w", err)
	}
	return nil
}

// checkPart has the rules that a part of a key keeps from its first byte on, so that they also hold for its beginning.
func checkPart(part string) error {
	switch {
	case part == "":
		return errors.New("a part of the key is empty")
	case len(part) > MaxPart:
		return fmt.Errorf("a part of the key is longer than %d bytes", MaxPart)
	case part[0] == '.':
		return errors.New("a part of the key begins with a dot")
	case strings.Contains(part, ".."):
		return errors.New("a part of the key has two dots in a row")
	}
	for i := range len(part) {
		if !keyByte(part[i]) {
			return errors.New("the key has a character that keys do not have")
		}
	}
	return nil
}

func keyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}

func invalid(format string, args ...any) error {
	return finding.WithHint(fmt.Errorf("%w: %w", ErrInvalidKey, fmt.Errorf(format, args...)), keyHint)
}
