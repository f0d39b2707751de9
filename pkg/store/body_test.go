package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/postern-gateway/postern/pkg/store"
)

func TestBodyFromFile(t *testing.T) {
	for name, data := range map[string][]byte{"empty": nil, "small": []byte("abc"), "large": bytes.Repeat([]byte("x"), 1<<20+1)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			body, err := store.BodyFromFile(path, sha256.Sum256(data))
			if err != nil {
				t.Fatal(err)
			}
			if body.Size != int64(len(data)) || body.SHA256 != sha256.Sum256(data) {
				t.Errorf("size %d and digest %x are not the file's", body.Size, body.SHA256)
			}
			for range 2 {
				if got, err := read(t.Context(), body); err != nil || !bytes.Equal(got, data) {
					t.Errorf("read %d bytes, error %v", len(got), err)
				}
			}
		})
	}
}

func TestBodyFromFileRefuses(t *testing.T) {
	if _, err := store.BodyFromFile(t.TempDir(), [32]byte{}); err == nil {
		t.Error("a folder was taken for a body")
	}
	if _, err := store.BodyFromFile(filepath.Join(t.TempDir(), "none"), [32]byte{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
}

func TestBodyFromFileNoticesChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for what, now := range map[string]string{"changed": "abd", "longer": "abcd", "shorter": "ab"} {
		if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
			t.Fatal(err)
		}
		body, err := store.BodyFromFile(path, sha256.Sum256([]byte("abc")))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t.Context(), body); !errors.Is(err, store.ErrBody) {
			t.Errorf("%s: got %v, want ErrBody", what, err)
		}
		if body, err = store.BodyFromFile(path, sha256.Sum256([]byte("abc"))); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t.Context(), body); !errors.Is(err, store.ErrBody) {
			t.Errorf("%s before: got %v, want ErrBody", what, err)
		}
	}
}

func TestBodyFromBytesKeepsItsOwn(t *testing.T) {
	data := []byte("abc")
	body := store.BodyFromBytes(data)
	data[0] = 'x'
	if got, err := read(t.Context(), body); err != nil || string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBodyReader(t *testing.T) {
	data := []byte("twelve bytes")
	body := store.BodyFromBytes(data)
	source := func(r io.Reader) store.Body {
		b := body
		b.Open = func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
		return b
	}
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		body store.Body
		want error
	}{
		"whole":              {body, nil},
		"byte by byte":       {source(iotest.OneByteReader(bytes.NewReader(data))), nil},
		"end with the data":  {source(iotest.DataErrReader(bytes.NewReader(data))), nil},
		"broken after data":  {source(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken))), broken},
		"broken before data": {source(iotest.ErrReader(broken)), broken},
		"one byte more":      {source(io.MultiReader(bytes.NewReader(data), bytes.NewReader([]byte{0}))), store.ErrBody},
		"one byte fewer":     {source(bytes.NewReader(data[:11])), store.ErrBody},
		"another byte":       {source(bytes.NewReader([]byte("Twelve bytes"))), store.ErrBody},
		"nothing":            {source(bytes.NewReader(nil)), store.ErrBody},
		"nothing to open":    {store.Body{}, store.ErrBody},
		"negative size":      {store.Body{Size: -1, Open: body.Open}, store.ErrBody},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(t.Context(), c.body)
			if !errors.Is(err, c.want) || c.want == nil && !bytes.Equal(got, data) {
				t.Errorf("got %q, %v, want %v", got, err, c.want)
			}
			if int64(len(got)) > max(c.body.Size, 0) {
				t.Errorf("gave %d bytes of %d announced", len(got), c.body.Size)
			}
		})
	}
}

func TestBodyReaderEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader, err := store.BodyFromBytes([]byte("abc")).Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := reader.Read(make([]byte, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("read after the end: %v", err)
	}
	if _, err := store.BodyFromBytes(nil).Reader(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("open after the end: %v", err)
	}
}

func read(ctx context.Context, body store.Body) ([]byte, error) {
	reader, err := body.Reader(ctx)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

func BenchmarkBodyReader(b *testing.B) {
	body := store.BodyFromBytes(make([]byte, 1<<20))
	b.SetBytes(body.Size)
	b.ReportAllocs()
	for b.Loop() {
		reader, err := body.Reader(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, reader); err != nil {
			b.Fatal(err)
		}
	}
}
