package agreement_test

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// failedOf names the checks that failed and the refusals' codes, one a line.
func codesOf(checks []finding.Check) string {
	var out []string
	for _, r := range finding.Refusals(checks) {
		out = append(out, string(r.Code))
	}
	return strings.Join(out, " ")
}

// The agreements that the repository ships and the tests use pass every check for as long as they last; the one that has
// expired is held to what no passing of time changes.
func TestShippedAgreementsPass(t *testing.T) {
	_, c := shipped(t)
	for _, file := range []string{"agreements/family-valued-2026.yaml", "testdata/agreements/looked-after.yaml"} {
		data, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		a, err := agreement.Parse(file, data, c)
		if err != nil {
			t.Fatal(err)
		}
		for day := a.Period.ShareFrom - 31; day <= a.Period.ShareTo; day += 7 {
			if got := codesOf(a.Checks(c, day)); got != "" {
				t.Fatalf("%s on %s: %s", file, day, got)
			}
		}
	}
	data, err := os.ReadFile("../../agreements/family-valued-2020.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("a.yaml", data, c)
	if err != nil {
		t.Fatal(err)
	}
	if got := codesOf(a.StandingChecks(c)); got != "" {
		t.Errorf("the agreement that has expired: %s", got)
	}
	if got := codesOf(a.Checks(c, civil.MustYMD(2023, 6, 5))); got != "" {
		t.Errorf("the day before the recipient was followed: %s", got)
	}
	if got := codesOf(a.Checks(c, civil.MustYMD(2026, 6, 15))); got != "RECIPIENT_SUPERSEDED RECIPIENT_ASSURANCE_EXPIRED DPIA_OVERDUE REVIEW_OVERDUE" {
		t.Errorf("after all of it ran out: %s", got)
	}
}
