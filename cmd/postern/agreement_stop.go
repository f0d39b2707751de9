package main

import (
	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
)

// stopLong is what each of the short forms of sign does.
func stopLong(verb agreement.Verb) string {
	text := map[agreement.Verb]string{
		agreement.Suspend: "Stops exports under an agreement for now. The Data Protection Officer can always\n" +
			"do so, and an asset owner or the SIRO (Senior Information Risk Owner). Drops that\n" +
			"left stay where they are. It waits for nobody: a run at work looks at it before it\n" +
			"publishes. Where the agreement's file is not at hand, give its id.",
		agreement.Resume: "Lets exports go on that were suspended. It is for an asset owner or the SIRO\n" +
			"(Senior Information Risk Owner); where the Data Protection Officer suspended, the\n" +
			"DPO must have advised again first.",
		agreement.Terminate: "Ends an agreement for good. It is for an asset owner or the SIRO (Senior\n" +
			"Information Risk Owner), and nothing takes it back. The reason says whether the\n" +
			"recipient may keep what it has or must destroy it now.",
	}
	return text[verb] + "\n\nIt is a short form of postern agreement sign --decision " + string(verb) + ".\n\n" + exitCodes
}

// agreementStopCommand is a short form of sign for what must be quick.
func (p *program) agreementStopCommand(verb agreement.Verb, short string) *cobra.Command {
	ask := asked{decision: string(verb)}
	c := p.jsonFlag(&cobra.Command{
		Use: string(verb) + " AGREEMENT --reason TEXT --key KEY", Short: short, Long: stopLong(verb),
		Example: "  postern agreement " + string(verb) + " agreements/mine.yaml --reason \"a complaint\" --key ~/.ssh/id_ed25519",
		Args:    arguments(1, 1, "the agreement's file"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.sign(cmd.Context(), args[0], ask) },
	})
	ask.flags(c)
	return c
}

func (p *program) agreementSuspendCommand() *cobra.Command {
	return p.agreementStopCommand(agreement.Suspend, "Stop exports under an agreement for now")
}

func (p *program) agreementResumeCommand() *cobra.Command {
	return p.agreementStopCommand(agreement.Resume, "Let exports go on that were suspended")
}

func (p *program) agreementTerminateCommand() *cobra.Command {
	return p.agreementStopCommand(agreement.Terminate, "End an agreement for good")
}
