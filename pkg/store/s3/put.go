package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// MaxSize is the largest object that one put may make, in bytes: 5 GiB, S3's own limit. A larger one would have to go in
// parts, whose SHA-256 S3 does not keep as that of the whole. The parts of a drop's tables stay far below it.
const MaxSize = 5 << 30

// Put creates the object, as the package comment tells.
func (s *Store) Put(ctx context.Context, key string, body store.Body) error {
	return store.Failure(ctx, store.OpPut, key, s.put(ctx, key, body))
}

func (s *Store) put(ctx context.Context, key string, body store.Body) error {
	if err := s.check(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if body.Size > MaxSize {
		return finding.WithHint(fmt.Errorf("the object has %d bytes, and a bucket takes no more than %d in one put", body.Size, int64(MaxSize)),
			"publish to a folder (dir:) and copy the drop from there with a tool that sends large objects in parts")
	}
	if s.createOnly.Load() {
		_, err := s.create(ctx, key, body)
		return err
	}
	return s.prove(ctx, key, body)
}

// prove is a put to a server that has not shown yet that it heeds the condition. It looks first, so that at worst a race
// is lost to such a server, and puts the object once more when it is there: the same bytes, which do no harm where they
// are taken. Taken they must not be.
func (s *Store) prove(ctx context.Context, key string, body store.Body) error {
	if err := s.same(ctx, key, body); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	made, err := s.create(ctx, key, body)
	if err != nil || !made {
		return err
	}
	made, err = s.create(ctx, key, body)
	if err == nil && made {
		return finding.WithHint(errors.New("the server overwrites objects although it is asked not to (it does not heed If-None-Match)"),
			"nothing more was sent, and there is no drop: use a store whose puts are conditional, as those of AWS and versitygw are, "+
				"or publish to a folder (dir:)")
	}
	return err
}

// create puts the object if there is none. It says whether this call made it; when one was there, its bytes are compared.
// One that was there and is gone when it is to be compared (another writer's that failed in the end, or was removed, or
// that its server is still about to show) is tried again.
func (s *Store) create(ctx context.Context, key string, body store.Body) (made bool, err error) {
	for attempt := 1; ; attempt++ {
		made, err = s.attempt(ctx, key, body)
		if !errors.Is(err, store.ErrNotFound) {
			return made, err
		}
		if attempt == attempts {
			return false, finding.WithHint(errors.New("the server says that there is such an object, and when asked for it that there is none"),
				"see what is at this key, and run the same command again: nothing was overwritten")
		}
		if err := s.pause(ctx, attempt, err); err != nil {
			return false, err
		}
	}
}

// pause waits as long as between two attempts at a request.
func (s *Store) pause(ctx context.Context, attempt int, cause error) error {
	delay, err := s.client.Options().Retryer.RetryDelay(attempt, cause)
	if err != nil {
		return err
	}
	wait := time.NewTimer(delay)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		return nil
	}
}

// attempt is create, once.
func (s *Store) attempt(ctx context.Context, key string, body store.Body) (made bool, err error) {
	err = s.send(ctx, key, body)
	switch kind := kindOf(err); {
	case err == nil:
		return true, nil
	case kind == kindExists:
		s.createOnly.Store(true)
		return false, s.same(ctx, key, body)
	case kind == kindFolder:
		return false, fmt.Errorf("%w: a part of the key is an object itself, or the key a folder of others", store.ErrTaken)
	case kind == kindDenied:
		// A bucket that locks its objects may say so before it looks at the condition.
		if same := s.same(ctx, key, body); same == nil || errors.Is(same, store.ErrTaken) {
			return false, same
		}
		return false, err
	default:
		return false, err
	}
}

// send is one conditional put, with the SDK's repetitions. The server holds the bytes to the SHA-256 twice: it is in the
// signature of the request, and it is kept with the object as its checksum.
func (s *Store) send(ctx context.Context, key string, body store.Body) error {
	source, err := newUpload(ctx, body)
	if err != nil {
		return err
	}
	defer source.Close()
	in := &s3.PutObjectInput{
		Bucket: aws.String(s.address.Bucket), Key: aws.String(s.full(key)), IfNoneMatch: aws.String("*"),
		ContentLength: aws.Int64(body.Size), ContentType: aws.String("application/octet-stream"),
		ChecksumSHA256: aws.String(checksum(body.SHA256)),
	}
	if body.Size > 0 {
		in.Body = source
	}
	out, err := s.client.PutObject(ctx, in, s3.WithAPIOptions(signed(body.SHA256)))
	if problem := source.problem(); err != nil && problem != nil {
		return problem
	}
	if err != nil {
		return s.explain(store.OpPut, key, err)
	}
	if aws.ToString(out.ChecksumSHA256) == checksum(body.SHA256) {
		return nil
	}
	// A server that says nothing of the checksum, or another one: what it has is read back.
	if err := s.same(ctx, key, body); err != nil {
		return finding.WithHint(fmt.Errorf("the object was put, but is not there as it was sent: %w", withoutTaken(err)),
			"the server, or something before it, changes what it is given: find out what, then run the same command again")
	}
	return nil
}

// withoutTaken makes the finding that an object just put differs, or is not there, one of a broken store: nobody else has
// taken the key.
func withoutTaken(err error) error {
	switch {
	case errors.Is(err, store.ErrTaken):
		return errors.New("its bytes are others")
	case errors.Is(err, store.ErrNotFound):
		return errors.New("there is none")
	default:
		return err
	}
}

// signed puts the digest of the body into the request's signature. The SDK would leave the body unsigned over TLS, or
// read it twice.
func signed(digest [32]byte) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("PosternPayloadHash",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				return next.HandleFinalize(v4.SetPayloadHash(ctx, hex.EncodeToString(digest[:])), in)
			}), (&v4.ComputePayloadSHA256{}).ID(), middleware.Before)
	}
}

// same returns nil when the object holds the body's bytes, ErrTaken when it holds others, ErrNotFound when there is none.
func (s *Store) same(ctx context.Context, key string, body store.Body) error {
	out, err := s.open(ctx, key)
	if err != nil {
		return err
	}
	defer out.Body.Close()
	if aws.ToInt64(out.ContentLength) != body.Size {
		return store.ErrTaken
	}
	if kept := aws.ToString(out.ChecksumSHA256); kept != "" && (out.ChecksumType == "" || out.ChecksumType == types.ChecksumTypeFullObject) {
		if kept != checksum(body.SHA256) {
			return store.ErrTaken
		}
		return nil
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, out.Body); err != nil {
		return s.explain(store.OpGet, key, err)
	}
	if [32]byte(digest.Sum(nil)) != body.SHA256 {
		return store.ErrTaken
	}
	return nil
}
