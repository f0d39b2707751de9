package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// Private refuses a bucket whose keys or objects anybody can read (BUCKET_PUBLIC). It asks as a stranger would, without
// credentials:
//
//	a list of the store's prefix
//	one object that is known to be there, where there is one
//
// Either answered with success is a public bucket. So is one whose policy the server itself calls public
// (GetBucketPolicyStatus), or whose access list names everybody or every customer of the server (GetBucketAcl), unless its
// owner has public access lists ignored; credentials that may not ask these two learn nothing from them, which is no error.
// Any other answer of the server (forbidden, unauthorised, not found) is that of a private bucket.
//
// The store is listed with credentials first, and a server that does not answer a stranger at all, as opposed to saying
// no, is a *store.Error: what could not be looked at is not called private.
func (s *Store) Private(ctx context.Context) error {
	newest, err := s.newest(ctx)
	if err != nil {
		return err
	}
	stranger := s3.New(s.client.Options(), func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} })
	bucket, prefix := aws.String(s.address.Bucket), aws.String(s.full(""))
	probes := []struct {
		ask  func() error
		what string
	}{
		{func() error {
			_, err := stranger.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: prefix, MaxKeys: aws.Int32(1)})
			return err
		}, "anybody can list what is in the bucket"},
		{func() error {
			if newest == "" {
				return errNothing
			}
			object, err := stranger.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String(s.full(newest)), Range: aws.String("bytes=0-0")})
			if err == nil {
				_ = object.Body.Close() // that it was opened is enough
			}
			return err
		}, "anybody can read what is in the bucket"},
	}
	for _, p := range probes {
		switch err := p.ask(); {
		case err == nil:
			return public(p.what)
		case errors.Is(err, errNothing):
		default:
			// A server that answered has said no. One that did not has said nothing.
			if _, status := answer(err); status == 0 || status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
				return store.Failure(ctx, store.OpList, "", s.explain(store.OpList, "", err))
			}
		}
	}
	return s.declared(ctx)
}

// errNothing is a question that there is nothing to ask about.
var errNothing = errors.New("nothing to ask about")

func public(what string) error {
	return finding.Refuse(finding.BucketPublic, "close the bucket: block all public access, and take everybody out of its policy and access list (docs/s3.md); "+
		"then find out who has read it, and whether it must be reported", "%s", what)
}

// newest is the key of an object that is there: the last signature of a drop, or else the last object; "" of an empty
// store.
func (s *Store) newest(ctx context.Context) (string, error) {
	last, signed := "", ""
	for o, err := range s.List(ctx, "") {
		if err != nil {
			return "", err
		}
		if last = o.Key; strings.HasSuffix(o.Key, "/SHA256SUMS.sig") {
			signed = o.Key
		}
	}
	if signed != "" {
		return signed, nil
	}
	return last, nil
}

// declared looks at what the bucket's own settings say, as far as the credentials may see them.
func (s *Store) declared(ctx context.Context) error {
	bucket := aws.String(s.address.Bucket)
	status, err := s.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: bucket})
	if err == nil && status.PolicyStatus != nil && aws.ToBool(status.PolicyStatus.IsPublic) {
		return public("the bucket's policy lets everybody in")
	}
	acl, err := s.client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: bucket})
	if err != nil {
		return ctx.Err()
	}
	for _, grant := range acl.Grants {
		if grant.Grantee != nil && everybody(aws.ToString(grant.Grantee.URI)) && !s.ignoresLists(ctx) {
			return public("the bucket's access list lets everybody in")
		}
	}
	return ctx.Err()
}

// everybody reports whether a group of an access list is all people, or all who have an account with the server.
func everybody(group string) bool {
	return strings.HasSuffix(group, "/global/AllUsers") || strings.HasSuffix(group, "/global/AuthenticatedUsers")
}

// ignoresLists reports whether the bucket's owner has public access lists ignored.
func (s *Store) ignoresLists(ctx context.Context) bool {
	block, err := s.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: aws.String(s.address.Bucket)})
	return err == nil && blocks(block.PublicAccessBlockConfiguration)
}

func blocks(c *types.PublicAccessBlockConfiguration) bool {
	return c != nil && aws.ToBool(c.IgnorePublicAcls)
}
