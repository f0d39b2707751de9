package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is a position in a source file: line and column from 1, the column counted in characters (code points).
type Place struct {
	Line, Column int
}

// Problem is one mistake in a file.
type Problem struct {
	File    string `json:"file"`
	Code    Code   `json:"code"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path,omitempty"` // known keys, joined by dots: "period.share_from"; "" for the whole file
	Message string `json:"message"`        // what is wrong; repeats nothing of the source
	Hint    string `json:"hint,omitempty"` // what to do about it
}

// String writes the problem on one line: "file:line:column: path: message". Where the code says
// more than the message, of how a file is written and of refusals, it stands before the path:
// "a.yaml:3:1: YAML_DUPLICATE_KEY: this key is there twice".
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if !p.Code.Shaped() && p.Code != BrokenRule && p.Code != "" {
		b.WriteString(string(p.Code) + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems are the mistakes of one file, by line and column. They are an error when there is at least one.
type Problems []Problem

// Error writes one problem per line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// NextStep says what to do: the hint of the first problem that has one.
func (p Problems) NextStep() string {
	for _, problem := range p {
		if problem.Hint != "" {
			return fmt.Sprintf("line %d: %s", problem.Line, problem.Hint)
		}
	}
	return ""
}

// maxProblems bounds what is reported of one file: a file of another kind altogether has one mistake per line.
const maxProblems = 200

// Log collects the problems of one file during the walk. It is not safe for concurrent use.
type Log struct {
	file     string
	problems Problems
	lines    map[int]bool // that have a problem
}

// NewLog makes a log for problems of a file that is not read by Parse.
func NewLog(file string) *Log { return &Log{file: file, lines: make(map[int]bool)} }

// Add records that a rule is broken. Neither message nor hint may repeat text of the source.
func (l *Log) Add(at Place, path, message, hint string) { l.fault(BrokenRule, at, path, message, hint) }

func (l *Log) fault(code Code, at Place, path, message, hint string) {
	l.lines[at.Line] = true
	l.problems = append(l.problems, Problem{
		File: l.file, Code: code, Line: at.Line, Column: at.Column, Path: path, Message: message, Hint: hint,
	})
}

// Empty reports whether nothing is wrong so far.
func (l *Log) Empty() bool { return len(l.problems) == 0 }

// Count is how many problems have been recorded so far: a walk that compares it before and after knows whether what it
// read in between may be used.
func (l *Log) Count() int { return len(l.problems) }

// onLine reports whether a line has a problem already: what else seems wrong there is often its consequence.
func (l *Log) onLine(line int) bool { return l.lines[line] }

// Problems returns what was recorded, by line and column, each problem once; nil when there is none. Of more than 200
// problems, the first 200 are returned and one that says so.
func (l *Log) Problems() Problems {
	if len(l.problems) == 0 {
		return nil
	}
	out := slices.Clone(l.problems)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Hint, b.Hint),
			cmp.Compare(a.Code, b.Code))
	})
	out = slices.Compact(out)
	if len(out) > maxProblems {
		next := out[maxProblems]
		out = append(out[:maxProblems:maxProblems], Problem{
			File: l.file, Code: TooMany, Line: next.Line, Column: next.Column,
			Message: "there are more problems from here on", Hint: "correct those above first",
		})
	}
	return out
}

// Err returns the problems as an error, nil when there are none.
func (l *Log) Err() error {
	if problems := l.Problems(); problems != nil {
		return problems
	}
	return nil
}
