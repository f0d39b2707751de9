package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/recipient"
)

const pullLong = `Fetches the drops of an agreement that are not in the folder DIR yet. Each is
fetched to DIR/.incoming, verified there, and only then given its name in DIR. One
that the council has withdrawn is not fetched; one that was fetched before and
is withdrawn since gets the notice put beside its files, and is told of until it has
been destroyed. Nothing in DIR is ever changed or overwritten.

STORE/AGREEMENT is a folder, such as /srv/drops/dsa-coventry-fv-2026, or an address
in a bucket, in quotes: 's3://BUCKET/PREFIX/AGREEMENT?region=REGION'.

Each drop must continue the one before it. What shows that is kept in DIR/.records,
without any row: leave it there when you destroy a drop, so that a store which was
put back to an earlier state is noticed. When it is interrupted, run it again.

Exit codes: 0 all is as it should be · 1 unexpected · 2 usage · 5 the store could not
be read, safe to retry · 6 something is not verified, withdrawn and still here, or
missing from the store · 130 interrupted`

// errNotSound ends a pull whose report asks something of somebody.
var errNotSound = fmt.Errorf("not everything is as it should be: %w", errNotVerified)

func pullCommand(ctx context.Context, stdout io.Writer) *cobra.Command {
	var opt options
	command := &cobra.Command{
		Use: "pull STORE/AGREEMENT DIR --signers FILE", Short: "Fetch the new drops of an agreement, verifying each", Long: pullLong,
		Example: "  postern-verify pull /srv/drops/dsa-coventry-fv-2026 received --signers allowed_signers",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("give where the agreement's drops are, and the folder to fetch them into", "see postern-verify pull --help")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return pull(ctx, args[0], args[1], opt, stdout) },
	}
	opt.trustFlags(command)
	return command
}

func pull(ctx context.Context, from, folder string, opt options, stdout io.Writer) error {
	options, err := opt.trust()
	if err != nil {
		return err
	}
	store, agreement, err := recipient.OpenAgreement(ctx, from)
	if err != nil {
		return usageError{err}
	}
	report, err := recipient.Pull(ctx, store, agreement, folder, options)
	if err != nil {
		return retry(err)
	}
	if opt.json {
		e := json.NewEncoder(stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.WriteText(stdout)
	}
	if err != nil {
		return errors.Join(errOutput, err)
	}
	if !report.Sound {
		return finding.WithHint(errNotSound, "do what stands above; a drop that nothing is said against may be used")
	}
	return nil
}
