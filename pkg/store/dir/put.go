package dir

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// Put creates the object, as the package comment tells.
func (s *Store) Put(ctx context.Context, key string, body store.Body) error {
	return failure(ctx, store.OpPut, key, s.put(ctx, key, body))
}

func (s *Store) put(ctx context.Context, key string, body store.Body) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := s.makeRoot()
	if err != nil {
		return err
	}
	folders, name := split(key)
	chain, err := descend(root, folders, true)
	defer chain.close()
	if errors.Is(err, errNotFolder) {
		return fmt.Errorf("%w: a part of the key is an object itself", store.ErrTaken)
	}
	if err != nil {
		return err
	}
	err = same(ctx, chain.last(), name, body)
	if errors.Is(err, fs.ErrNotExist) {
		err = s.create(ctx, chain.last(), name, body)
	}
	if err != nil {
		return err
	}
	// Also when the object was there: whoever made it may have been killed before this.
	return chain.flush()
}

// makeRoot opens the store's folder, and makes it when it is missing.
func (s *Store) makeRoot() (*os.Root, error) {
	root, err := os.OpenRoot(s.path)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	parent, err := os.OpenRoot(filepath.Dir(s.path))
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	if err := makeFolder(parent, filepath.Base(s.path)); err != nil {
		return nil, err
	}
	if err := flushFolder(parent); err != nil {
		return nil, err
	}
	return os.OpenRoot(s.path)
}

// create writes the body to a temporary file and gives it the name. When another writer was faster, it compares.
func (s *Store) create(ctx context.Context, folder *os.Root, name string, body store.Body) error {
	temp := tempPrefix + strings.ToLower(rand.Text())
	// Whatever happens: after a success the object has its own name. A temporary file that cannot be removed is left
	// to Sweep.
	defer func() { _ = folder.Remove(temp) }()
	if err := write(ctx, folder, temp, body); err != nil {
		return err
	}
	err := s.publish(folder, temp, name)
	if errors.Is(err, fs.ErrExist) {
		return same(ctx, folder, name, body)
	}
	return err
}

// write makes a temporary file of the body, durable and with its final mode. Until then it is its owner's alone.
func write(ctx context.Context, folder *os.Root, temp string, body store.Body) (err error) {
	source, err := body.Reader(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := folder.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, source); err != nil {
		return err
	}
	// A file system that has no modes may refuse, and loses nothing by it.
	_ = file.Chmod(objectMode)
	return file.Sync()
}

// publish gives the temporary file its final name unless that is taken (fs.ErrExist). The temporary name may stay.
func (s *Store) publish(folder *os.Root, temp, name string) error {
	err := s.link(folder, temp, name)
	if !unsupported(err) {
		return err
	}
	renamed := s.rename(folder, temp, name)
	if unsupported(renamed) {
		return finding.WithHint(errors.Join(err, renamed),
			"this file system can neither link nor rename without replacing, so no object can be put on it safely; "+
				"keep the store on a local disk and copy drops from there")
	}
	return renamed
}

// unsupported reports whether an error says that a file system does not have an operation. Linux says EPERM for a link
// on FAT, and EINVAL for a flag of rename that the file system does not know.
func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)
}

// same returns nil when the object holds the body's bytes, ErrTaken when it holds others, fs.ErrNotExist when there is none.
func same(ctx context.Context, folder *os.Root, name string, body store.Body) error {
	file, err := openObject(folder, name)
	if errors.Is(err, errFolder) {
		return fmt.Errorf("%w: other keys have it as a folder", store.ErrTaken)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != body.Size {
		return store.ErrTaken
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, lasting{ctx, file}); err != nil {
		return err
	}
	if [32]byte(digest.Sum(nil)) != body.SHA256 {
		return store.ErrTaken
	}
	return nil
}

// hint says what to do about an error of the operating system, "" where the general advice has to do.
func hint(err error) string {
	switch {
	case finding.HintOf(err) != "":
		return ""
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk or quota of the store is full; make room, then run the same command again: nothing was overwritten"
	case errors.Is(err, fs.ErrPermission):
		return "the account that runs Postern must be allowed to read, write and enter the store's folder; " +
			"give it that, then run the same command again"
	case errors.Is(err, syscall.EROFS):
		return "the store's file system is mounted read-only; see why, then run the same command again"
	}
	return ""
}
