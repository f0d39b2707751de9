package register

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// bigLog lays a folder of n records without making each durable.
func bigLog(b *testing.B, n int64) string {
	b.Helper()
	dir := b.TempDir()
	var lines []byte
	var grown tree
	for i := range n {
		l := newLine(Record{Index: i, Salt: [32]byte{byte(i), byte(i >> 8)}, Entry: entry(int(i % 60))})
		var err error
		if grown, err = grown.grow(i, l.leaf); err != nil {
			b.Fatal(err)
		}
		// Open looks at the form of all signatures but the last only.
		if l.signature = anySignature; i == n-1 {
			root, err := tlog.TreeHash(n, grown)
			if err != nil {
				b.Fatal(err)
			}
			l.signature, _ = cutNote(origin, signed(Checkpoint{Origin: origin, Size: n, Root: root}).Signature)
		}
		lines = l.append(lines)
	}
	root, err := tlog.TreeHash(n, grown)
	if err != nil {
		b.Fatal(err)
	}
	c := signed(Checkpoint{Origin: origin, Size: n, Root: root})
	for name, data := range map[string][]byte{recordsFile: lines, checkpointFile: c.Format()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// anySignature has the form of one.
var anySignature = base64.StdEncoding.EncodeToString(make([]byte, noteSignatureBytes))

func BenchmarkOpen(b *testing.B) {
	const n = 10_000
	dir := bigLog(b, n)
	b.ReportAllocs()
	for b.Loop() {
		open(b, dir)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}

func BenchmarkAppend(b *testing.B) {
	l := open(b, bigLog(b, 10_000))
	b.ReportAllocs()
	for b.Loop() {
		add(b, l, entry(0))
	}
}

func BenchmarkProof(b *testing.B) {
	l := open(b, bigLog(b, 10_000))
	previous, err := tlog.TreeHash(9_000, l.tree)
	if err != nil {
		b.Fatal(err)
	}
	earlier := signed(Checkpoint{Origin: origin, Size: 9_000, Root: previous})
	b.ReportAllocs()
	for b.Loop() {
		p := prove(b, l, 9_999, earlier)
		if err := p.Verify(councilKey.verify); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyRecords(b *testing.B) {
	const n = 200
	dir, _ := newLog(b, n)
	l := open(b, dir)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.VerifyRecords(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}
