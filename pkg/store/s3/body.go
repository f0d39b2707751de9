package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/postern-gateway/postern/pkg/store"
)

// upload is a body on its way. It is read from the start again for each attempt (Seek), and gives its last byte only
// when the body has proved to be what was announced: a request whose body is not can then never be a whole one, whatever
// the server makes of it. It is used by one attempt after the other; Close may come while an abandoned attempt still reads.
type upload struct {
	ctx  context.Context
	body store.Body

	mu     sync.Mutex
	source io.ReadCloser // nil before the first reading
	at     int64         // bytes given of this reading
	seek   int64         // where the next reading begins
	failed error         // why the body could not be read
	closed bool
}

// bodyError is a body that cannot be read: trying the request again would not help.
type bodyError struct{ err error }

func (b *bodyError) Error() string { return b.err.Error() }
func (b *bodyError) Unwrap() error { return b.err }

// newUpload opens a body. An empty one is held to its digest here, since there is no last byte to keep back.
func newUpload(ctx context.Context, body store.Body) (*upload, error) {
	u := &upload{ctx: ctx, body: body}
	if err := u.open(); err != nil {
		return nil, err
	}
	if body.Size > 0 {
		return u, nil
	}
	if _, err := u.source.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		_ = u.source.Close() // only read from: nothing is lost
		return nil, err
	}
	return u, nil
}

func (u *upload) open() error {
	if u.source != nil {
		_ = u.source.Close() // only read from: nothing is lost
	}
	source, err := u.body.Reader(u.ctx)
	if err != nil {
		u.source = nil
		return err
	}
	u.source, u.at, u.seek = source, 0, 0
	return nil
}

// Read gives the next bytes of the body.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.closed:
		return 0, errors.New("the body is closed")
	case u.seek != u.at && u.seek != 0:
		return 0, fmt.Errorf("the body is read from %d, and not from its start", u.seek)
	case u.seek != u.at:
		if err := u.open(); err != nil {
			return 0, u.fail(err)
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	if u.at == u.body.Size {
		return 0, io.EOF
	}
	n, err := u.next(p)
	u.at += int64(n)
	u.seek = u.at
	return n, err
}

// next reads up to the last byte, and gives that one when nothing is wrong behind it.
func (u *upload) next(p []byte) (int, error) {
	last := u.body.Size - 1
	if u.at < last {
		n, err := u.source.Read(p[:min(int64(len(p)), last-u.at)])
		if err != nil {
			return n, u.fail(err)
		}
		return n, nil
	}
	var final [1]byte
	if _, err := io.ReadFull(u.source, final[:]); err != nil {
		return 0, u.fail(err)
	}
	if _, err := u.source.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return 0, u.fail(err)
	}
	p[0] = final[0]
	return 1, nil
}

// fail keeps the first reason.
func (u *upload) fail(err error) error {
	if err == nil {
		err = store.ErrBody // bytes where the end should be
	}
	if u.failed == nil {
		u.failed = err
	}
	return &bodyError{err}
}

// Seek sets where the next reading begins.
func (u *upload) Seek(offset int64, whence int) (int64, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += u.seek
	case io.SeekEnd:
		offset += u.body.Size
	}
	if offset < 0 {
		return 0, errors.New("the body has no such place")
	}
	u.seek = offset
	return offset, nil
}

// problem is why the body could not be read, nil when it could.
func (u *upload) problem() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failed
}

// Close closes the body for good.
func (u *upload) Close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	if u.source != nil {
		_ = u.source.Close() // only read from: nothing is lost
	}
}
