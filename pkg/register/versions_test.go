package register

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// version1 lays a register of n records as version 1 wrote it, and gives its folder and its files.
func version1(t *testing.T, n int) (string, files) {
	t.Helper()
	var b []byte
	var grown tree
	for i := range int64(n) {
		l := newLine(Record{Index: i, Salt: [32]byte{byte(i + 1)}, Entry: entry(int(i))})
		b = l.append(b)
		var err error
		if grown, err = grown.grow(i, l.leaf); err != nil {
			t.Fatal(err)
		}
	}
	root, err := tlog.TreeHash(int64(n), grown)
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{Origin: origin, Size: int64(n), Root: root}
	c.Signature, _ = councilKey.sign1(c.Text()) // a test key does not fail
	dir := filepath.Join(t.TempDir(), "register")
	f := files{recordsFile: string(b), checkpointFile: string(c.Format())}
	f.lay(t, dir)
	return dir, f
}

func TestARegisterOfVersion1IsContinued(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		dir, f := version1(t, n)
		old := open(t, dir)
		first := old.Checkpoint()
		if !snapshot(t, dir).equal(f) {
			t.Fatal("reading changed it")
		}
		var was *Proof
		if n > 0 {
			was = prove(t, old, 0, nil)
		}
		if was != nil && !strings.Contains(string(format(t, was)), `"postern-register-proof/v1"`) {
			t.Error("a proof under a checkpoint of version 1 is not one of version 1")
		}
		for i := n; i < n+3; i++ {
			add(t, old, entry(i))
			old = open(t, dir)
		}
		records := snapshot(t, dir)[recordsFile]
		if !strings.HasPrefix(records, f[recordsFile]) || strings.Count(records, "\n"+version2)+strings.Count(records[:7], version2) != 3 {
			t.Errorf("%d records: continued as %s", n, records)
		}
		for i := range n + 3 {
			if r, err := old.Record(int64(i)); err != nil || !reflect.DeepEqual(r.Entry, entry(i)) {
				t.Errorf("record %d: %+v, %v", i, r, err)
			}
			p := prove(t, old, int64(i), &first)
			again, err := ParseProof(format(t, p))
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Verify(councilKey.verify); err != nil || !strings.Contains(string(format(t, again)), `"postern-register-proof/v2"`) {
				t.Errorf("the proof of record %d, from a checkpoint of version 1: %v", i, err)
			}
			now := p.Checkpoint
			p.Checkpoint, p.Previous, p.Consistency, p.Record.Index = first, &now, nil, 0
			p.Checkpoint.Size++ // counts the record, in a register of none too
			if _, err := p.Format(); err == nil {
				t.Error("version 1 continues version 2")
			}
		}
		if was != nil {
			if err := was.Verify(councilKey.verify); err != nil {
				t.Error(err)
			}
		}
		if _, err := Verify(dir, councilKey.verify); err != nil {
			t.Error(err)
		}
	}
}

func TestVersion1AfterVersion2IsRefused(t *testing.T) {
	dir, _ := version1(t, 2)
	l := open(t, dir)
	for i := 2; i < 5; i++ {
		add(t, l, entry(i))
	}
	f, lines := snapshot(t, dir), allLines(t, l)
	for i := 3; i < 5; i++ {
		changed := append([]line{}, lines...)
		changed[i].signature = ""
		refusedAt(t, dir, f.with(recordsFile, write(changed)), int64(i), "as version 1")
	}
	// What is wrong with a record of version 1 shows in the first that carries a signature; which it was, nobody can tell.
	for i := range lines {
		changed := append([]line{}, lines...)
		changed[i].Kind = "other"
		index := int64(i)
		if i <= 2 {
			index = Unknown
		}
		refusedAt(t, dir, f.with(recordsFile, write(changed)), index, "forged")
		if i < 2 {
			damaged := strings.Replace(f[recordsFile], entry(i).Kind, "other", 1)
			refusedAt(t, dir, f.with(recordsFile, damaged), int64(i), "edited")
		}
	}
}

func TestVersion1IsErasedAndFinished(t *testing.T) {
	dir, f := version1(t, 3)
	l := open(t, dir)
	erase(t, l, 1, "number")
	if r, err := open(t, dir).Record(1); err != nil || !r.Erased || string(r.Body) != `{"number":1}` {
		t.Errorf("%+v, %v", r, err)
	}
	if line := strings.SplitAfter(snapshot(t, dir)[recordsFile], "\n")[1]; !strings.HasPrefix(line, `{"v":2,"index":1,`) || strings.Contains(line, "signature") {
		t.Errorf("erased as %s", line)
	}
	if _, err := Verify(dir, councilKey.verify); err != nil {
		t.Error(err)
	}
	// A record that version 1 began is finished in version 1.
	p := &pending{line: newLine(Record{Index: 3, Salt: [32]byte{9}, Entry: entry(3)})}
	p.text = p.line.append(nil)
	f.lay(t, dir)
	root, err := open(t, dir).rootWith(p.line.leaf)
	if err != nil {
		t.Fatal(err)
	}
	p.checkpoint = Checkpoint{Origin: origin, Size: 4, Root: root}
	p.checkpoint.Signature, _ = councilKey.sign1(p.checkpoint.Text()) // a test key does not fail
	f.with(pendingFile, string(p.format())).lay(t, dir)
	l = open(t, dir)
	if c := l.Checkpoint(); c.Size != 4 || IsNote(c.Signature) {
		t.Errorf("finished as %+v", c)
	}
	add(t, l, entry(4))
	open(t, dir)
	// And not after version 2.
	dir2, l2 := newLog(t, 3)
	q := &pending{line: newLine(Record{Index: 3, Entry: entry(3)})}
	q.text = q.line.append(nil)
	if root, err = l2.rootWith(q.line.leaf); err != nil {
		t.Fatal(err)
	}
	q.checkpoint = Checkpoint{Origin: origin, Size: 4, Root: root}
	q.checkpoint.Signature, _ = councilKey.sign1(q.checkpoint.Text()) // a test key does not fail
	refusedAt(t, dir2, snapshot(t, dir2).with(pendingFile, string(q.format())), Unknown, "version 1 after version 2")
}

func TestParseKept(t *testing.T) {
	l, all := history(t, 5)
	old := all[2]
	old.Signature, _ = councilKey.sign1(old.Text()) // a test key does not fail
	for name, data := range map[string][]byte{
		"a note":       all[2].Format(),
		"version 1":    old.Format(),
		"a proof":      format(t, prove(t, l, 3, &all[1])),
		"an old proof": format(t, &Proof{Checkpoint: *sign1(all[1]), Record: prove(t, l, 0, nil).Record, Inclusion: []Hash{}}),
	} {
		c, err := ParseKept(data, councilKey.verify)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := l.Extends(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ParseKept(data, testKey(2).verify); !errors.Is(err, errNotSigned) {
			t.Errorf("%s, another key: %v", name, err)
		}
		for i := range data {
			changed := append([]byte{}, data...)
			changed[i] ^= 1
			if _, err := ParseKept(changed, councilKey.verify); err == nil {
				t.Errorf("%s: byte %d changed: accepted", name, i)
			}
		}
	}
}

func sign1(c Checkpoint) *Checkpoint {
	c.Signature, _ = councilKey.sign1(c.Text()) // a test key does not fail
	return &c
}
