package export

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
)

// marker keeps the register's last signed checkpoint in another place than the register, so that who puts the register back
// to an earlier state, or cuts it back to one, is found out. It holds custody.UnusedMark until there is a register.
type marker interface {
	// RegisterMark wraps fs.ErrNotExist when there is none, and fs.ErrPermission when this user may not read it.
	RegisterMark() ([]byte, error)
	// SetRegisterMark replaces it, durably and at once.
	SetRegisterMark(data []byte) error
}

var _ marker = (*custody.Keyring)(nil)

// mark is what a marker holds.
type mark struct {
	text       string
	there      bool
	checkpoint register.Checkpoint // of no records while unused
}

func (m mark) unused() bool { return m.text == custody.UnusedMark }

// readMark reads the mark. That there is none is no error: whoever asks says what it means.
func (g *Gateway) readMark(verify register.Verifier) (mark, error) {
	data, err := g.Keys.RegisterMark()
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, err
	}
	m := mark{text: string(data), there: true}
	if m.unused() {
		return m, nil
	}
	if m.checkpoint, err = register.ParseKept(data, verify); err != nil {
		return mark{}, finding.WithHint(&register.TamperError{Index: register.Unknown, Reason: "the mark beside its key is not one that was signed with the key", Err: err},
			"export nothing; restore the mark from the newest backup of the keys folder, and find out who changed it")
	}
	return m, nil
}

// markedAs is readMark for who only reads the register: where the keys are not at hand there is no mark to hold it to.
func (g *Gateway) markedAs(verify register.Verifier) (m mark, held bool, err error) {
	m, err = g.readMark(verify)
	if errors.Is(err, fs.ErrPermission) {
		return m, false, nil
	}
	if err == nil && !m.there {
		_, err := g.Keys.RegisterKey()
		return m, !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission), nil
	}
	return m, true, err
}

// hold holds the register to the mark: every record that the mark counts is there, unchanged. The mark may be behind, by
// what was being recorded when a run was killed.
//
// A register of version 1 that nothing was added to since comes from a program that made no marks, and is taken as it is.
func (m mark) hold(log *register.Log) error {
	now := log.Checkpoint()
	switch {
	case !m.there && !register.IsNote(now.Signature):
		return nil
	case !m.there:
		return finding.WithHint(&register.TamperError{Index: register.Unknown, Reason: "the mark beside its key, which says what was last recorded, is not there"},
			"restore the mark with the rest of the keys folder from its newest backup; no command makes one for a register that is there, since it would hide that records are lost")
	case m.unused() && now.Size > 0:
		return finding.WithHint(&register.TamperError{Index: register.Unknown, Reason: "the mark beside its key says that there was none yet"},
			"restore the mark from the newest backup of the keys folder, and find out who changed it")
	case m.unused():
		return nil
	}
	var tampered *register.TamperError
	switch err := log.Extends(m.checkpoint); {
	case errors.As(err, &tampered):
		return &register.TamperError{Index: tampered.Index, Reason: fmt.Sprintf(
			"it was put back or cut back to an earlier state, or is another register: it holds %d records, and does not go on from the %d that the mark beside its key counts", now.Size, m.checkpoint.Size)}
	default:
		return err
	}
}

// lost says of a register that is not there that it was there once; nil when there may never have been one.
func (m mark) lost(dir string) error {
	if m.checkpoint.Size == 0 {
		return nil
	}
	return NotSetUp{finding.WithHint(fmt.Errorf("the register that the register key signed is not there: it had %d records", m.checkpoint.Size),
		"restore "+dir+" from the council's newest backup; no new register takes its place")}
}

// remember has the mark say what the register is now.
func (b *Books) remember() error {
	if b.mark == nil {
		return nil
	}
	if err := b.mark.SetRegisterMark(b.log.Checkpoint().Format()); err != nil {
		return fmt.Errorf("remember what was recorded: %w", err)
	}
	return nil
}
