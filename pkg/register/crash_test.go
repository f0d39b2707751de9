package register

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// interrupted gives the folder of a log of n records before and after one more is added, and what is pending between.
func interrupted(t *testing.T, n int) (before, after files, p *pending) {
	t.Helper()
	dir, l := newLog(t, n)
	before = snapshot(t, dir)
	r := add(t, l, entry(n))
	after = snapshot(t, dir)
	p = &pending{line: lineOf(t, l, r.Index), checkpoint: l.Checkpoint()}
	p.text = p.line.append(nil)
	return before, after, p
}

// Every state that a crash can leave, in the order of Append's steps.
func TestACrashAtEveryStepIsFinishedOrUndone(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 3} {
		before, after, p := interrupted(t, n)
		dir := filepath.Join(t.TempDir(), "register")
		waiting, line := string(p.format()), string(p.text)
		becomes := func(what string, state, want files) *Log {
			t.Helper()
			state.lay(t, dir)
			s, err := Verify(dir, councilKey.verify)
			if _, is := state[pendingFile]; err != nil || s.Unfinished != is {
				t.Errorf("%d records, %s: Verify: %+v, %v", n, what, s, err)
			}
			view, err := View(dir, councilKey.verify)
			if err != nil {
				t.Fatalf("%d records, %s: View: %v", n, what, err)
			}
			for _, err := range view.Records() {
				if err != nil {
					t.Errorf("%d records, %s: %v", n, what, err)
				}
			}
			if !snapshot(t, dir).equal(state) {
				t.Errorf("%d records, %s: reading changed the folder", n, what)
			}
			l, err := Open(dir, councilKey.verify)
			if err != nil {
				t.Fatalf("%d records, %s: %v", n, what, err)
			}
			if !snapshot(t, dir).equal(want) {
				t.Errorf("%d records, %s: not finished or undone", n, what)
			}
			return l
		}
		goesOn := func(l *Log) {
			t.Helper()
			add(t, l, entry(9))
			open(t, dir)
		}
		goesOn(becomes("nothing written", before, before))
		for i := range len(waiting) + 1 {
			if i%16 == 0 || i == len(waiting) {
				becomes("writing pending", before.with(pendingFile+newEnding, waiting[:i]), before)
			}
		}
		goesOn(becomes("pending written beside", before.with(pendingFile+newEnding, waiting), before))
		state := before.with(pendingFile, waiting)
		goesOn(becomes("pending written", state, after))
		for i := range len(line) + 1 {
			if n < 3 && i%8 > 0 && i < len(line)-2 {
				continue // every byte once is enough: each is a file that is made durable
			}
			becomes("appending", state.with(recordsFile, before[recordsFile]+line[:i]), after)
			if i%16 == 0 {
				room := strings.Repeat("\x00", len(line)-i)
				goesOn(becomes("appending, room made", state.with(recordsFile, before[recordsFile]+line[:i]+room), after))
			}
		}
		state = state.with(recordsFile, after[recordsFile])
		for i := range len(after[checkpointFile]) + 1 {
			if i%16 == 0 {
				becomes("writing checkpoint", state.with(checkpointFile+newEnding, after[checkpointFile][:i]), after)
			}
		}
		goesOn(becomes("checkpoint written", state.with(checkpointFile, after[checkpointFile]), after))
		goesOn(becomes("pending removed", after, after))
	}
}

// What cannot be written leaves the log as it was, or finishes at the next Open.
func TestAppendThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		blocked string // a folder in the place of this file stops the step
		added   bool   // the record exists
	}{
		{pendingFile + newEnding, false},
		{checkpointFile + newEnding, true},
	} {
		t.Run(c.blocked, func(t *testing.T) {
			dir, _ := newLog(t, 2)
			before := snapshot(t, dir)
			l := open(t, dir)
			block := filepath.Join(dir, c.blocked)
			if err := os.MkdirAll(filepath.Join(block, "inside"), 0o700); err != nil {
				t.Fatal(err)
			}
			_, err := l.Append(entry(2), councilKey.sign)
			if err == nil {
				t.Fatal("added")
			}
			var tamper *TamperError
			if errors.As(err, &tamper) {
				t.Errorf("a full disk is no tampering: %v", err)
			}
			if err := os.RemoveAll(block); err != nil {
				t.Fatal(err)
			}
			if !c.added {
				if !snapshot(t, dir).equal(before) {
					t.Error("the folder changed")
				}
				add(t, l, entry(2))
				return
			}
			if _, err := l.Append(entry(3), councilKey.sign); err == nil || errors.As(err, &tamper) {
				t.Errorf("a log that failed half-way is asked for another entry: %v", err)
			}
			l = open(t, dir)
			if r, err := l.Record(2); l.Checkpoint().Size != 3 || err != nil || r.Kind != entry(2).Kind {
				t.Errorf("the record is not there: %v", err)
			}
		})
	}
}

const appendForever = "POSTERN_TEST_APPEND_FOREVER"

// TestKilledWhileAppending kills a process that appends and erases without end: whatever it said was recorded must be
// there, and whatever it said was erased must be gone.
func TestKilledWhileAppending(t *testing.T) {
	if dir := os.Getenv(appendForever); dir != "" {
		l := open(t, dir)
		for {
			r := add(t, l, entry(0))
			os.Stdout.WriteString(strconv.FormatInt(r.Index, 10) + "\n")
			if r.Index%2 == 1 {
				r = erase(t, l, r.Index, "number")
				os.Stdout.WriteString(strconv.FormatInt(r.Index, 10) + "\n")
			}
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("the register is written on Linux and macOS only")
	}
	dir, _ := newLog(t, 0)
	said := int64(0) // records
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileAppending$")
		cmd.Env = append(os.Environ(), appendForever+"="+dir)
		cmd.Stderr = &bytes.Buffer{}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			index, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil || index < said {
				t.Fatalf("the process said %q after %d: %v", lines.Text(), said, cmd.Stderr)
			}
			said = index + 1
			if n == 3+2*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		l := open(t, dir)
		if got := l.Checkpoint().Size; got < said || got > said+1 {
			t.Fatalf("%d records are there, %d were said to be", got, said)
		}
		if err := l.VerifyRecords(); err != nil {
			t.Fatal(err)
		}
		for _, r := range allLines(t, l) {
			if r.Kind != KindErased {
				continue
			}
			if e, err := ParseErasure(r.Body); err != nil || !lineOf(t, l, e.Index).bare {
				t.Fatalf("record %d is said to be erased, and is there: %v", e.Index, err)
			}
		}
	}
}
