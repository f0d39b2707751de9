package s3

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Hurry makes a store of a test pause for next to nothing between attempts.
func (s *Store) Hurry() {
	s.client = s3.New(s.client.Options(), func(o *s3.Options) {
		o.Retryer = newRetryer(retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 20 * time.Millisecond, nil }))
	})
}

// Endpoint is where the store's client sends, "" for AWS's own.
func (s *Store) Endpoint() string {
	if endpoint := s.client.Options().BaseEndpoint; endpoint != nil {
		return *endpoint
	}
	return ""
}
