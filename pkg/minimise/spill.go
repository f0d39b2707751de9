package minimise

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// spillFile is rows in a file, in as many segments as there are buckets.
type spillFile struct {
	path string
	ends [buckets + 1]int64 // where each segment begins, and where the last one ends
	sums [buckets]uint32    // of each segment, CRC-32C: what comes back is what was written
}

// spillBuffer is how much is written to a spill file at a time.
const spillBuffer = 1 << 18

// checkSum goes on with a CRC-32C, which processors have an instruction for.
func checkSum(sum uint32, rows []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), rows)
}

// create makes a spill file, which nobody else has made.
func (s *Stage) create(name string) (*os.File, error) {
	dir, err := s.dir()
	if err != nil {
		return nil, fmt.Errorf("spill treated rows: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spill treated rows: %w", err)
	}
	return f, nil
}

// spill writes the rows in memory to files, and keeps their memory for the next. When that fails, all staged rows are thrown
// away: some of them were lost.
func (s *Stage) spill() error {
	for _, h := range []*heap{&s.numbered, &s.wide} {
		if h.held == 0 {
			continue
		}
		f, err := s.create(fmt.Sprintf("%s-%04d.run", s.name, s.spilled))
		if err != nil {
			return err
		}
		s.spilled++
		if err := h.spill(f); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return nil
}

// spill writes the rows in memory to a file, which it closes.
func (h *heap) spill(f *os.File) error {
	spilt := &spillFile{path: f.Name()}
	h.files = append(h.files, spilt)
	w := bufio.NewWriterSize(f, spillBuffer)
	var err error
	for i := range buckets {
		at := spilt.ends[i]
		h.each(i, func(rows []byte) {
			_, err = w.Write(rows) // an error stays with the writer
			spilt.sums[i] = checkSum(spilt.sums[i], rows)
			at += int64(len(rows))
			if cap(rows) == h.most {
				*h.free = append(*h.free, rows[:cap(rows)])
			}
		})
		spilt.ends[i+1] = at
	}
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("spill treated rows: %w", err)
	}
	h.forget()
	return nil
}

// size is how many bytes a segment has.
func (f *spillFile) size(segment int) int64 { return f.ends[segment+1] - f.ends[segment] }

// errDamaged is met when spilled rows do not come back as they went.
var errDamaged = errors.New("staged rows are damaged: they did not come back as they were written")

// check holds a spill file to its size.
func (f *spillFile) check() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("read staged rows: %w", err)
	}
	if info.Size() != f.ends[buckets] {
		return errDamaged
	}
	return nil
}

// read hands on a segment in pieces that fill buf, or the rest of the segment.
func (f *spillFile) read(segment int, buf []byte, visit func(rows []byte) error) (err error) {
	if f.size(segment) == 0 {
		return nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("read staged rows: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from: nothing is lost
	sum := uint32(0)
	for at, end := f.ends[segment], f.ends[segment+1]; at < end; {
		some := buf[:min(int64(len(buf)), end-at)]
		if _, err := file.ReadAt(some, at); err != nil {
			return fmt.Errorf("read staged rows: %w", err)
		}
		sum = checkSum(sum, some)
		at += int64(len(some))
		if at == end && sum != f.sums[segment] {
			return errDamaged
		}
		if err := visit(some); err != nil {
			return err
		}
	}
	return nil
}
