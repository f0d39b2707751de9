package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// clockTolerance is how far ahead of this machine's clock another's may be: a decision dated later is not yet made.
const clockTolerance = 5 * time.Minute

// Evaluate says what state an agreement is in and what refuses an export under it, from the decisions on it and the
// clock. The roles must have been authenticated; definitions is the digest of the dataset definitions in use.
//
// A decision counts when its signature is one of its exact bytes, by a key that, on the day the statement names, holds
// the role it names, and that role may make it; and when it names this agreement's id and version and the SHA-256 of
// its exact bytes and of the definitions. Decisions that stop (suspend, terminate) count whatever version and bytes they
// name: neither a new version nor a changed file lifts a suspension, nor does a clock that is late. From those that
// count:
//
//   - the DPO's latest answer to a submission must be advice and not a query;
//   - an approval needs the advice in force when it was made: clear, with conditions, or against, and then a reason;
//     later advice with conditions or against asks for a new approval;
//   - submitter, DPO and approver are three people, by name and by key;
//   - a resumption, of whatever version, lifts what was suspended before it under the version it names or an earlier
//     one. What the DPO suspended needs the DPO's advice on such a version, clear or with conditions, between the two.
//
// Among decisions of one second the milder counts as the earlier.
func Evaluate(a *Agreement, definitions [32]byte, roles *Roles, decisions []SignedDecision, now time.Time) *Status {
	e := evaluation{a: a, definitions: definitions, roles: roles, now: now}
	for _, d := range decisions {
		e.consider(d)
	}
	byTime := func(x, y *Considered) int {
		return cmp.Or(x.Decision.Time.Compare(y.Decision.Time), cmp.Compare(rank(x.Decision.Verb), rank(y.Decision.Verb)))
	}
	slices.SortStableFunc(e.counted, byTime)
	slices.SortStableFunc(e.elsewhere, byTime)
	e.answersOnly()
	status := e.status()
	for _, c := range e.considered {
		status.Decisions = append(status.Decisions, *c)
	}
	slices.SortStableFunc(status.Decisions, func(x, y Considered) int {
		return cmp.Or(x.Decision.Time.Compare(y.Decision.Time), cmp.Compare(x.File, y.File))
	})
	return status
}

// rank orders decisions of one second.
func rank(v Verb) int {
	order := []Verb{Submit, AdviseClear, AdviseWithConditions, AdviseQuery, AdviseAgainst, Approve, Resume, Suspend, Terminate}
	return slices.Index(order, v)
}

// londonDate is civil.On for clocks that may say anything.
func londonDate(t time.Time) (civil.Date, error) {
	if y := t.UTC().Year(); y <= civil.EarliestYear || y >= civil.LatestYear {
		return 0, errors.New("the clock of this machine is not in this century")
	}
	return civil.On(t)
}

// evaluation works out one status.
type evaluation struct {
	a           *Agreement
	definitions [32]byte
	roles       *Roles
	now         time.Time

	considered []*Considered
	counted    []*Considered // those that count, by time; of other versions those that stop and resume
	elsewhere  []*Considered // advice that would count, were it not on another version, by time
	doubtful   []*Considered // those whose signature, maker or bytes are wrong, and that matter to this version
}

// consider verifies one decision by itself.
func (e *evaluation) consider(signed SignedDecision) {
	c := &Considered{File: signed.File}
	e.considered = append(e.considered, c)
	d, err := parseDecision(signed.Statement)
	if err != nil {
		c.Why = "it is not a decision statement, or was changed"
		c.unreadable = true
		e.doubtful = append(e.doubtful, c)
		return
	}
	c.Decision = d
	wrong := e.holds(c, signed)
	c.Holds = wrong == ""
	if c.Holds {
		wrong = e.outdated(d)
	}
	switch {
	case d.Agreement != e.a.ID:
		c.Why = "it is about another agreement"
	case d.Version != e.a.Version && !d.Verb.stops() && d.Verb != Resume:
		c.Why = fmt.Sprintf("it is about version %d", d.Version)
		if d.Verb.IsAdvice() && wrong == "" {
			e.elsewhere = append(e.elsewhere, c)
		}
	case len(signed.Signature) == 0:
		c.Why = wrong
	case wrong != "":
		c.Why = wrong
		e.doubtful = append(e.doubtful, c)
	default:
		c.Counts = true
		e.counted = append(e.counted, c)
	}
}

// holds finds who made a decision, and says why that is nobody who may make it, or "".
func (e *evaluation) holds(c *Considered, signed SignedDecision) string {
	d := c.Decision
	if len(signed.Signature) == 0 {
		return "it is not signed"
	}
	key, err := signedBy(signed.Statement, signed.Signature, signature.DecisionNamespace)
	if err != nil {
		return "it or its signature was changed after it was signed"
	}
	c.Fingerprint = signature.Fingerprint(key)
	person, known := e.roles.Holder(key)
	switch {
	case !known:
		return "it is signed by a key that holds no role"
	case person.Role != d.Role:
		c.Name = person.Name
		return fmt.Sprintf("it is signed by %s, who is %s and not %s", person.Name, person.Role, d.Role)
	}
	c.Name = person.Name
	if !person.validAt(d.Time) {
		return "the key of " + person.Name + " was not valid on that day"
	}
	return ""
}

// outdated says why a decision is not, or no longer, about the agreement as it is, or "". The bytes of another version
// are not known here: what names one is held to the definitions and the clock.
func (e *evaluation) outdated(d Decision) string {
	switch {
	case d.Verb.stops():
		return ""
	case d.Time.After(e.now.Add(clockTolerance)):
		return "it is dated in the future"
	case d.Version == e.a.Version && d.SHA256 != e.a.SHA256:
		return "the agreement was changed after it"
	case d.Definitions != e.definitions:
		return "the dataset definitions were changed after it"
	}
	return ""
}

// answersOnly takes advice out that answers no submission: that nobody had put forward yet what it is about.
func (e *evaluation) answersOnly() {
	submitted := false
	e.counted = slices.DeleteFunc(e.counted, func(c *Considered) bool {
		submitted = submitted || c.Decision.Verb == Submit
		if submitted || !c.Decision.Verb.IsAdvice() {
			return false
		}
		c.dismiss("the agreement was not submitted before it")
		return true
	})
}

// latest finds the last decision that counts, among those that match.
func (e *evaluation) latest(match func(*Considered) bool) *Considered {
	for _, c := range slices.Backward(e.counted) {
		if match(c) {
			return c
		}
	}
	return nil
}

// adviceAt is the advice in force when a decision was made: the DPO's latest answer before it, unless that is a query.
func (e *evaluation) adviceAt(at *Considered) *Considered {
	i := slices.Index(e.counted, at)
	for _, c := range slices.Backward(e.counted[:i]) {
		if c.Decision.Verb.IsAdvice() {
			if c.Decision.Verb == AdviseQuery {
				return nil
			}
			return c
		}
	}
	return nil
}

// approval finds the approval that counts; of each that does not it records why. together is true when the only thing
// wrong with one is that fewer than three people made the decisions.
func (e *evaluation) approval(advice *Considered) (approval *Considered, together bool) {
	for i, c := range slices.Backward(e.counted) {
		if c.Decision.Verb != Approve || approval != nil {
			continue
		}
		var submissions []*Considered
		for _, s := range e.counted[:i] {
			if s.Decision.Verb == Submit {
				submissions = append(submissions, s)
			}
		}
		inForce := e.adviceAt(c)
		switch {
		case len(submissions) == 0:
			c.dismiss("the agreement was not submitted before it")
		case inForce == nil:
			c.dismiss("the data protection officer had not advised when it was made")
		case inForce.Decision.Verb == AdviseAgainst && c.Decision.Reason == "":
			c.dismiss("it goes against the advice and states no reason")
		case inForce != advice && (advice == nil || advice.Decision.Verb != AdviseClear):
			c.dismiss("the data protection officer answered otherwise after it")
		case !apart(c, inForce, submissions):
			c.dismiss("submitter, data protection officer and approver are not three people")
			together = true
		default:
			approval = c
		}
	}
	return approval, together && approval == nil
}

// apart reports whether approver, adviser and every submitter are different people.
func apart(approver, adviser *Considered, submitters []*Considered) bool {
	same := func(x, y *Considered) bool {
		return x.Fingerprint == y.Fingerprint || principal(x.Name) == principal(y.Name)
	}
	if same(approver, adviser) {
		return false
	}
	return !slices.ContainsFunc(submitters, func(s *Considered) bool { return same(s, approver) || same(s, adviser) })
}

// suspended finds the suspension that is in force: the DPO's before an owner's, of each the latest.
func (e *evaluation) suspended() *Considered {
	var inForce []*Considered
	for _, c := range e.counted {
		if c.Decision.Verb == Suspend {
			inForce = append(inForce, c)
		}
		if c.Decision.Verb != Resume {
			continue
		}
		var why string
		inForce = slices.DeleteFunc(inForce, func(s *Considered) bool {
			switch {
			case s.Decision.Version > c.Decision.Version:
				why = fmt.Sprintf("version %d was suspended, and it is about an earlier one", s.Decision.Version)
				return false
			case s.Decision.Role == DPO && !e.advisedBetween(s, c):
				why = "the data protection officer, who suspended, has not advised since"
				return false
			}
			return true
		})
		if why != "" {
			c.dismiss(why)
		}
	}
	for _, s := range slices.Backward(inForce) {
		if s.Decision.Role == DPO {
			return s
		}
	}
	if len(inForce) == 0 {
		return nil
	}
	return inForce[len(inForce)-1]
}

// advisedBetween reports whether the DPO, between a suspension and a resumption, had nothing against the version that
// was suspended or a later one.
func (e *evaluation) advisedBetween(suspension, resumption *Considered) bool {
	return slices.ContainsFunc(slices.Concat(e.counted, e.elsewhere), func(c *Considered) bool {
		d := c.Decision
		return (d.Verb == AdviseClear || d.Verb == AdviseWithConditions) && d.Version >= suspension.Decision.Version &&
			d.Time.After(suspension.Decision.Time) && !d.Time.After(resumption.Decision.Time)
	})
}

func (e *evaluation) status() *Status {
	s := &Status{Agreement: e.a.ID, Version: e.a.Version}
	today, err := londonDate(e.now)
	if err != nil {
		s.failure = finding.WithHint(fmt.Errorf("find out what day it is: %w", err), "set this machine's clock, or install its time zone data")
		s.State = Draft
		return s
	}
	period := e.a.Period
	is := func(v Verb) func(*Considered) bool {
		return func(c *Considered) bool { return c.Decision.Verb == v }
	}
	submission := e.latest(is(Submit))
	answer := e.latest(func(c *Considered) bool { return c.Decision.Verb.IsAdvice() })
	approval, together := e.approval(answer)
	suspension, termination := e.suspended(), e.latest(is(Terminate))

	if today < period.ShareFrom {
		s.refuse(finding.AgreementNotStarted, "wait until then, or make a new version with another period",
			"the agreement begins on %s", spoken(period.ShareFrom))
	}
	if today > period.ShareTo {
		s.refuse(finding.AgreementExpired, "nothing more may be shared under it; agree on a new version with the recipient and have it decided on",
			"the agreement ended on %s", spoken(period.ShareTo))
	}
	if c := e.doubt(); c != nil {
		s.refuse(finding.AgreementBadSignature, "run postern agreement status to see each decision; have the agreement as it is now decided on again, or put the signed bytes back",
			"the decision in %s does not count: %s", c.File, c.Why)
	}
	advised := answer != nil && answer.Decision.Verb != AdviseQuery
	if submission == nil {
		s.refuse(finding.SignatureMissing, "have a submitter sign it: postern agreement sign AGREEMENT --decision submit --key KEY", "nobody has submitted version %d of the agreement", e.a.Version)
	}
	switch { // before the approval, which counts only after it
	case answer == nil:
		s.refuse(finding.AdviceMissing, "ask the data protection officer to advise: postern agreement sign AGREEMENT --decision advise-clear --key KEY",
			"the data protection officer has not advised on version %d of the agreement", e.a.Version)
	case answer.Decision.Verb == AdviseQuery:
		s.refuse(finding.AdviceMissing, "answer the query, and ask for advice again",
			"the data protection officer has a query about version %d of the agreement that is not settled", e.a.Version)
	}
	if e.latest(is(Approve)) == nil || approval == nil && advised && submission != nil && !together {
		s.refuse(finding.SignatureMissing, "have an asset owner or the SIRO sign it: postern agreement sign AGREEMENT --decision approve --key KEY",
			"no asset owner or SIRO has approved version %d of the agreement%s", e.a.Version, e.whyNot())
	}
	if together {
		s.refuse(finding.TwoPersonRequired, "have it decided on by three people: one who submits, the data protection officer, and one who approves",
			"fewer than three people made the decisions on version %d of the agreement", e.a.Version)
	}
	if termination != nil {
		s.refuse(finding.AgreementNotActive, "nothing more may be shared under it", "the agreement was ended for good on %s", spokenTime(termination.Decision.Time))
	}
	if suspension != nil {
		hint := "settle the reason; then the asset owner or the SIRO may resume it"
		if suspension.Decision.Role == DPO {
			hint = "settle the reason; then the data protection officer advises again, and after that the asset owner or the SIRO may resume it"
		}
		s.refuse(finding.AgreementSuspended, hint, "the agreement was suspended on %s by the %s", spokenTime(suspension.Decision.Time), roleInWords(suspension.Decision.Role))
	}
	s.State = stateOf(period, today, submission, approval, suspension, termination, advised)
	return s
}

// doubt finds a decision that is not what it says and would matter: one that would stop exports, or one of a step that
// no other decision has made.
func (e *evaluation) doubt() *Considered {
	for _, c := range e.doubtful {
		verb := c.Decision.Verb
		step := func(other *Considered) bool {
			return other.Decision.Verb == verb || other.Decision.Verb.IsAdvice() && verb.IsAdvice()
		}
		switch {
		case c.unreadable, verb.stops() && c.Name == "":
			return c
		case (verb == Submit || verb == Approve || verb.IsAdvice()) && e.latest(step) == nil:
			return c
		}
	}
	return nil
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

func stateOf(period Period, today civil.Date, submission, approval, suspension, termination *Considered, advised bool) State {
	switch {
	case termination != nil:
		return Terminated
	case today > period.ShareTo:
		return Expired
	case submission == nil:
		return Draft
	case approval == nil || !advised:
		return Submitted
	case suspension != nil:
		return Suspended
	case today < period.ShareFrom:
		return Approved
	default:
		return Active
	}
}
