//go:build !unix

package state

import "os"

// ModesChecked says whether Open looks at the modes of files and folders on this platform. Windows keeps access lists
// instead, at which Open does not look: a command that opens a state folder there says so.
const ModesChecked = false

// flushFolder does nothing: Windows cannot flush a folder, and its file systems journal names themselves.
func flushFolder(*os.Root) error { return nil }
