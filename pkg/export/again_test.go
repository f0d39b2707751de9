//go:build unix

package export_test

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/store/dir"
)

// TestGateIsAskedAgain: while the run is at work the agreement is suspended, changed or decided on anew, or runs out. What was
// made does not leave, at the first object or at the last, and the run is refused for what happened.
func TestGateIsAskedAgain(t *testing.T) {
	extracts := smallCohort(t)
	ready := newCouncil(t, shippedAgreement(t))
	type event struct {
		happens func(t *testing.T, c *council, g *export.Gateway)
		code    finding.Code
	}
	for name, e := range map[string]event{
		"suspended": {func(t *testing.T, c *council, _ *export.Gateway) {
			c.suspend(t)
		}, finding.AgreementSuspended},
		"changed": {func(t *testing.T, c *council, _ *export.Gateway) {
			mustWrite(t, c.agreementFile(shippedID), shippedAgreement(t)+"# changed\n")
		}, ""},
		"decided anew": {func(t *testing.T, c *council, _ *export.Gateway) {
			a := c.parse(t, shippedAgreement(t))
			c.decide(t, a, c.now.Add(-30*time.Minute), agreement.DPO, agreement.AdviseClear)
			c.decide(t, a, c.now.Add(-20*time.Minute), agreement.AssetOwner, agreement.Approve)
		}, finding.DecisionOtherVersion},
		"run out": {func(t *testing.T, c *council, g *export.Gateway) {
			g.Now = func() time.Time { return c.now.AddDate(20, 0, 0) }
		}, finding.AgreementExpired},
		"definitions": {func(t *testing.T, _ *council, g *export.Gateway) {
			g.Definitions = func() (*dataset.Catalogue, error) { return &dataset.Catalogue{}, nil }
		}, finding.DecisionOtherVersion},
	} {
		for _, at := range []string{"publishing", manifest.SignatureName} {
			t.Run(name+" at "+at, func(t *testing.T) {
				c := ready.copied(t)
				g, seen := c.gateway(t), false
				g.Progress = func(ev export.Event) {
					if !seen && (ev.Step == at || ev.Detail && path.Base(ev.What) == at) {
						seen = true
						e.happens(t, c, g)
					}
				}
				err := c.tryExport(t, g, shippedID, extracts)
				if e.code != "" {
					refusedWith(t, err, e.code)
				} else if !strings.Contains(err.Error(), "_") || finding.HintOf(err) == "" {
					t.Errorf("the run ended with %v", err)
				}
				if drops := c.wholeDrops(t, shippedID, asFolder); len(drops) > 0 || at == "publishing" && len(objects(t, c.gateway(t).Store, "")) > 0 {
					t.Errorf("the store holds %v and %v", drops, objects(t, c.gateway(t).Store, ""))
				}
				if h := c.history(t); len(h.prepared) != 1 || !slices.Equal(h.abandoned, h.prepared) {
					t.Errorf("the register: %+v", h)
				}
				if runs := c.runs(t, shippedID); runs[len(runs)-1].Outcome != "refused" {
					t.Errorf("the last run record: %+v", runs[len(runs)-1])
				}
				c.nothingLeft(t)
			})
		}
	}
}

// suspend has the Data Protection Officer suspend the shipped agreement.
func (c *council) suspend(t *testing.T) {
	t.Helper()
	d, err := agreement.Decide(c.parse(t, shippedAgreement(t)), c.catalogue.Digest(), agreement.DPO, agreement.Suspend, "a complaint", c.now, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.sign(t, d)
}

// TestEachStoreHasItsChain: drops go to two stores in turn. Those of each verify as a recipient of it sees them, one after the
// other and with none left out, and each names what was withdrawn there.
func TestEachStoreHasItsChain(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, strings.Replace(shippedAgreement(t), "max_drops_per_month: 4", "max_drops_per_month: 9", 1))
	to := func(version, folder string) *export.Result {
		g := c.gateway(t)
		g.Version = version
		var err error
		if g.Store, err = dir.Open(c.path(folder)); err != nil {
			t.Fatal(err)
		}
		return c.exportWith(t, g, shippedID, extracts)
	}
	for n, folder := range []string{"drops", "elsewhere", "drops"} {
		if r := to("0.0."+string(rune('1'+n)), folder); r.Outcome != export.Published {
			t.Fatalf("run %d was %s", n, r.Outcome)
		}
	}
	if drops := c.wholeDrops(t, shippedID, asFolder); len(drops) != 2 {
		t.Errorf("the store holds %v", drops)
	}
	// The second of this store is withdrawn, and a drop of the same inputs goes to the other store. This one still needs its own.
	wrong := c.wholeDrops(t, shippedID, asFolder)[1]
	c.withdraw(t, wrong)
	if r := to("0.0.3", "elsewhere"); r.Outcome != export.Published || len(r.Manifest.Drop.Supersedes) != 0 {
		t.Errorf("to the other store: %s, replaces %v", r.Outcome, r.Manifest.Drop.Supersedes)
	}
	g := c.gateway(t)
	if last, err := g.LastDrop(t.Context(), shippedID); err != nil || last == nil || last.ID == wrong {
		t.Errorf("the last drop is %+v, %v", last, err)
	}
	if r := to("0.0.3", "drops"); r.Outcome != export.Published || !slices.Equal(r.Manifest.Drop.Supersedes, []string{wrong}) {
		t.Errorf("to this store: %s, %s", r.Outcome, r.Drop)
	}
	if r := to("0.0.3", "drops"); r.Outcome != export.Unchanged {
		t.Errorf("then: %s", r.Outcome)
	}
	for folder, want := range map[string]int{"drops": 3, "elsewhere": 2} {
		from, err := dir.Open(c.path(folder))
		if err != nil {
			t.Fatal(err)
		}
		signers, err := c.gateway(t).Signers()
		if err != nil {
			t.Fatal(err)
		}
		report, err := recipient.Pull(t.Context(), from, shippedID, filepath.Join(t.TempDir(), folder), recipient.Options{AllowedSigners: signers, Now: c.now})
		if err != nil || !report.Sound || len(report.Drops) != want {
			t.Errorf("who pulls from %s gets %+v, %v", folder, report, err)
		}
	}
}
