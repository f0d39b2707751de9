package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/register"
)

func (p *program) registerEraseCommand() *cobra.Command {
	var reason string
	c := p.jsonFlag(&cobra.Command{
		Use: "erase INDEX", Short: "Erase the words of one record, and record that this was done", Args: arguments(1, 1, "the number of one record"),
		Long: "Takes out of a record what somebody wrote in it: the reason of a decision, the\n" +
			"sentence of a refusal. What the gate decides by stays, and so do the record's place,\n" +
			"time and kind, and every proof but its own. A new record says which one was erased\n" +
			"and why: do not repeat there what had to go.\n\n" +
			"It does not reach what lies elsewhere: the signed statement of a decision in the\n" +
			"folder of agreements, run records, and backups.\n\n" + exitCodes,
		Example: `  postern register erase 12 --reason "it named a family"`,
		RunE:    func(_ *cobra.Command, args []string) error { return p.registerErase(args[0], reason) },
	})
	c.Flags().StringVar(&reason, "reason", "", "why the record's words have to go, in one `SENTENCE` (required)")
	return c
}

// erasedJSON is what register erase did, as a machine reads it.
type erasedJSON struct {
	Erased int64  `json:"erased"` // the record that lost its words
	Kind   string `json:"kind"`   // its kind
	By     int64  `json:"by"`     // the record that says so
}

func (p *program) registerErase(argument, reason string) (err error) {
	index, err := strconv.ParseInt(argument, 10, 64)
	if err != nil || index < 0 {
		return usage("take it from postern register show", "the number of a record is digits only")
	}
	if reason == "" {
		return usage("give --reason SENTENCE, which is recorded", "no reason is given for erasing record %d", index)
	}
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	books, unlock, err := openBooks(g)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	made, err := books.Erase(index, reason)
	if errors.Is(err, register.ErrNotErasable) || errors.Is(err, register.ErrNoRecord) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	erased, err := books.Log().Record(index)
	if err != nil {
		return err
	}
	if p.json {
		return writeJSON(p.stdout, erasedJSON{index, erased.Kind, made.Index})
	}
	_, err = fmt.Fprintf(p.stdout, "The words of record %d (%s) are erased; record %d says so and why.\n", index, erased.Kind, made.Index)
	return err
}

// openBooks takes the state folder for this command and opens the register for writing.
func openBooks(g *export.Gateway) (books *export.Books, unlock func() error, err error) {
	lock, err := g.State.Lock()
	if err != nil {
		return nil, nil, err
	}
	if books, err = g.OpenBooks(); err != nil {
		return nil, nil, errors.Join(err, lock.Unlock())
	}
	return books, lock.Unlock, nil
}
