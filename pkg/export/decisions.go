package export

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// EnterDecisions records the roles file, every sound decision that the register does not have yet, and then the state to
// which all of them have brought the agreement, when that is another than was recorded last.
func (b *Books) EnterDecisions(j *Judgement) error {
	if err := b.EnterRoles(j.Roles); err != nil {
		return err
	}
	recorded, err := b.recorded()
	if err != nil {
		return err
	}
	for _, c := range j.Status.Decisions {
		body := DecisionBody{
			Agreement: c.Decision.Agreement, Version: c.Decision.Version, Role: string(c.Decision.Role),
			Decision: string(c.Decision.Verb), Signer: c.Fingerprint, StatementSHA256: j.statementDigest(c.File),
			Name: c.Name, Reason: c.Decision.Reason,
		}
		if _, known := recorded[body.StatementSHA256]; !c.Holds || known {
			continue
		}
		if _, err := b.enter(KindDecision, body); err != nil {
			return err
		}
	}
	if j.unread {
		return nil
	}
	return b.enterState(j, recorded)
}

// enterState records a state that is another than the last. Where the register objects to what lies in the folder
// (a decision was taken away, the clock set back) what the folder says of the state is not to be believed.
func (b *Books) enterState(j *Judgement, recorded map[string]taken) error {
	if len(j.objections) > 0 || !j.Status.Known() {
		return nil
	}
	last, err := b.lastState(j.Agreement)
	if err != nil || last == j.Status.State {
		return err
	}
	by, why := j.Status.Moved(last)
	body := StateBody{
		Agreement: j.Agreement.ID, Version: j.Agreement.Version, From: string(last), To: string(j.Status.State),
		Recipient: j.Agreement.Recipient.Name, Why: why,
	}
	if by != nil {
		body.By, body.Statement = by.Name, j.statementDigest(by.File)
		if _, known := recorded[body.Statement]; known && agreement.Backwards(last, j.Status.State) {
			body.By, body.Statement, body.Why = "", "", agreement.NoLongerCount // not that decision: it had brought the agreement further
		}
	}
	_, err = b.enter(KindState, body)
	return err
}

// lastState is the state of an agreement's version that was recorded last; empty when none was.
func (b *Books) lastState(a *agreement.Agreement) (agreement.State, error) {
	last := agreement.State("")
	for record, err := range b.log.Find(KindState) {
		if err != nil {
			return "", err
		}
		body, err := bodyOf[StateBody](record)
		if err != nil {
			return "", err
		}
		if body.Agreement == a.ID && body.Version == a.Version {
			last = agreement.State(body.To)
		}
	}
	return last, nil
}

// taken is a decision as the register took it down: when it first had it, and by whose signature it then held.
type taken struct {
	at           time.Time
	signer, name string
}

// recorded lists the decisions that the register has, by the SHA-256 (hex) of their statements.
func (b *Books) recorded() (map[string]taken, error) {
	out := make(map[string]taken)
	for record, err := range b.log.Find(KindDecision) {
		if err != nil {
			return nil, err
		}
		body, err := bodyOf[DecisionBody](record)
		if err != nil {
			return nil, err
		}
		if _, twice := out[body.StatementSHA256]; !twice {
			out[body.StatementSHA256] = taken{record.Time, body.Signer, body.Name}
		}
	}
	return out, nil
}

// date says of each decision since when the register has had it, and by whose signature.
func (b *Books) date(decisions []agreement.SignedDecision) error {
	recorded, err := b.recorded()
	for i := range decisions {
		sum := sha256.Sum256(decisions[i].Statement)
		had := recorded[hex.EncodeToString(sum[:])]
		decisions[i].Recorded, decisions[i].RecordedSigner, decisions[i].RecordedName = had.at, had.signer, had.name
	}
	return err
}

// EnterRoles records a roles file that was found valid, when another was recorded last. From then on only its holders
// sign the next.
func (b *Books) EnterRoles(roles *agreement.Roles) error {
	digest := hex.EncodeToString(roles.SHA256[:])
	last := ""
	for record, err := range b.log.Find(KindRoles) {
		if err != nil {
			return err
		}
		body, err := bodyOf[RolesBody](record)
		if err != nil {
			return err
		}
		last = body.SHA256
	}
	if last == digest {
		return nil
	}
	body := RolesBody{SHA256: digest}
	for _, h := range roles.Holders() {
		body.Holders = append(body.Holders, RoleHolder{
			Name: h.Name, Role: string(h.Role), Key: h.Fingerprint, From: h.From, To: h.To, TrainedUntil: h.TrainedUntil, Revoked: h.Revoked,
		})
	}
	_, err := b.enter(KindRoles, body)
	return err
}

// rolesBefore lists who held which role in the roles file that the register recorded before this one: those who may
// change it. It is nil at set-up, when there was none. Since is when the register recorded this one; zero when it has not.
func (b *Books) rolesBefore(current *agreement.Roles) (out []agreement.RoleHolder, since time.Time, err error) {
	met, last := false, false
	for record, err := range b.log.Find(KindRoles) {
		if err != nil {
			return nil, since, err
		}
		body, err := bodyOf[RolesBody](record)
		if err != nil {
			return nil, since, err
		}
		last = body.SHA256 == hex.EncodeToString(current.SHA256[:])
		if met = met || last; last {
			since = record.Time
			continue
		}
		out = []agreement.RoleHolder{}
		for _, h := range body.Holders {
			out = append(out, agreement.RoleHolder{
				Name: h.Name, Role: agreement.Role(h.Role), Fingerprint: h.Key, From: h.From, To: h.To, TrainedUntil: h.TrainedUntil, Revoked: h.Revoked,
			})
		}
	}
	if met && !last {
		return nil, since, finding.Refuse(finding.AgreementRollback, "put the roles file back that the council agreed on last",
			"the roles file is an older one, which another has replaced")
	}
	return out, since, nil
}

// HeldBefore finds who held a key, by its fingerprint, in the last roles file of the register that has it; nil when none
// has.
func (b *Books) HeldBefore(fingerprint string) (*RoleHolder, error) {
	var holder *RoleHolder
	for record, err := range b.log.Find(KindRoles) {
		if err != nil {
			return nil, err
		}
		body, err := bodyOf[RolesBody](record)
		if err != nil {
			return nil, err
		}
		for _, h := range body.Holders {
			if h.Key == fingerprint {
				holder = &h
			}
		}
	}
	return holder, nil
}

// objections are what the register says against an export, whatever the files beside it say: a decision that was taken
// away, a version or a text that another has followed, a clock that was set back.
func (b *Books) objections(j *Judgement) ([]*finding.Refusal, error) {
	var out []*finding.Refusal
	gone := false
	var latest time.Time
	v := versions{follower: j.follower, prepared: make(map[string]manifest.Prepared)}
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, err
		}
		tells, err := tellsTime(record)
		if err != nil {
			return nil, err
		}
		if tells && record.Time.After(latest) {
			latest = record.Time
		}
		if record.Kind == KindDecision {
			body, err := bodyOf[DecisionBody](record)
			if err != nil {
				return nil, err
			}
			gone = gone || body.Agreement == j.Agreement.ID && !j.has(body)
		}
		if err := v.follow(record, j.Agreement.ID); err != nil {
			return nil, err
		}
	}
	if gone {
		out = append(out, finding.Refuse(finding.SignatureMissing, "restore the folder of decisions from the council's backup; a decision is lifted by another, never by taking it away",
			"a decision on the agreement is in the register, and its statement or its signature is gone from the folder of decisions"))
	}
	if refusal := v.refuse(j.Agreement); refusal != nil {
		out = append(out, refusal)
	}
	if b.now().Before(latest.Add(-clockSlack)) {
		out = append(out, finding.Refuse(finding.ClockUntrusted, "set the machine's clock right",
			"the clock is behind what the register last recorded, on %s", latest.UTC().Format("2 January 2006 15:04 UTC")))
	}
	revived, err := b.revived(j)
	if revived != nil {
		out = append(out, revived)
	}
	return out, err
}

// clockSlack is how far clocks that are set right may differ.
const clockSlack = 5 * time.Minute
