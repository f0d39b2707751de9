// Command postern-verify is the recipient's end of the gate: it tells whether a drop is exactly what a council sent and
// what it says it is. It holds no key and can read no extract.
//
//	postern-verify dsa-coventry-fv-2026/0007-20261121 --signers allowed_signers
//	postern-verify pull /srv/drops/dsa-coventry-fv-2026 received --signers allowed_signers
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
