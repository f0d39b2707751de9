package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// inspected is one extract that was looked at.
type inspected struct {
	File  string        `json:"file"`
	Table string        `json:"table"`
	Sheet int           `json:"sheet,omitempty"` // of a workbook
	Year  int           `json:"collection_year"`
	Term  string        `json:"term,omitempty"`
	Rows  extract.Tally `json:"rows"`
	when  string
}

// inspection is what inspecting extracts found.
type inspection struct {
	Files    []inspected       `json:"files"`
	Skipped  []string          `json:"skipped"`
	Findings []finding.Finding `json:"findings"`
	ByFile   []finding.Looked  `json:"by_file"` // the same, file by file
}

// inspectExtracts looks at extracts. What ends the reading of them is on the page as well.
func (p *program) inspectExtracts(ctx context.Context, paths []string, page string) error {
	out, err := p.look(ctx, paths)
	var bad *extract.Invalid
	if err != nil && !errors.As(err, &bad) {
		return err
	}
	out.settle(bad)
	if page != "" {
		if err := writeReport(page, out.ByFile); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return err
	case p.json:
		return writeJSON(p.stdout, out)
	default:
		return out.write(p.stdout, page)
	}
}

// look recognises extracts and reads them to their ends.
func (p *program) look(ctx context.Context, paths []string) (*inspection, error) {
	out := &inspection{Files: []inspected{}, Skipped: []string{}}
	c, err := p.loadConfig()
	if _, missing := os.Stat(p.config); missing != nil {
		c, err = nil, nil // extracts can be looked at with the built-in definitions, before anything is set up
	}
	if err != nil {
		return nil, err
	}
	cat, err := catalogue(c)
	if err != nil {
		return nil, err
	}
	report := &finding.Report{}
	defer func() { out.Findings = report.Findings() }()
	inventory, err := extract.Discover(ctx, cat, readers(cat, 0), paths, report)
	if err != nil {
		return out, err
	}
	out.Skipped = append(out.Skipped, inventory.Skipped...)
	for from := 0; from < len(inventory.Sources); {
		// The tables of one document stand side by side, and are read in one pass.
		var demands []*extract.Demand
		nobody := make(map[*extract.Demand]int64) // rows that name no child
		for _, src := range inventory.Sources[from:] {
			if src.Path != inventory.Sources[from].Path {
				break
			}
			var names []string
			for _, column := range src.Table.Columns {
				names = append(names, column.Name)
			}
			d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, names...), Report: report}
			d.Sink = func(b *extract.Batch) error {
				nobody[d] += nameless(cat, b, report)
				return nil
			}
			demands = append(demands, d)
		}
		from += len(demands)
		reader := readers(cat, 0)[strings.ToLower(filepath.Ext(demands[0].Source.Path))]
		if err := reader.Read(ctx, demands); err != nil {
			return out, err
		}
		for _, d := range demands {
			d.Tally.Passed, d.Tally.Quarantined = d.Tally.Passed-nobody[d], d.Tally.Quarantined+nobody[d]
			out.Files = append(out.Files, inspected{
				File: d.Source.File, Table: d.Source.Table.ID(), Sheet: d.Source.Sheet, Year: d.Source.Year, Term: d.Source.Term,
				Rows: d.Tally, when: d.Source.When(),
			})
		}
	}
	return out, nil
}

// settle brings what was found to the files, with what ended the reading.
func (i *inspection) settle(bad *extract.Invalid) {
	all := i.Findings
	if bad != nil {
		all = append(append([]finding.Finding{}, bad.Findings...), all...)
	}
	var files []finding.Looked
	for _, f := range i.Files {
		if len(files) == 0 || files[len(files)-1].File != f.File {
			files = append(files, finding.Looked{File: f.File})
		}
		l := &files[len(files)-1]
		l.Tables = append(l.Tables, finding.LookedTable{
			Table: f.Table, Sheet: f.Sheet, When: f.when, Rows: f.Rows.Read, Sound: f.Rows.Passed, Quarantined: f.Rows.Quarantined, Confidential: f.Rows.Confidential,
		})
	}
	i.ByFile = finding.ByFile(files, all)
}

// writeReport writes the page of findings, over an earlier one but over no other file.
func writeReport(name string, files []finding.Looked) error {
	if there, err := os.ReadFile(name); err == nil && !bytes.Contains(there[:min(len(there), 500)], []byte(finding.PageMark)) {
		return usage("name another file: only an earlier report is written over", "--report names a file that is no report")
	}
	var page bytes.Buffer
	if err := finding.WritePage(&page, files); err != nil {
		return err
	}
	if err := os.WriteFile(name, page.Bytes(), 0o600); err != nil {
		return usage("name a file in a folder that may be written to", "the report cannot be written: %w", err)
	}
	return nil
}

// below are findings as they stand below the name of their file.
func below(findings []finding.Finding) []finding.Finding {
	out := slices.Clone(findings)
	for i := range out {
		out[i].Place.File = ""
	}
	return out
}

func (i *inspection) write(w io.Writer, page string) error {
	var b strings.Builder
	confidential := int64(0)
	for _, f := range i.Files {
		confidential += f.Rows.Confidential
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(t, "file\ttable\tyear\tterm\trows\tsound\tquarantined") // a strings.Builder never fails
	if confidential > 0 {
		_, _ = fmt.Fprint(t, "\tin confidence")
	}
	_, _ = fmt.Fprintln(t)
	for _, f := range i.Files {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%d\t%d\t%d", finding.Shown(f.File), f.Table, f.Year, cmp.Or(f.Term, "-"), f.Rows.Read, f.Rows.Passed, f.Rows.Quarantined)
		if confidential > 0 {
			_, _ = fmt.Fprintf(t, "\t%d", f.Rows.Confidential)
		}
		_, _ = fmt.Fprintln(t)
	}
	_ = t.Flush()
	for _, s := range i.Skipped {
		fmt.Fprintf(&b, "not an extract, not read: %s\n", finding.Shown(s))
	}
	if len(i.Findings) == 0 {
		b.WriteString("\nNo findings.\n")
	} else {
		b.WriteString("\nFINDINGS (rule, place, what to do; never a value)\n")
	}
	for _, file := range i.ByFile {
		if len(file.Findings) > 0 {
			fmt.Fprintf(&b, "\n%s\n", cmp.Or(finding.Shown(file.File), "all files together"))
			listFindings(&b, below(file.Findings))
		}
	}
	if page != "" {
		fmt.Fprintf(&b, "\nThe same is in %s, a page with a section for each file.\n", page)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
