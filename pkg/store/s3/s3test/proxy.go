package s3test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"
)

// Handle does something with a request on its way to the server: it may let forward answer it, answer itself, or break
// the connection with Break.
type Handle func(w http.ResponseWriter, r *http.Request, forward http.Handler)

// Break breaks the connection of a request off, without an answer.
func Break() { panic(http.ErrAbortHandler) }

// Proxy puts something between a test and the server. What it returns is the server as seen through it: another port,
// with a certificate of another authority.
func (s *Server) Proxy(tb testing.TB, handle Handle) *Server {
	tb.Helper()
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "https", Host: s.Host})
			r.Out.Host = r.In.Host // it is signed
		},
		Transport:     &http.Transport{TLSClientConfig: s.config, DisableCompression: true},
		ErrorLog:      log.New(io.Discard, "", 0),
		FlushInterval: -1,
	}
	return Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, forward) }))
}

// Serve runs a server of the test's own with TLS, to stand for one that is not as it should be.
func Serve(tb testing.TB, handler http.Handler) *Server {
	tb.Helper()
	folder := tb.TempDir()
	certificate, config, err := Certify(folder, "ca.pem")
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	web := httptest.NewUnstartedServer(handler)
	_ = web.Listener.Close() // replaced by one of IPv4
	web.Listener = listener
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	web.StartTLS()
	tb.Cleanup(web.Close)
	return &Server{Host: listener.Addr().String(), CA: filepath.Join(folder, "ca.pem"), config: config}
}
