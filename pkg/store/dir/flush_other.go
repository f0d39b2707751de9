//go:build !unix

package dir

import "os"

// flushFolder does nothing: Windows cannot flush a folder, and its file systems journal names themselves.
func flushFolder(*os.Root) error { return nil }
