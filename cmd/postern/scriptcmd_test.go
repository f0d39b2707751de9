package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/signature"
)

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

// scriptCommands are the commands that scripts have beside those of testscript.
//
//	council [KIND]             lay out a council in the current folder: signed (also without KIND), bare or published
//	copytree FROM TO           copy a folder
//	exits CODE PROGRAM ARG…    run a program, which must end with this exit code
//	complains FILE             what the last program complained of is FILE, word for word; its log lines are left out
//	says FILE                  what it wrote to standard output is FILE, word for word
//	remember PATH…             take down every name, mode and byte below the paths
//	unchanged                  all of that is as it was
//	nothing PATH…              there is no file at or below the paths
//	private PATH…              nothing at or below the paths but public halves (.pub) is open to others than its owner
//	[!] json FILE PATH [WANT]  FILE (or stdout) is one JSON document, which has WANT, or anything, at PATH: a.0.b, -1 for
//	                           the last of a list, len for its length
//	edit FILE OLD NEW          replace the only OLD in a file; \n is a line end
//	complete FILE              fill in the title and the meanings that a drafted definition leaves open
//	feeds FILE                 take the feeds that a drafted definition suggests
//	workbook CSV XLSX          make a workbook of a CSV file, below a title, with DD-MM-YYYY as days that are shown so and digits
//	                           as numbers
//	append FILE FROM ROW       append a row of another CSV file to a file
//	digest FILE                put the SHA-256 of a file into $DIGEST
//	roles [KEY NAME]           write the roles file anew from the keys in people/, with one more holder, a SIRO, where named
//	decide                     have the example agreement, as it is now, decided on by three people
//	bypass                     have the example agreement, as it is now, decided on by three people with another program, which
//	                           asks nothing of it
//	statement DECISION         put the file of the decision on the example agreement into $STATEMENT
//	alter FILE                 flip one bit in the middle of a file
//	altered DROP SIGNERS       flip one bit of each file of a drop, in turn: none of the drops so made is verified
//	same FOLDER FOLDER         two folders hold the same files, with the same modes
//	content FOLDER FOLDER      two folders hold the same files
//	signers (PUBLIC NAME)…     write a list of allowed signers into the file signers
//	swapkeys FILE PUBLIC       put another public key in the place of the first in a list of allowed signers
//	canary FILE                append rows to header.csv that break rules with cells that must be told nowhere
//	truncate FILE              take the last line of a file away
//	key FILE                   make an OpenSSH key pair
//	secret FILE KIND|FILE      make a key file hold a bad secret, see badSecrets, or that of another key file
//	sign KEY NAMESPACE FILE    sign a file into FILE.sig
//	spoil FILE KIND            make a file a bad one: see spoilers
//	swap FILE PATTERN NEW      replace the first match of a pattern (of regexp); NEW has $1, and \n, \xE9 as Go's strings do
//	bad KIND RULE              export with a spoiled extract: exit code 4, a message of this rule, and nothing left behind
//	plant                      add rows to the latest return, most of them bad: see plantedRows
//	confide                    add rows given in confidence to the latest return
//	accounted BEFORE RECORD WHO  (cohort or everybody) the run record accounts for every row, the planted ones too, beside that of the run before
//	anonymous FILE             make every child of an extract one whose identifier stands for nobody
//	bucket plain|locked        make a bucket: $BUCKET, $S3HOST, $S3CA, $S3BASE, $S3ARGS; see s3cmd_test.go
//	as USER                    be a user of that server: exporter, recipient, stranger, nobody
//	public ACTION…             let everybody do something with the bucket: s3:ListBucket, s3:GetObject
//	place KEY FILE             put a file over an object of the bucket, as only its owner may
//	discreet FOLDER…           no secret of that server is in what the last program wrote, or below the folders
func scriptCommands(templates map[string]string, b *buckets) map[string]scriptCommand {
	return map[string]scriptCommand{
		"council":   positive(func(ts *testscript.TestScript, args []string) error { return council(ts, templates, args) }),
		"copytree":  positive(copyTreeTo),
		"exits":     positive(exits),
		"complains": positive(complains),
		"says":      positive(says),
		"remember":  positive(remember),
		"unchanged": positive(unchanged),
		"nothing":   positive(nothing),
		"private":   positive(private),
		"json":      lookJSON,
		"edit":      positive(edit),
		"complete":  positive(complete),
		"feeds":     positive(takeFeeds),
		"workbook":  positive(workbook),
		"append":    positive(appendRow),
		"digest":    positive(digest),
		"roles":     positive(roles),
		"decide":    positive(decide),
		"bypass":    positive(bypass),
		"statement": positive(statement),
		"alter":     positive(alter),
		"altered":   positive(altered),
		"same":      positive(same),
		"content":   positive(content),
		"signers":   positive(signers),
		"bad":       positive(bad),
		"anonymous": positive(anonymous),
		"plant":     positive(plant),
		"confide":   positive(confide),
		"accounted": positive(accounted),
		"swapkeys":  positive(swapKeys),
		"canary":    positive(canary),
		"truncate":  positive(truncate),
		"key": positive(func(ts *testscript.TestScript, args []string) error {
			if err := wants(args, 1); err != nil {
				return err
			}
			line, err := writeKey(ts.MkAbs(args[0]))
			if err != nil {
				return err
			}
			public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
			if err == nil {
				ts.Setenv("FINGERPRINT", signature.Fingerprint(public))
			}
			return err
		}),
		"secret": positive(secret),
		"sign":   positive(signFile),
		"spoil":  positive(spoil),
		"swap":   positive(swap),

		"bucket":   positive(b.bucket),
		"as":       positive(b.as),
		"place":    positive(b.place),
		"public":   positive(b.public),
		"discreet": positive(b.discreet),
	}
}

// positive is a command that cannot be negated.
func positive(do func(ts *testscript.TestScript, args []string) error) scriptCommand {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		ts.Check(do(ts, args))
	}
}

func wants(args []string, n int) error {
	if len(args) != n {
		return fmt.Errorf("wants %d words, and has %d", n, len(args))
	}
	return nil
}

func council(ts *testscript.TestScript, templates map[string]string, args []string) error {
	kind := signedCouncil
	if len(args) > 0 {
		kind = args[0]
	}
	from, ok := templates[kind]
	if !ok {
		return errors.New("there is no such council")
	}
	return copyFolder(from, ts.MkAbs("."))
}

func copyTreeTo(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	return copyFolder(ts.MkAbs(args[0]), ts.MkAbs(args[1]))
}

func exits(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errors.New("wants an exit code and a program")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	case err != nil:
		return err
	}
	if got != want {
		return fmt.Errorf("exit code %d, want %d", got, want)
	}
	return nil
}

// complains compares what the last program complained of with a file, in which the script's own folder is written $WORK.
func complains(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	var got strings.Builder
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if !strings.Contains(line, " [INFO]  postern: ") {
			got.WriteString(line)
		}
	}
	return sameText(ts, got.String(), args[0])
}

// says compares the whole of standard output with a file.
func says(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	return sameText(ts, ts.ReadFile("stdout"), args[0])
}

// updateScripts is the environment variable that has the texts in the scripts replaced by what the program says now. Read
// what it wrote before you keep it.
const updateScripts = "POSTERN_UPDATE_SCRIPTS"

func sameText(ts *testscript.TestScript, got, file string) error {
	got = strings.ReplaceAll(got, ts.Getenv("WORK"), "$WORK")
	want := ts.ReadFile(file)
	if got == want {
		return nil
	}
	if os.Getenv(updateScripts) == "" {
		return fmt.Errorf("what was said is\n%s\nand not\n%s", got, want)
	}
	script := filepath.Join("testdata", "script", ts.Name()+".txtar")
	archive, err := txtar.ParseFile(script)
	if err != nil {
		return err
	}
	for i := range archive.Files {
		if archive.Files[i].Name == file {
			archive.Files[i].Data = []byte(got)
		}
	}
	return os.WriteFile(script, txtar.Format(archive), 0o600)
}

// memory is what a script has had taken down. Scripts run side by side, so each keeps its own, in a file.
func memory(ts *testscript.TestScript) string { return filepath.Join(ts.Getenv("WORK"), ".remembered") }

func remember(ts *testscript.TestScript, args []string) error {
	tree, err := treeOf(ts, args)
	if err != nil {
		return err
	}
	data, err := json.Marshal(append(args, tree))
	if err != nil {
		return err
	}
	return os.WriteFile(memory(ts), data, 0o600)
}

func unchanged(ts *testscript.TestScript, args []string) error {
	data, err := os.ReadFile(memory(ts))
	if err != nil {
		return err
	}
	var lines []string
	if err := json.Unmarshal(data, &lines); err != nil {
		return err
	}
	before := lines[len(lines)-1]
	after, err := treeOf(ts, lines[:len(lines)-1])
	if err != nil || after == before {
		return err
	}
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	var b strings.Builder
	for _, line := range was {
		if !slices.Contains(is, line) {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			fmt.Fprintf(&b, "+ %s\n", line)
		}
	}
	return fmt.Errorf("files changed:\n%s", b.String())
}

// treeOf lists every file and folder below paths with its mode and digest. The script's own temporary folder is part of
// its working folder, so a program that leaves something there is found out.
func treeOf(ts *testscript.TestScript, paths []string) (string, error) {
	if len(paths) == 0 {
		return "", errors.New("wants paths")
	}
	var b strings.Builder
	for _, path := range paths {
		err := filepath.WalkDir(ts.MkAbs(path), func(name string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				fmt.Fprintf(&b, "%s is not there\n", path)
				return nil
			}
			if err != nil || name == memory(ts) {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			digest := ""
			if info.Mode().IsRegular() {
				data, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				digest = fmt.Sprintf("%x", sha256.Sum256(data))
			}
			fmt.Fprintf(&b, "%s %s %s\n", name, info.Mode(), digest)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func nothing(ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errors.New("wants paths")
	}
	for _, path := range args {
		err := filepath.WalkDir(ts.MkAbs(path), func(name string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || entry.IsDir() {
				return err
			}
			return fmt.Errorf("there is %s", name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func private(ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errors.New("wants paths")
	}
	for _, path := range args {
		err := filepath.WalkDir(ts.MkAbs(path), func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 && filepath.Ext(name) != ".pub" && runtime.GOOS != "windows" {
				err = fmt.Errorf("%s has mode %04o", name, info.Mode().Perm())
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func edit(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 3); err != nil {
		return err
	}
	lines := strings.NewReplacer(`\n`, "\n")
	was, is := lines.Replace(args[1]), lines.Replace(args[2])
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, was); n != 1 {
		return fmt.Errorf("%s has it %d times", args[0], n)
	}
	return rewrite(ts, args[0], []byte(strings.Replace(text, was, is, 1)))
}

// rewrite replaces the bytes of a file and keeps its mode.
func rewrite(ts *testscript.TestScript, file string, data []byte) error {
	return os.WriteFile(ts.MkAbs(file), data, 0o600)
}

// appendRow appends a row, counted from 1 without the header, and its line end.
func appendRow(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 3); err != nil {
		return err
	}
	rows := strings.SplitAfter(ts.ReadFile(args[1]), "\n")
	n, err := strconv.Atoi(args[2])
	if err != nil || n < 1 || n >= len(rows) || rows[n] == "" {
		return errors.New("there is no such row")
	}
	return rewrite(ts, args[0], []byte(withLineEnd(ts.ReadFile(args[0]))+withLineEnd(rows[n])))
}

func digest(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	ts.Setenv("DIGEST", fmt.Sprintf("%x", sha256.Sum256([]byte(ts.ReadFile(args[0])))))
	return nil
}

func alter(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	data := []byte(ts.ReadFile(args[0]))
	data[len(data)/2] ^= 1
	return rewrite(ts, args[0], data)
}

func truncate(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	lines := strings.SplitAfter(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	return rewrite(ts, args[0], []byte(strings.Join(lines[:len(lines)-1], "")))
}

func signFile(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 3); err != nil {
		return err
	}
	signer, err := signature.LoadSigner(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	armoured, err := signature.Sign(signer, args[1], []byte(ts.ReadFile(args[2])))
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[2])+".sig", armoured, 0o600)
}

func lookJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("wants a document, a path and what it should have there")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	decoder.UseNumber()
	var document any
	ts.Check(decoder.Decode(&document))
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("there is more than one JSON document")
	}
	got, found := at(document, args[1])
	matches := found && (len(args) == 2 || got == args[2])
	switch {
	case !matches && !neg:
		ts.Fatalf("%s is %q (found: %t)", args[1], got, found)
	case matches && neg:
		ts.Fatalf("%s is %q", args[1], got)
	}
}

// at looks a path up in a document and writes what is there as JSON does, text without its quotes.
func at(document any, path string) (string, bool) {
	for part := range strings.SplitSeq(path, ".") {
		if path == "" {
			break
		}
		switch d := document.(type) {
		case map[string]any:
			next, found := d[part]
			if !found {
				return "", false
			}
			document = next
		case []any:
			if part == "len" {
				return strconv.Itoa(len(d)), true
			}
			i, err := strconv.Atoi(part)
			if i < 0 {
				i += len(d)
			}
			if err != nil || i < 0 || i >= len(d) {
				return "", false
			}
			document = d[i]
		default:
			return "", false
		}
	}
	if text, ok := document.(string); ok {
		return text, true
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(document); err != nil {
		return "", false
	}
	return strings.TrimSpace(b.String()), true
}
