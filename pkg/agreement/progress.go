package agreement

import (
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
)

// submissionHolds is for how many days an agreement that was submitted may be approved: from a submission on 1 April
// to the end of 30 June.
const submissionHolds = 90

// progress follows an agreement from one decision to the next, up to its approval.
type progress struct {
	submitters []*Considered // every submission, for who is apart from whom
	round      []*Considered // the submissions in force, and the answers to them; none: the agreement is a draft
	lastDay    civil.Date    // on which the latest submission may be approved, unless an approval has followed already
	followed   bool          // an approval has followed
	lapsed     string        // how the submissions before lapsed, while none is in force
	answer     *Considered   // the DPO's latest answer
	queried    bool          // the agreement is sent back to its submitter
	approval   *Considered   // the latest that was sound when it was made
	rests      *Considered   // the advice that it rests on
	together   bool          // an approval failed only because fewer than three people decided

	state State
	by    *Considered // the decision that brought the state; nil for a day that came
	why   string
}

// unsubmitted is why an agreement is a draft that was never anything else.
const unsubmitted = "nobody has submitted it"

// follow goes through the decisions on this version by time, up to a day. Of each decision that was made too early or too
// late it records why.
func (p *progress) follow(counted []*Considered, today civil.Date) {
	p.state, p.why = Draft, unsubmitted
	for _, c := range counted {
		day, err := londonDate(c.Decision.Time)
		if err != nil {
			continue // a statement is of this century
		}
		day = min(day, today) // what stops counts, even dated in the future
		p.reach(day)
		switch v := c.Decision.Verb; {
		case v == Submit:
			p.submit(c, day)
		case v.IsAdvice():
			p.advise(c)
		case v == Approve:
			p.approve(c)
		}
		p.moved(c, c.Decision.Verb.moves())
	}
	p.reach(today)
	p.dismissApproval()
}

// dismissApproval takes out an approval that stands no longer.
func (p *progress) dismissApproval() {
	if p.approval != nil && !p.approved() {
		p.approval.dismiss("the data protection officer answered otherwise after it")
		p.approval, p.rests = nil, nil
	}
}

// reach lets time pass: a submission that nobody approved lapses.
func (p *progress) reach(day civil.Date) {
	if len(p.round) == 0 || p.followed || day <= p.lastDay {
		return
	}
	p.lapsed = fmt.Sprintf("nobody approved it by %s, %d days after it was submitted", spoken(p.lastDay), submissionHolds)
	for _, c := range p.round {
		if c.Decision.Verb == Submit {
			c.dismiss(p.lapsed)
		} else {
			c.dismiss("the submission that it answers has lapsed: " + p.lapsed)
		}
	}
	p.round, p.answer, p.queried, p.together = nil, nil, false, false
	p.dismissApproval()
	p.moved(nil, "the submission lapsed: "+p.lapsed)
}

func (p *progress) submit(c *Considered, day civil.Date) {
	p.submitters = append(p.submitters, c)
	p.round = append(p.round, c)
	if !p.approved() {
		p.lastDay, p.followed = day+submissionHolds, false
	}
	p.queried, p.lapsed = false, ""
}

func (p *progress) advise(c *Considered) {
	if len(p.round) == 0 {
		c.dismiss(p.notSubmitted())
		return
	}
	p.round = append(p.round, c)
	p.answer, p.queried = c, c.Decision.Verb == AdviseQuery
}

func (p *progress) approve(c *Considered) {
	advice := p.advice()
	switch {
	case len(p.round) == 0:
		c.dismiss(p.notSubmitted())
	case advice == nil:
		c.dismiss("the data protection officer had not advised when it was made")
	case advice.Decision.Verb == AdviseAgainst && c.Decision.Reason == "":
		c.dismiss("it goes against the advice and states no reason")
	case advice.Decision.Verb == AdviseWithConditions && c.Decision.Reason == "":
		c.dismiss("the advice has conditions, and it does not say how they are met")
	case !apart(c, advice, p.submitters):
		c.dismiss("submitter, data protection officer and approver are not three people")
		p.together = true
	default:
		p.dismissApproval()
		p.approval, p.rests, p.followed, p.together = c, advice, true, false
	}
}

// notSubmitted says why there is nothing to answer or to approve.
func (p *progress) notSubmitted() string {
	if p.lapsed != "" {
		return "the submission had lapsed before it: " + p.lapsed
	}
	return "the agreement was not submitted before it"
}

// advice is the DPO's latest answer, unless that is a query.
func (p *progress) advice() *Considered {
	if p.answer == nil || p.answer.Decision.Verb == AdviseQuery {
		return nil
	}
	return p.answer
}

// approved reports whether the latest approval stands: the DPO has not answered otherwise since, or has nothing against.
func (p *progress) approved() bool {
	advice := p.advice()
	return p.approval != nil && advice != nil && (advice == p.rests || advice.Decision.Verb == AdviseClear)
}

// moved takes down what brought the agreement into another state.
func (p *progress) moved(by *Considered, why string) {
	state := Draft
	switch {
	case len(p.round) == 0 || p.queried:
	case p.approved():
		state = Approved
	default:
		state = Submitted
	}
	if state != p.state {
		p.state, p.by, p.why = state, by, why
	}
}

// apart reports whether approver, adviser and every submitter are different people.
func apart(approver, adviser *Considered, submitters []*Considered) bool {
	if same(approver, adviser) {
		return false
	}
	return !slices.ContainsFunc(submitters, func(s *Considered) bool { return same(s, approver) || same(s, adviser) })
}

// same reports whether two decisions are by one person, by name or by key.
func same(x, y *Considered) bool {
	return x.Fingerprint == y.Fingerprint || principal(x.Name) == principal(y.Name)
}
