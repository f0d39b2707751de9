package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/postern-gateway/postern/pkg/store"
)

func pseudoRandom(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{'u', 'p'}).Read(data) // never fails
	return data
}

func mustUpload(t *testing.T, body store.Body) *upload {
	t.Helper()
	u, err := newUpload(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return u
}

// A body can be read again from its start, whole or broken off, as often as there are attempts.
func TestUploadRewinds(t *testing.T) {
	data := pseudoRandom(10_000)
	u := mustUpload(t, store.BodyFromBytes(data))
	if end, err := u.Seek(0, io.SeekEnd); err != nil || end != int64(len(data)) {
		t.Fatalf("the end is %d, %v", end, err)
	}
	for _, n := range []int{0, 1, 9_998, 9_999, 10_000, 10_000, 3} {
		if at, err := u.Seek(0, io.SeekStart); err != nil || at != 0 {
			t.Fatalf("seek: %d, %v", at, err)
		}
		got := make([]byte, n)
		if _, err := io.ReadFull(u, got); err != nil || !bytes.Equal(got, data[:n]) {
			t.Fatalf("%d bytes from the start: %v", n, err)
		}
		if at, err := u.Seek(0, io.SeekCurrent); err != nil || at != int64(n) {
			t.Errorf("after %d bytes it is at %d, %v", n, at, err)
		}
	}
	if _, err := u.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(iotest.OneByteReader(u)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("byte by byte: %d bytes, %v", len(got), err)
	}
	if u.problem() != nil {
		t.Errorf("a good body has the problem %v", u.problem())
	}
	if _, err := u.Seek(-1, io.SeekStart); err == nil {
		t.Error("there is a place before the start")
	}
	if _, err := u.Seek(5, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Read(make([]byte, 1)); err == nil {
		t.Error("a body was read from its middle")
	}
}

// The last byte of a body that is not what was announced is never given, whatever the size of the reads.
func TestUploadKeepsTheLastByteBack(t *testing.T) {
	data := pseudoRandom(3_000)
	good := store.BodyFromBytes(data)
	broken := errors.New("the disk has a bad block")
	for name, c := range map[string]struct {
		spoil func(b *store.Body)
		want  error
	}{
		"another digest": {func(b *store.Body) { b.SHA256[0] ^= 1 }, store.ErrBody},
		"one byte more":  {func(b *store.Body) { b.Open = opens(append(bytes.Clone(data), 0)) }, store.ErrBody},
		"one byte fewer": {func(b *store.Body) { b.Open = opens(data[:len(data)-1]) }, store.ErrBody},
		"nothing":        {func(b *store.Body) { b.Open = opens(nil) }, store.ErrBody},
		"a bad block": {func(b *store.Body) {
			b.Open = func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(bytes.NewReader(data[:2_000]), iotest.ErrReader(broken))), nil
			}
		}, broken},
		"a bad block after the end": {func(b *store.Body) {
			b.Open = func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken))), nil
			}
		}, broken},
	} {
		for _, size := range []int{1, 7, 2_999, 3_000, 8_192} {
			body := good
			c.spoil(&body)
			u := mustUpload(t, body)
			got, err := io.ReadAll(io.LimitReader(onlyReader{u, size}, 4_000))
			if !errors.Is(err, c.want) || len(got) >= len(data) {
				t.Errorf("%s, in reads of %d: got %d bytes, %v", name, size, len(got), err)
			}
			if b := (*bodyError)(nil); !errors.As(err, &b) || !errors.Is(u.problem(), c.want) {
				t.Errorf("%s: the problem is %v", name, u.problem())
			}
		}
	}
}

func opens(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// onlyReader reads so many bytes at a time.
type onlyReader struct {
	r    io.Reader
	size int
}

func (o onlyReader) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), o.size)]) }

func TestUploadOfNothing(t *testing.T) {
	if err := iotest.TestReader(mustUpload(t, store.BodyFromBytes(nil)), nil); err != nil {
		t.Error(err)
	}
	body := store.BodyFromBytes(nil)
	body.Open = opens([]byte{0})
	if _, err := newUpload(t.Context(), body); !errors.Is(err, store.ErrBody) {
		t.Errorf("one byte in place of none: %v", err)
	}
	body = store.BodyFromBytes(nil)
	body.SHA256[0] ^= 1
	if _, err := newUpload(t.Context(), body); !errors.Is(err, store.ErrBody) {
		t.Errorf("another digest of nothing: %v", err)
	}
}

func TestUploadEnds(t *testing.T) {
	u := mustUpload(t, store.BodyFromBytes([]byte("abc")))
	u.Close()
	if _, err := u.Read(make([]byte, 1)); err == nil {
		t.Error("a closed body was read")
	}
	ctx, cancel := context.WithCancel(t.Context())
	live, err := newUpload(ctx, store.BodyFromBytes([]byte("abc")))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	cancel()
	if _, err := live.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read after the end: %v", err)
	}
}
