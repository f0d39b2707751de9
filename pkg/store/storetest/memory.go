package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/postern-gateway/postern/pkg/store"
)

// Memory is a store in memory, for tests: it keeps the rules of package store except that nothing survives the process.
// The zero value is empty and ready.
type Memory struct {
	mu      sync.Mutex
	objects map[string][]byte
}

// Put creates the object.
func (m *Memory) Put(ctx context.Context, key string, body store.Body) error {
	return store.Failure(ctx, store.OpPut, key, m.put(ctx, key, body))
}

func (m *Memory) put(ctx context.Context, key string, body store.Body) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	reader, err := body.Reader(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	data, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, taken := m.objects[key]; taken {
		if sha256.Sum256(old) != body.SHA256 {
			return store.ErrTaken
		}
		return nil
	}
	if m.objects == nil {
		m.objects = make(map[string][]byte)
	}
	m.objects[key] = data
	return nil
}

// Get opens an object for reading.
func (m *Memory) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	data, err := m.get(ctx, key)
	if err != nil {
		return nil, store.Failure(ctx, store.OpGet, key, err)
	}
	return io.NopCloser(memoryReader{ctx, key, bytes.NewReader(data)}), nil
}

func (m *Memory) get(ctx context.Context, key string) ([]byte, error) {
	if err := store.CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	data, found := m.objects[key]
	if !found {
		return nil, store.ErrNotFound
	}
	return data, nil
}

type memoryReader struct {
	ctx  context.Context
	key  string
	data *bytes.Reader
}

func (r memoryReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, store.Failure(r.ctx, store.OpGet, r.key, err)
	}
	return r.data.Read(p)
}

// List gives the objects whose keys begin with prefix.
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if err := store.CheckPrefix(prefix); err != nil {
			yield(store.Object{}, store.Failure(ctx, store.OpList, prefix, err))
			return
		}
		for _, object := range m.snapshot() {
			if err := ctx.Err(); err != nil {
				yield(store.Object{}, store.Failure(ctx, store.OpList, prefix, err))
				return
			}
			if strings.HasPrefix(object.Key, prefix) && !yield(object, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(store.Object{}, store.Failure(ctx, store.OpList, prefix, err))
		}
	}
}

func (m *Memory) snapshot() []store.Object {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []store.Object
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		all = append(all, store.Object{Key: key, Size: int64(len(m.objects[key]))})
	}
	return all
}

// Location names the store.
func (m *Memory) Location() string { return "memory:" }
