//go:build unix

package export_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/export"
)

// long reports whether there is time for the long tests.
func long() bool { return os.Getenv("POSTERN_LONG") == "1" }

// spillSoon makes every table of the small cohort spill, so that a kill meets spill files.
const spillSoon = 400

// killing is a council whose exporter is killed again and again.
type killing struct {
	*council
	agreement string
	extracts  string
	want      map[string]string // the Parquet files of an undisturbed run
}

func newKilling(t *testing.T) *killing {
	t.Helper()
	return killingOver(t, shippedAgreement(t), smallCohort(t))
}

// killingOver is a council with another agreement and other extracts.
func killingOver(t *testing.T, agreement, extracts string) *killing {
	t.Helper()
	undisturbed := newCouncil(t, agreement)
	drop := undisturbed.export(t, shippedID, extracts).Drop
	return &killing{agreement: agreement, extracts: extracts, want: parquets(t, undisturbed.path("drops", drop))}
}

func (k *killing) order() order {
	return order{
		Council: k.dir, Agreement: k.agreementFile(shippedID), Extracts: []string{k.extracts}, Now: k.now, Spill: spillSoon, Umask: 0o022,
	}
}

// fresh sets the council up anew.
func (k *killing) fresh(t *testing.T) { t.Helper(); k.council = newCouncil(t, k.agreement) }

// recovers holds a council whose exporter was killed to the promise: no drop or a whole one, and the next run completes
// with the same bytes.
func (k *killing) recovers(t *testing.T) {
	t.Helper()
	before := k.wholeDrops(t, shippedID, asObjects)
	if len(before) > 1 {
		t.Fatalf("one run that was killed made %d drops", len(before))
	}
	result := k.export(t, shippedID, k.extracts)
	after := k.settled(t, shippedID)
	if len(after) != 1 || after[0] != result.Drop {
		t.Fatalf("the store holds %v after the next run, which says %s: want one drop", after, result.Drop)
	}
	if len(before) == 1 && (before[0] != after[0] || result.Outcome != export.Unchanged) {
		t.Errorf("%v was whole before the next run, which was %s with %s", before, result.Outcome, result.Drop)
	}
	sameParquets(t, parquets(t, k.path("drops", result.Drop)), k.want)
	if again := k.export(t, shippedID, k.extracts); again.Outcome != export.Unchanged || again.Drop != result.Drop || len(again.Recovered) != 0 {
		t.Errorf("the run after that was %s with %s", again.Outcome, again.Drop)
	}
}

// TestKillAtEveryStep kills the exporter at each step that it reports, at each reading of its clock (one goes before
// every entry of the register), and before and after each put.
func TestKillAtEveryStep(t *testing.T) {
	k := newKilling(t)
	said := k.undisturbed(t)
	if said.Steps < 20 || said.Clocks < 10 || said.Puts < 9 {
		t.Fatalf("the undisturbed exporter: %+v", said)
	}
	for _, at := range killPoints(said) {
		t.Run(at.name, func(t *testing.T) {
			for n := 1; n <= at.last && !t.Failed(); n++ {
				k.at(t, at, n)
			}
		})
	}
}

// TestEndsOverAllReturns does the same to an exporter of the whole agreement, whose tables are made of documents, of rolls
// and of text together. There are many more steps: some are tried, others each time; all of them where there is time.
func TestEndsOverAllReturns(t *testing.T) {
	k := killingOver(t, wholeAgreement(t), wholeCohort(t))
	said := k.undisturbed(t)
	if said.Steps < 60 || said.Clocks < 10 || said.Puts < 16 || len(k.want) != 9 {
		t.Fatalf("the undisturbed exporter: %+v, with %d tables", said, len(k.want))
	}
	for _, at := range killPoints(said) {
		t.Run(at.name, func(t *testing.T) {
			points := rand.Perm(at.last)
			if !long() {
				points = points[:min(len(points), map[string]int{"step": 12}[at.name]+3)]
			}
			for _, n := range points {
				if k.at(t, at, n+1); t.Failed() {
					return
				}
			}
		})
	}
}

// killPoint is a kind of moments at which an exporter can be killed, of which there are so many.
type killPoint struct {
	name string
	last int
	set  func(o *order, n int)
}

func killPoints(said outcome) []killPoint {
	return []killPoint{
		{"step", said.Steps, func(o *order, n int) { o.KillAtStep = n }},
		{"clock", said.Clocks, func(o *order, n int) { o.KillAtClock = n }},
		{"before put", said.Puts, func(o *order, n int) { o.KillAtPut = n }},
		{"after put", said.Puts, func(o *order, n int) { o.KillAfterPut = n }},
	}
}

// undisturbed runs the exporter to its end.
func (k *killing) undisturbed(t *testing.T) outcome {
	t.Helper()
	k.fresh(t)
	said, killed := runAlone(t, k.order())
	if killed || said.Outcome != string(export.Published) {
		t.Fatalf("the undisturbed exporter: %+v", said)
	}
	sameParquets(t, parquets(t, k.path("drops", said.Drop)), k.want)
	return said
}

// at kills a new council's exporter at one moment, and holds the council to the promise.
func (k *killing) at(t *testing.T, at killPoint, n int) {
	t.Helper()
	k.fresh(t)
	o := k.order()
	at.set(&o, n)
	if _, killed := runAlone(t, o); !killed {
		t.Fatalf("the exporter outlived %s %d of %d", at.name, n, at.last)
	}
	k.recovers(t)
	if t.Failed() {
		t.Logf("killed at %s %d of %d", at.name, n, at.last)
	}
}

// TestKillAtAnyTime kills the exporter at times that nobody chose.
func TestKillAtAnyTime(t *testing.T) {
	k := newKilling(t)
	k.fresh(t)
	began := time.Now()
	if _, killed := runAlone(t, k.order()); killed {
		t.Fatal("the undisturbed exporter was killed")
	}
	takes := time.Since(began)
	times := 12
	if long() {
		times = 100
	}
	struck := 0
	for range times {
		k.fresh(t)
		cmd, _ := child(t, k.order())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(rand.Int64N(int64(takes)))
		time.Sleep(after)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if wasKilled(cmd.ProcessState) {
			struck++
		}
		k.recovers(t)
		if t.Failed() {
			t.Fatalf("killed after %v of %v", after, takes)
		}
	}
	if struck == 0 {
		t.Error("no exporter was killed while it was at work")
	}
}
