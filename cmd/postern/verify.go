package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/signature"
)

const verifyLong = `Checks a drop: that the council signed it, that no file is missing, added or
changed (each has its SHA-256, a number that any change changes), that every table
is what the manifest says, that the council's register has the drop, and that no
notice of withdrawal lies beside it. It is what the recipient's postern-verify does.

Without --signers the council's own public keys are taken, from postern.yaml.

` + exitCodes

func (p *program) verifyCommand() *cobra.Command {
	var signers, previous, since string
	c := &cobra.Command{
		Use: "verify DROP", Short: "Check a drop's signature, digests, tables and proof", Long: verifyLong,
		Example: "  postern verify drops/dsa-coventry-fv-2026/0001-20261121\n" +
			"  postern verify 's3://drops/coventry/dsa-coventry-fv-2026/0001-20261121?region=eu-west-2'",
		Args: arguments(1, 1, "one drop, the folder that holds its SHA256SUMS, or its address in a bucket"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.verify(cmd.Context(), args[0], signers, previous, since)
		},
	}
	c.Flags().StringVar(&signers, "signers", "", "the keys to trust, a `FILE` in the form of ssh-keygen's allowed_signers")
	c.Flags().StringVar(&previous, "previous", "", "the `DROP` before this one, to see that none was left out in between")
	c.Flags().StringVar(&since, "since", "", "a checkpoint of the register that was kept, or an older drop's register.proof, in `FILE`: history since was not rewritten")
	return p.jsonFlag(c)
}

func (p *program) verify(ctx context.Context, path, signers, previous, since string) (err error) {
	allowed, err := p.allowedSigners(signers)
	if err != nil {
		return err
	}
	drop, err := recipient.Open(ctx, path)
	if err != nil {
		return usageError{err}
	}
	defer func() { err = errors.Join(err, drop.Close()) }()
	opt := recipient.Options{AllowedSigners: allowed, Now: p.now()}
	if previous != "" {
		before, err := recipient.Open(ctx, previous)
		if err != nil {
			return usageError{err}
		}
		defer func() { _ = before.Close() }() // only read from: nothing is lost
		opt.Previous = before
	}
	if since != "" {
		data, err := readFile(since, "the checkpoint that was kept")
		if err != nil {
			return err
		}
		kept, err := recipient.ParseCheckpoint(data, allowed, opt.Now)
		if err != nil {
			return usageError{fmt.Errorf("%s: %w", since, err)}
		}
		opt.Since = &kept
	}
	report, err := recipient.Verify(ctx, drop, opt)
	if err != nil && finding.HintOf(err) == "" {
		err = finding.WithHint(err, "see that the drop can be read, and try again")
	}
	if err != nil {
		return err
	}
	if p.json {
		err = writeJSON(p.stdout, report)
	} else {
		err = report.WriteText(p.stdout)
	}
	if err == nil && report.Withdrawn != nil {
		return reported{finding.WithHint(damaged{errors.New("the drop is withdrawn")}, "see that the recipient has heard of it, and that every copy is destroyed; the next export replaces it")}
	}
	if err == nil && !report.Verified {
		return reported{finding.WithHint(errNotVerified, "do not let anybody use this drop; make a new one, and find out what changed it")}
	}
	return err
}

// allowedSigners reads a file of keys, or takes the council's own.
func (p *program) allowedSigners(file string) (signature.AllowedSigners, error) {
	if file != "" {
		data, err := readFile(file, "the file of allowed signers")
		if err != nil {
			return nil, err
		}
		allowed, err := signature.ParseAllowedSigners(data)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", file, err)}
		}
		return allowed, nil
	}
	_, g, err := p.openBookkeeper()
	if err != nil {
		return nil, err
	}
	return g.Signers()
}
