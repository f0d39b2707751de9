package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// tempPrefix begins the names of temporary files; 26 letters and digits follow.
const tempPrefix = ".put-"

// List gives the objects whose keys begin with prefix.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		w := walk{ctx: ctx, prefix: prefix, yield: yield}
		err := w.start(s.path)
		if err != nil && !errors.Is(err, errLeft) {
			yield(store.Object{}, failure(ctx, store.OpList, prefix, err))
		}
	}
}

// errLeft is how a walk ends when the caller has seen enough.
var errLeft = errors.New("left")

// walk is one reading of a list.
type walk struct {
	ctx    context.Context
	prefix string
	yield  func(store.Object, error) bool
}

// start goes down to the folder that the prefix ends in, and lists from there.
func (w *walk) start(path string) error {
	if err := store.CheckPrefix(w.prefix); err != nil {
		return err
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	root, err := os.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	folders, _ := split(w.prefix)
	chain, err := descend(root, folders, false)
	defer chain.close()
	if errors.Is(absent(err), store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.folder(chain.last(), w.prefix[:strings.LastIndexByte(w.prefix, '/')+1])
}

// folder lists what is in a folder whose objects' keys begin with base.
func (w *walk) folder(folder *os.Root, base string) error {
	entries, err := inKeyOrder(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		key := base + entry.Name()
		if strings.HasPrefix(entry.Name(), ".") || !strings.HasPrefix(key, w.prefix) {
			continue
		}
		err := w.entry(folder, entry, key)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since the folder was read
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(folder *os.Root, entry fs.DirEntry, key string) error {
	if store.CheckKey(key) != nil {
		return finding.WithHint(fmt.Errorf("%q: not a name that Postern gives", key),
			"nobody but Postern should write to this folder; find out who put it there, and move it away")
	}
	if entry.IsDir() {
		below, err := openFolder(folder, entry.Name())
		if err != nil {
			return err
		}
		defer below.Close()
		return w.folder(below, key+"/")
	}
	info, err := folder.Lstat(entry.Name())
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errIrregular(key)
	}
	if !w.yield(store.Object{Key: key, Size: info.Size()}, nil) {
		return errLeft
	}
	return nil
}

// inKeyOrder reads a folder in the order of the keys in it. A folder's keys go on with a slash, and that is where it
// stands: a-b before a/b before a0.
func inKeyOrder(folder *os.Root) ([]fs.DirEntry, error) {
	file, err := folder.Open(".")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := file.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	sortKey := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortKey(a), sortKey(b)) })
	return entries, nil
}

// Sweep removes the temporary files, anywhere in the store, that were last written to before a time, and returns how
// many. They are what killed runs left. The time should lie well back, a day say: a writer whose file is
// removed under it fails (its object is not harmed, and it can repeat the put). Objects are never touched.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	root, err := os.OpenRoot(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, failure(ctx, store.OpSweep, "", err)
	}
	defer root.Close()
	removed, err := sweep(ctx, root, before)
	return removed, failure(ctx, store.OpSweep, "", err)
}

// Tidy removes the temporary files below a key prefix (a folder of it, with or without its slash), whatever their age.
// It is for whoever alone puts objects there, before the last of them: what a killed run of its own left would
// lie beside them for good.
func (s *Store) Tidy(ctx context.Context, prefix string) error {
	_, err := s.tidy(ctx, strings.TrimSuffix(prefix, "/"))
	return failure(ctx, store.OpSweep, prefix, err)
}

func (s *Store) tidy(ctx context.Context, folder string) (int, error) {
	if err := store.CheckKey(folder); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	chain, err := descend(root, strings.Split(folder, "/"), false)
	defer chain.close()
	if errors.Is(absent(err), store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return sweep(ctx, chain.last(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
}

func sweep(ctx context.Context, folder *os.Root, before time.Time) (removed int, err error) {
	entries, err := inKeyOrder(folder)
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		n, err := sweepEntry(ctx, folder, entry, before)
		removed += n
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another sweep, or its writer, was faster
			return removed, err
		}
	}
	return removed, nil
}

func sweepEntry(ctx context.Context, folder *os.Root, entry fs.DirEntry, before time.Time) (int, error) {
	if entry.IsDir() && store.CheckKey(entry.Name()) == nil {
		below, err := openFolder(folder, entry.Name())
		if err != nil {
			return 0, err
		}
		defer below.Close()
		return sweep(ctx, below, before)
	}
	if !isTemp(entry.Name()) {
		return 0, nil
	}
	info, err := folder.Lstat(entry.Name())
	if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(before) {
		return 0, err
	}
	if err := folder.Remove(entry.Name()); err != nil {
		return 0, err
	}
	return 1, nil
}

// isTemp reports whether a name is one that create makes.
func isTemp(name string) bool {
	random, found := strings.CutPrefix(name, tempPrefix)
	return found && len(random) == 26 && strings.Trim(random, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
