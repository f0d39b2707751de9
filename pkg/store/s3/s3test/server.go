// Package s3test runs a real S3 server for tests: versitygw, built by make from the tools module, as a process of its own
// that keeps objects in a temporary folder and speaks TLS on the loopback address with a certificate made for the
// occasion.
//
//	server := s3test.Start(t)                       // skips, and says how to build the server, where it is not built
//	bucket := server.NewBucket(t, s3test.Plain)     // with the policy of docs/s3.md
//	server.As(t, s3test.Exporter)                   // whose credentials the environment has until the test ends
//	drops, err := s3.Open(t.Context(), server.Address(bucket, "coventry"))
//
// The server ends with the test, and with the test's process if that ends first.
package s3test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/store/s3"
)

// Variable is the environment variable that names the server's program. Without it the program is looked for in
// bin/tools below the module's folder, where make puts it.
const Variable = "POSTERN_VERSITYGW"

// Region is what the server calls its region.
const Region = "us-east-1"

// User is one of the server's users, by access key.
type User string

// The users: the owner of everything, and those of docs/s3.md; a stranger knows the server but may nothing.
const (
	Root      User = "rootkey"
	Exporter  User = "exporterkey"
	Recipient User = "recipientkey"
	Janitor   User = "janitorkey"
	Stranger  User = "strangerkey"
)

// Secret is the user's secret key. It is long and odd enough to be found wherever it should not be.
func (u User) Secret() string { return "secret-of-" + string(u) + "-Zq7XvT0pL" }

// Environment is what makes a process the user, and leaves it no other way to credentials or settings.
func (u User) Environment() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": string(u), "AWS_SECRET_ACCESS_KEY": u.Secret(), "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "",
		"AWS_DEFAULT_REGION": "", "AWS_CA_BUNDLE": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
}

// Server is a running server.
type Server struct {
	Host string // 127.0.0.1:PORT
	CA   string // the file of the authority that its certificate is of

	config *tls.Config // that trusts it
}

// Address is that of a prefix of one of its buckets.
func (s *Server) Address(bucket, prefix string) s3.Address {
	return s3.Address{Bucket: bucket, Prefix: prefix, Region: Region, Endpoint: "https://" + s.Host, PathStyle: true, CA: s.CA}
}

// As makes the test's process a user until the test ends.
func (s *Server) As(t *testing.T, u User) {
	t.Helper()
	for name, value := range u.Environment() {
		t.Setenv(name, value)
	}
}

// Start starts a server for a test. Where the program is not built, the test is skipped, unless Variable names it.
func Start(tb testing.TB) *Server {
	tb.Helper()
	program, err := find()
	if err != nil && os.Getenv(Variable) != "" {
		tb.Fatalf("%s names no S3 server to test against: %v", Variable, err)
	}
	if err != nil {
		tb.Skipf("no S3 server to test against: %v", err)
	}
	folder := tb.TempDir()
	s := &Server{CA: filepath.Join(folder, "ca.pem")}
	if err := errors.Join(s.certify(folder), writeUsers(folder)); err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"objects", "attributes"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	for range 5 { // a port that was free a moment ago may be taken by somebody else
		if s.run(tb, program, folder) {
			return s
		}
	}
	tb.Fatal("the S3 server does not start")
	return nil
}

// Built says why there is no server to test against, nil when there is one.
func Built() error {
	_, err := find()
	return err
}

// find looks for the program.
func find() (string, error) {
	const hint = "build it with make bin/tools/versitygw"
	if runtime.GOOS == "windows" {
		return "", errors.New("versitygw does not run on Windows")
	}
	path := os.Getenv(Variable)
	if path == "" {
		folder, err := os.Getwd()
		if err != nil {
			return "", err
		}
		for {
			if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
				break
			}
			if folder == filepath.Dir(folder) {
				return "", errors.New("the module's folder is not found: set " + Variable)
			}
			folder = filepath.Dir(folder)
		}
		path = filepath.Join(folder, "bin", "tools", "versitygw")
	}
	if _, err := exec.LookPath(path); err != nil {
		return "", fmt.Errorf("versitygw is not built: %s", hint)
	}
	return path, nil
}

// run starts the program once, on a port that is free, and waits until it answers.
func (s *Server) run(tb testing.TB, program, folder string) bool {
	tb.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.Host = free.Addr().String()
	_ = free.Close() // it only found a port
	at := func(name string) string { return filepath.Join(folder, name) }
	// The shell ends the server when its own input ends: with this test, or with its process, however that ends.
	cmd := exec.Command("sh", "-c", `"$@" </dev/null & server=$!; cat >/dev/null; kill -9 $server; wait $server 2>/dev/null`, "sh",
		program, "--port", s.Host, "--access", string(Root), "--secret", Root.Secret(), "--region", Region, "--iam-dir", at("users"), "--iam-cache-disable",
		"--cert", at("server.pem"), "--key", at("server.key"), "--health", "/health", "--keep-alive", "--quiet",
		"posix", "--sidecar", at("attributes"), at("objects"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	held, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	stop := func() {
		_ = held.Close()
		_ = cmd.Wait() // it was killed: that is no news
	}
	if !s.answers() {
		stop()
		tb.Logf("the S3 server did not answer on %s: %s", s.Host, said.String())
		return false
	}
	tb.Cleanup(stop)
	return true
}

// answers waits for the server.
func (s *Server) answers() bool {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.config}, Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	for range 200 {
		response, err := client.Get("https://" + s.Host + "/health")
		if err == nil {
			_ = response.Body.Close() // nothing in it counts
			if response.StatusCode == http.StatusOK {
				return true
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// certify makes an authority and the server's certificate of it.
func (s *Server) certify(folder string) error {
	_, config, err := Certify(folder, "ca.pem")
	s.config = config
	return err
}

// Certify makes a new authority, whose certificate it writes to a file in folder, and a certificate of it for the loopback
// address (server.pem and server.key there). It returns that, and settings that trust it.
func Certify(folder, ca string) (tls.Certificate, *tls.Config, error) {
	fail := func(err error) (tls.Certificate, *tls.Config, error) { return tls.Certificate{}, nil, err }
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority " + strconv.Itoa(os.Getpid()) + " " + rand.Text()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Test server"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return fail(err)
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return fail(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fail(err)
	}
	write := func(name, kind string, der []byte) error {
		return os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
	}
	if err := errors.Join(write(ca, "CERTIFICATE", authorityDER), write("server.pem", "CERTIFICATE", serverDER), write("server.key", "PRIVATE KEY", keyDER)); err != nil {
		return fail(err)
	}
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(authorityDER)
	if err != nil {
		return fail(err)
	}
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{serverDER}, PrivateKey: key}, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// writeUsers writes the server's file of users.
func writeUsers(folder string) error {
	type account struct {
		Access string `json:"access"`
		Secret string `json:"secret"`
		Role   string `json:"role"`
	}
	accounts := make(map[User]account)
	for _, u := range []User{Exporter, Recipient, Janitor, Stranger} {
		accounts[u] = account{string(u), u.Secret(), "user"}
	}
	data, err := json.Marshal(map[string]any{"accessAccounts": accounts})
	if err != nil {
		return err
	}
	users := filepath.Join(folder, "users")
	return errors.Join(os.Mkdir(users, 0o700), os.WriteFile(filepath.Join(users, "users.json"), data, 0o600))
}

// Secrets are what must be found nowhere: each user's secret, and the beginning of a signature.
func Secrets() []string {
	out := []string{"Signature=", "AWS4-HMAC-SHA256"}
	for _, u := range []User{Root, Exporter, Recipient, Janitor, Stranger} {
		out = append(out, u.Secret())
	}
	return out
}

// Leaks lists the secrets that a text has.
func Leaks(text string) []string {
	var out []string
	for _, secret := range Secrets() {
		if strings.Contains(text, secret) {
			out = append(out, secret)
		}
	}
	return out
}
