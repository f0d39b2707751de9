package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

const planLong = `Shows what would leave under an agreement, for those who decide on it: how the
checks of the agreement end, what changed since the last drop and since the
version that was last approved, rows, what is held back and why, how easily a
child could be singled out, and each column with what it would look like and
why it is needed.

No value of anybody is shown, and no number from 1 to 9: the exact numbers are
in the run record, once there is a run.

It does all that an export does short of writing, with keys made up for the
occasion: none of the council's keys is used, no decision is needed, and
nothing is written.

` + exitCodes

func (p *program) planCommand() *cobra.Command {
	var how howToRun
	c := &cobra.Command{
		Use: "plan AGREEMENT [EXTRACT…]", Short: "Show what would leave; write nothing", Long: planLong,
		Example: "  postern plan agreements/family-valued-2026.yaml extracts",
		Args:    arguments(1, -1, "the agreement's file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.plan(cmd.Context(), args[0], args[1:], &how)
		},
	}
	how.flags(c)
	return p.jsonFlag(c)
}

func (p *program) plan(ctx context.Context, file string, named []string, how *howToRun) (err error) {
	reference, err := how.reference()
	if err != nil {
		return err
	}
	c, g, err := p.openGateway()
	if err != nil {
		return err
	}
	defer how.apply(g)()
	if g.Store, err = openStore(ctx, c.Store); err != nil {
		return err
	}
	paths, err := extractsOf(c, named)
	if err != nil {
		return err
	}
	a, err := export.LoadAgreement(file, g.Catalogue)
	if err != nil {
		return err
	}
	keys, err := custody.MadeUpKeys(c.Organisation.LACode, a.ID, a.Pseudonyms.Epoch)
	if err != nil {
		return err
	}
	steps := p.steps()
	g.Progress = steps.show
	survey, err := g.Plan(ctx, export.Request{Agreement: file, Extracts: paths, Reference: reference}, keys)
	steps.done()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.CloseSurvey(survey)) }()
	preview, err := g.Preview(ctx, survey)
	if err != nil {
		return err
	}
	accounts := make([]export.TableRecord, len(survey.Tables))
	for i, t := range survey.Tables {
		accounts[i] = t.Account()
	}
	preview.Findings = export.BandedFindings(toldOnce(survey.Found, accounts))
	if p.json {
		return writeJSON(p.stdout, preview)
	}
	return writePreview(p.stdout, preview)
}

func writePreview(w io.Writer, v *export.Preview) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan for %s, version %d. Ages are counted on %s. Nothing is written.\n", v.Agreement, v.Version, v.Reference)
	fmt.Fprintf(&b, "Agreement SHA-256 %s\n", v.SHA256)
	fmt.Fprintf(&b, "\nCHECKS  %s\n", agreement.ChecksInWords(v.Checks))
	for _, c := range v.Checks {
		switch {
		case c.Outcome == finding.CheckFailed && c.Refusal != nil:
			fmt.Fprintf(&b, "  failed  %s\n            %s\n", c.Refusal, c.Refusal.Hint)
		case c.Outcome == finding.CheckWarned:
			fmt.Fprintf(&b, "  warned  %s: %s\n", c.Name, c.Evidence)
		}
	}
	if err := writeApproved(&b, v); err != nil {
		return err
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHAT WOULD LEAVE\trows\tchildren\tsince last drop") // a strings.Builder never fails
	for _, table := range v.Tables {
		since := "no drop before"
		if v.LastDrop != "" {
			since = table.Since
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", table.Table, table.Left, table.Children, since)
	}
	_ = t.Flush()
	for _, line := range v.Since {
		fmt.Fprintf(&b, "  since drop %s: %s\n", v.LastDrop, line)
	}
	writeColumns(&b, v.Tables)
	writeHeldBack(&b, v.Tables)
	writePreviewLinks(&b, v.Linkage)
	writeRisk(&b, v.Disclosure.Disclosure)
	writeBanded(&b, v.Findings)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeApproved says what changed since the version that was last approved.
func writeApproved(b *strings.Builder, v *export.Preview) error {
	last := v.Approved
	b.WriteString("\nSINCE THE LAST APPROVED VERSION\n")
	if last.Version > 0 {
		fmt.Fprintf(b, "  version %d was approved on %s by %s\n", last.Version, last.On, last.By)
	}
	switch {
	case last.This:
		b.WriteString("  it is this very version: nothing changed\n")
	case last.Note != "":
		fmt.Fprintf(b, "  %s\n", last.Note)
	case last.Changes != nil:
		return agreement.DiffText(b, last.Changes)
	}
	return nil
}

// writeColumns says of each column what leaves, what it looks like and why it is needed.
func writeColumns(b *strings.Builder, tables []export.PreviewTable) {
	b.WriteString("\nHOW IT WOULD LEAVE (what it looks like; never a value, and any cell may be empty)\n")
	for _, table := range tables {
		for _, c := range table.Columns {
			from := origins(c.Source)
			if from == "" {
				from = "nothing"
			}
			fmt.Fprintf(b, "%s.%s  from %s (%s)\n", table.Table, c.Name, from, c.Class)
			fmt.Fprintf(b, "    leaves      %s\n    looks like  %s\n", c.Leaves, c.Shape)
			if c.Why != "" {
				fmt.Fprintf(b, "    why         %s\n", strings.Join(strings.Fields(c.Why), " "))
			}
		}
	}
}

// writeHeldBack accounts for the rows that were read, without a small number.
func writeHeldBack(b *strings.Builder, tables []export.PreviewTable) {
	lines := make([]accountLine, len(tables))
	for i, r := range tables {
		lines[i] = accountLine{table: r.Table, read: short(r.Read), left: short(r.Left), quarantined: short(r.Quarantined), held: make(map[string]string)}
		for key, n := range r.HeldBack {
			lines[i].held[key] = short(n)
		}
	}
	writeAccountLines(b, lines)
	b.WriteString("<10: fewer than 10, and not none · ~: to the nearest ten, where the exact number would give a small one away\n")
}

// short writes a banded number for a table.
func short(banded string) string {
	return strings.NewReplacer(export.Few, "<10", "about ", "~").Replace(banded)
}

func writePreviewLinks(b *strings.Builder, links []export.PreviewLink) {
	if len(links) == 0 {
		return
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHO WAS FOUND AGAIN\tby\tchildren\twith a number\tfound")
	for _, l := range links {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", l.Table, l.Domain, short(l.Children), short(l.Numbered), short(l.Found))
	}
	_ = t.Flush()
	b.WriteString(linkageWords)
}

// writeBanded lists findings. A finding of fewer than ten rows is told without their number.
func writeBanded(b *strings.Builder, all []export.PreviewFinding) {
	if len(all) == 0 {
		b.WriteString("\nNo findings.\n")
		return
	}
	b.WriteString("\nFINDINGS (rule, place, what to do; never a value; no number of rows: fewer than 10)\n")
	for i, f := range all {
		fmt.Fprintf(b, "%s: %s: %s: %s", f.Severity, f.Rule, f.Place, f.Message)
		if f.Rows != export.Few {
			fmt.Fprintf(b, " (%s rows)", f.Rows)
		}
		b.WriteString("\n")
		if i+1 < len(all) && all[i+1].Rule == f.Rule && all[i+1].Hint == f.Hint {
			continue
		}
		if f.Hint != "" && f.Severity > finding.Notice {
			fmt.Fprintf(b, "    %s\n", f.Hint)
		}
	}
}

// writeRisk says how easily a child could be singled out.
func writeRisk(b *strings.Builder, d manifest.Disclosure) {
	if len(d.QuasiIdentifiers) == 0 {
		return
	}
	fmt.Fprintf(b, "\nHOW EASILY A CHILD COULD BE SINGLED OUT (release profile %s)\nby %s:\n", d.Profile, strings.Join(d.QuasiIdentifiers, ", "))
	fmt.Fprintf(b, "  alone, nobody else looks like them: %s · in a group of fewer than 5: %s · of fewer than 10: %s\n",
		share(d.UniquePercent), share(d.Under5Percent), share(d.Under10Percent))
}

// share writes a banded share of all children.
func share(s string) string {
	if strings.HasSuffix(s, "children") || s == manifest.NotMeasured {
		return s
	}
	return s + " % of children"
}
