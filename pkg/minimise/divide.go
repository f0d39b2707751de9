package minimise

import (
	"errors"
	"fmt"
	"os"
)

// segment is a segment of a spill file, of rows that are as they were staged, or ready to be ordered.
type segment struct {
	file  *spillFile
	index int
	as    form
}

// readBuffer is about how much of a segment is read at a time while a bucket is divided.
const readBuffer = 1 << 18

// each reads segments, a whole number of rows at a time, and hands them on ready to be ordered.
func (s *sorter) each(parts []segment, visit func(rows []byte) error) error {
	for _, part := range parts {
		w := s.widthOf(part.as)
		buf := make([]byte, max(readBuffer/w, 1)*w)
		if err := part.file.read(part.index, buf, func(rows []byte) error {
			rows, err := s.prepare(rows, part.as)
			if err != nil {
				return err
			}
			return visit(rows)
		}); err != nil {
			return fmt.Errorf("%s: %w", s.stage.name, err)
		}
	}
	return nil
}

// divide orders rows that are too many for memory: it divides them by the first byte, from one on, in which they differ, on
// disk where they are still too many, and sends one piece after the other.
func (s *sorter) divide(parts []segment, from, bucket int, send func(rows []byte, err error) error) error {
	w := s.width
	counts := make([][buckets]int64, w)
	var sample []byte
	if err := s.each(parts, func(rows []byte) error {
		sample = append(sample[:0], rows[:w]...)
		for at := 0; at < len(rows); at += w {
			for i := from; i < w; i++ {
				counts[i][rows[at+i]]++
			}
		}
		return nil
	}); err != nil {
		return err
	}
	at, total := from, int64(0)
	for _, part := range parts {
		total += part.file.size(part.index) / int64(s.widthOf(part.as))
	}
	for at < w && counts[at][sample[at]] == total {
		at++
	}
	if at == w {
		return s.alike(sample, total, send)
	}
	file, err := s.scatter(parts, at, &counts[at])
	if err != nil {
		return err
	}
	for i := range buckets {
		size := file.size(i)
		switch {
		case size == 0:
		case size > s.limit:
			if err := s.divide([]segment{{file, i, asOrdered}}, at+1, bucket, send); err != nil {
				return errors.Join(err, os.Remove(file.path))
			}
		default:
			out := s.memory(int(size))
			if cap(s.in) < int(size) {
				s.in = make([]byte, size)
			}
			in := s.in[:size]
			err := file.read(i, in, func([]byte) error { return nil })
			if err == nil {
				s.sort(out, in, bucket)
				err = send(out, nil)
			}
			if err != nil {
				return errors.Join(err, os.Remove(file.path))
			}
		}
	}
	return os.Remove(file.path)
}

// alike sends rows that are all the same.
func (s *sorter) alike(row []byte, n int64, send func(rows []byte, err error) error) error {
	most := max(s.limit/int64(len(row)), 1)
	for n > 0 {
		some := int(min(n, most))
		out := s.memory(some * len(row))
		for i := range some {
			copy(out[i*len(row):], row)
		}
		if err := send(out, nil); err != nil {
			return err
		}
		n -= int64(some)
	}
	return nil
}

// scatter writes rows to a file, a segment for each value of one of their bytes.
func (s *sorter) scatter(parts []segment, by int, counts *[buckets]int64) (*spillFile, error) {
	w := s.width
	s.mu.Lock()
	s.stage.divided++
	f, err := s.stage.create(fmt.Sprintf("%s-%04d.part", s.stage.name, s.stage.divided))
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	spilt := &spillFile{path: f.Name()}
	var next [buckets]int64
	for i, n := range counts {
		next[i] = spilt.ends[i]
		spilt.ends[i+1] = spilt.ends[i] + n*int64(w)
	}
	var open [buckets][]byte
	flush := func(i int) error {
		_, err := f.WriteAt(open[i], next[i])
		next[i] += int64(len(open[i]))
		spilt.sums[i] = checkSum(spilt.sums[i], open[i])
		open[i] = open[i][:0]
		return err
	}
	block := max(readBuffer/16/w, 1) * w
	err = s.each(parts, func(rows []byte) error {
		for at := 0; at < len(rows); at += w {
			row := rows[at : at+w]
			i := row[by]
			if open[i] == nil {
				open[i] = make([]byte, 0, block)
			}
			if open[i] = append(open[i], row...); len(open[i]) == block {
				if err := flush(int(i)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for i := range open {
		if err == nil {
			err = flush(i)
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("divide spilled rows: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return spilt, nil
}
