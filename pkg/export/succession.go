package export

import (
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// succession holds the recipient to the one that drops went to before: an agreement with one organisation is none with
// that which followed it, until a version says so.
func (p *preflight) succession() (finding.Check, error) {
	check := finding.Check{Name: "recipient of earlier drops"}
	a := p.judgement.Agreement
	before, version, err := p.books.recipientBefore(a.ID, a.Version)
	switch {
	case err != nil:
		return check, err
	case before == "":
		return notApplicable(check.Name, "no drop was made under an earlier version"), nil
	case before == a.Recipient.Name:
		return passed(check.Name, "drops went to %s under version %d too", before, version), nil
	case before == a.Recipient.SuccessorOf:
		return passed(check.Name, "drops went to %s under version %d, which %s followed", before, version, a.Recipient.Name), nil
	}
	return failed(check.Name, finding.Refuse(finding.RecipientSuperseded,
		"if the recipient followed the other, say so in a new version (recipient.successor_of and since); if it did not, make an agreement of its own for it",
		"drops went to another recipient under version %d of the agreement, and this version does not say that this one followed it", version)), nil
}

// recipientBefore is whom the drops of the latest earlier version went to; empty when none were made, or when the
// register does not say.
func (b *Books) recipientBefore(id string, version int) (string, int, error) {
	recipients, latest := make(map[int]string), 0
	for record, err := range b.log.Records() {
		if err != nil {
			return "", 0, err
		}
		switch record.Kind {
		case KindState:
			body, err := bodyOf[StateBody](record)
			if err != nil {
				return "", 0, err
			}
			if body.Agreement == id && body.Recipient != "" {
				recipients[body.Version] = body.Recipient
			}
		case manifest.PreparedKind:
			body, err := bodyOf[manifest.Prepared](record)
			if err != nil {
				return "", 0, err
			}
			if v := int(body.Version); body.Agreement == id && v < version {
				latest = max(latest, v)
			}
		}
	}
	return recipients[latest], latest, nil
}
