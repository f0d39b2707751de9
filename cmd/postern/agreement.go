package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

const signLong = `Makes a decision on an agreement and signs it with your OpenSSH key, or signs
the roles file.

A decision is a short statement over the exact bytes of the agreement and of the
dataset definitions: change one byte, and every decision on it is void. Your
role is the one that the roles file gives your key. An export needs

  submit                    by a submitter
  advise-clear, advise-with-conditions, advise-query or advise-against
                            by the Data Protection Officer
  approve                   by an asset owner (who answers for the data) or the SIRO
                            (Senior Information Risk Owner)

by three different people. A key file with a passphrase, or a hardware key, is
used through ssh-agent: give its .pub file.

` + exitCodes

func (p *program) agreementCommand() *cobra.Command {
	var key, decision, reason string
	sign := p.jsonFlag(&cobra.Command{
		Use: "sign AGREEMENT|ROLES --key KEY [--decision DECISION]", Short: "Sign a decision on an agreement, or the roles file", Long: signLong,
		Example: "  postern agreement sign agreements/mine.yaml --decision submit --key ~/.ssh/id_ed25519\n" +
			"  postern agreement sign agreements/mine.yaml --decision advise-with-conditions --reason \"only the secure setting\" --key dpo.pub\n" +
			"  postern agreement sign agreements/roles.yaml --key ~/.ssh/id_ed25519",
		Args: arguments(1, 1, "one file"),
		RunE: func(_ *cobra.Command, args []string) error { return p.sign(args[0], key, decision, reason) },
	})
	sign.Flags().StringVar(&key, "key", "", "your private key `FILE`, or the .pub file of a key in ssh-agent (required)")
	sign.Flags().StringVar(&decision, "decision", "", "the `DECISION`: "+verbs())
	sign.Flags().StringVar(&reason, "reason", "", "conditions or reason, one line of `TEXT`")
	show := &cobra.Command{
		Use: "show AGREEMENT", Short: "Write an agreement as a page to read aloud", Args: arguments(1, 1, "the agreement's file"),
		Example: "  postern agreement show agreements/family-valued-2026.yaml",
		Long:    "Writes who shares what with whom, why, on what basis and until when, and each\ncolumn that leaves: from what it is made, how it is changed, why it is needed.\n\n" + exitCodes,
		RunE:    func(_ *cobra.Command, args []string) error { return p.show(args[0]) },
	}
	status := p.jsonFlag(&cobra.Command{
		Use: "status AGREEMENT", Short: "Say whether an export may be made, and which decisions count", Args: arguments(1, 1, "the agreement's file"),
		Example: "  postern agreement status agreements/family-valued-2026.yaml",
		Long:    "Says where an agreement stands, what refuses an export under it, and of each\ndecision whether it counts.\n\n" + exitCodes,
		RunE:    func(_ *cobra.Command, args []string) error { return p.status(args[0]) },
	})
	return group("agreement", "Decide on agreements, and see where they stand", sign, show, status)
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

func (p *program) sign(file, key, decision, reason string) error {
	if key == "" {
		return usage("give --key the file of your private key, or the .pub file of a key in ssh-agent", "no key is given to sign with")
	}
	signer, err := signature.LoadSigner(key)
	if err != nil {
		return usageError{err}
	}
	c, g, err := p.openGateway()
	if err != nil {
		return err
	}
	if filepath.Base(file) == export.RolesFile {
		if decision != "" || reason != "" {
			return usage("leave --decision and --reason out", "the roles file is signed as it is, not decided on")
		}
		return p.signRoles(g, file, signer)
	}
	a, err := export.LoadAgreement(file, g.Catalogue)
	if err != nil {
		return err
	}
	lock, err := g.State.Lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }() // the process ends, and the lock with it
	books, err := g.ViewBooks()
	if err != nil {
		return err
	}
	roles, err := g.LoadRoles(books)
	if err != nil {
		return err
	}
	person, ok := roles.Holder(signer.PublicKey())
	if !ok {
		return finding.Refuse(finding.RoleNotAllowed, "use the key that the roles file names, or have the roles file changed and signed", "the key holds no role in %s", export.RolesFile)
	}
	verb := agreement.Verb(decision)
	if allowed := verb.Roles(); len(allowed) > 0 && !slices.Contains(allowed, person.Role) {
		return finding.Refuse(finding.RoleNotAllowed, "have it signed with the key of: "+roleWords(allowed), "%s is %s, and may not %s", person.Name, person.Role, verb)
	}
	d, err := agreement.Decide(a, g.Catalogue.Digest(), person.Role, verb, reason, p.now(), nil)
	if err != nil {
		return usageError{err}
	}
	statement, err := d.Statement()
	if err != nil { // nothing else in it comes from the command line
		return usage(finding.HintOf(err), "--reason is not one line of plain text")
	}
	armoured, err := signature.Sign(signer, signature.DecisionNamespace, statement)
	if err != nil {
		return finding.WithHint(err, "check that the key is in ssh-agent, or touch the hardware key")
	}
	path, err := agreement.WriteDecision(c.Agreements, d, armoured)
	if err != nil {
		return err
	}
	return p.entered(g, file, path, person)
}

// entered records the decision in the register where its key is at hand, and says what was done. Where people sign on
// machines of their own, the next run of the gate records it.
func (p *program) entered(g *export.Gateway, file, path string, person agreement.Person) error {
	recorded := false
	if books, err := g.OpenBooks(); err == nil {
		judgement, err := g.Judge(file, books)
		if err != nil {
			return err
		}
		if err := books.EnterDecisions(judgement); err != nil {
			return err
		}
		recorded = true
	}
	if p.json {
		return writeJSON(p.stdout, map[string]any{"statement": path, "signature": path + ".sig", "name": person.Name, "role": person.Role, "registered": recorded})
	}
	when := "It is in the register."
	if !recorded {
		when = "The register's key is not here: the next run of the gate enters it."
	}
	_, err := fmt.Fprintf(p.stdout, "Signed as %s (%s): %s\n%s\n", person.Name, person.Role, path, when)
	return err
}

// signRoles signs the roles file.
func (p *program) signRoles(g *export.Gateway, file string, signer ssh.Signer) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return usageError{fmt.Errorf("read the roles file: %w", err)}
	}
	roles, err := agreement.ParseRoles(file, data)
	if err != nil {
		return err
	}
	name, err := rolesSigner(g, roles, signer.PublicKey())
	if err != nil {
		return err
	}
	armoured, err := signature.Sign(signer, signature.RolesNamespace, data)
	if err != nil {
		return finding.WithHint(err, "check that the key is in ssh-agent, or touch the hardware key")
	}
	path := file + "." + name + ".sig"
	if err := os.WriteFile(path, armoured, 0o644); err != nil { //nolint:gosec // a signature is for everybody to read
		return fmt.Errorf("write the signature: %w", err)
	}
	left := ""
	if books, err := g.ViewBooks(); err == nil {
		if _, err := g.LoadRoles(books); err != nil {
			left = strings.TrimPrefix(err.Error(), string(finding.SignatureMissing)+": ")
		}
	}
	if p.json {
		return writeJSON(p.stdout, map[string]any{"roles": file, "signature": path, "valid": left == "", "why_not": left})
	}
	sentence := "The roles file is valid."
	if left != "" {
		sentence = "The roles file is not valid yet: " + left
	}
	_, err = fmt.Fprintf(p.stdout, "Signed %s: %s\n%s\n", file, path, sentence)
	return err
}

// rolesSigner names the one whose key it is, as the signature's file is called. Somebody who holds no role, in the file
// or in an earlier one, has nothing to sign: the signature would only make the file void.
func rolesSigner(g *export.Gateway, roles *agreement.Roles, key ssh.PublicKey) (string, error) {
	if person, ok := roles.Holder(key); ok {
		return person.Principal(), nil
	}
	if books, err := g.ViewBooks(); err == nil {
		holder, err := books.HeldBefore(signature.Fingerprint(key))
		if err != nil {
			return "", err
		}
		if holder != nil {
			return agreement.Person{Name: holder.Name}.Principal(), nil
		}
	}
	return "", finding.Refuse(finding.RoleNotAllowed, "use the key that the roles file names, or named before",
		"the key holds no role in %s, and held none before", export.RolesFile)
}

func (p *program) show(file string) error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	a, err := export.LoadAgreement(file, g.Catalogue)
	if err != nil {
		return err
	}
	status, err := judged(g, file)
	if err != nil {
		status = nil // a page can be read before there are roles to decide on it
	}
	return agreement.ShowText(p.stdout, a, g.Catalogue, status)
}

// judged is an agreement's status as the register knows the roles.
func judged(g *export.Gateway, file string) (*agreement.Status, error) {
	books, err := g.ViewBooks()
	if err != nil {
		return nil, err
	}
	j, err := g.Judge(file, books)
	if err != nil {
		return nil, err
	}
	return j.Status, nil
}

// statusJSON is a status as a machine reads it.
type statusJSON struct {
	Agreement string             `json:"agreement"`
	Version   int                `json:"version"`
	State     agreement.State    `json:"state"`
	MayExport bool               `json:"may_export"`
	Refusals  []*finding.Refusal `json:"refusals"`
	Decisions []decisionJSON     `json:"decisions"`
}

type decisionJSON struct {
	File     string `json:"file"`
	Role     string `json:"role"`
	Decision string `json:"decision"`
	Name     string `json:"name"`
	Reason   string `json:"reason,omitempty"`
	Counts   bool   `json:"counts"`
	Why      string `json:"why,omitempty"`
}

func (p *program) status(file string) error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	s, err := judged(g, file)
	if err != nil {
		return err
	}
	permit := s.Permit()
	var refusal *finding.Refusal
	if permit != nil && !errors.As(permit, &refusal) {
		return permit
	}
	out := statusJSON{
		Agreement: s.Agreement, Version: s.Version, State: s.State, MayExport: permit == nil,
		Refusals: append([]*finding.Refusal{}, s.Refusals...), Decisions: []decisionJSON{},
	}
	for _, d := range s.Decisions {
		out.Decisions = append(out.Decisions, decisionJSON{
			File: d.File, Role: string(d.Decision.Role), Decision: string(d.Decision.Verb), Name: d.Name,
			Reason: d.Decision.Reason, Counts: d.Counts, Why: d.Why,
		})
	}
	if p.json {
		return writeJSON(p.stdout, out)
	}
	return out.write(p.stdout)
}

func (s statusJSON) write(w io.Writer) error {
	var b strings.Builder
	may := "An export may be made."
	if !s.MayExport {
		may = "No export may be made."
	}
	fmt.Fprintf(&b, "%s version %d is %s. %s\n", s.Agreement, s.Version, s.State, may)
	for _, r := range s.Refusals {
		fmt.Fprintf(&b, "  %s: %s\n    %s\n", r.Code, r.Sentence, r.Hint)
	}
	if len(s.Decisions) == 0 {
		b.WriteString("There is no decision on it yet.\n")
	}
	for _, d := range s.Decisions {
		counts := "counts"
		if !d.Counts {
			counts = "does not count: " + d.Why
		}
		fmt.Fprintf(&b, "  %s by %s (%s): %s\n", d.Decision, d.Name, d.Role, counts)
		if d.Reason != "" {
			fmt.Fprintf(&b, "    %s\n", d.Reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
