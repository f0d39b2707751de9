//go:build unix

package export_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

const wrongYear = "made from the extract of another year"

// withdrawals counts the entries of withdrawals in the register.
func (c *council) withdrawals(t *testing.T) int {
	t.Helper()
	books, err := c.gateway(t).ViewBooks()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range books.Log().Find(export.KindWithdrawn) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// verified looks at a drop in the store as its recipient does.
func (c *council) verified(t *testing.T, drop string) *recipient.Report {
	t.Helper()
	g := c.gateway(t)
	signers, err := g.Signers()
	if err != nil {
		t.Fatal(err)
	}
	report, err := recipient.Verify(t.Context(), recipient.FromStore(g.Store, drop), recipient.Options{AllowedSigners: signers, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (c *council) withdraw(t *testing.T, drop string) {
	t.Helper()
	if _, err := c.gateway(t).Withdraw(t.Context(), drop, wrongYear); err != nil {
		t.Fatal(err)
	}
}

// A withdrawal that breaks off at either object of its notice is in the register, and is finished by the next call, or by the
// next export: with the reason that was given first, and one entry.
func TestWithdrawFailsAtEveryPut(t *testing.T) {
	extracts := smallCohort(t)
	ready := newCouncil(t, shippedAgreement(t))
	drop := ready.export(t, shippedID, extracts).Drop
	for n := 1; n <= 2; n++ {
		for name, s := range map[string]*faultyStore{"failed": {fail: n}, "lost its reply": {lose: n}} {
			for _, by := range []string{"withdraw", "export"} {
				t.Run(fmt.Sprintf("put %d %s, then %s", n, name, by), func(t *testing.T) {
					faulty := *s
					c := ready.copied(t)
					var failed *store.Error
					if _, err := c.faulty(t, &faulty).Withdraw(t.Context(), drop, wrongYear); !errors.As(err, &failed) {
						t.Fatalf("the withdrawal ended with %v; want a failure of the store", err)
					}
					if r := c.verified(t, drop); r.Verified != (n == 1 && s.fail == n) || (r.Withdrawn != nil) != (s.lose == 2) {
						t.Errorf("after it, the drop is verified %v, withdrawn %v", r.Verified, r.Withdrawn)
					}
					if by == "withdraw" {
						w, err := c.gateway(t).Withdraw(t.Context(), drop, "another reason")
						if err != nil || !w.Already || w.Reason != wrongYear || !w.Time.Equal(c.now) {
							t.Errorf("the next call: %+v, %v", w, err)
						}
					} else if r := c.export(t, shippedID, extracts); r.Outcome != export.Published || !slices.Equal(r.Manifest.Drop.Supersedes, []string{drop}) {
						t.Errorf("the next export was %s and replaces %v", r.Outcome, r.Manifest.Drop.Supersedes)
					}
					if r := c.verified(t, drop); r.Withdrawn == nil || r.Withdrawn.Reason != wrongYear {
						t.Errorf("in the end the drop is not withdrawn: %s", r.Sentence)
					}
					if got := c.withdrawals(t); got != 1 {
						t.Errorf("the register has %d withdrawals", got)
					}
				})
			}
		}
	}
}

// copied is the council in another folder.
func (c *council) copied(t *testing.T) *council {
	t.Helper()
	other := *c
	other.dir = t.TempDir()
	mustCopy(t, c.dir, other.dir)
	return &other
}

// What each drop replaces: every one that was withdrawn since the last that still stands was prepared.
func TestSupersedes(t *testing.T) {
	extracts := smallCohort(t)
	ready := newCouncil(t, shippedAgreement(t))
	number := func(drops []string) (out []string) {
		for _, d := range drops {
			out = append(out, strings.TrimLeft(filepath.Base(d)[:4], "0"))
		}
		return out
	}
	for _, steps := range []string{
		// e: an export that makes a drop; =: one that finds nothing changed; wN: drop N is withdrawn; N,M: what the export before replaces
		"e = w1 e 1 =",
		"e e w2 e 2 =",
		"e e w1 e 1 =",
		"e w1 e 1 w2 e 1,2 =",
		"e e w1 w2 e 1,2 =",
		"e w1 w1 e 1 e",
		"e w1 e 1 e w3 e 3",
	} {
		t.Run(steps, func(t *testing.T) {
			c := ready.copied(t)
			version, owed := 0, false
			var drops, last []string
			for _, step := range strings.Fields(steps) {
				g := c.gateway(t)
				g.Version = fmt.Sprintf("0.0.%d", version)
				switch {
				case step == "e" || step == "=":
					if step == "e" && !owed {
						version++ // otherwise nothing would have changed
						g.Version = fmt.Sprintf("0.0.%d", version)
					}
					r := c.exportWith(t, g, shippedID, extracts)
					if (r.Outcome == export.Published) != (step == "e") {
						t.Fatalf("after %v: %s", drops, r.Outcome)
					}
					if step == "e" {
						drops, last, owed = append(drops, r.Drop), r.Manifest.Drop.Supersedes, false
						if report := c.verified(t, r.Drop); !report.Verified {
							t.Errorf("%s is not verified: %s", r.Drop, report.Sentence)
						}
					}
				case step[0] == 'w':
					if last != nil {
						t.Errorf("drop %d replaces %v", len(drops), last)
					}
					c.withdraw(t, drops[step[1]-'1'])
					owed = true
				default:
					if got := number(last); strings.Join(got, ",") != step {
						t.Errorf("drop %d replaces %v; want %s", len(drops), got, step)
					}
					last = nil
				}
			}
			if last != nil {
				t.Errorf("drop %d replaces %v", len(drops), last)
			}
		})
	}
}

// A withdrawal says no, and leaves nothing behind: no such drop, one that was never published, a reason that cannot stand, a
// store that does not have the drop, another run at work.
func TestWithdrawRefuses(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	drop := c.export(t, shippedID, extracts).Drop
	for name, x := range map[string]struct{ drop, reason, says string }{
		"no such drop":      {shippedID + "/0009-20261121", wrongYear, "no such drop"},
		"of another":        {"dsa-other/" + filepath.Base(drop), wrongYear, "no such drop"},
		"nothing":           {"", wrongYear, "no such drop"},
		"only slashes":      {"//", wrongYear, "no such drop"},
		"part of a name":    {"0001", wrongYear, "no such drop"},
		"no reason":         {drop, " \t", "no reason"},
		"two lines":         {drop, "one\ntwo", "one line"},
		"a hidden turn":     {drop, "wrong\u202eyear", "one line"},
		"too long":          {drop, strings.Repeat("long ", 101), "longer than"},
		"a child's number":  {drop, "child 510000 is another's", "could be an identifier"},
		"a child's UPN":     {drop, "A123456789012 is another's", "could be an identifier"},
		"a child's new one": {drop, "c1_yfagjb711ag44byspe9n35dxhb2f9cf0 is another's", "could be an identifier"},
	} {
		_, err := c.gateway(t).Withdraw(t.Context(), x.drop, x.reason)
		if err == nil || !strings.Contains(err.Error(), x.says) || finding.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q)", name, err, finding.HintOf(err))
		}
	}
	g := c.gateway(t)
	elsewhere := c.copied(t)
	if err := os.RemoveAll(elsewhere.drops()); err != nil {
		t.Fatal(err)
	}
	g.Store = elsewhere.gateway(t).Store
	if _, err := g.Withdraw(t.Context(), drop, wrongYear); err == nil || !strings.Contains(err.Error(), "is not in dir:") {
		t.Errorf("a store without the drop: %v", err)
	}
	lock, err := g.State.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.gateway(t).Withdraw(t.Context(), drop, wrongYear); !errors.Is(err, state.ErrLocked) {
		t.Errorf("while another run is at work: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if n := c.withdrawals(t); n != 0 {
		t.Errorf("the register has %d withdrawals", n)
	}
	if r := c.verified(t, drop); !r.Verified {
		t.Errorf("the drop is not verified any more: %s", r.Sentence)
	}
	for _, name := range []string{drop, filepath.Base(drop), c.path("drops", drop), "dir:" + c.path("drops", drop) + "/", "s3://b/p/" + drop + "?region=r"} {
		if _, err := c.copied(t).gateway(t).Withdraw(t.Context(), name, wrongYear); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// When something else lies where the notice goes, the register has the withdrawal all the same, and the error says that the
// recipient must hear of it by another way. The next export cannot pretend that all is well.
func TestWithdrawPlaceTaken(t *testing.T) {
	extracts := smallCohort(t)
	ready := newCouncil(t, shippedAgreement(t))
	drop := ready.export(t, shippedID, extracts).Drop
	for _, name := range []string{manifest.WithdrawnName, manifest.WithdrawnSignatureName} {
		c := ready.copied(t)
		mustWrite(t, c.path("drops", drop, name), "not ours")
		_, err := c.gateway(t).Withdraw(t.Context(), drop, wrongYear)
		if !errors.Is(err, store.ErrTaken) || !strings.Contains(finding.HintOf(err), "by another way") {
			t.Errorf("%s: %v (hint %q)", name, err, finding.HintOf(err))
		}
		if n := c.withdrawals(t); n != 1 {
			t.Errorf("%s: the register has %d withdrawals", name, n)
		}
		if err := c.tryExport(t, c.gateway(t), shippedID, extracts); !errors.Is(err, store.ErrTaken) {
			t.Errorf("%s: the next export: %v", name, err)
		}
	}
}

// The reason may be erased from the register later. The drop stays withdrawn, its notice stays good, and it is replaced; only
// a notice that is lost cannot be made again.
func TestWithdrawErased(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	drop := c.export(t, shippedID, extracts).Drop
	c.withdraw(t, drop)
	books, err := c.gateway(t).OpenBooks()
	if err != nil {
		t.Fatal(err)
	}
	for record, err := range books.Log().Find(export.KindWithdrawn) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := books.Erase(record.Index, "it named somebody"); err != nil {
			t.Fatal(err)
		}
		break
	}
	if w, err := c.gateway(t).Withdraw(t.Context(), drop, wrongYear); err != nil || !w.Already || w.Reason != "" {
		t.Errorf("%+v, %v", w, err)
	}
	if r := c.verified(t, drop); r.Withdrawn == nil {
		t.Errorf("the drop is not withdrawn any more: %s", r.Sentence)
	}
	if err := os.Remove(c.path("drops", drop, manifest.WithdrawnName)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.gateway(t).Withdraw(t.Context(), drop, wrongYear); err == nil || !strings.Contains(finding.HintOf(err), "by another way") {
		t.Errorf("a lost notice without its words: %v", err)
	}
	if r := c.export(t, shippedID, extracts); r.Outcome != export.Published || !slices.Equal(r.Manifest.Drop.Supersedes, []string{drop}) {
		t.Errorf("the next export was %s", r.Outcome)
	}
}
