//go:build !linux && !darwin

package dir

import (
	"errors"
	"os"
)

// renameNew is not to be had here: a rename may replace.
func renameNew(_ *os.Root, from, to string) error {
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: errors.ErrUnsupported}
}
