package export

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// The kinds of entries that the gateway makes in the register, beside manifest.PreparedKind.
const (
	KindRoles     = "roles"
	KindDecision  = "decision"
	KindPublished = "published"
	KindAbandoned = "abandoned"
	KindRefused   = "refused"
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
	}
	// DecisionBody records a decision when it is first met. Whether it counts is worked out anew at each run.
	DecisionBody struct {
		Agreement       string `json:"agreement"`
		Version         int    `json:"version"`
		Role            string `json:"role"`
		Decision        string `json:"decision"`
		Signer          string `json:"signer"` // fingerprint
		StatementSHA256 string `json:"statement_sha256"`
	}
	// PublishedBody records that a drop is in the store.
	PublishedBody struct {
		Drop       string `json:"drop"`
		SumsSHA256 string `json:"sums_sha256"`
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

// RegisterPrincipal and DropPrincipal are the names under which the council's keys stand in a recipient's
// allowed_signers file.
func RegisterPrincipal(laCode string) string { return "register@" + laCode + ".postern" }

// DropPrincipal is the name of the key that signs drops: what a recipient gives to ssh-keygen -Y verify -I.
func DropPrincipal(laCode string) string { return "drops@" + laCode + ".postern" }

// RegisterOrigin names the council's register in its checkpoints.
func RegisterOrigin(laCode string) string { return laCode + ".postern/register" }

// Books is the council's register, open, with the key that signs it.
type Books struct {
	log  *register.Log
	sign register.Signer
	now  func() time.Time
}

// verifierOf checks checkpoints against the register key.
func verifierOf(laCode string, key ssh.PublicKey, now func() time.Time) register.Verifier {
	allowed := signature.AllowedSigners{{
		Principal: RegisterPrincipal(laCode), Namespaces: []string{signature.RegisterNamespace}, Key: key,
	}}
	return func(message, sig []byte) error {
		_, err := signature.Verify(message, sig, signature.RegisterNamespace, allowed, now())
		return err
	}
}

// CreateRegister makes an empty register; it leaves one that is there as it is. Where drops were published there was one,
// and a new one in its place would hide that it is lost.
func (g *Gateway) CreateRegister() error {
	published, err := g.State.Agreements()
	if err != nil {
		return err
	}
	_, err = os.Stat(g.State.RegisterDir())
	if len(published) > 0 && errors.Is(err, fs.ErrNotExist) {
		return NotSetUp{finding.WithHint(errors.New("the register is not there, and drops were published"),
			"restore "+g.State.RegisterDir()+" from the council's backup; no new register takes its place")}
	}
	key, err := g.Keys.RegisterKey()
	if err != nil {
		return err
	}
	_, err = register.Create(g.State.RegisterDir(), RegisterOrigin(g.LACode), signerOf(key))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func signerOf(key ssh.Signer) register.Signer {
	return func(message []byte) ([]byte, error) { return signature.Sign(key, signature.RegisterNamespace, message) }
}

// OpenBooks opens the register for a run, checking every record of it. The caller holds the lock of the state folder.
func (g *Gateway) OpenBooks() (*Books, error) {
	key, err := g.Keys.RegisterKey()
	if err != nil {
		return nil, err
	}
	log, err := register.Open(g.State.RegisterDir(), verifierOf(g.LACode, key.PublicKey(), g.Now))
	if err != nil {
		return nil, registerError(err)
	}
	return &Books{log: log, sign: signerOf(key), now: g.Now}, nil
}

// ViewBooks opens the register for reading, with the public half of its key.
func (g *Gateway) ViewBooks() (*Books, error) {
	key, err := g.Keys.RegisterPublicKey()
	if err != nil {
		return nil, err
	}
	// A run at work may be between its records and its checkpoint: what looks wrong is looked at again.
	for attempt := 0; ; attempt++ {
		log, err := register.View(g.State.RegisterDir(), verifierOf(g.LACode, key, g.Now))
		if err == nil {
			return &Books{log: log, now: g.Now}, nil
		}
		if attempt == viewAttempts || errors.Is(err, fs.ErrNotExist) {
			return nil, registerError(err)
		}
		time.Sleep(viewPause)
	}
}

// How often, and after which pause, a register that does not hold together is read again.
const (
	viewAttempts = 3
	viewPause    = 100 * time.Millisecond
)

// NotSetUp is the error of a gate that lacks what has to be there before any run.
type NotSetUp struct{ err error }

// Error says what is not there.
func (n NotSetUp) Error() string { return n.err.Error() }

// Unwrap returns the cause.
func (n NotSetUp) Unwrap() error { return n.err }

func registerError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return NotSetUp{finding.WithHint(errors.New("there is no register"),
			"make one with postern keys new; if there was one, restore it from the council's backup")}
	}
	return err
}

// Log is the register itself.
func (b *Books) Log() *register.Log { return b.log }

// enter appends an entry.
func (b *Books) enter(kind string, body any) (register.Record, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return register.Record{}, fmt.Errorf("register %s: %w", kind, err)
	}
	record, err := b.log.Append(register.Entry{Kind: kind, Time: b.now(), Body: data}, b.sign)
	if err != nil {
		return register.Record{}, fmt.Errorf("register %s: %w", kind, err)
	}
	return record, nil
}

// rolesBefore lists who held which role in the roles file that the register recorded before this one: those who may
// change it. It is nil at set-up, when there was none.
func (b *Books) rolesBefore(current *agreement.Roles) ([]agreement.RoleHolder, error) {
	var out []agreement.RoleHolder
	met, last := false, false
	for record, err := range b.log.Find(KindRoles) {
		if err != nil {
			return nil, err
		}
		body, err := bodyOf[RolesBody](record)
		if err != nil {
			return nil, err
		}
		last = body.SHA256 == hex.EncodeToString(current.SHA256[:])
		if met = met || last; last {
			continue
		}
		out = []agreement.RoleHolder{}
		for _, h := range body.Holders {
			out = append(out, agreement.RoleHolder{Name: h.Name, Role: agreement.Role(h.Role), Fingerprint: h.Key, From: h.From, To: h.To})
		}
	}
	if met && !last {
		return nil, finding.Refuse(finding.AgreementRollback, "put the roles file back that the council agreed on last",
			"the roles file is an older one, which another has replaced")
	}
	return out, nil
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

// bodyOf reads the body of a record.
func bodyOf[T any](record register.Record) (T, error) {
	var body T
	if err := json.Unmarshal(record.Body, &body); err != nil {
		return body, fmt.Errorf("read record %d of the register: %w", record.Index, err)
	}
	return body, nil
}

// EnterDecisions records the roles file and every sound decision that the register does not have yet.
func (b *Books) EnterDecisions(j *Judgement) error {
	if err := b.enterRoles(j.Roles); err != nil {
		return err
	}
	known := make(map[string]bool)
	for record, err := range b.log.Find(KindDecision) {
		if err != nil {
			return err
		}
		body, err := bodyOf[DecisionBody](record)
		if err != nil {
			return err
		}
		known[body.StatementSHA256] = true
	}
	for _, c := range j.Status.Decisions {
		body := DecisionBody{
			Agreement: c.Decision.Agreement, Version: c.Decision.Version, Role: string(c.Decision.Role),
			Decision: string(c.Decision.Verb), Signer: c.Fingerprint, StatementSHA256: j.statementDigest(c.File),
		}
		if !c.Holds || known[body.StatementSHA256] {
			continue
		}
		if _, err := b.enter(KindDecision, body); err != nil {
			return err
		}
	}
	return nil
}

func (b *Books) enterRoles(roles *agreement.Roles) error {
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
		body.Holders = append(body.Holders, RoleHolder{Name: h.Name, Role: string(h.Role), Key: h.Fingerprint, From: h.From, To: h.To})
	}
	_, err := b.enter(KindRoles, body)
	return err
}

// EnterRefusal records that the gate said no.
func (b *Books) EnterRefusal(id string, version int, r *finding.Refusal) error {
	_, err := b.enter(KindRefused, RefusedBody{Agreement: id, Version: version, Code: string(r.Code), Sentence: r.Sentence})
	return err
}

// sequence is the number that the agreement's next drop gets: one more than the last prepared one.
func (b *Books) sequence(id string) (int64, error) {
	last := int64(0)
	for record, err := range b.log.Find(manifest.PreparedKind) {
		if err != nil {
			return 0, err
		}
		p, err := manifest.ParsePrepared(record.Body)
		if err != nil {
			return 0, err
		}
		if p.Agreement == id {
			last = max(last, p.Sequence)
		}
	}
	return last + 1, nil
}

// objections are what the register says against an export, whatever the files beside it say: a decision that was taken
// away, a version that another has followed, a clock that was set back.
func (b *Books) objections(j *Judgement) ([]*finding.Refusal, error) {
	var out []*finding.Refusal
	gone, newest := false, 0
	var latest time.Time
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, err
		}
		// A refusal does not count: a clock that ran ahead once must not close the gate for years.
		if record.Kind != KindRefused && record.Time.After(latest) {
			latest = record.Time
		}
		switch record.Kind {
		case KindDecision:
			body, err := bodyOf[DecisionBody](record)
			if err != nil {
				return nil, err
			}
			gone = gone || body.Agreement == j.Agreement.ID && !j.has(body)
		case manifest.PreparedKind:
			body, err := bodyOf[manifest.Prepared](record)
			if err != nil {
				return nil, err
			}
			if body.Agreement == j.Agreement.ID {
				newest = max(newest, int(body.Version))
			}
		}
	}
	if gone {
		out = append(out, finding.Refuse(finding.SignatureMissing, "restore the folder of decisions from the council's backup; a decision is lifted by another, never by taking it away",
			"a decision on the agreement is in the register, and its statement or its signature is gone from the folder of decisions"))
	}
	if newest > j.Agreement.Version {
		out = append(out, finding.Refuse(finding.AgreementRollback, "use the file of version "+strconv.Itoa(newest)+" or a later one",
			"drops were made under version %d of the agreement, and this is version %d", newest, j.Agreement.Version))
	}
	if b.now().Before(latest.Add(-clockSlack)) {
		out = append(out, finding.Refuse(finding.ClockUntrusted, "set the machine's clock right",
			"the clock is behind what the register last recorded, on %s", latest.UTC().Format("2 January 2006 15:04 UTC")))
	}
	return out, nil
}

// clockSlack is how far clocks that are set right may differ.
const clockSlack = 5 * time.Minute

// open lists the drops of the register that were prepared and neither published nor abandoned, oldest first.
func (b *Books) open() ([]register.Record, error) {
	closed := make(map[string]bool)
	var prepared []register.Record
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, err
		}
		switch record.Kind {
		case manifest.PreparedKind:
			prepared = append(prepared, record)
		case KindPublished, KindAbandoned:
			body, err := bodyOf[PublishedBody](record) // an abandoned drop's body names it likewise
			if err != nil {
				return nil, err
			}
			closed[body.Drop] = true
		}
	}
	var out []register.Record
	for _, record := range prepared {
		p, err := manifest.ParsePrepared(record.Body)
		if err != nil {
			return nil, err
		}
		if !closed[p.Drop] {
			out = append(out, record)
		}
	}
	return out, nil
}
