package agreement

import (
	"errors"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// holds finds who made a decision, and says why that is nobody who may make it.
func (e *evaluation) holds(c *Considered, signed SignedDecision) fault {
	d := c.Decision
	if len(signed.Signature) == 0 {
		return bad("it is not signed")
	}
	key, err := signedBy(signed.Statement, signed.Signature, signature.DecisionNamespace)
	elsewhere := errors.Is(err, errNamespace)
	if err != nil && !elsewhere {
		return bad("it or its signature was changed after it was signed")
	}
	c.Fingerprint = signature.Fingerprint(key)
	person, known := e.roles.Holder(key)
	if d.Verb.stops() && !elsewhere && signed.RecordedSigner != "" && signed.RecordedSigner == c.Fingerprint {
		// It held when the register took it down: no later roles file, day or revocation lifts what was stopped.
		if c.Name = signed.RecordedName; c.Name == "" {
			c.Name = person.Name
		}
		return fault{}
	}
	if !known {
		return bad("it is signed by a key that holds no role")
	}
	c.Name = person.Name
	switch {
	case person.Role != d.Role:
		return bad(fmt.Sprintf("it is signed by %s, who is %s and not %s", person.Name, person.Role, d.Role))
	case elsewhere:
		return fault{code: finding.SignatureNamespace, why: "its signature was made for something else than a decision"}
	case !person.validAt(d.Time):
		return bad("the key of " + person.Name + " was not valid on that day")
	}
	return person.mayDecide(d, signed.Recorded, e.now)
}

// MayDecide says why a person whose key holds a role may not use it for a decision now: because the key is revoked, or
// the training has run out. The error is a *finding.Refusal.
func (p Person) MayDecide(verb Verb, now time.Time) error {
	wrong := p.mayDecide(Decision{Verb: verb, Time: now}, time.Time{}, now)
	if wrong.why == "" {
		return nil
	}
	return finding.Refuse(wrong.code, doubtHint(wrong.code, 0), "the decision would not count: %s", wrong.why)
}

// mayDecide holds a decision, which the register has since recorded (zero: not yet), to what the roles file says of its
// maker's key and training. Who dates a statement is who signs it: once the last day of either is over, the register
// must have had the decision by then.
func (p Person) mayDecide(d Decision, recorded, now time.Time) fault {
	if revokedBy(p.Revoked, now) && (recorded.IsZero() || revokedBy(p.Revoked, recorded)) {
		return fault{code: finding.KeyRevoked, why: fmt.Sprintf("the key of %s is revoked from %s on, and the register did not have the decision before that day", p.Name, spoken(*p.Revoked))}
	}
	if p.To != nil && tooLate(*p.To, recorded, now) {
		return fault{code: finding.AgreementBadSignature, late: true, why: fmt.Sprintf("the key of %s was valid until %s, and the register did not have the decision by then", p.Name, spoken(*p.To))}
	}
	if p.TrainedUntil == nil || d.Verb == Suspend {
		return fault{}
	}
	if day, err := londonDate(d.Time); err != nil || day > *p.TrainedUntil {
		return fault{code: finding.TrainingExpired, why: fmt.Sprintf("the data protection training of %s ran out on %s", p.Name, spoken(*p.TrainedUntil))}
	}
	if tooLate(*p.TrainedUntil, recorded, now) {
		return fault{code: finding.TrainingExpired, why: fmt.Sprintf("the data protection training of %s ran out on %s, and the register did not have the decision by then", p.Name, spoken(*p.TrainedUntil))}
	}
	return fault{}
}

// tooLate reports whether a last day is over, and the register did not have the decision by the end of it.
func tooLate(last civil.Date, recorded, now time.Time) bool {
	after := func(t time.Time) bool {
		day, err := londonDate(t)
		return err != nil || day > last
	}
	return after(now) && after(recorded) // the zero time is of no day
}

// outdated says why a decision is not, or no longer, about the agreement as it is. The bytes of another version are not
// known here: what names one is held to the definitions and the clock.
func (e *evaluation) outdated(d Decision) fault {
	switch {
	case d.Verb.stops():
		return fault{}
	case d.Time.After(e.now.Add(clockTolerance)):
		return bad("it is dated in the future")
	case d.Version == e.a.Version && d.SHA256 != e.a.SHA256:
		return bad(changedAgreement)
	case d.Definitions != e.definitions && !d.Verb.closes():
		return bad(changedDefinitions)
	}
	return fault{}
}

// Why decisions are void that were sound.
const (
	changedAgreement   = "the agreement was changed after it"
	changedDefinitions = "the dataset definitions were changed after it"
)

// doubtHint says what to do about a decision on a version that does not count.
func doubtHint(code finding.Code, version int) string {
	switch code {
	case finding.SignatureNamespace:
		return "have the statement signed again, in the namespace " + signature.DecisionNamespace + ", as postern agreement statement says"
	case finding.KeyRevoked:
		return "have it decided again with a key that is not revoked; when nobody knows of the decision, take its file away"
	case finding.TrainingExpired:
		return "have the training renewed and the roles file changed and signed, or have it decided by somebody whose training is in date"
	case finding.DecisionOtherVersion:
		return fmt.Sprintf("have version %d itself decided on: submit, advise, approve", version)
	default:
		return "run postern agreement status to see each decision; have the agreement as it is now decided on again, or put the signed bytes back"
	}
}

// Hold holds one signed decision to everything that makes it one on this agreement, as it is, that may be stored: the
// statement's form, its signature, who made it, and that it names this version, these bytes and these definitions.
// Whether it then counts is for Evaluate to say, which knows the others. The error is a *finding.Refusal.
func Hold(a *Agreement, definitions [32]byte, roles *Roles, signed SignedDecision, now time.Time) (Considered, error) {
	const again = "write the statement anew with postern agreement statement, and have that signed"
	refuse := func(code finding.Code, hint, why string) error {
		return finding.Refuse(code, hint, "the decision in %s is not stored: %s", signed.File, why)
	}
	e := evaluation{a: a, definitions: definitions, roles: roles, now: now}
	d, err := parseDecision(signed.Statement)
	if err != nil {
		return Considered{}, refuse(finding.AgreementBadSignature, again, "it is not a decision statement, or was changed")
	}
	c := Considered{File: signed.File, Decision: d}
	switch {
	case d.Agreement != a.ID:
		return c, refuse(finding.AgreementBadSignature, "name the agreement that it is about", "it is about another agreement")
	case d.Version != a.Version:
		return c, refuse(finding.DecisionOtherVersion, again, fmt.Sprintf("it is about version %d, and this is version %d", d.Version, a.Version))
	}
	if wrong := e.holds(&c, signed); wrong.why != "" {
		hint := doubtHint(wrong.code, a.Version)
		if wrong.code == finding.AgreementBadSignature {
			hint = "have it signed by somebody who holds the role that it names, as postern agreement statement says"
		}
		return c, refuse(wrong.code, hint, wrong.why)
	}
	switch {
	case d.Time.After(now.Add(clockTolerance)):
		return c, refuse(finding.ClockUntrusted, "set the clocks right", "it is dated in the future")
	case d.SHA256 != a.SHA256:
		return c, refuse(finding.AgreementBadSignature, again, changedAgreement)
	case d.Definitions != definitions:
		return c, refuse(finding.AgreementBadSignature, again, changedDefinitions)
	}
	c.Holds = true
	return c, nil
}
