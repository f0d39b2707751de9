package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/postern-gateway/postern/pkg/store"
)

const aKey = "dsa-anywhere-2026/0001-20261121/children.parquet"

// largeSize is over the part size of a bucket's multipart upload (5 MiB) and no multiple of any buffer.
const largeSize = 8<<20 + 13

func putThenGet(t reporter, s store.Store) {
	mustPut(t, s, aKey, []byte("one"))
	mustHold(t, s, aKey, []byte("one"))
	mustHold(t, s, aKey, []byte("one")) // a second time, from the start
}

func emptyObject(t reporter, s store.Store) {
	mustPut(t, s, aKey, nil)
	mustHold(t, s, aKey, nil)
	mustList(t, s, "", aKey)
	mustPut(t, s, aKey, nil)
	if err := s.Put(t.Context(), aKey, store.BodyFromBytes([]byte("x"))); !errors.Is(err, store.ErrTaken) {
		t.Errorf("put over an empty object: got %v, want ErrTaken", err)
	}
	mustHold(t, s, aKey, nil)
}

func largeObject(t reporter, s store.Store) {
	data := pseudoRandom(largeSize)
	mustPut(t, s, aKey, data)
	mustHold(t, s, aKey, data)
	for object, err := range s.List(t.Context(), "") {
		if err != nil || object.Size != largeSize {
			t.Errorf("list: got %d bytes (error %v), want %d", object.Size, err, largeSize)
		}
	}
}

func sameBytesAgain(t reporter, s store.Store) {
	data := pseudoRandom(100_000)
	mustPut(t, s, aKey, data)
	mustPut(t, s, aKey, data)
	mustHold(t, s, aKey, data)
	mustList(t, s, "", aKey)
}

func otherBytes(t reporter, s store.Store) {
	old := pseudoRandom(100_000)
	changed := bytes.Clone(old)
	changed[len(changed)-1] ^= 1
	mustPut(t, s, aKey, old)
	for what, data := range map[string][]byte{
		"one bit changed": changed, "longer": append(bytes.Clone(old), 0), "shorter": old[:len(old)-1], "empty": nil,
	} {
		err := s.Put(t.Context(), aKey, store.BodyFromBytes(data))
		if !errors.Is(err, store.ErrTaken) {
			t.Errorf("put of other bytes (%s): got %v, want ErrTaken", what, err)
		}
		if failure := (*store.Error)(nil); errors.As(err, &failure) {
			t.Errorf("put of other bytes (%s) is a *store.Error, which says that it may be repeated", what)
		}
		mustHold(t, s, aKey, old)
	}
	mustList(t, s, "", aKey)
}

func wrongDigest(t reporter, s store.Store) {
	body := store.BodyFromBytes([]byte("what is there"))
	body.SHA256 = sha256.Sum256([]byte("what is said!"))
	mustRefuse(t, s, body, store.ErrBody)
}

func tooFewBytes(t reporter, s store.Store) {
	body := store.BodyFromBytes([]byte("nine byte"))
	body.Size++
	mustRefuse(t, s, body, store.ErrBody)
}

func tooManyBytes(t reporter, s store.Store) {
	body := store.BodyFromBytes([]byte("nine byte"))
	body.Size--
	body.SHA256 = sha256.Sum256([]byte("nine byt")) // right for as many bytes as are announced
	mustRefuse(t, s, body, store.ErrBody)
}

func unreadableBody(t reporter, s store.Store) {
	broken := errors.New("the disk has a bad block")
	body := watched(pseudoRandom(300_000), func(int) error { return broken })
	mustRefuse(t, s, body, broken)
	body.Open = func() (io.ReadCloser, error) { return nil, broken }
	mustRefuse(t, s, body, broken)
}

// halfAnObject looks at the store while an object is half way in. A store may read the body again when the object is there
// already, since it sends again what was not confirmed; then it must be whole.
func halfAnObject(t reporter, s store.Store) {
	data := pseudoRandom(300_000)
	looks := 0
	body := watched(data, func(int) error {
		if looks++; looks > 1 && getError(t, s, aKey) == nil {
			mustHold(t, s, aKey, data)
			return nil
		}
		mustBeAbsent(t, s, aKey)
		return nil
	})
	if err := s.Put(t.Context(), aKey, body); err != nil {
		t.Fatalf("put: %v", err)
	}
	if looks == 0 {
		t.Fatalf("the body was not read to its middle")
	}
	mustHold(t, s, aKey, data)
}

func cancelledPut(t reporter, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	body := watched(pseudoRandom(300_000), func(int) error { cancel(); return nil })
	mustBeCancelled(t, "put cancelled half way", s.Put(ctx, aKey, body))
	mustBeAbsent(t, s, aKey)
	mustBeCancelled(t, "put after the end", s.Put(ctx, aKey, store.BodyFromBytes([]byte("late"))))
	mustBeAbsent(t, s, aKey)
	mustPut(t, s, aKey, []byte("again"))
	mustHold(t, s, aKey, []byte("again"))
}

func oneWriterWins(t reporter, s store.Store) {
	const writers = 16
	bodies := make([][]byte, writers)
	for i := range bodies {
		bodies[i] = fmt.Appendf(pseudoRandom(50_000), "writer %d", i)
	}
	won := -1
	for i, err := range putAll(t.Context(), s, bodies) {
		switch {
		case err == nil && won < 0:
			won = i
		case err == nil:
			t.Errorf("writers %d and %d both succeeded with different bytes", won, i)
		case !errors.Is(err, store.ErrTaken):
			t.Errorf("writer %d: got %v, want ErrTaken", i, err)
		}
	}
	if won < 0 {
		t.Fatalf("no writer succeeded")
	}
	mustHold(t, s, aKey, bodies[won])
	mustList(t, s, "", aKey)
}

func sameWritersSucceed(t reporter, s store.Store) {
	data := pseudoRandom(50_000)
	bodies := make([][]byte, 16)
	for i := range bodies {
		bodies[i] = data
	}
	for i, err := range putAll(t.Context(), s, bodies) {
		if err != nil {
			t.Errorf("writer %d of the same bytes: %v", i, err)
		}
	}
	mustHold(t, s, aKey, data)
	mustList(t, s, "", aKey)
}

// putAll puts every body under one key at the same time and gives each one's error.
func putAll(ctx context.Context, s store.Store, bodies [][]byte) []error {
	errs := make([]error, len(bodies))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, data := range bodies {
		all.Go(func() {
			<-start
			errs[i] = s.Put(ctx, aKey, store.BodyFromBytes(data))
		})
	}
	close(start)
	all.Wait()
	return errs
}

// pseudoRandom gives the same n bytes each time, without a pattern that compression or repetition could hide behind.
func pseudoRandom(n int) []byte {
	data := make([]byte, n)
	source := rand.NewChaCha8([32]byte{'s', 't', 'o', 'r', 'e'})
	_, _ = source.Read(data) // never fails
	return data
}

// watched is a body that calls half, with the number of bytes read so far, once in the middle of each reading.
func watched(data []byte, half func(read int) error) store.Body {
	body := store.BodyFromBytes(data)
	body.Open = func() (io.ReadCloser, error) {
		return io.NopCloser(&watchedReader{data: data, half: half}), nil
	}
	return body
}

type watchedReader struct {
	data []byte
	at   int
	half func(int) error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	middle := len(r.data) / 2
	if r.at == middle && r.half != nil {
		half := r.half
		r.half = nil
		if err := half(r.at); err != nil {
			return 0, err
		}
	}
	if r.at == len(r.data) {
		return 0, io.EOF
	}
	end := len(r.data)
	if r.at < middle {
		end = middle
	}
	n := copy(p, r.data[r.at:end])
	r.at += n
	return n, nil
}
