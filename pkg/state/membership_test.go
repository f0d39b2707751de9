package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/finding"
)

const aDropName = "0001-20261121"

// pseudonymOf makes something of a pseudonym's form, ascending with n.
func pseudonymOf(n int) string {
	digits := fmt.Sprintf("%032o", n) // eight of the 32 digits
	return "c1_" + digits
}

func pseudonyms(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = pseudonymOf(i * 7)
	}
	return all
}

func rightsKey(t testing.TB) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func TestMembership(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	identity := rightsKey(t)
	for table, n := range map[string]int{"children": 20_000, "empty": 0, "one": 1, "ssda903/episodes": 3} {
		t.Run(table, func(t *testing.T) {
			want := pseudonyms(n)
			seal(t, open(t, path), table, identity.Recipient(), want)
			f := open(t, path)
			got, err := collect(f.Membership(anAgreement, aDropName, table, identity))
			if !slices.Equal(got, want) || err != nil {
				t.Errorf("got %d pseudonyms, %v, want %d", len(got), err, n)
			}
			if _, err := collect(f.Membership(anAgreement, aDropName, table, rightsKey(t))); err == nil || finding.HintOf(err) == "" {
				t.Errorf("with another identity: %v", err)
			}
			info, err := os.Stat(filepath.Join(path, "membership", anAgreement, aDropName, filepath.FromSlash(table)+".age"))
			if err != nil || info.Size() < int64(n*36) {
				t.Errorf("file: %v, %v", info, err)
			}
		})
	}
	got := everything(t, filepath.Join(path, "membership", anAgreement, aDropName))
	if want := []string{"children.age", "empty.age", "one.age", "ssda903", "ssda903/episodes.age"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestMembershipNotThere(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	identity := rightsKey(t)
	look := func(table string) {
		t.Helper()
		_, err := collect(f.Membership(anAgreement, aDropName, table, identity))
		if !errors.Is(err, ErrNoMembership) || finding.HintOf(err) == "" {
			t.Errorf("got %v, want ErrNoMembership with a hint", err)
		}
	}
	look("children")
	seal(t, f, "children", identity.Recipient(), nil)
	look("referrals")
	look("ssda903/children")
	if _, err := collect(f.Membership(anAgreement, aDropName, "children", nil)); err == nil {
		t.Error("opened without an identity")
	}
	if _, err := f.MembershipWriter(anAgreement, aDropName, "children", nil); err == nil || finding.HintOf(err) == "" {
		t.Errorf("sealed to nobody: %v", err)
	}
}

// TestMembershipLeftEarly leaves the list after each of its entries.
func TestMembershipLeftEarly(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	identity := rightsKey(t)
	want := pseudonyms(4)
	seal(t, f, "children", identity.Recipient(), want)
	for n := range want {
		var got []string
		for pseudonym, err := range f.Membership(anAgreement, aDropName, "children", identity) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, pseudonym); len(got) > n {
				break
			}
		}
		if !slices.Equal(got, want[:n+1]) {
			t.Errorf("got %q", got)
		}
	}
}

func TestMembershipRefuses(t *testing.T) {
	good := pseudonymOf(8)
	for name, entries := range map[string][]string{
		"the same twice":     {good, good},
		"descending":         {good, pseudonymOf(7)},
		"nothing":            {""},
		"a child's number":   {"A123456"},
		"a UPN":              {"A801200001001"},
		"no prefix":          {good[3:]},
		"no epoch":           {"c_" + good[3:]},
		"epoch 0":            {"c0_" + good[3:]},
		"epoch 01":           {"c01_" + good[3:]},
		"a long epoch":       {"c12345678901_" + good[3:]},
		"a letter in epoch":  {"c1a_" + good[3:]},
		"a capital prefix":   {"C1_" + good[3:]},
		"a capital digit":    {strings.TrimSuffix(good, "0") + "A"},
		"a letter too few":   {good[:len(good)-1]},
		"a letter too many":  {good + "0"},
		"a letter i":         {good[:len(good)-1] + "i"},
		"a letter l":         {good[:len(good)-1] + "l"},
		"a letter o":         {good[:len(good)-1] + "o"},
		"a letter u":         {good[:len(good)-1] + "u"},
		"a new line":         {good[:len(good)-1] + "\n"},
		"two in one":         {good + "\n" + good},
		"a byte not of text": {good[:len(good)-1] + "\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, filepath.Join(t.TempDir(), "state"))
			identity := rightsKey(t)
			w, err := f.MembershipWriter(anAgreement, aDropName, "children", identity.Recipient())
			if err != nil {
				t.Fatal(err)
			}
			defer w.Discard()
			for _, entry := range entries[:len(entries)-1] {
				if err := w.Add([]byte(entry)); err != nil {
					t.Fatal(err)
				}
			}
			bad := entries[len(entries)-1]
			err = w.Add([]byte(bad))
			if err == nil || bad != "" && strings.Contains(err.Error(), bad) {
				t.Fatalf("got %v, want a refusal that does not repeat it", err)
			}
			if again := w.Add([]byte("d1_" + good[3:])); !errors.Is(again, err) {
				t.Errorf("it went on: %v", again)
			}
			if closed := w.Close(); !errors.Is(closed, err) {
				t.Errorf("close: %v", closed)
			}
			if files := files(t, f.path); len(files) > 0 {
				t.Errorf("left %q", files)
			}
		})
	}
}

// TestMembershipAppearsWhole looks at the folder while an index is written.
func TestMembershipAppearsWhole(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	identity := rightsKey(t)
	w, err := f.MembershipWriter(anAgreement, aDropName, "children", identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	all := pseudonyms(20_000)
	for _, pseudonym := range all {
		if err := w.Add([]byte(pseudonym)); err != nil {
			t.Fatal(err)
		}
	}
	if w.Count() != int64(len(all)) {
		t.Errorf("count %d", w.Count())
	}
	if _, err := collect(f.Membership(anAgreement, aDropName, "children", identity)); !errors.Is(err, ErrNoMembership) {
		t.Errorf("before Close: %v", err)
	}
	during := files(t, f.path)
	if len(during) != 1 || !tempName(filepath.Base(during[0])) {
		t.Fatalf("during the writing: %q", during)
	}
	data, err := os.ReadFile(filepath.Join(f.path, during[0]))
	if err != nil || len(data) < 64<<10 {
		t.Fatalf("the writing does not stream: %d bytes, %v", len(data), err)
	}
	for _, pseudonym := range all[:100] { // their beginning alone may be in sealed bytes by chance
		if bytes.Contains(data, []byte(pseudonym[:12])) {
			t.Fatal("a pseudonym is in the clear on the disk")
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Discard()
	if err := w.Add([]byte(pseudonymOf(1 << 40))); err == nil {
		t.Error("added after Close")
	}
	if err := w.Close(); err == nil {
		t.Error("closed twice")
	}
	if got, err := collect(f.Membership(anAgreement, aDropName, "children", identity)); !slices.Equal(got, all) || err != nil {
		t.Errorf("after Close: %d pseudonyms, %v", len(got), err)
	}
}

func TestMembershipDiscarded(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	identity := rightsKey(t)
	old := pseudonyms(3)
	seal(t, f, "children", identity.Recipient(), old)
	w, err := f.MembershipWriter(anAgreement, aDropName, "children", identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]byte(pseudonymOf(1))); err != nil {
		t.Fatal(err)
	}
	w.Discard()
	w.Discard()
	if err := w.Close(); err == nil {
		t.Error("closed what was given up")
	}
	if got, err := collect(f.Membership(anAgreement, aDropName, "children", identity)); !slices.Equal(got, old) || err != nil {
		t.Errorf("the earlier index: %q, %v", got, err)
	}
	if names := files(t, f.path); len(names) != 1 {
		t.Errorf("left %q", names)
	}
	seal(t, f, "children", identity.Recipient(), pseudonyms(5)) // a further attempt
	if got, err := collect(f.Membership(anAgreement, aDropName, "children", identity)); len(got) != 5 || err != nil {
		t.Errorf("the later index: %q, %v", got, err)
	}
}

func TestMembershipOfAPublishedDropStays(t *testing.T) {
	for _, id := range []string{aDropName, anAgreement + "/" + aDropName} {
		f := open(t, filepath.Join(t.TempDir(), "state"))
		identity := rightsKey(t)
		seal(t, f, "children", identity.Recipient(), pseudonyms(3))
		drop := aDrop(1)
		drop.ID = id
		if err := f.AppendDrop(anAgreement, drop); err != nil {
			t.Fatal(err)
		}
		if _, err := f.MembershipWriter(anAgreement, aDropName, "children", identity.Recipient()); err == nil || finding.HintOf(err) == "" {
			t.Errorf("got %v, want a refusal with a hint", err)
		}
		seal2, err := f.MembershipWriter(anAgreement, "0002-20261122", "children", identity.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		seal2.Discard()
	}
}

// TestMembershipOfEveryChangedByte changes each byte of a sealed index, and cuts it at each.
func TestMembershipOfEveryChangedByte(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	identity := rightsKey(t)
	want := pseudonyms(4)
	seal(t, f, "children", identity.Recipient(), want)
	path := filepath.Join(f.path, "membership", anAgreement, aDropName, "children.age")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 1
		for what, data := range map[string][]byte{"changed": changed, "cut": good[:i]} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := collect(f.Membership(anAgreement, aDropName, "children", identity)); err == nil {
				t.Errorf("%s at byte %d: %q", what, i, got)
			}
		}
	}
}

// TestReadMembership has what an index sealed by another hand, or a fault of the writer, could hold.
func TestReadMembership(t *testing.T) {
	one, two := pseudonymOf(1), pseudonymOf(2)
	for name, c := range map[string]struct {
		data string
		want bool
	}{
		"nothing":          {"", true},
		"ascending":        {one + "\n" + two + "\n", true},
		"descending":       {two + "\n" + one + "\n", false},
		"twice":            {one + "\n" + one + "\n", false},
		"no last new line": {one + "\n" + two, false},
		"empty line":       {one + "\n\n", false},
		"CRLF":             {one + "\r\n", false},
		"an identifier":    {"A123456\n", false},
	} {
		err := readMembership("test", strings.NewReader(c.data), func(string, error) bool { return true })
		if (err == nil) != c.want || err != nil && finding.HintOf(err) == "" {
			t.Errorf("%s: got %v, want good %v", name, err, c.want)
		}
	}
}

// FuzzReadMembership: what is read as an index is written as one, byte for byte.
func FuzzReadMembership(f *testing.F) {
	f.Add([]byte(strings.Join(pseudonyms(3), "\n") + "\n"))
	f.Add([]byte(pseudonymOf(1)))
	f.Add([]byte("\n"))
	f.Add(bytes.Repeat([]byte("x"), 70<<10))
	f.Fuzz(func(t *testing.T, data []byte) {
		var again bytes.Buffer
		err := readMembership("fuzz", bytes.NewReader(data), func(pseudonym string, _ error) bool {
			again.WriteString(pseudonym + "\n")
			return true
		})
		if err == nil && !bytes.Equal(again.Bytes(), data) {
			t.Errorf("read %q, written again %q", data, again.Bytes())
		}
	})
}

func BenchmarkMembershipWriter(b *testing.B) {
	f := open(b, filepath.Join(b.TempDir(), "state"))
	identity := rightsKey(b)
	all := pseudonyms(100_000)
	b.SetBytes(int64(len(all) * 36))
	b.ReportAllocs()
	for b.Loop() {
		w, err := f.MembershipWriter(anAgreement, aDropName, "children", identity.Recipient())
		if err != nil {
			b.Fatal(err)
		}
		for _, pseudonym := range all {
			if err := w.Add([]byte(pseudonym)); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func seal(t *testing.T, f *Folder, table string, recipient age.Recipient, pseudonyms []string) {
	t.Helper()
	w, err := f.MembershipWriter(anAgreement, aDropName, table, recipient)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for _, pseudonym := range pseudonyms {
		if err := w.Add([]byte(pseudonym)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func collect(list iter.Seq2[string, error]) ([]string, error) {
	var all []string
	for pseudonym, err := range list {
		if err != nil {
			return all, err
		}
		all = append(all, pseudonym)
	}
	return all, nil
}

// files names the files, not the folders, under a folder.
func files(t *testing.T, path string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(path), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestRemoveMembership(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	const drop = "0007-20261121"
	w, err := f.MembershipWriter(anAgreement, drop, "children", identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(f.path, "membership", anAgreement, drop)
	if _, err := os.Stat(index); err != nil {
		t.Fatal(err)
	}
	if err := f.RemoveMembership(anAgreement, drop); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(index); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the index of an abandoned drop is still there: %v", err)
	}
	if err := f.RemoveMembership(anAgreement, drop); err != nil {
		t.Errorf("to remove it once more: %v", err)
	}
	if err := f.AppendDrop(anAgreement, aDrop(7)); err != nil {
		t.Fatal(err)
	}
	if err := f.RemoveMembership(anAgreement, drop); err == nil {
		t.Error("the index of a published drop can be removed")
	}
	if err := f.RemoveMembership("../"+anAgreement, drop); err == nil {
		t.Error("a name can leave the folder")
	}
}
