package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

// spoilers make a good CSV extract a bad one, each in one of the ways in which extracts are bad.
func spoilers() map[string]func(good []byte) []byte {
	lines := func(good []byte) (first, rest []byte) {
		first, rest, _ = bytes.Cut(good, []byte("\n"))
		return append(bytes.Clone(first), '\n'), rest
	}
	return map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"no-header": func(good []byte) []byte { _, rest := lines(good); return rest },
		"utf-16": func(good []byte) []byte {
			out := []byte{0xFF, 0xFE}
			for _, unit := range utf16.Encode([]rune(string(good))) {
				out = append(out, byte(unit), byte(unit>>8))
			}
			return out
		},
		"utf-16-unmarked": func(good []byte) []byte {
			return bytes.ReplaceAll(good, []byte("1"), []byte("1\x00"))
		},
		"nul": func(good []byte) []byte {
			middle := len(good) / 2
			return append(append(bytes.Clone(good[:middle]), 0), good[middle:]...)
		},
		"duplicate-column": func(good []byte) []byte {
			return append([]byte("CHILD,"), bytes.ReplaceAll(good, []byte("\n"), []byte("\n1,"))...)
		},
		"unknown-header": func(good []byte) []byte {
			first, rest := lines(good)
			return append(bytes.ReplaceAll(first, []byte("CHILD"), []byte("PERSON")), rest...)
		},
		"million-columns": func(good []byte) []byte {
			first, rest := lines(good)
			return append(append(bytes.TrimSpace(first), []byte(strings.Repeat(",X", 500_000)+"\n")...), rest...)
		},
		"wide": func(good []byte) []byte {
			first, rest := lines(good)
			return append(append(bytes.TrimSpace(first), []byte(strings.Repeat(",X", 2_000)+"\n")...), rest...)
		},
		"long-line":    func(good []byte) []byte { return append(bytes.Clone(good), strings.Repeat("9", 3<<20)...) },
		"open-quote":   func(good []byte) []byte { return append(bytes.Clone(good), "\"1,"...) },
		"loose-quote":  func(good []byte) []byte { return append(bytes.Clone(good), "\"1,\n2\",3\n"...) },
		"not-csv":      func(good []byte) []byte { return append([]byte("PK\x03\x04"), good...) },
		"latin-header": func(good []byte) []byte { return append([]byte("\xE9"), good...) },
		"no-row-sound": func(good []byte) []byte {
			first, rest := lines(good)
			return append(first, bytes.ReplaceAll(rest, []byte("\n"), []byte(",\n"))...)
		},
	}
}

func spoil(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	make, ok := spoilers()[args[1]]
	if !ok {
		return fmt.Errorf("there is no way %s to spoil a file", args[1])
	}
	return rewrite(ts, args[0], make([]byte(ts.ReadFile(args[0]))))
}
