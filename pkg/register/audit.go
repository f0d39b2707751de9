package register

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyRecords verifies the signature that each record carries, of the log as it was when the record was added. Open does
// not need them, since the checkpoint covers every record; they are what names the first bad one, so they are to be sound
// while all is well. A log that Create made cannot be verified: open it.
//
// The error is a *TamperError with the first record that does not hold.
func (l *Log) VerifyRecords() error {
	if l.verify == nil {
		return errors.New("register: verify: it was opened without a verifier")
	}
	return l.first(l.checkpoint.Size, nil)
}

// first gives what is wrong with the first bad record among the first n, all of which can be read: by the signature that
// each carries, which whoever computed leaf hashes again could not make. When each holds, that is the error given.
//
// A record of version 1 carries none. What is wrong with those shows in the first of version 2.
func (l *Log) first(n int64, other error) error {
	var tamper *TamperError
	if other != nil && !errors.As(other, &tamper) {
		return other // a disk that fails is no tampering
	}
	if tamper != nil && tamper.Index != Unknown {
		n = min(n, tamper.Index)
	}
	lines, err := openLines(l.dir, 0)
	if err != nil {
		return err
	}
	defer lines.close()
	unsigned := int64(0)
	for i := range n {
		r, err := lines.record(i)
		if err != nil {
			return err
		}
		if r.signature == "" {
			unsigned++
			continue
		}
		root, err := tlog.TreeHash(i+1, l.tree)
		if err != nil {
			return fmt.Errorf("register: %w", err)
		}
		c := Checkpoint{Origin: l.checkpoint.Origin, Size: i + 1, Root: root}
		switch err := l.verify(c.Text(), noteLine(c.Origin, r.signature)); {
		case err == nil:
		case i == unsigned && i > 0:
			return tampered(Unknown, "one of the first %d records: it was changed, moved, put in or taken out; all but the last of them are of version 1 and carry no signature that could tell which", i+1)
		default:
			return tampered(i, "with it the register is not what was signed when it was added: it, or its signature, was changed, moved, put in or taken out")
		}
	}
	return other
}
