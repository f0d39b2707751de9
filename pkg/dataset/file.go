package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// maxFile bounds a definition file: formats have long code lists.
const maxFile = 4 << 20

// file is a definition file as parsed.
type file struct {
	name string
	data []byte
	root *document.Mapping
	log  *document.Log
	own  bool // the council's, not built in
}

// definitionsIn lists the definition files at the top of a file system, by name. A name that ends in another spelling of
// the ending is refused: a file that is not read, and that somebody thinks is, would raise no class and describe nothing.
func definitionsIn(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list dataset definitions: %w", err)
	}
	for _, pattern := range []string{"*.[yY][mM][lL]", "*.[yY][aA][mM][lL]"} {
		others, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, fmt.Errorf("list dataset definitions: %w", err)
		}
		for _, name := range others {
			if !slices.Contains(names, name) {
				return nil, finding.WithHint(fmt.Errorf("%s among the dataset definitions would not be read", finding.Shown(name)),
					"rename it: the names of definition files end in .yaml")
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// gather reads the files of all file systems, those of one in the order of their names, and makes their digest.
func gather(systems []fs.FS) (files []file, sum [sha256.Size]byte, err error) {
	digest := sha256.New()
	for i, fsys := range systems {
		names, err := definitionsIn(fsys)
		if err != nil {
			return nil, sum, err
		}
		for _, name := range names {
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, sum, fmt.Errorf("read dataset definitions: %w", err)
			}
			_, _ = fmt.Fprintf(digest, "%s\n", name) // a hash never fails
			_ = binary.Write(digest, binary.BigEndian, uint64(len(data)))
			digest.Write(data)
			files = append(files, file{name: name, data: data, own: i > 0})
		}
	}
	if len(files) == 0 {
		return nil, sum, errors.New("there are no dataset definitions")
	}
	digest.Sum(sum[:0])
	return files, sum, nil
}

// parse parses files side by side: that is most of what loading costs.
func parse(files []file) {
	var all sync.WaitGroup
	for i := range files {
		all.Go(func() {
			f := &files[i]
			f.root, f.log = document.Parse(f.name, f.data, document.MaxBytes(maxFile))
		})
	}
	all.Wait()
	seen := make(map[string]bool)
	for _, f := range files {
		if seen[f.name] {
			f.root.Problem("two files of dataset definitions have this name", "rename the council's own")
		}
		seen[f.name] = true
	}
}
