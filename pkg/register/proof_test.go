package register

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/postern-gateway/postern/pkg/finding"
)

// history makes a log of n records and gives its checkpoints, from the empty one on.
func history(t testing.TB, n int) (*Log, []Checkpoint) {
	t.Helper()
	_, l := newLog(t, 0)
	all := []Checkpoint{l.Checkpoint()}
	for i := range n {
		add(t, l, entry(i))
		all = append(all, l.Checkpoint())
	}
	return l, all
}

func prove(t testing.TB, l *Log, index int64, previous *Checkpoint) *Proof {
	t.Helper()
	p, err := l.Proof(index, previous)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func format(t testing.TB, p *Proof) []byte {
	t.Helper()
	data, err := p.Format()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryRecordIsProvedAgainstEveryEarlierState(t *testing.T) {
	t.Parallel()
	_, l := newLog(t, 0)
	var all []Checkpoint
	for n := range 14 {
		all = append(all, l.Checkpoint())
		for index := range int64(n) {
			for i := range len(all) + 1 {
				var previous *Checkpoint
				if i < len(all) {
					previous = &all[i]
				}
				p := prove(t, l, index, previous)
				if err := p.Verify(councilKey.verify); err != nil {
					t.Fatalf("record %d of %d, previous %d: %v", index, n, i, err)
				}
				again, err := ParseProof(format(t, p))
				if err != nil {
					t.Fatalf("record %d of %d, previous %d: %v", index, n, i, err)
				}
				if err := again.Verify(councilKey.verify); err != nil || !reflect.DeepEqual(again.Record, p.Record) {
					t.Fatalf("record %d of %d, previous %d, read again: %v", index, n, i, err)
				}
			}
		}
		add(t, l, entry(n))
	}
}

func TestEveryChangedByteOfAProofIsNoticed(t *testing.T) {
	t.Parallel()
	l, all := history(t, 7)
	for name, p := range map[string]*Proof{
		"first":      prove(t, l, 4, nil),
		"next":       prove(t, l, 5, &all[3]),
		"from empty": prove(t, l, 6, &all[0]),
		"same state": prove(t, l, 0, &all[7]),
	} {
		data := format(t, p)
		for i := range data {
			for _, flip := range []byte{0x01, 0x20, 0xff} {
				changed := bytes.Clone(data)
				changed[i] ^= flip
				again, err := ParseProof(changed)
				if err == nil {
					err = again.Verify(councilKey.verify)
				}
				var proofError *ProofError
				if !errors.As(err, &proofError) || finding.HintOf(err) == "" {
					t.Fatalf("%s: byte %d, flipped %#x: %v", name, i, flip, err)
				}
			}
			if _, err := ParseProof(data[:i]); err == nil {
				t.Fatalf("%s: cut off at %d: accepted", name, i)
			}
		}
	}
}

// Parts exchanged for others that are sound by themselves: each is refused, and the part is named.
func TestProofsOfExchangedParts(t *testing.T) {
	l, all := history(t, 9)
	fork, forked := history(t, 4)
	for i := 20; i < 25; i++ {
		add(t, fork, entry(i))
		forked = append(forked, fork.Checkpoint())
	}
	if forked[4].Root != all[4].Root || forked[9].Root == all[9].Root {
		t.Fatal("the two logs do not share their first four records only")
	}
	for name, c := range map[string]struct {
		change func(p *Proof)
		want   Part
	}{
		"another key":           {func(p *Proof) { p.Checkpoint.Signature, _ = testKey(2).sign(p.Checkpoint.Text()) }, PartCheckpoint},
		"another root":          {func(p *Proof) { p.Checkpoint.Root = all[8].Root }, PartCheckpoint},
		"an earlier checkpoint": {func(p *Proof) { p.Checkpoint = all[8] }, PartInclusion},
		"another index":         {func(p *Proof) { p.Record.Index = 6 }, PartInclusion},
		"another salt":          {func(p *Proof) { p.Record.Salt[31] ^= 1 }, PartInclusion},
		"another time":          {func(p *Proof) { p.Record.Time = entry(8).Time }, PartInclusion},
		"another kind":          {func(p *Proof) { p.Record.Kind = "refusal" }, PartInclusion},
		"another body":          {func(p *Proof) { p.Record.Body = entry(8).Body }, PartInclusion},
		"a hash less":           {func(p *Proof) { p.Inclusion = p.Inclusion[1:] }, PartInclusion},
		"a hash more":           {func(p *Proof) { p.Inclusion = append(p.Inclusion, all[1].Root) }, PartInclusion},
		"a fork":                {func(p *Proof) { p.Previous = &forked[6] }, PartConsistency},
		"a fork of this size":   {func(p *Proof) { p.Previous, p.Consistency = &forked[9], nil }, PartConsistency},
		"a later state":         {func(p *Proof) { p.Checkpoint, p.Previous = all[9], later(t, l, 10) }, PartConsistency},
		"of another size":       {func(p *Proof) { p.Previous = &all[5] }, PartConsistency},
		"hashes from nothing":   {func(p *Proof) { p.Previous = &all[0] }, PartConsistency},
		"nothing with a root":   {func(p *Proof) { p.Previous, p.Consistency = signed(Checkpoint{Origin: origin, Root: all[3].Root}), nil }, PartConsistency},
		"no consistency":        {func(p *Proof) { p.Consistency = nil }, PartConsistency},
		"previous unsigned":     {func(p *Proof) { q := all[6]; q.Signature = all[5].Signature; p.Previous = &q }, PartPrevious},
		"another register":      {func(p *Proof) { p.Previous = signed(Checkpoint{Origin: "elsewhere", Size: 6, Root: all[6].Root}) }, PartPrevious},
		"outside":               {func(p *Proof) { p.Record.Index = 9 }, PartForm},
		"negative":              {func(p *Proof) { p.Record.Index = -1 }, PartForm},
		"previous left out":     {func(p *Proof) { p.Previous = nil }, PartForm},
		"a body of two lines":   {func(p *Proof) { p.Record.Body = json.RawMessage("{\n}") }, PartForm},
		"no signature":          {func(p *Proof) { p.Checkpoint.Signature = nil }, PartForm},
		"endless hashes":        {func(p *Proof) { p.Inclusion = make([]Hash, maxHashes+1) }, PartForm},
		"nothing at all":        {func(p *Proof) { *p = Proof{} }, PartForm},
	} {
		p := prove(t, l, 7, &all[6])
		if err := p.Verify(councilKey.verify); err != nil {
			t.Fatal(err)
		}
		c.change(p)
		var got *ProofError
		if err := p.Verify(councilKey.verify); !errors.As(err, &got) || got.Part != c.want || finding.HintOf(err) == "" {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}

	// The log itself refuses to prove that it continues another.
	var tamper *TamperError
	for _, c := range []Checkpoint{forked[6], forked[9], *later(t, l, 10)} {
		if _, err := l.Proof(7, &c); !errors.As(err, &tamper) {
			t.Errorf("a proof from a fork of %d records: %v", c.Size, err)
		}
	}
	if _, err := l.Proof(7, &forked[3]); err != nil {
		t.Errorf("a proof from the shared beginning: %v", err)
	}
	if _, err := l.Proof(9, nil); err == nil {
		t.Error("a proof of a record that is not there")
	}
}

// signed signs a checkpoint that no log made.
func signed(c Checkpoint) *Checkpoint {
	c.Signature, _ = councilKey.sign(c.Text()) // a test key does not fail
	return &c
}

func later(t *testing.T, l *Log, size int64) *Checkpoint {
	t.Helper()
	return signed(Checkpoint{Origin: origin, Size: size, Root: l.Checkpoint().Root})
}

// A fork proved honestly in its own terms, with hashes that the forger computes at will.
func TestAForkCannotProveThatItContinuesTheOther(t *testing.T) {
	l, all := history(t, 6)
	fork, _ := history(t, 4)
	for i := 30; i < 36; i++ {
		add(t, fork, entry(i))
	}
	p := prove(t, fork, 9, nil)
	p.Previous = &all[6]
	for _, source := range []*Log{l, fork} {
		var err error
		if p.Consistency, err = tlog.ProveTree(10, 6, fork.tree); err != nil {
			t.Fatal(err)
		}
		if own, err := tlog.ProveTree(6, 6, source.tree); err == nil {
			p.Consistency = append(p.Consistency, own...)
		}
		var got *ProofError
		if err := p.Verify(councilKey.verify); !errors.As(err, &got) || got.Part != PartConsistency {
			t.Errorf("got %v", err)
		}
	}
}

func TestAProofRevealsNothingOfOtherRecords(t *testing.T) {
	dir, l := newLog(t, 0)
	for i := range 8 {
		e := entry(i)
		e.Body = json.RawMessage(`{"canary":"` + strings.Repeat(string(rune('a'+i)), 12) + `"}`)
		add(t, l, e)
	}
	l = open(t, dir)
	early, err := View(dir, councilKey.verify)
	if err != nil {
		t.Fatal(err)
	}
	previous := early.Checkpoint()
	var records []Record
	for r, err := range l.Records() {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	for _, r := range records {
		text := string(format(t, prove(t, l, r.Index, &previous)))
		for _, other := range records {
			word := strings.Repeat(string(rune('a'+other.Index)), 12)
			salt := hex.EncodeToString(other.Salt[:])
			salt64 := base64.RawStdEncoding.EncodeToString(other.Salt[:])
			bare := tlog.RecordHash(appendEntry(nil, other.Entry)).String() // unsalted: could be guessed
			shown := strings.Contains(text, word) || strings.Contains(text, salt) || strings.Contains(text, salt64) || strings.Contains(text, bare)
			if shown != (other.Index == r.Index) {
				t.Errorf("the proof of record %d shows record %d: %v", r.Index, other.Index, shown)
			}
		}
	}
}

// A recipient needs nothing of Postern: another language, another algorithm (RFC 9162 section 2.1.3.2 and 2.1.4.2).
const pythonVerifier = `
import base64, hashlib, json, sys
p = json.load(open(sys.argv[1], encoding="utf-8"))
node = lambda l, r: hashlib.sha256(b"\x01" + l + r).digest()
def checkpoint(text):
    origin, size, root, rest = text.split("\n")
    assert rest == "" and origin == p["origin"]
    return int(size), base64.b64decode(root)
size, root = checkpoint(p["checkpoint"]["text"])
r = p["record"]
h = hashlib.sha256(b"\x00" + bytes.fromhex(r["salt"]) + r["entry"].encode()).digest()
fn, sn = r["index"], size - 1
for s in map(base64.b64decode, p["inclusion"]):
    assert sn > 0
    if fn & 1 or fn == sn:
        h = node(s, h)
        while not fn & 1 and fn: fn >>= 1; sn >>= 1
    else:
        h = node(h, s)
    fn >>= 1; sn >>= 1
assert sn == 0 and h == root, "inclusion"
q = p.get("previous")
if q:
    first, old = checkpoint(q["text"])
    path = [base64.b64decode(s) for s in q["consistency"]]
    if 0 < first < size:
        if first & (first - 1) == 0: path = [old] + path
        fn, sn = first - 1, size - 1
        while fn & 1: fn >>= 1; sn >>= 1
        fr = sr = path[0]
        for c in path[1:]:
            assert sn > 0
            if fn & 1 or fn == sn:
                fr, sr = node(c, fr), node(c, sr)
                while not fn & 1 and fn: fn >>= 1; sn >>= 1
            else:
                sr = node(sr, c)
            fn >>= 1; sn >>= 1
        assert sn == 0 and fr == old and sr == root, "consistency"
    else:
        assert path == [] and (first == 0 or old == root), "consistency"
print(json.loads(r["entry"])["body"]["number"])
`

func TestPythonVerifiesAProof(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not on this machine: the comparison with another implementation is not made")
	}
	l, all := history(t, 11)
	path := filepath.Join(t.TempDir(), "register.proof")
	run := func(p *Proof) (string, error) {
		if err := os.WriteFile(path, format(t, p), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "-c", pythonVerifier, path).CombinedOutput()
		return string(out), err
	}
	for _, c := range []struct{ index, previous int64 }{{0, 0}, {3, 8}, {10, 7}, {6, 5}, {8, 11}} {
		p := prove(t, l, c.index, &all[c.previous])
		out, err := run(p)
		var number int64
		if err != nil || json.Unmarshal([]byte(out), &number) != nil || number != c.index {
			t.Errorf("record %d, previous %d: %v: %s", c.index, c.previous, err, out)
		}
		p.Record.Salt[0] ^= 1
		if _, err := run(p); err == nil {
			t.Errorf("record %d: another salt is accepted", c.index)
		}
	}
}

func TestCheckpointIsReadAndWrittenInOneForm(t *testing.T) {
	_, all := history(t, 3)
	text := string(all[3].Format())
	if !strings.HasPrefix(text, origin+"\n3\n") {
		t.Errorf("written as %q", text)
	}
	c, err := ParseCheckpoint([]byte(text))
	if err != nil || !reflect.DeepEqual(c, all[3]) {
		t.Errorf("read as %+v, %v", c, err)
	}
	root := strings.Split(text, "\n")[2]
	for name, bad := range map[string]string{
		"nothing":         "",
		"no signature":    origin + "\n3\n" + root + "\n\n",
		"no empty line":   origin + "\n3\n" + root + "\nx\n",
		"a line more":     origin + "\n3\n" + root + "\nmore\n\nx\n",
		"leading zero":    origin + "\n03\n" + root + "\n\nx\n",
		"sign":            origin + "\n+3\n" + root + "\n\nx\n",
		"negative":        origin + "\n-3\n" + root + "\n\nx\n",
		"out of range":    origin + "\n9223372036854775807\n" + root + "\n\nx\n",
		"far too many":    origin + "\n1099511627777\n" + root + "\n\nx\n",
		"short root":      origin + "\n3\nAAAA\n\nx\n",
		"root in URL set": origin + "\n3\n" + strings.Repeat("_", 43) + "=\n\nx\n",
		"loose root":      origin + "\n3\n" + strings.Repeat("A", 42) + "B=\n\nx\n",
		"no origin":       "\n3\n" + root + "\n\nx\n",
		"CRLF":            strings.ReplaceAll(text, "\n", "\r\n"),
	} {
		if _, err := ParseCheckpoint([]byte(bad)); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseProof(f *testing.F) {
	l, all := history(f, 5)
	f.Add(format(f, prove(f, l, 3, nil)))
	f.Add(format(f, prove(f, l, 4, &all[2])))
	f.Add(format(f, prove(f, l, 0, &all[0])))
	f.Add(format(f, prove(f, l, 4, sign1(all[2]))))
	f.Add(format(f, &Proof{Checkpoint: *sign1(all[1]), Record: prove(f, l, 0, nil).Record, Previous: sign1(all[0])}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProof(data)
		if err != nil {
			return
		}
		if again, err := p.Format(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted %q, written again as %q, %v", data, again, err)
		}
		_ = p.Verify(councilKey.verify) // whatever it says, it returns
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	_, all := history(f, 2)
	f.Add(all[0].Format())
	f.Add(all[2].Format())
	f.Add(sign1(all[2]).Format())
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := ParseCheckpoint(data); err == nil && !bytes.Equal(c.Format(), data) {
			t.Errorf("accepted %q, written again as %q", data, c.Format())
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	for i := range 3 {
		l := newLine(Record{Index: int64(i), Salt: [32]byte{byte(i)}, Entry: entry(i)})
		f.Add(l.append(nil))
		f.Add(l.erased().append(nil))
		l.signature = anySignature
		f.Add(l.append(nil))
		f.Add(l.erased().append(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLine(data)
		if err != nil {
			return
		}
		if again := l.append(nil); !bytes.Equal(again, data) || l.bare != (l.Body == nil) {
			t.Errorf("accepted %q, written again as %q", data, again)
		}
		if l.bare {
			return
		}
		if e, err := parseEntry(appendEntry(nil, l.Entry)); err != nil || !reflect.DeepEqual(e, l.Entry) || newLine(l.Record).leaf != l.leaf {
			t.Errorf("the entry of %q: %v", data, err)
		}
	})
}
