package recipient

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store/s3"
)

// Opened is a Source that is to be closed when it is no longer needed.
type Opened interface {
	Source
	io.Closer
}

// Open opens a drop by what a command line calls it: a folder, also written dir:FOLDER, or an address in a bucket,
// s3://BUCKET/PREFIX/AGREEMENT/DROP?region=… (package store/s3 has the parameters). Of a bucket nothing is asked yet: errors are
// mistakes in what was written or in this machine's settings.
func Open(ctx context.Context, name string) (Opened, error) {
	scheme, _, isURL := strings.Cut(name, "://")
	switch {
	case isURL && scheme+"://" == s3.Scheme:
		return openBucket(ctx, name)
	case isURL && scheme != "":
		return nil, finding.WithHint(errors.New("a drop cannot be verified where that address is"), "download its folder and give that, or give its address in a bucket, s3://…")
	default:
		return FromDir(strings.TrimPrefix(name, "dir:"))
	}
}

func openBucket(ctx context.Context, name string) (Opened, error) {
	address, err := s3.ParseAddress(name)
	if err != nil {
		return nil, err
	}
	address, drop, err := address.Below(2) // the agreement's folder and the drop's own
	if err != nil {
		return nil, finding.WithHint(err, "write s3://BUCKET/PREFIX/AGREEMENT/DROP?region=REGION, in quotes")
	}
	bucket, err := s3.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	return unheld{FromStore(bucket, drop)}, nil
}

// unheld is a Source that holds nothing open.
type unheld struct{ Source }

func (unheld) Close() error { return nil }
