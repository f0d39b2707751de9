package state

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Staging gives the folder, with mode 0700, in which a run of an agreement keeps its files while it is at work; it makes the folder
// when it is not there. The name tells the runs of an agreement apart; a drop's is its own part of its key
// (0007-20261121), so that agreement/name is the drop's key in the store. Whoever writes in the folder makes files with
// mode 0600 and folders with 0700: Open refuses a state folder in which others are left.
func (f *Folder) Staging(agreement, name string) (string, error) {
	if err := errors.Join(checkName("an agreement", agreement), checkName("a staging folder", name)); err != nil {
		return "", err
	}
	folder, err := f.made(stagingFolder, agreement, name)
	if err != nil {
		return "", failed(err)
	}
	defer folder.Close()
	return filepath.Join(f.path, stagingFolder, agreement, name), nil
}

// RemoveStaging removes a staging folder and what is in it, at the end of its run. One that is not there is no error.
func (f *Folder) RemoveStaging(agreement, name string) error {
	if err := errors.Join(checkName("an agreement", agreement), checkName("a staging folder", name)); err != nil {
		return err
	}
	folder, err := f.at(stagingFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed(err)
	}
	defer folder.Close()
	return failed(removeStaged(folder, agreement, name))
}

// Sweep removes what runs that were killed have left: every staging folder that keep does not claim, and temporary files
// anywhere but in the register, which is not this package's. keep is asked with agreement/name, and claims the folders of
// drops that are prepared and not yet published. Symbolic links are removed and never followed. The caller holds the
// lock, for otherwise the files of a run at work would be removed under it.
func (f *Folder) Sweep(keep func(name string) bool) error {
	root, err := f.at()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed(err)
	}
	defer root.Close()
	if err := sweepStaging(root, keep); err != nil {
		return failed(err)
	}
	return failed(sweepTemporary(root, func(name string) bool { return name != stagingFolder && name != registerFolder }))
}

func sweepStaging(root *os.Root, keep func(name string) bool) error {
	staging, err := openReal(root, stagingFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer staging.Close()
	agreements, err := list(staging)
	if err != nil {
		return err
	}
	for _, agreement := range agreements {
		if err := sweepAgreement(staging, agreement, keep); err != nil {
			return err
		}
	}
	return flushFolder(staging)
}

func sweepAgreement(staging *os.Root, agreement fs.DirEntry, keep func(name string) bool) error {
	if !agreement.IsDir() {
		return staging.Remove(agreement.Name())
	}
	folder, err := openReal(staging, agreement.Name())
	if err != nil {
		return err
	}
	defer folder.Close()
	entries, err := list(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() && keep(path.Join(agreement.Name(), entry.Name())) {
			continue
		}
		if err := removeStaged(staging, agreement.Name(), entry.Name()); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return staging.Remove(agreement.Name())
	}
	return nil
}

// removeStaged removes one entry of an agreement's staging, and the agreement's folder with the last of them.
func removeStaged(staging *os.Root, agreement, name string) error {
	if err := staging.RemoveAll(filepath.Join(agreement, name)); err != nil {
		return err
	}
	folder, err := openReal(staging, agreement)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	rest, err := list(folder)
	if err != nil || len(rest) > 0 {
		return err
	}
	return staging.Remove(agreement)
}

// sweepTemporary removes the temporary files in a folder, and those at any depth in the folders in it that are wanted.
func sweepTemporary(folder *os.Root, wanted func(name string) bool) error {
	entries, err := list(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		switch {
		case entry.IsDir() && wanted(entry.Name()):
			err = sweepTemporaryBelow(folder, entry.Name())
		case entry.Type().IsRegular() && tempName(entry.Name()):
			err = folder.Remove(entry.Name())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sweepTemporaryBelow(folder *os.Root, name string) error {
	below, err := openReal(folder, name)
	if err != nil {
		return err
	}
	defer below.Close()
	return sweepTemporary(below, func(string) bool { return true })
}

// list reads the names in a folder, in order.
func list(folder *os.Root) ([]fs.DirEntry, error) { return fs.ReadDir(folder.FS(), ".") }

// openReal opens a folder unless it is a symbolic link to one.
func openReal(parent *os.Root, name string) (*os.Root, error) {
	before, err := parent.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotFolder}
	}
	folder, err := parent.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if after, err := folder.Stat("."); err != nil || !os.SameFile(before, after) {
		_ = folder.Close()
		return nil, errors.Join(err, &fs.PathError{Op: "open", Path: name, Err: errNotFolder})
	}
	return folder, nil
}

var errNotFolder = errors.New("not a real folder, and not followed")
