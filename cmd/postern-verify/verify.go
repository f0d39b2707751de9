package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Exit codes. They are among those of postern, with the same meanings.
const (
	exitVerified    = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitStore       = 5
	exitNotVerified = 6
	exitInterrupted = 130
)

const long = `Tells whether a drop is exactly what a council sent, and what it says it is:
its signature, that no file is missing, added or changed, its description,
every table, the council's register, and whether the council has withdrawn it.
"postern-verify pull" fetches an agreement's new drops, verifying each.

DROP is the folder that holds SHA256SUMS (also written dir:FOLDER), or its address
in a bucket, in quotes: 's3://BUCKET/PREFIX/AGREEMENT/DROP?region=REGION', where it is
not AWS's own with &endpoint=https://HOST, &path_style=true and &ca=FILE as needed.
Credentials are found where AWS's own tools find them.

The file of allowed signers comes from the council, by another way than the
drop: a drop cannot vouch for itself.

` + exitCodes

const exitCodes = `Exit codes: 0 verified · 1 unexpected · 2 usage · 5 the drop could not be read,
safe to retry · 6 not verified or withdrawn, do not use the drop · 130 interrupted`

// errNotVerified ends a run whose report says that the drop must not be used.
var errNotVerified = errors.New("the drop is not verified")

// errWithdrawn ends a run whose report says that the council has withdrawn the drop.
var errWithdrawn = errors.New("the drop is withdrawn")

// usageError is a mistake in the command line.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }

type options struct {
	signers, identity, previous, since string
	json                               bool
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var opt options
	command := &cobra.Command{
		Use:           "postern-verify DROP --signers FILE",
		Short:         "Tell whether a drop is exactly what a council sent",
		Long:          long,
		Example:       "  postern-verify 0007-20261121 --signers allowed_signers --previous 0006-20261021",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("give one drop, the folder that holds its SHA256SUMS, or its address in a bucket", "see postern-verify --help")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return verify(ctx, args[0], opt, stdout) },
	}
	command.CompletionOptions.HiddenDefaultCmd = true
	command.AddCommand(pullCommand(ctx, stdout))
	command.SetArgs(args)
	command.SetOut(stdout)
	command.SetErr(stderr)
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err.Error(), "see postern-verify --help") })
	flags := command.Flags()
	opt.trustFlags(command)
	flags.StringVar(&opt.previous, "previous", "", "the `DROP` before this one, to see that none was left out in between")
	flags.StringVar(&opt.since, "since", "", "a checkpoint of the council's register that you kept, or an older drop's register.proof, in `FILE`: history since was not rewritten")
	return exit(ctx, command.ExecuteContext(ctx), stderr)
}

// trustFlags are the flags of every command: whom to trust, and the form of the report.
func (o *options) trustFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&o.signers, "signers", "", "the council's keys, a `FILE` in the form of ssh-keygen's allowed_signers (required)")
	flags.StringVar(&o.identity, "identity", "", "the `NAME` in that file that must have signed (default any)")
	flags.BoolVar(&o.json, "json", false, "write the report as JSON")
}

// trust reads whom to trust.
func (o *options) trust() (recipient.Options, error) {
	var none recipient.Options
	if o.signers == "" {
		return none, usage("no allowed signers are given",
			"give --signers FILE, the allowed_signers file that the council sent you by another way than the drop")
	}
	data, err := os.ReadFile(o.signers)
	if err != nil {
		return none, usageError{finding.WithHint(err, "give --signers the allowed_signers file of the council")}
	}
	allowed, err := signature.ParseAllowedSigners(data)
	if err != nil {
		return none, usageError{fmt.Errorf("%s: %w", o.signers, err)}
	}
	return recipient.Options{AllowedSigners: allowed, Identity: o.identity, Now: time.Now()}, nil
}

func usage(message, hint string) error {
	return usageError{finding.WithHint(errors.New(message), hint)}
}

// exit writes an error as every error of Postern is written, and gives its code.
func exit(ctx context.Context, err error, stderr io.Writer) int {
	var mistake usageError
	code := exitStore
	switch {
	case err == nil:
		return exitVerified
	case ctx.Err() != nil:
		code, err = exitInterrupted, errors.New("interrupted")
	case errors.As(err, &mistake):
		code = exitUsage
	case errors.Is(err, errNotVerified), errors.Is(err, errWithdrawn):
		code = exitNotVerified
	case errors.Is(err, errOutput):
		code = exitUnexpected
	}
	complaint := fmt.Sprintf("postern-verify: error: %v\n", err)
	if hint := finding.HintOf(err); hint != "" {
		complaint += fmt.Sprintf("postern-verify: hint: %s\n", hint)
	}
	if _, err := io.WriteString(stderr, complaint); err != nil {
		return exitUnexpected
	}
	return code
}

// verify looks at a drop and writes the report.
func verify(ctx context.Context, path string, opt options, stdout io.Writer) (err error) {
	options, err := opt.trust()
	if err != nil {
		return err
	}
	if opt.since != "" {
		kept, err := keptCheckpoint(opt.since, options)
		if err != nil {
			return usageError{err}
		}
		options.Since = kept
	}
	drop, err := recipient.Open(ctx, path)
	if err != nil {
		return usageError{err}
	}
	defer func() { err = errors.Join(err, drop.Close()) }()
	if opt.previous != "" {
		previous, err := recipient.Open(ctx, opt.previous)
		if err != nil {
			return usageError{err}
		}
		defer func() { err = errors.Join(err, previous.Close()) }()
		options.Previous = previous
	}
	report, err := recipient.Verify(ctx, drop, options)
	if err != nil {
		return retry(err)
	}
	if err := write(report, opt.json, stdout); err != nil {
		return err
	}
	if report.Withdrawn != nil {
		return finding.WithHint(errWithdrawn, "destroy every copy, back-ups too, and tell the council; ask it for the drop that replaces this one")
	}
	if !report.Verified {
		return finding.WithHint(errNotVerified, "keep what you have, do not use it, and call the council on a number you already have")
	}
	return nil
}

// keptCheckpoint reads a checkpoint that the recipient kept.
func keptCheckpoint(file string, opt recipient.Options) (*register.Checkpoint, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, finding.WithHint(err, "give --since the checkpoint that you kept, or the register.proof of a drop")
	}
	kept, err := recipient.ParseCheckpoint(data, opt.AllowedSigners, opt.Now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &kept, nil
}

// retry says of a failure to read what can be done about any.
func retry(err error) error {
	if finding.HintOf(err) != "" {
		return err
	}
	return finding.WithHint(err, "see that the drop can be read, and try again")
}
