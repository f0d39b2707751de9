package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// clockTolerance is how far ahead of this machine's clock another's may be: a decision dated later is not yet made.
const clockTolerance = 5 * time.Minute

// Evaluate says what state an agreement is in and what refuses an export under it, from the decisions on it and the
// clock. The roles must have been authenticated; definitions is the digest of the dataset definitions in use; of each
// decision that the register has, Recorded must say since when, and RecordedSigner by whose key.
//
// A decision counts when its signature is one of its exact bytes, by a key that, on the day the statement names, holds
// the role it names, and that role may make it; and when it names this agreement's id and version and the SHA-256 of
// its exact bytes and of the definitions. What a revoked key signed counts when the register had it before the day of
// the revocation; what somebody decided whose training had run out does not count. Once the last day of a key, or of the
// training, is over, what was decided with it counts when the register had it by then: a statement can be given any date.
//
// Decisions that stop (suspend, terminate) count whatever version and bytes they name: neither a new version nor a
// changed file lifts a suspension, nor does a clock that is late; and who suspends need not be trained. One that the
// register has is proven to have held when it was entered: while its signature is still the one that the register knows,
// it counts whatever the roles file now says of its maker, of the role, of the days and of the key, in the role that the
// statement names. Decisions that close (start-closing, note-closure, close) release nothing, and count under any
// definitions. From those that count:
//
//   - a submission holds for 90 days. When no approval has followed by then, it lapses, with the advice that answered it,
//     and the agreement is a draft again;
//   - the DPO's latest answer to a submission must be advice and not a query. A query makes the agreement a draft again,
//     until it is submitted again or the DPO advises;
//   - an approval needs the advice in force when it was made: clear; with conditions, and then a reason that says how they
//     are met; or against, and then a reason; later advice with conditions or against asks for a new approval;
//   - submitter, DPO and approver are three people, by name and by key;
//   - a resumption, of whatever version, lifts what was suspended before it under the version it names or an earlier
//     one. It is by another person than any who submitted the agreement. What the DPO suspended is lifted only when the
//     DPO's answer in force at the resumption, to a submission of the very version that it names, was made after the
//     suspension and is clear or with conditions;
//   - nothing lifts a termination, and no decision brings an agreement back whose last day is over;
//   - an agreement that has ended is closing when an asset owner or the SIRO has asked for destruction, and closed when
//     one of them, after the DPO has noted it and not being the same person, says by which certificates.
//
// Among decisions of one second the milder counts as the earlier.
func Evaluate(a *Agreement, definitions [32]byte, roles *Roles, decisions []SignedDecision, now time.Time) *Status {
	e := evaluation{a: a, definitions: definitions, roles: roles, now: now}
	for _, d := range decisions {
		e.consider(d)
	}
	byTime := func(x, y *Considered) int {
		return cmp.Or(x.Decision.Time.Compare(y.Decision.Time), cmp.Compare(x.Decision.Verb.rank(), y.Decision.Verb.rank()))
	}
	slices.SortStableFunc(e.counted, byTime)
	slices.SortStableFunc(e.elsewhere, byTime)
	status := e.status()
	for _, c := range e.considered {
		status.Decisions = append(status.Decisions, *c)
	}
	slices.SortStableFunc(status.Decisions, func(x, y Considered) int {
		return cmp.Or(byTime(&x, &y), cmp.Compare(x.File, y.File))
	})
	return status
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
	elsewhere  []*Considered // submissions, advice and approvals that would count, were they not on another version, by time
	doubtful   []*Considered // those whose signature, maker or bytes are wrong, and that matter to this version
	others     []*Considered // those that hold, and are steps of another version
}

// consider verifies one decision by itself.
func (e *evaluation) consider(signed SignedDecision) {
	c := &Considered{File: signed.File}
	e.considered = append(e.considered, c)
	d, err := parseDecision(signed.Statement)
	if err != nil {
		c.Why, c.Code, c.unreadable = "it is not a decision statement, or was changed", finding.AgreementBadSignature, true
		e.doubtful = append(e.doubtful, c)
		return
	}
	c.Decision = d
	wrong := e.holds(c, signed)
	c.Holds = wrong.why == ""
	if c.Holds {
		wrong = e.outdated(d)
	}
	c.Why, c.Code, c.late = wrong.why, wrong.code, wrong.late
	switch {
	case d.Agreement != e.a.ID:
		c.Why, c.Code = "it is about another agreement", ""
	case d.Version != e.a.Version && !d.Verb.stops() && d.Verb != Resume:
		e.ofAnotherVersion(c, wrong)
	case len(signed.Signature) == 0:
		c.Code = ""
	case wrong.why != "":
		e.doubtful = append(e.doubtful, c)
	default:
		c.Counts = true
		e.counted = append(e.counted, c)
	}
}

// ofAnotherVersion keeps a decision that says nothing of this version.
func (e *evaluation) ofAnotherVersion(c *Considered, wrong fault) {
	d := c.Decision
	c.Why, c.Code = fmt.Sprintf("it is about version %d", d.Version), ""
	if isStep(d.Verb) && wrong.why == "" {
		e.elsewhere = append(e.elsewhere, c)
	}
	// Those on earlier versions stay where they are: only one that is passed off as a decision on this is an attempt.
	if c.Holds && isStep(d.Verb) && strings.HasPrefix(path.Base(c.File), fmt.Sprintf("v%d-", e.a.Version)) {
		c.Why += ", and its file is named as one about this"
		c.Code = finding.DecisionOtherVersion
		e.others = append(e.others, c)
	}
}

// isStep reports whether the decision is one of those without which nothing leaves.
func isStep(v Verb) bool { return v == Submit || v == Approve || v.IsAdvice() }

// latest finds the last decision that holds for this version, among those that match.
func (e *evaluation) latest(match func(*Considered) bool) *Considered {
	for _, c := range slices.Backward(e.counted) {
		if match(c) {
			return c
		}
	}
	return nil
}

// is matches decisions of one kind.
func is(v Verb) func(*Considered) bool {
	return func(c *Considered) bool { return c.Decision.Verb == v }
}

// doubt finds a decision that is not what it says and would matter: one that would stop exports, or one of a step that
// no other decision has made.
func (e *evaluation) doubt() *Considered {
	missing := func(verb Verb) bool {
		return isStep(verb) && e.latest(func(other *Considered) bool {
			return other.Decision.Verb == verb || other.Decision.Verb.IsAdvice() && verb.IsAdvice()
		}) == nil
	}
	for _, c := range e.doubtful {
		// One who may not suspend stops nothing; somebody who may have, and it cannot be told, does.
		untold := c.Name == "" || c.Code != finding.AgreementBadSignature || c.late
		if c.unreadable || c.Decision.Verb.stops() && untold || missing(c.Decision.Verb) {
			return c
		}
	}
	for _, c := range e.others {
		if missing(c.Decision.Verb) {
			return c
		}
	}
	return nil
}
