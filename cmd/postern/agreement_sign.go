package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
)

const signLong = `Makes a decision on an agreement and signs it with your OpenSSH key, or stores
one that was signed elsewhere, or signs the roles file.

A decision is a short statement over the exact bytes of the agreement and of the
dataset definitions: change one byte, and every decision on it is void. Your
role is the one that the roles file gives your key. An export needs

  submit                    by a submitter; the agreement must be complete
  advise-clear, advise-with-conditions, advise-query or advise-against
                            by the Data Protection Officer
  approve                   by an asset owner (who answers for the data) or the SIRO
                            (Senior Information Risk Owner), within 90 days. Where the
                            advice has conditions, or is against it, --reason says how
                            they are met, or why

by three different people. What has begun can be stopped, and is closed in the end:

  suspend                   by the DPO, an asset owner or the SIRO
  resume, terminate         by an asset owner or the SIRO
  start-closing             by one of the two, when the agreement has ended: --reason says
                            how destruction was asked for, and by when
  note-closure              by the DPO
  close                     by another person than the DPO's: --reason names the
                            certificates of destruction. The store must hold nothing of
                            the agreement any more, and its secrets must be destroyed

A key file with a passphrase, or a hardware key, is used through ssh-agent: give
its .pub file. A key on another machine signs what postern agreement statement
writes; --statement then checks that file and its .sig, and stores both.

` + exitCodes

func (p *program) agreementSignCommand() *cobra.Command {
	var ask asked
	sign := p.jsonFlag(&cobra.Command{
		Use: "sign AGREEMENT|ROLES --key KEY [--decision DECISION]", Short: "Sign a decision on an agreement, or the roles file", Long: signLong,
		Example: "  postern agreement sign agreements/mine.yaml --decision submit --key ~/.ssh/id_ed25519\n" +
			"  postern agreement sign agreements/mine.yaml --decision advise-with-conditions --reason \"only the secure setting\" --key dpo.pub\n" +
			"  postern agreement sign agreements/mine.yaml --statement decision.txt\n" +
			"  postern agreement sign agreements/roles.yaml --key ~/.ssh/id_ed25519",
		Args: arguments(1, 1, "one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ask.statement != "" {
				return p.fileStatement(cmd.Context(), args[0], ask)
			}
			return p.sign(cmd.Context(), args[0], ask)
		},
	})
	ask.flags(sign)
	sign.Flags().StringVar(&ask.decision, "decision", "", "the `DECISION`: "+verbs())
	sign.Flags().StringVar(&ask.statement, "statement", "", "a `FILE` that postern agreement statement wrote, with its signature in FILE.sig")
	return sign
}

// asked is a decision as the command line asks for it.
type asked struct{ key, decision, reason, statement string }

func (a *asked) flags(c *cobra.Command) {
	c.Flags().StringVar(&a.key, "key", "", "your private key `FILE`, or the .pub file of a key in ssh-agent")
	c.Flags().StringVar(&a.reason, "reason", "", "conditions or reason, one line of `TEXT`")
}

func verbs() string {
	var words []string
	for _, v := range agreement.Verbs() {
		words = append(words, string(v))
	}
	return strings.Join(words, ", ")
}

func roleWords(roles []agreement.Role) string {
	var words []string
	for _, r := range roles {
		words = append(words, string(r))
	}
	return strings.Join(words, " or ")
}

// desk is where a decision is made: the agreement, those who may decide, and the lock that keeps others from it.
type desk struct {
	config *config.Config
	*export.Gateway
	file      string
	agreement *agreement.Agreement
	roles     *agreement.Roles
	lock      *state.Lock // nil while another has it
	busy      error       // then why
	unread    bool        // the agreement is known by its id alone
}

// openDesk reads what a decision on an agreement is made on. The caller closes it. Who suspends may give the id of an
// agreement whose file is not at hand.
func (p *program) openDesk(file string, verb agreement.Verb) (d *desk, err error) {
	d = &desk{file: file}
	if d.config, d.Gateway, err = p.openGateway(); err != nil {
		return nil, err
	}
	d.agreement, err = export.LoadAgreement(file, d.Catalogue)
	var missing *finding.Refusal
	if verb == agreement.Suspend && errors.As(err, &missing) && missing.Code == finding.AgreementMissing && filepath.Base(file) == file && filepath.Ext(file) == "" {
		d.unread = true
		d.agreement, err = d.Unread(file)
	}
	if err != nil {
		return nil, err
	}
	if d.lock, d.busy = d.State.Lock(); d.busy != nil && !errors.Is(d.busy, state.ErrLocked) {
		return nil, d.busy
	}
	books, err := d.ViewBooks()
	if err == nil {
		d.roles, err = d.LoadRoles(books)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *desk) close() {
	if d.lock != nil {
		_ = d.lock.Unlock() // the process ends, and the lock with it
	}
}

// waits says why a decision has to wait: another writes in the state folder. A suspension waits for nobody; the run at
// work looks at it before it publishes.
func (d *desk) waits(verb agreement.Verb) error {
	if verb == agreement.Suspend {
		return nil
	}
	return d.busy
}

// judge finds out where the agreement stands with the decisions on it, and records them where the register's key is at
// hand and nobody else writes in it.
func (d *desk) judge() (j *export.Judgement, recorded bool, err error) {
	var books *export.Books
	if d.lock != nil {
		books, err = d.OpenBooks()
		recorded = err == nil
	}
	if !recorded {
		if books, err = d.ViewBooks(); err != nil {
			return nil, false, err
		}
	}
	if d.unread {
		j, err = d.JudgeUnread(d.agreement, books)
	} else {
		j, err = d.Judge(d.file, books)
	}
	if err == nil && recorded {
		err = books.EnterDecisions(j)
	}
	return j, recorded, err
}

// sign makes a decision and signs it here.
func (p *program) sign(ctx context.Context, file string, ask asked) error {
	if ask.key == "" {
		return usage("give --key the file of your private key, or the .pub file of a key in ssh-agent", "no key is given to sign with")
	}
	signer, err := signature.LoadSigner(ask.key)
	if err != nil {
		return usageError{err}
	}
	if filepath.Base(file) == export.RolesFile {
		if ask.decision != "" || ask.reason != "" {
			return usage("leave --decision and --reason out", "the roles file is signed as it is, not decided on")
		}
		_, g, err := p.openGateway()
		if err != nil {
			return err
		}
		return p.signRoles(g, file, signer)
	}
	verb := agreement.Verb(ask.decision)
	d, err := p.openDesk(file, verb)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.waits(verb); err != nil {
		return err
	}
	person, ok := d.roles.Holder(signer.PublicKey())
	if !ok {
		return finding.Refuse(finding.RoleNotAllowed, "use the key that the roles file names, or have the roles file changed and signed", "the key holds no role in %s", export.RolesFile)
	}
	if allowed := verb.Roles(); len(allowed) > 0 && !slices.Contains(allowed, person.Role) {
		return finding.Refuse(finding.RoleNotAllowed, "have it signed with the key of: "+roleWords(allowed), "%s is %s, and may not %s", person.Name, person.Role, verb)
	}
	made, statement, err := p.statementOf(d.Gateway, d.agreement, person.Role, verb, ask.reason)
	if err != nil {
		return err
	}
	if err := person.MayDecide(verb, p.now()); err != nil {
		return err
	}
	if err := p.admit(ctx, d, verb); err != nil {
		return err
	}
	armoured, err := signature.Sign(signer, signature.DecisionNamespace, statement)
	if err != nil {
		return finding.WithHint(err, "check that the key is in ssh-agent, or touch the hardware key")
	}
	return p.store(d, made, armoured, person.Name)
}

// statementOf makes a decision and its statement.
func (p *program) statementOf(g *export.Gateway, a *agreement.Agreement, role agreement.Role, verb agreement.Verb, reason string) (agreement.Decision, []byte, error) {
	d, err := agreement.Decide(a, g.Catalogue.Digest(), role, verb, reason, p.now(), nil)
	if err != nil {
		return d, nil, usageError{err}
	}
	statement, err := d.Statement()
	if err != nil { // nothing else in it comes from the command line
		return d, nil, usage(finding.HintOf(err), "--reason is not one line of plain text")
	}
	return d, statement, nil
}

// fileStatement stores a decision that was signed elsewhere.
func (p *program) fileStatement(ctx context.Context, file string, ask asked) error {
	if ask.key != "" || ask.decision != "" || ask.reason != "" {
		return usage("leave --key, --decision and --reason out: the statement has them", "a statement is signed already")
	}
	if filepath.Base(file) == export.RolesFile {
		return usage("sign the roles file itself: ssh-keygen -Y sign -n "+signature.RolesNamespace+", and put the signature beside it as "+export.RolesFile+".NAME.sig",
			"there is no statement about the roles file")
	}
	signed := agreement.SignedDecision{File: ask.statement}
	var err error
	if signed.Statement, err = readFile(ask.statement, "the statement"); err != nil {
		return err
	}
	signed.Signature, err = os.ReadFile(ask.statement + ".sig")
	if errors.Is(err, fs.ErrNotExist) {
		return usage("sign it: ssh-keygen -Y sign -n "+signature.DecisionNamespace+" -f KEY "+ask.statement, "there is no signature %s.sig beside the statement", ask.statement)
	}
	if err != nil {
		return usage("check the path", "the signature cannot be read: %w", err)
	}
	d, err := p.openDesk(file, "")
	if err != nil {
		return err
	}
	defer d.close()
	held, err := agreement.Hold(d.agreement, d.Catalogue.Digest(), d.roles, signed, p.now())
	if err != nil {
		return err
	}
	if err := d.waits(held.Decision.Verb); err != nil {
		return err
	}
	if err := p.admit(ctx, d, held.Decision.Verb); err != nil {
		return err
	}
	return p.store(d, held.Decision, signed.Signature, held.Name)
}

// store stores a decision, records it in the register where its key is at hand, and says what was done. Where people sign
// on machines of their own, the next run of the gate records it.
func (p *program) store(d *desk, made agreement.Decision, armoured []byte, name string) error {
	path, err := agreement.WriteDecision(d.config.Agreements, made, armoured)
	if err != nil {
		return err
	}
	judgement, recorded, err := d.judge()
	if err != nil {
		return err
	}
	counts, why := false, ""
	for _, c := range judgement.Status.Decisions {
		if filepath.Base(c.File) == filepath.Base(path) {
			counts, why = c.Counts, c.Why
		}
	}
	if p.json {
		out := map[string]any{
			"statement": path, "signature": path + ".sig", "name": name, "role": made.Role, "registered": recorded,
			"counts": counts, "why_not": why, "state": judgement.Status.State,
		}
		if d.unread {
			delete(out, "state") // what an agreement is that nobody has read is not known
		}
		return writeJSON(p.stdout, out)
	}
	when := "It is in the register."
	switch {
	case recorded:
	case d.lock == nil:
		when = "The register is in use: the run at work, or the next one, enters it."
	default:
		when = "The register's key is not here: the next run of the gate enters it."
	}
	if !counts {
		when += "\nIt does not count as things stand: " + why + "."
	}
	_, err = fmt.Fprintf(p.stdout, "Signed as %s (%s): %s\n%s\n", name, made.Role, path, when)
	return err
}
