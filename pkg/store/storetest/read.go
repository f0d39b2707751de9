package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/store"
)

func cancelledRead(t reporter, s store.Store) {
	mustPut(t, s, aKey, pseudoRandom(largeSize))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, err := s.Get(ctx, aKey)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	defer reader.Close()
	if _, err := io.ReadFull(reader, make([]byte, 10)); err != nil {
		t.Fatalf("read: %v", err)
	}
	cancel()
	// Some of what is on the way already may still arrive; all of it must not.
	_, err = io.Copy(io.Discard, reader)
	mustBeCancelled(t, "read after the end", err)
	_, err = s.Get(ctx, aKey)
	mustBeCancelled(t, "get after the end", err)
	var last error
	for _, last = range s.List(ctx, "") {
	}
	mustBeCancelled(t, "list after the end", last)
}

func notFound(t reporter, s store.Store) {
	mustBeAbsent(t, s, aKey)
	mustPut(t, s, "a/b/c", []byte("c"))
	for _, key := range []string{"a", "a/b", "a/b/c/d", "a/b/cc", "b", "a/b.c"} {
		if err := getError(t, s, key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get %s: got %v, want ErrNotFound", key, err)
		}
	}
}

func invalidKeys(t reporter, s store.Store) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b", ".a", "a/.b", "a.", "a./b", "a..b",
		`a\b`, "a b", "a\x00b", "a\nb", "a:b", "é", "a%2fb", "a?b", "~a!", "C:a", "a/b\xff",
		strings.Repeat("a", store.MaxPart+1), strings.Repeat("a/", store.MaxKey/2) + "a",
	} {
		if err := s.Put(t.Context(), key, store.BodyFromBytes([]byte("x"))); !errors.Is(err, store.ErrInvalidKey) {
			t.Errorf("put %q: got %v, want ErrInvalidKey", key, err)
		}
		if err := getError(t, s, key); !errors.Is(err, store.ErrInvalidKey) {
			t.Errorf("get %q: got %v, want ErrInvalidKey", key, err)
		}
	}
	mustList(t, s, "")
	for _, prefix := range []string{"/", "//", "a//", ".", "..", "a/.", "../", "a/../", "a/./", "a b", `\`, "a./", "a/b.."} {
		found := 0
		var last error
		for _, last = range s.List(t.Context(), prefix) {
			found++
		}
		if found != 1 || !errors.Is(last, store.ErrInvalidKey) {
			t.Errorf("list %q: got %d results and %v, want ErrInvalidKey", prefix, found, last)
		}
	}
}

func validKeys(t reporter, s store.Store) {
	keys := []string{
		"0", "A-Z_a.z", "-", "_", "a.b.c", "SHA256SUMS.sig", "CLAIM", "a1/b2/c3/d4/e5/f6", "x/-a", "x/_.y",
		strings.Repeat("n", store.MaxPart), "long/" + strings.Repeat("p/", 400) + "q",
	}
	for _, key := range keys {
		mustPut(t, s, key, []byte(key))
	}
	for _, key := range keys {
		mustHold(t, s, key, []byte(key))
	}
	slices.Sort(keys)
	mustList(t, s, "", keys...)
}

// The order of paths part by part is not the order of bytes: hyphen and dot stand before the slash, digits and letters
// behind it.
var ordered = []string{
	"A/b", "B", "a-b", "a-b-c/d", "a.b", "a/b-", "a/b/1", "a/b/10", "a/b/2", "a/b0", "a/c", "a0", "a_", "aa/a", "b",
}

func listOrder(t reporter, s store.Store) {
	mustList(t, s, "")
	backwards := slices.Clone(ordered)
	slices.Reverse(backwards)
	for _, key := range backwards {
		mustPut(t, s, key, []byte(key))
	}
	mustList(t, s, "", ordered...)
	for object, err := range s.List(t.Context(), "") {
		if err == nil && object.Size != int64(len(object.Key)) {
			t.Errorf("list: %s has %d bytes, want %d", object.Key, object.Size, len(object.Key))
		}
	}
}

func listPrefix(t reporter, s store.Store) {
	for _, key := range ordered {
		mustPut(t, s, key, []byte("x"))
	}
	for _, prefix := range []string{
		"a", "a/", "a/b", "a/b/", "a/b/1", "a/b/10", "a/b/100", "a-", "a-b", "a-b-c/", "a.", "b", "b/", "A", "A/b/", "c", "a/c", "aa/",
	} {
		var want []string
		for _, key := range ordered {
			if strings.HasPrefix(key, prefix) {
				want = append(want, key)
			}
		}
		mustList(t, s, prefix, want...)
	}
}

func listLeftEarly(t reporter, s store.Store) {
	for _, key := range ordered {
		mustPut(t, s, key, []byte("x"))
	}
	for n := range ordered {
		seen := 0
		for _, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Fatalf("list: %v", err)
			}
			if seen++; seen > n {
				break
			}
		}
		if seen != n+1 {
			t.Errorf("list left after %d objects gave %d", n+1, seen)
		}
	}
}

func location(t reporter, s store.Store) {
	first := s.Location()
	if again := s.Location(); first == "" || again != first {
		t.Errorf("the location is %q, then %q", first, again)
	}
}

func mustPut(t reporter, s store.Store, key string, data []byte) {
	t.Helper()
	if err := s.Put(t.Context(), key, store.BodyFromBytes(data)); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func mustHold(t reporter, s store.Store, key string, want []byte) {
	t.Helper()
	reader, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	got, err := io.ReadAll(reader)
	if err := errors.Join(err, reader.Close()); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("get %s: %d bytes that differ from the %d put", key, len(got), len(want))
	}
}

func mustList(t reporter, s store.Store, prefix string, want ...string) {
	t.Helper()
	var got []string
	for object, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		got = append(got, object.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("list %q:\n got %q\nwant %q", prefix, got, want)
	}
}

// mustRefuse puts a body that is not to be taken, and looks for what it may have left.
func mustRefuse(t reporter, s store.Store, body store.Body, want error) {
	t.Helper()
	if err := s.Put(t.Context(), aKey, body); !errors.Is(err, want) {
		t.Errorf("put: got %v, want %v", err, want)
	}
	mustBeAbsent(t, s, aKey)
}

func mustBeAbsent(t reporter, s store.Store, key string) {
	t.Helper()
	if err := getError(t, s, key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get %s: got %v, want ErrNotFound", key, err)
	}
	mustList(t, s, "")
}

func mustBeCancelled(t reporter, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s: got %v, want context.Canceled", what, err)
	}
	if failure := (*store.Error)(nil); errors.As(err, &failure) {
		t.Errorf("%s: is a *store.Error, as if the store had failed", what)
	}
}

func getError(t reporter, s store.Store, key string) error {
	t.Helper()
	reader, err := s.Get(t.Context(), key)
	if err == nil {
		_ = reader.Close()
	}
	return err
}
