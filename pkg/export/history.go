package export

import (
	"iter"
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/register"
)

// HistoryEntry is one record of the register in words: when, who, what, to whom and why. Every text is one line without
// control characters; what is not known is empty.
type HistoryEntry struct {
	Index     int64
	When      time.Time // UTC, whole seconds
	Kind      string    // of the record, as the register has it
	Agreement string    // its id; empty for a record about none
	Version   int64     // of the agreement; 0 for none
	Drop      string
	Who       string // a person with role, or the gate itself
	What      string // a plain sentence
	ToWhom    string // the recipient
	Why       string // the reason, conditions, codes of a refusal, or the purpose of a drop
	Erased    bool   // the record's text is gone
}

// History tells every record of the register, in order.
//
// Names are those that the register's own roles entries give to a key, up to that record; recipients are those of its
// state entries. Agreements, where given, fill in what older registers did not record: the recipient, and the purpose of a
// drop that was made under exactly these bytes. A kind that this version does not know is told as one, and so is a body
// that it cannot read: a history with a gap in its words is better than none.
func History(books *Books, agreements ...*agreement.Agreement) ([]HistoryEntry, error) {
	return history(books.log.Records(), agreements, false)
}

// PublicHistory is History for everybody to read: roles stand in the place of names, keys are not named, e-mail addresses
// and the words of decisions are left out.
func PublicHistory(books *Books, agreements ...*agreement.Agreement) ([]HistoryEntry, error) {
	return history(books.log.Records(), agreements, true)
}

func history(records iter.Seq2[register.Record, error], agreements []*agreement.Agreement, public bool) ([]HistoryEntry, error) {
	h := historian{public: public, agreements: agreements, drops: map[string]dropUnder{}, erased: map[int64]erasure{}}
	var all []register.Record
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		h.learn(r)
		all = append(all, r)
	}
	h.hide = publishable(h.names)
	out := make([]HistoryEntry, 0, len(all))
	for _, r := range all {
		out = append(out, h.tell(r))
	}
	return out, nil
}

// historian knows, while it tells one record, what the others say about it.
type historian struct {
	public     bool
	agreements []*agreement.Agreement
	holders    []RoleHolder         // as of the record being told
	roles      int                  // how many roles entries were told
	recipients []recipientOf        // of every state entry, in order
	drops      map[string]dropUnder // by id
	erased     map[int64]erasure    // by the record that was erased
	names      []string             // of people, wherever the register has them
	hide       func(string) string  // leaves them out of what is for everybody
}

type (
	recipientOf struct {
		index     int64
		agreement string
		version   int64
		name      string
	}
	dropUnder struct {
		agreement string
		version   int64
		sha256    string // of the agreement's file
	}
	erasure struct {
		by     int64 // the record that says so
		reason string
	}
)

// holder is who holds a key, or has a name, as the register knows it now: the first in the order of the roles file.
func (h *historian) holder(id string) (RoleHolder, bool) {
	i := slices.IndexFunc(h.holders, func(r RoleHolder) bool { return r.Key == id || r.Name == id })
	if id == "" || i < 0 {
		return RoleHolder{}, false
	}
	return h.holders[i], true
}

// person names somebody by a key's fingerprint or by name, with the role. In public it is the role alone.
func (h *historian) person(name, key, role string) string {
	for _, id := range []string{key, name} {
		if r, ok := h.holder(id); ok {
			if name == "" || id == name {
				name = r.Name
			}
			if role == "" {
				role = r.Role
			}
		}
	}
	said := roleSaid(role)
	switch {
	case h.public && said == "":
		return "a person of the council"
	case h.public:
		return "the " + said
	case name == "" && key == "":
		return said
	case name == "":
		name = "key " + key
	}
	if said == "" {
		return oneLine(name)
	}
	return oneLine(name) + " (" + said + ")"
}

// recipient is who receives what leaves under a version: by the state entry of that version, else by the agreement's file,
// else by the entry of another version that is nearest before the record, or else after it.
func (h *historian) recipient(id string, version, index int64) string {
	if id == "" {
		return ""
	}
	nearest := ""
	for _, r := range h.recipients {
		switch {
		case r.agreement != id:
		case version != 0 && r.version == version:
			return r.name
		case nearest == "" || r.index <= index:
			nearest = r.name
		}
	}
	for _, a := range h.agreements {
		if a.ID == id && (version == 0 || int64(a.Version) == version) {
			return oneLine(a.Recipient.Name)
		}
	}
	return nearest
}
