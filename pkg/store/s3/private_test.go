package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

func isPublic(err error) bool {
	var refusal *finding.Refusal
	return errors.As(err, &refusal) && refusal.Code == finding.BucketPublic && refusal.Hint != ""
}

// A bucket with the policy of docs/s3.md is private, empty or not; one that a stranger can list or read is not, and
// whose keys a stranger can only read is found out as soon as there is one.
func TestPrivate(t *testing.T) {
	server := s3test.Start(t)
	server.As(t, s3test.Exporter)
	for name, c := range map[string]struct {
		actions []string // that everybody may, beside the policy of docs/s3.md
		empty   bool
		public  bool
	}{
		"closed and empty":       {nil, true, false},
		"closed":                 {nil, false, false},
		"all may list":           {[]string{"s3:ListBucket"}, false, true},
		"all may list, empty":    {[]string{"s3:ListBucket"}, true, true},
		"all may read":           {[]string{"s3:GetObject"}, false, true},
		"all may list and read":  {[]string{"s3:ListBucket", "s3:GetObject"}, false, true},
		"all may do what is not": {[]string{"s3:GetBucketLocation"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			bucket := server.NewBucket(t, s3test.Plain)
			s, err := s3.Open(t.Context(), server.Address(bucket, prefix))
			if err != nil {
				t.Fatal(err)
			}
			if !c.empty {
				if err := errors.Join(put(t, s, aKey, "x"), put(t, s, strings.Replace(aKey, "CLAIM", "SHA256SUMS.sig", 1), "y")); err != nil {
					t.Fatal(err)
				}
			}
			if c.actions != nil {
				if err := server.OpenUp(t.Context(), bucket, c.actions...); err != nil {
					t.Fatal(err)
				}
			}
			err = s.Private(t.Context())
			if c.public != isPublic(err) || !c.public && err != nil {
				t.Errorf("got %v, want public %v", err, c.public)
			}
		})
	}
}

// What cannot be looked at is not called private: neither a bucket that does not answer its own people, nor one that does not
// answer a stranger.
func TestPrivateCannotTell(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.NewBucket(t, s3test.Plain)
	server.As(t, s3test.Stranger)
	s, err := s3.Open(t.Context(), server.Address(bucket, prefix))
	if err != nil {
		t.Fatal(err)
	}
	mustFail(t, "no right to list", s.Private(t.Context()), "list", "s3:ListBucket")

	server.As(t, s3test.Exporter)
	for name, answer := range map[string]func(w http.ResponseWriter){
		"breaks off":  func(http.ResponseWriter) { s3test.Break() },
		"unavailable": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
	} {
		proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
			if r.Header.Get("Authorization") == "" {
				answer(w)
				return
			}
			forward.ServeHTTP(w, r)
		})
		s, err := s3.Open(t.Context(), proxy.Address(bucket, prefix))
		if err != nil {
			t.Fatal(err)
		}
		s.Hurry()
		err = s.Private(t.Context())
		var failure *store.Error
		if !errors.As(err, &failure) || failure.NextStep() == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The server's own words count where it gives them, and never where it does not.
func TestPrivateByItsSettings(t *testing.T) {
	server := s3test.Start(t)
	bucket := server.NewBucket(t, s3test.Plain)
	server.As(t, s3test.Exporter)
	const owner = `<Owner><ID>o</ID></Owner><AccessControlList>`
	grant := func(group string) string {
		return `<AccessControlPolicy>` + owner + `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/` +
			group + `</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`
	}
	block := func(ignore string) string {
		return `<PublicAccessBlockConfiguration><IgnorePublicAcls>` + ignore + `</IgnorePublicAcls></PublicAccessBlockConfiguration>`
	}
	for name, c := range map[string]struct {
		answers map[string]string // by the question; others are refused
		public  bool
	}{
		"nothing may be asked":       {nil, false},
		"public by its policy":       {map[string]string{"policyStatus": `<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>`}, true},
		"private by its policy":      {map[string]string{"policyStatus": `<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>`}, false},
		"for all":                    {map[string]string{"acl": grant("global/AllUsers")}, true},
		"for all with an account":    {map[string]string{"acl": grant("global/AuthenticatedUsers")}, true},
		"for the server's logs":      {map[string]string{"acl": grant("s3/LogDelivery")}, false},
		"for all, lists ignored":     {map[string]string{"acl": grant("global/AllUsers"), "publicAccessBlock": block("true")}, false},
		"for all, lists not ignored": {map[string]string{"acl": grant("global/AllUsers"), "publicAccessBlock": block("false")}, true},
	} {
		proxy := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
			for _, question := range []string{"policyStatus", "acl", "publicAccessBlock"} {
				if !r.URL.Query().Has(question) {
					continue
				}
				if answer, ok := c.answers[question]; ok {
					w.Header().Set("Content-Type", "application/xml")
					_, _ = w.Write([]byte(answer)) // the client says what is missing
				} else {
					w.WriteHeader(http.StatusForbidden)
				}
				return
			}
			forward.ServeHTTP(w, r)
		})
		s, err := s3.Open(t.Context(), proxy.Address(bucket, prefix))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Private(t.Context())
		if c.public != isPublic(err) || !c.public && err != nil {
			t.Errorf("%s: got %v, want public %v", name, err, c.public)
		}
	}
}
