//go:build unix

package export_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// preflights reads the pre-flight records of an agreement, and holds each to the digest that the register has of it.
func (c *council) preflights(tb testing.TB, id string) []export.Preflight {
	tb.Helper()
	books, err := c.gateway(tb).ViewBooks()
	if err != nil {
		tb.Fatal(err)
	}
	var digests []string
	for record, err := range books.Log().Find(export.KindPreflight) {
		var body export.PreflightBody
		if err := errors.Join(err, json.Unmarshal(record.Body, &body)); err != nil {
			tb.Fatal(err)
		}
		if body.Agreement == id {
			digests = append(digests, body.SHA256)
		}
	}
	own := c.gateway(tb).State
	numbers, err := own.Preflights(id)
	if err != nil {
		tb.Fatal(err)
	}
	var out []export.Preflight
	for _, n := range numbers {
		data, err := own.Preflight(id, n)
		if err != nil {
			tb.Fatal(err)
		}
		if sum := sha256.Sum256(data); !slices.Contains(digests, hex.EncodeToString(sum[:])) {
			tb.Errorf("the register does not have pre-flight record %d", n)
		}
		var p export.Preflight
		if err := json.Unmarshal(data, &p); err != nil {
			tb.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// witness is a reader that looks, whenever it is asked, whether the pre-flight record is there and the register has it.
type witness struct {
	extract.Reader
	t     *testing.T
	c     *council
	want  int
	asked *atomic.Int64
}

func (w witness) look() {
	w.asked.Add(1)
	if got := len(w.c.preflights(w.t, shippedID)); got != w.want {
		w.t.Errorf("an extract was asked for when there were %d pre-flight records; want %d", got, w.want)
	}
}

func (w witness) Recognise(ctx context.Context, cat *dataset.Catalogue, file, name string, r *finding.Report) ([]*extract.Source, error) {
	w.look()
	return w.Reader.Recognise(ctx, cat, file, name, r)
}

func (w witness) Read(ctx context.Context, demands []*extract.Demand) error {
	w.look()
	return w.Reader.Read(ctx, demands)
}

// TestPreflightComesFirst: the record is saved, and its digest in the register, before anything of an extract is read; in
// a run that publishes, and in one that finds nothing new.
func TestPreflightComesFirst(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	for n, want := range []export.Outcome{export.Published, export.Unchanged} {
		g := c.gateway(t)
		var asked atomic.Int64
		for ending, reader := range g.Readers {
			g.Readers[ending] = witness{reader, t, c, n + 1, &asked}
		}
		result := c.exportWith(t, g, shippedID, extracts)
		if result.Outcome != want || asked.Load() == 0 || result.Preflight != n+1 {
			t.Errorf("run %d was %s, asked for extracts %d times, after pre-flight %d", n+1, result.Outcome, asked.Load(), result.Preflight)
		}
	}
	for _, p := range c.preflights(t, shippedID) {
		if p.Format != export.PreflightFormat || p.Agreement != shippedID || p.Version != 1 || !p.Started.Equal(c.now) || len(p.Checks) < 40 {
			t.Errorf("the record is %s of %s, version %d, begun %v, with %d checks", p.Format, p.Agreement, p.Version, p.Started, len(p.Checks))
		}
		for _, check := range p.Checks {
			if check.Name == "" || check.Evidence == "" || check.Outcome == finding.CheckFailed || check.Refusal != nil {
				t.Errorf("a check of a run that was not refused is %+v", check)
			}
		}
	}
	for _, want := range []string{
		"submitted by Ann Analyst on 21 November 2026", "advised by Dee Officer on 21 November 2026", "approved by Sam Owner on 21 November 2026",
	} {
		if !slices.ContainsFunc(c.preflights(t, shippedID)[0].Checks, func(f finding.Check) bool { return strings.HasPrefix(f.Evidence, want) }) {
			t.Errorf("no check was answered with %q", want)
		}
	}
}

// TestPreflightHoldsNoKey: of keys the record has fingerprints.
func TestPreflightHoldsNoKey(t *testing.T) {
	c := newCouncil(t, shippedAgreement(t))
	c.export(t, shippedID, smallCohort(t))
	record := mustRead(t, c.path("state", "preflight", shippedID, "000001.json"))
	looked := 0
	for _, name := range filesBelow(t, c.path("keys")) {
		for line := range strings.Lines(mustRead(t, c.path("keys", name))) {
			if secret := strings.TrimSpace(line); len(secret) > 20 && !strings.HasSuffix(name, ".pub") {
				if looked++; strings.Contains(record, secret) {
					t.Errorf("the record holds a line of %s", name)
				}
			}
		}
	}
	if looked < 3 {
		t.Errorf("only %d lines of keys were looked for", looked)
	}
}

// TestUnenteredPreflightStopsTheRun: where the register cannot take the entry, no extract is opened.
func TestUnenteredPreflightStopsTheRun(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	c.export(t, shippedID, extracts) // so that nothing else is left to enter
	mustMkdir(t, c.path("state", "register", "pending.new", "in the way"))
	g := c.gateway(t)
	for ending := range g.Readers {
		g.Readers[ending] = unreadable{t}
	}
	if err := c.tryExport(t, g, shippedID, extracts); err == nil {
		t.Error("a run went on whose checks could not be entered in the register")
	}
	if err := os.RemoveAll(c.path("state", "register", "pending.new")); err != nil {
		t.Fatal(err)
	}
	if result := c.export(t, shippedID, extracts); result.Outcome != export.Unchanged || len(result.Recovered) != 0 {
		t.Errorf("the next run was %s, and recovered %v", result.Outcome, result.Recovered)
	}
}

// TestRefusedRunLeavesRecordsAlone: what a refused run leaves is a pre-flight record, a run record and the register's
// entries. Its extract is a pipe: opened, it would be waited for.
func TestRefusedRunLeavesRecordsAlone(t *testing.T) {
	c := newCouncil(t, strings.Replace(shippedAgreement(t), "review_by: 2029-06-30", "review_by: 2026-11-20", 1))
	before := filesBelow(t, c.dir)
	pipe := filepath.Join(t.TempDir(), "ssda903.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	err := c.tryExport(t, c.gateway(t), shippedID, pipe)
	var shut *export.Shut
	if !errors.As(err, &shut) || len(shut.Refusals) != 1 || shut.Refusals[0].Code != finding.AssessmentOverdue {
		t.Errorf("the run ended with %v", err)
	}
	var left []string
	for _, name := range filesBelow(t, c.dir) {
		if !slices.Contains(before, name) {
			left = append(left, name)
		}
	}
	want := []string{"state/preflight/" + shippedID + "/000001.json", "state/runs/" + shippedID + "/000001.json"}
	if !slices.Equal(left, want) {
		t.Errorf("the run left %q; want %q", left, want)
	}
	if records := c.preflights(t, shippedID); len(records) != 1 || len(finding.Refusals(records[0].Checks)) != 1 {
		t.Errorf("the pre-flight records are %+v", records)
	}
	if code := c.refused(t); code != string(finding.AssessmentOverdue) {
		t.Errorf("the register's last entry is the refusal %q", code)
	}
}

// TestNothingOfAnExtractIsOpenedBefore watches the system calls of an exporter: the first one that opens something below
// the folder of extracts comes after the record has its name, and after the register's checkpoint over the entry.
func TestNothingOfAnExtractIsOpenedBefore(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace here to watch with")
	}
	k := &killing{agreement: shippedAgreement(t), extracts: smallCohort(t)}
	k.fresh(t)
	trace := filepath.Join(t.TempDir(), "trace")
	watched := []string{"-y", "-s", "300", "-o", trace, "-e", "trace=openat,linkat,/^rename"}
	if out, err := k.traced(t, strace, watched...).CombinedOutput(); err != nil {
		t.Skipf("strace cannot watch here: %v\n%s", err, out)
	}
	said := mustRead(t, trace)
	opened := regexp.MustCompile(`openat\([^\n]*` + regexp.QuoteMeta(k.extracts)).FindStringIndex(said)
	linked := regexp.MustCompile(`linkat\([^\n]*preflight/` + shippedID + `[^\n]*"000001\.json"[^\n]*= 0`).FindStringIndex(said)
	entered := regexp.MustCompile(`rename[a-z0-9]*\([^\n]*checkpoint[^\n]*= 0`).FindAllStringIndex(said, -1)
	if opened == nil || linked == nil {
		t.Fatalf("the trace does not show an extract (%v) or the record (%v)", opened, linked)
	}
	between := slices.ContainsFunc(entered, func(at []int) bool { return at[0] > linked[0] && at[0] < opened[0] })
	if linked[0] > opened[0] || !between {
		t.Errorf("an extract was opened at %d, the record had its name at %d, and no checkpoint was replaced between the two", opened[0], linked[0])
	}

	// And a run that is refused opens none.
	k.agreement = strings.Replace(k.agreement, "review: {by: 2029-06-30}", "review: {by: 2026-01-01}", 1)
	k.fresh(t)
	out, err := k.traced(t, strace, watched...).Output()
	var o outcome
	if err := errors.Join(err, json.Unmarshal(out, &o)); err != nil || o.Refusal != string(finding.ReviewOverdue) {
		t.Fatalf("the run said %s, %v", out, err)
	}
	if said := mustRead(t, trace); strings.Contains(said, k.extracts) || !strings.Contains(said, "preflight/") {
		t.Error("a refused run opened something below the folder of extracts, or the trace shows nothing")
	}
}
