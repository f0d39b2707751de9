package harmonise

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/postern-gateway/postern/pkg/extract"
)

// unnumbered keeps hashes of the identifiers of children who have no number, so that it can be told whether somebody is one of
// them. The hash has a seed that nobody outside the process knows, and that ends with it. Of 2^32 children and a thousand
// words, one word is taken for a child's once in four million runs.
type unnumbered struct {
	mu    sync.Mutex
	seed  maphash.Seed
	dir   func() (string, error)
	file  *os.File
	out   *bufio.Writer
	bytes int64  // written to it
	sum   uint32 // of these, CRC-32C: what comes back is what was written
	gone  bool   // there was one, and it was removed
}

// unnumberedName is the file's.
const unnumberedName = "children.met"

// A hash takes hashBytes on disk, and is written and read with others, up to hashBlock bytes at once.
const (
	hashBytes = 8
	hashBlock = 64 << 10
)

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
		u.out = bufio.NewWriterSize(u.file, hashBlock)
	}
	for len(hashes) > 0 {
		n := min(len(hashes), max(u.out.Available()/hashBytes, 1))
		written := u.out.AvailableBuffer()
		for _, h := range hashes[:n] {
			written = binary.LittleEndian.AppendUint64(written, h)
		}
		if _, err := u.out.Write(written); err != nil {
			return fmt.Errorf("keep hashes of identifiers: %w", err)
		}
		u.sum = checkSum(u.sum, written)
		u.bytes += int64(len(written))
		hashes = hashes[n:]
	}
	return nil
}

// errHashes is met when hashes that were kept are asked for and are not there as they were written.
var errHashes = errors.New("hashes of identifiers are damaged or were removed: they did not come back as they were written")

// find sets those of some words that are an identifier of such a child. Where there are no words it only sees to it that all
// hashes are written. What is not told of all hashes is an error, for a word that is not found may leave.
func (u *unnumbered) find(words map[string]bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.gone:
		return errHashes
	case u.file == nil:
		return nil
	}
	if err := u.out.Flush(); err != nil {
		return fmt.Errorf("keep hashes of identifiers: %w", err)
	}
	if len(words) == 0 {
		return nil
	}
	hashes := make(map[uint64]string, len(words))
	var some [1 << 16]bool // those that a look into hashes is worth, by their last bits
	for word := range words {
		h := maphash.String(u.seed, word)
		hashes[h], some[uint16(h)] = word, true
	}
	cells := make([]byte, hashBlock)
	sum := uint32(0)
	for at := int64(0); at < u.bytes; at += int64(len(cells)) {
		cells = cells[:min(u.bytes-at, hashBlock)]
		switch _, err := u.file.ReadAt(cells, at); {
		case errors.Is(err, io.EOF):
			return errHashes
		case err != nil:
			return fmt.Errorf("read hashes of identifiers: %w", err)
		}
		sum = checkSum(sum, cells)
		for cell := range slices.Chunk(cells, hashBytes) {
			h := binary.LittleEndian.Uint64(cell)
			if !some[uint16(h)] {
				continue
			}
			if word, ok := hashes[h]; ok {
				words[word] = true
			}
		}
	}
	if sum != u.sum {
		return errHashes
	}
	return nil
}

// checkSum goes on with a CRC-32C, which processors have an instruction for.
func checkSum(sum uint32, b []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), b)
}

// close removes the file. Nobody can be found in it any more.
func (u *unnumbered) close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.file == nil {
		return nil
	}
	err := errors.Join(u.file.Close(), os.Remove(u.file.Name()))
	u.file, u.out, u.gone = nil, nil, true
	return err
}
