package main

import (
	"context"
	"path/filepath"
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

Everything is written, read back with a second library and scanned before
anything is published. When nothing changed since the last drop, nothing is
published.

EXTRACT is a file or a folder with all below it; without one, the folder of
postern.yaml is taken. Put each annual set into a folder named for its
collection year, such as 2025-26, and each school census into one for its term
in it, such as 2025-26/autumn.

` + exitCodes

func (p *program) exportCommand() *cobra.Command {
	var to, month string
	c := &cobra.Command{
		Use: "export AGREEMENT [EXTRACT…]", Short: "Make and publish a drop", Long: exportLong,
		Example: "  postern export agreements/family-valued-2026.yaml\n  postern export agreements/mine.yaml extracts/2025-26 --reference-month 2026-04",
		Args:    arguments(1, -1, "the agreement's file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.export(cmd.Context(), args[0], args[1:], to, month)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the `STORE` to publish to, such as dir:./drops or s3://drops/coventry?region=eu-west-2 (default: that of postern.yaml)")
	referenceFlag(c, &month)
	return p.jsonFlag(c)
}

func referenceFlag(c *cobra.Command, month *string) {
	c.Flags().StringVar(month, "reference-month", "", "count ages on the first day of this month, `YYYY-MM` (default: this month)")
}

// referenceDate reads a month.
func referenceDate(month string) (civil.Date, error) {
	if month == "" {
		return 0, nil
	}
	d, err := civil.ParseISO(month + "-01")
	if err != nil {
		return 0, usage("write it as 2026-04", "--reference-month is not a month")
	}
	return d, nil
}

func (p *program) export(ctx context.Context, agreement string, named []string, to, month string) error {
	reference, err := referenceDate(month)
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
	if to == "" {
		to = c.Store
	}
	g.Definitions = func() (*dataset.Catalogue, error) { return catalogue(c) }
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
