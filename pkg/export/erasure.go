package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
)

// erasable lists the kinds of entries that may be erased, each with the members of its body that stay.
//
// The gate decides by the register, so it may never lose what it decides by: who held which role, which decisions were
// taken, which drops were prepared, sent, given up and withdrawn, the states, the keys, and what was erased. In such
// records only people's own words may go (a reason, a condition, a sentence), which the gate does not read; what it reads
// stays. A kind that is not listed has no such words and is never erased.
func erasable() map[string][]string {
	return map[string][]string{
		KindDecision:  {"agreement", "version", "role", "decision", "signer", "statement_sha256", "name"},
		KindState:     {"agreement", "version", "from", "to", "recipient", "by", "statement_sha256"},
		KindAbandoned: {"drop"},
		KindWithdrawn: {"drop", "notice_sha256"},
		KindRefused:   {"agreement", "version", "code"},
	}
}

// Erase erases the words of a record, and records that it did and why. The error wraps register.ErrNotErasable when there
// is nothing in that record that may be erased.
func (b *Books) Erase(index int64, reason string) (register.Record, error) {
	record, err := b.log.Record(index)
	if err != nil {
		return register.Record{}, err
	}
	keep, may := erasable()[record.Kind]
	if !may && record.Kind != register.KindErased {
		kinds := slices.Sorted(maps.Keys(erasable()))
		return register.Record{}, finding.WithHint(fmt.Errorf("%w: record %d is of the kind %s, which holds nobody's words, and the gate decides by it",
			register.ErrNotErasable, index, record.Kind), "records that can lose their words are of the kinds "+strings.Join(kinds, ", "))
	}
	erased, err := b.log.Erase(index, keep, reason, b.now(), b.sign)
	if err != nil {
		return register.Record{}, err
	}
	return erased, b.remember()
}
