package config_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/document"
)

// A bucket's address is written in one way, and the file of its authority is found from the folder of postern.yaml.
func TestBucket(t *testing.T) {
	for text, want := range map[string]string{
		"s3://fv-drops/coventry/?region=eu-west-2":                                   "s3://fv-drops/coventry?region=eu-west-2",
		"'s3://drops?path_style=true&endpoint=https://S3.Example:7070&region=x'":     "s3://drops?endpoint=https://s3.example:7070&path_style=true&region=x",
		"s3://drops?region=x&ca=./keys/ca.pem&endpoint=https://s3.example":           "s3://drops?ca=FOLDER%2Fkeys%2Fca.pem&endpoint=https://s3.example&region=x",
		"s3://drops?region=x&ca=%2Fetc%2Fssl%2Fca.pem&endpoint=https%3A//s3.example": "s3://drops?ca=%2Fetc%2Fssl%2Fca.pem&endpoint=https://s3.example&region=x",
	} {
		path := write(t, strings.Replace(good, "dir:./drops", text, 1))
		c, err := config.Load(path)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		folder := strings.ReplaceAll(filepath.ToSlash(filepath.Dir(path)), "/", "%2F")
		if got := strings.ReplaceAll(c.Store, folder, "FOLDER"); got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

// What is wrong with an address is said where it stands; nothing of it is repeated.
func TestBucketMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"s3://KEY:SECRET@drops":                        "6:8: store: the address of the bucket holds credentials",
		"s3://drops?secret_access_key=SECRET":          "6:8: store: the address of the bucket has a parameter that is not known",
		"s3://drops?endpoint=http://SECRET":            "6:8: store: the endpoint is not https",
		"s3://drops?endpoint=https://KEY:SECRET@host":  "6:8: store: the endpoint holds credentials",
		"s3://drops?region=x&region=SECRET":            "6:8: store: the address of the bucket has the parameter region twice",
		"s3://SECRET":                                  "6:8: store: the address has no valid bucket name",
		"s3://drops/a/../SECRET?region=x":              "6:8: store: the prefix is not a path",
		"s3:drops":                                     "6:8: store: is not a store that this version knows",
		"'s3://drops?region=x&path_style=SECRET&ca=x'": "6:8: store: path_style is neither true nor false",
	} {
		_, err := config.Load(write(t, strings.Replace(good, "dir:./drops", text, 1)))
		var problems document.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
			continue
		}
		if problems[0].Hint == "" || strings.Contains(err.Error()+problems[0].Hint, "SECRET") {
			t.Errorf("%s: got %v, hint %q", text, err, problems[0].Hint)
		}
	}
}
