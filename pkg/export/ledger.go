package export

import (
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/state"
)

// account is what the register says of an agreement's drops.
type account struct {
	prepared  []string
	abandoned []string
	published []PublishedBody // oldest first
}

// newest is the drop that was published last; "" when there is none.
func (a *account) newest() string {
	if len(a.published) == 0 {
		return ""
	}
	return a.published[len(a.published)-1].Drop
}

// account lists the drops of an agreement as the register has them, of all agreements where it is "".
func (b *Books) account(id string) (*account, error) {
	out := &account{}
	of := func(drop string) bool { return id == "" || ofAgreement(drop, id) }
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, err
		}
		switch record.Kind {
		case manifest.PreparedKind:
			body, err := bodyOf[manifest.Prepared](record)
			if err != nil {
				return nil, err
			}
			if of(body.Drop) {
				out.prepared = append(out.prepared, body.Drop)
			}
		case KindPublished:
			body, err := bodyOf[PublishedBody](record)
			if err != nil {
				return nil, err
			}
			if of(body.Drop) {
				out.published = append(out.published, body)
			}
		case KindAbandoned:
			body, err := bodyOf[AbandonedBody](record)
			if err != nil {
				return nil, err
			}
			if of(body.Drop) {
				out.abandoned = append(out.abandoned, body.Drop)
			}
		}
	}
	return out, nil
}

// against says in what the ledgers are not as the register has it; "" when nothing is. Every drop that was published is in
// its ledger, as it was entered, and none that was given up. The ledger may have one more: the drop of a run that was
// killed before its last entry.
func (a *account) against(ledger []state.PublishedDrop) (string, error) {
	for _, body := range a.published {
		i := slices.IndexFunc(ledger, func(d state.PublishedDrop) bool { return d.ID == body.Drop })
		if i < 0 {
			return fmt.Sprintf("the register has the drop %s as published, and the ledger of drops does not have it", body.Drop), nil
		}
		digest, err := ledger[i].Digest()
		if err != nil {
			return "", err
		}
		// Entries of before the digest was recorded have none.
		if ledger[i].SumsSHA256 != body.SumsSHA256 || body.LedgerSHA256 != "" && digest != body.LedgerSHA256 {
			return fmt.Sprintf("what the ledger of drops says of the drop %s is not what was entered when it was published", body.Drop), nil
		}
	}
	for _, d := range ledger {
		if slices.Contains(a.abandoned, d.ID) {
			return fmt.Sprintf("the ledger of drops has the drop %s, which the register has as given up", d.ID), nil
		}
	}
	return "", nil
}

// broken refuses to go on from files that do not tell one story.
func broken(sentence string, args ...any) *finding.Refusal {
	return finding.Refuse(finding.ManifestChainBroken, mendState, sentence, args...)
}

const mendState = "put back the state folder as the last run left it, and find out who replaced it or wrote to the store; an older copy cannot be gone on from"
