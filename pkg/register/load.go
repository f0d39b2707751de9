package register

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Summary is what Verify found.
type Summary struct {
	Origin     string
	Size       int64 // records under the checkpoint
	Root       Hash  // over all of them
	Unfinished bool  // a crash interrupted one more record; the next Open finishes it
}

// Verify checks the register of a folder as Open does, every byte of it, and changes nothing. It must not run beside a
// writer. Errors are as for Open.
func Verify(dir string, verify Verifier) (Summary, error) {
	l, p, err := load(dir, verify)
	if err != nil {
		return Summary{}, err
	}
	return Summary{l.checkpoint.Origin, l.checkpoint.Size, l.checkpoint.Root, p != nil}, nil
}

// load reads and checks a folder. A pending record, if there is one, is sound and belongs to the log; its checkpoint
// counts as many records as the log's when all that is left to do is to remove the file, and one more otherwise.
func load(dir string, verify Verifier) (*Log, *pending, error) {
	l := &Log{dir: dir, verify: verify, random: rand.Reader, offsets: []int64{0}}
	if err := l.loadCheckpoint(); err != nil {
		return nil, nil, err
	}
	tail, last, err := l.loadRecords()
	if err != nil {
		return nil, nil, err
	}
	data, err := readSmall(dir, pendingFile)
	if err != nil {
		return nil, nil, err
	}
	if data == nil {
		if len(tail) > 0 {
			return nil, nil, tampered(l.checkpoint.Size, "no checkpoint covers it")
		}
		return l, nil, nil
	}
	p, err := parsePending(data)
	if err != nil {
		return nil, nil, tampered(Unknown, "file pending: %v", err)
	}
	if err := p.checkpoint.verifySignature(verify); err != nil {
		return nil, nil, &TamperError{Unknown, "file pending: the signature of its checkpoint is not accepted", err}
	}
	return l, p, l.match(p, tail, last)
}

func (l *Log) loadCheckpoint() error {
	data, err := readSmall(l.dir, checkpointFile)
	if err != nil {
		return err
	}
	if data == nil {
		if info, err := os.Stat(filepath.Join(l.dir, recordsFile)); err == nil && info.Size() > 0 {
			return tampered(Unknown, "file checkpoint is missing")
		}
		return finding.WithHint(fmt.Errorf("register: there is none in %s: %w", l.dir, fs.ErrNotExist),
			"make one (postern keys new) if this council has none yet; if it has, do not: restore the folder from a backup")
	}
	if l.checkpoint, err = ParseCheckpoint(data); err != nil {
		return tampered(Unknown, "file checkpoint: %v", err)
	}
	if err := l.checkpoint.verifySignature(l.verify); err != nil {
		return &TamperError{Unknown, "the signature of the checkpoint is not accepted", err}
	}
	return nil
}

// loadRecords reads the records under the checkpoint, and returns what follows them and the line of the last of them.
func (l *Log) loadRecords() (tail, last []byte, err error) {
	lines, err := openLines(l.dir, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, tampered(0, "file records is missing")
	}
	if err != nil {
		return nil, nil, err
	}
	defer lines.close()
	end := int64(0)
	for i := range l.checkpoint.Size {
		_, h, err := lines.record(i)
		if err != nil {
			return nil, nil, err
		}
		if l.tree, err = l.tree.grow(i, h); err != nil {
			return nil, nil, err
		}
		end += int64(len(lines.line))
		l.offsets = append(l.offsets, end)
	}
	last = bytes.Clone(lines.line)
	root, err := tlog.TreeHash(l.checkpoint.Size, l.tree)
	if err != nil {
		return nil, nil, fmt.Errorf("register: %w", err)
	}
	if root != l.checkpoint.Root {
		return nil, nil, tampered(Unknown, "each record is sound by itself, and together they are not those that the checkpoint was signed over; which was exchanged cannot be told from here")
	}
	tail, err = io.ReadAll(io.LimitReader(lines.r, maxLine+1))
	if err != nil {
		return nil, nil, fmt.Errorf("register: %w", err)
	}
	return tail, last, nil
}

// match makes sure that a pending record is the next of the log, or the last, and that what follows the records is
// what a crash can have left of it.
func (l *Log) match(p *pending, tail, last []byte) error {
	n := l.checkpoint.Size
	if p.record.Index == n-1 && bytes.Equal(p.checkpoint.Format(), l.checkpoint.Format()) && bytes.Equal(p.line, last) && len(tail) == 0 {
		return nil
	}
	root, err := l.rootWith(p.leaf)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if p.record.Index != n || !p.checkpoint.same(Checkpoint{Origin: l.checkpoint.Origin, Size: n + 1, Root: root}) {
		return tampered(Unknown, "file pending does not continue the register")
	}
	if !torn(tail, p.line) {
		return tampered(n, "it is not the one in file pending")
	}
	return nil
}

// lineReader reads records one after another.
type lineReader struct {
	f    *os.File
	r    *bufio.Reader
	line []byte // the last one read, until the next is
}

func openLines(dir string, offset int64) (*lineReader, error) {
	f, err := os.Open(filepath.Join(dir, recordsFile))
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return &lineReader{f: f, r: bufio.NewReaderSize(f, maxLine+1)}, nil
}

func (l *lineReader) close() { _ = l.f.Close() } // it was only read

// record reads the next line, which is to be the record of that index.
func (l *lineReader) record(index int64) (Record, Hash, error) {
	line, err := l.r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return Record{}, Hash{}, tampered(index, "it is missing, though the checkpoint counts it")
	case errors.Is(err, io.EOF):
		return Record{}, Hash{}, tampered(index, "its line is cut off")
	case errors.Is(err, bufio.ErrBufferFull):
		return Record{}, Hash{}, tampered(index, "its line is longer than a record can be")
	case err != nil:
		return Record{}, Hash{}, fmt.Errorf("register: %w", err)
	}
	l.line = line
	r, h, err := parseRecord(line)
	if err != nil {
		return Record{}, Hash{}, tampered(index, "%v", err)
	}
	if r.Index != index {
		return Record{}, Hash{}, tampered(index, "another record stands in its place")
	}
	return r, h, nil
}
