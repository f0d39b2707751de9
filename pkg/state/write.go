package state

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/postern-gateway/postern/pkg/finding"
)

// tempPrefix begins the names of files that are being written; random letters and digits follow.
const tempPrefix = ".tmp-"

// WriteFile writes a file of mode 0600 at path so that, whatever happens, the file holds either what it held before or all
// of data, and so that data survives a loss of power once WriteFile has returned. It is for files that a run keeps in its
// staging folder; the folder must be there.
func WriteFile(path string, data []byte) error {
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return failed(err)
	}
	defer folder.Close()
	return failed(writeOver(folder, filepath.Base(path), data))
}

// writeOver writes a file, in place of an older one if there is one.
func writeOver(folder *os.Root, name string, data []byte) error {
	temp, err := createTemp(folder)
	if err != nil {
		return err
	}
	defer temp.remove()
	if _, err := temp.file.Write(data); err != nil {
		return err
	}
	return temp.replace(name)
}

// writeNew writes a file that must not be there yet: fs.ErrExist when it is.
func writeNew(folder *os.Root, name string, data []byte) error {
	temp, err := createTemp(folder)
	if err != nil {
		return err
	}
	defer temp.remove()
	if _, err := temp.file.Write(data); err != nil {
		return err
	}
	if err := temp.finish(); err != nil {
		return err
	}
	err = folder.Link(temp.name, name)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) { // what Linux says on FAT
		return finding.WithHint(err, "this file system cannot link files; keep the state folder on a local disk of this machine")
	}
	if err != nil {
		return err
	}
	temp.remove()
	return flushFolder(folder)
}

// temporary is a file that is being written. Nobody looks at it until it has its final name.
type temporary struct {
	folder *os.Root
	file   *os.File
	name   string
}

func createTemp(folder *os.Root) (*temporary, error) {
	name := tempPrefix + strings.ToLower(rand.Text())
	file, err := folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	return &temporary{folder, file, name}, nil
}

// finish makes the bytes durable and closes the file.
func (t *temporary) finish() error {
	return errors.Join(t.file.Sync(), t.file.Close())
}

// replace finishes the file and gives it its final name, in place of whatever had it.
func (t *temporary) replace(name string) error {
	if err := t.finish(); err != nil {
		return err
	}
	if err := t.folder.Rename(t.name, name); err != nil {
		return err
	}
	t.name = ""
	return flushFolder(t.folder)
}

// remove closes and removes the file unless it has its final name, in which case it does nothing. What cannot be removed
// is left to Sweep.
func (t *temporary) remove() {
	_ = t.file.Close()
	if t.name != "" {
		_ = t.folder.Remove(t.name)
		t.name = ""
	}
}

// readFile reads a file: fs.ErrNotExist when it is not there.
func readFile(folder *os.Root, name string) ([]byte, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// failed adds the package to an error and, where the operating system's says enough, what to do.
func failed(err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("state: %w", err)
	switch {
	case finding.HintOf(err) != "":
		return wrapped
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return finding.WithHint(wrapped, "the disk or quota of the state folder is full; make room, then run the same command again")
	case errors.Is(err, fs.ErrPermission):
		return finding.WithHint(wrapped, "the account that runs Postern must own all of the state folder")
	default:
		return finding.WithHint(wrapped, "nothing was half written; run the same command again when the cause is gone")
	}
}
