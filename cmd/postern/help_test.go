package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// helped is what a command line writes on standard output; it must end well and complain of nothing.
func helped(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), args, nil, &stdout, &stderr, time.Now); code != exitDone || stderr.Len() > 0 {
		t.Fatalf("postern %s: exit %d, %s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.String()
}

// ownCommands lists the program's commands, those of cobra left out, each as the words it is called by.
func ownCommands() [][]string {
	out := [][]string{{}}
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		for _, sub := range c.Commands() {
			if name := sub.Name(); name != "help" && name != "completion" {
				words := append(append([]string{}, path...), name)
				out = append(out, words)
				walk(sub, words)
			}
		}
	}
	walk((&program{}).root(), nil)
	return out
}

// Every help text has an example that works, the exit codes, and lines that fit a terminal.
func TestHelp(t *testing.T) {
	commands := ownCommands()
	if len(commands) < 15 {
		t.Fatalf("only %d commands", len(commands))
	}
	for _, words := range commands {
		name := strings.TrimSpace("postern " + strings.Join(words, " "))
		t.Run(name, func(t *testing.T) {
			text := helped(t, append(words, "--help")...)
			if !strings.Contains(text, exitCodes) {
				t.Error("the exit codes are missing")
			}
			_, examples, found := strings.Cut(text, "\nExamples:\n")
			examples, _, _ = strings.Cut(examples, "\n\n")
			if !found || !strings.HasPrefix(examples, "  postern ") {
				t.Errorf("there is no example:\n%s", text)
			}
			for line := range strings.Lines(examples) {
				checkExample(t, strings.TrimSpace(line))
			}
			prose, _, _ := strings.Cut(text, "\nUsage:\n")
			for line := range strings.Lines(prose) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 90 {
					t.Errorf("a line of %d characters: %s", n, line)
				}
			}
		})
	}
}

// checkExample holds an example to naming a command and flags that there are.
func checkExample(t *testing.T, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, " > ")
	words := strings.Fields(line)
	c, rest, err := (&program{}).root().Find(words[1:])
	if err != nil || c.HasSubCommands() {
		t.Errorf("the example is of no command: %s", line)
		return
	}
	for _, word := range rest {
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag && name != "help" && c.Flag(name) == nil {
			t.Errorf("the example has a flag --%s that there is not: %s", name, line)
		}
	}
}

// A word of the trade or of the machine stands in a help text only where that text, or that of postern itself, says what
// it is.
func TestNoJargon(t *testing.T) {
	explained := map[string]string{
		`\bDSA\b`:                 `Data Sharing\s+Agreement \(DSA\)`,
		`\bDPO\b`:                 `Data Protection Officer`,
		`\bSIRO\b`:                `Senior\s+Information Risk Owner`,
		`\bSSDA903\b`:             `SSDA903 return on\s+looked-after children`,
		`\bCIN\b`:                 `CIN census on children in need`,
		`\bdrops?\b`:              `drop +one delivery`,
		`\bextracts?\b`:           `extract +a file that a source system exported`,
		`\bagreements?\b`:         `agreement +the YAML file of one`,
		`\bstore\b`:               `store +the folder to which`,
		`\bregister\b`:            `register +the council's signed record`,
		`\bfindings?\b`:           `finding +a rule broken`,
		`\bmanifest\b`:            `manifest \(what it holds`,
		`Parquet`:                 `tables as Parquet files, which R, Python`,
		`\bsalts?\b`:              `salts +one secret per agreement`,
		`\bepochs?\b`:             `epoch \(the number of`,
		`\bSHA-256\b`:             `SHA-256, a number that any change changes`,
		`\bcollection year`:       `collection  what a return is about`,
		`\basset owner\b`:         `asset owner \(who answers for the data\)|like an asset owner may approve`,
		`\bpseudonym|\bHMAC\b`:    `no such word`,
		`\bMerkle\b`:              `no such word`,
		`\bcheckpoint`:            `signed state`,
		`\bledger\b|\bdictionary`: `no such word`,
		`\bquasi-|\bSSHSIG\b`:     `no such word`,
	}
	overview := helped(t, "--help")
	for _, words := range ownCommands() {
		text := helped(t, append(words, "--help")...)
		prose, _, _ := strings.Cut(text, "\nUsage:\n")
		for term, says := range explained {
			if regexp.MustCompile(`(?i)`+term).MatchString(prose) && !regexp.MustCompile(says).MatchString(text+overview) {
				t.Errorf("postern %s says %s and does not explain it", strings.Join(words, " "), term)
			}
		}
	}
}
