package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

const planLong = `Shows what would leave under an agreement: tables, columns, treatments, rows,
what is held back and why, how easily a child could be singled out, and what
changed since the last drop.

It does all that an export does short of writing, with keys made up for the
occasion: none of the council's keys is used, no decision is needed, and
nothing is written.

` + exitCodes

func (p *program) planCommand() *cobra.Command {
	var month string
	c := &cobra.Command{
		Use: "plan AGREEMENT [EXTRACT…]", Short: "Show what would leave; write nothing", Long: planLong,
		Example: "  postern plan agreements/family-valued-2026.yaml extracts",
		Args:    arguments(1, -1, "the agreement's file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.plan(cmd.Context(), args[0], args[1:], month)
		},
	}
	referenceFlag(c, &month)
	return p.jsonFlag(c)
}

// planTable is one table of a plan.
type planTable struct {
	export.TableRecord
	Children int64             `json:"children"` // distinct, by the made-up codes
	Columns  []manifest.Column `json:"columns"`
	Before   int64             `json:"rows_in_last_drop"`
}

// planReport is what a plan says.
type planReport struct {
	Agreement  string              `json:"agreement"`
	Version    int                 `json:"version"`
	Reference  string              `json:"reference_date"`
	LastDrop   string              `json:"last_drop"` // empty when there is none
	Tables     []planTable         `json:"tables"`
	Disclosure manifest.Disclosure `json:"disclosure"`
	Linkage    []export.LinkRecord `json:"linkage"` // how well children were found again in other extracts
	Findings   []finding.Finding   `json:"findings"`
}

func (p *program) plan(ctx context.Context, agreement string, named []string, month string) (err error) {
	reference, err := referenceDate(month)
	if err != nil {
		return err
	}
	c, g, err := p.openGateway()
	if err != nil {
		return err
	}
	if g.Store, err = openStore(ctx, c.Store); err != nil {
		return err
	}
	paths, err := extractsOf(c, named)
	if err != nil {
		return err
	}
	a, err := export.LoadAgreement(agreement, g.Catalogue)
	if err != nil {
		return err
	}
	keys, err := custody.MadeUpKeys(c.Organisation.LACode, a.ID, a.Pseudonyms.Epoch)
	if err != nil {
		return err
	}
	steps := p.steps()
	g.Progress = steps.show
	survey, err := g.Plan(ctx, export.Request{Agreement: agreement, Extracts: paths, Reference: reference}, keys)
	steps.done()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.CloseSurvey(survey)) }()
	report, err := g.Describe(ctx, survey)
	if err != nil {
		return err
	}
	out := planReport{
		Agreement: a.ID, Version: a.Version, Reference: survey.Reference.String(), Disclosure: report.Disclosure,
		Linkage:  append([]export.LinkRecord{}, survey.Links...),
		Findings: append([]finding.Finding{}, survey.Found...),
	}
	last, err := lastManifest(ctx, g, a.ID)
	if err != nil {
		return err
	}
	if last != nil {
		out.LastDrop = last.Drop.ID
	}
	for i, t := range report.Tables {
		out.Tables = append(out.Tables, planTable{
			TableRecord: survey.Tables[i].Account(), Children: t.DistinctChildren, Columns: t.Columns, Before: rowsBefore(last, t.Name),
		})
	}
	if p.json {
		return writeJSON(p.stdout, out)
	}
	return out.write(p.stdout)
}

// lastManifest is the manifest of the agreement's last published drop; nil when there is none.
func lastManifest(ctx context.Context, g *export.Gateway, id string) (*manifest.Manifest, error) {
	last, err := g.LastDrop(ctx, id)
	if err != nil || last == nil {
		return nil, err
	}
	object, err := g.Store.Get(ctx, last.ID+"/"+manifest.Name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(object)
	if err := errors.Join(err, object.Close()); err != nil {
		return nil, fmt.Errorf("read the last drop: %w", err)
	}
	return manifest.Parse(data)
}

func rowsBefore(last *manifest.Manifest, table string) int64 {
	if last == nil {
		return 0
	}
	for _, t := range last.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

func (r planReport) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan for %s, version %d. Ages are counted on %s. Nothing is written.\n\n", r.Agreement, r.Version, r.Reference)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHAT WOULD LEAVE\trows\tchildren\tsince last drop") // a strings.Builder never fails
	for _, table := range r.Tables {
		since := "no drop before"
		if r.LastDrop != "" {
			since = fmt.Sprintf("%+d rows", table.Left-table.Before)
		}
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%s\n", table.Table, table.Left, table.Children, since)
	}
	_ = t.Flush()
	b.WriteString("\n")
	t = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "HOW IT WOULD LEAVE\tfrom\ttreatment\tclass")
	for _, table := range r.Tables {
		for _, c := range table.Columns {
			_, _ = fmt.Fprintf(t, "%s.%s\t%s\t%s\t%s\n", table.Table, c.Name, origins(c.Source), c.Treatment, c.Class)
		}
	}
	_ = t.Flush()
	accounts := make([]export.TableRecord, len(r.Tables))
	for i := range r.Tables {
		accounts[i] = r.Tables[i].TableRecord
	}
	writeAccounts(&b, accounts)
	writeLinkage(&b, r.Linkage)
	writeRisk(&b, r.Disclosure)
	writeFindings(&b, r.Findings, accounts)
	_, err := io.WriteString(w, b.String())
	return err
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
