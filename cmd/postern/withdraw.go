package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

const withdrawLong = `Tells the recipient that a drop was wrong and must not be used.

Nothing of the drop is changed or removed. A signed notice is put beside it in
the store, the files WITHDRAWN and WITHDRAWN.sig, and the register gets an entry.
From then on postern verify and the recipient's postern-verify say that it is
withdrawn, why, and that every copy is to be destroyed. The next export makes a new
drop, even if nothing changed, which says that it replaces this one.

DROP is what the export called it, such as dsa-coventry-fv-2026/0007-20261121, the
path of its folder, or its last part alone where that is clear.

The reason is one line of at most 500 bytes, which the recipient reads. It must not
say anything about a child: numbers that could be an identifier are refused, names
cannot be recognised.

If it is interrupted, run it again: it finishes what was begun. A withdrawal cannot
be taken back.

` + exitCodes

func (p *program) withdrawCommand() *cobra.Command {
	var reason, to string
	c := &cobra.Command{
		Use: "withdraw DROP --reason TEXT", Short: "Tell the recipient that a drop was wrong", Long: withdrawLong,
		Example: `  postern withdraw dsa-coventry-fv-2026/0007-20261121 --reason "made from the extract of another year"`,
		Args:    arguments(1, 1, "one drop, such as dsa-coventry-fv-2026/0007-20261121"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withdraw(cmd.Context(), args[0], reason, to)
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, one line of `TEXT` for the recipient; nothing of any child (required)")
	c.Flags().StringVar(&to, "to", "", "the `STORE` that has the drop (default: that of postern.yaml)")
	return p.jsonFlag(c)
}

func (p *program) withdraw(ctx context.Context, drop, reason, to string) error {
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	g, err := p.gateway(c)
	if err != nil {
		return err
	}
	if to == "" {
		to = c.Store
	}
	if g.Store, err = openStore(ctx, to); err != nil {
		return err
	}
	w, err := g.Withdraw(ctx, drop, reason)
	if err != nil {
		return err
	}
	if p.json {
		return writeJSON(p.stdout, w)
	}
	text := "Withdrew drop %[1]s in %[2]s: %[3]s\nThe signed notice lies beside it, and the register has it.\n"
	if w.Already {
		text = "Drop %[1]s in %[2]s was withdrawn already, on %[4]s: %[3]s\nThe signed notice lies beside it, and the register has it.\n"
	}
	reason = cmp.Or(w.Reason, "the reason was erased from the register")
	text += "Tell the recipient too: a notice is only seen by who looks. The next export makes a drop that replaces it.\n"
	_, err = fmt.Fprintf(p.stdout, text, w.Drop, w.Location, reason, w.Time.Format("2 January 2006 15:04 UTC"))
	return err
}
