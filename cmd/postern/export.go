package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

const exportLong = `Makes a drop of an agreement from extracts, and publishes it.

The agreement must be active: submitted, advised on by the Data Protection
Officer and approved, by three people, over its exact bytes. What it says must
be complete and in date; the store, the schedule and the keys must be those
agreed on. All this is checked, and the record of the checks is saved and
entered in the register, before the first extract is opened. Whatever refuses
the run is told at once.

Everything is written, read back by a library that did not write its pages, and
scanned before anything is published. When nothing changed since the last drop,
nothing is published.

EXTRACT is a file or a folder with all below it; without one, the folder of
postern.yaml is taken. Put each annual set into a folder named for its
collection year, such as 2025-26, and each school census into one for its term
in it, such as 2025-26/autumn.

` + exitCodes

func (p *program) exportCommand() *cobra.Command {
	var to string
	var how howToRun
	c := &cobra.Command{
		Use: "export AGREEMENT [EXTRACT…]", Short: "Make and publish a drop", Long: exportLong,
		Example: "  postern export agreements/family-valued-2026.yaml\n  postern export agreements/mine.yaml extracts/2025-26 --reference-month 2026-04",
		Args:    arguments(1, -1, "the agreement's file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.export(cmd.Context(), args[0], args[1:], to, &how)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the `STORE` to publish to, such as dir:./drops or s3://drops/coventry?region=eu-west-2 (default: that of postern.yaml)")
	how.flags(c)
	return p.jsonFlag(c)
}

// howToRun is what a run or a plan is told beside the agreement and the extracts.
type howToRun struct {
	month   string
	workers count
}

func (h *howToRun) flags(c *cobra.Command) {
	c.Flags().StringVar(&h.month, "reference-month", "", "count ages on the first day of this month, `YYYY-MM` (default: this month)")
	c.Flags().Var(&h.workers, "workers", "work on this many parts of a file side by side, `N` from 1 to 256 (default: as many as there are processors); the drop is the same")
}

// count is a number of workers; 0 where none was given.
type count int

// String writes the number; "" where none was given.
func (c *count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}

// Set reads the number.
func (c *count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 256 {
		return errors.New("it wants a whole number from 1 to 256")
	}
	*c = count(n)
	return nil
}

// Type is what the flag's value is called.
func (c *count) Type() string { return "N" }

// reference is the first day of the month.
func (h *howToRun) reference() (civil.Date, error) {
	if h.month == "" {
		return 0, nil
	}
	d, err := civil.ParseISO(h.month + "-01")
	if err != nil {
		return 0, usage("write it as 2026-04", "--reference-month is not a month")
	}
	return d, nil
}

func (p *program) export(ctx context.Context, agreement string, named []string, to string, how *howToRun) error {
	reference, err := how.reference()
	if err != nil {
		return err
	}
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	g, err := p.gateway(c)
	if err != nil {
		return err
	}
	defer how.apply(g)()
	if to == "" {
		to = c.Store
	}
	loaded := g.Catalogue
	g.Definitions = func() (*dataset.Catalogue, error) { return catalogueAgain(c, loaded) }
	if g.Store, err = openStore(ctx, wholePath(to)); err != nil {
		return err
	}
	paths, err := extractsOf(c, named)
	if err != nil {
		return err
	}
	steps := p.steps()
	g.Progress = steps.show
	result, err := g.Run(ctx, export.Request{Agreement: agreement, Extracts: paths, Reference: reference})
	steps.done()
	if err != nil {
		return err
	}
	if p.json {
		return writeJSON(p.stdout, runJSON(result))
	}
	return reportRun(p.stdout, result)
}

// apply sets how many parts of a file are worked on side by side, and confines the run to its share of the machine until
// the function it returns is called.
func (h *howToRun) apply(g *export.Gateway) (free func()) {
	g.Workers, g.Readers = int(h.workers), readers(g.Catalogue, int(h.workers))
	return h.confine()
}

// wholePath is a store's address with the whole path of its folder: the ledger keeps it, and a relative one would mean
// another folder to a run from elsewhere.
func wholePath(store string) string {
	folder, is := strings.CutPrefix(store, "dir:")
	if !is || folder == "" {
		return store
	}
	whole, err := filepath.Abs(folder)
	if err != nil {
		return store
	}
	return "dir:" + whole
}

// exportJSON is what a machine reads of a run. It is for the council: it holds counts of what was held back.
type exportJSON struct {
	*export.Result
	Tables   []export.TableRecord `json:"tables"`
	Linkage  []export.LinkRecord  `json:"linkage"`  // how well children were found again in other extracts
	Findings []finding.Finding    `json:"findings"` // about files and sets; those about rows stand with their table
}

func runJSON(r *export.Result) exportJSON {
	out := exportJSON{Result: r, Tables: []export.TableRecord{}, Linkage: []export.LinkRecord{}, Findings: []finding.Finding{}}
	if r.Record != nil {
		out.Tables = append(out.Tables, r.Record.Tables...)
		out.Linkage = append(out.Linkage, r.Record.Linkage...)
		out.Findings = append(out.Findings, r.Record.Findings...)
	}
	return out
}
