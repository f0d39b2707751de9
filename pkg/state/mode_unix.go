//go:build unix

package state

import (
	"errors"
	"os"
	"syscall"
)

// ModesChecked says whether Open looks at the modes of files and folders on this platform.
const ModesChecked = true

// flushFolder makes the names in a folder durable. A file system that cannot flush a folder says EINVAL or that it is
// not supported, and there is no more to be had.
func flushFolder(folder *os.Root) error {
	file, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer file.Close()
	err = file.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
