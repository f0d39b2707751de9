package recipient

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

// Source is one drop, wherever it lies.
type Source interface {
	// Name is what the drop is called where it lies: a folder's own name, or a key prefix.
	Name() string
	// List gives everything in the drop, in any order.
	List(ctx context.Context) ([]Entry, error)
	// Open opens a regular file of List. The error wraps fs.ErrNotExist if there is none.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
}

// Entry is one thing in a Source.
type Entry struct {
	Path    string // relative, forward slashes
	Regular bool   // an ordinary file, not a link, pipe or device
}

// Dir is a drop in a local folder.
type Dir struct {
	root *os.Root
	name string
}

// FromDir takes the drop in a folder. What is inside is reached without following a link out of it. The caller closes it.
func FromDir(path string) (*Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, finding.WithHint(err, "give the folder that holds the drop's SHA256SUMS")
	}
	return &Dir{root: root, name: filepath.Base(absolute)}, nil
}

// Close closes the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Name is the folder's own name.
func (d *Dir) Name() string { return d.name }

// List walks the folder. Sub-folders are not listed for themselves.
func (d *Dir) List(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	err := fs.WalkDir(d.root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !e.IsDir() {
			entries = append(entries, Entry{Path: path, Regular: e.Type().IsRegular()})
		}
		return ctx.Err()
	})
	return entries, err
}

// Open opens a file of the folder.
func (d *Dir) Open(_ context.Context, path string) (io.ReadCloser, error) {
	return d.root.Open(filepath.FromSlash(path))
}

// prefixed is a drop in a store.
type prefixed struct {
	store  store.Store
	prefix string
}

// FromStore takes the drop under a prefix of a store: "dsa-coventry-fv-2026/0007-20261121".
func FromStore(s store.Store, prefix string) Source {
	return prefixed{store: s, prefix: strings.TrimSuffix(prefix, "/")}
}

func (p prefixed) Name() string { return p.prefix }

func (p prefixed) List(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	for object, err := range p.store.List(ctx, p.prefix+"/") {
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Path: strings.TrimPrefix(object.Key, p.prefix+"/"), Regular: true})
	}
	return entries, nil
}

func (p prefixed) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := p.store.Get(ctx, p.prefix+"/"+path)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return r, err
}

// readSmall reads a file that must not be larger than limit bytes.
func readSmall(ctx context.Context, src Source, path string, limit int64) (data []byte, err error) {
	r, err := src.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := r.Close(); err == nil {
			err = closing
		}
	}()
	data, err = io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, failf("%s is larger than any that the gateway writes.", path)
	}
	return data, err
}
