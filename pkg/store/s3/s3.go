package s3

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-gateway/postern/pkg/store"
)

// Store is a bucket, or what of it is below a prefix. It is safe for use by several goroutines and several processes.
type Store struct {
	address Address
	client  *s3.Client

	// createOnly is set once the server has refused to overwrite an object because of the condition: until then each put
	// that made an object is tried on it (see the package comment).
	createOnly atomic.Bool
}

// Open makes a store of an address. It reads the settings of the standard credential chain and asks nothing of the network:
// errors are mistakes in the address, the settings or the file of the authority.
func Open(ctx context.Context, a Address) (*Store, error) {
	client, err := newClient(ctx, a)
	if err != nil {
		return nil, err
	}
	return &Store{address: a, client: client}, nil
}

// Location names the store as configuration does, but for the file of its authority. It holds no secret.
func (s *Store) Location() string { return s.address.Location() }

// Place says where the bucket is: the region in use, which may come from the environment, and the server's host.
func (s *Store) Place() store.Place {
	return store.Place{
		Kind: store.PlaceBucket, Bucket: s.address.Bucket, Region: s.client.Options().Region,
		Endpoint: strings.TrimPrefix(s.address.Endpoint, "https://"),
	}
}

// full is the key in the bucket of a key or prefix in the store.
func (s *Store) full(key string) string {
	if s.address.Prefix == "" {
		return key
	}
	return s.address.Prefix + "/" + key
}

// check holds a key to the rules, and to the bucket's length for it with its prefix.
func (s *Store) check(key string) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	return store.CheckKey(s.full(key))
}

// Get opens an object for reading. Where the server keeps a checksum of it, the bytes are held to that.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := s.check(key); err != nil {
		return nil, store.Failure(ctx, store.OpGet, key, err)
	}
	out, err := s.open(ctx, key)
	if err != nil {
		return nil, store.Failure(ctx, store.OpGet, key, err)
	}
	return &reader{ctx: ctx, store: s, key: key, body: out.Body}, nil
}

// open asks for an object.
func (s *Store) open(ctx context.Context, key string) (*s3.GetObjectOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(s.address.Bucket), Key: aws.String(s.full(key)), ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return nil, s.explain(store.OpGet, key, err)
	}
	return out, nil
}

// reader is what Get gives.
type reader struct {
	ctx   context.Context
	store *Store
	key   string
	body  io.ReadCloser
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, store.Failure(r.ctx, store.OpGet, r.key, err)
	}
	n, err := r.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = store.Failure(r.ctx, store.OpGet, r.key, r.store.explain(store.OpGet, r.key, err))
	}
	return n, err
}

func (r *reader) Close() error { return r.body.Close() }

// checksum writes a digest as S3 does.
func checksum(digest [32]byte) string { return base64.StdEncoding.EncodeToString(digest[:]) }
