package export

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// placed is a store that knows where its objects lie. One that does not is nowhere that was agreed.
type placed interface{ Place() store.Place }

// prober is a store that can find out whether strangers could read it. Private is nil when they cannot, a
// *finding.Refusal (BUCKET_PUBLIC) when they can, and any other error when that could not be found out.
type prober interface {
	Private(ctx context.Context) error
}

// place holds the store in use to the places that the agreement names (UK GDPR Article 32), and the country that it
// stands in to those agreed on.
func (p *preflight) place() {
	const name, country = "store agreed on", "country of the store"
	a := p.judgement.Agreement
	if len(a.Security.Stores) == 0 {
		p.add(notApplicable(name, "the agreement names no store"), notApplicable(country, "the agreement names no store"))
		return
	}
	at := store.Place{}
	if s, ok := p.Store.(placed); ok {
		at = s.Place()
	}
	i := slices.IndexFunc(a.Security.Stores, func(agreed agreement.Place) bool { return isAt(at, agreed) })
	if i < 0 {
		var agreed []string
		for _, s := range a.Security.Stores {
			agreed = append(agreed, s.String())
		}
		p.add(failed(name, finding.Refuse(finding.PostureMismatch,
			"publish to a store that the agreement names under security.stores (store in postern.yaml, or --to); a store that it does not name needs a new version",
			"the store in use is %s, and the agreement names %s", describePlace(at), strings.Join(agreed, "; "))))
		p.add(notApplicable(country, "the store is none that was agreed on"))
		return
	}
	p.add(passed(name, "%s", describePlace(at)))
	stands := a.Security.Stores[i].Country
	switch {
	case slices.Contains(a.Transfer.Locations, stands):
		p.add(passed(country, "%s, which is among the agreed countries", stands))
	case p.has(finding.TransferNotAllowed): // the agreement's own checks have said so of the same store
		p.add(notApplicable(country, "what the agreement says of transfers is refused already"))
	default:
		p.add(failed(country, finding.Refuse(finding.TransferNotAllowed,
			"publish to a store in a country that transfer.locations names, or agree on that country in a new version",
			"the store in use stands in %s, which is none of the countries that the agreement names", stands)))
	}
}

// isAt reports whether a store is the one that was agreed on, by each part of its address. An agreement that names no
// bucket agrees on each bucket of that region and server. An endpoint that was agreed on
// without a port is met by any port of that host, and one without a bucket by any bucket there.
func isAt(at store.Place, agreed agreement.Place) bool {
	host := at.Endpoint
	if h, _, err := net.SplitHostPort(at.Endpoint); err == nil && !strings.Contains(agreed.Endpoint, ":") {
		host = h
	}
	return at.Kind == agreed.Kind && (agreed.Bucket == "" || at.Bucket == agreed.Bucket) && at.Region == agreed.Region && strings.EqualFold(host, agreed.Endpoint)
}

// describePlace says where a store is, without a path: a folder's is nobody's business, and a bucket's prefix changes
// nothing.
func describePlace(at store.Place) string {
	switch at.Kind {
	case store.PlaceFolder:
		return "a folder"
	case store.PlaceBucket:
		text := fmt.Sprintf("the bucket %s in %s", at.Bucket, at.Region)
		if at.Endpoint != "" {
			text += " at " + at.Endpoint
		}
		return text
	default:
		return "a store that does not say where it is"
	}
}

// public asks a bucket whether strangers could read it.
func (p *preflight) public(ctx context.Context) (finding.Check, error) {
	const name = "store closed to strangers"
	s, ok := p.Store.(prober)
	if !ok {
		return notApplicable(name, "the store is reached through the machine's own accounts, not over a network"), nil
	}
	err := s.Private(ctx)
	var refusal *finding.Refusal
	switch {
	case errors.As(err, &refusal):
		return failed(name, refusal), nil
	case err != nil:
		return finding.Check{Name: name}, fmt.Errorf("ask whether the store is closed to strangers: %w", err)
	default:
		return passed(name, "a request without credentials gets nothing"), nil
	}
}
