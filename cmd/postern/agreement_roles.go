package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

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
	name, err := p.rolesSigner(g, roles, signer.PublicKey())
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
// or in an earlier one, or whose key was revoked, has nothing to sign: the signature would only make the file void.
func (p *program) rolesSigner(g *export.Gateway, roles *agreement.Roles, key ssh.PublicKey) (string, error) {
	today, err := civil.On(p.now())
	if err != nil {
		return "", err
	}
	revoked := func(day *civil.Date) bool { return day != nil && *day <= today }
	refusal := finding.Refuse(finding.KeyRevoked, "use another key that the roles file names", "the key is revoked, and signs no roles file")
	person, ok := roles.Holder(key)
	if ok && revoked(person.Revoked) {
		return "", refusal
	}
	if books, err := g.ViewBooks(); err == nil {
		holder, err := books.HeldBefore(signature.Fingerprint(key))
		switch {
		case err != nil:
			return "", err
		case holder != nil && revoked(holder.Revoked):
			return "", refusal
		case !ok && holder != nil:
			return agreement.Person{Name: holder.Name}.Principal(), nil
		}
	}
	if ok {
		return person.Principal(), nil
	}
	return "", finding.Refuse(finding.RoleNotAllowed, "use the key that the roles file names, or named before",
		"the key holds no role in %s, and held none before", export.RolesFile)
}
