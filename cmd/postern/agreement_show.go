package main

import (
	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

const showLong = `Writes an agreement as a page to read aloud: first what there is to decide and
what stands in the way of it, then who shares what with whom, why, on what
basis, until when and what families are told, and at last each item that
leaves: from what it is made, how it is changed, why it is needed.

` + exitCodes

func (p *program) agreementShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show AGREEMENT", Short: "Write an agreement as a page to read aloud", Args: arguments(1, 1, "the agreement's file"),
		Example: "  postern agreement show agreements/family-valued-2026.yaml",
		Long:    showLong,
		RunE:    func(_ *cobra.Command, args []string) error { return p.show(args[0]) },
	}
}

func (p *program) show(file string) error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	a, err := export.LoadAgreement(file, g.Catalogue)
	if err != nil {
		return err
	}
	status, err := judged(g, file)
	if err != nil {
		status = nil // a page can be read before there are roles to decide on it
	}
	today, err := civil.On(p.now())
	if err != nil {
		return finding.WithHint(err, "set this machine's clock")
	}
	return agreement.ShowText(p.stdout, a, g.Catalogue, status, checksOf(a, g.Catalogue, today)...)
}

// checksOf are the checks of an agreement on a day. Of one that is over, those are left out that it fails for that alone.
func checksOf(a *agreement.Agreement, catalogue *dataset.Catalogue, today civil.Date) []finding.Check {
	if today > a.Period.ShareTo {
		return a.StandingChecks(catalogue)
	}
	return a.Checks(catalogue, today)
}
