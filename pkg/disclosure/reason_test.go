package disclosure_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/finding"
)

// What people write without an extract to look it up in may hold counts, dates and names of drops, and nothing that a child
// could be found by.
func TestCheckReason(t *testing.T) {
	for text, want := range map[string]finding.Code{
		"the extract of another year was used":                         "",
		"12 rows of 2024-25 were of another authority":                 "",
		"drop 0007-20261121 was made from the extract of 2026-10-31":   "",
		"dsa-coventry-fv-2026/0007-20261121 holds a table too many":    "",
		"ssda903/episodes of 2025/26 was not complete (see oc2, v2).":  "",
		"1,204 rows too many":                                          "",
		"on 21/11/2026 and 22.11.2026 at 09:30 the wrong file was put": "",
		"2025-26/autumn: KS4, Q3":                                      "",
		"Key stage 2 pupils of 2024 and 2025":                          "",
		"":                                                             "",

		"child 510000 is another authority's":    finding.IdentifierFound,
		"child 00123 is":                         finding.IdentifierFound,
		"A123456789012":                          finding.IdentifierFound,
		"(UPN: A123456789012)":                   finding.IdentifierFound,
		"RND000215205141":                        finding.IdentifierFound,
		"NHS number 943 476 5919":                finding.IdentifierFound,
		"NHS number 943-476-5919":                finding.IdentifierFound,
		"9434765919":                             finding.IdentifierFound,
		"c1_yfagjb711ag44byspe9n35dxhb2f9cf0 is": finding.IdentifierFound,
		"SW1234567 saw it":                       finding.IdentifierFound,
		"20121121":                               finding.IdentifierFound,
		"call 020 7946 0123":                     finding.IdentifierFound,
		"ab1234":                                 finding.IdentifierFound,
		"12a34b":                                 finding.IdentifierFound,
		"12.34.56.78.90":                         finding.IdentifierFound,
		"child_510000":                           finding.IdentifierFound,
		"0007-20261121-510000":                   finding.IdentifierFound,
		"x/510000-20261121 510000":               finding.IdentifierFound,
		"the rows of \u200b510000\u200b are another's": finding.IdentifierFound,
	} {
		err := disclosure.CheckReason("the reason", []byte(text))
		if got := refusal(t, err, text); got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
	// Whatever an identifier stands in or beside, it is seen.
	for _, around := range []string{"%", "a %", "% b", "(%)", "'%'", "x, %, y", "%.", "“%”", "child:%", "child=%;"} {
		if disclosure.CheckReason("the reason", []byte(strings.Replace(around, "%", "510000", 1))) == nil {
			t.Errorf("%q is let through with a number in it", around)
		}
	}
}
