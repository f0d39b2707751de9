package register

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// The files of the folder. A file is replaced by writing its new content beside it, with this ending, and renaming.
const (
	recordsFile    = "records"
	checkpointFile = "checkpoint"
	pendingFile    = "pending"
	newEnding      = ".new"
)

// maxSmallFile bounds the checkpoint and pending files.
const maxSmallFile = maxLine + MaxSignature + 1<<10

// readSmall reads a file that is replaced as a whole; nil when there is none.
func readSmall(dir, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSmallFile+1))
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if len(data) > maxSmallFile {
		return nil, tampered(Unknown, "file %s is larger than it can be", name)
	}
	if data == nil {
		data = []byte{} // an empty file is there
	}
	return data, nil
}

// replace makes data the content of a file, durably and at once. It reports whether the file may have changed: an
// error with false left it as it was.
func replace(dir, name string, data []byte) (changed bool, err error) {
	return replaceWith(dir, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// replaceWith is replace for what is written bit by bit.
func replaceWith(dir, name string, write func(w io.Writer) error) (changed bool, err error) {
	fresh := filepath.Join(dir, name+newEnding)
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("register: %w", err)
	}
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, fmt.Errorf("register: %w", err)
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		_ = os.Remove(fresh) // what is left is removed before the next use
		return false, fmt.Errorf("register: %w", err)
	}
	if err := os.Rename(fresh, filepath.Join(dir, name)); err != nil {
		return false, fmt.Errorf("register: %w", err)
	}
	return true, syncFolder(dir)
}

// appendAt writes a line into the records file, durably, over what a crash may have left of it: never more than a line.
func appendAt(dir string, offset int64, line []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, recordsFile), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	_, err = f.WriteAt(line, offset)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	return nil
}

// remove removes a file durably.
func remove(dir, name string) error {
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("register: %w", err)
	}
	return syncFolder(dir)
}

// syncFolder makes renames and removals durable. Windows has no such call for folders.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	return nil
}

// pending is a record on its way into the log, with the checkpoint that will cover it.
type pending struct {
	line       line
	text       []byte // of the line
	checkpoint Checkpoint
}

func (p *pending) format() []byte { return append(bytes.Clone(p.text), p.checkpoint.Format()...) }

// parsePending accepts exactly what format writes.
func parsePending(data []byte) (*pending, error) {
	end := bytes.IndexByte(data, '\n') + 1
	p := &pending{text: data[:end]}
	var err error
	if p.line, err = parseLine(p.text); err != nil {
		return nil, err
	}
	if p.line.bare {
		return nil, errForm
	}
	if p.checkpoint, err = ParseCheckpoint(data[end:]); err != nil {
		return nil, err
	}
	if !p.line.under(p.checkpoint) {
		return nil, errors.New("the record carries another signature than its checkpoint")
	}
	return p, nil
}

// under is true of the last record of a log and the log's checkpoint: one signature stands in both, and in version 1 in
// the checkpoint only.
func (l line) under(c Checkpoint) bool {
	signature, note := cutNote(c.Origin, c.Signature)
	return note == (l.signature != "") && (!note || signature == l.signature)
}

// torn is true of what a crash can leave of a line that was being written: its beginning, and perhaps zero bytes where
// the file system had made room.
func torn(tail, line []byte) bool {
	if len(tail) > len(line) {
		return false
	}
	i := 0
	for i < len(tail) && tail[i] == line[i] {
		i++
	}
	return len(bytes.Trim(tail[i:], "\x00")) == 0
}
