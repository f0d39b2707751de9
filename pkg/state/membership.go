package state

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// MembershipWriter writes the membership index of one table of a drop: the pseudonyms in it, ascending, one a line, and
// nothing else, sealed with age (age-encryption.org/v1). Only whoever holds the rights identity can tell from it whether a child
// was in a drop; the run that writes it cannot read it back. The pseudonyms are never in the clear on the disk.
//
// Nothing is there until Close has returned nil. A MembershipWriter is used by one goroutine.
type MembershipWriter struct {
	state  *Folder
	folder *os.Root // of all indexes, where the file is until it is done
	names  []string // of the folders where it will be
	name   string
	temp   *temporary
	sealed io.WriteCloser // seals what it is given, into the file
	lines  *bufio.Writer  // gathers lines for it
	last   []byte
	count  int64
	err    error // the first one: nothing goes on after it
}

// membershipEnding ends the names of sealed indexes.
const membershipEnding = ".age"

// errMembershipDone is what a writer answers after Close or Discard.
var errMembershipDone = errors.New("state: the membership index is closed")

// MembershipWriter begins the membership index of a table in a drop (its own part of its key: 0007-20261121), sealed to
// a recipient. An index of an earlier attempt at the same drop is replaced on Close; that of a drop in the ledger
// cannot be.
func (f *Folder) MembershipWriter(agreement, drop, table string, recipient age.Recipient) (*MembershipWriter, error) {
	names, name, err := membershipPlace(agreement, drop, table)
	if err != nil {
		return nil, err
	}
	if recipient == nil {
		return nil, finding.WithHint(errors.New("state: no rights key to seal the membership index to"), "make one with: postern keys new")
	}
	published, err := f.published(agreement, drop)
	if err != nil {
		return nil, err
	}
	if published {
		return nil, finding.WithHint(fmt.Errorf("state: drop %s of %s is published: its membership index stays", drop, agreement),
			"a further drop has a number of its own")
	}
	folder, err := f.made(membershipFolder)
	if err != nil {
		return nil, failed(err)
	}
	w := &MembershipWriter{state: f, folder: folder, names: names, name: name}
	if err := w.begin(recipient); err != nil {
		w.Discard()
		return nil, failed(err)
	}
	return w, nil
}

func (w *MembershipWriter) begin(recipient age.Recipient) (err error) {
	if w.temp, err = createTemp(w.folder); err != nil {
		return err
	}
	if w.sealed, err = age.Encrypt(w.temp.file, recipient); err != nil {
		return fmt.Errorf("seal the membership index: %w", err)
	}
	w.lines = bufio.NewWriterSize(w.sealed, 64<<10)
	return nil
}

// Add writes the next pseudonym, which must be one by its form and come after the last in the order of bytes. After an
// error there is no going on: Close gives it again, and keeps nothing.
func (w *MembershipWriter) Add(pseudonym []byte) error {
	if w.err != nil {
		return w.err
	}
	switch {
	case !isPseudonym(pseudonym):
		w.err = fmt.Errorf("state: membership index: entry %d is not a pseudonym", w.count+1)
	case bytes.Compare(w.last, pseudonym) >= 0:
		w.err = fmt.Errorf("state: membership index: entry %d is not after the one before it", w.count+1)
	default:
		w.last = append(w.last[:0], pseudonym...)
		w.count++
		_, err := w.lines.Write(pseudonym)
		w.err = failed(errors.Join(err, w.lines.WriteByte('\n')))
	}
	return w.err
}

// Count is how many pseudonyms were added.
func (w *MembershipWriter) Count() int64 { return w.count }

// Close seals the index and puts it in its place, durably.
func (w *MembershipWriter) Close() error {
	defer w.Discard()
	if w.err != nil {
		return w.err
	}
	err := errors.Join(w.lines.Flush(), w.sealed.Close())
	if err == nil {
		err = w.temp.finish()
	}
	if err == nil {
		err = w.place()
	}
	return failed(err)
}

// place moves the finished file to where it belongs.
func (w *MembershipWriter) place() error {
	folder, err := w.state.made(w.names...)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := w.folder.Rename(w.temp.name, path.Join(append(w.names[1:], w.name)...)); err != nil {
		return err
	}
	w.temp.name = ""
	return flushFolder(folder)
}

// Discard gives the index up. After Close it does nothing, so that it can be deferred.
func (w *MembershipWriter) Discard() {
	if w.temp != nil {
		w.temp.remove()
	}
	_ = w.folder.Close() // nothing is written through it
	if w.err == nil {
		w.err = errMembershipDone
	}
}

// membershipPlace gives the folders and the file of an index.
func membershipPlace(agreement, drop, table string) (names []string, name string, err error) {
	err = errors.Join(checkName("an agreement", agreement), checkName("a drop", drop), checkTable(table))
	if err != nil {
		return nil, "", err
	}
	names = []string{membershipFolder, agreement, drop}
	if format, _ := path.Split(table); format != "" {
		names = append(names, path.Clean(format))
	}
	return names, path.Base(table) + membershipEnding, nil
}

// isPseudonym holds a string to the form of a pseudonym of scheme p1: a letter, the epoch, an underscore, 32 digits
// (c1_yfagjb71…). No identifier has that form, so none can be sealed by mistake.
func isPseudonym(s []byte) bool {
	epoch := len(s) - manifest.CodeLength - 1 // where the underscore stands
	if epoch < 2 || epoch > 11 || s[epoch] != '_' || s[0] < 'a' || s[0] > 'z' || s[1] == '0' {
		return false
	}
	for i := 1; i < epoch; i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return manifest.IsCode(s[epoch+1:])
}

// RemoveMembership removes the membership index of a drop that was abandoned. That of a drop in the ledger stays: its
// removal is an error.
func (f *Folder) RemoveMembership(agreement, drop string) error {
	if err := errors.Join(checkName("an agreement", agreement), checkName("a drop", drop)); err != nil {
		return err
	}
	published, err := f.published(agreement, drop)
	if err != nil {
		return err
	}
	if published {
		return fmt.Errorf("state: drop %s of %s is published: its membership index stays", drop, agreement)
	}
	folder, err := f.at(membershipFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed(err)
	}
	defer folder.Close()
	return failed(folder.RemoveAll(path.Join(agreement, drop)))
}
