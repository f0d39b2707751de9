//go:build !unix

package custody

import "io/fs"

// PermissionNotice says what cannot be checked of files on this system; "" where everything can. Commands that read
// keys show it.
func PermissionNotice() string {
	return "this system has no file modes: postern cannot check that only you can read the key files; " +
		"see to it that their folder's access list names nobody else"
}

// rights are none that could be refused: the modes that Go reports here say nothing about who may read a file.
func rights(fs.FileInfo) fs.FileMode { return 0 }

// syncFolder does nothing: a folder cannot be flushed here, and its file system journals new names.
func syncFolder(string) error { return nil }
