package custody

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

// files lists what lies under a folder with mode and content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		out[name] = info.Mode().String()
		if !entry.IsDir() {
			out[name] += " " + string(read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNewCouncilMakesWhatIsMissing(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		dir := filepath.Join(t.TempDir(), "deep", "er", "keys")
		ring := Open(references(dir, suffix))
		items, err := ring.NewCouncil(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"master key master" + suffix, "salts folder salts", "signing key signing" + suffix, "register key register" + suffix, "rights key rights.pub"}
		names := map[string]string{
			".": "drwx------", "master" + suffix: "-rw-------", "salts": "drwx------", "signing" + suffix: "-rw-------", "signing.pub": "-rw-r--r--",
			"register" + suffix: "-rw-------", "register.pub": "-rw-r--r--", "register.mark": "-rw-------", "rights.pub": "-rw-r--r--", "rights.identity": "-rw-------",
		}
		if suffix != "" {
			want = append([]string{"age identity identity"}, want...)
			names["identity"] = "-rw-------"
		}
		report := func(items []Item, made bool) string {
			var out []string
			for _, item := range items {
				if item.Made != made {
					t.Errorf("%s: made %v; want %v", item.What, item.Made, made)
				}
				out = append(out, item.What+" "+filepath.Base(item.Path))
			}
			return strings.Join(out, "\n")
		}
		if got := report(items, true); got != strings.Join(want, "\n") {
			t.Errorf("made\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
		if note := items[len(items)-1].Note; !strings.Contains(note, filepath.Join(dir, "rights.identity")) {
			t.Errorf("the rights officer is not told: %q", note)
		}
		first := files(t, dir)
		if len(first) != len(names) {
			t.Errorf("%d files and folders; want %d", len(first), len(names))
		}
		for name, mode := range names {
			if runtime.GOOS != "windows" && !strings.HasPrefix(first[name], mode) {
				t.Errorf("%s: %.10s; want %s", name, first[name], mode)
			}
		}
		// Again: nothing is touched.
		items, err = ring.NewCouncil(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if got := report(items, false); got != strings.Join(want, "\n") {
			t.Errorf("the second time: %s", got)
		}
		if second := files(t, dir); fmt.Sprint(second) != fmt.Sprint(first) {
			t.Error("the second time changed something")
		}
		// Another council has other keys.
		other := filepath.Join(t.TempDir(), "keys")
		if _, err := Open(references(other, suffix)).NewCouncil(context.Background()); err != nil {
			t.Fatal(err)
		}
		for name, content := range files(t, other) {
			if name != "." && name != "salts" && name != "register.mark" && content == first[name] {
				t.Errorf("two councils share %s", name)
			}
		}
		// The identity taken away, as it should be: nothing is made anew, and nobody is told to take it away.
		if err := os.Remove(filepath.Join(dir, "rights.identity")); err != nil {
			t.Fatal(err)
		}
		items, err = ring.NewCouncil(context.Background())
		if last := items[len(items)-1]; err != nil || last.Made || last.Note != "" {
			t.Errorf("%+v, %v", last, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "rights.identity")); !os.IsNotExist(err) {
			t.Error("a new rights identity was made beside the old key")
		}
	})
}

// TestNewCouncilAfterACrash takes away what a run that died would not have made, and half of each pair.
func TestNewCouncilAfterACrash(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		for _, gone := range [][]string{
			{"master" + suffix, "salts", "signing" + suffix, "signing.pub", "register.mark", "register" + suffix, "register.pub", "rights.pub", "rights.identity"},
			{"signing" + suffix, "signing.pub", "register" + suffix, "register.pub", "rights.pub", "rights.identity"},
			{"signing.pub", "register" + suffix, "register.pub"},
			{"register.pub"},
			{"rights.pub"},
			{"salts"},
		} {
			c := newCouncil(t, suffix)
			first := files(t, c.dir)
			for _, name := range gone {
				if err := os.RemoveAll(c.path(name)); err != nil {
					t.Fatal(err)
				}
			}
			// What a write that was killed leaves: a copy of a key, whole or not, under a hidden name.
			leftover := c.path(newPrefix + "123456")
			if err := os.WriteFile(leftover, []byte(masterHeader), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := c.ring.NewCouncil(context.Background()); err != nil {
				t.Fatalf("%v gone: %v", gone, err)
			}
			if _, err := os.Stat(leftover); gone[0] != "salts" && !os.IsNotExist(err) {
				t.Errorf("%v gone: a leftover copy is still there", gone)
			}
			if _, err := c.ring.NewSalt(org, dsa, 1); err != nil {
				t.Fatal(err)
			}
			if err := useAll(c); err != nil {
				t.Errorf("%v gone: %v", gone, err)
			}
			for name, content := range files(t, c.dir) {
				missing := strings.HasPrefix(name, newPrefix)
				for _, g := range gone {
					// A public half is made again from the private one, and a rights key from its identity.
					made := name == g && (len(gone) > 1 || suffix != "" && name == "salts")
					missing = missing || made || strings.HasPrefix(name, g+string(filepath.Separator))
				}
				if !missing && content != first[name] {
					t.Errorf("%v gone: %s was changed", gone, name)
				}
			}
		}
	})
}

// TestNewCouncilRefusesToReplaceWhatIsLost makes nothing where something must have been.
func TestNewCouncilRefusesToReplaceWhatIsLost(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		lost := map[string]string{"master" + suffix: "salts that belong", "signing" + suffix: "public half", "register" + suffix: "public half"}
		if suffix != "" {
			lost["identity"] = "encrypted to it"
		}
		for name, reason := range lost {
			c := newCouncil(t, suffix)
			if err := os.Remove(c.path(name)); err != nil {
				t.Fatal(err)
			}
			before := files(t, c.dir)
			_, err := c.ring.NewCouncil(context.Background())
			wantKeyError(t, err, c.path(name), reason, "restore "+c.path(name))
			if fmt.Sprint(files(t, c.dir)) != fmt.Sprint(before) {
				t.Errorf("%s: something was made", name)
			}
		}
	})
}

func TestNewSalt(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		before := read(t, c.salt)
		item, err := c.ring.NewSalt(org, dsa, 1)
		if err != nil || item.Made || item.Path != c.salt || !bytes.Equal(before, read(t, c.salt)) {
			t.Errorf("the salt that is there: %+v, %v", item, err)
		}
		seen := map[string]bool{}
		for epoch := 1; epoch <= 12; epoch++ {
			item, err := c.ring.NewSalt(org, dsa, epoch)
			if err != nil || item.Made != (epoch > 1) {
				t.Fatalf("epoch %d: %+v, %v", epoch, item, err)
			}
			seen[string(c.secretOf(t, item.Path))] = true
		}
		if len(seen) != 12 {
			t.Errorf("%d different salts of 12", len(seen))
		}
		_, err = c.ring.NewSalt("937", dsa, 1)
		wantKeyError(t, err, c.salt, "council", "never used twice")
		if err := os.Remove(c.path("master" + suffix)); err != nil {
			t.Fatal(err)
		}
		_, err = c.ring.NewSalt(org, "dsa-new", 1)
		wantKeyError(t, err, c.path("master"+suffix), "not there", "restore")
	})
}

// TestManyCreateAtOnce lets several make the same salt: one file, one secret, no leftovers.
func TestManyCreateAtOnce(t *testing.T) {
	c := newCouncil(t, "")
	var wg sync.WaitGroup
	made := make(chan bool, 8)
	for range 8 {
		wg.Go(func() {
			item, err := Open(c.refs).NewSalt(org, "dsa-at-once", 1)
			if err == nil {
				made <- item.Made
			}
		})
	}
	wg.Wait()
	close(made)
	makers := 0
	for m := range made {
		if m {
			makers++
		}
	}
	if makers > 1 {
		t.Errorf("%d say that they made the salt", makers)
	}
	// Whoever lost may have swept the winner's temporary file away; then one more run makes it.
	if _, err := c.ring.NewSalt(org, "dsa-at-once", 1); err != nil {
		t.Fatal(err)
	}
	for name := range files(t, c.dir) {
		if strings.Contains(name, newPrefix) {
			t.Errorf("%s is left", name)
		}
	}
}

func TestNewCouncilStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := filepath.Join(t.TempDir(), "keys")
	items, err := Open(references(dir, "")).NewCouncil(ctx)
	wantKeyError(t, err, "", "stopped", "again")
	if _, statErr := os.Stat(dir); len(items) != 0 || !os.IsNotExist(statErr) {
		t.Error("something was made")
	}
}

// TestKeysWork signs with the made keys and opens what is sealed to the rights key.
func TestKeysWork(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		for name, get := range map[string]struct {
			private func() (ssh.Signer, error)
			public  func() (ssh.PublicKey, error)
		}{
			"signing": {c.ring.SigningKey, c.ring.SigningPublicKey}, "register": {c.ring.RegisterKey, c.ring.RegisterPublicKey},
		} {
			signer, err := get.private()
			if err != nil {
				t.Fatal(err)
			}
			public, err := get.public()
			if err != nil || !bytes.Equal(public.Marshal(), signer.PublicKey().Marshal()) || public.Type() != ssh.KeyAlgoED25519 {
				t.Errorf("%s: the halves differ, %v", name, err)
			}
			for _, sign := range []func() (*ssh.Signature, error){
				func() (*ssh.Signature, error) { return signer.Sign(nil, []byte("message")) },
				func() (*ssh.Signature, error) {
					return signer.(ssh.AlgorithmSigner).SignWithAlgorithm(nil, []byte("message"), ssh.KeyAlgoED25519)
				},
			} {
				signature, err := sign()
				if err != nil || public.Verify([]byte("message"), signature) != nil || public.Verify([]byte("massage"), signature) == nil {
					t.Errorf("%s: the signature is not right, %v", name, err)
				}
			}
			if _, err := signer.(ssh.AlgorithmSigner).SignWithAlgorithm(nil, nil, ssh.KeyAlgoRSASHA512); err == nil {
				t.Errorf("%s: signs as RSA", name)
			}
		}
		recipient, err := c.ring.RightsRecipient()
		if err != nil {
			t.Fatal(err)
		}
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, recipient)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for name, opens := range map[string]bool{"rights.identity": true, "identity": false} {
			if name == "identity" && suffix == "" {
				continue
			}
			ids, err := age.ParseIdentities(bytes.NewReader(read(t, c.path(name))))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := age.Decrypt(bytes.NewReader(sealed.Bytes()), ids...); (err == nil) != opens {
				t.Errorf("%s opens what is sealed to the rights key: %v", name, err)
			}
		}
	})
}
