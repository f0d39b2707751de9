//go:build unix

package custody

import (
	"io/fs"
	"os"
)

// PermissionNotice says what cannot be checked of files on this system; "" here, where everything can.
func PermissionNotice() string { return "" }

// rights are the permission bits of a file.
func rights(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() }

// syncFolder makes a new name in a folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
