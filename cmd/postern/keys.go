package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/signature"
)

const keysNewLong = `Makes whatever is missing of the council's keys, where postern.yaml says, and
the council's register, which records that they were made and never the keys
themselves. What is there is left as it is; nothing is ever overwritten. With an
agreement's file it makes the salt of that agreement too.

  master     the secret that all codes come from
  salts      one secret per agreement and key epoch (the number of the agreement's set
             of codes, 1 until it is given new ones); destroying one destroys its codes
  signing    signs drops            register   signs the register
  rights     seals who was in a drop; the private half (rights.identity) goes to
             the rights officer and is then removed from this machine
  identity   opens keys whose files end in .age

Back up the keys folder, encrypted, apart from the data. Losing the master or a
salt means that every child gets another code.

` + exitCodes

func (p *program) keysCommand() *cobra.Command {
	create := p.jsonFlag(&cobra.Command{
		Use: "new [AGREEMENT…]", Short: "Make the keys that are missing, and an agreement's salt", Long: keysNewLong,
		Example: "  postern keys new agreements/family-valued-2026.yaml",
		RunE:    func(cmd *cobra.Command, args []string) error { return p.keysNew(cmd.Context(), args) },
	})
	var allowed bool
	show := p.jsonFlag(&cobra.Command{
		Use: "show", Short: "Show the public halves of the council's keys", Args: arguments(0, 0, "no argument"),
		Long: "Shows fingerprints and public halves; no secret is read.\n\n" +
			"With --allowed-signers it writes the file that a recipient needs to verify drops.\n" +
			"Send it by another way than the drops, and read its fingerprint to the recipient:\n" +
			"a drop cannot vouch for itself.\n\n" + exitCodes,
		Example: "  postern keys show --allowed-signers > allowed_signers",
		RunE:    func(*cobra.Command, []string) error { return p.keysShow(allowed) },
	})
	show.Flags().BoolVar(&allowed, "allowed-signers", false, "write an allowed_signers file for ssh-keygen and postern-verify")
	return group("keys", "Make and show the council's keys", create, show)
}

func (p *program) keysNew(ctx context.Context, agreements []string) error {
	c, g, err := p.openGateway()
	if err != nil {
		return err
	}
	items, err := g.Keys.NewCouncil(ctx)
	if err != nil {
		return err
	}
	keys, err := g.CouncilKeys(items)
	if err != nil {
		return err
	}
	for _, file := range agreements {
		a, err := export.LoadAgreement(file, g.Catalogue)
		if err != nil {
			return err
		}
		item, err := g.Keys.NewSalt(c.Organisation.LACode, a.ID, a.Pseudonyms.Epoch)
		if err != nil {
			return err
		}
		key, err := g.SaltKey(a.ID, a.Pseudonyms.Epoch, item)
		if err != nil {
			return err
		}
		items, keys = append(items, item), append(keys, key)
	}
	if err := recordKeys(g, keys); err != nil {
		return err
	}
	if p.json {
		return writeJSON(p.stdout, items)
	}
	return writeItems(p.stdout, items)
}

// recordKeys makes the register where there is none yet, and records the keys in it that it has not heard of.
func recordKeys(g *export.Gateway, keys []export.KeysBody) (err error) {
	if err := g.CreateRegister(); err != nil {
		return err
	}
	books, unlock, err := openBooks(g)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return books.EnterKeys(keys)
}

func writeItems(w io.Writer, items []custody.Item) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, item := range items {
		what := "is there"
		if item.Made {
			what = "made"
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", item.What, what, item.Path) // a strings.Builder never fails
	}
	_ = t.Flush()
	for _, item := range items {
		if item.Note != "" {
			fmt.Fprintf(&b, "%s: %s\n", item.What, item.Note)
		}
	}
	if notice := custody.PermissionNotice(); notice != "" {
		fmt.Fprintf(&b, "%s\n", notice)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// publicKey is one public key, as keys show tells it.
type publicKey struct {
	What        string `json:"what"`
	Principal   string `json:"principal"`
	Fingerprint string `json:"fingerprint"`
	Public      string `json:"public"`
}

func (p *program) keysShow(allowed bool) error {
	_, g, err := p.openBookkeeper()
	if err != nil {
		return err
	}
	signers, err := g.Signers()
	if err != nil {
		return err
	}
	if allowed {
		text, err := signers.Format()
		if err != nil {
			return err
		}
		_, err = p.stdout.Write(text)
		return err
	}
	var keys []publicKey
	for i, what := range []string{"signs drops", "signs the register"} {
		keys = append(keys, publicKey{
			What: what, Principal: signers[i].Principal, Fingerprint: signature.Fingerprint(signers[i].Key),
			Public: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signers[i].Key))),
		})
	}
	if p.json {
		return writeJSON(p.stdout, keys)
	}
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, k := range keys {
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\n", k.What, k.Principal, k.Fingerprint); err != nil {
			return err
		}
	}
	return t.Flush()
}
