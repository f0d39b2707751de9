package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

// admit refuses a decision that an agreement is not ready for: to submit what is not complete or has run out, and to
// close what still leaves something behind.
func (p *program) admit(ctx context.Context, d *desk, verb agreement.Verb) error {
	switch verb {
	case agreement.Submit:
		return p.complete(d.Gateway, d.agreement)
	case agreement.Close:
		return d.emptied(ctx)
	default:
		return nil
	}
}

// complete holds an agreement to everything that it must say before it is put forward. All that it lacks is told at once.
func (p *program) complete(g *export.Gateway, a *agreement.Agreement) error {
	today, err := civil.On(p.now())
	if err != nil {
		return err
	}
	checks := append(a.Checks(g.Catalogue, today), a.ProgrammeCheck(os.DirFS(g.Agreements)))
	if refusals := finding.Refusals(checks); len(refusals) > 0 {
		return &export.Shut{Refusals: refusals}
	}
	return nil
}

// emptied refuses while the store holds anything of the agreement, or a salt is left from which its codes can be made.
func (d *desk) emptied(ctx context.Context) error {
	id := d.agreement.ID
	target, err := openStore(ctx, d.config.Store)
	if err != nil {
		return err
	}
	var refusals []*finding.Refusal
	files := 0
	for _, err := range target.List(ctx, id+"/") {
		if err != nil {
			return err
		}
		files++
	}
	if files > 0 {
		refusals = append(refusals, finding.Refuse(finding.PostureMismatch, "have its drops removed by who administers the store, then close it",
			"the agreement cannot be closed: %s still holds %d files of it", target.Location(), files))
	}
	epochs, err := d.Keys.Epochs(id)
	if err != nil {
		return err
	}
	if len(epochs) > 0 {
		refusals = append(refusals, finding.Refuse(finding.PostureMismatch, "have them destroyed by those who keep the keys, in the backups too, then close it",
			"the agreement cannot be closed: there are still salts of it, of %s", epochList(epochs)))
	}
	if len(refusals) > 0 {
		return &export.Shut{Refusals: refusals}
	}
	return nil
}

func epochList(epochs []int) string {
	words := make([]string, len(epochs))
	for i, e := range epochs {
		words[i] = fmt.Sprintf("epoch %d", e)
	}
	return strings.Join(words, ", ")
}
