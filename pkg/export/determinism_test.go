//go:build unix

package export_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/synth"
)

// TestSameInputsSameBytes makes the same drop in one council after another: each is set up anew, and differs in something that
// must not decide a byte of a Parquet file.
func TestSameInputsSameBytes(t *testing.T) {
	extracts := cohort(t, synth.CohortOptions{Children: 120, Seed: 5, Years: 3})
	c := newCouncil(t)
	text := wideAgreement(c.catalogue, wideID, usualPeriod, "null", notYetAny()...)
	text = strings.Replace(text, "treatment: age_band, bands: [0, 5, 10]", "treatment: age_months", 1) // another month shows
	c = newCouncil(t, text)
	want := parquets(t, c.path("drops", c.export(t, wideID, extracts).Drop))
	for _, other := range []struct {
		name string
		set  func(t *testing.T, o *order)
		env  []string
	}{
		{"nothing", nil, nil},
		{"one core", nil, []string{"GOMAXPROCS=1"}},
		{"two cores", nil, []string{"GOMAXPROCS=2"}},
		{"eight cores", nil, []string{"GOMAXPROCS=8"}},
		{"little memory", func(_ *testing.T, o *order) { o.Spill = 100 }, []string{"GOMAXPROCS=8"}},
		{"a row at a time", func(_ *testing.T, o *order) { o.Batch = 1 }, nil},
		{"seven rows at a time, and little memory", func(_ *testing.T, o *order) { o.Batch, o.Spill = 7, 100 }, nil},
		{"another time zone, where it is December", func(_ *testing.T, o *order) { o.Now = time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC) }, []string{"TZ=Asia/Kathmandu"}},
		{"another language", nil, []string{"LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"}},
		{"another host and account", nil, []string{"HOSTNAME=elsewhere", "USER=nobody", "HOME=/nonexistent"}},
		{"another hour", func(_ *testing.T, o *order) { o.Now = o.Now.Add(7 * time.Hour) }, nil},
		{"another day of the month", func(_ *testing.T, o *order) { o.Now = o.Now.AddDate(0, 0, 8) }, nil},
		{"another place of the extracts", moved, nil},
		{"files made in another order", shuffled, nil},
		{"each set by itself", func(t *testing.T, o *order) {
			var sets []string
			for _, set := range []string{"2025-26", "2023-24", "2024-25"} {
				sets = append(sets, filepath.Join(o.Extracts[0], set))
			}
			o.Extracts = sets
		}, nil},
	} {
		t.Run(other.name, func(t *testing.T) {
			c := newCouncil(t, text)
			o := order{Council: c.dir, Agreement: c.agreementFile(wideID), Extracts: []string{extracts}, Now: c.now, Umask: 0o077}
			if other.set != nil {
				other.set(t, &o)
			}
			said, killed := runAlone(t, o, other.env...)
			if killed || said.Outcome != string(export.Published) {
				t.Fatalf("the exporter: %+v", said)
			}
			sameParquets(t, parquets(t, c.path("drops", said.Drop)), want)
		})
	}
}

// moved copies the extracts to another place, deeper, under another name.
func moved(t *testing.T, o *order) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "a folder", "Extracts of the council")
	mustMkdir(t, filepath.Dir(to))
	mustCopy(t, o.Extracts[0], to)
	o.Extracts = []string{to}
}

// shuffled writes the same files in another order and under other names, so that the folder lists them otherwise.
func shuffled(t *testing.T, o *order) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "extracts")
	names := filesBelow(t, o.Extracts[0])
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names {
		at := filepath.Join(to, filepath.Dir(name), fmt.Sprintf("%c%s", 'a'+rune(i%26), filepath.Base(name)))
		mustMkdir(t, filepath.Dir(at))
		mustWrite(t, at, mustRead(t, filepath.Join(o.Extracts[0], name)))
		if err := os.Chtimes(at, time.Time{}, noon().Add(-time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	o.Extracts = []string{to}
}

// TestUnchangedRunPublishesNothing: the same inputs again name the drop that holds them; a changed one makes a new drop, in
// which every child has the pseudonym it had.
func TestUnchangedRunPublishesNothing(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, smallCohort(t), extracts)
	c := newCouncil(t, shippedAgreement(t))
	inMonth := func(month int) (*export.Result, error) {
		first, ok := civil.FromYMD(2026, month, 1)
		if !ok {
			t.Fatal("no such day")
		}
		return c.gateway(t).Run(t.Context(), export.Request{Agreement: c.agreementFile(shippedID), Extracts: []string{extracts}, Reference: first})
	}
	first, err := inMonth(10)
	if err != nil {
		t.Fatal(err)
	}
	before := objects(t, c.gateway(t).Store, "")
	for range 3 {
		again, err := inMonth(10)
		if err != nil {
			t.Fatal(err)
		}
		if again.Outcome != export.Unchanged || again.Drop != first.Drop {
			t.Errorf("the run after it was %s with %s", again.Outcome, again.Drop)
		}
		c.now = c.now.AddDate(0, 0, 2)
	}
	elsewhere := &order{Extracts: []string{extracts}}
	shuffled(t, elsewhere) // the same files under other names in another place
	kept := extracts
	extracts = elsewhere.Extracts[0]
	if again, err := inMonth(10); err != nil || again.Outcome != export.Unchanged {
		t.Errorf("with the same extracts in another place the run was %+v, %v", again, err)
	}
	extracts = kept
	if now := objects(t, c.gateway(t).Store, ""); !slices.Equal(now, before) {
		t.Errorf("runs that changed nothing left %v in the store", now)
	}
	second := c.export(t, shippedID, extracts) // November
	if second.Outcome != export.Published || second.Drop == first.Drop {
		t.Fatalf("with another reference month the run was %s with %s", second.Outcome, second.Drop)
	}
	files := []string{"children.parquet", "looked_after_episodes.parquet", "ssda903_missing.parquet"}
	for _, file := range files {
		before := columnOf(t, c.path("drops", first.Drop, file), "child_id")
		after := columnOf(t, c.path("drops", second.Drop, file), "child_id")
		if len(before) == 0 || !slices.Equal(before, after) {
			t.Errorf("%s has other pseudonyms in the second drop", file)
		}
	}
	one, other := parquets(t, c.path("drops", first.Drop)), parquets(t, c.path("drops", second.Drop))
	if one[files[0]] == other[files[0]] || one[files[1]] != other[files[1]] {
		t.Error("the reference month must decide ages, and nothing but ages")
	}
	if _, err := inMonth(10); err == nil {
		t.Error("ages were counted in an earlier month again: from two months' ages a birthday can be told")
	}
	mustWrite(t, filepath.Join(extracts, "2025-26", "missing.csv"), mustRead(t, filepath.Join(extracts, "2025-26", "missing.csv"))+"\n")
	c.export(t, shippedID, extracts)
	if drops := c.settled(t, shippedID); len(drops) != 3 {
		t.Errorf("three different inputs made the drops %v", drops)
	}
}

// TestWhatLooksTheSame: a run waits for the digests only where the last drop may be of the same inputs, and nothing but the
// digests decides whether it is.
func TestWhatLooksTheSame(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, smallCohort(t), extracts)
	c := newCouncil(t, shippedAgreement(t))
	run := func() (outcome export.Outcome, waited bool) {
		t.Helper()
		c.now = c.now.AddDate(0, 0, 1)
		g := c.gateway(t)
		g.Progress = func(e export.Event) { waited = waited || strings.HasPrefix(e.Step, "comparing") }
		result := c.exportWith(t, g, shippedID, extracts)
		return result.Outcome, waited
	}
	expect := func(what string, outcome export.Outcome, waits bool) {
		t.Helper()
		if got, waited := run(); got != outcome || waited != waits {
			t.Errorf("%s: %s, waited for the digests: %t; want %s, %t", what, got, waited, outcome, waits)
		}
	}
	// tell has the last run record say something else.
	tell := func(change func(record map[string]any)) {
		t.Helper()
		runs := filesBelow(t, c.path("state", "runs"))
		file := filepath.Join(c.path("state", "runs"), slices.Max(runs))
		var record map[string]any
		if err := json.Unmarshal([]byte(mustRead(t, file)), &record); err != nil {
			t.Fatal(err)
		}
		change(record)
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, file, string(text))
	}
	missing := filepath.Join(extracts, "2025-26", "missing.csv")
	text := mustRead(t, missing)
	expect("the first", export.Published, false)
	expect("the same again", export.Unchanged, true)
	tell(func(record map[string]any) { record["sources"].([]any)[0].(map[string]any)["bytes"] = 1.0 })
	expect("the same, where the record tells of other sizes", export.Unchanged, false)
	tell(func(record map[string]any) { record["drop"] = "" })
	expect("the same, where the last record tells of no drop", export.Unchanged, false) // the one before it tells of other sizes
	expect("the same, where the last record is right", export.Unchanged, true)
	mustWrite(t, missing, strings.ReplaceAll(text, ",M,", ",A,"))
	expect("others of the same size", export.Published, true)
	mustWrite(t, missing, text+"\n")
	expect("longer ones", export.Published, false)
	mustWrite(t, missing, text)
	expect("those of an earlier drop than the last", export.Published, false)
}
