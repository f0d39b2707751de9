package s3_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store/s3"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]struct {
		address  s3.Address
		location string
	}{
		"s3://drops":  {s3.Address{Bucket: "drops"}, "s3://drops"},
		"s3://drops/": {s3.Address{Bucket: "drops"}, "s3://drops"},
		"s3://fv-drops/coventry/?region=eu-west-2": {
			s3.Address{Bucket: "fv-drops", Prefix: "coventry", Region: "eu-west-2"}, "s3://fv-drops/coventry?region=eu-west-2"},
		"s3://d.r-0/a/b.c/d_e?path_style=true&endpoint=https://S3.Council.Example:443/&region=x&ca=keys/ca.pem": {
			s3.Address{Bucket: "d.r-0", Prefix: "a/b.c/d_e", Region: "x", Endpoint: "https://s3.council.example", PathStyle: true, CA: "keys/ca.pem"},
			"s3://d.r-0/a/b.c/d_e?endpoint=https://s3.council.example&path_style=true&region=x"},
		"s3://drops?endpoint=https%3A%2F%2F[::1]:7070&path_style=false": {
			s3.Address{Bucket: "drops", Endpoint: "https://[::1]:7070"}, "s3://drops?endpoint=https://[::1]:7070"},
		"s3://drops?ca=C:%5Ckeys%5Cca%20of%20%26us.pem": {s3.Address{Bucket: "drops", CA: `C:\keys\ca of &us.pem`}, "s3://drops"},
	} {
		got, err := s3.ParseAddress(text)
		if err != nil || got != want.address {
			t.Errorf("%s: got %+v, %v", text, got, err)
			continue
		}
		if got.Location() != want.location {
			t.Errorf("%s: the location is %s", text, got.Location())
		}
		if again, err := s3.ParseAddress(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s, which is %+v, %v", text, got, again, err)
		}
	}
}

// What is refused is refused with a hint, and not repeated.
func TestParseAddressRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "does not begin with s3://",
		"dir:SECRET":                     "does not begin with s3://",
		"S3://drops":                     "does not begin with s3://",
		"s3:drops":                       "does not begin with s3://",
		"s3://":                          "no valid bucket name",
		"s3://ab":                        "no valid bucket name",
		"s3://SECRET":                    "no valid bucket name",
		"s3://sec_ret":                   "no valid bucket name",
		"s3://a..secret":                 "no valid bucket name",
		"s3://drops:9000":                "no valid bucket name",
		"s3:///secret":                   "no valid bucket name",
		"s3://-drops":                    "no valid bucket name",
		"s3://d%41ops":                   "not a URL",
		"s3://d--x--x-s3":                "directory bucket",
		"s3://%zz":                       "not a URL",
		"s3://drops\n":                   "not a URL",
		"s3://drops//a":                  "the prefix is not a path",
		"s3://drops/a//":                 "the prefix is not a path",
		"s3://drops/a/../":               "the prefix is not a path",
		"s3://drops/.a":                  "the prefix is not a path",
		"s3://drops/%41":                 "the prefix is not a path",
		"s3://drops/a b":                 "the prefix is not a path",
		"s3://drops#x":                   "a fragment",
		"s3://drops/a#":                  "a fragment",
		"s3://AKIASECRET:SECRET@drops/a": "holds credentials",
		"s3://SECRET@drops":              "holds credentials",
		"s3://drops?access_key=SECRET":   "a parameter that is not known",
		"s3://drops?Region=x":            "a parameter that is not known",
		"s3://drops?secret_access_key=SECRET&region=x":   "a parameter that is not known",
		"s3://drops?SECRET":                              "a parameter that is not known",
		"s3://drops?verify=false":                        "a parameter that is not known",
		"s3://drops?region=x&region=x":                   "the parameter region twice",
		"s3://drops?ca=a&ca=b":                           "the parameter ca twice",
		"s3://drops?region=":                             "the parameter region of the bucket's address is empty",
		"s3://drops?endpoint":                            "the parameter endpoint of the bucket's address is empty",
		"s3://drops?region=SECRET":                       "the region is not a name",
		"s3://drops?path_style=yes":                      "path_style is neither true nor false",
		"s3://drops?region=x;ca=SECRET":                  "cannot be read",
		"s3://drops?region=%zz":                          "cannot be read",
		"s3://drops?endpoint=http://host":                "the endpoint is not https",
		"s3://drops?endpoint=HTTP://host":                "the endpoint is not https",
		"s3://drops?endpoint=host:9000":                  "the endpoint is not https",
		"s3://drops?endpoint=//host":                     "the endpoint is not https",
		"s3://drops?endpoint=https://SECRET:SECRET@host": "the endpoint holds credentials",
		"s3://drops?endpoint=https://":                   "the endpoint is not https:// and a host",
		"s3://drops?endpoint=https://host/SECRET":        "the endpoint is not https:// and a host",
		"s3://drops?endpoint=https://host?a=SECRET":      "the endpoint is not https:// and a host",
		"s3://drops?endpoint=https://host%23SECRET":      "the endpoint is not https:// and a host",
		"s3://drops?endpoint=https://ho_st":              "the endpoint is not https:// and a host",
		"s3://drops?endpoint=https://host:port":          "the endpoint is not a URL",
	} {
		got, err := s3.ParseAddress(text)
		if err == nil || !strings.Contains(err.Error(), want) || finding.HintOf(err) == "" {
			t.Errorf("%q: got %+v, %v (hint %q); want %s", text, got, err, finding.HintOf(err), want)
			continue
		}
		if said := strings.ToLower(err.Error() + finding.HintOf(err)); strings.Contains(said, "secret@") || strings.Contains(said, "akia") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q is repeated: %s", text, said)
		}
	}
}

func TestBelow(t *testing.T) {
	a, err := s3.ParseAddress("s3://drops/coventry/dsa-fv-2026/0001-20261121?region=x")
	if err != nil {
		t.Fatal(err)
	}
	above, key, err := a.Below(2)
	if err != nil || above.String() != "s3://drops/coventry?region=x" || key != "dsa-fv-2026/0001-20261121" {
		t.Errorf("got %s, %s, %v", above, key, err)
	}
	if above, key, err := a.Below(3); err != nil || above.String() != "s3://drops?region=x" || key != a.Prefix {
		t.Errorf("got %s, %s, %v", above, key, err)
	}
	for _, prefix := range []string{"", "a", "a/b/c"} {
		a.Prefix = prefix
		if _, _, err := a.Below(4); err == nil {
			t.Errorf("%q has four parts", prefix)
		}
	}
}

// FuzzParseAddress: what is accepted is written in one way, which is read back as the same address; it has no line for
// anything but TLS.
func FuzzParseAddress(f *testing.F) {
	f.Add("s3://drops/a/b?region=x&endpoint=https://host:1&path_style=true&ca=a%2Fb")
	f.Add("s3://u:p@drops?endpoint=http://x")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := s3.ParseAddress(text)
		if err != nil {
			return
		}
		again, err := s3.ParseAddress(a.String())
		if err != nil || again != a || again.String() != a.String() {
			t.Errorf("%q is %+v, written %s, which is %+v, %v", text, a, a, again, err)
		}
		if a.Endpoint != "" && !strings.HasPrefix(a.Endpoint, "https://") {
			t.Errorf("%q has the endpoint %s", text, a.Endpoint)
		}
	})
}
