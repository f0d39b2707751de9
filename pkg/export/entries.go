package export

import "github.com/postern-gateway/postern/pkg/civil"

// The kinds of entries that the gateway makes in the register, beside manifest.PreparedKind.
const (
	KindRoles     = "roles"
	KindDecision  = "decision"
	KindPublished = "published"
	KindAbandoned = "abandoned"
	KindRefused   = "refused"
	KindState     = "state"
	KindPreflight = "preflight"
	KindKeys      = "keys"
	KindWithdrawn = "withdrawn"
)

// The bodies of the entries.
type (
	// RolesBody records a roles file when it is first met.
	RolesBody struct {
		SHA256  string       `json:"sha256"`
		Holders []RoleHolder `json:"holders"`
	}
	// RoleHolder is one person's key in one role.
	RoleHolder struct {
		Name string `json:"name"`
		Role string `json:"role"`
		Key  string `json:"key"` // fingerprint
		// From and To bound the days on which the key may sign; absent for open.
		From *civil.Date `json:"valid_from,omitempty"`
		To   *civil.Date `json:"valid_to,omitempty"`
		// TrainedUntil is the last day on which the person's training is in date, Revoked the day from which the key is
		// nobody's any more; absent where the roles file has none.
		TrainedUntil *civil.Date `json:"trained_until,omitempty"`
		Revoked      *civil.Date `json:"revoked,omitempty"`
	}
	// DecisionBody records a decision when it is first met. Whether it counts is worked out anew at each run.
	DecisionBody struct {
		Agreement       string `json:"agreement"`
		Version         int    `json:"version"`
		Role            string `json:"role"`
		Decision        string `json:"decision"`
		Signer          string `json:"signer"` // fingerprint
		StatementSHA256 string `json:"statement_sha256"`
		Name            string `json:"name,omitempty"`   // of the signer, by the roles file
		Reason          string `json:"reason,omitempty"` // conditions or reason, as signed
	}
	// StateBody records that an agreement moved from one state to another, when that is first noticed. Nobody moves one
	// that begins or ends with its period: then By is empty.
	StateBody struct {
		Agreement string `json:"agreement"`
		Version   int    `json:"version"`
		From      string `json:"from"` // empty for the first
		To        string `json:"to"`
		Recipient string `json:"recipient"`
		By        string `json:"by,omitempty"`
		Why       string `json:"why"`
		Statement string `json:"statement_sha256,omitempty"` // of the decision that moved it
	}
	// PreflightBody records the checks that were made before the first byte of an extract was read.
	PreflightBody struct {
		Agreement string   `json:"agreement"`
		Version   int      `json:"version"`
		SHA256    string   `json:"sha256"` // of the record in the state folder
		Passed    int      `json:"passed"`
		Warned    int      `json:"warned"`
		Refused   []string `json:"refused"` // codes, in the order in which they are told
	}
	// KeysBody records that keys were made or destroyed; never a key.
	KeysBody struct {
		What      string `json:"what"` // made, rotated, destroyed
		Agreement string `json:"agreement,omitempty"`
		Epoch     int    `json:"epoch,omitempty"`
		Key       string `json:"key"` // which: master, salt, signing, register, rights
		Public    string `json:"fingerprint,omitempty"`
	}
	// WithdrawnBody records that a drop was wrong and must not be used.
	WithdrawnBody struct {
		Drop         string `json:"drop"`
		Reason       string `json:"reason"`
		NoticeSHA256 string `json:"notice_sha256"` // of the signed notice in the store
	}
	// PublishedBody records that a drop is in the store.
	PublishedBody struct {
		Drop       string `json:"drop"`
		SumsSHA256 string `json:"sums_sha256"`
		// LedgerSHA256 is the digest of what the ledger says of the drop; absent in entries of before it was recorded.
		LedgerSHA256 string `json:"ledger_sha256,omitempty"`
	}
	// AbandonedBody records that a prepared drop will never be published: the gap in the sequence is meant.
	AbandonedBody struct {
		Drop   string `json:"drop"`
		Reason string `json:"reason"`
	}
	// RefusedBody records that the gate said no.
	RefusedBody struct {
		Agreement string `json:"agreement"`
		Version   int    `json:"version"`
		Code      string `json:"code"`
		Sentence  string `json:"sentence"`
	}
)
