package disclosure_test

import (
	"errors"
	"testing"

	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/finding"
)

func TestCheckWritten(t *testing.T) {
	ids := map[string]bool{"4810233": true, "AB-00001": true, "ABC00001": true, "2026": true}
	known := func(word []byte) bool { return ids[string(word)] }
	for text, bad := range map[string]bool{
		"Evaluate whether Family Valued reduces entries in 2026": false, // a year is no identifier, short as it is
		"the case of 4810233":                 true,
		"as for (4810233), and others":        true,
		"ab-00001":                            true,
		"see x/ABC00001.":                     true,
		"":                                    false,
		"4810234 and 81023 are nobody's here": false,
	} {
		err := disclosure.CheckWritten("the title", []byte(text), known)
		var refusal *finding.Refusal
		if bad != (errors.As(err, &refusal) && refusal.Code == finding.IdentifierFound) {
			t.Errorf("a text that %v be refused gave %v", map[bool]string{true: "must", false: "must not"}[bad], err)
		}
	}
}
