package agreement_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// codesOf names the refusals of checks, in their order.
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

// sound is the agreement with every field, so that all its checks pass on 1 June 2026.
func sound() string {
	return strings.NewReplacer("minimised: false", "minimised: true", "covers: [folk]", "covers: [folk, t/people]",
		"{treatment: pseudonym", "{why: w, treatment: pseudonym", "{treatment: keep", "{why: w, treatment: keep",
		"{treatment: code_map", "{why: w, treatment: code_map", "{treatment: flag", "{why: w, treatment: flag",
		"{treatment: age_band", "{why: w, treatment: age_band", "{treatment: days_since", "{why: w, treatment: days_since",
		"{treatment: band", "{why: w, treatment: band", "{treatment: constant", "{why: w, treatment: constant",
	).Replace(everyField())
}

// Each row changes the sound agreement, or the day, and says what refuses it then. Every check is made to fail by some row.
func TestChecks(t *testing.T) {
	c := catalogue(t)
	june := civil.MustYMD(2026, 6, 1)
	failed := make(map[string]bool)
	var names []string
	for _, tc := range []struct {
		name, old, new string
		on             civil.Date // june when 0
		want           string
	}{
		{"sound", "", "", 0, ""},
		{"names no earlier version", "supersedes: ", "# ", 0, "DSA_INCOMPLETE"},
		{"version 1 needs none", "version: 3\ntitle: A test\nsupersedes: ", "version: 1\ntitle: A test\n# ", 0, ""},
		{"joint without arrangement", "arrangement: J-1, ", "", 0, "JOINT_ARRANGEMENT_MISSING"},
		{"sole without arrangement", "role: joint, arrangement: J-1", "role: sole", 0, ""},
		{"processor without contract", "contract: K-1, ", "", 0, "CONTRACT_MISSING"},
		{"controller without contract", "role: processor, setting: managed, contact: r@r.example, registration: C-1, contract: K-1", "role: controller, setting: managed, contact: r@r.example", 0, ""},
		{"recipient that was followed", "recipient: {name: R", "recipient: {name: Early Intervention Foundation", 0, "RECIPIENT_SUPERSEDED"},
		{"the same by another name", "recipient: {name: R", "recipient: {name: wwcsc", 0, "RECIPIENT_SUPERSEDED"},
		{"the same with another apostrophe", "recipient: {name: R", "recipient: {name: What Works for Children’s Social Care", 0, "RECIPIENT_SUPERSEDED"},
		{"successor before its day", "since: 2023-06-06", "since: 2026-06-02", 0, "RECIPIENT_SUPERSEDED"},
		{"successor on its day", "since: 2023-06-06", "since: 2026-06-01", 0, ""},
		{"no assurance", ",\n  assurance: {kind: iso-27001, ref: I-1, expires: 2027-02-01}", "", 0, "DSA_INCOMPLETE"},
		{"assurance on its last day", "expires: 2027-02-01", "expires: 2026-06-01", 0, ""},
		{"assurance that has run out", "expires: 2027-02-01", "expires: 2026-05-31", 0, "RECIPIENT_ASSURANCE_EXPIRED"},
		{"secure profile, managed setting", "profile: partner", "profile: secure", 0, "PROFILE_MISMATCH"},
		{"damage not ruled out", "no_damage_or_distress: true", "no_damage_or_distress: false", 0, "RAS_SAFEGUARD_FAILED"},
		{"decisions not ruled out", "no_individual_decisions: true", "no_individual_decisions: false", 0, "RAS_SAFEGUARD_FAILED"},
		{"not minimised", "minimised: true", "minimised: false", 0, "RAS_SAFEGUARD_FAILED"},
		{"no safeguards, for no research", "code: research", "code: statutory-return", 0, ""},
		{"no power", "  power: ", "  # ", 0, "BASIS_POWER_MISSING"},
		{"no article 9", "  article9: ", "  # ", 0, "ART9_MISSING"},
		{"no schedule 1", "  schedule1: ", "  # ", 0, "SCH1_MISSING"},
		{"neither, and no special category", "    DISABLED: {why: w, treatment: keep}\n", "", 0, ""},
		{"no article 10", "  article10: ", "  # ", 0, "ART10_MISSING"},
		{"Part 2 with its policy", "Part 1 paragraph 4", "Part 2, paragraph 6", 0, ""},
		{"Part 2 without policy", "schedule1: Part 1 paragraph 4\n  policy_document: P-1", "schedule1: Part 2, paragraph 6", 0, "APD_MISSING"},
		{"Part 1 paragraph 1 without policy", "schedule1: Part 1 paragraph 4\n  policy_document: P-1", "schedule1: Part 1 para 1", 0, "APD_MISSING"},
		{"Part 1 paragraph 4 without policy", "  policy_document: P-1\n", "", 0, ""},
		{"no basis for confidence", "confidentiality: ", "# ", 0, "DSA_INCOMPLETE"},
		{"no residual risk", "residual_risk: high, ", "", 0, "DSA_INCOMPLETE"},
		{"high risk without the ICO", "article36: C-2, ", "", 0, "DSA_INCOMPLETE"},
		{"low risk without the ICO", "residual_risk: high, article36: C-2, ", "residual_risk: low, ", 0, ""},
		{"assessment overdue", "review_by: 2027-03-31", "review_by: 2026-05-31", 0, "DPIA_OVERDUE"},
		{"assessment on its day", "review_by: 2027-03-31", "review_by: 2026-06-01", 0, ""},
		{"notice says nothing of a table", "covers: [folk, t/people]", "covers: [folk]", 0, "NOTICE_GAP"},
		{"notice long not reviewed", "reviewed: 2026-03-02", "reviewed: 2020-03-02", 0, ""},
		{"opt-out applied, and in date", "determination: exempt", "determination: applied", 0, ""},
		{"opt-out applied without reference", "determination: exempt, reason: None of it is health data, decided_by: G, date: 2026-03-03, reference: N-1", "determination: applied, reason: x", 0, "NDOO_STALE"},
		{"opt-out applied without end", "determination: exempt, reason: None of it is health data, decided_by: G, date: 2026-03-03, reference: N-1, until: 2026-09-03", "determination: applied, reason: x, reference: N-1", 0, "NDOO_STALE"},
		{"opt-out on its last day", "determination: exempt", "determination: applied", civil.MustYMD(2026, 9, 3), ""},
		{"opt-out stale", "determination: exempt", "determination: applied", civil.MustYMD(2026, 9, 4), "NDOO_STALE"},
		{"opt-out not determined", "national_data_opt_out: ", "# ", 0, "NDOO_DETERMINATION_REQUIRED"},
		{"no review", "review: {by", "# {by", 0, "DSA_INCOMPLETE"},
		{"review 30 days late", "review: {by: 2027-03-04}", "review: {by: 2026-05-02}", 0, ""},
		{"review 31 days late", "review: {by: 2027-03-04}", "review: {by: 2026-05-01}", 0, "REVIEW_OVERDUE"},
		{"no stores", "security: ", "# ", 0, "DSA_INCOMPLETE"},
		{"store elsewhere", "endpoint: \"s3.a.example:7070\", country: IE", "country: US", 0, "TRANSFER_NOT_ALLOWED"},
		{"abroad without mechanism", "mechanism: adequacy, ", "", 0, "TRANSFER_NOT_ALLOWED"},
		{"abroad without assessment", "assessment: A-1, ", "", 0, "TRANSFER_NOT_ALLOWED"},
		{"nobody answers", "rights: ", "# ", 0, "DSA_INCOMPLETE"},
		{"nobody is told", "incident: ", "# ", 0, "DSA_INCOMPLETE"},
		{"no owner", "{owner: o@a.example, ", "{", 0, "DSA_INCOMPLETE"},
		{"no DPO of the recipient", "recipient_dpo: d@r.example, ", "", 0, "DSA_INCOMPLETE"},
		{"a column without a reason", "SCORE, edges: [10, 20]", "SCORE, edges: [10, 21]", 0, ""},
		{"a column without reason", "DISABLED: {why: w, ", "DISABLED: {", 0, "DSA_INCOMPLETE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.old != "" && strings.Count(sound(), tc.old) != 1 {
				t.Fatalf("the sound file has the text to change %d times", strings.Count(sound(), tc.old))
			}
			a, err := agreement.Parse("a.yaml", []byte(strings.Replace(sound(), tc.old, tc.new, 1)), c)
			if err != nil {
				t.Fatal(err)
			}
			on := tc.on
			if on == 0 {
				on = june
			}
			checks := a.Checks(c, on)
			if got := codesOf(checks); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			names = names[:0]
			for _, check := range checks {
				names = append(names, check.Name)
				if check.Outcome == finding.CheckFailed {
					failed[check.Name] = true
					if check.Refusal.Hint == "" || check.Evidence != check.Refusal.Sentence {
						t.Errorf("%+v", check)
					}
				}
				if check.Evidence == "" || agreement.CheckedKey(check) == "" {
					t.Errorf("%+v", check)
				}
			}
		})
	}
	for _, name := range names {
		if !failed[name] && name != "privacy notice reviewed" { // which only warns
			t.Errorf("no row makes this check fail: %s", name)
		}
	}
}

func TestWarnings(t *testing.T) {
	c := catalogue(t)
	for _, tc := range []struct {
		old, new string
		on       civil.Date
		want     []string
	}{
		{"", "", civil.MustYMD(2026, 6, 1), nil},
		{"", "", civil.MustYMD(2027, 3, 2), []string{"the privacy notice was last reviewed on 2 March 2026, more than a year ago"}},
		{"reviewed: 2026-03-02", "reviewed: 2024-06-01", civil.MustYMD(2026, 6, 1), []string{"more than two years ago: review it"}},
		{"review: {by: 2027-03-04}", "review: {by: 2026-05-02}", civil.MustYMD(2026, 6, 1), []string{"drops are refused after 1 June 2026"}},
	} {
		a, err := agreement.Parse("a.yaml", []byte(strings.Replace(sound(), tc.old, tc.new, 1)), c)
		if err != nil {
			t.Fatal(err)
		}
		var warned []string
		for _, check := range a.Checks(c, tc.on) {
			if check.Outcome == finding.CheckWarned {
				warned = append(warned, check.Evidence)
			}
		}
		if !slices.EqualFunc(warned, tc.want, strings.Contains) {
			t.Errorf("on %s: warned %v, want %v", tc.on, warned, tc.want)
		}
	}
}
