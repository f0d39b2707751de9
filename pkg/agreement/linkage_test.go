package agreement_test

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// shipped is the agreement that the repository ships, and the built-in definitions.
func shipped(t *testing.T) (string, *dataset.Catalogue) {
	t.Helper()
	data, err := os.ReadFile("../../agreements/family-valued-2026.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data), builtIn(t)
}

// shippedChoices are those that the tables after attendance need.
const shippedChoices = "choices: {premiums: [deprivation, service, adopted_from_care, looked_after]}\n"

const shippedLinkage = "linkage: {pupils: 0.40, returns: 0.75}\n"

// TestLinkage: an agreement for which pupils are linked to children says how many must be found.
func TestLinkage(t *testing.T) {
	text, c := shipped(t)
	if strings.Count(text, shippedLinkage) != 1 {
		t.Fatal("the shipped agreement has another linkage")
	}
	upTo := func(table string) string {
		return strings.Replace(text[:strings.Index(text, "  "+table+":\n    child_id")], shippedChoices, "", 1)
	}
	for _, tc := range []struct {
		name, text string
		want       agreement.Linkage
		problem    string
	}{
		{"as shipped", text, agreement.Linkage{Pupils: 0.4, Returns: 0.75}, ""},
		{"pupils alone", strings.Replace(text, ", returns: 0.75", "", 1), agreement.Linkage{Pupils: 0.4}, ""},
		{"missing", strings.Replace(text, shippedLinkage, "", 1), agreement.Linkage{}, "linkage: is missing"},
		{"missing where nothing is linked", strings.Replace(upTo("attendance"), shippedLinkage, "", 1), agreement.Linkage{}, ""},
		{"stated where nothing is linked", upTo("attendance"), agreement.Linkage{Pupils: 0.4, Returns: 0.75}, ""},
		{"without pupils", strings.Replace(text, "pupils: 0.40, ", "", 1), agreement.Linkage{}, "linkage.pupils: is missing"},
		{"more than all", strings.Replace(text, "0.40", "1.01", 1), agreement.Linkage{}, "linkage.pupils: is not"},
		{"less than none", strings.Replace(text, "0.75", "-0.1", 1), agreement.Linkage{}, "linkage.returns: is not"},
		{"in per cent", strings.Replace(text, "0.75", "75%", 1), agreement.Linkage{}, "linkage.returns: "},
		{"another key", strings.Replace(text, "returns: 0.75", "return: 0.75", 1), agreement.Linkage{}, "unknown key"},
		{"the cohort alone is of pupils", strings.Replace(strings.Replace(upTo("attendance"), shippedLinkage, "", 1),
			"cohort: {table: referrals, where: {referral_date: {from: 2020-04-01}}}", "cohort: {table: attendance, where: {term: {in: [autumn]}}}", 1),
			agreement.Linkage{}, "linkage: is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := agreement.Parse("a.yaml", []byte(tc.text), c)
			switch {
			case tc.problem == "" && err != nil:
				t.Fatal(err)
			case tc.problem == "" && a.Linkage != tc.want:
				t.Errorf("%+v, want %+v", a.Linkage, tc.want)
			case tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)):
				t.Errorf("%v, want %q", err, tc.problem)
			}
		})
	}
}

// TestLinkageIsShown: who reads the page hears what a run must find, and of an agreement without linking nothing.
func TestLinkageIsShown(t *testing.T) {
	text, c := shipped(t)
	const pupils, returns = "fewer than 40% of the children on a school's roll", "fewer than 75% of one return's children in the other return"
	for _, tc := range []struct {
		text             string
		pupils, returned bool
	}{
		{text, true, true},
		{strings.Replace(text, ", returns: 0.75", "", 1), true, false},
		{strings.NewReplacer(shippedLinkage, "", shippedChoices, "").Replace(text[:strings.Index(text, "  attendance:\n    child_id")]), false, false},
	} {
		a, err := agreement.Parse("a.yaml", []byte(tc.text), c)
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		if err := agreement.ShowText(&shown, a, c, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(shown.String(), pupils) != tc.pupils || strings.Contains(shown.String(), returns) != tc.returned {
			t.Errorf("pupils shown: want %t; returns shown: want %t\n%s", tc.pupils, tc.returned, shown.String())
		}
	}
}
