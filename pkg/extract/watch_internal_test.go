package extract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/postern-gateway/postern/pkg/finding"
)

// written writes a file and takes its digest.
func written(t testing.TB, content []byte) *Source {
	t.Helper()
	src := &Source{File: "a.csv", Path: filepath.Join(t.TempDir(), "a.csv")}
	if err := os.WriteFile(src.Path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := src.TakeDigest(); err != nil {
		t.Fatal(err)
	}
	return src
}

// noise is a file of no pattern.
func noise(size int) []byte {
	out := make([]byte, size)
	random := rand.NewChaCha8([32]byte{7})
	_, _ = random.Read(out) // it never fails
	return out
}

// same reports whether a source's Watched says that a content is the file, read in pieces of random sizes.
func same(t *testing.T, src *Source, content []byte) bool {
	t.Helper()
	w := src.Watch(iotest.OneByteReader(bytes.NewReader(content[:min(10, len(content))])))
	if _, err := io.Copy(io.Discard, w); err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(content[min(10, len(content)):])
	w.from = rest
	for rest.Len() > 0 {
		if _, err := w.Read(make([]byte, 1+rand.IntN(3*Block/2))); err != nil {
			t.Fatal(err)
		}
	}
	first := w.Same()
	return first && w.Same() // asked again, it says the same
}

func changed(err error) bool {
	var refusal *finding.Refusal
	return errors.As(err, &refusal) && refusal.Code == finding.SourceChanged
}

// A file is held against its digest block by block and as a whole, whatever its size.
func TestHolds(t *testing.T) {
	for _, size := range []int{0, 1, Block - 1, Block, Block + 1, 2*Block + 12345} {
		content := noise(size)
		src := written(t, content)
		if src.Size != int64(size) || src.SHA256 != sha256.Sum256(content) {
			t.Errorf("%d bytes: the digest is of %d others", size, src.Size)
		}
		blocks := slices.Collect(slices.Chunk(content, Block))
		for i, block := range blocks {
			if !src.Holds(int64(i), block) {
				t.Errorf("%d bytes: block %d is not what it is", size, i)
			}
			for _, at := range []int{0, len(block) / 2, len(block) - 1} {
				block[at] ^= 1
				if src.Holds(int64(i), block) || same(t, src, content) {
					t.Errorf("%d bytes: block %d is the same with byte %d changed", size, i, at)
				}
				block[at] ^= 1
			}
			if src.Holds(int64(i), block[:len(block)-1]) || src.Holds(int64(i), append(slices.Clip(block), 0)) || src.Holds(int64(i+1), block) || src.Holds(int64(i-1), block) {
				t.Errorf("%d bytes: block %d is the same shorter, longer or elsewhere", size, i)
			}
		}
		if !same(t, src, content) {
			t.Errorf("%d bytes: the file is not the same as itself", size)
		}
		for _, other := range [][]byte{append(slices.Clip(content), 'x'), append(slices.Clip(content), make([]byte, Block)...), content[:max(size-1, 0)], content[:max(size-Block, 0)]} {
			if len(other) != size && same(t, src, other) {
				t.Errorf("%d bytes are the same as %d", len(other), size)
			}
		}
	}
}

func TestNothingIsTheSameAsNoDigest(t *testing.T) {
	src := &Source{}
	if src.Holds(0, []byte("a")) || src.Holds(0, nil) || same(t, src, []byte("a")) || same(t, src, nil) {
		t.Error("a file of which no digest was taken is the same as something")
	}
}

// A reading that began before the digest was taken is held against it all the same, whichever comes first.
func TestReadingBesideTheDigest(t *testing.T) {
	content := noise(2*Block + 5)
	src := written(t, content)
	longer := append(slices.Clip(content), make([]byte, Block)...)
	other := slices.Clone(content)
	other[Block+9] ^= 1
	for name, c := range map[string]struct {
		read  func() bool
		right bool
	}{
		"the file":             {func() bool { return same(t, src, content) }, true},
		"one of its blocks":    {func() bool { return src.Holds(1, content[Block:2*Block]) }, true},
		"another file":         {func() bool { return same(t, src, other) }, false},
		"another block":        {func() bool { return src.Holds(1, other[Block:2*Block]) }, false},
		"a file with more":     {func() bool { return same(t, src, longer) }, false},
		"a block behind it":    {func() bool { return src.Holds(3, longer[3*Block:]) }, false},
		"a file cut off":       {func() bool { return same(t, src, content[:2*Block]) }, false},
		"nothing":              {func() bool { return same(t, src, nil) }, false},
		"a block cut off":      {func() bool { return src.Holds(2, content[2*Block:2*Block+4]) }, false},
		"the file, once again": {func() bool { return same(t, src, content) }, true},
	} {
		src.seen = newFingerprint()
		if !c.read() {
			t.Errorf("%s: refused though nothing was known yet", name)
		}
		if err := src.takeDigest(context.Background()); (err == nil) != c.right || err != nil && !changed(err) {
			t.Errorf("%s before the digest: %v", name, err)
		}
		src.seen = newFingerprint()
		if err := src.takeDigest(context.Background()); err != nil || c.read() != c.right {
			t.Errorf("%s after the digest: %v", name, err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := src.takeDigest(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a digest that nobody waits for: %v", err)
	}
}

func BenchmarkDigest(b *testing.B) {
	src := written(b, noise(16*Block))
	b.SetBytes(16 * Block)
	b.ReportAllocs()
	for b.Loop() {
		if err := src.TakeDigest(); err != nil {
			b.Fatal(err)
		}
	}
}

// What it costs to hold a block against what it was.
func BenchmarkHolds(b *testing.B) {
	content := noise(Block)
	src := written(b, content)
	b.SetBytes(Block)
	b.ReportAllocs()
	for b.Loop() {
		if !src.Holds(0, content) {
			b.Fatal(fmt.Errorf("changed"))
		}
	}
}

// What the file system said of a file's size when it was recognised holds for its digest too.
func TestDigestOfAFileThatGrew(t *testing.T) {
	src := &Source{File: "a.csv", Size: 4}
	taken := &Source{Size: 5, SHA256: sha256.Sum256([]byte("grown"))}
	if err := (&digest{of: taken, sources: []*Source{src}}).give(); !changed(err) {
		t.Errorf("%v", err)
	}
	src.Size = 5
	if err := (&digest{of: taken, sources: []*Source{src}}).give(); err != nil || src.SHA256 != taken.SHA256 {
		t.Errorf("%v, %x", err, src.SHA256)
	}
	failed := errors.New("failed")
	if err := (&digest{of: taken, sources: []*Source{src}, failed: failed}).give(); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
}
