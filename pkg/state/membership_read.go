package state

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/finding"
)

// ErrNoMembership is the error of Membership when there is no index of a table of a drop.
var ErrNoMembership = errors.New("no membership index")

// Membership opens the membership index of a table of a drop with the rights identity, and gives the pseudonyms in it in
// ascending order. It reads as it goes: a pseudonym is given before the end of the file was seen, and only a list that
// ends without an error is whole. After an error, which comes with an empty string, there is nothing more.
func (f *Folder) Membership(agreement, drop, table string, identity age.Identity) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := f.membership(agreement, drop, table, identity, yield); err != nil {
			yield("", err)
		}
	}
}

func (f *Folder) membership(agreement, drop, table string, identity age.Identity, yield func(string, error) bool) error {
	names, name, err := membershipPlace(agreement, drop, table)
	if err != nil {
		return err
	}
	if identity == nil {
		return errors.New("state: no rights identity to open the membership index with")
	}
	place := fmt.Sprintf("state: membership of %s in drop %s of %s", table, drop, agreement)
	folder, err := f.at(names...)
	if errors.Is(err, fs.ErrNotExist) {
		return finding.WithHint(fmt.Errorf("%s: %w", place, ErrNoMembership), "look at the agreement's drops and their tables")
	}
	if err != nil {
		return failed(err)
	}
	defer folder.Close()
	file, err := folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return finding.WithHint(fmt.Errorf("%s: %w", place, ErrNoMembership), "look at the agreement's drops and their tables")
	}
	if err != nil {
		return failed(err)
	}
	defer file.Close()
	plain, err := age.Decrypt(file, identity)
	if err != nil {
		// The reason may repeat parts of the file's head.
		return finding.WithHint(fmt.Errorf("%s: cannot be opened", place),
			"use the identity of the rights key that was in force at the time; "+
				"if it is that, restore the file from a backup")
	}
	return readMembership(place, plain, yield)
}

// readMembership reads what MembershipWriter wrote, line by line.
func readMembership(place string, plain io.Reader, yield func(string, error) bool) error {
	damaged := func(line int) error { return fmt.Errorf("%s: line %d: %w", place, line, errDamaged) }
	lines := bufio.NewReaderSize(plain, 64<<10)
	last := ""
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return damaged(n) // cut off, changed, or a line without an end
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		pseudonym := string(line)
		if !isPseudonym(line) || pseudonym <= last {
			return damaged(n)
		}
		if !yield(pseudonym, nil) {
			return nil
		}
		last = pseudonym
	}
}
