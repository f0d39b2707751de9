package manifest

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Sum is one line of SHA256SUMS.
type Sum struct {
	Path   string
	SHA256 [32]byte
}

// Sums is the content of SHA256SUMS, sorted by path.
type Sums []Sum

// Limits of a SHA256SUMS that is read.
const (
	MaxSumsBytes = 4 << 20
	maxPath      = 200
	digits       = 64
)

// SafePath reports whether a path may stand in a drop: segments of A–Z a–z 0–9 . _ - joined by forward slashes, none of
// which is empty, begins or ends with a dot, has two dots in a row, or begins with a hyphen. So it can name nothing
// outside the drop, hides on no system, is a key in any store, and sha256sum takes it for a file.
func SafePath(path string) bool {
	if path == "" || len(path) > maxPath || strings.Contains(path, "..") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment[0] == '.' || segment[0] == '-' || segment[len(segment)-1] == '.' {
			return false
		}
		for i := range len(segment) {
			c := segment[i]
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
			if !letter && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
				return false
			}
		}
	}
	return true
}

// Encode writes SHA256SUMS; the order of the receiver does not matter.
func (s Sums) Encode() ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(s), func(a, b Sum) int { return cmp.Compare(a.Path, b.Path) })
	if err := inOrder(sorted); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, sum := range sorted {
		b.WriteString(hex.EncodeToString(sum.SHA256[:]))
		b.WriteString("  ")
		b.WriteString(sum.Path)
		b.WriteByte('\n')
	}
	if b.Len() > MaxSumsBytes {
		return nil, errors.New("SHA256SUMS: more than 4 MiB")
	}
	return []byte(b.String()), nil
}

// ParseSums reads SHA256SUMS. It accepts exactly what Encode writes; an error names the line.
func ParseSums(data []byte) (Sums, error) {
	if len(data) > MaxSumsBytes {
		return nil, errors.New("SHA256SUMS: more than 4 MiB")
	}
	var sums Sums
	rest := string(data)
	for n := 1; rest != ""; n++ {
		line, after, ended := strings.Cut(rest, "\n")
		rest = after
		if !ended || len(line) < digits+3 || line[digits:digits+2] != "  " {
			return nil, fmt.Errorf("SHA256SUMS: line %d is not a digest, two spaces and a path", n)
		}
		sum := Sum{Path: line[digits+2:]}
		if _, err := hex.Decode(sum.SHA256[:], []byte(line[:digits])); err != nil || strings.ToLower(line[:digits]) != line[:digits] {
			return nil, fmt.Errorf("SHA256SUMS: line %d: the digest is not 64 lower-case hexadecimal digits", n)
		}
		sums = append(sums, sum)
	}
	if err := inOrder(sums); err != nil {
		return nil, err
	}
	return sums, nil
}

// Find returns the digest of a path.
func (s Sums) Find(path string) ([32]byte, bool) {
	i, found := slices.BinarySearchFunc(s, path, func(sum Sum, path string) int { return cmp.Compare(sum.Path, path) })
	if !found {
		return [32]byte{}, false
	}
	return s[i].SHA256, true
}

// inOrder holds a list to be safe, sorted and without repetition, on file systems too that do not tell case apart.
func inOrder(sums Sums) error {
	if len(sums) == 0 {
		return errors.New("SHA256SUMS: lists no file")
	}
	folded := make(map[string]bool, len(sums))
	for i, sum := range sums {
		fold := strings.ToLower(sum.Path)
		switch {
		case !SafePath(sum.Path) || fold == strings.ToLower(SumsName) || fold == strings.ToLower(SignatureName):
			return fmt.Errorf("SHA256SUMS: line %d: the path is not one that a drop may have", i+1)
		case folded[fold]:
			return fmt.Errorf("SHA256SUMS: line %d: the path stands twice, or differs from another only in case", i+1)
		case i > 0 && sums[i-1].Path > sum.Path:
			return fmt.Errorf("SHA256SUMS: line %d is out of order", i+1)
		}
		folded[fold] = true
	}
	return nil
}
