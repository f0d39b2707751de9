package recipient_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
)

const agreementID = "dsa-coventry-fv-2026"

// delivery is a store with three drops of a council, and a recipient's folder.
type delivery struct {
	t       *testing.T
	council *recipienttest.Council
	drops   []*recipienttest.Drop // numbers 6, 7 and 8
	root    string                // of the store
	folder  string                // of the recipient
}

func newDelivery(t *testing.T) *delivery {
	t.Helper()
	d := &delivery{t: t, council: council(t), root: t.TempDir(), folder: filepath.Join(t.TempDir(), "received")}
	var last *recipienttest.Drop
	for number := range int64(3) {
		last = makeDrop(t, d.council, 6+number, last, recipienttest.Changes{Manifest: func(m *manifest.Manifest) {
			if number == 2 {
				m.Drop.Supersedes = nil
			}
		}})
		d.drops = append(d.drops, last)
	}
	return d
}

func (d *delivery) name(i int) string { return d.drops[i].Folder() }

func (d *delivery) inStore(i int, file ...string) string {
	return filepath.Join(append([]string{d.root, agreementID, d.name(i)}, file...)...)
}

func (d *delivery) here(parts ...string) string {
	return filepath.Join(append([]string{d.folder}, parts...)...)
}

// publish puts drops into the store.
func (d *delivery) publish(which ...int) {
	d.t.Helper()
	for _, i := range which {
		if err := d.drops[i].Write(d.inStore(i)); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *delivery) withdraw(i int) {
	d.t.Helper()
	text, armoured, err := d.council.Notice(d.drops[i], "made from the extract of another year")
	if err != nil {
		d.t.Fatal(err)
	}
	d.write(d.inStore(i, manifest.WithdrawnName), text)
	d.write(d.inStore(i, manifest.WithdrawnSignatureName), armoured)
}

func (d *delivery) write(path string, data []byte) {
	d.t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *delivery) remove(path string) {
	d.t.Helper()
	if err := os.RemoveAll(path); err != nil {
		d.t.Fatal(err)
	}
}

func (d *delivery) options() recipient.Options {
	return recipient.Options{AllowedSigners: d.council.AllowedSigners(), Now: now()}
}

func (d *delivery) store() store.Store {
	d.t.Helper()
	s, err := dir.Open(d.root)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// pull pulls, and holds the report to what is expected of each drop, by number, and to what it says of the store.
func (d *delivery) pull(sound bool, want map[int]recipient.State, problems ...string) *recipient.PullReport {
	d.t.Helper()
	report, err := recipient.Pull(d.t.Context(), d.store(), agreementID, d.folder, d.options())
	if err != nil {
		d.t.Fatal(err)
	}
	got := make(map[int]recipient.State)
	for _, p := range report.Drops {
		for i := range d.drops {
			if p.Drop == agreementID+"/"+d.name(i) {
				got[i] = p.State
			}
		}
		if p.Sentence == "" {
			d.t.Errorf("%s: no sentence", p.Drop)
		}
	}
	if !maps.Equal(got, want) || len(report.Drops) != len(want) || report.Sound != sound || len(report.Problems) != len(problems) {
		d.t.Errorf("sound %v, want %v; %v; want %v; problems %q, want %q: %s", report.Sound, sound, got, want, report.Problems, problems, text(d.t, report))
		return report
	}
	for i, p := range problems {
		if !strings.Contains(report.Problems[i], p) {
			d.t.Errorf("problem %q; want %q", report.Problems[i], p)
		}
	}
	return report
}

func text(t *testing.T, report *recipient.PullReport) string {
	t.Helper()
	var b strings.Builder
	if err := report.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// visible lists the drops that can be seen in the folder. Each must verify, or be known to be withdrawn.
func (d *delivery) visible() []string {
	d.t.Helper()
	entries, err := os.ReadDir(d.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		out = append(out, e.Name())
		src, err := recipient.FromDir(d.here(e.Name()))
		if err != nil {
			d.t.Fatal(err)
		}
		r, err := recipient.Verify(d.t.Context(), src, d.options())
		if err != nil {
			d.t.Fatal(err)
		}
		if !r.Verified && r.Withdrawn == nil {
			d.t.Errorf("%s can be seen and is not verified: %s", e.Name(), describe(r))
		}
		if err := src.Close(); err != nil {
			d.t.Fatal(err)
		}
	}
	return out
}

const (
	fetched, kept, recalled   = recipient.Fetched, recipient.Held, recipient.Recalled
	unverified, supersededOne = recipient.Unverified, recipient.Replaced
)

func TestPull(t *testing.T) {
	d := newDelivery(t)
	d.pull(true, nil)
	d.publish(0, 1)
	d.remove(d.inStore(1, manifest.SignatureName)) // not finished yet
	d.pull(true, map[int]recipient.State{0: fetched})
	d.publish(1)
	d.pull(true, map[int]recipient.State{0: kept, 1: fetched})
	d.publish(2)
	d.pull(true, map[int]recipient.State{0: kept, 1: kept, 2: fetched})
	d.pull(true, map[int]recipient.State{0: kept, 1: kept, 2: kept})
	if got := d.visible(); !slices.Equal(got, []string{d.name(0), d.name(1), d.name(2)}) {
		t.Errorf("in the folder are %v", got)
	}
	if left, err := os.ReadDir(d.here(".incoming")); err != nil || len(left) > 0 {
		t.Errorf("%v are left in the quarantine (%v)", left, err)
	}
	// What was kept no longer in the store is no matter, as long as the newest is there.
	d.remove(d.inStore(0))
	d.pull(true, map[int]recipient.State{0: kept, 1: kept, 2: kept})
}

// A drop that is withdrawn after it was fetched is told of until it is destroyed; what follows continues its record.
func TestPullWithdrawnSince(t *testing.T) {
	d := newDelivery(t)
	d.publish(0, 1)
	d.pull(true, map[int]recipient.State{0: fetched, 1: fetched})
	d.withdraw(1)
	r := d.pull(false, map[int]recipient.State{0: kept, 1: recalled})
	if said := text(t, r); !strings.Contains(said, "withdrawn by the council on 22 November 2026: made from the extract of another year. Do not use it. Destroy") ||
		!strings.Contains(said, d.here(d.name(1))) {
		t.Errorf("it says %s", said)
	}
	d.visible() // the notice lies beside the drop, and verifies
	if _, err := os.Stat(d.here(d.name(1), manifest.WithdrawnName)); err != nil {
		t.Error(err)
	}
	d.remove(d.here(d.name(1), manifest.WithdrawnName)) // a pull that was killed there
	d.remove(d.inStore(1, manifest.WithdrawnName))      // what was seen is not forgotten
	d.remove(d.inStore(1, manifest.WithdrawnSignatureName))
	d.pull(false, map[int]recipient.State{0: kept, 1: recalled})
	if _, err := os.Stat(d.here(d.name(1), manifest.WithdrawnName)); err != nil {
		t.Error(err)
	}
	d.remove(d.here(d.name(1)))
	d.publish(2)
	d.pull(true, map[int]recipient.State{0: kept, 1: recalled, 2: fetched})
	d.pull(true, map[int]recipient.State{0: kept, 1: recalled, 2: kept})
}

// Of a drop that was withdrawn before it was fetched no row is fetched, and the next one continues it all the same.
func TestPullWithdrawnBefore(t *testing.T) {
	d := newDelivery(t)
	d.publish(0, 1, 2)
	d.withdraw(1)
	d.withdraw(0)
	counted := &counting{Store: d.store(), fail: -1}
	report, err := recipient.Pull(t.Context(), counted, agreementID, d.folder, d.options())
	if err != nil || !report.Sound {
		t.Fatalf("%v: %v", err, report)
	}
	d.pull(true, map[int]recipient.State{0: recalled, 1: recalled, 2: kept})
	if got := d.visible(); !slices.Equal(got, []string{d.name(2)}) {
		t.Errorf("in the folder are %v", got)
	}
	for _, key := range counted.keys {
		if strings.HasSuffix(key, ".parquet") && !strings.Contains(key, d.name(2)) {
			t.Errorf("%s was fetched", key)
		}
	}
}

// A notice that cannot be believed, or that nobody signed yet, keeps a drop from being used.
func TestPullBadNotice(t *testing.T) {
	d := newDelivery(t)
	d.publish(0, 1)
	d.pull(true, map[int]recipient.State{0: fetched, 1: fetched})
	d.write(d.inStore(1, manifest.WithdrawnName), []byte("withdrawn\n"))
	r := d.pull(false, map[int]recipient.State{0: kept, 1: unverified})
	if !strings.Contains(text(t, r), "without its signature") {
		t.Errorf("it says %s", text(t, r))
	}
	d.publish(2)
	d.write(d.inStore(2, manifest.WithdrawnSignatureName), []byte("x"))
	d.pull(false, map[int]recipient.State{0: kept, 1: unverified, 2: unverified})
	if got := d.visible(); slices.Contains(got, d.name(2)) {
		t.Error("a drop with a bad notice can be seen")
	}
	d.remove(d.inStore(1, manifest.WithdrawnName))
	d.remove(d.inStore(2, manifest.WithdrawnSignatureName))
	d.pull(true, map[int]recipient.State{0: kept, 1: kept, 2: fetched})
}

// A drop that is not as it was signed stays in the quarantine, whatever file is wrong, and ends the fetching; put right, it
// is fetched.
func TestPullDamaged(t *testing.T) {
	d := newDelivery(t)
	d.publish(0)
	d.pull(true, map[int]recipient.State{0: fetched})
	for _, path := range slices.Sorted(maps.Keys(d.drops[1].Files)) {
		for _, missing := range []bool{false, true} {
			if missing && path == manifest.SignatureName {
				continue // then it is no drop
			}
			d.publish(1, 2)
			d.remove(d.here(".incoming", d.name(1))) // or it would be made whole with what came before
			if missing {
				d.remove(d.inStore(1, filepath.FromSlash(path)))
			} else {
				d.write(d.inStore(1, filepath.FromSlash(path)), append(slices.Clone(d.drops[1].Files[path]), ' '))
			}
			d.pull(false, map[int]recipient.State{0: kept, 1: unverified})
			if got := d.visible(); !slices.Equal(got, []string{d.name(0)}) {
				t.Errorf("%s: in the folder are %v", path, got)
			}
		}
	}
	d.publish(1) // and nothing of the quarantine's bad file is left
	d.pull(true, map[int]recipient.State{0: kept, 1: fetched, 2: fetched})
}

// A store that has less than it had, or something else, is noticed.
func TestPullRollback(t *testing.T) {
	d := newDelivery(t)
	d.publish(0, 1)
	d.pull(true, map[int]recipient.State{0: fetched, 1: fetched})
	d.remove(d.inStore(1))
	d.pull(false, map[int]recipient.State{0: kept, 1: kept}, "put back to an earlier state")
	d.remove(d.here(d.name(1))) // whatever lies in the folder
	d.pull(false, map[int]recipient.State{0: kept, 1: kept}, "put back to an earlier state")
	d.remove(d.inStore(0))
	d.pull(false, map[int]recipient.State{0: kept, 1: kept}, "no drop of "+agreementID+", and you were sent up to")

	d.publish(0)
	fork := makeDrop(t, d.council, 7, d.drops[0], recipienttest.Changes{Manifest: func(m *manifest.Manifest) { m.Agreement.Title = "Another" }})
	if err := fork.Write(d.inStore(1)); err != nil {
		t.Fatal(err)
	}
	d.pull(false, map[int]recipient.State{0: kept, 1: kept}, "another drop under the name")
}

// A drop with a lower number than the last is not fetched, nor one that leaves out a drop in between, until that is there.
func TestPullGap(t *testing.T) {
	d := newDelivery(t)
	d.publish(1)
	d.pull(true, map[int]recipient.State{1: fetched})
	d.publish(0)
	d.pull(false, map[int]recipient.State{1: kept}, "was not when you were sent")

	d = newDelivery(t)
	d.publish(0, 2)
	r := d.pull(false, map[int]recipient.State{0: fetched, 2: unverified})
	if !strings.Contains(text(t, r), "put its folder here") {
		t.Errorf("it says %s", text(t, r))
	}
	if err := d.drops[1].Write(d.here(d.name(1))); err != nil {
		t.Fatal(err)
	}
	d.pull(true, map[int]recipient.State{0: kept, 1: kept, 2: fetched})
}

// When a drop says that it replaces one, that one is not to be used, even if somebody took its notice away.
func TestPullReplaced(t *testing.T) {
	d := newDelivery(t)
	d.publish(0, 1)
	d.pull(true, map[int]recipient.State{0: fetched, 1: fetched})
	d.drops[2] = makeDrop(t, d.council, 8, d.drops[1], recipienttest.Changes{Manifest: func(m *manifest.Manifest) { m.Drop.Supersedes = []string{agreementID + "/" + d.name(1)} }})
	d.publish(2)
	d.pull(false, map[int]recipient.State{0: kept, 1: supersededOne, 2: fetched})
	d.remove(d.here(d.name(1)))
	d.pull(true, map[int]recipient.State{0: kept, 1: supersededOne, 2: kept})
}

// What lies in the folder under a drop's name stays as it is.
func TestPullOverwritesNothing(t *testing.T) {
	d := newDelivery(t)
	d.publish(0)
	if err := os.MkdirAll(d.here(d.name(0)), 0o700); err != nil {
		t.Fatal(err)
	}
	d.write(d.here(d.name(0), "mine.txt"), []byte("mine"))
	r, err := recipient.Pull(t.Context(), d.store(), agreementID, d.folder, d.options())
	if err != nil || r.Sound || r.Drops[0].State != unverified {
		t.Errorf("%v: %v", err, r)
	}
	if data, err := os.ReadFile(d.here(d.name(0), "mine.txt")); err != nil || string(data) != "mine" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := recipient.Pull(t.Context(), d.store(), agreementID, filepath.Join(d.root, agreementID), d.options()); err == nil {
		t.Error("pulled into the store itself")
	}
	d.remove(d.here(d.name(0)))
	d.pull(true, map[int]recipient.State{0: fetched})
	if _, err := recipient.Pull(t.Context(), d.store(), "dsa-other", d.folder, d.options()); err == nil || !strings.Contains(err.Error(), "another agreement") {
		t.Errorf("another agreement into the same folder: %v", err)
	}
}

// counting counts what is fetched, and fails at one fetch.
type counting struct {
	store.Store
	keys []string
	fail int // the fetch that fails, in its middle; -1 for none
}

var errLine = errors.New("the line broke")

func (c *counting) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	c.keys = append(c.keys, key)
	r, err := c.Store.Get(ctx, key)
	if err == nil && len(c.keys) == c.fail+1 {
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(r, 40), broken1{}), r}, nil
	}
	return r, err
}

type broken1 struct{}

func (broken1) Read([]byte) (int, error) { return 0, errLine }

// A pull that breaks off anywhere shows nothing that is not verified, and the next one finishes it. What had come whole is not
// fetched again.
func TestPullBreaksOff(t *testing.T) {
	whole := 0
	d := newDelivery(t)
	d.publish(0, 1, 2)
	d.withdraw(1)
	for fail := 0; ; fail++ {
		d.folder = filepath.Join(t.TempDir(), "received")
		first := &counting{Store: d.store(), fail: fail}
		_, err := recipient.Pull(t.Context(), first, agreementID, d.folder, d.options())
		if err == nil {
			whole = fail
			break
		}
		if !errors.Is(err, errLine) {
			t.Fatalf("fetch %d: %v", fail, err)
		}
		d.visible()
		second := &counting{Store: d.store(), fail: -1}
		r, err := recipient.Pull(t.Context(), second, agreementID, d.folder, d.options())
		if err != nil || !r.Sound || len(r.Drops) != 3 {
			t.Fatalf("fetch %d: %v: %v", fail, err, r)
		}
		if got := d.visible(); !slices.Equal(got, []string{d.name(0), d.name(2)}) {
			t.Fatalf("fetch %d: in the folder are %v", fail, got)
		}
		for _, key := range second.keys {
			if strings.HasSuffix(key, ".parquet") && slices.Contains(first.keys[:len(first.keys)-1], key) {
				t.Errorf("fetch %d: %s is fetched again", fail, key)
			}
		}
	}
	if whole < 15 {
		t.Errorf("a whole pull makes only %d fetches", whole)
	}
}
