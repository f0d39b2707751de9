package recipient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
)

// now is a time at which every key is valid.
func now() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) }

// memory is a drop in memory.
type memory struct {
	name  string
	files map[string][]byte
}

func (m memory) Name() string { return m.name }

func (m memory) List(context.Context) ([]recipient.Entry, error) {
	var entries []recipient.Entry
	for path := range m.files {
		entries = append(entries, recipient.Entry{Path: path, Regular: true})
	}
	return entries, nil
}

func (m memory) Open(_ context.Context, path string) (io.ReadCloser, error) {
	data, ok := m.files[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return held{bytes.NewReader(data)}, nil
}

type held struct{ *bytes.Reader }

func (held) Close() error { return nil }

func council(t testing.TB) *recipienttest.Council {
	t.Helper()
	c, err := recipienttest.NewCouncil(filepath.Join(t.TempDir(), "register"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func makeDrop(t testing.TB, c *recipienttest.Council, sequence int64, previous *recipienttest.Drop, changes recipienttest.Changes) *recipienttest.Drop {
	t.Helper()
	d, err := c.Drop(sequence, previous, changes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// source takes a copy of a drop's files, which a test may change.
func source(d *recipienttest.Drop) memory {
	return memory{name: d.Manifest.Drop.ID, files: maps.Clone(d.Files)}
}

func verify(t testing.TB, src recipient.Source, opt recipient.Options) *recipient.Report {
	t.Helper()
	if opt.Now.IsZero() {
		opt.Now = now()
	}
	report, err := recipient.Verify(context.Background(), src, opt)
	if err != nil {
		t.Fatal(err)
	}
	if report.Verified != strings.HasPrefix(report.Sentence, "This is drop ") {
		t.Errorf("verified %v, and the sentence is %q", report.Verified, report.Sentence)
	}
	return report
}

// failed lists the names of the checks that failed.
func failed(r *recipient.Report) []string {
	var names []string
	for _, c := range r.Checks {
		if c.Outcome == recipient.Failed {
			names = append(names, c.Name)
		}
	}
	return names
}

func describe(r *recipient.Report) string {
	var b strings.Builder
	for _, c := range r.Checks {
		b.WriteString("\n\t" + string(c.Outcome) + " " + c.Name + ": " + c.Sentence)
	}
	return b.String()
}

// The same drop verifies from a folder, from a store and from memory, with the same words.
func TestSources(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	root := t.TempDir()
	folder := filepath.Join(root, filepath.FromSlash(d.Manifest.Drop.ID))
	if err := d.Write(folder); err != nil {
		t.Fatal(err)
	}
	local, err := recipient.FromDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := dir.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	var reports []string
	for _, src := range []recipient.Source{local, source(d), recipient.FromStore(s, d.Manifest.Drop.ID), recipient.FromStore(streaming{s}, d.Manifest.Drop.ID+"/")} {
		r := verify(t, src, recipient.Options{AllowedSigners: c.AllowedSigners(), TempDir: temp})
		if !r.Verified || r.Manifest == nil || r.Drop.Signer != recipienttest.DropPrincipal {
			t.Fatalf("not verified: %s", describe(r))
		}
		reports = append(reports, describe(r)+r.Sentence)
	}
	if len(slices.Compact(reports)) != 1 {
		t.Error("the reports differ")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%d temporary files are left (%v)", len(left), err)
	}
}

// streaming is a store whose objects can only be read from front to back, as those of a bucket.
type streaming struct{ store.Store }

func (s streaming) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := s.Store.Get(ctx, key)
	return struct{ io.ReadCloser }{r}, err
}

// broken is a source whose disk fails.
type broken struct {
	memory
	path string
}

var errDisk = errors.New("the disk does not answer")

func (b broken) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	if path == b.path {
		return nil, errDisk
	}
	return b.memory.Open(ctx, path)
}

// A drop that cannot be read is neither verified nor false: Verify says that it could not tell.
func TestDiskFailure(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	for path := range d.Files {
		_, err := recipient.Verify(context.Background(), broken{source(d), path}, recipient.Options{AllowedSigners: c.AllowedSigners(), Now: now()})
		if !errors.Is(err, errDisk) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := recipient.Verify(ctx, source(d), recipient.Options{AllowedSigners: c.AllowedSigners(), Now: now()}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFromDirMissing(t *testing.T) {
	if _, err := recipient.FromDir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
