package main

import (
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	openText  = regexp.MustCompile(`(?m)^( *)(title|meaning): # FILL IN:.*$`)
	feedsLine = regexp.MustCompile(`(?m)^    # (feeds:$|  )`)
)

// complete fills in what a drafted definition leaves to be said in words.
func complete(ts *testscript.TestScript, args []string) error {
	return rewriteIn(ts, args, openText, "$1$2: As somebody who knows the report has it")
}

// takeFeeds takes the feeds that a drafted definition suggests in comments.
func takeFeeds(ts *testscript.TestScript, args []string) error {
	return rewriteIn(ts, args, feedsLine, "    $1")
}

func rewriteIn(ts *testscript.TestScript, args []string, what *regexp.Regexp, with string) error {
	if len(args) != 1 {
		ts.Fatalf("usage: a file")
	}
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !what.Match(data) {
		ts.Fatalf("nothing in %s is to be rewritten", args[0])
	}
	return os.WriteFile(path, what.ReplaceAll(data, []byte(with)), 0o600)
}
