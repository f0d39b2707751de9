package dir

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameNew renames a file unless the new name is taken (fs.ErrExist).
func renameNew(folder *os.Root, from, to string) error {
	file, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer file.Close()
	fd := int(file.Fd())
	if err := unix.RenameatxNp(fd, from, fd, to, unix.RENAME_EXCL); err != nil {
		return &os.LinkError{Op: "renameatx_np", Old: from, New: to, Err: err}
	}
	return nil
}
