// Command postern is the gate through which a council's children's data leaves: it makes drops of one agreement from
// the extracts of the council's systems, and publishes them to a store.
//
//	postern check                                            every mistake in configuration, definitions and agreements
//	postern plan agreements/family-valued-2026.yaml          what would leave; writes nothing
//	postern export agreements/family-valued-2026.yaml        make and publish a drop
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // agreements begin and end in Europe/London, whatever the machine has installed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, time.Now)
	stop()
	os.Exit(code)
}
