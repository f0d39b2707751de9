package agreement

import (
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// standing is what the decisions on an agreement come to.
type standing struct {
	progress
	suspension, lifted *Considered
	termination        *Considered
	started, closed    *Considered
}

func (e *evaluation) status() *Status {
	s := &Status{Agreement: e.a.ID, Version: e.a.Version}
	today, err := londonDate(e.now)
	if err != nil {
		s.failure = finding.WithHint(fmt.Errorf("find out what day it is: %w", err), "set this machine's clock, or install its time zone data")
		s.State = Draft
		return s
	}
	var at standing
	at.follow(e.counted, today)
	at.suspension, at.lifted = e.suspended()
	at.termination = e.latest(is(Terminate))
	at.started, at.closed = e.closing()

	e.refusePeriod(s, today)
	if c := e.doubt(); c != nil {
		s.refuse(c.Code, doubtHint(c.Code, e.a.Version), "the decision in %s does not count: %s", c.File, c.Why)
	}
	e.refuseSteps(s, &at)
	refuseEnd(s, &at)
	if advice := at.advice(); advice != nil && advice.Decision.Verb == AdviseWithConditions {
		s.Conditions = advice.Decision.Reason
		if at.approved() && at.rests == advice {
			s.Met = at.approval.Decision.Reason
		}
	}
	s.State, s.moves = e.stateOf(&at, today)
	return s
}

func (e *evaluation) refusePeriod(s *Status, today civil.Date) {
	if from := e.a.Period.ShareFrom; today < from {
		s.refuse(finding.AgreementNotStarted, "wait until then, or make a new version with another period", "the agreement begins on %s", spoken(from))
	}
	if to := e.a.Period.ShareTo; today > to {
		s.refuse(finding.AgreementExpired, "nothing more may be shared under it; agree on a new version with the recipient and have it decided on",
			"the agreement ended on %s", spoken(to))
	}
}

// refuseSteps refuses for each step that nobody has made.
func (e *evaluation) refuseSteps(s *Status, at *standing) {
	const submit = "have a submitter sign it: postern agreement sign AGREEMENT --decision submit --key KEY"
	version := e.a.Version
	switch {
	case len(at.round) > 0:
	case at.lapsed != "":
		s.refuse(finding.SignatureMissing, "have it submitted again, advised on and approved in time: postern agreement sign AGREEMENT --decision submit --key KEY",
			"the submission of version %d of the agreement lapsed: %s; an approval made later does not count", version, at.lapsed)
	default:
		s.refuse(finding.SignatureMissing, submit, "nobody has submitted version %d of the agreement", version)
	}
	switch { // before the approval, which counts only after it
	case at.answer == nil:
		s.refuse(finding.AdviceMissing, "ask the data protection officer to advise: postern agreement sign AGREEMENT --decision advise-clear --key KEY",
			"the data protection officer has not advised on version %d of the agreement", version)
	case at.queried:
		s.refuse(finding.AdviceMissing, "answer the query, submit the agreement again, and ask for advice",
			"the data protection officer has a query about version %d of the agreement that is not settled", version)
	case at.advice() == nil:
		s.refuse(finding.AdviceMissing, "ask the data protection officer to advise: postern agreement sign AGREEMENT --decision advise-clear --key KEY",
			"the data protection officer had a query about version %d of the agreement, and has not advised since it was submitted again", version)
	}
	together := at.together && !at.approved()
	if e.latest(is(Approve)) == nil || !at.approved() && at.advice() != nil && !together {
		how := ""
		if advice := at.advice(); advice != nil && advice.Decision.Verb != AdviseClear {
			how = ", and say how the conditions are met, or why it goes against the advice"
		}
		s.refuse(finding.SignatureMissing, "have an asset owner or the SIRO sign it"+how+": postern agreement sign AGREEMENT --decision approve "+reasonFlag(how)+"--key KEY",
			"no asset owner or SIRO has approved version %d of the agreement%s", version, e.whyNot())
	}
	if together {
		s.refuse(finding.TwoPersonRequired, "have it decided on by three people: one who submits, the data protection officer, and one who approves",
			"fewer than three people made the decisions on version %d of the agreement", version)
	}
}

func reasonFlag(how string) string {
	if how == "" {
		return ""
	}
	return "--reason TEXT "
}

// whyNot repeats why the latest approval does not count.
func (e *evaluation) whyNot() string {
	for _, c := range slices.Backward(e.counted) {
		if c.Decision.Verb == Approve && !c.Counts {
			return ": " + c.Why
		}
	}
	return ""
}

// refuseEnd refuses what was stopped, for good or for now.
func refuseEnd(s *Status, at *standing) {
	const over = "nothing more may be shared under it"
	if c := at.termination; c != nil {
		s.refuse(finding.AgreementNotActive, over, "the agreement was ended for good on %s", spokenTime(c.Decision.Time))
	}
	switch {
	case at.closed != nil:
		s.refuse(finding.AgreementNotActive, over, "the agreement was closed on %s", spokenTime(at.closed.Decision.Time))
	case at.started != nil:
		s.refuse(finding.AgreementNotActive, over, "the agreement is being closed since %s", spokenTime(at.started.Decision.Time))
	}
	if c := at.suspension; c != nil {
		hint := "settle the reason; then the asset owner or the SIRO may resume it"
		if c.Decision.Role == DPO {
			hint = "settle the reason; then the data protection officer advises again, and after that the asset owner or the SIRO may resume it"
		}
		s.refuse(finding.AgreementSuspended, hint, "the agreement was suspended on %s by the %s", spokenTime(c.Decision.Time), roleInWords(c.Decision.Role))
	}
}

// moves is what brought an agreement into its state.
type moves struct {
	by  *Considered // the decision that did; nil for a day that came, or a change of the files
	why string
	// began is why an agreement is active that was approved before.
	began string
	// lifted is the resumption that made active what was suspended before.
	lifted *Considered
}

// stateOf says where an agreement stands, and what brought it there. What has ended stays ended: the order of the cases.
func (e *evaluation) stateOf(at *standing, today civil.Date) (State, moves) {
	by := func(c *Considered) moves { return moves{by: c, why: c.Decision.Verb.moves()} }
	period := e.a.Period
	switch {
	case at.closed != nil:
		return Closed, by(at.closed)
	case at.started != nil:
		return Closing, by(at.started)
	case at.termination != nil:
		return Terminated, by(at.termination)
	case today > period.ShareTo:
		return Expired, moves{why: "its last day, " + spoken(period.ShareTo) + ", is over"}
	case at.state != Approved:
		return at.state, moves{by: at.by, why: e.orChanged(at)}
	case at.suspension != nil:
		return Suspended, by(at.suspension)
	case today < period.ShareFrom:
		return Approved, moves{by: at.by, why: at.why}
	default:
		return Active, moves{by: at.by, why: at.why, began: "its first day, " + spoken(period.ShareFrom) + ", has come", lifted: at.lifted}
	}
}

// orChanged is why an agreement is not approved; of one that nobody has submitted as it is, though decisions on other
// bytes are there, that it was changed.
func (e *evaluation) orChanged(at *standing) string {
	if len(at.submitters) == 0 {
		for _, c := range e.doubtful {
			if c.Why == changedAgreement || c.Why == changedDefinitions {
				return "the agreement or the dataset definitions were changed after the decisions on it"
			}
		}
	}
	return at.why
}

// Moved says what brought the agreement into its state from another: the decision that did, nil where a day came or a
// file was changed, and why in words.
func (s *Status) Moved(from State) (by *Considered, why string) {
	m := s.moves
	switch {
	case s.State == Active && from == Approved:
		return nil, m.began
	case s.State == Active && from == Suspended && m.lifted != nil:
		return m.lifted, m.lifted.Decision.Verb.moves()
	case m.by == nil && m.why == unsubmitted && from != "":
		return nil, NoLongerCount
	}
	return m.by, m.why
}

// NoLongerCount is why an agreement went back that no decision sent back: the roles file is another, or a key was revoked.
const NoLongerCount = "decisions that it rested on no longer count"

// Backwards reports whether an agreement that went from one state to another has lost its approval.
func Backwards(from, to State) bool {
	return slices.Contains([]State{Approved, Active, Suspended}, from) && (to == Draft || to == Submitted)
}

// moves says in words what a decision does.
func (v Verb) moves() string {
	switch v {
	case Submit:
		return "it was submitted"
	case AdviseQuery:
		return "the data protection officer has a query"
	case AdviseClear, AdviseWithConditions, AdviseAgainst:
		return "the data protection officer answered"
	case Approve:
		return "it was approved"
	case Suspend:
		return "it was suspended"
	case Resume:
		return "it was resumed"
	case Terminate:
		return "it was ended for good"
	case StartClosing:
		return "destruction was asked for"
	case NoteClosure:
		return "the closure was noted"
	case Close:
		return "the data and the keys were destroyed"
	default:
		return ""
	}
}
