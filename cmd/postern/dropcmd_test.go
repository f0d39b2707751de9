package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// altered flips one bit of each file of a drop, in turn, at its beginning, middle and end.
func altered(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	drop, signers := args[0], args[1]
	entries, err := os.ReadDir(ts.MkAbs(drop))
	if err != nil || len(entries) != 10 {
		return fmt.Errorf("the drop has %d files: %w", len(entries), err)
	}
	for i, entry := range entries {
		name := filepath.Join(drop, entry.Name())
		sound := []byte(ts.ReadFile(name))
		at := []int{0, len(sound) / 2, len(sound) - 1}[i%3]
		sound[at] ^= 1
		if err := rewrite(ts, name, sound); err != nil {
			return err
		}
		if err := exits(ts, []string{"6", "postern", "verify", drop, "--signers", signers}); err != nil {
			return fmt.Errorf("%s altered at byte %d: %w", entry.Name(), at, err)
		}
		sound[at] ^= 1
		if err := rewrite(ts, name, sound); err != nil {
			return err
		}
	}
	return nil
}

// modes are what ls -l shows before a file's digest.
var modes = regexp.MustCompile(`(?m) [-d][-rwx]{9} `)

func content(ts *testscript.TestScript, args []string) error { return sameTree(ts, args, modes) }

func same(ts *testscript.TestScript, args []string) error { return sameTree(ts, args, nil) }

func sameTree(ts *testscript.TestScript, args []string, but *regexp.Regexp) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	var trees [2]string
	for i, folder := range args {
		tree, err := treeOf(ts, []string{folder})
		if err != nil {
			return err
		}
		trees[i] = strings.ReplaceAll(tree, ts.MkAbs(folder), "")
		if but != nil {
			trees[i] = but.ReplaceAllString(trees[i], " ")
		}
	}
	if trees[0] != trees[1] || trees[0] == "" {
		return fmt.Errorf("the folders differ:\n%s\n%s", trees[0], trees[1])
	}
	return nil
}

func swapKeys(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	key := strings.TrimSpace(ts.ReadFile(args[1]))
	line, rest, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	line = regexp.MustCompile(`ssh-ed25519 \S+`).ReplaceAllString(line, key)
	return rewrite(ts, args[0], []byte(line+"\n"+rest))
}

// canary appends copies of a sound row with one cell replaced by a mark that nothing may repeat.
func canary(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	text := ts.ReadFile(args[0])
	lines := strings.Split(text, "\n")
	header, row := strings.Split(strings.TrimSpace(lines[0]), ","), strings.Split(strings.TrimSpace(lines[1]), ",")
	with := func(column, cell string) string {
		out := append([]string{}, row...)
		for i, name := range header {
			if strings.TrimPrefix(name, "\ufeff") == column {
				out[i] = cell
			}
		}
		return strings.Join(out, ",") + "\n"
	}
	bad := with("ETHNIC", "CANARY") + with("DOB", "31/02/2015") + with("DOB", "CANARY") + with("CHILD", "CANARY,CANARY")
	if strings.Count(bad, "CANARY") != 4 {
		return errors.New("the file is not header.csv")
	}
	return rewrite(ts, args[0], []byte(withLineEnd(text)+bad))
}

func signers(ts *testscript.TestScript, args []string) error {
	var b strings.Builder
	for i := 0; i+1 < len(args); i += 2 {
		fmt.Fprintf(&b, "%s %s\n", args[i+1], strings.TrimSpace(ts.ReadFile(args[i])))
	}
	return os.WriteFile(ts.MkAbs("signers"), []byte(b.String()), 0o600)
}
