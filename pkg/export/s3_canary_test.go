//go:build unix

package export_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sys/unix"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

// wire stands between a run and the S3 server. It keeps each request's body as a file named by its digest and, by kind of
// place, all else of requests, and the headers of answers. It refuses a drop's signature, once.
type wire struct {
	bodies  string
	puts    atomic.Int64
	refused atomic.Bool
	mu      sync.Mutex
	said    map[string]string
}

func (w *wire) handle(answer http.ResponseWriter, r *http.Request, forward http.Handler) {
	body, err := io.ReadAll(r.Body) // trailers come after it
	if err != nil || os.WriteFile(filepath.Join(w.bodies, fmt.Sprintf("%x", sha256.Sum256(body))), body, 0o600) != nil {
		s3test.Break()
	}
	plain, _ := url.QueryUnescape(r.RequestURI) // what cannot be unescaped is searched as it is
	w.keep("URLs", http.Header{r.Method: {r.RequestURI, plain}})
	w.keep("headers", r.Header)
	w.keep("trailers", r.Trailer)
	if r.Method == http.MethodPut {
		w.puts.Add(1)
		if strings.HasSuffix(r.URL.Path, "/"+manifest.SignatureName) && w.refused.CompareAndSwap(false, true) {
			http.Error(answer, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	forward.ServeHTTP(answer, r)
	w.keep("answers' headers", answer.Header())
}

func (w *wire) keep(kind string, header http.Header) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, values := range header {
		w.said[kind] += name + ": " + strings.Join(values, ", ") + "\n"
	}
}

// search finds markers wherever a bucket could have them, by kind of place: in the keys that its reader sees, on the wire, in
// its server's folder. Checksums and opaque numbers are random: a short word in them is no marker.
func (w *wire) search(t *testing.T, s *searcher, reader store.Store, server string) map[string][]string {
	found := make(map[string][]string)
	add := func(kind string, more []string) { found[kind] = append(found[kind], more...) }
	add("keys", s.text([]byte(strings.Join(objects(t, reader, ""), "\n"))))
	w.mu.Lock()
	defer w.mu.Unlock()
	random := regexp.MustCompile(`(?im)^([a-z-]*checksum[a-z0-9-]*|[a-z-]*-id): .*$`)
	for kind, text := range w.said {
		add(kind, s.bytes([]byte(text)))
		add(kind, s.text(random.ReplaceAll([]byte(text), nil)))
	}
	for kind, folder := range map[string]string{"bodies": w.bodies, "objects": server + "/objects", "attributes": server + "/attributes"} {
		for _, name := range filesBelow(t, folder) {
			path := filepath.Join(folder, name)
			more, err := s.file(path)
			if absent(t, name, nil, err); filepath.Base(name) == "checksums" {
				more = s.bytes([]byte(mustRead(t, path)))
			}
			add(kind, more)
			add("names of "+kind, s.text([]byte(name)))
			add("extended attributes", s.text(extended(path)))
		}
	}
	return found
}

// extended are the extended attributes of a file, as far as they can be read.
func extended(path string) (out []byte) {
	room := make([]byte, 1<<16)
	n, _ := unix.Llistxattr(path, room)
	for name := range strings.SplitSeq(string(room[:max(n, 0)]), "\x00") {
		n, _ := unix.Lgetxattr(path, name, room)
		out = append(append(out, name+" "...), room[:max(n, 0)]...)
	}
	return out
}

// TestCanaryS3 is TestCanary with a bucket for a store: no canary goes over the wire or lies on the server but, treated,
// in the drop, nor is one told of in runs that fail, that finish a drop, and that find nothing to do.
func TestCanaryS3(t *testing.T) {
	server := s3test.Start(t)
	w, folder := &wire{bodies: t.TempDir(), said: make(map[string]string)}, filepath.Dir(server.CA)
	proxy, bucket := server.Proxy(t, w.handle), server.NewBucket(t, s3test.Plain)
	extracts, planted := canaries(t)
	c := reporting(t, noon(), func(catalogue *dataset.Catalogue) []string {
		return []string{wideAgreement(catalogue, wideID, usualPeriod, "null")}
	})
	var told strings.Builder
	as := func(u s3test.User) *export.Gateway {
		server.As(t, u)
		g := c.gateway(t)
		g.Progress = func(e export.Event) { fmt.Fprintf(&told, "%+v\n", e) }
		var err error
		if g.Store, err = s3.Open(t.Context(), proxy.Address(bucket, "coventry")); err != nil {
			t.Fatal(err)
		}
		return g
	}
	cut := c.tryExport(t, as(s3test.Exporter), wideID, extracts)
	result := c.exportWith(t, as(s3test.Exporter), wideID, extracts)
	if !strings.Contains(cut.Error(), manifest.SignatureName) || len(result.Recovered) != 1 || !strings.Contains(result.Recovered[0], "was finished") {
		t.Fatalf("the run that was cut off ended with %v; the next recovered %q", cut, result.Recovered)
	}
	puts := w.puts.Load()
	again := c.exportWith(t, as(s3test.Exporter), wideID, extracts)
	if again.Outcome != export.Unchanged || again.Drop != result.Drop || len(again.Recovered) > 0 || w.puts.Load() != puts || puts < 20 || told.Len() < 1000 {
		t.Errorf("again: %s, drop %s, recovered %q, %d puts after %d", again.Outcome, again.Drop, again.Recovered, w.puts.Load()-puts, puts)
	}
	denied := c.tryExport(t, as(s3test.Stranger), wideID, extracts)
	fmt.Fprintf(&told, "%+v\n%s\n%+v\n%s\n", cut, finding.HintOf(cut), denied, finding.HintOf(denied))
	absent(t, "what is told of the runs", planted.search.text([]byte(told.String())), nil)
	reader := as(s3test.Recipient).Store
	report, err := recipient.Verify(t.Context(), recipient.FromStore(reader, result.Drop), recipient.Options{AllowedSigners: c.signers(t), Now: c.now})
	if err != nil || !report.Verified {
		t.Fatalf("the recipient finds %+v, %v", report, err)
	}
	planted.search.plant(inName, "the name of an extract") // which the council's own progress may have
	for kind, found := range w.search(t, planted.search, reader, folder) {
		absent(t, "one of the "+kind, found, nil)
	}
	mustCopy(t, filepath.Join(folder, "objects", bucket, "coventry"), c.drops())
	c.noDigests(t, extracts, result.Drop)
	c.treatedIn(t, planted, result)
	// The control: what is put there by hand is found in each kind of place.
	id, key := planted.ids[0], "coventry/"+planted.ids[0]
	byHand := &sdk.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(id), Metadata: map[string]string{"note": id}}
	if _, err := proxy.Client(s3test.Root).PutObject(t.Context(), byHand); err != nil {
		t.Fatal(err)
	}
	trailing := &http.Request{Method: http.MethodPost, URL: &url.URL{}, Body: http.NoBody, Trailer: http.Header{"Note": {id}}}
	w.handle(httptest.NewRecorder(), trailing, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Note", id) }))
	err = unix.Setxattr(filepath.Join(folder, "objects", bucket, key), "user.note", []byte(id), 0)
	found := w.search(t, planted.search, reader, folder)
	for _, kind := range strings.Split("keys,URLs,headers,trailers,answers' headers,bodies,objects,names of objects,attributes,names of attributes,extended attributes", ",") {
		if len(found[kind]) == 0 && (kind != "extended attributes" || err == nil) { // not every file system has those
			t.Errorf("a marker among the %s is not found", kind)
		}
	}
}
