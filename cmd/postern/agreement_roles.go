package main

import (
	"errors"
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
	left, recorded, err := enterRoles(g)
	if err != nil {
		return err
	}
	if p.json {
		return writeJSON(p.stdout, map[string]any{"roles": file, "signature": path, "valid": left == "", "why_not": left, "registered": recorded})
	}
	sentence := "The roles file is valid, and in the register: from now on it says who signs the next one."
	switch {
	case left != "":
		sentence = "The roles file is not valid yet: " + left
	case !recorded:
		sentence = "The roles file is valid. It is not in the register yet: the next run of the gate enters it."
	}
	_, err = fmt.Fprintf(p.stdout, "Signed %s: %s\n%s\n", file, path, sentence)
	return err
}

// enterRoles finds out why the roles file is not valid yet, and records it when it is: where the register's key is at hand
// and nobody else writes in it.
func enterRoles(g *export.Gateway) (left string, recorded bool, err error) {
	lock, busy := g.State.Lock()
	if busy == nil {
		defer func() { err = errors.Join(err, lock.Unlock()) }()
	}
	books, closed := (*export.Books)(nil), busy
	if closed == nil {
		books, closed = g.OpenBooks()
	}
	if closed != nil {
		if books, err = g.ViewBooks(); err != nil {
			return "", false, nil //nolint:nilerr // before there is a register, nobody is known of whom to ask
		}
	}
	roles, invalid := g.LoadRoles(books)
	if invalid != nil {
		return strings.TrimPrefix(invalid.Error(), string(finding.SignatureMissing)+": "), false, nil
	}
	if closed != nil {
		return "", false, nil
	}
	return "", true, books.EnterRoles(roles)
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
