package export_test

import (
	"errors"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

// wantBroken holds that a run and the verification of the register say what does not fit.
func wantBroken(t *testing.T, c *council, words string, verified bool) {
	t.Helper()
	g := c.gateway(t)
	var refusal *finding.Refusal
	if err := c.tryExport(t, g, shippedID, smallCohort(t)); !errors.As(err, &refusal) || refusal.Code != finding.ManifestChainBroken || !strings.Contains(err.Error(), words) {
		t.Errorf("the run: %v; want %q", err, words)
	}
	books, err := g.ViewBooks()
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.VerifyRegister(books)
	if verified != (err == nil) || err != nil && (!strings.Contains(err.Error(), words) || finding.HintOf(err) == "") {
		t.Errorf("register verify: %v", err)
	}
}

// A drop that is out was not given up, whatever else says so.
func TestAnAbandonedDropIsNotOut(t *testing.T) {
	c := newCouncil(t, shippedAgreement(t))
	drop := c.export(t, shippedID, smallCohort(t)).Drop
	if err := openBooks(t, c.gateway(t)).EnterAbandoned(drop); err != nil {
		t.Fatal(err)
	}
	wantBroken(t, c, "which the register has as given up", false)

	// The ledger does not have it: that of a run which was killed before it.
	c = newCouncil(t, shippedAgreement(t))
	other := newCouncil(t, shippedAgreement(t)) // the same council, set up again: with the same key
	drop = other.export(t, shippedID, smallCohort(t)).Drop
	if err := openBooks(t, c.gateway(t)).EnterAbandoned(drop); err != nil {
		t.Fatal(err)
	}
	mustCopy(t, other.path("drops"), c.path("drops"))
	wantBroken(t, c, "the store holds the drop "+drop+", which is signed with the council's key, and the register has it as given up", true)
}

// Entries of before the digest was recorded are held to what they have.
func TestLedgerIsWhatWasEntered(t *testing.T) {
	c := newCouncil(t, shippedAgreement(t))
	drop := c.export(t, shippedID, smallCohort(t)).Drop
	ledger := c.path("state", "drops", path.Dir(drop)+".json")
	whole := mustRead(t, ledger)
	g := c.gateway(t)
	drops, err := g.State.Drops(shippedID)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := drops[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	for record, err := range openBooks(t, g).Log().Find(export.KindPublished) {
		if want := `{"drop":"` + drop + `","sums_sha256":"` + drops[0].SumsSHA256 + `","ledger_sha256":"` + digest + `"}`; err != nil || string(record.Body) != want {
			t.Errorf("entered %s, want %s; %v", record.Body, want, err)
		}
	}
	for what, changed := range map[string]string{
		"sums":     strings.Replace(whole, drops[0].SumsSHA256, strings.Repeat("0", len(drops[0].SumsSHA256)), 1),
		"epoch":    strings.Replace(whole, `"epoch": 1`, `"epoch": 2`, 1),
		"location": strings.Replace(whole, `"store": "dir:`, `"store": "dir:x`, 1),
	} {
		if changed == whole {
			t.Fatalf("%s: nothing was changed", what)
		}
		mustWrite(t, ledger, changed)
		wantBroken(t, c, "is not what was entered when it was published", false)
	}
	if err := os.Remove(ledger); err != nil {
		t.Fatal(err)
	}
	wantBroken(t, c, "the ledger of drops does not have it", false)
	mustWrite(t, ledger, whole)
	if result := c.export(t, shippedID, smallCohort(t)); result.Outcome != export.Unchanged {
		t.Errorf("with the ledger put back the run was %s", result.Outcome)
	}
}
