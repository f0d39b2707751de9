package agreement_test

import (
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
)

func BenchmarkParse(b *testing.B) {
	c := catalogue(b)
	data := []byte(golden)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := agreement.Parse("a.yaml", data, c); err != nil {
			b.Fatal(err)
		}
	}
}
