package harmonise

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/postern-gateway/postern/pkg/extract"
)

// unnumbered keeps hashes of the identifiers of children who have no number, so that it can be told whether somebody is one of
// them. The hash has a seed that nobody outside the process knows, and that ends with it. Of 2^32 children and a thousand
// words, one word is taken for a child's once in four million runs.
type unnumbered struct {
	mu   sync.Mutex
	seed maphash.Seed
	dir  func() (string, error)
	file *os.File
	out  *bufio.Writer
}

// unnumberedName is the file's.
const unnumberedName = "children.met"

func (u *unnumbered) hash(v *extract.Value) uint64 { return maphash.String(u.seed, v.Text) }

// add takes the hashes of some children in; some may be there already.
func (u *unnumbered) add(hashes []uint64) error {
	if len(hashes) == 0 {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.file == nil {
		dir, err := u.dir()
		if err == nil {
			u.file, err = os.OpenFile(filepath.Join(dir, unnumberedName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keep hashes of identifiers: %w", err)
		}
		u.out = bufio.NewWriterSize(u.file, 64<<10)
	}
	var cell [8]byte
	for _, h := range hashes {
		binary.LittleEndian.PutUint64(cell[:], h)
		if _, err := u.out.Write(cell[:]); err != nil {
			return fmt.Errorf("keep hashes of identifiers: %w", err)
		}
	}
	return nil
}

// find sets those of some words that are an identifier of such a child.
func (u *unnumbered) find(words map[string]bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.file == nil {
		return nil
	}
	if err := u.out.Flush(); err != nil {
		return fmt.Errorf("keep hashes of identifiers: %w", err)
	}
	hashes := make(map[uint64]string, len(words))
	for word := range words {
		hashes[maphash.String(u.seed, word)] = word
	}
	if _, err := u.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read hashes of identifiers: %w", err)
	}
	in := bufio.NewReaderSize(u.file, 256<<10)
	for {
		var cell [8]byte
		switch _, err := io.ReadFull(in, cell[:]); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read hashes of identifiers: %w", err)
		}
		if word, ok := hashes[binary.LittleEndian.Uint64(cell[:])]; ok {
			words[word] = true
		}
	}
}

func (u *unnumbered) close() error {
	if u.file == nil {
		return nil
	}
	err := errors.Join(u.file.Close(), os.Remove(u.file.Name()))
	u.file = nil
	return err
}
