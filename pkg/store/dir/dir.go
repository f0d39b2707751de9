// Package dir keeps a store's objects as files of a folder: a local disk, or a share that another system collects drops
// from. The key a/b/c is the file c in the folder a/b under the root.
//
// # How an object comes to be
//
// Put writes a temporary file beside the final name (its name begins with a dot, so that it is neither a key nor seen
// by List and Get), flushes it to the disk, and then gives it its final name with link(2), which fails when the name is
// taken. So an object is whole the moment it can be seen, and two writers cannot both have made it. Then the folder is
// flushed, and the folders above it up to the root, because a name that was not flushed is lost with the power.
//
// Some file systems cannot link: FAT and exFAT sticks, some network shares. There, Linux and macOS rename the file under the
// condition that the new name is free (renameat2 with RENAME_NOREPLACE, renameatx_np with RENAME_EXCL), which is as
// good. Where neither works, Put fails and says so. The remaining way, to create the final name with O_EXCL and write
// into it, would show half an object to every reader until it is finished, and for good after a crash: it is not used.
//
// A run that is killed leaves at most a temporary file, which nobody sees. Sweep removes those that have not been written
// to since a time the caller gives. Put itself never removes anything but its own file.
//
// # Modes
//
// Objects get mode 0640 and new folders 0750, whatever the umask: a drop is personal data, so never for everybody; the
// group is how an operator lets one other account collect drops without being able to change them. What the
// file system makes of modes is its own affair on shares and on Windows.
//
// # Links
//
// The root may be a symbolic link; what is inside may not. A symbolic link, pipe or device where an object or folder
// should be is an error, never followed: otherwise whoever can write to the share could have Postern read or write
// elsewhere. Other names that are no keys (a report.pdf with a space in its name) make List fail as well, so
// that nothing can stand in a drop's folder unnoticed; names that begin with a dot are passed over, since
// operating systems strew them about (.DS_Store).
//
// Keys that differ in case alone are different objects, except on file systems that do not tell them apart.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// The modes of objects and folders; see the package comment.
const (
	objectMode = 0o640
	folderMode = 0o750
)

// Store is a folder of objects. It is safe for use by several goroutines and several processes.
type Store struct {
	path string

	// link gives a file a second name, and rename another one, unless that is taken: (*os.Root).Link and renameNew, but
	// for tests of what happens where these do not work.
	link, rename func(folder *os.Root, from, to string) error
}

// Open opens the store at path. The folder need not be there yet, but the folder that holds it must: Put makes the one
// when it is first needed, and until then the store is empty. (A path with a longer missing part is more likely a slip
// or a share that is not mounted than a wish.)
func Open(path string) (*Store, error) {
	if path == "" {
		return nil, finding.WithHint(errors.New("store: no folder named"), "name one, such as dir:./drops")
	}
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		parent := filepath.Dir(path)
		if info, err := os.Stat(parent); err != nil || !info.IsDir() {
			return nil, &store.Error{Op: "open", Err: fmt.Errorf("%s: there is no folder %s to hold it", path, parent),
				Hint: "make that folder, or correct the path; if it is a share, see whether it is mounted"}
		}
	case err != nil:
		return nil, &store.Error{Op: "open", Err: err, Hint: hint(err)}
	case !info.IsDir():
		return nil, &store.Error{Op: "open", Err: fmt.Errorf("%s: not a folder", path),
			Hint: "a dir: store names a folder: correct the path, or move what is there away"}
	}
	return &Store{path: path, link: (*os.Root).Link, rename: renameNew}, nil
}

// Location names the store as configuration does: dir: and the path it was opened with.
func (s *Store) Location() string { return "dir:" + s.path }

// Place says that the store is a folder. Where that folder's disk stands, it cannot know.
func (s *Store) Place() store.Place { return store.Place{Kind: store.PlaceFolder} }

// Get opens an object for reading.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	file, err := s.get(ctx, key)
	if err != nil {
		return nil, failure(ctx, store.OpGet, key, err)
	}
	return &reader{lasting: lasting{ctx: ctx, file: file}, key: key}, nil
}

func (s *Store) get(ctx context.Context, key string) (*os.File, error) {
	if err := store.CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.path)
	if err != nil {
		return nil, absent(err)
	}
	folders, name := split(key)
	chain, err := descend(root, folders, false)
	defer chain.close()
	if err != nil {
		return nil, absent(err)
	}
	file, err := openObject(chain.last(), name)
	if errors.Is(err, errFolder) {
		return nil, store.ErrNotFound
	}
	return file, absent(err)
}

// absent makes "no such file" and "a file where a folder would be" the store's word for both.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		return store.ErrNotFound
	}
	return err
}

// failure gives an error the form of package store, with what to do next where this package knows better.
func failure(ctx context.Context, op, key string, err error) error {
	err = store.Failure(ctx, op, key, err)
	if failed := (*store.Error)(nil); errors.As(err, &failed) && failed.Hint == "" {
		failed.Hint = hint(failed.Err)
	}
	return err
}

// split parts a key into the folders that lead to it and its name in the last of them.
func split(key string) (folders []string, name string) {
	parts := strings.Split(key, "/")
	return parts[:len(parts)-1], parts[len(parts)-1]
}

// lasting reads a file while its context lasts.
type lasting struct {
	ctx  context.Context
	file *os.File
}

func (l lasting) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	return l.file.Read(p)
}

// reader is what Get gives.
type reader struct {
	lasting
	key string
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.lasting.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failure(r.ctx, store.OpGet, r.key, err)
	}
	return n, err
}

func (r *reader) Close() error { return r.file.Close() }
