package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/postern-gateway/postern/pkg/finding"
)

// incomplete is the file that stands in the folder while the sets are being written.
const incomplete = "INCOMPLETE"

const incompleteText = "The synthetic extracts in this folder were not finished. Delete the folder and make them again.\n"

// part is the suffix of files that are being written.
const part = ".part"

// sets are the open files of all annual sets.
type sets struct {
	window  *window
	dir     string
	made    bool     // dir was made here
	folders []string // made here
	files   [][]*file
}

// createSets makes the folders and opens the files. A folder that holds anything is refused.
func createSets(dir string, w *window) (*sets, error) {
	s := &sets{window: w, dir: dir}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, finding.WithHint(fmt.Errorf("synthetic cohort: %w", err), "name a folder that can be made")
		}
		s.made = true
	case err != nil:
		return nil, finding.WithHint(fmt.Errorf("synthetic cohort: %w", err), "name a new or an empty folder")
	case len(entries) > 0:
		hint := "name a new or an empty folder: nothing is overwritten"
		for _, e := range entries {
			if e.Name() == incomplete {
				hint = "an earlier run into it was interrupted: delete the folder, or name another"
			}
		}
		return nil, finding.WithHint(fmt.Errorf("folder %s is not empty", dir), hint)
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(writeFailed(err), s.discard())
	}
	return s, nil
}

func (s *sets) open() error {
	if err := os.WriteFile(filepath.Join(s.dir, incomplete), []byte(incompleteText), 0o600); err != nil {
		return err
	}
	for k, y := range s.window.years {
		folder := filepath.Join(s.dir, y.folder())
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		s.folders = append(s.folders, folder)
		s.files = append(s.files, nil)
		for _, t := range tablesOf(y.number) {
			f, err := createFile(filepath.Join(folder, t.file), t)
			if err != nil {
				return err
			}
			s.files[k] = append(s.files[k], f)
		}
		if k == len(s.window.years)/2 {
			s.files[k][episodes].addLocalRef()
		}
	}
	return nil
}

// commit closes the files, gives them their names and takes the mark of incompleteness away.
func (s *sets) commit() error {
	for _, set := range s.files {
		for _, f := range set {
			if err := f.close(); err != nil {
				return writeFailed(err)
			}
		}
	}
	for _, set := range s.files {
		for _, f := range set {
			if err := os.Rename(f.path+part, f.path); err != nil {
				return writeFailed(err)
			}
		}
	}
	if err := os.Remove(filepath.Join(s.dir, incomplete)); err != nil {
		return writeFailed(err)
	}
	return nil
}

// writeFailed says what to do about a disk that takes no more.
func writeFailed(err error) error {
	return finding.WithHint(fmt.Errorf("synthetic cohort: %w", err), "make room, or name a folder elsewhere; nothing of the cohort is kept")
}

// discard removes what was made, the mark last.
func (s *sets) discard() error {
	var errs []error
	remove := func(path string) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("synthetic cohort: what was written could not be removed: %w", err))
		}
	}
	for _, set := range s.files {
		for _, f := range set {
			f.abandon()
			remove(f.path + part)
			remove(f.path)
		}
	}
	for _, folder := range s.folders {
		remove(folder)
	}
	remove(filepath.Join(s.dir, incomplete))
	if s.made {
		remove(s.dir)
	}
	return errors.Join(errs...)
}

func (s *sets) count() int {
	n := 0
	for _, set := range s.files {
		n += len(set)
	}
	return n
}

func (s *sets) summary() []SetSummary {
	out := make([]SetSummary, 0, len(s.files))
	for k, set := range s.files {
		y := s.window.years[k]
		sum := SetSummary{Year: y.number, Folder: y.folder()}
		for _, f := range set {
			sum.Tables = append(sum.Tables, TableSummary{File: f.table.file, Rows: f.rows})
		}
		out = append(out, sum)
	}
	return out
}
