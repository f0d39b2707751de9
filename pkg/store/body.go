package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// Body is what an object is to hold: how many bytes, which ones, and where to read them. Open may be called more than
// once (a store that sends again after a broken connection does) and gives the bytes from the start each time.
type Body struct {
	Size   int64    // in bytes
	SHA256 [32]byte // of all of them
	Open   func() (io.ReadCloser, error)
}

// BodyFromBytes is the body that holds a copy of data.
func BodyFromBytes(data []byte) Body {
	data = bytes.Clone(data)
	return Body{
		Size:   int64(len(data)),
		SHA256: sha256.Sum256(data),
		Open:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// BodyFromFile is the body that holds what the regular file at path is to hold, by its digest. The file is not read for it:
// of one that holds something else, or changes afterwards, a store keeps nothing, and answers ErrBody.
func BodyFromFile(path string, sha256 [32]byte) (Body, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Body{}, fmt.Errorf("store: body: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Body{}, fmt.Errorf("store: body: %s: not a regular file", path)
	}
	return Body{Size: info.Size(), SHA256: sha256, Open: func() (io.ReadCloser, error) { return os.Open(path) }}, nil
}

// Reader opens the body for a store to read. The reader answers io.EOF only when it has given Size bytes with the digest
// SHA256, and ErrBody when it cannot; it never gives more than Size bytes, and ends with ctx. A store that reads to
// io.EOF before it shows the object therefore never shows other bytes than those announced.
func (b Body) Reader(ctx context.Context) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.Size < 0 {
		return nil, fmt.Errorf("%w: a negative size", ErrBody)
	}
	if b.Open == nil {
		return nil, fmt.Errorf("%w: nothing to open", ErrBody)
	}
	source, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("open the body: %w", err)
	}
	return &bodyReader{ctx: ctx, source: source, digest: sha256.New(), left: b.Size, want: b.SHA256}, nil
}

type bodyReader struct {
	ctx    context.Context
	source io.ReadCloser
	digest hash.Hash
	left   int64
	want   [32]byte
	end    error // once set, the only answer
}

func (r *bodyReader) Read(p []byte) (int, error) {
	if r.end != nil {
		return 0, r.end
	}
	if r.end = r.ctx.Err(); r.end != nil {
		return 0, r.end
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.left == 0 {
		r.end = r.finish()
		return 0, r.end
	}
	n, err := r.source.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	r.digest.Write(p[:n])
	switch {
	case errors.Is(err, io.EOF) && r.left > 0:
		r.end = fmt.Errorf("%w: %d bytes fewer", ErrBody, r.left)
	case err != nil && !errors.Is(err, io.EOF):
		r.end = fmt.Errorf("read the body: %w", err)
	}
	return n, r.end
}

// finish is called when all announced bytes were given: it looks for one more, and at the digest.
func (r *bodyReader) finish() error {
	var more [1]byte
	n, err := io.ReadFull(r.source, more[:])
	switch {
	case n > 0:
		return fmt.Errorf("%w: there are more", ErrBody)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read the body: %w", err)
	case [32]byte(r.digest.Sum(nil)) != r.want:
		return fmt.Errorf("%w: another SHA-256", ErrBody)
	}
	return io.EOF
}

func (r *bodyReader) Close() error { return r.source.Close() }
