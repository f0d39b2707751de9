package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/postern-gateway/postern/pkg/finding"
)

var (
	errFolder    = errors.New("is a folder")
	errNotFolder = errors.New("is not a folder")
)

// errIrregular is what a symbolic link, pipe, socket or device inside the store meets.
func errIrregular(name string) error {
	return finding.WithHint(fmt.Errorf("%s: neither a file nor a folder (a symbolic link?), and not followed", name),
		"nobody but Postern should write to this folder; find out who put it there, and remove it")
}

// chain is a folder of the store and those above it, from the root down, each held open: what is done in them is done in
// those very folders, whatever happens meanwhile to their names.
type chain []*os.Root

func (c chain) last() *os.Root { return c[len(c)-1] }

func (c chain) close() {
	for _, folder := range c {
		_ = folder.Close() // nothing is written through it
	}
}

// flush makes the names in every folder of the chain durable, the lowest first. All of them each time: a run that
// was killed may have made a folder and not flushed the one above it.
func (c chain) flush() error {
	for i := len(c) - 1; i >= 0; i-- {
		if err := flushFolder(c[i]); err != nil {
			return err
		}
	}
	return nil
}

// descend opens the folders that names lead to, one inside the other, beginning in root. With create, those that are
// missing are made. The chain has root in it, and is to be closed after an error too.
func descend(root *os.Root, names []string, create bool) (chain, error) {
	c := chain{root}
	for _, name := range names {
		next, err := openFolder(c.last(), name)
		if create && errors.Is(err, fs.ErrNotExist) {
			if err := makeFolder(c.last(), name); err != nil {
				return c, err
			}
			next, err = openFolder(c.last(), name)
		}
		if err != nil {
			return c, err
		}
		c = append(c, next)
	}
	return c, nil
}

// openFolder opens a real folder: os.Root follows symbolic links that stay inside it, and this does not.
func openFolder(parent *os.Root, name string) (*os.Root, error) {
	before, err := parent.Lstat(name)
	if err != nil {
		return nil, err
	}
	if before.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, errNotFolder)
	}
	if !before.IsDir() {
		return nil, errIrregular(name)
	}
	folder, err := parent.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	after, err := folder.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = errIrregular(name) // exchanged for a link between the two looks
	}
	if err != nil {
		_ = folder.Close()
		return nil, err
	}
	return folder, nil
}

// makeFolder makes a folder with the mode of the package comment. One that another writer made meanwhile is as good.
func makeFolder(parent *os.Root, name string) error {
	err := parent.Mkdir(name, folderMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// The umask may have taken bits away, and the folder above may have handed down its set-group-ID bit, which stays.
	// A file system that has no modes may refuse, and loses nothing by it.
	if info, err := parent.Lstat(name); err == nil && info.IsDir() {
		_ = parent.Chmod(name, folderMode|info.Mode()&fs.ModeSetgid)
	}
	return nil
}

// openObject opens a regular file for reading, without following a link: errFolder for a folder.
func openObject(folder *os.Root, name string) (*os.File, error) {
	before, err := folder.Lstat(name)
	if err != nil {
		return nil, err
	}
	if before.IsDir() {
		return nil, fmt.Errorf("%s: %w", name, errFolder)
	}
	if !before.Mode().IsRegular() {
		return nil, errIrregular(name)
	}
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	after, err := file.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = errIrregular(name)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
