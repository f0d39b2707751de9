package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

// scriptPrefix is the prefix that docs/s3.md gives a council in its bucket.
const scriptPrefix = "coventry"

// buckets are the commands of scripts that need a bucket. The server is started for the first of them, and ends with t.
type buckets struct {
	t     *testing.T
	start func() *s3test.Server
}

func newBuckets(t *testing.T) *buckets {
	return &buckets{t, sync.OnceValue(func() *s3test.Server { return s3test.Start(t) })}
}

// bucket makes a bucket, and says where it is in $BUCKET, $S3HOST and $S3CA; $S3BASE is its address with the prefix, and
// $S3ARGS the parameters. The script is then the exporter.
func (b *buckets) bucket(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	kind, known := map[string]s3test.Kind{"plain": s3test.Plain, "locked": s3test.Locked}[args[0]]
	if !known {
		return errors.New("there is no such kind of bucket")
	}
	server := b.start()
	name := server.NewBucket(b.t, kind)
	base, params, _ := strings.Cut(server.Address(name, scriptPrefix).String(), "?")
	for variable, value := range map[string]string{"BUCKET": name, "S3HOST": server.Host, "S3CA": server.CA, "S3BASE": base, "S3ARGS": "?" + params} {
		ts.Setenv(variable, value)
	}
	return b.as(ts, []string{"exporter"})
}

// as makes the script one of the server's users.
func (b *buckets) as(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	user, known := map[string]s3test.User{
		"exporter": s3test.Exporter, "recipient": s3test.Recipient, "stranger": s3test.Stranger, "nobody": "nobody",
	}[args[0]]
	if !known {
		return errors.New("there is no such user")
	}
	for name, value := range user.Environment() {
		ts.Setenv(name, value)
	}
	return nil
}

// public lets everybody do something with the bucket.
func (b *buckets) public(ts *testscript.TestScript, args []string) error {
	return b.start().OpenUp(b.t.Context(), ts.Getenv("BUCKET"), args...)
}

// place puts a file over an object below the prefix, as the bucket's owner may.
func (b *buckets) place(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	return b.start().Place(b.t.Context(), ts.Getenv("BUCKET"), scriptPrefix+"/"+args[0], ts.ReadFile(args[1]))
}

// discreet looks for the server's secrets in what the last program wrote and in all files below folders.
func (b *buckets) discreet(ts *testscript.TestScript, args []string) error {
	tree, err := contentsOf(ts, append(args, "stdout", "stderr"))
	if err != nil {
		return err
	}
	if leaks := s3test.Leaks(tree); len(leaks) > 0 {
		return fmt.Errorf("somewhere there is %q", leaks)
	}
	return nil
}

// contentsOf is everything in files, in all files of folders, and in what the last program wrote.
func contentsOf(ts *testscript.TestScript, names []string) (string, error) {
	var b strings.Builder
	for _, name := range names {
		if name == "stdout" || name == "stderr" {
			b.WriteString(ts.ReadFile(name))
			continue
		}
		err := filepath.WalkDir(ts.MkAbs(name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			b.Write(data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}
