package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

func TestExitCode(t *testing.T) {
	refusal := finding.Refuse(finding.AgreementExpired, "hint", "it ended")
	problems := document.Problems{{File: "a.yaml", Line: 1, Column: 2, Message: "wrong"}}
	invalid := extract.Stop("RULE", finding.Place{File: "a.csv"}, "wrong", "hint")
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, 0},
		{"anything", errors.New("no"), 1},
		{"disk full", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, 1},
		{"usage", usage("hint", "wrong"), 2},
		{"problems", problems, 2},
		{"not set up", export.NotSetUp{}, 2},
		{"refusal", refusal, 3},
		{"refusal before usage", usageError{refusal}, 3},
		{"extract", invalid, 4},
		{"store", &store.Error{Op: store.OpPut, Err: syscall.ENOSPC}, 5},
		{"taken", fmt.Errorf("publish: %w", store.ErrTaken), 5},
		{"locked", fmt.Errorf("state: %w", state.ErrLocked), 5},
		{"not verified", reported{errNotVerified}, 6},
		{"damaged", damaged{errors.New("no Parquet file")}, 6},
		{"register", &register.TamperError{Index: 3, Reason: "it is missing"}, 6},
		{"key", &custody.KeyError{What: "master key", Reason: "it is not there"}, 7},
		{"salt used twice", fmt.Errorf("state: %w", state.ErrSaltReused), 7},
		{"salt changed", fmt.Errorf("state: %w", state.ErrSaltChanged), 7},
	} {
		for _, err := range []error{c.err, wrapped(c.err), errors.Join(c.err, closing(c.err))} {
			if got := exitCode(context.Background(), err); got != c.want {
				t.Errorf("%s: %v: exit code %d, want %d", c.name, err, got, c.want)
			}
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if got := exitCode(ended, c.err); c.err != nil && got != exitInterrupted {
			t.Errorf("%s, interrupted: exit code %d", c.name, got)
		}
	}
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("while exporting: %w", err)
}

// closing is what may come with an error: a failure to clear up. It does not change the exit code.
func closing(err error) error {
	if err == nil {
		return nil
	}
	return fs.ErrClosed
}

// Every error is told with what to do next, on lines that scripts can rely on; and as one JSON document.
func TestComplain(t *testing.T) {
	for _, err := range []error{
		errors.New("no"), io.ErrUnexpectedEOF, &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, fs.ErrPermission,
		usage("do it otherwise", "wrong"), finding.Refuse(finding.AgreementExpired, "agree anew", "it ended"),
		extract.Stop("RULE", finding.Place{File: "a.csv"}, "wrong", "mend it"), errors.Join(errors.New("one"), errors.New("two")),
		document.Problems{{File: "a.yaml", Line: 1, Column: 2, Message: "wrong", Hint: "write it"}}, &store.Error{Op: store.OpPut, Err: fs.ErrClosed},
	} {
		var text, document bytes.Buffer
		complain(context.Background(), &text, err)
		hints := 0
		for line := range strings.Lines(text.String()) {
			if !strings.HasPrefix(line, "postern: error: ") && !strings.HasPrefix(line, "postern: hint: ") {
				t.Errorf("%v: a line is neither error nor hint: %q", err, line)
			}
			if hint, isHint := strings.CutPrefix(line, "postern: hint: "); isHint && strings.TrimSpace(hint) != "" {
				hints++
			}
		}
		if hints != 1 {
			t.Errorf("%v: %d hints:\n%s", err, hints, text.String())
		}
		complainJSON(&document, err, 1)
		var told struct {
			Error, Hint string
			Exit        int
		}
		if err := json.Unmarshal(document.Bytes(), &told); err != nil || told.Error == "" || told.Hint == "" || told.Exit != 1 {
			t.Errorf("as JSON: %v, %s", err, document.String())
		}
	}
}

// While another run is at work, a second one does nothing but say so, and may be tried again. A suspension does not wait:
// decisions.txtar shows that.
func TestLocked(t *testing.T) {
	dir := prepareCouncils(t)[signedCouncil]
	folder, err := state.Open(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := folder.Lock()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC) }
	config, agreement := filepath.Join(dir, "postern.yaml"), filepath.Join(dir, "agreements", exampleAgreement)
	for _, args := range [][]string{
		{"export", agreement}, {"agreement", "sign", agreement, "--decision", "terminate", "--reason", "r", "--key", filepath.Join(dir, "people", "sam")},
	} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), append([]string{"--config", config}, args...), nil, &stdout, &stderr, now)
		if code != exitStore || stdout.Len() > 0 || !strings.Contains(stderr.String(), "another run is using this state folder\n"+
			"postern: hint: wait until it has ended, then run the same command again\n") {
			t.Errorf("postern %s: exit %d, %s%s", args[0], code, stdout.String(), stderr.String())
		}
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "drops")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there are drops: %v", err)
	}

	// And one that is interrupted ends with 130, having published nothing.
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := run(ended, []string{"--config", config, "export", agreement}, nil, &stdout, &stderr, now); code != exitInterrupted ||
		!strings.HasSuffix(stderr.String(), "postern: error: interrupted\npostern: hint: run the same command again; it finishes or abandons what was begun\n") {
		t.Errorf("interrupted: exit %d, %s", code, stderr.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "drops")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there are drops after an interruption: %v", err)
	}
}
