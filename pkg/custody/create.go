package custody

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// Item is one key that creation dealt with.
type Item struct {
	What string `json:"what"` // ItemMaster, ItemSigning, …; "salt"
	Path string `json:"path"`
	Made bool   `json:"made"`           // false: it was there, was read, and is good
	Note string `json:"note,omitempty"` // what to know or do about it
}

// NewCouncil makes whatever is missing of a council's keys, and reads what is there as if to use it. It returns what it
// made and what was there, in a fixed order, also when it fails half way. It overwrites nothing, and it makes nothing
// in the place of a key that must have been lost: a new master under old salts, an identity where files are encrypted
// to another, a private key whose public half is there.
//
// Salts are made one by one, by NewSalt.
func (k *Keyring) NewCouncil(ctx context.Context) ([]Item, error) {
	var made []Item
	for _, step := range []func() (Item, error){
		k.ensureIdentity, k.ensureMaster, k.ensureSalts,
		func() (Item, error) { return k.ensureSSH(k.signingPlace()) },
		func() (Item, error) { return k.ensureSSH(k.registerPlace()) },
		k.ensureRights,
	} {
		if err := ctx.Err(); err != nil {
			return made, &KeyError{What: "keys", Reason: "stopped before all were made", hint: "run `postern keys new` again: it makes what is missing", err: err}
		}
		item, err := step()
		if err != nil {
			return made, err
		}
		if item.What != "" {
			made = append(made, item)
		}
	}
	return made, nil
}

// NewSalt makes the salt of an agreement's epoch, or reads the one that is there. The master must be there already.
func (k *Keyring) NewSalt(org, agreement string, epoch int) (Item, error) {
	scope := pseudonym.Scope{Org: org, Agreement: agreement, Epoch: epoch}
	if err := checkScope(scope); err != nil {
		return Item{}, &KeyError{What: "salt", Reason: err.Error(), hint: "correct the council's code, or the id or epoch in the agreement"}
	}
	if _, err := k.master(); err != nil {
		return Item{}, err
	}
	p, err := k.saltPlace(agreement, epoch)
	if err != nil {
		return Item{}, err
	}
	item := Item{What: p.what, Path: p.path}
	if _, err := os.Stat(p.path); os.IsNotExist(err) {
		if err := p.refuseOtherForm(); err != nil {
			return Item{}, err
		}
		item.Made = true
		if err := k.makeSecret(p, saltHeader(scope)); err != nil {
			return Item{}, err
		}
	}
	// Read back as an export will read it.
	if _, err := k.AgreementKeys(org, agreement, epoch); err != nil {
		return Item{}, err
	}
	return item, nil
}

// refuseOtherForm reports a salt that is there in the other form, encrypted or not: the master's reference was changed.
func (p place) refuseOtherForm() error {
	other := p.path + ageSuffix
	if p.encrypted() {
		other = strings.TrimSuffix(p.path, ageSuffix)
	}
	if _, err := os.Lstat(other); err == nil {
		return p.refuse("it is not there, but "+other+" is: salts are encrypted when the master is, and only then",
			"encrypt or decrypt "+quote(other)+" with age as the master is, and remove the old file")
	}
	return nil
}

// ensureIdentity makes the identity if a reference ends in .age and there is none.
func (k *Keyring) ensureIdentity() (Item, error) {
	encrypted := false
	lost := ""
	for _, locate := range []func() (place, error){k.masterPlace, k.signingPlace, k.registerPlace} {
		p, err := locate()
		if err != nil {
			return Item{}, err
		}
		encrypted = encrypted || p.encrypted()
		if _, err := os.Lstat(p.path); err == nil && p.encrypted() {
			lost = p.path
		}
	}
	if !encrypted {
		return Item{}, nil
	}
	p, err := k.identityPlace()
	if err != nil {
		return Item{}, err
	}
	item := Item{What: p.what, Path: p.path, Note: "keep a copy where the keys' own backup is not: who has both has the keys"}
	if _, err := os.Stat(p.path); os.IsNotExist(err) {
		if lost != "" {
			return Item{}, p.refuse("it is not there, but "+lost+" is encrypted to it", "restore "+quote(p.path)+" from its backup: without it the keys cannot be read")
		}
		item.Made = true
		if _, err := p.makeIdentity(); err != nil {
			return Item{}, err
		}
	}
	if _, _, err := k.identities(); err != nil {
		return Item{}, err
	}
	return item, nil
}

// ensureMaster makes the master if there is none and nothing was ever made under one.
func (k *Keyring) ensureMaster() (Item, error) {
	p, err := k.masterPlace()
	if err != nil {
		return Item{}, err
	}
	item := Item{What: p.what, Path: p.path}
	if _, err := os.Stat(p.path); os.IsNotExist(err) {
		if err := k.nothingUnderMaster(p); err != nil {
			return Item{}, err
		}
		item.Made = true
		if err := k.makeSecret(p, masterHeader); err != nil {
			return Item{}, err
		}
	}
	if _, err := k.master(); err != nil {
		return Item{}, err
	}
	return item, nil
}

func (k *Keyring) nothingUnderMaster(p place) error {
	folder, err := k.saltsPlace()
	if err != nil {
		return err
	}
	names, err := folder.saltFiles()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(names) > 0 {
		return p.refuse("it is not there, but there are salts that belong to it",
			"restore "+quote(p.path)+" from its backup; a new master would give every child of every agreement a new code")
	}
	return nil
}

// ensureSalts makes the folder of the salts.
func (k *Keyring) ensureSalts() (Item, error) {
	p, err := k.saltsPlace()
	if err != nil {
		return Item{}, err
	}
	_, missing := os.Stat(p.path)
	if err := p.makeFolder(p.what, p.path); err != nil {
		return Item{}, err
	}
	return Item{What: p.what, Path: p.path, Made: os.IsNotExist(missing)}, nil
}

// makeSecret draws 32 bytes and writes them.
func (k *Keyring) makeSecret(p place, header string) error {
	secret, err := pseudonym.GenerateSecret(k.random)
	if err != nil {
		return p.fail(err)
	}
	raw := secret.Reveal()
	defer clear(raw)
	return k.createSecret(p, formatKey(header, raw))
}

// createSecret writes the text of a secret, encrypted if the name says so, and clears it.
func (k *Keyring) createSecret(p place, text []byte) error {
	defer clear(text)
	if !p.encrypted() {
		return p.create(text, 0o600)
	}
	sealed, err := k.encrypt(p, text)
	if err != nil {
		return err
	}
	return p.create(sealed, 0o600)
}

// newPrefix begins the names under which keys are written before they get their own.
const newPrefix = ".new-"

// create writes a file whole, durable and under a name that nothing had: all of it is there after a crash, or nothing.
func (p place) create(data []byte, mode fs.FileMode) error {
	folder := filepath.Dir(p.path)
	if err := p.makeFolder("folder of the "+p.what, folder); err != nil {
		return err
	}
	if err := p.sweep(folder); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, newPrefix+"*") // mode 0600
	if err != nil {
		return p.fail(err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // it has got its own name by then, or is of no use
	_, err = file.Write(data)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		// A link fails where a rename would replace what another process has just made.
		err = os.Link(file.Name(), p.path)
	}
	if err == nil {
		err = os.Remove(file.Name())
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		return p.fail(err)
	}
	return nil
}

// sweep removes what a creation that was killed left in a folder: a copy of a salt would outlive the salt.
func (p place) sweep(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return p.fail(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), newPrefix) {
			if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return p.fail(err)
			}
		}
	}
	return nil
}

// makeFolder makes a folder of mode 0700, or checks the one that is there.
func (p place) makeFolder(what, folder string) error {
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return p.fail(err)
		}
		if err := syncFolder(filepath.Dir(folder)); err != nil {
			return p.fail(err)
		}
	}
	return checkFolder(what, folder, anyRight)
}
