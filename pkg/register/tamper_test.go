package register

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	dir, _ := newLog(t, 3)
	f := snapshot(t, dir)
	if len(f) != 2 {
		t.Fatalf("files: %v", f)
	}
	for name, data := range f {
		for i := range len(data) {
			index := int64(Unknown)
			if name == recordsFile {
				index = int64(strings.Count(data[:i], "\n"))
			}
			for _, flip := range []byte{0x01, 0x20} {
				changed := []byte(data)
				changed[i] ^= flip
				refusedAt(t, dir, f.with(name, string(changed)), index, name)
			}
		}
	}
}

func TestRecordsRemovedMovedAndCut(t *testing.T) {
	t.Parallel()
	dir, l := newLog(t, 5)
	f := snapshot(t, dir)
	extra := forge(Record{Index: 5, Entry: entry(5)}, lineOf(t, l, 4).signature)
	lines := strings.SplitAfter(strings.TrimSuffix(f[recordsFile], "\n"), "\n")
	lines[4] += "\n"
	try := func(index int64, what string, lines ...string) {
		t.Helper()
		refusedAt(t, dir, f.with(recordsFile, strings.Join(lines, "")), index, what)
	}
	splice := func(i int, with ...string) []string {
		out := append([]string{}, lines[:i]...)
		return append(append(out, with...), lines[i+1:]...)
	}
	for i, line := range lines {
		at := int64(i)
		try(at, "removed", splice(i)...)
		try(at+1, "repeated", splice(i, line, line)...)
		try(at, "cut off at the end", splice(i, line[:len(line)-2]+"\n")...)
		try(at, "cut off at the beginning", splice(i, line[1:])...)
		try(at, "without its line end", splice(i, line[:len(line)-1])...)
		try(at, "an empty line before", splice(i, "\n", line)...)
		try(at, "a space before", splice(i, " "+line)...)
		try(at, "a carriage return", splice(i, strings.TrimSuffix(line, "\n")+"\r\n")...)
		try(at, "version 3", splice(i, strings.Replace(line, `"v":2`, `"v":3`, 1))...)
		try(at, "no version", splice(i, strings.Replace(line, `"v":2,`, ``, 1))...)
		if i > 0 { // the first ones may be of version 1
			try(at, "version 1", splice(i, asVersion1(t, line))...)
		}
		try(at, "members in another order", splice(i, strings.Replace(line, `"index":`, `"extra":1,"index":`, 1))...)
		try(at, "endless", splice(i, strings.Repeat("x", maxLine+2)+"\n")...)
		for j := range i {
			swapped := append([]string{}, lines...)
			swapped[i], swapped[j] = lines[j], lines[i]
			try(int64(j), "swapped", swapped...)
		}
		try(at, "cut from here on", lines[:i]...)
	}
	try(5, "one record more", append(lines, extra)...)
	try(5, "an empty line more", append(lines, "\n")...)
	try(5, "zeroes after the end", append(lines, "\x00\x00")...)
	refusedAt(t, dir, f.without(recordsFile), 0, "no records file")
	refusedAt(t, dir, f.without(checkpointFile), Unknown, "no checkpoint")
	refusedAt(t, dir, f.with(checkpointFile, ""), Unknown, "an empty checkpoint")
	refusedAt(t, dir, f.with(checkpointFile, strings.Repeat("x", maxSmallFile+1)), Unknown, "an endless checkpoint")
	refusedAt(t, dir, f.with(pendingFile, ""), Unknown, "an empty pending file")
}

// asVersion1 gives a line without what version 2 brought. What is hashed is the same.
func asVersion1(t *testing.T, text string) string {
	t.Helper()
	l, err := parseLine([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l.signature = ""
	return string(l.append(nil))
}

// A change by one who knows the form: the line is sound by itself, and the hash over all says no.
func TestAForgedRecordIsNoticed(t *testing.T) {
	dir, l := newLog(t, 5)
	f := snapshot(t, dir)
	var records []Record
	for r, err := range l.Records() {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	for _, r := range records {
		signature := lineOf(t, l, r.Index).signature
		line := forge(r, signature)
		r.Entry = entry(50)
		changed := strings.Replace(f[recordsFile], line, forge(r, signature), 1)
		refusedAt(t, dir, f.with(recordsFile, changed), r.Index, "forged")
		f.lay(t, dir) // for the next line to be read
	}
	// And one who also has a key, but not the register's.
	c := l.Checkpoint()
	c.Root = tlog.RecordHash([]byte("another history"))
	var err error
	if c.Signature, err = testKey(2).sign(c.Text()); err != nil {
		t.Fatal(err)
	}
	refusedAt(t, dir, f.with(checkpointFile, string(c.Format())), Unknown, "another key")
	f.lay(t, dir)
	if _, err := Open(dir, testKey(2).verify); !errors.Is(err, errNotSigned) {
		t.Errorf("verified with another key: %v", err)
	}
}

func TestAChangedPendingFileIsNoticed(t *testing.T) {
	t.Parallel()
	before, after, p := interrupted(t, 3)
	dir := filepath.Join(t.TempDir(), "register")
	waiting := p.format()
	for i := range waiting {
		changed := bytes.Clone(waiting)
		changed[i] ^= 0x01
		refusedAt(t, dir, before.with(pendingFile, string(changed)), Unknown, "pending before")
		changed[i] ^= 0x21
		refusedAt(t, dir, after.with(pendingFile, string(changed)), Unknown, "pending after")
		refusedAt(t, dir, before.with(pendingFile, string(waiting[:i])), Unknown, "pending cut off")
	}
	refusedAt(t, dir, before.with(pendingFile, string(waiting)+"\n"), Unknown, "pending with more")

	// Sound, and signed, and not the next record of this log.
	_, _, other := interrupted(t, 1)
	refusedAt(t, dir, before.with(pendingFile, string(other.format())), Unknown, "an old pending file")
	_, _, other = interrupted(t, 4)
	refusedAt(t, dir, before.with(pendingFile, string(other.format())), Unknown, "a later pending file")
	mixed := &pending{text: other.text, checkpoint: p.checkpoint}
	refusedAt(t, dir, before.with(pendingFile, string(mixed.format())), Unknown, "record and checkpoint of two")
	forged := forge(Record{Index: 3, Entry: entry(7)}, p.line.signature)
	refusedAt(t, dir, after.with(pendingFile, forged+after[checkpointFile]), Unknown, "another record than the last")
	refusedAt(t, dir, after.with(pendingFile, string(waiting)).with(recordsFile, after[recordsFile]+string(p.text[:9])), Unknown, "more after the last record")

	// What follows the records is not what is pending.
	line := string(p.text)
	for what, tail := range map[string]string{
		"another byte":     "X" + line[1:],
		"another end":      line[:len(line)-3] + "X}\n",
		"one byte more":    line + "X",
		"a zero inside":    line[:5] + "\x00" + line[6:],
		"zeroes too long":  line + "\x00",
		"text after zeros": "\x00\x00X",
	} {
		refusedAt(t, dir, before.with(pendingFile, string(waiting)).with(recordsFile, before[recordsFile]+tail), 3, what)
	}
}

func TestErrorsSayWhereAndWhatNext(t *testing.T) {
	for _, c := range []struct {
		err        error
		text, hint string
	}{
		{&TamperError{Index: 7, Reason: "it is missing"}, "the register is not as it was written: record 7: it is missing", "export nothing"},
		{&TamperError{Index: Unknown, Reason: "no"}, "the register is not as it was written: no", "export nothing"},
		{&TamperError{Index: Unknown, Reason: "no", Err: errNotSigned}, "the register is not as it was written: no: not signed by the register key", "see that the register is verified"},
		{&ProofError{PartInclusion, errForm}, "register proof: inclusion: not in its one form", "do not use the drop"},
		{&ProofError{PartCheckpoint, errNotSigned}, "register proof: checkpoint: not signed by the register key", "allowed signers"},
		{&ProofError{PartCheckpoint, finding.WithHint(errNotSigned, "ask")}, "register proof: checkpoint: not signed by the register key", "ask"},
		{&ProofError{PartForm, errForm}, "register proof: form: not in its one form", "fetch the proof again"},
	} {
		if c.err.Error() != c.text || !strings.Contains(finding.HintOf(c.err), c.hint) {
			t.Errorf("%q, hint %q", c.err, finding.HintOf(c.err))
		}
	}
	dir, _ := newLog(t, 1)
	if _, err := Verify(dir, testKey(2).verify); !errors.Is(err, errNotSigned) {
		t.Errorf("the verifier's error is lost: %v", err)
	}
	l, _ := history(t, 1)
	if err := prove(t, l, 0, nil).Verify(testKey(2).verify); !errors.Is(err, errNotSigned) {
		t.Errorf("the verifier's error is lost: %v", err)
	}
}
