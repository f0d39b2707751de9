package extract

import (
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"github.com/postern-gateway/postern/pkg/finding"
)

// fingerprint tells a file's bytes from any other, within one process: a hash with a seed that nobody outside knows. A
// file is read several times, and SHA-256, which the records need once, would cost as much each time as all the rest.
type fingerprint struct {
	seed maphash.Seed
	sum  uint64
}

// TakeDigest reads the file at Path once, and notes its SHA-256, its size, and what later readings are held against.
func (s *Source) TakeDigest() error {
	f, err := os.Open(s.Path)
	if err != nil {
		return fmt.Errorf("digest of an extract: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	h := sha256.New()
	watched := watch(f, maphash.MakeSeed())
	if s.Size, err = io.Copy(h, watched); err != nil {
		return fmt.Errorf("digest of an extract: %w", err)
	}
	h.Sum(s.SHA256[:0])
	s.seen = watched.fingerprint()
	return nil
}

// Watched reads a source's file, and tells at its end whether it is still the file that was recognised.
type Watched struct {
	from io.Reader
	hash maphash.Hash
	want fingerprint
}

// Watch reads r, which is a source's file from its beginning.
func (s *Source) Watch(r io.Reader) *Watched {
	if s.seen == (fingerprint{}) { // no digest was taken: nothing is the same as nothing
		return watch(r, maphash.MakeSeed())
	}
	w := watch(r, s.seen.seed)
	w.want = s.seen
	return w
}

func watch(r io.Reader, seed maphash.Seed) *Watched {
	w := &Watched{from: r}
	w.hash.SetSeed(seed)
	return w
}

// Read reads on.
func (w *Watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	_, _ = w.hash.Write(p[:n]) // it never fails
	return n, err
}

func (w *Watched) fingerprint() fingerprint { return fingerprint{w.hash.Seed(), w.hash.Sum64()} }

// Same reports whether all that was read is what was read when the source was recognised. It is for the end of the file.
func (w *Watched) Same() bool { return w.fingerprint() == w.want }

// Changed is the refusal of a source that is not Same.
func Changed(src *Source) error {
	return finding.Refuse(finding.SourceChanged, "run the export again when the source system has finished writing its files",
		"%s changed while it was being read", src.File)
}
