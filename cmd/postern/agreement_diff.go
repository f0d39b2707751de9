package main

import (
	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/export"
)

const diffLong = `Says in plain words what changed from one version of an agreement to another:
first what widened (an item added, a finer date, a longer time, another
recipient), then what narrowed, then what changed without making a difference
to what leaves. A change of which nobody can tell counts as widening and is
marked with a question mark.

It tells, and decides nothing: it ends with 0 whatever changed.

` + exitCodes

func (p *program) agreementDiffCommand() *cobra.Command {
	return p.jsonFlag(&cobra.Command{
		Use: "diff OLD NEW", Short: "Say what widened and what narrowed between two versions", Args: arguments(2, 2, "the files of two versions"),
		Example: "  postern agreement diff agreements/mine-v1.yaml agreements/mine-v2.yaml",
		Long:    diffLong,
		RunE:    func(_ *cobra.Command, args []string) error { return p.diff(args[0], args[1]) },
	})
}

func (p *program) diff(older, newer string) error {
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	cat, err := catalogue(c)
	if err != nil {
		return err
	}
	was, err := export.LoadAgreement(older, cat)
	if err != nil {
		return err
	}
	is, err := export.LoadAgreement(newer, cat)
	if err != nil {
		return err
	}
	d := agreement.Diff(was, is, cat)
	if p.json {
		return writeJSON(p.stdout, d)
	}
	return agreement.DiffText(p.stdout, d)
}
