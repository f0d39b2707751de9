package s3_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

// TestStreams puts and gets an object many times larger than the memory that this takes.
func TestStreams(t *testing.T) {
	server := s3test.Start(t)
	s := open(t, server, s3test.Exporter, server.NewBucket(t, s3test.Plain), prefix)
	if err := put(t, s, aKey, "claim"); err != nil { // and so has seen that the server heeds the condition
		t.Fatal(err)
	}
	const size = 96<<20 + 1
	steady := func() io.Reader { return io.LimitReader(zeros{}, size) }
	digest := sha256.New()
	if _, err := io.Copy(digest, steady()); err != nil {
		t.Fatal(err)
	}
	body := store.Body{Size: size, SHA256: [32]byte(digest.Sum(nil)), Open: func() (io.ReadCloser, error) { return io.NopCloser(steady()), nil }}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := s.Put(t.Context(), "a/large", body); err != nil {
		t.Fatal(err)
	}
	r, err := s.Get(t.Context(), "a/large")
	if err != nil {
		t.Fatal(err)
	}
	back := sha256.New()
	_, err = io.Copy(back, r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if [32]byte(back.Sum(nil)) != body.SHA256 {
		t.Error("other bytes came back")
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > size/4 {
		t.Errorf("%d bytes were allocated to put and get %d", used, size)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// An object that no single put can make is refused before it is opened.
func TestTooLarge(t *testing.T) {
	server := s3test.Serve(t, nil)
	s := open(t, server, s3test.Exporter, "drops", prefix)
	err := s.Put(t.Context(), aKey, store.Body{Size: s3.MaxSize + 1, Open: func() (io.ReadCloser, error) {
		t.Error("the body was opened")
		return nil, errors.ErrUnsupported
	}})
	mustFail(t, "put", err, "5368709121 bytes, and a bucket takes no more than 5368709120", "publish to a folder")
}

// TestTwoGates lets two stores, neither of which has seen anything of the server, write other bytes under the same keys.
func TestTwoGates(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.NewBucket(t, s3test.Plain)
	gates := []*s3.Store{open(t, server, s3test.Exporter, bucket, prefix), open(t, server, s3test.Exporter, bucket, prefix)}
	for n := range 20 {
		key := fmt.Sprintf("a/%d", n)
		errs := make([]error, len(gates))
		var both sync.WaitGroup
		for i, gate := range gates {
			both.Go(func() { errs[i] = gate.Put(t.Context(), key, store.BodyFromBytes(fmt.Appendf(nil, "gate %d", i))) })
		}
		both.Wait()
		won := slices.Index(errs, nil)
		if won < 0 || !errors.Is(errs[1-won], store.ErrTaken) {
			t.Fatalf("%s: %v", key, errs)
		}
		if data, err := get(t, gates[1-won], key); err != nil || data != fmt.Sprintf("gate %d", won) {
			t.Errorf("%s: gate %d won, but there is %q, %v", key, won, data, err)
		}
	}
}

// TestLists lists more than a page, beside what is passed over and what must not be there.
func TestLists(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.NewBucket(t, s3test.Plain)
	raw := server.Client(s3test.Root)
	place := func(key, data string) {
		t.Helper()
		if _, err := raw.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &bucket, Key: aws.String(key), Body: strings.NewReader(data)}); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	var want []string
	for n := range 1_050 {
		want = append(want, fmt.Sprintf("a/%04d", n))
		place(prefix+"/"+want[n], "x")
	}
	for key, data := range map[string]string{
		prefix + "/": "", prefix + "/b/": "", prefix + "/.DS_Store": "x", prefix + "/a/.hidden/x": "x", "coventry-other/a": "x", "coventr": "x",
	} {
		place(key, data)
	}
	s := open(t, server, s3test.Recipient, bucket, prefix)
	if got, err := listed(t, s); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %d keys, %v; want %d", len(got), err, len(want))
	}
	place(prefix+"/a/0500 copy", "x")
	got, err := listed(t, s)
	mustFail(t, "a name that Postern does not give", err, `"a/0500 copy": not a name that Postern gives`, "find out who put it there")
	if len(got) != 501 {
		t.Errorf("before it were %d keys", len(got))
	}
	whole := open(t, server, s3test.Root, bucket, "")
	seen := 0
	for o, err := range whole.List(t.Context(), "coventry-") {
		if seen++; err != nil || o.Key != "coventry-other/a" {
			t.Errorf("without a prefix: %v, %v", o, err)
		}
	}
	if seen != 1 || whole.Location() == s.Location() {
		t.Errorf("without a prefix there are %d objects, at %s", seen, whole.Location())
	}
}
