package agreement

import (
	"slices"
	"strings"
)

// Verb is what a decision decides.
type Verb string

// The decisions.
const (
	Submit               Verb = "submit"                 // a submitter puts the agreement forward
	AdviseClear          Verb = "advise-clear"           // the DPO has nothing against it
	AdviseWithConditions Verb = "advise-with-conditions" // the DPO has nothing against it under conditions
	AdviseQuery          Verb = "advise-query"           // the DPO asks first: not yet advice
	AdviseAgainst        Verb = "advise-against"         // the DPO advises against it
	Approve              Verb = "approve"                // the asset owner or the SIRO approves
	Suspend              Verb = "suspend"                // the DPO, the asset owner or the SIRO stops it for now
	Resume               Verb = "resume"                 // the asset owner or the SIRO lets it go on
	Terminate            Verb = "terminate"              // the asset owner or the SIRO ends it for good
	StartClosing         Verb = "start-closing"          // the asset owner or the SIRO has asked the recipient to destroy the data
	NoteClosure          Verb = "note-closure"           // the DPO has seen that it is being closed
	Close                Verb = "close"                  // the asset owner or the SIRO closes it: the data and the keys are gone
)

// permission is a decision and the roles that may make it.
type permission struct {
	verb  Verb
	roles []Role
}

// permissions lists the decisions in the order in which they are made.
func permissions() []permission {
	owners := []Role{AssetOwner, SIRO}
	return []permission{
		{Submit, []Role{Submitter}},
		{AdviseClear, []Role{DPO}},
		{AdviseWithConditions, []Role{DPO}},
		{AdviseQuery, []Role{DPO}},
		{AdviseAgainst, []Role{DPO}},
		{Approve, owners},
		{Suspend, []Role{DPO, AssetOwner, SIRO}},
		{Resume, owners},
		{Terminate, owners},
		{StartClosing, owners},
		{NoteClosure, []Role{DPO}},
		{Close, owners},
	}
}

// Verbs lists the decisions in the order in which they are made.
func Verbs() []Verb {
	var out []Verb
	for _, p := range permissions() {
		out = append(out, p.verb)
	}
	return out
}

// Roles lists who may make a decision; none for one that there is not.
func (v Verb) Roles() []Role {
	for _, p := range permissions() {
		if p.verb == v {
			return p.roles
		}
	}
	return nil
}

// rank orders decisions of one second: the milder counts as the earlier.
func (v Verb) rank() int {
	if v == Resume {
		v = Approve
	}
	return slices.Index(Verbs(), v)
}

// IsAdvice reports whether the decision is the DPO's answer to a submission (a query is one, though no advice yet).
func (v Verb) IsAdvice() bool {
	return v == AdviseClear || v == AdviseWithConditions || v == AdviseQuery || v == AdviseAgainst
}

// stops reports whether the decision stops exports.
func (v Verb) stops() bool { return v == Suspend || v == Terminate }

// closes reports whether the decision is part of closing an agreement that has ended.
func (v Verb) closes() bool { return v == StartClosing || v == NoteClosure || v == Close }

// needsReason reports whether the decision is void without conditions or a reason.
func (v Verb) needsReason() bool {
	return v == AdviseWithConditions || v == AdviseAgainst || v.stops() || v == StartClosing || v == Close
}

// reasonHint says what the reason of a decision that needs one is about.
func (v Verb) reasonHint() string {
	switch v {
	case StartClosing:
		return "say how the recipient was asked to destroy the data, and by when, on one line, with --reason"
	case Close:
		return "name the certificates of destruction, on one line, with --reason"
	default:
		return "say it on one line, with --reason"
	}
}

func verbWords() string { return wordList(Verbs()) }

func roleList(roles []Role) string { return wordList(roles) }

func wordList[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
