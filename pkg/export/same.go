package export

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/state"
)

// comparable is the last drop in this store, when one made from the same inputs would hold the same and be in force; else nil.
func (r *run) comparable(ctx context.Context) (*state.PublishedDrop, error) {
	id := r.judgement.Agreement.ID
	withdrawn, err := r.books.withdrawals(id)
	if err != nil {
		return nil, err
	}
	last, err := r.lastDrop(ctx, id, withdrawn)
	if err != nil || last == nil {
		return nil, err
	}
	here, err := r.inStore(ctx)
	if err != nil {
		return nil, err
	}
	if replaced, err := r.books.superseded(id, here); err != nil || len(replaced) > 0 {
		return nil, err
	}
	return last, nil
}

// fromOthers reports whether a drop looks to be made from other inputs than are at hand: by its month and keys, and by what the
// last run that came to it says of the agreement, the definitions, the program, and the number and sizes of extracts. A
// register has grown since last night.
func (r *run) fromOthers(drop *state.PublishedDrop) (bool, error) {
	if drop.ReferenceDate != r.survey.Reference || drop.KeyCheck != r.keys.KeyCheck() {
		return true, nil
	}
	a, definitions := r.judgement.Agreement, r.Catalogue.Digest()
	runs, err := r.State.Runs(a.ID)
	if err != nil {
		return false, err
	}
	for _, number := range slices.Backward(runs) {
		data, err := r.State.Run(a.ID, number)
		if err != nil {
			return false, err
		}
		var then struct { // of a Record
			Drop        string         `json:"drop"`
			SHA256      string         `json:"agreement_sha256"`
			Definitions string         `json:"definitions_sha256"`
			Tool        string         `json:"tool"`
			Sources     []SourceRecord `json:"sources"`
		}
		if json.Unmarshal(data, &then) != nil || then.Drop != drop.ID || len(then.Sources) == 0 {
			continue // a record that cannot be read says nothing
		}
		return then.SHA256 != hex.EncodeToString(a.SHA256[:]) || then.Definitions != hex.EncodeToString(definitions[:]) ||
			then.Tool != r.tool() || !slices.Equal(sizes(then.Sources), sizes(r.survey.sourceRecords())), nil
	}
	return false, nil
}

// sizes lists the extracts by table, year, term and size.
func sizes(sources []SourceRecord) []string {
	var out []string
	for _, s := range sources {
		out = append(out, fmt.Sprintf("%s %d%s %d", s.Table, s.Year, s.Term, s.Bytes))
	}
	slices.Sort(out)
	return out
}

// unchanged records that a drop already holds what this run would make.
func (r *run) unchanged(drop *state.PublishedDrop) error {
	r.result.Outcome, r.result.Drop = Unchanged, drop.ID
	return r.record(string(Unchanged), nil)
}

// stageUnlessSame treats and stages the rows, unless the drop before was made from the same inputs. Where there is none, or it
// looks otherwise, the digests of the extracts are taken meanwhile: without the processor's help they cost a third of all the
// rest. Whatever it looked like, the digests decide.
func (r *run) stageUnlessSame(ctx context.Context, before *state.PublishedDrop) (same bool, err error) {
	others := before == nil
	if !others {
		if others, err = r.fromOthers(before); err != nil {
			return false, err
		}
	}
	settle := r.survey.Inventory.TakeDigests(ctx)
	stage := func() error { return r.stage(ctx, r.survey, r.keys, r.spill(r.survey)) }
	if others {
		err = stage()
	} else {
		r.progress("comparing the extracts with those of", before.ID, 0)
	}
	failed := settle() // the record of a refusal has the digests too
	if failed == nil {
		r.inputs = r.inputDigest(r.survey, r.keys.KeyCheck())
	}
	switch err = cmp.Or(err, failed); {
	case err != nil:
		return false, err
	case before != nil && before.InputDigest == r.inputs:
		return true, nil
	case others:
		return false, nil
	default:
		return false, stage()
	}
}
