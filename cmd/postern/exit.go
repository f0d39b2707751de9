package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

// The exit codes: the one table from errors to codes.
const (
	exitDone        = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitRefused     = 3
	exitExtract     = 4
	exitStore       = 5
	exitNotVerified = 6
	exitKey         = 7
	exitInterrupted = 130
)

// exitCodes is the table as help shows it.
const exitCodes = `Exit codes:
    0  done (also: nothing changed)
    1  unexpected failure
    2  usage or configuration
    3  refused: the gate said no, and says why with a stable code
    4  an extract is invalid
    5  the store failed; safe to run again
    6  verification failed
    7  a key is unavailable
  130  interrupted`

// errNotVerified ends a verification that failed: the report has said why.
var errNotVerified = errors.New("the drop is not verified")

// damaged is a file that is not what a drop has.
type damaged struct{ err error }

func (d damaged) Error() string        { return d.err.Error() }
func (d damaged) Unwrap() error        { return d.err }
func (d damaged) Is(target error) bool { return target == errNotVerified }

// reported is an error of which the JSON document on standard output has told already.
type reported struct{ err error }

func (r reported) Error() string { return r.err.Error() }
func (r reported) Unwrap() error { return r.err }

// usageError is a mistake in the command line or in the files that set the gate up.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }

func usage(hint, format string, args ...any) error {
	return usageError{finding.WithHint(fmt.Errorf(format, args...), hint)}
}

// exitCode is the code of an error. A refusal counts before a failure that came with it.
func exitCode(ctx context.Context, err error) int {
	var (
		refusal  *finding.Refusal
		problems document.Problems
		mistake  usageError
		absent   export.NotSetUp
		invalid  *extract.Invalid
		failure  *store.Error
		key      *custody.KeyError
		tampered *register.TamperError
	)
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &refusal):
		return exitRefused
	case errors.As(err, &problems), errors.As(err, &mistake), errors.As(err, &absent):
		return exitUsage
	case errors.As(err, &invalid):
		return exitExtract
	case errors.As(err, &key), errors.Is(err, state.ErrSaltReused), errors.Is(err, state.ErrSaltChanged):
		return exitKey
	case errors.Is(err, errNotVerified), errors.As(err, &tampered):
		return exitNotVerified
	case errors.As(err, &failure), errors.Is(err, store.ErrTaken), errors.Is(err, state.ErrLocked):
		return exitStore
	default:
		return exitUnexpected
	}
}

// complain writes an error as people read it: what is wrong, then what to do. It repeats nothing of an extract.
func complain(ctx context.Context, w io.Writer, err error) {
	var b strings.Builder
	var problems document.Problems
	var invalid *extract.Invalid
	switch {
	case ctx.Err() != nil:
		b.WriteString("postern: error: interrupted\npostern: hint: run the same command again; it finishes or abandons what was begun\n")
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintf(&b, "postern: error: %s\n", p)
			if p.Hint != "" {
				fmt.Fprintf(&b, "postern: hint: %s\n", p.Hint)
			}
		}
	case errors.As(err, &invalid):
		for _, f := range invalid.Findings {
			fmt.Fprintf(&b, "postern: error: %s: %s: %s\n", f.Rule, f.Place, f.Message)
			if f.Hint != "" {
				fmt.Fprintf(&b, "postern: hint: %s\n", f.Hint)
			}
		}
	default:
		fmt.Fprintf(&b, "postern: error: %s\n", strings.ReplaceAll(err.Error(), "\n", "\npostern: error: "))
		fmt.Fprintf(&b, "postern: hint: %s\n", nextStep(err))
		// Whatever else refused the run, so that all of it can be put right at once.
		var shut *export.Shut
		if errors.As(err, &shut) {
			for _, r := range shut.Refusals[1:] {
				fmt.Fprintf(&b, "postern: error: %s\npostern: hint: %s\n", r, r.Hint)
			}
		}
	}
	_, _ = io.WriteString(w, b.String()) // there is nowhere left to say that it failed
}

// nextStep is what to do about an error: its own hint, or what can be said of any.
func nextStep(err error) string {
	hint := finding.HintOf(err)
	switch {
	case hint != "":
		return hint
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return "make room on that disk, then run the same command again; it finishes or abandons what was begun"
	case errors.Is(err, fs.ErrPermission):
		return "see that the account that runs postern may read and write there, then run the same command again"
	default:
		return "run the same command again; if it fails again, tell who looks after postern here: the message holds no data"
	}
}

// failureJSON is an error as a machine reads it, on standard output under --json.
type failureJSON struct {
	Error    string             `json:"error"`
	Hint     string             `json:"hint,omitempty"`
	Code     string             `json:"code,omitempty"` // of a refusal
	Exit     int                `json:"exit"`
	Problems []document.Problem `json:"problems,omitempty"`
	Findings []finding.Finding  `json:"findings,omitempty"`
	Refusals []*finding.Refusal `json:"refusals,omitempty"` // all that refused a run, the first among them
}

func complainJSON(w io.Writer, err error, code int) {
	out := failureJSON{Error: err.Error(), Hint: nextStep(err), Exit: code}
	var refusal *finding.Refusal
	if errors.As(err, &refusal) {
		out.Code = string(refusal.Code)
	}
	var shut *export.Shut
	if errors.As(err, &shut) {
		out.Refusals = shut.Refusals
	}
	var problems document.Problems
	if errors.As(err, &problems) {
		out.Problems = problems
	}
	var invalid *extract.Invalid
	if errors.As(err, &invalid) {
		out.Findings = invalid.Findings
	}
	_ = writeJSON(w, out) // there is nowhere left to say that it failed
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
