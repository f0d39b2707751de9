package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

// spoilers make a good extract a bad one, each in one of the ways in which extracts are bad.
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
			return append(append(bytes.TrimSpace(first), []byte(strings.Repeat(",", 1_000_000)+"\n")...), rest...)
		},
		"wide": func(good []byte) []byte {
			first, rest := lines(good)
			return append(append(bytes.TrimSpace(first), []byte(strings.Repeat(",X", 2_000)+"\n")...), rest...)
		},
		"long-header":  func(good []byte) []byte { return append(bytes.Repeat([]byte("X"), 3<<20), good...) },
		"long-line":    func(good []byte) []byte { return append(bytes.Clone(good), strings.Repeat("9", 3<<20)...) },
		"open-quote":   func(good []byte) []byte { return append(bytes.Clone(good), "\"1,"...) },
		"loose-quote":  func(good []byte) []byte { return append(bytes.Clone(good), "\"1,\n2\",3\n"...) },
		"not-csv":      func(good []byte) []byte { return append([]byte("PK\x03\x04"), good...) },
		"latin-header": func(good []byte) []byte { return append([]byte("\xE9"), good...) },
		"nested": func(good []byte) []byte {
			const levels = 100
			return bytes.Replace(good, []byte("<Children>"), []byte("<Children>"+strings.Repeat("<a>", levels)+strings.Repeat("</a>", levels)), 1)
		},
		"two-rolls": func(good []byte) []byte { // every pupil at another school, too
			_, rest := lines(good)
			return append(bytes.Clone(good), bytes.ReplaceAll(rest, []byte(",SCH"), []byte(",TWIN"))...)
		},
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
	spoiled, ok := spoilers()[args[1]]
	if !ok {
		return fmt.Errorf("there is no way %s to spoil a file", args[1])
	}
	return rewrite(ts, args[0], spoiled([]byte(ts.ReadFile(args[0]))))
}

// swap replaces the first match of a pattern, which must be there, and must change the file.
func swap(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 3); err != nil {
		return err
	}
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	template, err := strconv.Unquote(`"` + strings.ReplaceAll(args[2], `"`, `\"`) + `"`)
	if err != nil {
		return err
	}
	was := ts.ReadFile(args[0])
	at := pattern.FindStringSubmatchIndex(was)
	if at == nil {
		return errors.New("the pattern is not in the file")
	}
	is := was[:at[0]] + string(pattern.ExpandString(nil, template, was, at)) + was[at[1]:]
	if is == was {
		return errors.New("the file is as it was")
	}
	return rewrite(ts, args[0], []byte(is))
}

// bad spoils the latest header.csv of a council that has published nothing, exports, and puts the file back. The message
// names rule and file and says what to do; it repeats no child's number; no file is published, staged or forgotten.
func bad(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	const file = "extracts/2025-26/header.csv"
	good := ts.ReadFile(file)
	if err := spoil(ts, []string{file, args[0]}); err != nil {
		return err
	}
	if err := exits(ts, []string{"4", "postern", "export", "agreements/" + exampleAgreement}); err != nil {
		return err
	}
	said := ts.ReadFile("stderr")
	want := regexp.MustCompile(`(?m)^postern: error: ` + args[1] + `: ` + regexp.QuoteMeta(ts.MkAbs(file)) + `(, .*)?: .+$`)
	if !want.MatchString(said) || !strings.Contains(said, "\npostern: hint: ") || ts.ReadFile("stdout") != "" {
		return fmt.Errorf("the message does not name %s and the file, or gives no hint", args[1])
	}
	for i, row := range strings.Split(good, "\n")[1:] {
		if child, _, _ := strings.Cut(row, ","); len(child) > 3 && strings.Contains(said, child) {
			return fmt.Errorf("the message repeats the child of row %d", i+1)
		}
	}
	if err := nothing(ts, []string{"drops", "state/staging", ".tmp"}); err != nil {
		return err
	}
	return rewrite(ts, file, []byte(good))
}

// anonymous replaces the identifier of every row, which stands first.
func anonymous(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	lines := strings.SplitAfter(ts.ReadFile(args[0]), "\n")
	for i, row := range lines {
		if _, rest, found := strings.Cut(row, ","); found && i > 0 {
			lines[i] = "N/A," + rest
		}
	}
	return rewrite(ts, args[0], []byte(strings.Join(lines, "")))
}
