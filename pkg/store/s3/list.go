package s3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// List gives the objects whose keys begin with prefix, a page of up to a thousand at a time.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		err := s.list(ctx, prefix, func(o store.Object) bool { return yield(o, nil) })
		if err != nil && !errors.Is(err, errLeft) {
			yield(store.Object{}, store.Failure(ctx, store.OpList, prefix, err))
		}
	}
}

// errLeft is how a list ends when the caller has seen enough.
var errLeft = errors.New("left")

func (s *Store) list(ctx context.Context, prefix string, yield func(store.Object) bool) error {
	if err := store.CheckPrefix(prefix); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	last := ""
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
		Bucket: aws.String(s.address.Bucket), Prefix: aws.String(s.full(prefix)),
	}, func(o *s3.ListObjectsV2PaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.explain(store.OpList, prefix, err)
		}
		for _, entry := range page.Contents {
			object, counts, err := s.object(entry, prefix)
			switch {
			case err != nil:
				return err
			case !counts:
				continue
			case object.Key <= last:
				return finding.WithHint(errors.New("the server does not list keys in the order of their bytes"), "use a general purpose bucket, or publish to a folder (dir:)")
			}
			last = object.Key
			if !yield(object) {
				return errLeft
			}
		}
	}
	return ctx.Err()
}

// object reads one entry of a list. As in a folder, names that begin with a dot are passed over; so are the empty objects
// with a slash at their end that consoles show as folders.
func (s *Store) object(entry types.Object, prefix string) (o store.Object, counts bool, err error) {
	key, below := strings.CutPrefix(aws.ToString(entry.Key), s.full(""))
	if !below || !strings.HasPrefix(key, prefix) {
		return o, false, finding.WithHint(errors.New("the server lists keys that were not asked for"), "run the same command again; if it fails again, the server is not fit for this")
	}
	o = store.Object{Key: key, Size: aws.ToInt64(entry.Size)}
	switch {
	case o.Size == 0 && (key == "" || strings.HasSuffix(key, "/") && store.CheckKey(strings.TrimSuffix(key, "/")) == nil):
		return o, false, nil
	case strings.HasPrefix(key, ".") || strings.Contains(key, "/."):
		return o, false, nil
	case store.CheckKey(key) != nil:
		return o, false, finding.WithHint(fmt.Errorf("%q: not a name that Postern gives", key),
			"nobody but Postern should write to this prefix; find out who put it there, and move it away")
	default:
		return o, true, nil
	}
}
