package agreement

import "github.com/postern-gateway/postern/pkg/finding"

// Choices are what the agreement decides where returns leave it open.
type Choices struct {
	ShortBreaks  string                      // ShortBreaksCount or ShortBreaksLeaveOut; empty where no table needs it
	Premiums     []string                    // which pupil premiums make a child eligible, by the names of the definitions
	Ethnicity    map[string]string           // what a code becomes that belongs to more than one of the main codes
	Confidential []string                    // tables whose rows leave though they are marked as given in confidence
	Stricter     map[string]finding.Severity // rules of findings that weigh more than they do by themselves
}

// Whether a short break is a time of being looked after.
const (
	ShortBreaksCount    = "count"
	ShortBreaksLeaveOut = "leave_out"
)
