package recipient

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
	"github.com/postern-gateway/postern/pkg/store/s3"
)

var agreementForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// OpenAgreement opens the store that has an agreement's drops by what a command line calls it: STORE/AGREEMENT, where the
// store is a folder, also written dir:FOLDER, or an address in a bucket, s3://BUCKET/PREFIX/AGREEMENT?region=….
// Errors are mistakes in what was written or in this machine's settings; of a bucket nothing is asked yet.
func OpenAgreement(ctx context.Context, name string) (store.Store, string, error) {
	scheme, _, isURL := strings.Cut(name, "://")
	if isURL && scheme+"://" != s3.Scheme {
		return nil, "", finding.WithHint(errors.New("drops cannot be fetched from where that address is"), "give a folder, or an address in a bucket, s3://…")
	}
	if isURL {
		address, err := s3.ParseAddress(name)
		if err != nil {
			return nil, "", err
		}
		address, agreement, err := address.Below(1)
		if err != nil || !agreementForm.MatchString(agreement) {
			return nil, "", finding.WithHint(errors.New("the address does not end with an agreement's id"), "write s3://BUCKET/PREFIX/AGREEMENT?region=REGION, in quotes")
		}
		bucket, err := s3.Open(ctx, address)
		return bucket, agreement, err
	}
	path, err := filepath.Abs(strings.TrimPrefix(name, "dir:"))
	if err != nil {
		return nil, "", err
	}
	agreement := filepath.Base(path)
	if !agreementForm.MatchString(agreement) {
		return nil, "", finding.WithHint(errors.New("the path does not end with an agreement's id"), "write STORE/AGREEMENT, such as /srv/drops/dsa-coventry-fv-2026")
	}
	folder, err := dir.Open(filepath.Dir(path))
	return folder, agreement, err
}
