package harmonise_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/harmonise"
)

// censuses writes CIN censuses: each referral is "YEAR DATE CLOSURE NFA", with a hyphen for no closure.
func censuses(referrals ...string) map[string]string {
	cases := make(map[string]string)
	for _, text := range referrals {
		w := strings.Fields(text)
		closure := ""
		if w[2] != "-" {
			closure = "<CINclosureDate>" + w[2] + "</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>"
		}
		cases[w[0]] += "<CINdetails><CINreferralDate>" + w[1] + "</CINreferralDate><ReferralSource>1A</ReferralSource>" +
			"<PrimaryNeedCode>N1</PrimaryNeedCode>" + closure + "<ReferralNFA>" + w[3] + "</ReferralNFA></CINdetails>"
	}
	files := make(map[string]string)
	for year, details := range cases {
		files[year+"/cin.xml"] = "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>" + year + "</Year><ReferenceDate>" + year +
			"-03-31</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>331</LEA><SoftwareCode>x</SoftwareCode></Source></Header><Children><Child>" +
			"<ChildIdentifiers><LAchildID>71</LAchildID><PersonBirthDate>2012-01-01</PersonBirthDate></ChildIdentifiers><ChildCharacteristics></ChildCharacteristics>" +
			details + "</Child></Children></Message>"
	}
	return files
}

// TestReReferrals: which referrals came after a case was closed, and what is told of those of which it is not known.
func TestReReferrals(t *testing.T) {
	catalogue := builtIn(t)
	for _, c := range []struct {
		name      string
		referrals []string
		want      []string // REFERRAL PREVIOUS CLOSURE DAYS WITHIN
		found     string   // rules
	}{
		{"one", []string{"2023 2022-05-01 2022-06-01 0"}, nil, ""},
		{"one after another", []string{"2023 2022-05-01 2022-06-01 0", "2023 2022-07-01 - 0"}, []string{"2022-07-01 2022-05-01 2022-06-01 30 t"}, ""},
		{"on the day of the closure", []string{"2023 2022-05-01 2022-06-01 0", "2023 2022-06-01 - 0"}, []string{"2022-06-01 2022-05-01 2022-06-01 0 t"}, ""},
		{"twelve months to the day", []string{"2023 2022-05-01 2022-06-01 0", "2024 2023-05-01 - 0"}, []string{"2023-05-01 2022-05-01 2022-06-01 334 t"}, ""},
		{"a day more", []string{"2023 2022-05-01 2022-06-01 0", "2024 2023-05-02 - 0"}, []string{"2023-05-02 2022-05-01 2022-06-01 335 f"}, ""},
		{"from 29 February", []string{"2024 2024-02-29 2024-03-01 0", "2025 2025-02-28 2025-03-01 0", "2025 2025-03-05 - 0"},
			[]string{"2025-02-28 2024-02-29 2024-03-01 364 t", "2025-03-05 2025-02-28 2025-03-01 4 t"}, ""},
		{"closed in a later return", []string{"2022 2021-05-01 - 0", "2023 2021-05-01 2022-06-01 0", "2023 2022-07-01 - 0"}, []string{"2022-07-01 2021-05-01 2022-06-01 30 f"}, ""},
		{"no further action, and no closure", []string{"2023 2022-05-01 - 1", "2023 2022-07-01 - 0"}, []string{"2022-07-01 2022-05-01 - - t"}, ""},
		{"while the case is open", []string{"2023 2022-05-01 2022-09-01 0", "2023 2022-07-01 2022-08-01 0"}, nil, harmonise.RuleOpenCase},
		{"while the case is open still", []string{"2023 2022-05-01 - 0", "2023 2022-07-01 2022-08-01 0"}, nil, harmonise.RuleOpenCase},
		{"no further action in the midst of a case", []string{"2024 2023-05-01 2023-08-01 0", "2024 2023-06-01 2023-06-01 1", "2024 2023-06-15 2023-07-01 0", "2024 2023-08-01 - 0"},
			[]string{"2023-08-01 2023-06-15 2023-07-01 31 t"}, harmonise.RuleOpenCase},
		{"no further action in the midst of a case that is open still", []string{"2024 2023-05-01 - 0", "2024 2023-06-01 2023-06-01 1", "2024 2023-06-15 2023-07-01 0"}, nil, harmonise.RuleOpenCase},
		{"a case of long ago that was never closed", []string{"2018 2017-05-01 - 0", "2020 2019-06-01 2019-07-01 0", "2021 2020-06-01 - 0"},
			[]string{"2020-06-01 2019-06-01 2019-07-01 336 t"}, harmonise.RuleReferralUnclear},
		{"the case before is not in the later return", []string{"2022 2021-05-01 - 0", "2023 2022-07-01 - 0"}, nil, harmonise.RuleReferralUnclear},
		{"two of one day", []string{"2023 2022-05-01 2022-06-01 0", "2023 2022-05-01 2022-06-20 0", "2023 2022-07-01 - 0"},
			[]string{"2022-07-01 2022-05-01 2022-06-20 11 t"}, harmonise.RuleRepeated},
		{"two of one day, one of them open", []string{"2023 2022-05-01 2022-06-01 0", "2023 2022-05-01 - 0", "2023 2022-07-01 - 0"}, nil, harmonise.RuleOpenCase + " " + harmonise.RuleRepeated},
		{"one held back between", []string{"2023 2022-05-01 2022-06-01 0", "2023 2022-06-10 2022-06-31 0", "2023 2022-07-01 2022-08-01 0", "2023 2022-09-01 - 0"},
			[]string{"2022-09-01 2022-07-01 2022-08-01 31 t"}, harmonise.RuleReferralUnclear},
		{"one held back before", []string{"2023 2022-05-01 2022-02-31 0", "2023 2022-06-10 2022-06-30 0", "2023 2022-07-01 - 0"},
			[]string{"2022-07-01 2022-06-10 2022-06-30 1 t"}, harmonise.RuleReferralUnclear},
		{"one held back after", []string{"2023 2022-05-01 2022-06-01 0", "2023 2022-07-01 2022-08-01 0", "2023 2022-09-01 2022-09-31 0"},
			[]string{"2022-07-01 2022-05-01 2022-06-01 30 t"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := discover(t, catalogue, write(t, censuses(c.referrals...))...).under(t, harmonise.Choices{}, "re_referrals")["re_referrals"]
			if got := brief(m); !slices.Equal(got, c.want) {
				t.Errorf("made\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) || m.tally.Read != int64(len(c.referrals)) {
				t.Errorf("%+v", m.tally)
			}
			for _, rule := range []string{harmonise.RuleOpenCase, harmonise.RuleReferralUnclear, harmonise.RuleRepeated} {
				if (m.found[rule] > 0) != strings.Contains(c.found, rule) {
					t.Errorf("found %v, want %q", m.found, c.found)
				}
			}
		})
	}
}
