package agreement

import (
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// State is where an agreement stands.
type State string

// The states. Expired is worked out from the period; nobody has to remember.
const (
	Draft      State = "draft"      // not submitted, sent back with a query, or not approved within 90 days
	Submitted  State = "submitted"  // waits for advice or approval
	Approved   State = "approved"   // waits for its first day
	Active     State = "active"     // exports may be made
	Suspended  State = "suspended"  // stopped for now
	Expired    State = "expired"    // its last day is over
	Terminated State = "terminated" // ended for good before its last day
	Closing    State = "closing"    // it has ended, and destruction was asked for
	Closed     State = "closed"     // it has ended, and the data and the keys are gone
)

// Status is what Evaluate found.
type Status struct {
	Agreement string
	Version   int
	State     State
	Refusals  []*finding.Refusal // in the order in which they are told; none: an export may be made
	Decisions []Considered       // every decision given, by time
	// Conditions are those of the advice in force; empty when it has none. Met is what the approval in force says of how
	// they are met.
	Conditions, Met string

	failure error
	moves   moves
}

// Considered is one decision, and whether it counts.
type Considered struct {
	File        string
	Decision    Decision // zero when the file holds none
	Name        string   // who made it, when the key holds a role
	Fingerprint string   // of the key, when the signature is one of these bytes
	// Holds says that the decision is what it says, whatever version or agreement it is about and whether or not it
	// counts: the signature is one of exactly these bytes, and on the day the statement names its key is that of a person
	// of the roles file who holds the very role that it names, which is one that may decide so, whose training was in date
	// and whose key is not revoked, or only since the register had the decision. One that stops and that the register has
	// keeps holding whatever the roles file says later.
	Holds  bool
	Counts bool   // it holds, and Evaluate went by it
	Why    string // why it does not count
	// Code is the code of the refusal that it comes to when nothing else makes its step; empty for none.
	Code finding.Code

	unreadable bool
	late       bool // the register had it too late, and it may have been made in time
}

// dismiss takes a decision that is sound by itself out of the count.
func (c *Considered) dismiss(why string) { c.Counts, c.Why = false, why }

// Permit returns nil when an export may be made, and otherwise what refuses it: a *finding.Refusal, the first of
// Refusals, or a failure when not even the date could be found out.
func (s *Status) Permit() error {
	if s.failure != nil {
		return s.failure
	}
	if len(s.Refusals) > 0 {
		return s.Refusals[0]
	}
	return nil
}

// Known reports whether the state could be found out: it cannot with a clock of another century.
func (s *Status) Known() bool { return s.failure == nil }

func (s *Status) refuse(code finding.Code, hint, sentence string, args ...any) {
	s.Refusals = append(s.Refusals, finding.Refuse(code, hint, sentence, args...))
}

// spoken writes a day as it is read aloud: 31 December 2025.
func spoken(d civil.Date) string {
	y, m, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, time.Month(m), y)
}

// spokenTime writes the day, in Europe/London, of a time.
func spokenTime(t time.Time) string {
	d, err := londonDate(t)
	if err != nil {
		return t.UTC().Format("2 January 2006")
	}
	return spoken(d)
}

func roleInWords(r Role) string {
	switch r {
	case DPO:
		return "data protection officer"
	case AssetOwner:
		return "asset owner"
	case SIRO:
		return "senior information risk owner"
	default:
		return string(r)
	}
}
