package main

import "github.com/spf13/cobra"

func (p *program) registerCommand() *cobra.Command {
	return group("register", "See what was recorded, and that nobody changed it",
		p.registerVerifyCommand(), p.registerShowCommand(), p.registerProcessingCommand(), p.registerCheckpointCommand(), p.registerEraseCommand())
}
