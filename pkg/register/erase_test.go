package register

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

const why = "it said more than it had to"

func erase(t testing.TB, l *Log, index int64, keep ...string) Record {
	t.Helper()
	r, err := l.Erase(index, keep, why, at0, councilKey.sign)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestErase(t *testing.T) {
	dir, l := newLog(t, 6)
	gone, proved := lineOf(t, l, 3), prove(t, l, 3, nil)
	earlier := l.Checkpoint()
	r := erase(t, l, 3, "number", "never")
	e, err := ParseErasure(r.Body)
	want := Erasure{Index: 3, Time: entry(3).Time, Kind: entry(3).Kind, Reason: why, Kept: json.RawMessage(`{"number":3}`)}
	if err != nil || !reflect.DeepEqual(e, want) || r.Kind != KindErased || r.Index != 6 {
		t.Errorf("recorded as %+v, %v", r, err)
	}
	viewed, err := View(dir, councilKey.verify)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Log{l, open(t, dir), viewed} {
		got, err := l.Record(3)
		if err != nil || !got.Erased || string(got.Body) != `{"number":3}` || got.Kind != entry(3).Kind || !got.Time.Equal(entry(3).Time) || got.Salt != [32]byte{} {
			t.Errorf("read as %+v, %v", got, err)
		}
		n := 0
		for r, err := range l.Records() {
			if err != nil || r.Erased != (r.Index == 3) {
				t.Errorf("%+v, %v", r, err)
			}
			n++
		}
		if n != 7 {
			t.Errorf("%d records", n)
		}
		if err := l.Extends(earlier); err != nil {
			t.Error(err)
		}
		if _, err := l.Proof(3, nil); err == nil || finding.HintOf(err) == "" || !strings.Contains(err.Error(), "erased") {
			t.Errorf("a proof of what was erased: %v", err)
		}
		if err := prove(t, l, 4, &earlier).Verify(councilKey.verify); err != nil {
			t.Error(err)
		}
	}
	if err := proved.Verify(councilKey.verify); err != nil {
		t.Errorf("the proof from before: %v", err)
	}
	for name, text := range snapshot(t, dir) {
		if strings.Contains(text, "happened <3>") || strings.Contains(text, string(gone.append(nil)[60:150])) {
			t.Errorf("file %s still has it", name)
		}
	}
	if s, err := Verify(dir, councilKey.verify); err != nil || s.Erased != 1 || s.Unfinished || s.Size != 7 {
		t.Errorf("%+v, %v", s, err)
	}
	// All goes on, in the log that erased and in one that reads it.
	add(t, l, entry(7))
	l = open(t, dir)
	erase(t, l, 0)
	erase(t, l, 7)
	add(t, l, entry(8))
	l = open(t, dir)
	if r, err := l.Record(7); err != nil || string(r.Body) != "{}" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := l.VerifyRecords(); err != nil {
		t.Error(err)
	}
	if l.Checkpoint().Size != 11 {
		t.Errorf("%d records", l.Checkpoint().Size)
	}
}

func TestEraseRefuses(t *testing.T) {
	dir, l := newLog(t, 2)
	erase(t, l, 0)
	before := snapshot(t, dir)
	for _, index := range []int64{-1, 0, 2, 3} {
		if _, err := l.Erase(index, nil, why, at0, councilKey.sign); err == nil || finding.HintOf(err) == "" {
			t.Errorf("record %d: %v", index, err)
		}
	}
	for _, reason := range []string{"", "two\nlines", "a\x00", "\xff", strings.Repeat("x", MaxReason+1)} {
		if _, err := l.Erase(1, nil, reason, at0, councilKey.sign); err == nil || finding.HintOf(err) == "" {
			t.Errorf("reason %q: %v", reason, err)
		}
	}
	if _, err := open(t, dir).Erase(1, nil, why, at0, testKey(2).sign); err == nil {
		t.Error("erased with another key")
	}
	view, err := View(dir, councilKey.verify)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := view.Erase(1, nil, why, at0, councilKey.sign); err == nil {
		t.Error("erased in a log that was opened for reading")
	}
	if !snapshot(t, dir).equal(before) {
		t.Error("the folder changed")
	}
}

// What only looks like an erasure.
func TestABodyThatWasTakenAwayIsNoticed(t *testing.T) {
	t.Parallel()
	dir, l := newLog(t, 4)
	whole, lines := snapshot(t, dir), allLines(t, l)
	erase(t, l, 1, "number")
	erased := snapshot(t, dir)
	after := allLines(t, l)
	for i := range lines {
		changed := slices.Clone(lines)
		changed[i] = changed[i].erased()
		refusedAt(t, dir, whole.with(recordsFile, write(changed)), int64(i), "taken away")
		changed = slices.Clone(after)
		if changed[i].bare {
			changed[i].Kind = "other"
			refusedAt(t, dir, erased.with(recordsFile, write(changed)), int64(i), "erased, another kind")
			changed[i] = after[i]
			changed[i].Time = at0
			refusedAt(t, dir, erased.with(recordsFile, write(changed)), int64(i), "erased, another time")
			changed[i] = after[i]
			changed[i].leaf[0] ^= 1
			refusedAt(t, dir, erased.with(recordsFile, write(changed)), int64(i), "erased, another leaf")
			continue
		}
		changed[i] = changed[i].erased()
		refusedAt(t, dir, erased.with(recordsFile, write(changed)), int64(i), "another than was erased")
	}
	changed := slices.Clone(after)
	changed[4] = changed[4].erased()
	refusedAt(t, dir, erased.with(recordsFile, write(changed)), 4, "the erasure itself")
	for i := range erased[recordsFile] {
		if n := strings.Count(erased[recordsFile][:i], "\n"); n != 1 && n != 4 {
			continue // as TestEveryChangedByteIsNoticed has it
		}
		data := []byte(erased[recordsFile])
		data[i] ^= 0x01
		refusedAt(t, dir, erased.with(recordsFile, string(data)), int64(strings.Count(erased[recordsFile][:i], "\n")), "one byte")
	}
}

// The register key itself says that something was erased, and what it says cannot be.
func TestAnErasureThatNamesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		e     Erasure
		index int64
	}{
		"itself":       {Erasure{Index: 3, Time: at0, Kind: "decision", Reason: why, Kept: []byte("{}")}, 3},
		"a later one":  {Erasure{Index: 4, Time: at0, Kind: "decision", Reason: why, Kept: []byte("{}")}, 3},
		"another kind": {Erasure{Index: 1, Time: entry(1).Time, Kind: "decision", Reason: why, Kept: []byte("{}")}, 3},
		"another time": {Erasure{Index: 1, Time: at0, Kind: entry(1).Kind, Reason: why, Kept: []byte("{}")}, 3},
		"an erasure":   {Erasure{Index: 1, Time: at0, Kind: KindErased, Reason: why, Kept: []byte("{}")}, 3},
		"no reason":    {Erasure{Index: 1, Time: entry(1).Time, Kind: entry(1).Kind, Kept: []byte("{}")}, 3},
		"no object":    {Erasure{Index: 1, Time: entry(1).Time, Kind: entry(1).Kind, Reason: why, Kept: []byte("1")}, 3},
	} {
		dir, l := newLog(t, 3)
		body, err := c.e.encode()
		if err != nil {
			t.Fatal(err)
		}
		before := snapshot(t, dir)
		if _, err := l.add(Entry{Kind: KindErased, Time: at0, Body: body}, councilKey.sign); err != nil {
			t.Fatal(err)
		}
		refusedAt(t, dir, snapshot(t, dir), c.index, name)
		p := &pending{line: lineOf(t, l, 3), checkpoint: l.Checkpoint()}
		p.text = p.line.append(nil)
		refusedAt(t, dir, before.with(pendingFile, string(p.format())), Unknown, name+", pending")
	}
	dir, l := newLog(t, 3)
	r := erase(t, l, 1)
	if _, err := l.add(r.Entry, councilKey.sign); err != nil {
		t.Fatal(err)
	}
	refusedAt(t, dir, snapshot(t, dir), 4, "twice")
}

// Every state that a crash can leave while a record is erased.
func TestACrashWhileErasingIsFinishedOrUndone(t *testing.T) {
	t.Parallel()
	dir, l := newLog(t, 4)
	before := snapshot(t, dir)
	erase(t, l, 2, "number")
	after := snapshot(t, dir)
	last := lineOf(t, l, 4)
	p := &pending{line: last, checkpoint: l.Checkpoint()}
	p.text = last.append(nil)
	between := after.with(recordsFile, before[recordsFile]+string(p.text)) // the erasure is recorded, and not carried out
	becomes := func(what string, state, want files, said bool) {
		t.Helper()
		state.lay(t, dir)
		s, err := Verify(dir, councilKey.verify)
		if _, waiting := state[pendingFile]; err != nil || s.Unfinished != (waiting || said && state[recordsFile] != after[recordsFile]) {
			t.Errorf("%s: Verify: %+v, %v", what, s, err)
		}
		view, err := View(dir, councilKey.verify)
		if err != nil {
			t.Fatalf("%s: View: %v", what, err)
		}
		if r, err := view.Record(2); err != nil || r.Erased != said || strings.Contains(string(r.Body), "happened") == said {
			t.Errorf("%s: read as %+v, %v", what, r, err)
		}
		if !snapshot(t, dir).equal(state) {
			t.Errorf("%s: reading changed the folder", what)
		}
		l, err := Open(dir, councilKey.verify)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !snapshot(t, dir).equal(want) {
			t.Errorf("%s: not finished or undone", what)
		}
		add(t, l, entry(9))
		if err := open(t, dir).VerifyRecords(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	becomes("writing pending", before.with(pendingFile+newEnding, string(p.format()[:100])), before, false)
	becomes("pending written", before.with(pendingFile, string(p.format())), after, false)
	becomes("appending", before.with(pendingFile, string(p.format())).with(recordsFile, between[recordsFile][:len(between[recordsFile])-9]), after, false)
	becomes("appended", before.with(pendingFile, string(p.format())).with(recordsFile, between[recordsFile]), after, false)
	becomes("checkpoint written", between.with(pendingFile, string(p.format())), after, true)
	becomes("recorded", between, after, true)
	for i := 0; i <= len(after[recordsFile]); i += 100 {
		becomes("writing the records again", between.with(recordsFile+newEnding, after[recordsFile][:i]), after, true)
	}
	becomes("done", after, after, true)
}

// A disk that fails between the two steps.
func TestEraseThatCannotBeWritten(t *testing.T) {
	dir, l := newLog(t, 3)
	block := filepath.Join(dir, recordsFile+newEnding)
	if err := os.MkdirAll(filepath.Join(block, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	var tamper *TamperError
	if _, err := l.Erase(1, nil, why, at0, councilKey.sign); err == nil || errors.As(err, &tamper) {
		t.Fatalf("got %v", err)
	}
	if _, err := l.Append(entry(3), councilKey.sign); err == nil {
		t.Error("a log that failed half-way took another entry")
	}
	if err := os.RemoveAll(block); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if r, err := l.Record(1); err != nil || !r.Erased || l.Checkpoint().Size != 4 || len(allLines(t, l)) != 4 || !lineOf(t, l, 1).bare {
		t.Errorf("not finished: %+v, %v", r, err)
	}
}

func FuzzParseErasure(f *testing.F) {
	for _, kept := range []string{`{}`, `{"a":1,"b":{"c":"<é>"}}`} {
		body, err := Erasure{Index: 3, Time: at0, Kind: "refused", Reason: why, Kept: []byte(kept)}.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseErasure(data)
		if err != nil {
			return
		}
		if again, err := e.encode(); err != nil || string(again) != string(data) {
			t.Errorf("accepted %q, written again as %q, %v", data, again, err)
		}
	})
}
