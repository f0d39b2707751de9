// Package store says what a place for drops is: a set of immutable objects, each under a key, that can be put once, read
// and listed, and never changed or removed.
//
// A drop is published by putting its files one after the other and its SHA256SUMS.sig last; a reader takes a drop for
// real only when that last object is there. All that this asks of a store is:
//
//   - Put is create-only. The same bytes under the same key a second time are no error, so that an interrupted
//     publication is repeated from its beginning; other bytes are ErrTaken, and the object stays as it was.
//   - An object is there whole or not at all, whatever happens to the process, the machine or the network. No reader
//     ever sees the beginning of one.
//   - An object holds the bytes that its Body announced. A store that reads other bytes from the body (a file that was
//     changed while it was published) answers ErrBody and keeps nothing.
//   - After Put has returned nil the object survives a loss of power.
//
// Nothing here removes or overwrites: the credentials of an exporter should not be able to. Package storetest holds one
// suite of tests for these rules, and every store passes it. Package store/dir keeps objects in a folder,
// package store/s3 in a bucket.
//
// # Keys
//
// A key is a relative path with forward slashes: dsa-coventry-fv-2026/0007-20261121/children.parquet. Each part is
// made of A–Z, a–z, 0–9, dot, hyphen and underscore, does not begin or end with a dot and has no two dots in a row; CheckKey has
// the lengths. Such a key is at once a path on every operating system, an object name that needs no escaping in any
// bucket, and a name that sha256sum prints without quoting.
//
// A key must not also be a folder of another (a, and a/b). A store that keeps real folders answers ErrTaken.
//
// # Errors
//
// ErrTaken, ErrNotFound, ErrInvalidKey and ErrBody are told by errors.Is. When the context that was passed ends, the error
// is the context's (context.Canceled). Everything else is an *Error: the store could not be reached, was full or
// said no, nothing was overwritten, and the same call may be repeated.
package store

import (
	"context"
	"io"
	"iter"
)

// Store is a place for drops. Its methods may be called from several goroutines at once.
type Store interface {
	// Put creates the object. It returns nil when the object is there, durable and whole: made by this call, or there
	// already with the same bytes. In the second case the body need not be opened.
	Put(ctx context.Context, key string, body Body) error

	// Get opens an object for reading from its start. The caller closes it, and reads it only while ctx lasts. The
	// bytes are not checked against anything: that is for whoever holds their digest.
	Get(ctx context.Context, key string) (io.ReadCloser, error)

	// List gives the objects whose keys begin with prefix, in ascending order of the keys' bytes. The prefix need not
	// end at a slash: a/b finds a/b, a/bc and a/b/c. The empty prefix finds everything. After an error, which comes
	// with a zero Object, there is nothing more. Objects put while the list is read may be in it or not.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Location names the store for people, in the form that configuration uses: dir:./drops.
	Location() string
}

// Object is one object of a list.
type Object struct {
	Key  string
	Size int64 // in bytes
}
