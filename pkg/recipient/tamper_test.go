package recipient_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Whatever byte of whatever file is changed, the drop is not verified, and the changed file is named.
func TestEveryByte(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	opt := recipient.Options{AllowedSigners: c.AllowedSigners()}
	if r := verify(t, source(d), opt); !r.Verified {
		t.Fatalf("the drop does not verify unchanged: %s", describe(r))
	}
	for _, path := range slices.Sorted(maps.Keys(d.Files)) {
		src := source(d)
		data := d.Files[path]
		for _, i := range offsets(path, data) {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << (i % 8)
			src.files[path] = changed
			r := verify(t, src, opt)
			if r.Verified {
				t.Fatalf("%s: byte %d is changed, and the drop verifies", path, i)
			}
			if want := []string{"digests"}; path == manifest.SumsName || path == manifest.SignatureName {
				if got := failed(r); !slices.Equal(got, []string{"signature"}) {
					t.Fatalf("%s: byte %d: %v failed", path, i, got)
				}
			} else if got := failed(r); !slices.Equal(got, want) || !strings.Contains(describe(r), "signed: "+path+".") {
				t.Fatalf("%s: byte %d: %v failed: %s", path, i, got, describe(r))
			}
		}
	}
}

// offsets are the bytes of a file to change: all; of the two descriptions every seventh, and of a Parquet file every
// seventh and the whole footer.
func offsets(path string, data []byte) []int {
	step, all := 1, 0
	switch {
	case strings.HasSuffix(path, ".parquet"):
		step, all = 7, len(data)-8-int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	case path == manifest.ReadmeName || path == manifest.DataPackageName:
		step, all = 7, len(data)
	}
	var out []int
	for i := range data {
		if (i%step == 0 || i >= all) && i%thinned == 0 {
			out = append(out, i)
		}
	}
	return out
}

// Every beginning of every file, the empty one too, and every file with a byte more, fails.
func TestLength(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	opt := recipient.Options{AllowedSigners: c.AllowedSigners()}
	for path, data := range d.Files {
		src := source(d)
		for _, changed := range [][]byte{nil, data[:1], data[:len(data)/2], data[:len(data)-1], append(bytes.Clone(data), '\n'), append(bytes.Clone(data), 0)} {
			src.files[path] = changed
			if verify(t, src, opt).Verified {
				t.Errorf("%s of %d bytes instead of %d: verified", path, len(changed), len(data))
			}
		}
	}
}

func TestFileSet(t *testing.T) {
	c := council(t)
	first := makeDrop(t, c, 6, nil, recipienttest.Changes{})
	d := makeDrop(t, c, 7, first, recipienttest.Changes{})
	swap := func(a, b string) func(map[string][]byte) {
		return func(f map[string][]byte) { f[a], f[b] = f[b], f[a] }
	}
	rename := func(a, b string) func(map[string][]byte) {
		return func(f map[string][]byte) { f[b] = f[a]; delete(f, a) }
	}
	type change struct {
		change func(map[string][]byte)
		failed []string
		says   string
	}
	cases := map[string]change{
		"nothing":           {func(f map[string][]byte) { clear(f) }, []string{"signature"}, "this is not a drop"},
		"added table":       {func(f map[string][]byte) { f["referrals.parquet"] = f["children/00.parquet"] }, []string{"files"}, "not part of the drop: referrals.parquet"},
		"added part":        {func(f map[string][]byte) { f["children/02.parquet"] = f["children/00.parquet"] }, []string{"files"}, "children/02.parquet"},
		"added hidden file": {func(f map[string][]byte) { f[".DS_Store"] = []byte("x") }, []string{"names", "files"}, `".DS_Store"`},
		"added odd name":    {func(f map[string][]byte) { f["a\x1b[2Jb"] = []byte("x") }, []string{"names", "files"}, `"a\x1b[2Jb"`},
		"added empty file":  {func(f map[string][]byte) { f["CLAIM"] = nil }, []string{"files"}, "CLAIM"},
		"swapped parts":     {swap("children/00.parquet", "children/01.parquet"), []string{"digests"}, "children/00.parquet, children/01.parquet"},
		"swapped kinds":     {swap(manifest.Name, manifest.DataPackageName), []string{"digests"}, manifest.Name},
		"swapped signature": {swap(manifest.SumsName, manifest.SignatureName), []string{"signature"}, "SHA256SUMS.sig"},
		"renamed part":      {rename("children/01.parquet", "children/02.parquet"), []string{"files"}, "missing: children/01.parquet; not part of the drop: children/02.parquet"},
		"other case":        {rename("children/01.parquet", "Children/01.parquet"), []string{"files"}, "Children/01.parquet"},
		"of another drop":   {func(f map[string][]byte) { f[manifest.ProofName] = first.Files[manifest.ProofName] }, []string{"digests"}, manifest.ProofName},
		"other signature":   {func(f map[string][]byte) { f[manifest.SignatureName] = first.Files[manifest.SignatureName] }, []string{"signature"}, "not a signature of this SHA256SUMS"},
	}
	for path := range d.Files {
		want := change{func(f map[string][]byte) { delete(f, path) }, []string{"files"}, "missing: " + path}
		if path == manifest.SumsName || path == manifest.SignatureName {
			want.failed, want.says = []string{"signature"}, path+" is missing"
		}
		cases["removed "+path] = want
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			src := source(d)
			want.change(src.files)
			r := verify(t, src, recipient.Options{AllowedSigners: c.AllowedSigners()})
			if got := failed(r); r.Verified || !slices.Equal(got, want.failed) || !strings.Contains(describe(r), want.says) {
				t.Errorf("%v failed, want %v: %s", got, want.failed, describe(r))
			}
			if strings.Contains(describe(r), "\x1b") {
				t.Error("a file's name reaches the terminal as it is")
			}
		})
	}
}

// The whole of an older drop, in the place of a newer one, is told by its name and by the chain.
func TestOldDropInPlaceOfNew(t *testing.T) {
	c := council(t)
	first := makeDrop(t, c, 6, nil, recipienttest.Changes{})
	second := makeDrop(t, c, 7, first, recipienttest.Changes{})
	for _, name := range []string{"0007-20261121", second.Manifest.Drop.ID, "drops/" + second.Manifest.Drop.ID, "other/" + first.Folder()} {
		src := source(first)
		src.name = name
		if got := failed(verify(t, src, recipient.Options{AllowedSigners: c.AllowedSigners()})); !slices.Equal(got, []string{"manifest"}) {
			t.Errorf("called %s: %v failed", name, got)
		}
	}
	for _, name := range []string{"Downloads", ".", "0006-2026", "drops/" + first.Manifest.Drop.ID} {
		src := source(first)
		src.name = name
		if r := verify(t, src, recipient.Options{AllowedSigners: c.AllowedSigners()}); !r.Verified {
			t.Errorf("called %s: not verified: %s", name, describe(r))
		}
	}
}

func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := d.Write(elsewhere); err != nil {
		t.Fatal(err)
	}
	for name, link := range map[string][2]string{
		"to the same bytes":  {manifest.ReadmeName, filepath.Join(elsewhere, manifest.ReadmeName)},
		"within the drop":    {manifest.ReadmeName, manifest.Name},
		"of a whole folder":  {"children", filepath.Join(elsewhere, "children")},
		"added":              {"more.parquet", "children/00.parquet"},
		"in SHA256SUMS":      {manifest.SumsName, filepath.Join(elsewhere, manifest.SumsName)},
		"to nothing, hidden": {".x", "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), d.Folder())
			if err := d.Write(folder); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(folder, link[0])); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(link[1], filepath.Join(folder, link[0])); err != nil {
				t.Fatal(err)
			}
			src, err := recipient.FromDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = src.Close() }()
			r, err := recipient.Verify(t.Context(), src, recipient.Options{AllowedSigners: c.AllowedSigners(), Now: now()})
			if err != nil {
				return // a link out of the folder is not even opened
			}
			if r.Verified {
				t.Errorf("verified: %s", describe(r))
			}
		})
	}
}

func TestSigners(t *testing.T) {
	c := council(t)
	stranger, err := recipienttest.Key(9)
	if err != nil {
		t.Fatal(err)
	}
	good := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	signed := func(sign func(sums []byte) ([]byte, error)) *recipienttest.Drop {
		return makeDrop(t, c, 7, nil, recipienttest.Changes{Sign: sign})
	}
	with := func(change func(signature.AllowedSigners)) signature.AllowedSigners {
		list := slices.Clone(c.AllowedSigners())
		change(list)
		return list
	}
	for name, want := range map[string]struct {
		drop     *recipienttest.Drop
		allowed  signature.AllowedSigners
		identity string
		failed   []string
	}{
		"as agreed":        {good, c.AllowedSigners(), recipienttest.DropPrincipal, nil},
		"a stranger's key": {signed(func(s []byte) ([]byte, error) { return signature.Sign(stranger, signature.DropNamespace, s) }), c.AllowedSigners(), "", []string{"signature"}},
		"the register's":   {signed(func(s []byte) ([]byte, error) { return signature.Sign(c.RegisterKey, signature.DropNamespace, s) }), c.AllowedSigners(), "", []string{"signature"}},
		"other namespace":  {signed(func(s []byte) ([]byte, error) { return signature.Sign(c.DropKey, signature.RegisterNamespace, s) }), c.AllowedSigners(), "", []string{"signature"}},
		"of other bytes":   {signed(func([]byte) ([]byte, error) { return signature.Sign(c.DropKey, signature.DropNamespace, []byte("x")) }), c.AllowedSigners(), "", []string{"signature"}},
		"not a signature":  {signed(func([]byte) ([]byte, error) { return []byte("x"), nil }), c.AllowedSigners(), "", []string{"signature"}},
		"nobody allowed":   {good, nil, "", []string{"signature"}},
		"not for drops": {good, with(func(l signature.AllowedSigners) { l[0].Namespaces = []string{signature.DecisionNamespace} }), "",
			[]string{"signature"}},
		"no longer":             {good, with(func(l signature.AllowedSigners) { l[0].ValidBefore = now().Add(-time.Hour) }), "", []string{"signature"}},
		"not yet":               {good, with(func(l signature.AllowedSigners) { l[0].ValidAfter = now().Add(time.Hour) }), "", []string{"signature"}},
		"another identity":      {good, c.AllowedSigners(), "somebody@else.example", []string{"signature"}},
		"no register key":       {good, c.AllowedSigners()[:1], "", []string{"register"}},
		"register key too late": {good, with(func(l signature.AllowedSigners) { l[1].ValidBefore = now().Add(-time.Hour) }), "", []string{"register"}},
		"register key for drops": {good, with(func(l signature.AllowedSigners) { l[1].Namespaces = []string{signature.DropNamespace} }), "",
			[]string{"register"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, source(want.drop), recipient.Options{AllowedSigners: want.allowed, Identity: want.identity})
			if got := failed(r); !slices.Equal(got, want.failed) || r.Verified != (want.failed == nil) {
				t.Errorf("%v failed: %s", got, describe(r))
			}
		})
	}
}

// A recipient without Postern checks the same drop with tools that are everywhere, and they agree about a changed one.
func TestStockTools(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	folder := filepath.Join(t.TempDir(), d.Folder())
	if err := d.Write(folder); err != nil {
		t.Fatal(err)
	}
	list, err := c.AllowedSigners().Format()
	if err != nil {
		t.Fatal(err)
	}
	allowed := filepath.Join(t.TempDir(), "allowed_signers")
	if err := os.WriteFile(allowed, list, 0o600); err != nil {
		t.Fatal(err)
	}
	tool := func(t *testing.T, name string, args ...string) error {
		t.Helper()
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not in PATH", name)
		}
		command := exec.Command(name, args...)
		command.Dir = folder
		command.Stdin = bytes.NewReader(d.Files[manifest.SumsName])
		return command.Run()
	}
	t.Run("ssh-keygen", func(t *testing.T) {
		args := func(namespace string) []string {
			return []string{"-Y", "verify", "-f", allowed, "-I", recipienttest.DropPrincipal, "-n", namespace, "-s", manifest.SignatureName}
		}
		if err := tool(t, "ssh-keygen", args(signature.DropNamespace)...); err != nil {
			t.Errorf("it does not accept the signature: %v", err)
		}
		if tool(t, "ssh-keygen", args(signature.RegisterNamespace)...) == nil {
			t.Error("it accepts the signature for another namespace")
		}
	})
	t.Run("sha256sum", func(t *testing.T) {
		if err := tool(t, "sha256sum", "--strict", "-c", manifest.SumsName); err != nil {
			t.Errorf("it does not accept the files: %v", err)
		}
		changed := filepath.Join(folder, "children", "00.parquet")
		if err := os.WriteFile(changed, append(bytes.Clone(d.Files["children/00.parquet"]), 0), 0o600); err != nil {
			t.Fatal(err)
		}
		if tool(t, "sha256sum", "--strict", "-c", manifest.SumsName) == nil {
			t.Error("it accepts a changed file")
		}
	})
	if !strings.Contains(string(d.Files[manifest.ReadmeName]), "-n "+signature.DropNamespace) {
		t.Error("README.html names another namespace")
	}
}
