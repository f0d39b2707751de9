package recipient

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Notice says that a drop was wrong. It is the file WITHDRAWN beside the drop, a statement that people can read as it is,
// and is valid with WITHDRAWN.sig, a signature of it for postern-withdrawal@v1 by the key that signs drops:
//
//	postern-withdrawal v1
//	drop: dsa-coventry-fv-2026/0007-20261121
//	sums-sha256: 5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9
//	reason: the extract of another year was used
//	time: 2026-11-22T09:30:00Z
//	next: do not use this drop; destroy every copy of it, back-ups too, and tell the council that you have
//
// The digest is that of the drop's SHA256SUMS, so that a notice speaks of one drop only. It has one form: the same drop,
// reason and time are the same bytes.
type Notice struct {
	Drop       string    // dsa-coventry-fv-2026/0007-20261121
	SumsSHA256 string    // 64 hexadecimal digits
	Reason     string    // one line, at most MaxReason bytes; nothing of a child
	Time       time.Time // when the council decided so; UTC, whole seconds
}

// MaxReason is the longest reason, in bytes.
const MaxReason = 500

// Next is what a notice tells its reader to do.
const Next = "do not use this drop; destroy every copy of it, back-ups too, and tell the council that you have"

const noticeKind = "postern-withdrawal"

var (
	dropForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}/[0-9]{4,16}-[0-9]{8}$`)
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Format writes the notice. Its time is written in UTC and whole seconds.
func (n Notice) Format() ([]byte, error) {
	switch {
	case !dropForm.MatchString(n.Drop) || !digestForm.MatchString(n.SumsSHA256):
		return nil, errors.New("notice: no drop, or no digest of its SHA256SUMS")
	case len(n.Reason) > MaxReason:
		return nil, finding.WithHint(fmt.Errorf("notice: the reason is longer than %d bytes", MaxReason), "say it in one sentence, and the rest in a letter")
	case n.Time.Year() < 2000 || n.Time.Year() > 9999:
		return nil, errors.New("notice: no time")
	}
	return signature.Statement{Kind: noticeKind, Fields: []signature.Field{
		{Name: "drop", Value: n.Drop},
		{Name: "sums-sha256", Value: n.SumsSHA256},
		{Name: "reason", Value: n.Reason},
		{Name: "time", Value: n.Time.UTC().Format(time.RFC3339)},
		{Name: "next", Value: Next},
	}}.Format()
}

// ParseNotice reads a notice, accepting exactly what Format writes. It verifies nothing.
func ParseNotice(data []byte) (Notice, error) {
	s, err := signature.ParseStatement(data)
	if err != nil {
		return Notice{}, fmt.Errorf("notice: %w", err)
	}
	var n Notice
	n.Drop, _ = s.Value("drop")
	n.SumsSHA256, _ = s.Value("sums-sha256")
	n.Reason, _ = s.Value("reason")
	at, _ := s.Value("time")
	if n.Time, err = time.Parse(time.RFC3339, at); err != nil {
		return Notice{}, errors.New("notice: the time is not one")
	}
	n.Time = n.Time.UTC()
	again, err := n.Format()
	if err != nil {
		return Notice{}, err
	}
	if string(again) != string(data) {
		return Notice{}, errors.New("notice: not in its one form")
	}
	return n, nil
}

// Withdrawal is a notice that was verified.
type Withdrawal struct {
	Drop   string    `json:"drop"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	Signer string    `json:"signer"` // the principal of the allowed signer
}

// sentence says it for people.
func (w Withdrawal) sentence() string {
	return fmt.Sprintf("This drop was withdrawn by the council on %s: %s. Do not use it. Destroy every copy of it, back-ups too, and tell the council that you have.",
		w.Time.Format("2 January 2006"), strings.TrimSuffix(w.Reason, "."))
}

// verifyNotice verifies a notice about the drop with this SHA256SUMS. An error that is a failure says why it does not
// count; the notice itself may be meant well all the same.
func verifyNotice(text, armoured, sums []byte, opt Options) (Withdrawal, error) {
	var none Withdrawal
	n, err := ParseNotice(text)
	if err != nil {
		return none, failf("WITHDRAWN is not as the gateway writes it.")
	}
	signer, err := signature.Verify(text, armoured, signature.WithdrawalNamespace, withdrawing(opt.AllowedSigners), opt.Now)
	switch {
	case errors.Is(err, signature.ErrNotAllowed):
		return none, failf("WITHDRAWN is signed by a key that your list of allowed signers does not have for %s at this time.", signature.WithdrawalNamespace)
	case errors.Is(err, signature.ErrSignature):
		return none, failf("WITHDRAWN.sig is not a signature of this WITHDRAWN for %s.", signature.WithdrawalNamespace)
	case err != nil:
		return none, err
	case opt.Identity != "" && signer.Principal != opt.Identity:
		return none, failf("WITHDRAWN is signed by %s, not by %s.", signer.Principal, opt.Identity)
	case n.SumsSHA256 != digestOf(sums):
		return none, failf("WITHDRAWN is a notice about another drop, %s, or about another state of this one.", n.Drop)
	}
	return Withdrawal{Drop: n.Drop, Time: n.Time, Reason: n.Reason, Signer: signer.Principal}, nil
}

// withdrawing are the keys that may withdraw drops: those that may sign them. A list that a recipient was given before
// there were notices of withdrawal serves as it is.
func withdrawing(allowed signature.AllowedSigners) signature.AllowedSigners {
	out := make(signature.AllowedSigners, 0, len(allowed))
	for _, s := range allowed {
		for _, namespace := range s.Namespaces {
			if namespace == signature.DropNamespace {
				s.Namespaces = []string{signature.WithdrawalNamespace}
				break
			}
		}
		out = append(out, s)
	}
	return out
}
