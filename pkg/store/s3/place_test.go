package s3_test

import (
	"testing"

	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3"
)

// TestPlace: a bucket's place is that of the requests that are made to it, wherever its parts were given.
func TestPlace(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ENDPOINT_URL", "https://nobody.would.see.example") // is not gone by
	for address, want := range map[string]store.Place{
		"s3://drops/coventry?region=eu-west-2": {Kind: store.PlaceBucket, Bucket: "drops", Region: "eu-west-2"},
		"s3://drops":                           {Kind: store.PlaceBucket, Bucket: "drops", Region: "eu-west-1"},
		"s3://drops?region=us-east-1&endpoint=https://Store.Council.example:443&path_style=true": {
			Kind: store.PlaceBucket, Bucket: "drops", Region: "us-east-1", Endpoint: "store.council.example"},
		"s3://drops?region=us-east-1&endpoint=https://store.council.example:9000": {
			Kind: store.PlaceBucket, Bucket: "drops", Region: "us-east-1", Endpoint: "store.council.example:9000"},
	} {
		a, err := s3.ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		s, err := s3.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Place(); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
}
