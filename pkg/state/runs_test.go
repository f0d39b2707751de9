package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := open(t, path)
	for n := 1; n <= 3; n++ {
		got, err := f.AddRun(anAgreement, fmt.Appendf(nil, `{"run": %d}`, n))
		if got != n || err != nil {
			t.Fatalf("run %d: got %d, %v", n, got, err)
		}
	}
	if got, err := f.AddRun("another", []byte("{}")); got != 1 || err != nil {
		t.Errorf("another agreement's first run is %d, %v", got, err)
	}
	f = open(t, path) // another day
	if got, err := f.Runs(anAgreement); !slices.Equal(got, []int{1, 2, 3}) || err != nil {
		t.Errorf("runs: %v, %v", got, err)
	}
	for n := 1; n <= 3; n++ {
		if got, err := f.Run(anAgreement, n); string(got) != fmt.Sprintf(`{"run": %d}`, n) || err != nil {
			t.Errorf("run %d: %s, %v", n, got, err)
		}
	}
	for _, n := range []int{-1, 0, 4, 1 << 40} {
		if _, err := f.Run(anAgreement, n); !errors.Is(err, ErrNoRun) || finding.HintOf(err) == "" {
			t.Errorf("run %d: %v", n, err)
		}
	}
	if _, err := f.Run("no-such", 1); !errors.Is(err, ErrNoRun) {
		t.Errorf("run of an agreement without runs: %v", err)
	}
	want := []string{
		"another", "another/000001.json",
		anAgreement, anAgreement + "/000001.json", anAgreement + "/000002.json", anAgreement + "/000003.json",
	}
	if got := everything(t, filepath.Join(path, "runs")); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestRunNumbersGoOnFromTheHighest(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	stage(t, f.path, "runs/a/000007.json", "runs/a/999999.json", "runs/a/000003.json",
		"runs/a/.tmp-leftover", "runs/a/0000100.json", "runs/a/2000000", "runs/a/+00009.json", "runs/a/-00001.json", "runs/a/notes.txt")
	if got, err := f.Runs("a"); !slices.Equal(got, []int{3, 7, 999999}) || err != nil {
		t.Errorf("runs: %v, %v", got, err)
	}
	for _, want := range []int{1000000, 1000001} {
		if got, err := f.AddRun("a", []byte("{}")); got != want || err != nil {
			t.Errorf("got run %d, %v, want %d", got, err, want)
		}
	}
	if got, err := f.Runs("a"); !slices.Equal(got, []int{3, 7, 999999, 1000000, 1000001}) || err != nil {
		t.Errorf("runs: %v, %v", got, err)
	}
}

func TestAddRunRefuses(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	for _, record := range []string{"", " ", "[]", `"x"`, "1", "null", "{", "{}{}", "{} x", `{"a":1,}`} {
		if n, err := f.AddRun("a", json.RawMessage(record)); err == nil {
			t.Errorf("record %q is run %d", record, n)
		}
	}
	if got, err := f.Runs("a"); len(got) > 0 || err != nil {
		t.Errorf("runs: %v, %v", got, err)
	}
}

// TestPreflightsAreKeptApart: what was checked before a run has numbers of its own, is kept as it was given, and only its
// owner can read it.
func TestPreflightsAreKeptApart(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "state"))
	if _, err := f.AddRun(anAgreement, []byte(`{"run": 1}`)); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 2; n++ {
		if got, err := f.AddPreflight(anAgreement, fmt.Appendf(nil, `{"checks": %d}`, n)); got != n || err != nil {
			t.Fatalf("pre-flight %d: got %d, %v", n, got, err)
		}
	}
	f = open(t, f.path)
	for n := 1; n <= 2; n++ {
		if got, err := f.Preflight(anAgreement, n); string(got) != fmt.Sprintf(`{"checks": %d}`, n) || err != nil {
			t.Errorf("pre-flight %d: %s, %v", n, got, err)
		}
	}
	for _, n := range []int{-1, 0, 3} {
		if _, err := f.Preflight(anAgreement, n); !errors.Is(err, ErrNoPreflight) || finding.HintOf(err) == "" {
			t.Errorf("pre-flight %d: %v", n, err)
		}
	}
	if _, err := f.Preflight("no-such", 1); !errors.Is(err, ErrNoPreflight) {
		t.Errorf("pre-flight of an agreement without: %v", err)
	}
	if got, err := f.Preflights(anAgreement); !slices.Equal(got, []int{1, 2}) || err != nil {
		t.Errorf("pre-flights: %v, %v", got, err)
	}
	if got, err := f.Runs(anAgreement); !slices.Equal(got, []int{1}) || err != nil {
		t.Errorf("runs: %v, %v", got, err)
	}
	want := []string{anAgreement, anAgreement + "/000001.json", anAgreement + "/000002.json"}
	if got := everything(t, filepath.Join(f.path, "preflight")); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if _, err := f.AddPreflight(anAgreement, []byte("[]")); err == nil {
		t.Error("a list was taken for a record")
	}
}

func TestRunsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	const writers, each = 8, 5
	errs := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		f := open(t, path) // of its own, as another process would have
		all.Go(func() {
			for n := range each {
				number, err := f.AddRun("a", fmt.Appendf(nil, `{"writer": "%d-%d"}`, w, n))
				if err == nil {
					var record json.RawMessage
					if record, err = f.Run("a", number); err == nil && string(record) != fmt.Sprintf(`{"writer": "%d-%d"}`, w, n) {
						err = fmt.Errorf("run %d is %s", number, record)
					}
				}
				errs[w] = errors.Join(errs[w], err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got, err := open(t, path).Runs("a"); len(got) != writers*each || got[len(got)-1] != writers*each || err != nil {
		t.Errorf("runs: %v, %v", got, err)
	}
}
