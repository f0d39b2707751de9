package finding

// CheckOutcome says how a check ended.
type CheckOutcome string

// How a check ends.
const (
	CheckPassed        CheckOutcome = "passed"
	CheckFailed        CheckOutcome = "failed"         // refuses what it was made for
	CheckWarned        CheckOutcome = "warned"         // refuses nothing, and somebody should look
	CheckNotApplicable CheckOutcome = "not applicable" // there was nothing to hold to it
)

// Check is one thing that was looked at before anything may leave, and what was seen. It holds no value of an extract.
type Check struct {
	Name     string       `json:"check"` // what was asked, in a few plain words: "impact assessment in date"
	Outcome  CheckOutcome `json:"outcome"`
	Evidence string       `json:"evidence"`          // what was seen: "DPIA-2026-014, to be reviewed by 31 March 2027"
	Refusal  *Refusal     `json:"refusal,omitempty"` // of a check that failed
}

// Refusals are those of the checks that failed, in their order.
func Refusals(checks []Check) []*Refusal {
	var out []*Refusal
	for _, c := range checks {
		if c.Outcome == CheckFailed {
			out = append(out, c.Refusal)
		}
	}
	return out
}
