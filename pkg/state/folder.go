package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The modes of everything in the state folder.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// The folders inside the state folder.
const (
	registerFolder   = "register"
	stagingFolder    = "staging"
	runsFolder       = "runs"
	preflightFolder  = "preflight"
	dropsFolder      = "drops"
	membershipFolder = "membership"
)

// ErrExposed is the error of Open when others than the folder's owner could read or change what is in it.
var ErrExposed = errors.New("the state folder is open to others than its owner")

// Folder is a council's state folder. Its methods may be called by several goroutines; other processes are kept out by
// Lock.
type Folder struct {
	path string
	mu   sync.Mutex // held while a file is read, changed and written again
}

// Open opens the state folder at path. The folder need not be there yet, but the folder that holds it must: the first
// thing written makes it, with mode 0700, and until then it is empty. What is there is checked as the package comment
// tells; the error is ErrExposed and names the first few places.
func Open(path string) (*Folder, error) {
	if path == "" {
		return nil, finding.WithHint(errors.New("state: no folder named"), "name one, such as ./state")
	}
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Folder{path: path}, nil
	case err != nil:
		return nil, failed(err)
	case !info.IsDir():
		return nil, finding.WithHint(fmt.Errorf("state: %s: not a folder", path), "name a folder that only Postern uses")
	}
	if err := checkTree(path); err != nil {
		return nil, err
	}
	return &Folder{path: path}, nil
}

// resolve makes the path absolute and follows the links in it, once: what is opened later is what was checked.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", failed(err)
	}
	whole, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return whole, failed(err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "", finding.WithHint(fmt.Errorf("state: %s: there is no folder to hold it", path),
			"make the folder above it, or correct the path")
	}
	return filepath.Join(parent, filepath.Base(path)), failed(err)
}

// RegisterDir is the folder of the register. It is for package register to make and fill.
func (f *Folder) RegisterDir() string { return filepath.Join(f.path, registerFolder) }

// exposedShown is how many exposed files an error names.
const exposedShown = 5

// checkTree looks at everything in the folder, the folder itself with it.
func checkTree(path string) error {
	var exposed []string
	more := 0
	err := filepath.WalkDir(path, func(place string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a run at work has just removed it
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		reason := ""
		switch {
		case !info.IsDir() && !info.Mode().IsRegular():
			reason = "neither a file nor a folder"
		case ModesChecked && info.Mode().Perm()&0o077 != 0:
			reason = fmt.Sprintf("mode %04o", info.Mode().Perm())
		default:
			return nil
		}
		if len(exposed) == exposedShown {
			more++
			return nil
		}
		exposed = append(exposed, fmt.Sprintf("%s (%s)", place, reason))
		return nil
	})
	if err != nil {
		return failed(err)
	}
	if len(exposed) == 0 {
		return nil
	}
	list := strings.Join(exposed, ", ")
	if more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return finding.WithHint(fmt.Errorf("state: %w: %s", ErrExposed, list),
		fmt.Sprintf("find out who has had access, then: chmod -R go-rwx %s (chmod 700 for folders, 600 for files); "+
			"remove symbolic links", path))
}

// at opens a folder inside the state folder for reading: fs.ErrNotExist when it is not there.
func (f *Folder) at(names ...string) (*os.Root, error) {
	root, err := os.OpenRoot(f.path)
	if err != nil || len(names) == 0 {
		return root, err
	}
	defer root.Close()
	return root.OpenRoot(filepath.Join(names...))
}

// made opens a folder inside the state folder, and makes it and those above it where they are missing, durably.
func (f *Folder) made(names ...string) (*os.Root, error) {
	parent, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{filepath.Base(f.path)}, names...) {
		next, err := makeFolder(parent, name)
		_ = parent.Close() // nothing was written through it that is not flushed
		if err != nil {
			return nil, err
		}
		parent = next
	}
	return parent, nil
}

func makeFolder(parent *os.Root, name string) (*os.Root, error) {
	folder, err := parent.OpenRoot(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return folder, err
	}
	if err := parent.Mkdir(name, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := flushFolder(parent); err != nil {
		return nil, err
	}
	return parent.OpenRoot(name)
}
