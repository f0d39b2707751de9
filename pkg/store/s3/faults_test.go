package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

// fake is a server in memory that knows puts and gets, and no conditions.
type fake struct {
	mu       sync.Mutex
	objects  map[string][]byte
	puts     int
	checksum bool                // it confirms checksums
	alter    func([]byte) []byte // what it makes of what it is given; nil for nothing
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodPut {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if f.alter != nil {
			data = f.alter(data)
		}
		f.puts++
		f.objects[r.URL.Path] = data
	}
	data, there := f.objects[r.URL.Path]
	if !there {
		answerError(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if f.checksum {
		digest := sha256.Sum256(data)
		w.Header().Set("x-amz-checksum-sha256", base64.StdEncoding.EncodeToString(digest[:]))
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write(data) // a client that is gone needs none
	}
}

// answerError answers as S3 does, with a message that must not be repeated.
func answerError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("x-amz-request-id", "REQUEST-1")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>AWS4-HMAC-SHA256 Signature=%s</Message><RequestId>REQUEST-1</RequestId></Error>",
		code, s3test.Exporter.Secret()) // a client that is gone needs none
}

// A server that takes a second put of the same key is found out at the first object, before which nothing was there that
// it could have overwritten.
func TestServerThatOverwrites(t *testing.T) {
	f := &fake{objects: make(map[string][]byte), checksum: true}
	server := s3test.Serve(t, f)
	for range 2 {
		s := open(t, server, s3test.Exporter, "drops", prefix)
		mustFail(t, "put", put(t, s, aKey, "claim"), "it does not heed If-None-Match", "whose puts are conditional")
		if string(f.objects["/drops/"+prefix+"/"+aKey]) != "claim" {
			t.Errorf("there is now %q", f.objects)
		}
		delete(f.objects, "/drops/"+prefix+"/"+aKey)
	}
	f.objects["/drops/"+prefix+"/"+aKey] = []byte("somebody else's")
	f.puts = 0
	if err := put(t, open(t, server, s3test.Exporter, "drops", prefix), aKey, "claim"); !errors.Is(err, store.ErrTaken) || f.puts != 0 {
		t.Errorf("over another's object: %v, after %d puts", err, f.puts)
	}
}

// A server that keeps other bytes than it was given is found out, whether it confirms a checksum or not.
func TestServerThatAlters(t *testing.T) {
	for name, f := range map[string]*fake{
		"and says so":             {checksum: true, alter: func(b []byte) []byte { return append(b, '\n') }},
		"and says nothing":        {alter: func(b []byte) []byte { return bytes.ToUpper(b) }},
		"and keeps the beginning": {alter: func(b []byte) []byte { return b[:1] }},
	} {
		f.objects = make(map[string][]byte)
		s := open(t, s3test.Serve(t, f), s3test.Exporter, "drops", prefix)
		err := put(t, s, aKey, "claim")
		mustFail(t, name, err, "not there as it was sent", "changes what it is given")
		if errors.Is(err, store.ErrTaken) {
			t.Errorf("%s: %v says that somebody else took the key", name, err)
		}
	}
}

// TestWithoutChecksums goes through something that takes checksums out of answers: what was put is read back.
func TestWithoutChecksums(t *testing.T) {
	server := s3test.Start(t)
	gets := 0
	proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if r.Method == http.MethodGet {
			gets++
		}
		forward.ServeHTTP(without{w, "x-amz-checksum-"}, r)
	})
	s := open(t, proxy, s3test.Exporter, server.NewBucket(t, s3test.Plain), prefix)
	for range 2 {
		if err := put(t, s, aKey, "claim"); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(t, s, aKey, "CLAIM"); !errors.Is(err, store.ErrTaken) {
		t.Errorf("put of other bytes: %v", err)
	}
	if data, err := get(t, s, aKey); err != nil || data != "claim" || gets < 4 {
		t.Errorf("got %q, %v, after %d gets", data, err, gets)
	}
}

// without takes headers out of an answer.
type without struct {
	http.ResponseWriter
	prefix string
}

func (w without) WriteHeader(code int) {
	for name := range w.Header() {
		if strings.HasPrefix(strings.ToLower(name), w.prefix) {
			w.Header().Del(name)
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

// TestLostAnswers loses the answer to every first attempt at a put that has arrived: the second meets what the first made.
func TestLostAnswers(t *testing.T) {
	server := s3test.Start(t)
	seen := make(map[string]int)
	var mu sync.Mutex
	proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		mu.Lock()
		seen[r.Method+r.URL.Path]++
		first := seen[r.Method+r.URL.Path] == 1
		mu.Unlock()
		if r.Method == http.MethodPut && first {
			answer := httptest.NewRecorder()
			forward.ServeHTTP(answer, r)
			if answer.Code != http.StatusOK {
				t.Errorf("the lost answer was %d", answer.Code)
			}
			s3test.Break()
		}
		forward.ServeHTTP(w, r)
	})
	bucket := server.NewBucket(t, s3test.Plain)
	s := open(t, proxy, s3test.Exporter, bucket, prefix)
	for _, key := range []string{aKey, "a/b"} {
		if err := put(t, s, key, "claim"); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if n := seen["PUT/"+bucket+"/"+prefix+"/"+key]; n != 2 {
			t.Errorf("%s was put %d times", key, n)
		}
	}
	if keys, err := listed(t, s); err != nil || len(keys) != 2 {
		t.Errorf("got %q, %v", keys, err)
	}
}

// TestThereAndNotThere has a server that refuses a put since there is an object, and does not show it yet.
func TestThereAndNotThere(t *testing.T) {
	server := s3test.Start(t)
	var hidden atomic.Int64
	proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if r.Method == http.MethodGet && hidden.Add(-1) >= 0 {
			answerError(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		forward.ServeHTTP(w, r)
	})
	bucket := server.NewBucket(t, s3test.Plain)
	if err := put(t, open(t, server, s3test.Exporter, bucket, prefix), aKey, "claim"); err != nil {
		t.Fatal(err)
	}
	s := open(t, proxy, s3test.Exporter, bucket, prefix)
	hidden.Store(4)
	if err := put(t, s, aKey, "claim"); err != nil {
		t.Errorf("the same bytes: %v", err)
	}
	hidden.Store(4)
	if err := put(t, s, aKey, "other"); !errors.Is(err, store.ErrTaken) {
		t.Errorf("other bytes: %v", err)
	}
	hidden.Store(100)
	err := put(t, s, aKey, "claim")
	mustFail(t, "never shown", err, "says that there is such an object, and when asked for it that there is none", "see what is at this key")
	if errors.Is(err, store.ErrNotFound) {
		t.Errorf("a put that failed says that the object is not found: %v", err)
	}
}

// TestServerInTrouble has a server that fails now and then, and one that always does: that one is asked five times.
func TestServerInTrouble(t *testing.T) {
	server := s3test.Start(t)
	var asked atomic.Int64
	always := false
	proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if n := asked.Add(1); always || n%2 == 1 {
			answerError(w, http.StatusServiceUnavailable, "SlowDown")
			return
		}
		forward.ServeHTTP(w, r)
	})
	s := open(t, proxy, s3test.Exporter, server.NewBucket(t, s3test.Plain), prefix)
	if err := put(t, s, aKey, "claim"); err != nil {
		t.Fatal(err)
	}
	if data, err := get(t, s, aKey); err != nil || data != "claim" {
		t.Errorf("got %q, %v", data, err)
	}
	always = true
	asked.Store(0)
	mustFail(t, "put", put(t, s, "a/b", "x"), "could not do it now (SlowDown, HTTP status 503, request REQUEST-1)", "run the same command again")
	if asked.Load() != 5 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
	mustFail(t, "after the server went", put(t, s, "a/b", "x"), "could not do it now", "run the same command again")
}

// TestBrokenReads alters and cuts what is read.
func TestBrokenReads(t *testing.T) {
	server := s3test.Start(t)
	cut := false
	proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if r.Method != http.MethodGet {
			forward.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		forward.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		if cut {
			_, _ = w.Write(body[:len(body)/2]) // the connection breaks all the same
			s3test.Break()
		}
		if answer.Code == http.StatusOK {
			body[len(body)/2] ^= 1
		}
		_, _ = w.Write(body) // a client that is gone needs none
	})
	bucket := server.NewBucket(t, s3test.Plain)
	if err := put(t, open(t, server, s3test.Exporter, bucket, prefix), aKey, strings.Repeat("claim", 50_000)); err != nil {
		t.Fatal(err)
	}
	s := open(t, proxy, s3test.Recipient, bucket, prefix)
	_, err := get(t, s, aKey)
	mustFail(t, "an altered object", err, "not those that the server has the checksum of", "run the same command again")
	cut = true
	_, err = get(t, s, aKey)
	mustFail(t, "half an object", err, "broke off", "run the same command again")
}

// TestOpenLine has a server that sends elsewhere, where there is no TLS: nothing goes there.
func TestOpenLine(t *testing.T) {
	var heard atomic.Int64
	open443 := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	defer open443.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		server := s3test.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, open443.URL+r.URL.Path, status)
		}))
		s := open(t, server, s3test.Exporter, "drops", prefix)
		_, err := get(t, s, aKey)
		mustFail(t, fmt.Sprintf("a redirected get (%d)", status), err, "", " ")
		if _, err = listed(t, s); err == nil {
			t.Errorf("a redirected list (%d) was answered", status)
		}
		if err := put(t, s, aKey, "x"); err == nil {
			t.Errorf("a redirected put (%d) was answered", status)
		}
	}
	if heard.Load() != 0 {
		t.Errorf("%d requests went over an open line", heard.Load())
	}
}

// TestAnswers holds what is said to every answer that a server may give; nothing of its message is repeated.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status           int
		code, text, hint string
	}{
		{403, "ExpiredToken", "the credentials have expired (ExpiredToken, HTTP status 403, request REQUEST-1)", "sign in again"},
		{400, "ExpiredToken", "the credentials have expired", "sign in again"},
		{403, "RequestTimeTooSkewed", "clock and the server's are too far apart", "set the clock"},
		{403, "InvalidAccessKeyId", "does not know these credentials", "belong together"},
		{403, "AllAccessDisabled", "the bucket does not permit it", "s3:"},
		{404, "NoSuchBucket", "there is no bucket drops", "correct the store's address"},
		{400, "AuthorizationHeaderMalformed", "in another region", "correct region="},
		{301, "PermanentRedirect", "in another region", "correct region="},
		{501, "NotImplemented", "does not support what is asked", "If-None-Match"},
		{507, "XMinioStorageFull", "the bucket is full", "make room"},
		{403, "QuotaExceeded", "the bucket is full", "make room"},
		{400, "EntityTooLarge", "takes no object of this size", "raise its limit"},
		{400, "BadDigest", "not those that were sent", "proxy"},
		{409, "SomethingElse", "could not do it now", "wait a little"},
		{405, "MethodNotAllowed", "refused the request (MethodNotAllowed, HTTP status 405", "S3 server"},
		{400, "no code: " + s3test.Exporter.Secret(), "refused the request (HTTP status 400", "S3 server"},
	} {
		server := s3test.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // so that the connection lasts
			answerError(w, c.status, c.code)
		}))
		s := open(t, server, s3test.Exporter, "drops", prefix)
		mustFail(t, c.code, put(t, s, aKey, "x"), c.text, c.hint)
		_, err := get(t, s, aKey)
		mustFail(t, c.code, err, c.text, c.hint)
		_, err = listed(t, s)
		mustFail(t, c.code, err, c.text, c.hint)
	}
}

// A server that never answers is left when the context ends.
func TestSilentServer(t *testing.T) {
	asked := make(chan struct{}, 10)
	server := s3test.Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	s := open(t, server, s3test.Exporter, "drops", prefix)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	err := s.Put(ctx, aKey, store.BodyFromBytes([]byte("x")))
	if failure := (*store.Error)(nil); !errors.Is(err, context.Canceled) || errors.As(err, &failure) {
		t.Errorf("got %v", err)
	}
}
