package s3_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

const (
	prefix = "coventry"
	aKey   = "dsa-coventry-fv-2026/0001-20261121/CLAIM"
)

func put(t *testing.T, s store.Store, key, data string) error {
	t.Helper()
	return s.Put(t.Context(), key, store.BodyFromBytes([]byte(data)))
}

// get reads an object; what is wrong with it is the error.
func get(t *testing.T, s store.Store, key string) (string, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return "", err
	}
	var data bytes.Buffer
	_, err = data.ReadFrom(r)
	return data.String(), errors.Join(err, r.Close())
}

func listed(t *testing.T, s store.Store) ([]string, error) {
	t.Helper()
	var keys []string
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			return keys, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

// mustFail holds an error to the form of a store's failure: what was wrong, what to do, and nothing that is secret.
func mustFail(t *testing.T, what string, err error, text, hint string) {
	t.Helper()
	var failure *store.Error
	if !errors.As(err, &failure) {
		t.Errorf("%s: got %v, want a *store.Error", what, err)
		return
	}
	if !strings.Contains(err.Error(), text) || !strings.Contains(finding.HintOf(err), hint) {
		t.Errorf("%s: got %q with the hint %q; want %q and %q", what, err, finding.HintOf(err), text, hint)
	}
	if leaks := s3test.Leaks(err.Error() + finding.HintOf(err)); len(leaks) > 0 {
		t.Errorf("%s: the error tells %q", what, leaks)
	}
}

// TestPeople holds each user to what docs/s3.md says of them, through Postern and past it.
func TestPeople(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.NewBucket(t, s3test.Locked)
	exporter := open(t, server, s3test.Exporter, bucket, prefix)
	if err := put(t, exporter, aKey, "claim"); err != nil {
		t.Fatal(err)
	}
	full := prefix + "/" + aKey
	object := "arn:aws:s3:::" + bucket + "/" + full

	t.Run("the exporter creates and reads", func(t *testing.T) {
		if data, err := get(t, exporter, aKey); err != nil || data != "claim" {
			t.Errorf("got %q, %v", data, err)
		}
		if keys, err := listed(t, exporter); err != nil || len(keys) != 1 || keys[0] != aKey {
			t.Errorf("got %q, %v", keys, err)
		}
		if err := put(t, exporter, aKey, "other"); !errors.Is(err, store.ErrTaken) {
			t.Errorf("put of other bytes: %v", err)
		}
	})
	t.Run("the exporter neither overwrites nor deletes", func(t *testing.T) {
		raw := server.Client(s3test.Exporter)
		if _, err := raw.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &bucket, Key: &full, Body: strings.NewReader("other")}); err == nil {
			t.Error("the exporter overwrote an object")
		}
		if _, err := raw.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: &bucket, Key: &full}); err == nil {
			t.Error("the exporter deleted an object")
		}
		if _, err := raw.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &bucket, Key: aws.String("elsewhere/a"), Body: strings.NewReader("x")}); err == nil {
			t.Error("the exporter put an object outside its prefix")
		}
		if data, err := get(t, exporter, aKey); err != nil || data != "claim" {
			t.Errorf("then got %q, %v", data, err)
		}
	})
	t.Run("the recipient reads and does not put", func(t *testing.T) {
		recipient := open(t, server, s3test.Recipient, bucket, prefix)
		if data, err := get(t, recipient, aKey); err != nil || data != "claim" {
			t.Errorf("got %q, %v", data, err)
		}
		if keys, err := listed(t, recipient); err != nil || len(keys) != 1 {
			t.Errorf("got %q, %v", keys, err)
		}
		if _, err := get(t, recipient, "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a missing object: %v", err)
		}
		mustFail(t, "put", put(t, recipient, aKey+".2", "x"), "the bucket does not permit it (AccessDenied, HTTP status 403", "lack s3:PutObject on "+object+".2")
		if err := put(t, recipient, aKey, "other"); !errors.Is(err, store.ErrTaken) {
			t.Errorf("put of other bytes: %v", err)
		}
	})
	t.Run("a stranger may nothing", func(t *testing.T) {
		stranger := open(t, server, s3test.Stranger, bucket, prefix)
		mustFail(t, "put", put(t, stranger, aKey, "x"), "the bucket does not permit it", "lack s3:GetObject on "+object)
		_, err := get(t, stranger, aKey)
		mustFail(t, "get", err, "the bucket does not permit it", "lack s3:GetObject on "+object)
		_, err = listed(t, stranger)
		mustFail(t, "list", err, "the bucket does not permit it", "lack s3:ListBucket on arn:aws:s3:::"+bucket)
	})
	t.Run("the janitor deletes and does not put", func(t *testing.T) {
		plain := server.NewBucket(t, s3test.Plain)
		if err := put(t, open(t, server, s3test.Exporter, plain, prefix), aKey, "claim"); err != nil {
			t.Fatal(err)
		}
		janitor := open(t, server, s3test.Janitor, plain, prefix)
		mustFail(t, "put", put(t, janitor, aKey+".2", "x"), "the bucket does not permit it", "lack s3:PutObject")
		if _, err := server.Client(s3test.Janitor).DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: &plain, Key: &full}); err != nil {
			t.Errorf("the janitor cannot delete: %v", err)
		}
		if _, err := get(t, janitor, aKey); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the deleted object: %v", err)
		}
		for _, u := range []s3test.User{s3test.Exporter, s3test.Recipient, s3test.Stranger} {
			if _, err := server.Client(u).DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: &plain, Key: &full}); err == nil {
				t.Errorf("%s may delete", u)
			}
		}
	})
}

// TestWrongSettings asks the server with what is not right, and holds the errors to what they should say.
func TestWrongSettings(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.NewBucket(t, s3test.Plain)
	good := server.Address(bucket, prefix)
	otherCA := filepath.Join(t.TempDir(), "other.pem")
	if _, _, err := s3test.Certify(filepath.Dir(otherCA), "other.pem"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change      func(t *testing.T, a *s3.Address)
		text, hint  string
		code, after string
	}{
		"an unknown access key": {change: func(t *testing.T, _ *s3.Address) { t.Setenv("AWS_ACCESS_KEY_ID", "nobody") },
			text: "does not know these credentials (InvalidAccessKeyId, HTTP status 403", hint: "belong together"},
		"a wrong secret": {change: func(t *testing.T, _ *s3.Address) { t.Setenv("AWS_SECRET_ACCESS_KEY", s3test.Root.Secret()) },
			text: "does not know these credentials (SignatureDoesNotMatch, HTTP status 403", hint: "belong together"},
		"no credentials": {change: func(t *testing.T, _ *s3.Address) {
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		}, text: "no credentials for the bucket could be had", hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"},
		"another authority": {change: func(_ *testing.T, a *s3.Address) { a.CA = otherCA },
			text: "of an authority that is not trusted here", hint: "ca=FILE"},
		"the system's authorities": {change: func(_ *testing.T, a *s3.Address) { a.CA = "" },
			text: "of an authority that is not trusted here", hint: "ca=FILE"},
		"another name": {change: func(_ *testing.T, a *s3.Address) {
			a.Endpoint = strings.Replace(a.Endpoint, "127.0.0.1", "localhost", 1)
		},
			text: "of another name than the endpoint's", hint: "path_style=true"},
		"no such bucket": {change: func(_ *testing.T, a *s3.Address) { a.Bucket = "no-such-bucket" },
			text: "there is no bucket no-such-bucket (NoSuchBucket, HTTP status 404", hint: "correct the store's address"},
		"another region": {change: func(_ *testing.T, a *s3.Address) { a.Region = "eu-west-2" },
			text: "in another region", hint: "correct region="},
		"no such host": {change: func(_ *testing.T, a *s3.Address) { a.Endpoint = "https://s3.invalid" },
			text: "the name of the bucket's server is not known", hint: "spelt right"},
	} {
		t.Run(name, func(t *testing.T) {
			server.As(t, s3test.Exporter)
			address := good
			c.change(t, &address)
			s, err := s3.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			mustFail(t, "put", put(t, s, aKey, "x"), c.text, c.hint)
			_, err = get(t, s, aKey)
			mustFail(t, "get", err, c.text, c.hint)
			_, err = listed(t, s)
			mustFail(t, "list", err, c.text, c.hint)
		})
	}
	if keys, err := listed(t, open(t, server, s3test.Exporter, bucket, prefix)); err != nil || len(keys) != 0 {
		t.Errorf("afterwards there are %q, %v", keys, err)
	}
}

// An endpoint that the environment sets is not followed.
func TestEndpointOfTheEnvironment(t *testing.T) {
	for name, value := range s3test.Exporter.Environment() {
		t.Setenv(name, value)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://elsewhere.example")
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.example")
	for endpoint, address := range map[string]s3.Address{
		"":                     {Bucket: "drops", Region: "eu-west-2"},
		"https://s3.example:1": {Bucket: "drops", Region: "eu-west-2", Endpoint: "https://s3.example:1"},
	} {
		s, err := s3.Open(t.Context(), address)
		if err != nil || s.Endpoint() != endpoint {
			t.Errorf("%s: got %v, %v", address, s, err)
		}
	}
}

// What can be told without a network is told when the store is opened.
func TestOpenRefuses(t *testing.T) {
	for name, value := range s3test.Exporter.Environment() {
		t.Setenv(name, value)
	}
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		address s3.Address
		env     string
		want    string
	}{
		"no region":                 {s3.Address{Bucket: "drops"}, "", "the region of the bucket is not known"},
		"no file of the authority":  {s3.Address{Bucket: "drops", Region: "x", CA: filepath.Join(folder, "none.pem")}, "", "cannot be read"},
		"an authority without any":  {s3.Address{Bucket: "drops", Region: "x", CA: empty}, "", "has no certificate of an authority"},
		"a profile that is not set": {s3.Address{Bucket: "drops", Region: "x"}, "nobody", "the settings of AWS's own files or environment cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_PROFILE", c.env)
			_, err := s3.Open(t.Context(), c.address)
			if err == nil || !strings.Contains(err.Error(), c.want) || finding.HintOf(err) == "" {
				t.Errorf("got %v, hint %q; want %s", err, finding.HintOf(err), c.want)
			}
		})
	}
}
