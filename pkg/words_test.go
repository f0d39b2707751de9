package pkg_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// unwanted is what must not stand in a file of the repository.
type unwanted struct {
	hints   []string // in lower case; what the pattern matches holds one of them: quicker to look for
	pattern *regexp.Regexp
	but     *regexp.Regexp // a line that has this as well is right
	only    *regexp.Regexp // only in these files; nil for all
	never   *regexp.Regexp // not in these files; nil for none
	why     string
}

func (w unwanted) in(file string) bool {
	return (w.only == nil || w.only.MatchString(file)) && (w.never == nil || !w.never.MatchString(file))
}

// words lists what is unwanted. The patterns are put together so that this file has none of it.
func words() []unwanted {
	compile := func(parts ...string) *regexp.Regexp { return regexp.MustCompile(strings.Join(parts, "")) }
	return []unwanted{
		{[]string{"/wo" + "rk", "/ro" + "ot", "/ho" + "me", "/us" + "ers"}, compile(`(?:^|[\s"'=(:])/`, `(?:work|root|home|Users)\b/?`), nil, nil, nil, "a path of somebody's machine"},
		{[]string{"/tm" + "p"}, compile(`(?:^|[\s"'=(:])/`, `tmp\b`), nil, compile(`\.(?:md|yaml|yml|go|mod)$`), nil, "a path of somebody's machine"},
		{[]string{"ag" + "ent"}, compile(`(?i)\bag`, `ents?\b`), compile(`(?i)ssh|keys?\b`), nil, compile(`^pkg/signature/`), "say ssh-ag" + "ent where that is meant"},
		{[]string{"sess" + "ion"}, compile(`(?i)\b(?:this|previous|earlier|later|another|our) sess`, `ions?\b`), nil, nil, nil, "how the work is organised"},
		{[]string{"iss" + "ue"}, compile(`(?i)\bissue`, `s? #?[0-9]+\b`), nil, nil, nil, "how the work is organised"},
		{[]string{"mod" + "el", "ll" + "m", "chat" + "bot"}, compile(`(?i)\b(?:language mod`, `el|ll`, `m|chat`, `bot)\b`), nil, nil, nil, "how the work is organised"},
		{[]string{"to" + "do", "fix" + "me"}, compile(`\b(?:TO`, `DO|FIX`, `ME)\b`), nil, nil, nil, "work that is not done"},
		{[]string{"anonymi"}, compile(`(?i)\banonymi[sz]`), compile(`(?i)\b(?:never|not|no)\b|"anonymi`), nil, nil, "a drop is personal data"},
	}
}

// complaints lists the unwanted in one line of a file.
func complaints(words []unwanted, file, line string) []string {
	var out []string
	for _, w := range words {
		if w.in(file) && w.pattern.MatchString(line) && (w.but == nil || !w.but.MatchString(line)) {
			out = append(out, w.why)
		}
	}
	return out
}

// suspects lists the words of which the text of a file may have something.
func suspects(words []unwanted, file, text string) []unwanted {
	var out []unwanted
	text = strings.ToLower(text)
	for _, w := range words {
		if w.in(file) && slices.ContainsFunc(w.hints, func(hint string) bool { return strings.Contains(text, hint) }) {
			out = append(out, w)
		}
	}
	return out
}

func TestWords(t *testing.T) {
	files := tracked(t)
	all := words()
	read := 0
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 || strings.HasSuffix(name, "go.sum") {
			continue // no text that people write
		}
		read++
		found := suspects(all, name, string(data))
		if len(found) == 0 {
			continue
		}
		for i, line := range strings.Split(string(data), "\n") {
			for _, why := range complaints(found, name, line) {
				t.Errorf("%s:%d: %s", name, i+1, why)
			}
		}
	}
	if read < 200 {
		t.Fatalf("only %d texts were found", read)
	}
}

// tracked lists the files that git has or would take.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Skip("git does not list the files of the repository: they are not looked at")
	}
	return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
}

// TestWordsAreSeen holds the test above to lines that must not be, and to lines that may.
func TestWordsAreSeen(t *testing.T) {
	for _, line := range []string{
		"cd /wo" + "rk/main", `path := "/ro` + `ot/.ssh"`, "see /tm" + "p/notes", "written by an ag" + "ent", "in this sess" + "ion",
		"see issue " + "#12", "a language mod" + "el", "TO" + "DO: finish", "the file is anonym" + "ised",
	} {
		if got := complaints(suspects(words(), "docs/page.md", line), "docs/page.md", line); len(got) != 1 {
			t.Errorf("%q gives %d complaints; want 1", line, len(got))
		}
	}
	for _, line := range []string{
		"a key in ssh-agent", "sessions of attendance", "framework/main", "issued 12 decisions", "never anonymised", "extracts/work/x", "./tmp/x",
	} {
		if got := complaints(words(), "docs/page.md", line); len(got) != 0 {
			t.Errorf("%q gives %q", line, got)
		}
	}
}
