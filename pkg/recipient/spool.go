package recipient

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// local is what reading Parquet needs: a file that can be read from anywhere.
type local interface {
	io.ReaderAt
	io.Closer
}

// spool keeps the Parquet files of a source that can only be read from front to back, as they were digested. The zero
// value is ready, close removes everything.
type spool struct {
	dir   string // where to make the folder; empty for the system's
	made  string // the folder, mode 0700; empty until it is needed
	files map[string]string
}

// keep gives a writer for a copy of the file at path, or nil when r itself can be read from anywhere.
func (s *spool) keep(path string, r io.Reader) (io.WriteCloser, error) {
	if _, ok := r.(local); ok {
		return nil, nil
	}
	if s.made == "" {
		made, err := os.MkdirTemp(s.dir, "postern-verify-")
		if err != nil {
			return nil, err
		}
		s.made, s.files = made, map[string]string{}
	}
	name := filepath.Join(s.made, strconv.Itoa(len(s.files))+".parquet")
	s.files[path] = name
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// open opens the file at path of the source, or the copy that was kept of it.
func (s *spool) open(ctx context.Context, src Source, path string) (local, error) {
	if name, kept := s.files[path]; kept {
		return os.Open(name)
	}
	r, err := src.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	file, ok := r.(local)
	if !ok {
		return nil, errors.Join(errors.New("the file cannot be read again"), r.Close())
	}
	return file, nil
}

func (s *spool) close() error {
	if s.made == "" {
		return nil
	}
	return os.RemoveAll(s.made)
}
