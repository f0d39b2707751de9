package register

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestAppendAndOpenAgain(t *testing.T) {
	dir, l := newLog(t, 0)
	var want []Record
	for i := range 20 {
		if i%3 == 0 {
			l = open(t, dir)
		}
		want = append(want, add(t, l, entry(i)))
	}
	l = open(t, dir)
	var got []Record
	for r, err := range l.Records() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("records read are not the records added:\n%v\n%v", got, want)
	}
	for i, w := range want {
		if w.Index != int64(i) || !reflect.DeepEqual(w.Entry, entry(i)) || w.Salt == [32]byte{} {
			t.Errorf("record %d is %+v", i, w)
		}
		r, err := l.Record(int64(i))
		if err != nil || !reflect.DeepEqual(r, w) {
			t.Errorf("Record(%d) = %v, %v", i, r, err)
		}
		for _, earlier := range want[:i] {
			if earlier.Salt == w.Salt {
				t.Errorf("records %d and %d share a salt", earlier.Index, i)
			}
		}
	}
	for _, i := range []int64{-1, 20} {
		if _, err := l.Record(i); err == nil || finding.HintOf(err) == "" {
			t.Errorf("Record(%d): %v", i, err)
		}
	}
	count := 0
	for r, err := range l.Find("prepared") {
		if err != nil || r.Kind != "prepared" || r.Index%3 != 1 {
			t.Errorf("found %v, %v", r, err)
		}
		count++
	}
	if count != 7 {
		t.Errorf("found %d of 7", count)
	}
	for range l.Find("never") {
		t.Error("found what is not there")
	}
	s, err := Verify(dir, councilKey.verify)
	if c := l.Checkpoint(); err != nil || s != (Summary{Origin: origin, Size: 20, Root: c.Root}) || c.Size != 20 || c.Origin != origin {
		t.Errorf("Verify: %+v, %v", s, err)
	}
}

func TestAnEmptyRegister(t *testing.T) {
	dir, l := newLog(t, 0)
	for _, l := range []*Log{l, open(t, dir)} {
		for range l.Records() {
			t.Error("a record")
		}
		// SHA-256 of nothing.
		if c := l.Checkpoint(); c.Size != 0 || c.Root.String() != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
			t.Errorf("checkpoint %+v", c)
		}
	}
}

func TestCreateMakesPrivateFilesAndNeverOverwrites(t *testing.T) {
	dir, _ := newLog(t, 1)
	if runtime.GOOS != "windows" {
		for path, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, filepath.Join(dir, recordsFile): 0o600, filepath.Join(dir, checkpointFile): 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				t.Errorf("%s: mode %v, %v", filepath.Base(path), info.Mode(), err)
			}
		}
	}
	whole := snapshot(t, dir)
	for name, f := range map[string]files{
		"whole":         whole,
		"no records":    whole.without(recordsFile),
		"no checkpoint": whole.without(checkpointFile),
		"pending only":  {pendingFile: "x"},
	} {
		f.lay(t, dir)
		if _, err := Create(dir, origin, councilKey.sign); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		if !snapshot(t, dir).equal(f) {
			t.Errorf("%s: changed", name)
		}
	}
	// What an interrupted Create leaves is no register, and can be made one.
	for name, f := range map[string]files{"nothing": {}, "half": {recordsFile: ""}, "rests": {recordsFile: "", checkpointFile + newEnding: "x"}} {
		f.lay(t, dir)
		if _, err := Open(dir, councilKey.verify); !errors.Is(err, fs.ErrNotExist) || finding.HintOf(err) == "" {
			t.Errorf("%s: Open: %v", name, err)
		}
		if _, err := Create(dir, origin, councilKey.sign); err != nil {
			t.Errorf("%s: Create: %v", name, err)
		}
		open(t, dir)
	}
	for _, bad := range []string{"", "a b", "a+b", "a\nb", "é", strings.Repeat("a", maxOrigin+1)} {
		if _, err := Create(filepath.Join(t.TempDir(), "r"), bad, councilKey.sign); err == nil {
			t.Errorf("origin %q accepted", bad)
		}
	}
}

func TestAppendKeepsOneFormOfAnEntry(t *testing.T) {
	_, l := newLog(t, 0)
	r := add(t, l, Entry{Kind: "refusal", Time: time.Date(2026, 7, 1, 1, 2, 3, 999, time.FixedZone("BST", 3600)),
		Body: json.RawMessage(" {\n \"a\" : [ 1 , \"<b>\u2028\" ] } ")})
	if got := string(appendEntry(nil, r.Entry)); got != "{\"time\":\"2026-07-01T00:02:03Z\",\"kind\":\"refusal\",\"body\":{\"a\":[1,\"<b>\u2028\"]}}" {
		t.Errorf("kept as %s", got)
	}
	full := `"` + strings.Repeat("x", MaxBody-2) + `"`
	add(t, l, Entry{Kind: strings.Repeat("k", maxKind), Time: at0, Body: json.RawMessage(full)})

	const canary = "canary"
	for name, e := range map[string]Entry{
		"no kind":           {Time: at0, Body: json.RawMessage(`{}`)},
		"capital":           {Kind: "Canary", Time: at0, Body: json.RawMessage(`{}`)},
		"hyphen first":      {Kind: "-canary", Time: at0, Body: json.RawMessage(`{}`)},
		"digit":             {Kind: "canary1", Time: at0, Body: json.RawMessage(`{}`)},
		"quote":             {Kind: `canary"`, Time: at0, Body: json.RawMessage(`{}`)},
		"kind too long":     {Kind: strings.Repeat("k", maxKind+1), Time: at0, Body: json.RawMessage(`{}`)},
		"no time":           {Kind: "k", Body: json.RawMessage(`{}`)},
		"far future":        {Kind: "k", Time: at0.AddDate(9000, 0, 0), Body: json.RawMessage(`{}`)},
		"no body":           {Kind: "k", Time: at0},
		"erased":            {Kind: KindErased, Time: at0, Body: json.RawMessage(`{}`)},
		"not JSON":          {Kind: "k", Time: at0, Body: json.RawMessage(`{canary}`)},
		"two values":        {Kind: "k", Time: at0, Body: json.RawMessage(`"canary" 1`)},
		"not UTF-8":         {Kind: "k", Time: at0, Body: json.RawMessage("\"canary\xff\"")},
		"one byte too long": {Kind: "k", Time: at0, Body: json.RawMessage(full[:len(full)-1] + `x"`)},
	} {
		if _, err := l.Append(e, councilKey.sign); err == nil || finding.HintOf(err) == "" || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l.Checkpoint().Size != 2 {
		t.Error("a refused entry was added")
	}
}

var at0 = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func TestAppendThatCannotBeSigned(t *testing.T) {
	dir, _ := newLog(t, 2)
	before := snapshot(t, dir)
	l := open(t, dir)
	for name, sign := range map[string]Signer{
		"no key":        func([]byte) ([]byte, error) { return nil, errors.New("no key") },
		"another key":   testKey(2).sign,
		"nothing":       func([]byte) ([]byte, error) { return nil, nil },
		"no line end":   func([]byte) ([]byte, error) { return []byte("x"), nil },
		"version 1":     councilKey.sign1,
		"not text":      func([]byte) ([]byte, error) { return []byte("\x00\n"), nil },
		"far too large": func([]byte) ([]byte, error) { return []byte(strings.Repeat("x\n", MaxSignature)), nil },
	} {
		if _, err := l.Append(entry(2), sign); err == nil {
			t.Errorf("%s: added", name)
		}
		if !snapshot(t, dir).equal(before) {
			t.Errorf("%s: the folder changed", name)
		}
	}
	add(t, l, entry(2)) // and the log can still be used
	open(t, dir)
}

func TestAppendWithoutRandomness(t *testing.T) {
	dir, l := newLog(t, 1)
	before := snapshot(t, dir)
	l.random = strings.NewReader("too short")
	if _, err := l.Append(entry(1), councilKey.sign); err == nil || !snapshot(t, dir).equal(before) {
		t.Errorf("added without a whole salt: %v", err)
	}
}

func TestAppendRefusesAFolderThatChanged(t *testing.T) {
	dir, _ := newLog(t, 2)
	first, second := open(t, dir), open(t, dir)
	add(t, first, entry(2))
	var tamper *TamperError
	if _, err := second.Append(entry(3), councilKey.sign); !errors.As(err, &tamper) {
		t.Errorf("a second writer: %v", err)
	}
	if got := open(t, dir).Checkpoint().Size; got != 3 {
		t.Errorf("%d records", got)
	}
	// Reading notices too.
	forged := forge(Record{Index: 1, Entry: entry(7)}, lineOf(t, first, 1).signature)
	f := snapshot(t, dir)
	f.with(recordsFile, strings.Replace(f[recordsFile], "happened <1>", "happened <7>", 1)).lay(t, dir)
	if _, err := first.Record(1); !errors.As(err, &tamper) || tamper.Index != 1 || !strings.Contains(err.Error(), "leaf hash") {
		t.Errorf("a changed record is read: %v", err)
	}
	lines := strings.SplitAfter(f[recordsFile], "\n")
	f.with(recordsFile, lines[0]+forged+lines[2]).lay(t, dir)
	var last error
	n := 0
	for _, err := range first.Records() {
		last = err
		n++
	}
	if !errors.As(last, &tamper) || tamper.Index != 1 || n != 2 {
		t.Errorf("a forged record is read: %v after %d", last, n)
	}
}

func TestViewReadsAndChangesNothing(t *testing.T) {
	dir, _ := newLog(t, 3)
	l, err := View(dir, councilKey.verify)
	if err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	if _, err := l.Append(entry(3), councilKey.sign); err == nil || finding.HintOf(err) == "" {
		t.Errorf("Append: %v", err)
	}
	if r, err := l.Record(2); err != nil || r.Index != 2 {
		t.Errorf("Record: %v, %v", r, err)
	}
	if !snapshot(t, dir).equal(before) {
		t.Error("the folder changed")
	}
}

func TestExtends(t *testing.T) {
	dir, l := newLog(t, 0)
	earlier := []Checkpoint{l.Checkpoint()}
	old := map[int64]files{}
	for i := range 9 {
		old[int64(i)] = snapshot(t, dir)
		add(t, l, entry(i))
		earlier = append(earlier, l.Checkpoint())
	}
	for _, c := range earlier {
		if err := l.Extends(c); err != nil {
			t.Errorf("its own checkpoint of %d: %v", c.Size, err)
		}
	}
	var tamper *TamperError
	for size, f := range old {
		f.lay(t, dir)
		back := open(t, dir) // sound in its time
		for _, c := range earlier {
			err := back.Extends(c)
			if late := c.Size > size; errors.As(err, &tamper) != late || late && tamper.Index != size {
				t.Errorf("put back to %d, checkpoint of %d: %v", size, c.Size, err)
			}
		}
	}
	for name, c := range map[string]Checkpoint{
		"another origin": {Origin: "elsewhere", Size: 1, Root: earlier[1].Root},
		"another root":   {Origin: origin, Size: 4, Root: earlier[5].Root},
		"no root":        {Origin: origin},
		"negative":       {Origin: origin, Size: -1},
	} {
		if err := l.Extends(c); !errors.As(err, &tamper) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
