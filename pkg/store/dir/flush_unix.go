//go:build unix

package dir

import (
	"errors"
	"os"
	"syscall"
)

// flushFolder makes the names in a folder durable. Some network file systems cannot flush a folder, and say EINVAL or that
// it is not supported: they keep names on the server, and there is no more to be had.
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
