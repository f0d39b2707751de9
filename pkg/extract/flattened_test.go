package extract_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// A table that somebody made of a document is refused with the name of what it was made of; what only shares a word with a
// document is not.
func TestTablesMadeOfADocument(t *testing.T) {
	catalogue := catalogue(t)
	for header, want := range map[string]string{
		",LAchildID,CINdetailsID,CINreferralDate,ReferralSource,PrimaryNeedCode,CINclosureDate,ReasonForClosure,DateOfInitialCPC,ReferralNFA": "those of cin/cin_details,",
		",LAchildID,Ethnicity": "those of cin/child,",
		"LAchildID,UPN,FormerUPN,UPNunknown,PersonBirthDate,ExpectedPersonBirthDate,GenderCurrent,PersonDeathDate": "those of cin/child,",
		"LAchildID,CPPstartDate,CPPendDate,InitialCategoryOfAbuse":                                                 "those of cin/cp_plans,",
		"Rule code,Description,Affected fields,UPN":                                                                "that of no table in the definitions",
		"LAchildID,Team,Worker,Notes,Phone":                                                                        "that of no table in the definitions",
	} {
		_, _, err := extract.Match(catalogue, "x.csv", strings.Split(header, ","), &finding.Report{})
		var bad *extract.Invalid
		if !errors.As(err, &bad) || bad.Findings[0].Rule != extract.RuleTableUnknown || !strings.Contains(bad.Findings[0].Message, want) || bad.Findings[0].Hint == "" {
			t.Errorf("%s: %v, want %s", header, err, want)
		}
	}
}
