package recipient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// The parts of a folder that drops are pulled into, beside the drops themselves.
const (
	shelfIncoming = ".incoming" // drops that are not whole or not verified yet; nobody looks here for a drop
	shelfRecords  = ".records"  // what was pulled: of each drop its signed list, manifest and proof, and no row
	shelfLock     = ".lock"

	partPrefix = ".part-" // of a file that is being written
	newPrefix  = ".new-"  // of a record that is being made
)

// The modes of what is pulled: as those of a store's folder, never for everybody.
const (
	shelfFolderMode = 0o750
	shelfFileMode   = 0o640
)

// recorded are the files of a drop that are kept of it for good: they show that what comes later continues it, and hold no
// row, so that a drop can be destroyed when it must be.
func recorded() []string {
	return []string{manifest.SumsName, manifest.SignatureName, manifest.Name, manifest.ProofName}
}

// shelf is a folder that drops of one agreement are pulled into.
type shelf struct {
	path    string
	lock    *flock.Flock
	records []*record // by sequence
}

// record is what is remembered of a drop.
type record struct {
	name     string // 0007-20261121
	sums     []byte
	manifest *manifest.Manifest
	notice   []byte // WITHDRAWN, once that was verified; else nil
}

// openShelf opens a folder, making it where its parent is there, and takes it for one pull.
func openShelf(path, agreement string) (*shelf, error) {
	for _, folder := range []string{path, filepath.Join(path, shelfIncoming), filepath.Join(path, shelfRecords)} {
		if err := os.Mkdir(folder, shelfFolderMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, finding.WithHint(err, "see that the folder can be written to, and that its parent is there")
		}
	}
	s := &shelf{path: path, lock: flock.New(filepath.Join(path, shelfLock), flock.SetPermissions(shelfFileMode))}
	taken, err := s.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !taken {
		return nil, finding.WithHint(fmt.Errorf("another pull into %s is at work", path), "wait until it has ended, then run the same command again")
	}
	if err := errors.Join(s.tidy(), s.load(agreement)); err != nil {
		return nil, errors.Join(err, s.lock.Unlock())
	}
	return s, nil
}

// tidy removes what a pull that was killed had half written.
func (s *shelf) tidy() error {
	for folder, prefix := range map[string]string{shelfIncoming: partPrefix, shelfRecords: newPrefix} {
		entries, err := os.ReadDir(s.at(folder))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), prefix) {
				if err := os.RemoveAll(s.at(folder, e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *shelf) close() error { return s.lock.Unlock() }

// at is a path in the folder.
func (s *shelf) at(parts ...string) string {
	return filepath.Join(append([]string{s.path}, parts...)...)
}

// load reads the records. They were verified when they were written; here they are held to each other.
func (s *shelf) load(agreement string) error {
	entries, err := os.ReadDir(s.at(shelfRecords))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !looksLikeDrop(e.Name()) {
			continue // half made by a pull that was killed
		}
		r, err := s.read(e.Name())
		if err != nil {
			return finding.WithHint(fmt.Errorf("the record %s: %w", s.at(shelfRecords, e.Name()), err),
				"restore the folder from a backup; or pull into a new folder, which verifies everything from the beginning")
		}
		if r.manifest.Agreement.ID != agreement {
			return finding.WithHint(fmt.Errorf("%s holds drops of another agreement, %s", s.path, r.manifest.Agreement.ID), "pull each agreement into a folder of its own")
		}
		s.records = append(s.records, r)
	}
	s.sort()
	return nil
}

func (s *shelf) read(name string) (*record, error) {
	folder, err := FromDir(s.at(shelfRecords, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = folder.Close() }() // only read from: nothing is lost
	ctx := context.Background()           // files of a few kilobytes on this machine
	r := &record{name: name}
	if r.sums, err = readSmall(ctx, folder, manifest.SumsName, manifest.MaxSumsBytes); err != nil {
		return nil, err
	}
	if r.manifest, err = previousManifest(ctx, folder, r.sums); err != nil {
		return nil, err
	}
	if sameName(name, r.manifest.Drop.ID) != nil {
		return nil, errors.New("it is of another drop")
	}
	r.notice, err = readSmall(ctx, folder, manifest.WithdrawnName, maxSignature)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	return r, err
}

func (s *shelf) sort() {
	slices.SortFunc(s.records, func(a, b *record) int { return byNumber(a.name, b.name) })
}

// byNumber orders drops by their sequence numbers, then by their dates.
func byNumber(a, b string) int {
	if n := sequenceOf(a) - sequenceOf(b); n != 0 {
		return int(max(min(n, 1), -1))
	}
	return strings.Compare(a, b)
}

// sequenceOf is the number of a drop's name; 0 for what is none.
func sequenceOf(name string) int64 {
	digits, _, _ := strings.Cut(name, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// find is the record of a drop; nil when there is none.
func (s *shelf) find(name string) *record {
	for _, r := range s.records {
		if r.name == name {
			return r
		}
	}
	return nil
}

// last is the record with the highest number; nil when there is none.
func (s *shelf) last() *record {
	if len(s.records) == 0 {
		return nil
	}
	return s.records[len(s.records)-1]
}

// loose are the drops that lie in the folder and have no record.
func (s *shelf) loose() (map[string]bool, error) {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool)
	for _, e := range entries {
		if looksLikeDrop(e.Name()) && s.find(e.Name()) == nil {
			out[e.Name()] = true
		}
	}
	return out, nil
}

// remember makes the record of a drop from the files in a folder. It is there whole or not at all.
func (s *shelf) remember(name, from string) (*record, error) {
	half := s.at(shelfRecords, newPrefix+name)
	if err := os.RemoveAll(half); err != nil {
		return nil, err
	}
	if err := os.Mkdir(half, shelfFolderMode); err != nil {
		return nil, err
	}
	for _, file := range recorded() {
		data, err := os.ReadFile(filepath.Join(from, file))
		if err != nil {
			return nil, err
		}
		if err := s.writeNew(filepath.Join(half, file), data); err != nil {
			return nil, err
		}
	}
	if err := move(half, s.at(shelfRecords, name)); err != nil {
		return nil, err
	}
	r, err := s.read(name)
	if err != nil {
		return nil, err
	}
	s.records = append(s.records, r)
	s.sort()
	return r, nil
}

// mark puts a verified notice of withdrawal beside the record, and beside the drop where that is still held.
func (s *shelf) mark(r *record, notice, armoured []byte) error {
	folders := []string{s.at(shelfRecords, r.name)}
	if s.holds(r.name) {
		folders = append(folders, s.at(r.name))
	}
	for _, folder := range folders {
		// The signature comes first, so that a notice without one is never what an interruption leaves behind.
		if err := s.writeNew(filepath.Join(folder, manifest.WithdrawnSignatureName), armoured); err != nil {
			return err
		}
		if err := s.writeNew(filepath.Join(folder, manifest.WithdrawnName), notice); err != nil {
			return err
		}
	}
	r.notice = notice
	return nil
}

// holds reports whether the drop itself is still in the folder.
func (s *shelf) holds(name string) bool {
	_, err := os.Lstat(s.at(name))
	return err == nil
}

// writeNew writes a file that is not there yet, whole or not at all, and durably. One that is there with the same bytes
// is no error, one with other bytes stays as it is. What is half written lies in the quarantine, never in a drop.
func (s *shelf) writeNew(name string, data []byte) error {
	there, err := os.ReadFile(name)
	if err == nil {
		if bytes.Equal(there, data) {
			return nil
		}
		return finding.WithHint(fmt.Errorf("%s is there with other bytes", name), "nothing was overwritten: move it away, and run the same command again")
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	half, err := os.CreateTemp(s.at(shelfIncoming), partPrefix)
	if err != nil {
		return err
	}
	_, err = half.Write(data)
	if err := finishFile(half, err); err != nil {
		return err
	}
	return move(half.Name(), name)
}

// finishFile flushes and closes a file that was written, or removes it where that went wrong.
func finishFile(f *os.File, err error) error {
	err = errors.Join(err, f.Chmod(shelfFileMode), f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// move renames, and makes the new name last. Nothing is ever at the new name: the caller has looked, and holds the lock.
func move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there
	}
	folder, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
