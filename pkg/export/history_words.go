package export

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
)

// oneLine makes one line of a text that somebody else wrote: without control characters, and without those that change the
// direction of what is beside them or cannot be seen.
func oneLine(text string) string {
	seen := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(seen), " ")
}

// roleSaid is a role as it is read aloud; a role that this version does not know is said as it is written.
func roleSaid(role string) string {
	switch agreement.Role(role) {
	case agreement.Submitter:
		return "submitter"
	case agreement.DPO:
		return "Data Protection Officer"
	case agreement.AssetOwner:
		return "asset owner"
	case agreement.SIRO:
		return "Senior Information Risk Owner"
	default:
		return oneLine(role)
	}
}

// verbSaid says what a decision did: the rest of a sentence that the agreement's version begins.
func verbSaid(verb string) string {
	switch agreement.Verb(verb) {
	case agreement.Submit:
		return "put forward to be decided on"
	case agreement.AdviseClear:
		return "advised on: nothing against it"
	case agreement.AdviseWithConditions:
		return "advised on: nothing against it, under conditions"
	case agreement.AdviseQuery:
		return "asked about; there is no advice yet"
	case agreement.AdviseAgainst:
		return "advised against"
	case agreement.Approve:
		return "approved"
	case agreement.Suspend:
		return "suspended: nothing leaves until somebody lets it go on"
	case agreement.Resume:
		return "let go on after it was suspended"
	case agreement.Terminate:
		return "ended for good"
	case agreement.StartClosing:
		return "closed in part: the recipient was asked to destroy the data"
	case agreement.NoteClosure:
		return "seen by the Data Protection Officer to be closing"
	case agreement.Close:
		return "closed: data and keys are gone"
	default:
		return "decided on: " + oneLine(verb)
	}
}

// keySaid names a key by what it is for.
func keySaid(b KeysBody) string {
	switch b.Key {
	case "master":
		return "The council's secret, which codes for people are made with,"
	case "salt":
		return "The agreement's own secret, which makes its codes unlike any other's,"
	case "signing":
		return "The key that signs drops"
	case "register":
		return "The key that signs this register"
	case "rights":
		return "The key to the sealed list of who is in which drop"
	default:
		return "A key (" + oneLine(b.Key) + ")"
	}
}

// Label is the kind of a record in a word or two.
func (e HistoryEntry) Label() string {
	switch e.Kind {
	case KindRoles:
		return "people"
	case KindDecision:
		return "decision"
	case manifest.PreparedKind:
		return "drop made"
	case KindPublished:
		return "drop sent"
	case KindAbandoned:
		return "drop given up"
	case KindRefused:
		return "refusal"
	case KindState:
		return "state"
	case KindPreflight:
		return "checks"
	case KindKeys:
		return "keys"
	case KindWithdrawn:
		return "drop withdrawn"
	case register.KindErased:
		return "erasure"
	default:
		return oneLine(e.Kind)
	}
}

// versionOf names an agreement's version.
func versionOf(id string, version int64) string {
	if version == 0 {
		return oneLine(id)
	}
	return "Version " + strconv.FormatInt(version, 10) + " of " + oneLine(id)
}

// spokenDay writes a day as it is read aloud: 31 December 2025.
func spokenDay(d civil.Date) string {
	y, m, day := d.YMD()
	return strconv.Itoa(day) + " " + time.Month(m).String() + " " + strconv.Itoa(y)
}

// spokenMoment writes a time as it is read aloud, in UTC as the register keeps it.
func spokenMoment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// countedNoun writes a number with its noun: 1 check, 2 checks.
func countedNoun(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// sayList joins items as a sentence does: a, b and c.
func sayList(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}
