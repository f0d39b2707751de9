package recipient_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/recipient"
)

// What a command line calls a drop: where it is looked for, and under which name.
func TestOpen(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	folder := filepath.ToSlash(t.TempDir())
	for name, want := range map[string]string{
		folder:          filepath.Base(folder),
		"dir:" + folder: filepath.Base(folder),
		"s3://drops/coventry/dsa-fv-2026/0001-20261121?region=eu-west-2":    "dsa-fv-2026/0001-20261121",
		"s3://drops/dsa-fv-2026/0001-20261121/?region=x&endpoint=https://h": "dsa-fv-2026/0001-20261121",
	} {
		drop, err := recipient.Open(t.Context(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if drop.Name() != want {
			t.Errorf("%s is called %s", name, drop.Name())
		}
		if err := drop.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		folder + "/none":                                     "no such file",
		"https://host/drop":                                  "cannot be verified where that address is",
		"s3://drops/0001-20261121?region=x":                  "names no drop in the bucket",
		"s3://drops?region=x":                                "names no drop in the bucket",
		"s3://KEY:SECRET@drops/a/b?region=x":                 "holds credentials",
		"s3://drops/a/b?endpoint=http://SECRET":              "the endpoint is not https",
		"s3://drops/a/b?region=x&ca=" + folder + "/none.pem": "certificate authority cannot be read",
	} {
		_, err := recipient.Open(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), want) || finding.HintOf(err) == "" || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v, hint %q; want %s", name, err, finding.HintOf(err), want)
		}
	}
}
