package register

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/postern-gateway/postern/pkg/finding"
)

// ErrNoRecord means that an index is none of a record.
var ErrNoRecord = errors.New("the register has no record")

// Log is an open register. It is not safe for concurrent use.
type Log struct {
	dir        string
	verify     Verifier  // nil for a log just created
	random     io.Reader // of salts
	checkpoint Checkpoint
	tree       tree
	offsets    []int64 // where each record's line begins; last, where the file ends
	erased     map[int64]Erasure
	unfinished []int64 // of those, the records whose body is still in the file
	closed     error   // why nothing can be appended any more
}

// Create makes an empty register in a folder, which it makes too, and signs its first checkpoint, of no records.
// Origin names the register for good; it is in every checkpoint and proof. A folder that already holds a register is
// an error that wraps fs.ErrExist.
func Create(dir, origin string, sign Signer) (*Log, error) {
	if !isOrigin(origin) {
		return nil, finding.WithHint(errors.New("register: the origin is not usable"),
			"name the register in printable ASCII without spaces and +, such as postern.council.example/331")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if Exists(dir) {
		return nil, finding.WithHint(fmt.Errorf("register: %s holds a register: %w", dir, fs.ErrExist), "use it, or name another folder")
	}
	empty, err := tlog.TreeHash(0, tree(nil))
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	l := &Log{dir: dir, random: rand.Reader, offsets: []int64{0}, erased: map[int64]Erasure{}}
	if l.checkpoint, err = l.sign(Checkpoint{Origin: origin, Root: empty}, sign); err != nil {
		return nil, err
	}
	if _, err := replace(dir, recordsFile, nil); err != nil {
		return nil, err
	}
	if _, err := replace(dir, checkpointFile, l.checkpoint.Format()); err != nil {
		return nil, err
	}
	return l, syncFolder(filepath.Dir(dir))
}

// Exists reports whether a folder holds a register, or something of one.
func Exists(dir string) bool {
	// An empty records file alone is what an interrupted Create leaves.
	info, err := os.Lstat(filepath.Join(dir, recordsFile))
	taken := err == nil && info.Size() > 0
	for _, name := range []string{checkpointFile, pendingFile} {
		_, err := os.Lstat(filepath.Join(dir, name))
		taken = taken || err == nil
	}
	return taken
}

// sign signs a checkpoint and, where the log has a verifier, makes sure that the signature will be accepted.
func (l *Log) sign(c Checkpoint, sign Signer) (Checkpoint, error) {
	var err error
	if c.Signature, err = sign(c.Text()); err != nil {
		return Checkpoint{}, fmt.Errorf("register: sign the checkpoint: %w", err)
	}
	err = c.check()
	if err == nil && !IsNote(c.Signature) {
		err = errors.New("checkpoint: what is signed now is signed as a note") // version 1 is read, and no longer written
	}
	if err != nil {
		return Checkpoint{}, finding.WithHint(fmt.Errorf("register: %w", err), "this is a mistake in the program: please report it")
	}
	if l.verify != nil {
		if err := l.verify(c.Text(), c.Signature); err != nil {
			return Checkpoint{}, finding.WithHint(fmt.Errorf("register: the checkpoint just signed: %w", err),
				"sign with the key that this register is verified with: compare the register key with its fingerprint in the allowed signers")
		}
	}
	return c, nil
}

// Open opens the register of a folder for appending: it checks everything (see the package comment), and finishes a
// record that a crash interrupted. The caller holds the lock that keeps other writers out.
//
// Errors: *TamperError; one that wraps fs.ErrNotExist when the folder holds no register; others when a file cannot be
// read or written. A register that is not there is for the caller to doubt: it is made once, and never goes away.
func Open(dir string, verify Verifier) (*Log, error) {
	l, p, err := load(dir, verify)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{recordsFile, checkpointFile, pendingFile} {
		if err := os.Remove(filepath.Join(dir, name+newEnding)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("register: %w", err)
		}
	}
	switch {
	case p == nil:
	case p.checkpoint.Size == l.checkpoint.Size:
		if err := remove(dir, pendingFile); err != nil {
			return nil, err
		}
	default:
		if err := l.commit(p); err != nil {
			return nil, err
		}
	}
	return l, l.finishErasures()
}

// View opens the register of a folder for reading, changes nothing in it, and shows the log as of its checkpoint. It
// checks as Open does; Append is refused. It must not run beside a writer.
func View(dir string, verify Verifier) (*Log, error) {
	l, _, err := load(dir, verify)
	if err != nil {
		return nil, err
	}
	l.closed = errors.New("it was opened for reading")
	return l, nil
}

// Append adds an entry and returns its record, with the entry as it is kept. When it returns, the record and a signed
// checkpoint over it are durable.
//
// After an error before the record existed, the log is as it was and can be used again. After an error later on, the
// log takes no more entries, and the next Open finds the record and finishes it: a caller that must not record a thing
// twice looks for it there. An entry of KindErased is refused: Erase makes them.
func (l *Log) Append(entry Entry, sign Signer) (Record, error) {
	if entry.Kind == KindErased {
		return Record{}, mistake("an erasure is not an entry like others")
	}
	return l.add(entry, sign)
}

// add appends an entry of any kind.
func (l *Log) add(entry Entry, sign Signer) (Record, error) {
	if l.closed != nil {
		return Record{}, finding.WithHint(fmt.Errorf("register: nothing can be appended: %w", l.closed), "open the register again, for writing")
	}
	entry, err := entry.normalise()
	if err != nil {
		return Record{}, err
	}
	if err := l.unchanged(); err != nil {
		return Record{}, err
	}
	n := l.checkpoint.Size
	r := Record{Index: n, Entry: entry}
	if _, err := io.ReadFull(l.random, r.Salt[:]); err != nil {
		return Record{}, fmt.Errorf("register: draw a salt: %w", err)
	}
	p := &pending{line: newLine(r)}
	root, err := l.rootWith(p.line.leaf)
	if err != nil {
		return Record{}, err
	}
	if p.checkpoint, err = l.sign(Checkpoint{Origin: l.checkpoint.Origin, Size: n + 1, Root: root}, sign); err != nil {
		return Record{}, err
	}
	p.line.signature, _ = cutNote(p.checkpoint.Origin, p.checkpoint.Signature)
	p.text = p.line.append(nil)
	if changed, err := replace(l.dir, pendingFile, p.format()); err != nil {
		if changed {
			l.closed = err
		}
		return Record{}, err
	}
	if err := l.commit(p); err != nil {
		l.closed = err
		return Record{}, err
	}
	return r, nil
}

// rootWith is the root of the tree with one leaf more.
func (l *Log) rootWith(h Hash) (Hash, error) {
	n := l.checkpoint.Size
	grown, err := l.tree.grow(n, h)
	if err != nil {
		return Hash{}, err
	}
	return tlog.TreeHash(n+1, grown)
}

// commit finishes a pending record: everything after the file was written. It can be repeated.
func (l *Log) commit(p *pending) error {
	grown, err := l.tree.grow(p.line.Index, p.line.leaf)
	if err != nil {
		return err
	}
	end := l.offsets[len(l.offsets)-1]
	if err := appendAt(l.dir, end, p.text); err != nil {
		return err
	}
	if _, err := replace(l.dir, checkpointFile, p.checkpoint.Format()); err != nil {
		return err
	}
	if err := remove(l.dir, pendingFile); err != nil {
		return err
	}
	l.tree, l.checkpoint, l.offsets = grown, p.checkpoint, append(l.offsets, end+int64(len(p.text)))
	if e, is := p.line.erasure(); is {
		l.erased[e.Index] = e
		l.unfinished = append(l.unfinished, e.Index)
	}
	return nil
}

// unchanged makes sure that the folder is as this log left it.
func (l *Log) unchanged() error {
	info, err := os.Stat(filepath.Join(l.dir, recordsFile))
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	checkpoint, err := readSmall(l.dir, checkpointFile)
	if err != nil {
		return err
	}
	waiting, err := readSmall(l.dir, pendingFile)
	if err != nil {
		return err
	}
	if info.Size() != l.offsets[len(l.offsets)-1] || string(checkpoint) != string(l.checkpoint.Format()) || waiting != nil {
		return tampered(Unknown, "it was changed while it was open, by another program or without the lock")
	}
	return nil
}

// Checkpoint is the signed state of the log, over every record it has.
func (l *Log) Checkpoint() Checkpoint { return l.checkpoint }

// Records gives every record, oldest first, reading the file again and checking each against the hashes that Open
// computed. An error ends it.
func (l *Log) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		size := l.checkpoint.Size
		if size == 0 {
			return
		}
		lines, err := openLines(l.dir, 0)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer lines.close()
		for i := range size {
			r, err := l.next(lines, i)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Find gives every record of a kind, oldest first. An error ends it.
func (l *Log) Find(kind string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range l.Records() {
			if err == nil && r.Kind != kind {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Record gives one record, by its index from 0.
func (l *Log) Record(index int64) (Record, error) {
	if index < 0 || index >= l.checkpoint.Size {
		return Record{}, finding.WithHint(fmt.Errorf("%w %d", ErrNoRecord, index),
			fmt.Sprintf("the register holds %d records, counted from 0", l.checkpoint.Size))
	}
	r, err := l.line(index)
	if err != nil {
		return Record{}, err
	}
	return l.as(r)
}

// next reads the record that the file is at.
func (l *Log) next(lines *lineReader, index int64) (Record, error) {
	r, err := l.read(lines, index)
	if err != nil {
		return Record{}, err
	}
	return l.as(r)
}

// line reads one line of the file.
func (l *Log) line(index int64) (line, error) {
	lines, err := openLines(l.dir, l.offsets[index])
	if err != nil {
		return line{}, err
	}
	defer lines.close()
	return l.read(lines, index)
}

// read reads the line that the file is at, and makes sure that it is the one of that index.
func (l *Log) read(lines *lineReader, index int64) (line, error) {
	r, err := lines.record(index)
	if err != nil {
		return line{}, err
	}
	if r.leaf != l.tree[tlog.StoredHashIndex(0, index)] {
		return line{}, tampered(index, "it was changed while the register was open")
	}
	return r, nil
}

// Extends checks that the log contains the records that an earlier checkpoint of it covered, unchanged and in their
// places: nil, or a *TamperError. It is how a register that was put back to an earlier state, or replaced by another,
// is noticed. The checkpoint's signature is not verified.
func (l *Log) Extends(earlier Checkpoint) error {
	switch {
	case earlier.Origin != l.checkpoint.Origin:
		return tampered(Unknown, "a known checkpoint is of a register of another origin")
	case earlier.Size > l.checkpoint.Size:
		return tampered(l.checkpoint.Size, "it is missing: a known checkpoint counts %d records, the register holds %d", earlier.Size, l.checkpoint.Size)
	case earlier.Size < 0:
		return tampered(Unknown, "a known checkpoint counts fewer than no records")
	}
	root, err := tlog.TreeHash(earlier.Size, l.tree)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if root != earlier.Root {
		return tampered(Unknown, "its first %d records are not those that a known checkpoint covers", earlier.Size)
	}
	return nil
}
