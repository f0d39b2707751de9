package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

const statementLong = `Writes a decision as the text that is signed, for a key that is on another
machine or in a token that only ssh-keygen reaches. Read it before you sign it:
it names the agreement, its version and exact bytes, the dataset definitions,
your role and what you decide.

Standard output has the statement and nothing else; standard error says how to
sign it. The signature is stored with postern agreement sign --statement.

` + exitCodes

func (p *program) agreementStatementCommand() *cobra.Command {
	var decision, role, reason string
	c := &cobra.Command{
		Use: "statement AGREEMENT --decision DECISION --role ROLE", Short: "Write a decision as the text that is signed elsewhere", Long: statementLong,
		Example: "  postern agreement statement agreements/mine.yaml --decision advise-clear --role dpo > decision.txt\n" +
			"  postern agreement sign agreements/mine.yaml --statement decision.txt",
		Args: arguments(1, 1, "the agreement's file"),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.statement(args[0], agreement.Verb(decision), agreement.Role(role), reason)
		},
	}
	c.Flags().StringVar(&decision, "decision", "", "the `DECISION`: "+verbs()+" (required)")
	c.Flags().StringVar(&role, "role", "", "the `ROLE` in which it is made: submitter, dpo, asset-owner or siro (required)")
	c.Flags().StringVar(&reason, "reason", "", "conditions or reason, one line of `TEXT`")
	return c
}

func (p *program) statement(file string, verb agreement.Verb, role agreement.Role, reason string) error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	a, err := export.LoadAgreement(file, g.Catalogue)
	if err != nil {
		return err
	}
	if allowed := verb.Roles(); len(allowed) > 0 && !slices.Contains(allowed, role) {
		return finding.Refuse(finding.RoleNotAllowed, "give --role one of: "+roleWords(allowed), "the role given may not %s", verb)
	}
	_, text, err := p.statementOf(g, a, role, verb, reason)
	if err != nil {
		return err
	}
	if verb == agreement.Submit {
		if err := p.complete(g, a); err != nil {
			return err
		}
	}
	if _, err := p.stdout.Write(text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stderr, "postern: next: save this as decision.txt, unchanged, and sign it with your key:\n"+
		"  ssh-keygen -Y sign -n %s -f KEY decision.txt\n"+
		"postern: next: store decision.txt and decision.txt.sig:\n"+
		"  postern agreement sign %s --statement decision.txt\n", signature.DecisionNamespace, file)
	return err
}
