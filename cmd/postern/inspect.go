package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/table"
)

const inspectLong = `Says what is in a drop, a Parquet file, or extracts.

  a drop      what its manifest says (this does not verify it: postern verify)
  .parquet    its columns, rows and metadata
  extracts    which table and collection year each file is, how many rows it has,
              and everything that is wrong with any column, file by file, whether
              or not an agreement needs it. No value is shown. With --report it is
              written as a page too, with a section for each file, which can be sent
              to those who look after the system that the file is from.

` + exitCodes

func (p *program) inspectCommand() *cobra.Command {
	var report string
	c := &cobra.Command{
		Use: "inspect DROP|FILE…", Short: "Say what is in a drop, a Parquet file or extracts", Long: inspectLong,
		Example: "  postern inspect drops/dsa-coventry-fv-2026/0001-20261121\n  postern inspect extracts/2025-26 --report findings.html",
		Args:    arguments(1, -1, "a drop, a file or a folder"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.inspect(cmd.Context(), args, report) },
	}
	c.Flags().StringVar(&report, "report", "", "write what is wrong with extracts to this `FILE`, as a page (HTML)")
	return p.jsonFlag(c)
}

func (p *program) inspect(ctx context.Context, paths []string, report string) error {
	first := strings.TrimPrefix(paths[0], "dir:")
	_, none := os.Stat(filepath.Join(first, manifest.Name))
	drop, parquet := none == nil && len(paths) == 1, strings.HasSuffix(first, ".parquet") && len(paths) == 1
	switch {
	case (drop || parquet) && report != "":
		return usage("leave --report out", "--report is about extracts, and this is no extract")
	case drop:
		return p.inspectDrop(filepath.Join(first, manifest.Name))
	case parquet:
		return p.inspectParquet(first)
	default:
		return p.inspectExtracts(ctx, paths, report)
	}
}

func (p *program) inspectDrop(path string) error {
	data, err := readFile(path, "the manifest")
	if err != nil {
		return err
	}
	m, err := manifest.Parse(data)
	if err != nil {
		return damaged{finding.WithHint(err, "postern verify says what else is wrong with the drop")}
	}
	if p.json {
		_, err := p.stdout.Write(data)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Drop %s, made on %s\n%s\n\n", m.Drop.ID, m.Drop.Date, m.Notice)
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), manifest.WithdrawnName)); err == nil {
		b.WriteString("A notice of withdrawal lies beside this drop. Do not use it: postern verify says what the notice is worth.\n\n")
	}
	if len(m.Drop.Supersedes) > 0 {
		fmt.Fprintf(&b, "It replaces %s, which must no longer be used.\n\n", strings.Join(m.Drop.Supersedes, ", "))
	}
	fmt.Fprintf(&b, "from       %s\nto         %s\nagreement  %s version %d: %s\npurpose    %s\nages on    %s\nkeep until %s\n\n",
		m.Controller.Name, m.Recipient.Name, m.Agreement.ID, m.Agreement.Version, m.Agreement.Title, m.Purpose.Text, m.ReferenceDate, m.Agreement.RecipientUntil)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "table\trows\tchildren\tfiles") // a strings.Builder never fails
	for _, x := range m.Tables {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", x.Name, x.Rows, x.DistinctChildren, len(x.Files))
	}
	_, _ = fmt.Fprintln(t, "\ncolumn\ttype\tempty\tmeaning")
	for _, x := range m.Tables {
		for _, c := range x.Columns {
			_, _ = fmt.Fprintf(t, "%s.%s\t%s\t%d\t%s\n", x.Name, c.Name, c.Type, c.Nulls, c.Meaning)
		}
	}
	_ = t.Flush()
	b.WriteString("\nThis says what the drop says of itself. To verify it: postern verify, or postern-verify.\n")
	_, err = io.WriteString(p.stdout, b.String())
	return err
}

func (p *program) inspectParquet(path string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return usage("check the path", "the file cannot be read: %w", err)
	}
	f, err := table.Open(path)
	if err != nil {
		return damaged{finding.WithHint(err, "postern inspect reads the Parquet files of drops; for one of a drop, postern verify says what is wrong")}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if p.json {
		return writeJSON(p.stdout, parquetOf(f))
	}
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "rows\t%d\n\ncolumn\ttype\n", f.Rows())
	for _, c := range f.Columns() {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", c.Name, c.Type)
	}
	_, _ = fmt.Fprint(t, "\nmetadata\n")
	for _, kv := range f.Metadata() {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", kv.Key, kv.Value)
	}
	return t.Flush()
}

// parquet is a Parquet file as a machine reads it.
type parquet struct {
	Rows     int64             `json:"rows"`
	Columns  []parquetColumn   `json:"columns"`
	Metadata map[string]string `json:"metadata"`
}

type parquetColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func parquetOf(f *table.File) parquet {
	out := parquet{Rows: f.Rows(), Metadata: make(map[string]string)}
	for _, c := range f.Columns() {
		out.Columns = append(out.Columns, parquetColumn{c.Name, string(c.Type)})
	}
	for _, kv := range f.Metadata() {
		out.Metadata[kv.Key] = kv.Value
	}
	return out
}
