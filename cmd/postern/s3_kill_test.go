//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

// killer sits between an exporter and its bucket, and kills the exporter at one of its requests.
type killer struct {
	mu      sync.Mutex
	at      int  // the request, from 1; 0 for none
	arrives bool // the request still reaches the server, only its answer is lost
	seen    []string
	victim  *os.Process
}

func (k *killer) handle(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	k.mu.Lock()
	k.seen = append(k.seen, r.Method)
	strikes, victim := len(k.seen) == k.at, k.victim
	k.mu.Unlock()
	if !strikes {
		forward.ServeHTTP(w, r)
		return
	}
	if k.arrives {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			// A request of its own, which does not end with the connection.
			again := r.Clone(context.WithoutCancel(r.Context()))
			again.Body = io.NopCloser(bytes.NewReader(body))
			forward.ServeHTTP(discard{http.Header{}}, again)
		}
	}
	_ = victim.Kill()
	s3test.Break()
}

// discard is an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// aim sets what the next exporter dies of.
func (k *killer) aim(at int, arrives bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at, k.arrives, k.seen = at, arrives, nil
}

// export runs postern export in a process of its own, against the server.
func (k *killer) export(t *testing.T, council string, to s3.Address) (out string, killed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = []string{"postern", "export", "agreements/" + exampleAgreement, "--to", to.String()} // testscript.Main runs what it is called
	cmd.Dir = council
	cmd.Env = append(os.Environ(), testNow+"="+scriptNow)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	k.mu.Lock() // so that there is a victim before the first request
	err = cmd.Start()
	k.victim = cmd.Process
	k.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if state := cmd.ProcessState; state != nil && state.ExitCode() == -1 {
		return "", true
	}
	if err != nil {
		t.Fatalf("postern export: %v\n%s", err, stderr.String())
	}
	if leaks := s3test.Leaks(stdout.String() + stderr.String()); len(leaks) > 0 {
		t.Errorf("the export tells %q", leaks)
	}
	return stdout.String(), false
}

// TestKillAtEveryRequest kills the exporter at each request that it makes to its bucket: the request never leaves, or it
// arrives and its answer does not. Then there is no drop or a whole one, and the next run completes it: with the same
// bytes, in the same place, once.
func TestKillAtEveryRequest(t *testing.T) {
	if err := s3test.Built(); err != nil && os.Getenv(s3test.Variable) == "" {
		t.Skipf("no S3 server to test against: %v", err)
	}
	template := prepareCouncils(t)[signedCouncil]
	server := s3test.Start(t)
	k := &killer{}
	proxy := server.Proxy(t, k.handle)
	server.As(t, s3test.Exporter)

	fresh := func() (council string, to s3.Address) {
		council = filepath.Join(t.TempDir(), "council")
		copyTree(t, template, council)
		return council, proxy.Address(server.NewBucket(t, s3test.Plain), scriptPrefix)
	}
	council, to := fresh()
	k.aim(0, false)
	if out, killed := k.export(t, council, to); killed || !strings.HasPrefix(out, "Published drop ") {
		t.Fatalf("the undisturbed exporter: killed %t, %s", killed, out)
	}
	requests := slices.Clone(k.seen)
	puts := 0
	for _, method := range requests {
		if method == http.MethodPut {
			puts++
		}
	}
	if puts < 9 || len(requests) > 60 {
		t.Fatalf("the undisturbed exporter made the requests %q", requests)
	}
	t.Logf("an undisturbed export makes %d requests, %d of them puts", len(requests), puts)
	for n, method := range requests {
		for _, arrives := range []bool{false, true} {
			// An answer to a get that was lost is a get that never left: nothing here or there tells them apart.
			if arrives && method != http.MethodPut || !arrives && method == http.MethodPut && os.Getenv("POSTERN_LONG") == "" && n%3 != 0 {
				continue
			}
			council, to := fresh()
			k.aim(n+1, arrives)
			if _, killed := k.export(t, council, to); !killed {
				t.Fatalf("the exporter outlived request %d of %d", n+1, len(requests))
			}
			k.aim(0, false)
			k.recovers(t, council, to)
			if t.Failed() {
				t.Fatalf("killed at request %d of %d (%s), which arrived: %t", n+1, len(requests), method, arrives)
			}
		}
	}
}

// recovers holds a council whose exporter was killed to the promise.
func (k *killer) recovers(t *testing.T, council string, to s3.Address) {
	t.Helper()
	before := signedDrops(t, to)
	for _, drop := range before {
		mustVerify(t, council, to, drop)
	}
	out, killed := k.export(t, council, to)
	after := signedDrops(t, to)
	if killed || len(after) != 1 || len(before) == 1 && before[0] != after[0] {
		t.Errorf("before the next run there was %q, and then %q: %s", before, after, out)
		return
	}
	mustVerify(t, council, to, after[0])
	if again, _ := k.export(t, council, to); !strings.HasPrefix(again, "Nothing changed: drop "+after[0]) {
		t.Errorf("the run after that: %s", again)
	}
	if left, err := filepath.Glob(filepath.Join(council, "state", "staging", "*", "*")); err != nil || len(left) != 0 {
		t.Errorf("left in staging: %q, %v", left, err)
	}
}

// signedDrops are the drops that a bucket has: what has a signature.
func signedDrops(t *testing.T, at s3.Address) []string {
	t.Helper()
	bucket, err := s3.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for object, err := range bucket.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if drop, signed := strings.CutSuffix(object.Key, "/"+manifest.SignatureName); signed {
			out = append(out, drop)
		}
	}
	return out
}

// mustVerify verifies a drop where it is.
func mustVerify(t *testing.T, council string, at s3.Address, drop string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	at.Prefix += "/" + drop
	now, err := time.Parse(time.RFC3339, scriptNow)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"verify", "--config", filepath.Join(council, "postern.yaml"), at.String()}
	if code := run(t.Context(), args, nil, &stdout, &stderr, func() time.Time { return now }); code != exitDone {
		t.Errorf("%s is not verified: exit %d\n%s%s", drop, code, stdout.String(), stderr.String())
	}
}
