package register

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// allLines gives every line of the file.
func allLines(t testing.TB, l *Log) []line {
	t.Helper()
	var out []line
	for i := range l.Checkpoint().Size {
		out = append(out, lineOf(t, l, i))
	}
	return out
}

// write writes lines as one would who knows the form: numbered through, with leaf hashes computed anew.
func write(lines []line) string {
	var b []byte
	for i, l := range lines {
		l.Index = int64(i)
		if !l.bare {
			l.leaf = newLine(l.Record).leaf
		}
		b = l.append(b)
	}
	return string(b)
}

// Every change to the history by one who has no key and does all else: the first bad record is named.
func TestTheFirstBadRecordIsNamed(t *testing.T) {
	t.Parallel()
	dir, l := newLog(t, 7)
	f, lines := snapshot(t, dir), allLines(t, l)
	if write(lines) != f[recordsFile] {
		t.Fatal("what is written unchanged is not what was there")
	}
	try := func(index int64, what string, change func(lines []line) []line) {
		t.Helper()
		changed := write(change(slices.Clone(lines)))
		if changed == f[recordsFile] {
			t.Fatalf("%s: nothing changed", what)
		}
		refusedAt(t, dir, f.with(recordsFile, changed), index, what)
	}
	for i := range lines {
		at := int64(i)
		try(at, "body edited", func(l []line) []line { l[i].Body = []byte(`{"number":99}`); return l })
		try(at, "time edited", func(l []line) []line { l[i].Time = l[i].Time.AddDate(0, 0, 1); return l })
		try(at, "kind edited", func(l []line) []line { l[i].Kind = "other"; return l })
		try(at, "salt edited", func(l []line) []line { l[i].Salt[0] ^= 1; return l })
		try(at, "signature exchanged", func(l []line) []line { l[i].signature = l[(i+1)%7].signature; return l })
		try(at, "taken out", func(l []line) []line { return slices.Delete(l, i, i+1) })
		try(at, "cut off from here", func(l []line) []line { return l[:i] })
		try(at+1, "put in twice", func(l []line) []line { return slices.Insert(l, i, l[i]) })
		try(at, "put in", func(l []line) []line {
			forged := l[i]
			forged.Entry = entry(40)
			return slices.Insert(l, i, forged)
		})
		for j := range i {
			try(int64(j), "exchanged", func(l []line) []line { l[i], l[j] = l[j], l[i]; return l })
			try(int64(j), "exchanged but for the signatures", func(l []line) []line {
				l[i], l[j] = l[j], l[i]
				l[i].signature, l[j].signature = l[j].signature, l[i].signature
				return l
			})
			try(int64(j), "salts exchanged", func(l []line) []line { l[i].Salt, l[j].Salt = l[j].Salt, l[i].Salt; return l })
			try(int64(j), "two edited", func(l []line) []line { l[i].Kind, l[j].Kind = "other", "other"; return l })
			// The later one tells of itself; the earlier one is named.
			refusedAt(t, dir, f.with(recordsFile, func() string {
				l := slices.Clone(lines)
				l[j].Kind = "other"
				text := strings.SplitAfter(write(l), "\n")
				text[i] = strings.Replace(text[i], `"salt":"`, `"salt":"x`, 1)
				return strings.Join(text, "")
			}()), int64(j), "one edited, a later one damaged")
		}
	}
}

// Each line has the signed checkpoint of its time, so whoever can write can cut the register back to any of them. It is
// then sound, as is an old copy, and every later checkpoint tells.
func TestCutBackToASoundStateIsNoticedByALaterCheckpoint(t *testing.T) {
	dir, l := newLog(t, 5)
	f, lines, last := snapshot(t, dir), allLines(t, l), l.Checkpoint()
	for n := 1; n < 5; n++ {
		root, err := tlog.TreeHash(int64(n), l.tree)
		if err != nil {
			t.Fatal(err)
		}
		c := Checkpoint{Origin: origin, Size: int64(n), Root: root, Signature: noteLine(origin, lines[n-1].signature)}
		f.with(recordsFile, write(lines[:n])).with(checkpointFile, string(c.Format())).lay(t, dir)
		back := open(t, dir)
		var tamper *TamperError
		if err := back.Extends(last); !errors.As(err, &tamper) || tamper.Index != int64(n) {
			t.Errorf("cut back to %d: %v", n, err)
		}
	}
}

// A key that signed two histories: each is sound, and the other's checkpoint tells.
func TestAForkByTheKeyItself(t *testing.T) {
	dir, l := newLog(t, 3)
	f := snapshot(t, dir)
	add(t, l, entry(3))
	mine, whole := l.Checkpoint(), snapshot(t, dir)
	f.lay(t, dir)
	fork := open(t, dir)
	add(t, fork, entry(4))
	var tamper *TamperError
	if err := fork.Extends(mine); !errors.As(err, &tamper) {
		t.Errorf("Extends: %v", err)
	}
	other := fork.Checkpoint()
	// And its checkpoint beside the records of the other.
	refusedAt(t, dir, whole.with(checkpointFile, string(other.Format())), Unknown, "a checkpoint of the fork")
}

func TestVerifyRecords(t *testing.T) {
	dir, l := newLog(t, 3)
	if err := l.VerifyRecords(); err == nil {
		t.Error("verified without a verifier")
	}
	if err := open(t, dir).VerifyRecords(); err != nil {
		t.Error(err)
	}
	f, lines := snapshot(t, dir), allLines(t, l)
	lines[1].signature = anySignature
	f.with(recordsFile, write(lines)).lay(t, dir)
	changed := open(t, dir) // the checkpoint covers all that it says
	var tamper *TamperError
	if err := changed.VerifyRecords(); !errors.As(err, &tamper) || tamper.Index != 1 {
		t.Errorf("got %v", err)
	}
}
