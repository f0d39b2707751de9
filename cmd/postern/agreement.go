package main

import "github.com/spf13/cobra"

// agreementCommand holds what is done with agreements, in the order of an agreement's life.
func (p *program) agreementCommand() *cobra.Command {
	return group("agreement", "Write agreements, decide on them, and see where they stand",
		p.agreementNewCommand(),
		p.agreementShowCommand(),
		p.agreementDiffCommand(),
		p.agreementNoticeCommand(),
		p.agreementStatementCommand(),
		p.agreementSignCommand(),
		p.agreementStatusCommand(),
		p.agreementSuspendCommand(),
		p.agreementResumeCommand(),
		p.agreementTerminateCommand(),
	)
}
