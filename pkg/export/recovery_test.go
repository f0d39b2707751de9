//go:build unix

package export_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
	"github.com/postern-gateway/postern/pkg/synth"
)

// faultyStore fails one put: before the object is there, or after, when only the reply is lost. It can also do
// something at a put.
type faultyStore struct {
	*dir.Store
	fail, lose int // the number of the put that fails, from 1; 0 for none
	puts       int
	at         func(key string)
}

func (s *faultyStore) Put(ctx context.Context, key string, b store.Body) error {
	s.puts++
	if s.at != nil {
		s.at(key)
	}
	failed := &store.Error{Op: store.OpPut, Key: key, Err: errors.New("the line is cut"), Hint: "run again"}
	if s.puts == s.fail {
		return failed
	}
	err := s.Store.Put(ctx, key, b)
	if err == nil && s.puts == s.lose {
		return failed
	}
	return err
}

// faulty is a gateway of the council whose store is faulty.
func (c *council) faulty(tb testing.TB, s *faultyStore) *export.Gateway {
	tb.Helper()
	g := c.gateway(tb)
	target, ok := g.Store.(*dir.Store)
	if !ok {
		tb.Fatal("the store is no folder")
	}
	s.Store = target
	g.Store = s
	return g
}

// puts is how many objects a drop under the shipped agreement has: CLAIM, three tables, four texts, digests, signature.
const puts = 10

func TestStoreFailsAtEveryPut(t *testing.T) {
	extracts := smallCohort(t)
	undisturbed := newCouncil(t, shippedAgreement(t))
	s := &faultyStore{}
	drop := undisturbed.exportWith(t, undisturbed.faulty(t, s), shippedID, extracts).Drop
	if s.puts != puts {
		t.Fatalf("a drop is %d puts, the test counts on %d", s.puts, puts)
	}
	want := parquets(t, undisturbed.path("drops", drop))
	for n := 1; n <= puts; n++ {
		for name, s := range map[string]*faultyStore{"failed": {fail: n}, "lost its reply": {lose: n}} {
			t.Run(fmt.Sprintf("put %d %s", n, name), func(t *testing.T) {
				c := newCouncil(t, shippedAgreement(t))
				err := c.tryExport(t, c.faulty(t, s), shippedID, extracts)
				var failed *store.Error
				if !errors.As(err, &failed) {
					t.Errorf("the run failed with %v; want a failure of the store", err)
				}
				out := s.lose == puts
				if drops := c.wholeDrops(t, shippedID, asFolder); len(drops) > 0 != out {
					t.Errorf("the store holds %v after put %d %s", drops, n, name)
				}
				if h := c.history(t); len(h.prepared) != 1 || len(h.published) != 0 || len(h.abandoned) != 0 {
					t.Errorf("the register: %+v", h)
				}
				again := c.export(t, shippedID, extracts)
				if again.Drop != drop || !slices.Equal(again.Recovered, []string{drop + " was finished"}) || again.Outcome != export.Unchanged {
					t.Errorf("the next run was %s with %s, and recovered %v", again.Outcome, again.Drop, again.Recovered)
				}
				if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{drop}) {
					t.Errorf("the store holds %v; want %s alone", drops, drop)
				}
				sameParquets(t, parquets(t, c.path("drops", drop)), want)
			})
		}
	}
}

// stuck is a council with a drop that is prepared and not published.
func stuck(t *testing.T, s *faultyStore, extracts string) (c *council, drop string) {
	t.Helper()
	c = newCouncil(t, shippedAgreement(t))
	if err := c.tryExport(t, c.faulty(t, s), shippedID, extracts); err == nil {
		t.Fatal("the store did not fail")
	}
	h := c.history(t)
	if len(h.prepared) != 1 {
		t.Fatalf("the register: %+v", h)
	}
	return c, h.prepared[0]
}

// TestPreparedDropIsFinishedFirst: new extracts have arrived meanwhile. What was prepared leaves as it was, then the new.
func TestPreparedDropIsFinishedFirst(t *testing.T) {
	older, newer := smallCohort(t), cohort(t, synth.CohortOptions{Children: 110, Seed: 12, Years: 2, Formats: []string{"ssda903"}})
	plain := newCouncil(t, shippedAgreement(t))
	old := parquets(t, plain.path("drops", plain.export(t, shippedID, older).Drop))
	c, drop := stuck(t, &faultyStore{fail: 4}, older)
	result := c.export(t, shippedID, newer)
	if result.Outcome != export.Published || !slices.Equal(result.Recovered, []string{drop + " was finished"}) || result.Drop == drop {
		t.Errorf("the run was %s with %s, and recovered %v", result.Outcome, result.Drop, result.Recovered)
	}
	if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{drop, result.Drop}) {
		t.Fatalf("the store holds %v", drops)
	}
	sameParquets(t, parquets(t, c.path("drops", drop)), old)
	fresh := newCouncil(t, shippedAgreement(t))
	sameParquets(t, parquets(t, c.path("drops", result.Drop)), parquets(t, fresh.path("drops", fresh.export(t, shippedID, newer).Drop)))
}

// TestHalfAnObjectIsCleared: what a killed put leaves beside the objects is gone when there is a drop, so that whoever
// looks at the folder finds the files that are signed, and no other.
func TestHalfAnObjectIsCleared(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{fail: 5}, extracts)
	half := c.path("drops", drop, ".put-abcdefghijklmnopqrstuvwxyz")
	mustWrite(t, half, "half an object")
	c.export(t, shippedID, extracts)
	if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{drop}) {
		t.Errorf("the store holds %v", drops)
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("the half object is still there")
	}
}

// TestPreparedDropIsAbandoned when the agreement was changed: nothing leaves that nobody approves any more. The register
// proves the gap.
func TestPreparedDropIsAbandoned(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{fail: 4}, extracts)
	c.adopt(t, strings.Replace(shippedAgreement(t), "age_months: {treatment: age_months", "age_months: {treatment: age_years", 1))
	result := c.export(t, shippedID, extracts)
	if result.Outcome != export.Published || result.Drop == drop || len(result.Recovered) != 1 || !strings.HasPrefix(result.Recovered[0], drop+" was abandoned: ") {
		t.Errorf("the run was %s with %s, and recovered %v", result.Outcome, result.Drop, result.Recovered)
	}
	if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{result.Drop}) {
		t.Errorf("the store holds %v", drops)
	}
	if h := c.history(t); !slices.Equal(h.abandoned, []string{drop}) || path.Base(result.Drop)[:4] != "0002" {
		t.Errorf("the register: %+v; the new drop is %s", h, result.Drop)
	}
}

// TestPublishedDropIsNotAbandoned: the signature was put, and the reply lost. Then the agreement was changed; but there is
// a drop, and the books must say so.
func TestPublishedDropIsNotAbandoned(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{lose: puts}, extracts)
	c.adopt(t, strings.NewReplacer("age_months: {treatment: age_months", "age_months: {treatment: age_years",
		"\nversion: 1\n", fmt.Sprintf("\nversion: 2\nsupersedes: %x\n", sha256.Sum256([]byte(shippedAgreement(t))))).Replace(shippedAgreement(t)))
	result := c.export(t, shippedID, extracts)
	if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{drop, result.Drop}) {
		t.Errorf("the store holds %v", drops)
	}
	if h := c.history(t); len(h.abandoned) != 0 {
		t.Errorf("the register: %+v", h)
	}
}

// TestTakenKeyIsNotOverwritten has another's bytes under each key of the drop in turn. The run is refused, the drop is
// given up, and the next takes the next number.
func TestTakenKeyIsNotOverwritten(t *testing.T) {
	extracts := smallCohort(t)
	plain := newCouncil(t, shippedAgreement(t))
	drop := plain.export(t, shippedID, extracts).Drop
	for _, key := range objects(t, plain.gateway(t).Store, drop+"/") {
		t.Run(path.Base(key), func(t *testing.T) {
			c := newCouncil(t, shippedAgreement(t))
			if err := c.gateway(t).Store.Put(t.Context(), key, store.BodyFromBytes([]byte("another's"))); err != nil {
				t.Fatal(err)
			}
			if err := c.tryExport(t, c.gateway(t), shippedID, extracts); !errors.Is(err, store.ErrTaken) {
				t.Errorf("the run failed with %v; want ErrTaken", err)
			}
			c.takenBy(t, key, drop)
			if h := c.history(t); len(h.published) != 0 || !slices.Equal(h.abandoned, []string{drop}) {
				t.Errorf("the register: %+v", h)
			}
			result := c.export(t, shippedID, extracts)
			c.takenBy(t, key, drop)
			if h := c.history(t); !slices.Equal(h.published, []string{result.Drop}) || !slices.Equal(h.abandoned, []string{drop}) {
				t.Errorf("the register: %+v", h)
			}
			c.nothingLeft(t)
		})
	}
}

// takenBy holds that another's object is as it was, and that there is no signature of ours beside it.
func (c *council) takenBy(t *testing.T, key, drop string) {
	t.Helper()
	if got := mustRead(t, c.path("drops", key)); got != "another's" {
		t.Errorf("the object under %s was overwritten", key)
	}
	signed := slices.Contains(objects(t, c.gateway(t).Store, drop+"/"), drop+"/"+manifest.SignatureName)
	if signed != (path.Base(key) == manifest.SignatureName) {
		t.Error("there is a signature, and so a drop")
	}
}

// TestAnothersSignatureIsNoDropOfOurs: while a prepared drop waits, another puts a signature in its place. It is given up, and
// does not hold up every later run.
func TestAnothersSignatureIsNoDropOfOurs(t *testing.T) {
	extracts := smallCohort(t)
	c, drop := stuck(t, &faultyStore{fail: 3}, extracts)
	key := drop + "/" + manifest.SignatureName
	if err := c.gateway(t).Store.Put(t.Context(), key, store.BodyFromBytes([]byte("another's"))); err != nil {
		t.Fatal(err)
	}
	result := c.export(t, shippedID, extracts)
	c.takenBy(t, key, drop)
	if h := c.history(t); !slices.Equal(h.published, []string{result.Drop}) || !slices.Equal(h.abandoned, []string{drop}) {
		t.Errorf("the register: %+v", h)
	}
	c.nothingLeft(t)
}

// obstacle stands in the way of a write below the state folder until it is removed.
type obstacle struct {
	name string // of the place
	at   string // the step, or the object that is put, at which it appears
	out  bool   // the drop is in the store when the run fails
	lost bool   // the drop has to be abandoned
	path string // below the state folder: a file where a folder would be, or a folder, not empty, where a file would be
}

// TestBooksThatCannotBeKept: where a run cannot write what it has to remember, it fails. Nothing is published before the
// register has it; and what was published before the books said so is in them after the next run.
func TestBooksThatCannotBeKept(t *testing.T) {
	extracts := smallCohort(t)
	for _, o := range []obstacle{
		{"the register, at the decisions", "", false, false, "register/pending.new"},
		{"the pre-flight record", "", false, false, "preflight"},
		{"the register, at the prepared entry", "signing", false, false, "register/pending.new"},
		{"the run record", "signing", false, true, "runs"},
		{"the membership index", "writing", false, true, "membership/" + shippedID},
		{"the ledger", manifest.SignatureName, true, false, "drops"},
		{"the register, at the published entry", manifest.SignatureName, true, false, "register/pending.new"},
	} {
		t.Run(o.name, func(t *testing.T) {
			c := newCouncil(t, shippedAgreement(t))
			place := c.path("state", o.path)
			appear := func() {
				if strings.HasPrefix(o.path, "register/") {
					mustMkdir(t, path.Join(place, "in the way"))
				} else {
					mustWrite(t, place, "in the way")
				}
			}
			g := c.faulty(t, &faultyStore{at: func(key string) {
				if path.Base(key) == o.at {
					appear()
				}
			}})
			if o.at == "" {
				appear()
			}
			seen := false
			g.Progress = func(e export.Event) {
				if e.Step == o.at && !seen {
					seen = true
					appear()
				}
			}
			if err := c.tryExport(t, g, shippedID, extracts); err == nil || strings.Contains(err.Error(), "in the way") {
				t.Errorf("the run failed with %v", err)
			}
			if err := os.RemoveAll(place); err != nil {
				t.Fatal(err)
			}
			if drops := c.wholeDrops(t, shippedID, asFolder); len(drops) > 0 != o.out {
				t.Errorf("the store holds %v", drops)
			}
			if !o.out && len(objects(t, c.gateway(t).Store, "")) > 0 {
				t.Error("something is in the store that the books do not have")
			}
			result := c.export(t, shippedID, extracts)
			if drops := c.settled(t, shippedID); !slices.Equal(drops, []string{result.Drop}) {
				t.Errorf("the store holds %v; want %s alone", drops, result.Drop)
			}
			if h := c.history(t); len(h.abandoned) > 0 != o.lost {
				t.Errorf("the register: %+v", h)
			}
		})
	}
}
