//go:build unix

package export_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

// TestVersionsGoForward: what drops were made under is one text a version, each next version names the one before, and
// whatever was approved last is what drops are made under.
func TestVersionsGoForward(t *testing.T) {
	extracts := smallCohort(t)
	text := shippedAgreement(t)
	sum := sha256.Sum256([]byte(text))
	wider := strings.Replace(text, "age_months: {treatment: age_months", "age_months: {treatment: age_years", 1)
	second := func(supersedes string) string {
		return strings.Replace(wider, "\nversion: 1\n", "\nversion: 2\nsupersedes: \""+supersedes+"\"\n", 1)
	}
	for _, tc := range []struct {
		name string
		make func(t *testing.T, c *council)
		want string
	}{
		{"the same text, decided on again", func(t *testing.T, c *council) { c.adopt(t, text) }, ""},
		{"another text", func(t *testing.T, c *council) { c.adopt(t, wider) }, "is another text"},
		{"a version that names another text", func(t *testing.T, c *council) { c.adopt(t, second(strings.Repeat("0a", 32))) }, "does not name"},
		{"a version that names the text", func(t *testing.T, c *council) { c.adopt(t, second(hex.EncodeToString(sum[:]))) }, ""},
		{"the one before an approved version", func(t *testing.T, c *council) {
			c.adopt(t, second(hex.EncodeToString(sum[:])))
			mustWrite(t, c.agreementFile(shippedID), text)
		}, "version 2 of the agreement was approved since"},
		{"the one before an approved version that has not begun", func(t *testing.T, c *council) {
			later := strings.Replace(second(hex.EncodeToString(sum[:])), "share_from: 2026-04-01", "share_from: 2027-04-01", 1)
			mustWrite(t, c.path("agreements", "next.yaml"), later)
			a := c.parse(t, later)
			c.decide(t, a, c.now.Add(-3*time.Hour), agreement.Submitter, agreement.Submit)
			c.decide(t, a, c.now.Add(-2*time.Hour), agreement.DPO, agreement.AdviseClear)
			c.decide(t, a, c.now.Add(-time.Hour), agreement.AssetOwner, agreement.Approve)
		}, ""},
		{"the one before a version that is not approved", func(t *testing.T, c *council) {
			a := c.parse(t, second(hex.EncodeToString(sum[:])))
			c.decide(t, a, c.now.Add(-time.Hour), agreement.Submitter, agreement.Submit)
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, text)
			c.export(t, shippedID, extracts)
			tc.make(t, c)
			_, err := c.gateway(t).Run(t.Context(), export.Request{Agreement: c.agreementFile(shippedID), Extracts: []string{extracts}})
			var refusal *finding.Refusal
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (!errors.As(err, &refusal) || refusal.Code != finding.AgreementRollback || !strings.Contains(refusal.Sentence, tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
