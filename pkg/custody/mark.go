package custody

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// UnusedMark is what the mark of a register key holds until the first register is made with the key.
const UnusedMark = "POSTERN-REGISTER-MARK-1 no register was made with this key yet\n"

// mark is the file beside a register key that remembers what was last signed with it.
func (p place) mark() place {
	return place{what: "mark of the " + p.what, name: p.name, path: strings.TrimSuffix(p.path, ageSuffix) + ".mark"}
}

// RegisterMark reads the mark of the register key: UnusedMark, or what SetRegisterMark was last given. The error wraps
// fs.ErrNotExist when there is none, and fs.ErrPermission when this user may not read it.
func (k *Keyring) RegisterMark() ([]byte, error) {
	p, err := k.registerPlace()
	if err != nil {
		return nil, err
	}
	data, err := p.mark().read(writeRight)
	if errors.Is(err, fs.ErrNotExist) {
		missing := p.mark().fail(err)
		missing.hint = "restore " + quote(missing.Path) + " from the newest backup of the keys folder; it is not made anew"
		return nil, missing
	}
	return data, err
}

// SetRegisterMark replaces the mark of the register key, durably and at once. The caller excludes other writers.
func (k *Keyring) SetRegisterMark(data []byte) error {
	p, err := k.registerPlace()
	if err != nil {
		return err
	}
	m := p.mark()
	folder := filepath.Dir(m.path)
	// Not one of create's names: a postern keys new beside this would take it for the remains of one that was killed.
	fresh := filepath.Join(folder, "."+filepath.Base(m.path)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m.unwritten(err)
	}
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m.unwritten(err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(fresh, m.path)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		_ = os.Remove(fresh) // what is left is removed before the next use
		return m.unwritten(err)
	}
	return nil
}

func (p place) unwritten(err error) *KeyError {
	e := p.fail(err)
	e.hint = "the account that runs postern must be able to write in the folder of " + quote(p.path) + ": give it that right and room, and run the command again"
	return e
}

// ensureMark writes the mark of a register key that is about to be made. It comes before the key, so that a key without a
// mark is never one whose making was interrupted. A mark that says more belongs to a key that was lost.
func (k *Keyring) ensureMark(p place) error {
	m := p.mark()
	data, err := m.read(writeRight)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m.create([]byte(UnusedMark), 0o600)
	case err != nil:
		return err
	case string(data) != UnusedMark:
		return p.refuse("it is not there, but the mark of the last register that it signed is",
			"restore "+quote(p.path)+" from its backup; if it is lost, move "+quote(m.path)+" away, run `postern keys new`, and tell every recipient the new key")
	}
	return nil
}
