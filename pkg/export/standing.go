package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
)

// question is one thing that is asked of what was decided on an agreement.
type question struct {
	name  string
	codes []finding.Code // of the refusals that say no to it
	// seen is what was seen when nothing says no; empty where there was nothing to see.
	seen func(*Judgement) string
	// settles says that what was seen is the answer, whatever a refusal of the same code says about something else.
	settles bool
}

// ofDecisions are asked of the decisions, in the order in which an agreement's status refuses.
func ofDecisions() []question {
	return []question{
		{"within its period", []finding.Code{finding.AgreementNotStarted, finding.AgreementExpired}, func(j *Judgement) string {
			p := j.Agreement.Period
			return "drops may be made from " + inWords(p.ShareFrom) + " to " + inWords(p.ShareTo)
		}, false},
		{"decisions as they were signed", []finding.Code{
			finding.AgreementBadSignature, finding.SignatureNamespace, finding.DecisionOtherVersion, finding.KeyRevoked, finding.ClassLowered,
		}, func(j *Judgement) string {
			return fmt.Sprintf("version %d, SHA-256 %x; %d decisions in the folder", j.Agreement.Version, j.Agreement.SHA256, len(j.decisions))
		}, false},
		{"submitted", []finding.Code{finding.SignatureMissing}, decidedBy("submitted", func(v agreement.Verb) bool { return v == agreement.Submit }), true},
		{"data protection officer's advice", []finding.Code{finding.AdviceMissing}, decidedBy("advised", agreement.Verb.IsAdvice), false},
		{"approved", []finding.Code{finding.SignatureMissing}, decidedBy("approved", func(v agreement.Verb) bool { return v == agreement.Approve }), true},
		{"decided by three people", []finding.Code{finding.TwoPersonRequired}, deciders, false},
		{"roles and training", []finding.Code{finding.RoleNotAllowed, finding.TrainingExpired}, func(j *Judgement) string {
			return fmt.Sprintf("roles file of %d people, SHA-256 %x", len(j.Roles.Holders()), j.Roles.SHA256)
		}, false},
		{"not ended for good", []finding.Code{finding.AgreementNotActive}, func(*Judgement) string { return "nobody has ended it" }, false},
		{"not suspended", []finding.Code{finding.AgreementSuspended}, func(*Judgement) string { return "no suspension is in force" }, false},
	}
}

// ofRegister are asked of what the register says against the files beside it.
func ofRegister() []question {
	return []question{
		{"no decision taken away", []finding.Code{finding.SignatureMissing}, func(*Judgement) string {
			return "every decision on it that the register has is in the folder"
		}, false},
		{"not an older version", []finding.Code{finding.AgreementRollback}, func(j *Judgement) string {
			return fmt.Sprintf("no drop was made under a later version than %d", j.Agreement.Version)
		}, false},
		{"clock not set back", []finding.Code{finding.ClockUntrusted}, func(*Judgement) string {
			return "the clock is not behind what the register last recorded"
		}, false},
	}
}

// decidedBy says who made the latest decision of a kind that counts, and when.
func decidedBy(how string, is func(agreement.Verb) bool) func(*Judgement) string {
	return func(j *Judgement) string {
		for _, c := range slices.Backward(j.Status.Decisions) {
			if c.Counts && is(c.Decision.Verb) {
				return fmt.Sprintf("%s by %s on %s (%s, key %s)", how, c.Name, timeInWords(c.Decision.Time), c.Decision.Verb, c.Fingerprint)
			}
		}
		return ""
	}
}

// deciders names those whose decisions count.
func deciders(j *Judgement) string {
	var names []string
	for _, c := range j.Status.Decisions {
		if c.Counts && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// checks are the questions with their answers. Every refusal is among them, whether a question foresaw it or not.
func (j *Judgement) checks() ([]finding.Check, error) {
	if err := j.Status.Permit(); err != nil && len(j.Status.Refusals) == 0 {
		return nil, err // not even the day could be found out
	}
	own := slices.DeleteFunc(slices.Clone(j.Status.Refusals), func(r *finding.Refusal) bool { return slices.Contains(j.objections, r) })
	return append(j.answer(ofDecisions(), own), j.answer(ofRegister(), slices.Clone(j.objections))...), nil
}

// answer answers each question with the refusals that are left for it; what no question asked comes last.
func (j *Judgement) answer(questions []question, left []*finding.Refusal) []finding.Check {
	var out []finding.Check
	for _, q := range questions {
		seen, no := q.seen(j), false
		left = slices.DeleteFunc(left, func(r *finding.Refusal) bool {
			says := slices.Contains(q.codes, r.Code) && !(q.settles && (seen != "" || no))
			if says {
				out, no = append(out, failed(q.name, r)), true
			}
			return says
		})
		switch {
		case no:
		case seen == "":
			out = append(out, notApplicable(q.name, "there is none that counts"))
		default:
			out = append(out, passed(q.name, "%s", seen))
		}
	}
	for _, r := range left {
		out = append(out, failed("what was decided", r))
	}
	return out
}

// timeInWords is the day, in England, of a time.
func timeInWords(t time.Time) string {
	d, err := civil.On(t)
	if err != nil {
		return t.UTC().Format("2 January 2006")
	}
	return inWords(d)
}

// revived objects to an agreement that the register recorded as ended, and that has not ended by the clock of now: what
// ended stays ended, so the clock was put back, or it ran ahead then. Nothing else than the calendar brings it about that
// an agreement expires, and a state is recorded with the day.
func (b *Books) revived(j *Judgement) (*finding.Refusal, error) {
	over := []agreement.State{agreement.Expired, agreement.Terminated, agreement.Closing, agreement.Closed}
	if !j.Status.Known() || slices.Contains(over, j.Status.State) {
		return nil, nil
	}
	last, at := agreement.State(""), time.Time{}
	for record, err := range b.log.Find(KindState) {
		if err != nil {
			return nil, err
		}
		body, err := bodyOf[StateBody](record)
		if err != nil {
			return nil, err
		}
		if body.Agreement == j.Agreement.ID && body.Version == j.Agreement.Version {
			last, at = agreement.State(body.To), record.Time
		}
	}
	if !slices.Contains(over, last) {
		return nil, nil
	}
	how := "ended"
	if last == agreement.Expired {
		how = "expired"
	}
	return finding.Refuse(finding.ClockUntrusted,
		"set the machine's clock right; if it was wrong then, and the agreement is in force, have a new version of it decided on",
		"the register recorded on %s that the agreement had %s, and by the clock of now it has not", timeInWords(at), how), nil
}

// tellsTime says whether the clock is held to the time of a record. What a run left that was refused does not count, nor
// a state that nobody brought about but the calendar: a clock that ran ahead once must not close the gate for years.
func tellsTime(record register.Record) (bool, error) {
	switch record.Kind {
	case KindRefused:
		return false, nil
	case KindPreflight:
		body, err := bodyOf[PreflightBody](record)
		return len(body.Refused) == 0, err
	case KindState:
		body, err := bodyOf[StateBody](record)
		return body.By != "", err
	default:
		return true, nil
	}
}
