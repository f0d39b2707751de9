package extract

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"sync"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Block is how many bytes of a file are held together against what was recognised: blocks lie one behind the other from
// the file's beginning, and only the last is shorter.
const Block = 1 << 20

// fingerprint tells a file's bytes from any other, within one process: a hash for each block, with a seed that nobody
// outside knows. A file is read several times, some of them in pieces, and SHA-256, which the records need once, would
// cost as much each time as all the rest.
//
// The readings that tell a file's year may go on while its digest is taken. Whoever comes to a block first, notes it; all
// others are held against that. It is safe for concurrent use.
type fingerprint struct {
	seed maphash.Seed

	mu     sync.Mutex
	blocks []noted
	whole  bool // no block is missing, and there is none behind them
}

type noted struct {
	sum uint64
	has bool
}

func newFingerprint() *fingerprint { return &fingerprint{seed: maphash.MakeSeed()} }

// holds reports whether a block is what it was for all others who came to it.
func (f *fingerprint) holds(block int64, sum uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case block < 0 || f.whole && block >= int64(len(f.blocks)):
		return false
	case block >= int64(len(f.blocks)):
		f.blocks = append(f.blocks, make([]noted, block+1-int64(len(f.blocks)))...)
	}
	if !f.blocks[block].has {
		f.blocks[block] = noted{sum, true}
	}
	return f.blocks[block].sum == sum
}

// ends reports whether the file has so many blocks, for all who came to its end.
func (f *fingerprint) ends(blocks int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.whole && blocks >= int64(len(f.blocks)) {
		f.whole = true
		f.blocks = append(f.blocks, make([]noted, blocks-int64(len(f.blocks)))...)
	}
	return f.whole && blocks == int64(len(f.blocks))
}

// TakeDigest reads the file at Path once, and notes its SHA-256, its size, and what later readings are held against.
func (s *Source) TakeDigest() error {
	s.seen = newFingerprint()
	return s.takeDigest(context.Background())
}

// takeDigest is TakeDigest for a source that others may be reading, up to the end of a context.
func (s *Source) takeDigest(ctx context.Context) error {
	f, err := os.Open(s.Path)
	if err != nil {
		return fmt.Errorf("digest of an extract: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	h, buf, size := sha256.New(), make([]byte, Block), int64(0)
	for block := int64(0); ; block++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(f, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("digest of an extract: %w", err)
		}
		size += int64(n)
		if n > 0 && !s.Holds(block, buf[:n]) {
			return Changed(s)
		}
		_, _ = h.Write(buf[:n]) // it never fails
		if n < len(buf) {
			if !s.seen.ends(blocksIn(size)) {
				return Changed(s)
			}
			break
		}
	}
	s.Size = size
	h.Sum(s.SHA256[:0])
	return nil
}

func blocksIn(size int64) int64 { return (size + Block - 1) / Block }

// Holds reports whether a block of the source's file, counted from 0, still is what it was when the file was recognised.
// data is all of the block: Block bytes, fewer at the end of the file only. Nothing is the same as a file of which no
// digest was taken. It is safe for concurrent use.
func (s *Source) Holds(block int64, data []byte) bool {
	return s.seen != nil && s.seen.holds(block, maphash.Bytes(s.seen.seed, data))
}

// Watched reads a source's file from its beginning, and tells at its end whether it is still the file that was recognised.
type Watched struct {
	from  io.Reader
	hash  maphash.Hash
	seen  *fingerprint
	read  int64
	moved bool // a block was not what it had been
}

// Watch reads r, which is a source's file from its beginning.
func (s *Source) Watch(r io.Reader) *Watched {
	w := &Watched{from: r, seen: s.seen, moved: s.seen == nil}
	if s.seen != nil {
		w.hash.SetSeed(s.seen.seed)
	}
	return w
}

// Read reads on.
func (w *Watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	for rest := p[:n]; len(rest) > 0 && !w.moved; {
		part := rest[:min(int64(len(rest)), Block-w.read%Block)]
		rest = rest[len(part):]
		_, _ = w.hash.Write(part) // it never fails
		if w.read += int64(len(part)); w.read%Block == 0 {
			w.block(w.read/Block - 1)
			w.hash.Reset()
		}
	}
	return n, err
}

// block holds a block that was read to its end against what it was.
func (w *Watched) block(number int64) { w.moved = !w.seen.holds(number, w.hash.Sum64()) }

// Same reports whether all that was read is what was read when the source was recognised. It is for the end of the file.
func (w *Watched) Same() bool {
	if !w.moved && w.read%Block != 0 {
		w.block(w.read / Block)
	}
	return !w.moved && w.seen.ends(blocksIn(w.read))
}

// Changed is the refusal of a source that is not Same.
func Changed(src *Source) error {
	return finding.Refuse(finding.SourceChanged, "run the export again when the source system has finished writing its files",
		"%s changed while it was being read", src.File)
}
