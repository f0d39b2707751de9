package export

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
)

// keptBody is what may be left of a body of any kind.
type keptBody struct {
	Agreement string `json:"agreement"`
	Version   int64  `json:"version"`
	Drop      string `json:"drop"`
}

const theGate = "the gate"

// learn takes from a record what other records are told with.
func (h *historian) learn(r register.Record) {
	switch r.Kind {
	case KindState:
		if b, ok := readBody[StateBody](r); ok {
			h.name(b.By)
			if b.Recipient != "" {
				h.recipients = append(h.recipients, recipientOf{r.Index, b.Agreement, int64(b.Version), oneLine(b.Recipient)})
			}
		}
	case KindRoles:
		b, _ := readBody[RolesBody](r)
		for _, holder := range b.Holders {
			h.name(holder.Name)
		}
	case KindDecision:
		b, _ := readBody[DecisionBody](r)
		h.name(b.Name)
	case manifest.PreparedKind:
		if b, ok := readBody[manifest.Prepared](r); ok {
			h.drops[b.Drop] = dropUnder{b.Agreement, b.Version, b.AgreementSHA256}
		}
	case register.KindErased:
		if b, ok := readBody[register.Erasure](r); ok {
			h.erased[b.Index] = erasure{r.Index, oneLine(b.Reason)}
		}
	}
}

// name keeps a person's name, to leave it out of what is for everybody.
func (h *historian) name(name string) {
	if name = oneLine(name); name != "" {
		h.names = append(h.names, name)
	}
}

// readBody reads a body as far as this version can. A body of an older or a newer version is told with what is known of it.
func readBody[T any](r register.Record) (T, bool) {
	var body T
	if bodyGone(r) {
		return body, false
	}
	err := json.Unmarshal(r.Body, &body)
	return body, err == nil
}

// tellErased adds to a record what happened to it: people's own words are gone from it, or all that it said.
func (h *historian) tellErased(e *HistoryEntry, r register.Record, known bool) {
	if e.Erased = true; known {
		e.What += " The words that were given for it were erased"
	} else {
		e.Who, e.What = "", "What this record said was erased; its place, time and kind are kept"
		kept, _ := readBody[keptBody](r)
		e.Agreement, e.Version, e.Drop = kept.Agreement, kept.Version, kept.Drop
	}
	by, ok := h.erased[r.Index]
	if ok {
		e.What += ", as record " + strconv.FormatInt(by.by, 10) + " says"
	}
	e.What += "."
	if e.Why = by.reason; e.Why != "" {
		e.Why = "erased: " + e.Why
	}
}

// bodyGone reports whether a record has no body.
func bodyGone(r register.Record) bool {
	body := bytes.TrimSpace(r.Body)
	return len(body) == 0 || string(body) == "null"
}

// tell puts one record into words.
func (h *historian) tell(r register.Record) HistoryEntry {
	e := HistoryEntry{Index: r.Index, When: r.Time.UTC(), Kind: r.Kind, Who: theGate}
	known := h.tellBody(&e, r)
	switch {
	case r.Erased || bodyGone(r):
		h.tellErased(&e, r, known)
	case !known:
		e.Who = ""
		e.What = "A record of the kind \"" + oneLine(r.Kind) + "\", which this version of the program cannot put into words."
	}
	if e.Agreement, e.Drop = oneLine(e.Agreement), oneLine(e.Drop); e.ToWhom == "" {
		e.ToWhom = h.recipient(e.Agreement, e.Version, r.Index)
	}
	if h.public {
		for _, text := range []*string{&e.Who, &e.What, &e.ToWhom, &e.Why, &e.Agreement, &e.Drop} {
			*text = h.hide(*text)
		}
	}
	return e
}

func (h *historian) tellBody(e *HistoryEntry, r register.Record) bool {
	switch r.Kind {
	case KindRoles:
		return tellAs(e, r, h.tellRoles)
	case KindDecision:
		return tellAs(e, r, h.tellDecision)
	case KindState:
		return tellAs(e, r, h.tellState)
	case KindPreflight:
		return tellAs(e, r, h.tellPreflight)
	case KindRefused:
		return tellAs(e, r, h.tellRefused)
	case KindKeys:
		return tellAs(e, r, h.tellKeys)
	case manifest.PreparedKind:
		return tellAs(e, r, h.tellPrepared)
	case KindPublished:
		return tellAs(e, r, func(e *HistoryEntry, b PublishedBody) {
			h.under(e, b.Drop)
			e.What = "Drop " + e.Drop + " was sent: it is in the store, whole and signed."
		})
	case KindAbandoned:
		return tellAs(e, r, func(e *HistoryEntry, b AbandonedBody) {
			h.under(e, b.Drop)
			e.What = "Drop " + e.Drop + " was given up and will never be sent. Its number is not used again."
			e.Why = oneLine(b.Reason)
		})
	case KindWithdrawn:
		return tellAs(e, r, func(e *HistoryEntry, b WithdrawnBody) {
			h.under(e, b.Drop)
			e.What = "Drop " + e.Drop + " was withdrawn: it is wrong, and must not be used."
			e.Why = oneLine(b.Reason)
		})
	case register.KindErased:
		return tellAs(e, r, func(e *HistoryEntry, b register.Erasure) {
			e.What = "The words in record " + strconv.FormatInt(b.Index, 10) + " were erased. What happened, and when, is kept there."
			e.Why = oneLine(b.Reason)
		})
	default:
		return false
	}
}

// tellAs tells a body that can be read as one of its kind.
func tellAs[T any](e *HistoryEntry, r register.Record, tell func(*HistoryEntry, T)) bool {
	body, ok := readBody[T](r)
	if ok {
		tell(e, body)
	}
	return ok
}

// under sets the drop, and the agreement that it was made under, with the purpose where the file of exactly that agreement
// is at hand.
func (h *historian) under(e *HistoryEntry, drop string) {
	e.Drop = oneLine(drop)
	made, ok := h.drops[drop]
	if !ok {
		e.Agreement, _, _ = strings.Cut(drop, "/")
		return
	}
	e.Agreement, e.Version = made.agreement, made.version
	for _, a := range h.agreements {
		if digestOf(a) == made.sha256 {
			e.Why = oneLine(a.Purpose.Text)
		}
	}
}

func (h *historian) tellRoles(e *HistoryEntry, b RolesBody) {
	e.Who = "two of the people it names"
	verb := "was set up"
	if h.roles++; h.roles > 1 {
		e.Who, verb = "two of the people who held a role before", "was changed"
	}
	var people []string
	h.holders = b.Holders
	for _, holder := range b.Holders {
		who := oneLine(holder.Name) + " (" + roleSaid(holder.Role) + ")"
		if h.public {
			who = "one " + roleSaid(holder.Role)
		}
		if holder.From != nil {
			who += " from " + spokenDay(*holder.From)
		}
		if holder.To != nil {
			who += " until " + spokenDay(*holder.To)
		}
		people = append(people, who)
	}
	e.What = "The list of who may decide " + verb + ": " + sayList(people) + "."
}

func (h *historian) tellDecision(e *HistoryEntry, b DecisionBody) {
	e.Agreement, e.Version = b.Agreement, int64(b.Version)
	e.Who = h.person(b.Name, b.Signer, b.Role)
	e.What = versionOf(b.Agreement, e.Version) + " was " + verbSaid(b.Decision) + "."
	if !h.public {
		e.Why = oneLine(b.Reason)
	}
}

func (h *historian) tellState(e *HistoryEntry, b StateBody) {
	e.Agreement, e.Version, e.ToWhom = b.Agreement, int64(b.Version), oneLine(b.Recipient)
	e.What = versionOf(b.Agreement, e.Version) + " is now " + oneLine(b.To) + "."
	if b.From != "" {
		e.What = versionOf(b.Agreement, e.Version) + " was " + oneLine(b.From) + " and is now " + oneLine(b.To) + "."
	}
	if e.Who = "nobody: its dates did"; b.By != "" {
		e.Who = h.person(b.By, b.By, "")
	}
	if !h.public || b.By == "" {
		e.Why = oneLine(b.Why)
	}
}

func (h *historian) tellPreflight(e *HistoryEntry, b PreflightBody) {
	e.Agreement, e.Version = b.Agreement, int64(b.Version)
	e.What = versionOf(b.Agreement, e.Version) + " was checked before anything was read: " + strconv.Itoa(b.Passed) + " passed, " +
		strconv.Itoa(b.Warned) + " to look at, " + strconv.Itoa(len(b.Refused)) + " refused."
	e.Why = oneLine(strings.Join(b.Refused, ", "))
}

func (h *historian) tellRefused(e *HistoryEntry, b RefusedBody) {
	e.Agreement, e.Version = b.Agreement, int64(b.Version)
	e.What = "An export was refused, and nothing left: " + oneLine(b.Agreement) + ", version " + strconv.Itoa(b.Version) + "."
	e.Why = strings.TrimSuffix(oneLine(b.Code+": "+b.Sentence), ": ")
}

func (h *historian) tellKeys(e *HistoryEntry, b KeysBody) {
	e.Agreement = b.Agreement
	e.What = keySaid(b)
	switch b.What {
	case keyFound:
		e.What += " was there already, and was entered"
	case keyRotated:
		e.What += " was made anew"
	default:
		e.What += " was " + oneLine(b.What)
	}
	if b.Epoch > 0 {
		e.What += " (version " + strconv.Itoa(b.Epoch) + ")"
	}
	e.What += "."
	if b.Public != "" {
		e.What += " It is known by " + oneLine(b.Public) + "."
	}
}

func (h *historian) tellPrepared(e *HistoryEntry, b manifest.Prepared) {
	h.under(e, b.Drop)
	e.Agreement, e.Version = b.Agreement, b.Version
	e.What = "Drop " + e.Drop + " was made: " + countedNoun(len(b.Files), "file") + ", under version " + strconv.FormatInt(b.Version, 10) + " of the agreement."
}
