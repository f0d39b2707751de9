package s3_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
	"github.com/postern-gateway/postern/pkg/store/storetest"
)

// open opens a store as one of the server's users.
func open(t *testing.T, server *s3test.Server, u s3test.User, bucket, prefix string) *s3.Store {
	t.Helper()
	server.As(t, u)
	s, err := s3.Open(t.Context(), server.Address(bucket, prefix))
	if err != nil {
		t.Fatal(err)
	}
	s.Hurry()
	return s
}

// TestConformance runs the suite that every store passes, as an exporter, on buckets of both kinds.
func TestConformance(t *testing.T) {
	server := s3test.Start(t)
	for name, kind := range map[string]s3test.Kind{"plain": s3test.Plain, "locked": s3test.Locked} {
		t.Run(name, func(t *testing.T) {
			bucket := server.NewBucket(t, kind)
			storetest.Run(t, func(t *testing.T) store.Store {
				return open(t, server, s3test.Exporter, bucket, "coventry/"+strings.ToLower(rand.Text()))
			})
		})
	}
}
