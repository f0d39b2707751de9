package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed agreement.yaml
var agreementYAML []byte

//go:embed script.py
var scriptPY []byte

const agreementName = "agreements/attendance.yaml"

const configuration = `organisation: {name: Coventry City Council, la_code: "331"}
extracts: ./extracts
agreements: ./agreements
state: ./state
store: dir:./drops
keys:
  master: file:./keys/master
  identity: file:./keys/identity
  salts: file:./keys/salts
  signing: file:./keys/signing
  register: file:./keys/register
  rights: file:./keys/rights.pub
`

// found makes a council that does not exist, with keys, three people and an agreement that is in force, by the commands that
// a council uses. Every run begins with a copy of it, so that each drop is its first, and all have the same codes.
func found(ctx context.Context, s setting) (string, error) {
	folder := filepath.Join(s.folder, "council")
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	for _, sub := range []string{"agreements", "extracts", "drops", "people"} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
			return "", err
		}
	}
	command := func(name string, args ...string) error {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
		}
		return nil
	}
	roles := "apiVersion: postern/roles/v1\norganisation: \"331\"\npeople:\n"
	for _, p := range [][3]string{{"Ada Analyst", "submitter", "ada"}, {"Dora Officer", "dpo", "dora"}, {"Owen Owner", "asset-owner", "owen"}} {
		if err := command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "people/"+p[2]); err != nil {
			return "", err
		}
		public, err := os.ReadFile(filepath.Join(folder, "people", p[2]+".pub"))
		if err != nil {
			return "", err
		}
		roles += fmt.Sprintf("  - {name: %s, role: %s, key: %s}\n", p[0], p[1], strings.TrimSpace(string(public)))
	}
	for name, text := range map[string][]byte{"postern.yaml": []byte(configuration), "agreements/roles.yaml": []byte(roles), agreementName: agreementYAML} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return "", err
		}
	}
	for _, args := range []string{
		"keys new " + agreementName,
		"agreement sign agreements/roles.yaml --key people/dora",
		"agreement sign agreements/roles.yaml --key people/owen",
		"agreement sign " + agreementName + " --decision submit --key people/ada",
		"agreement sign " + agreementName + " --decision advise-clear --key people/dora",
		"agreement sign " + agreementName + " --decision approve --key people/owen",
	} {
		if err := command(s.postern, strings.Fields(args)...); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// copied copies a folder with the permissions of what is in it, which the gate looks at.
func copied(to, from string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, below)
		if d.IsDir() {
			return os.MkdirAll(target, info.Mode().Perm())
		}
		return copiedFile(target, name, info.Mode().Perm())
	})
}

func copiedFile(to, from string, mode fs.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
