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
	Erased     int64 // records whose body was erased
	Unfinished bool  // a crash interrupted one more record, or an erasure; the next Open finishes it
}

// Verify checks the register of a folder as Open does, every byte of it and every record's own signature, and changes
// nothing. It must not run beside a writer. Errors are as for Open.
func Verify(dir string, verify Verifier) (Summary, error) {
	l, p, err := load(dir, verify)
	if err != nil {
		return Summary{}, err
	}
	if err := l.VerifyRecords(); err != nil {
		return Summary{}, err
	}
	unfinished := p != nil || len(l.unfinished) > 0
	return Summary{l.checkpoint.Origin, l.checkpoint.Size, l.checkpoint.Root, int64(len(l.erased)), unfinished}, nil
}

// load reads and checks a folder. A pending record, if there is one, is sound and belongs to the log; its checkpoint
// counts as many records as the log's when all that is left to do is to remove the file, and one more otherwise.
func load(dir string, verify Verifier) (*Log, *pending, error) {
	l := &Log{dir: dir, verify: verify, random: rand.Reader, offsets: []int64{0}, erased: map[int64]Erasure{}}
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
func (l *Log) loadRecords() (tail []byte, last []byte, err error) {
	lines, err := openLines(l.dir, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, tampered(0, "file records is missing")
	}
	if err != nil {
		return nil, nil, err
	}
	defer lines.close()
	var seen survey
	for i := range l.checkpoint.Size {
		r, err := lines.record(i)
		if err == nil {
			err = seen.add(r)
		}
		if err != nil {
			return nil, nil, l.first(i, err)
		}
		if l.tree, err = l.tree.grow(i, r.leaf); err != nil {
			return nil, nil, err
		}
		l.offsets = append(l.offsets, l.offsets[i]+int64(len(lines.text)))
	}
	last = bytes.Clone(lines.text)
	if err := l.hold(seen); err != nil {
		return nil, nil, err
	}
	tail, err = io.ReadAll(io.LimitReader(lines.r, maxLine+1))
	if err != nil {
		return nil, nil, fmt.Errorf("register: %w", err)
	}
	return tail, last, nil
}

// hold holds all that was read of the records to the checkpoint, and to what they say of erasures.
func (l *Log) hold(seen survey) error {
	n := l.checkpoint.Size
	root, err := tlog.TreeHash(n, l.tree)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if root != l.checkpoint.Root {
		return l.first(n, tampered(Unknown, "each record is sound by itself, and together they are not those that the checkpoint was signed over; which was exchanged cannot be told from here"))
	}
	if n > 0 && !seen.last.under(l.checkpoint) {
		return l.first(n-1, tampered(n-1, "it carries another signature than the checkpoint made with it"))
	}
	if seen.erased != nil {
		l.erased = seen.erased
	}
	if err := l.holdErasures(seen); err != nil {
		return l.first(n, err)
	}
	return nil
}

// match makes sure that a pending record is the next of the log, or the last, and that what follows the records is
// what a crash can have left of it.
func (l *Log) match(p *pending, tail, last []byte) error {
	n := l.checkpoint.Size
	if p.line.Index == n-1 && bytes.Equal(p.checkpoint.Format(), l.checkpoint.Format()) && bytes.Equal(p.text, last) && len(tail) == 0 {
		return nil
	}
	root, err := l.rootWith(p.line.leaf)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if p.line.signature == "" && len(last) > 0 && bytes.HasPrefix(last, []byte(version2)) {
		return tampered(Unknown, "file pending is of an older form than the last record")
	}
	if p.line.Index != n || !p.checkpoint.same(Checkpoint{Origin: l.checkpoint.Origin, Size: n + 1, Root: root}) {
		return tampered(Unknown, "file pending does not continue the register")
	}
	if err := l.matchErasure(p.line); err != nil {
		return err
	}
	if !torn(tail, p.text) {
		return tampered(n, "it is not the one in file pending")
	}
	return nil
}

// matchErasure makes sure that a pending erasure is one that can be carried out.
func (l *Log) matchErasure(r line) error {
	if r.Kind != KindErased || r.signature == "" {
		return nil
	}
	e, is := r.erasure()
	if _, twice := l.erased[e.Index]; !is || twice {
		return tampered(Unknown, "file pending does not say which record was erased")
	}
	target, err := l.line(e.Index)
	if err != nil {
		return err
	}
	if !e.of(target) {
		return tampered(Unknown, "file pending does not say which record was erased")
	}
	return nil
}

// lineReader reads records one after another.
type lineReader struct {
	f    *os.File
	r    *bufio.Reader
	text []byte // the last line read, until the next is
}

func openLines(dir string, offset int64) (*lineReader, error) {
	f, err := os.Open(filepath.Join(dir, recordsFile))
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("register: %w", err), f.Close())
	}
	return &lineReader{f: f, r: bufio.NewReaderSize(f, maxLine+1)}, nil
}

func (l *lineReader) close() { _ = l.f.Close() } // it was only read

// record reads the next line, which is to be the record of that index.
func (l *lineReader) record(index int64) (line, error) {
	text, err := l.r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(text) == 0:
		return line{}, tampered(index, "it is missing, though the checkpoint counts it")
	case errors.Is(err, io.EOF):
		return line{}, tampered(index, "its line is cut off")
	case errors.Is(err, bufio.ErrBufferFull):
		return line{}, tampered(index, "its line is longer than a record can be")
	case err != nil:
		return line{}, fmt.Errorf("register: %w", err)
	}
	l.text = text
	r, err := parseLine(text)
	if err != nil {
		return line{}, tampered(index, "%v", err)
	}
	if r.Index != index {
		return line{}, tampered(index, "another record stands in its place")
	}
	return r, nil
}
