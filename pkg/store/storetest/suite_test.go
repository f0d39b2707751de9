package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/store"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) store.Store { return &Memory{} })
}

// TestSuiteFails runs the suite over stores that each break one rule, and asks that the check of that rule fails.
func TestSuiteFails(t *testing.T) {
	for _, broken := range []struct {
		rule string
		open func() store.Store
		want []string // the checks that must fail, at least
	}{
		{"keeps what is put", func() store.Store { return &forgets{} }, []string{"put then get gives the bytes"}},
		{"is create-only", func() store.Store { return &overwrites{} }, []string{
			"other bytes are refused and the old ones stay", "one writer of many wins",
		}},
		{"takes the same bytes again", func() store.Store { return &alwaysTaken{} }, []string{
			"the same bytes again are no error", "many writers of the same bytes all succeed",
		}},
		{"checks the digest", func() store.Store { return &trusting{} }, []string{
			"another digest than announced is refused", "fewer bytes than announced are refused",
			"more bytes than announced are refused",
		}},
		{"keeps empty objects", func() store.Store { return &dropsEmpty{} }, []string{"an empty object is an object"}},
		{"keeps large objects", func() store.Store { return &truncates{} }, []string{"a large object keeps every byte"}},
		{"never shows halves", func() store.Store { return &showsHalves{} }, []string{"half an object is never seen"}},
		{"ends with the context", func() store.Store { return &deaf{} }, []string{
			"a cancelled put leaves nothing", "a cancelled read ends",
		}},
		{"gives the context's error as it is", func() store.Store { return &wraps{} }, []string{"a cancelled put leaves nothing"}},
		{"checks keys", func() store.Store { return &anyKey{} }, []string{"invalid keys are refused"}},
		{"says what is not found", func() store.Store { return &neverMissing{} }, []string{"a missing object is not found"}},
		{"lists in order", func() store.Store { return &byPart{} }, []string{"list is in the order of the keys' bytes"}},
		{"lists by any prefix", func() store.Store { return &folderPrefix{} }, []string{"list finds by any prefix"}},
		{"refuses a body it cannot read", func() store.Store { return &keepsBroken{} }, []string{"a body that cannot be read leaves nothing"}},
		{"has a location", func() store.Store { return &nowhere{} }, []string{"the store has a location"}},
	} {
		t.Run(broken.rule, func(t *testing.T) {
			asked := 0
			for _, c := range checks() {
				if slices.Contains(broken.want, c.name) {
					asked++
					if !fails(t.Context(), c, broken.open()) {
						t.Errorf("the suite did not notice: %q passed", c.name)
					}
				}
			}
			if asked != len(broken.want) {
				t.Errorf("the suite has %d of the checks %q", asked, broken.want)
			}
		})
	}
}

func TestSuiteChecksHaveNames(t *testing.T) {
	var names []string
	for _, c := range checks() {
		names = append(names, c.name)
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("two checks have one name: %q", names)
	}
}

// TestRecorderHearsNothingOfAGoodStore is the other half of TestSuiteFails: what it takes for a failure is one.
func TestRecorderHearsNothingOfAGoodStore(t *testing.T) {
	for _, c := range checks() {
		if fails(t.Context(), c, &Memory{}) {
			t.Errorf("a good store fails %q", c.name)
		}
	}
}

// fails runs one check over an empty store and says whether the check found fault with it.
func fails(ctx context.Context, c check, s store.Store) bool {
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() { // of its own, since Fatalf ends it
		defer close(done)
		c.run(r, s)
	}()
	<-done
	return r.failed
}

type recorder struct {
	ctx    context.Context
	failed bool
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Errorf(string, ...any)    { r.failed = true }
func (r *recorder) Fatalf(string, ...any)    { r.failed = true; runtime.Goexit() }

// raw writes into a Memory past all its checks.
func (m *Memory) raw(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = make(map[string][]byte)
	}
	m.objects[key] = data
}

func readBody(ctx context.Context, body store.Body) ([]byte, error) {
	reader, err := body.Reader(ctx)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

type forgets struct{ Memory }

func (*forgets) Put(context.Context, string, store.Body) error { return nil }

type overwrites struct{ Memory }

func (s *overwrites) Put(ctx context.Context, key string, body store.Body) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	data, err := readBody(ctx, body)
	if err == nil {
		s.raw(key, data)
	}
	return err
}

type alwaysTaken struct{ Memory }

func (s *alwaysTaken) Put(ctx context.Context, key string, body store.Body) error {
	if _, err := s.get(ctx, key); err == nil {
		return store.ErrTaken
	}
	return s.Memory.Put(ctx, key, body)
}

type trusting struct{ Memory }

func (s *trusting) Put(ctx context.Context, key string, body store.Body) error {
	source, err := body.Open()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(source)
	if err != nil {
		return err
	}
	return s.Memory.Put(ctx, key, store.BodyFromBytes(data))
}

type dropsEmpty struct{ Memory }

func (s *dropsEmpty) Put(ctx context.Context, key string, body store.Body) error {
	if body.Size == 0 {
		return nil
	}
	return s.Memory.Put(ctx, key, body)
}

type truncates struct{ Memory }

func (s *truncates) Put(ctx context.Context, key string, body store.Body) error {
	data, err := readBody(ctx, body)
	if err != nil {
		return err
	}
	return s.Memory.Put(ctx, key, store.BodyFromBytes(data[:min(len(data), 8<<20)]))
}

type showsHalves struct{ Memory }

func (s *showsHalves) Put(ctx context.Context, key string, body store.Body) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	reader, err := body.Reader(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	var data bytes.Buffer
	for {
		if _, err := io.CopyN(&data, reader, 100_000); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		s.raw(key, bytes.Clone(data.Bytes()))
	}
}

type deaf struct{ Memory }

func (s *deaf) Put(_ context.Context, key string, body store.Body) error {
	return s.Memory.Put(context.Background(), key, body)
}

func (s *deaf) Get(_ context.Context, key string) (io.ReadCloser, error) {
	return s.Memory.Get(context.Background(), key)
}

type wraps struct{ Memory }

func (s *wraps) Put(ctx context.Context, key string, body store.Body) error {
	err := s.Memory.Put(ctx, key, body)
	if errors.Is(err, context.Canceled) {
		return &store.Error{Op: store.OpPut, Key: key, Err: err}
	}
	return err
}

type anyKey struct{ Memory }

func (s *anyKey) Put(ctx context.Context, key string, body store.Body) error {
	data, err := readBody(ctx, body)
	if err == nil {
		s.raw(key, data)
	}
	return err
}

type neverMissing struct{ Memory }

func (s *neverMissing) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	reader, err := s.Memory.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("404")
	}
	return reader, err
}

// byPart lists in the order of paths part by part, as a walk of folders gives them.
type byPart struct{ Memory }

func (s *byPart) List(_ context.Context, prefix string) iter.Seq2[store.Object, error] {
	all := s.snapshot()
	slices.SortFunc(all, func(a, b store.Object) int {
		return slices.Compare(strings.Split(a.Key, "/"), strings.Split(b.Key, "/"))
	})
	return func(yield func(store.Object, error) bool) {
		for _, o := range all {
			if strings.HasPrefix(o.Key, prefix) && !yield(o, nil) {
				return
			}
		}
	}
}

// folderPrefix takes the prefix for a folder.
type folderPrefix struct{ Memory }

func (s *folderPrefix) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return s.Memory.List(ctx, prefix)
}

// keepsBroken keeps as much of a body as it could read.
type keepsBroken struct{ Memory }

func (s *keepsBroken) Put(ctx context.Context, key string, body store.Body) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	data, err := readBody(ctx, body)
	if err != nil {
		s.raw(key, data)
		return err
	}
	return s.Memory.Put(ctx, key, body)
}

type nowhere struct{ Memory }

func (*nowhere) Location() string { return "" }
