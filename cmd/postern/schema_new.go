package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/draft"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

const schemaNewLong = `Looks at a sample of a report that no return has (CSV, tab-separated, or a
workbook), and drafts the definition by which it can be read like any other:
for each column what it seems to be (a date and how it is written, a number, yes
or no, a code, the child's number), who may ever see it, and which core table it
may feed. Everything is done on this machine. Nothing that stands in a cell is
shown or written: of codes you are told how many there are, and list them.

What only a person knows is left open, with a comment that says FILL IN, and
postern schema check names every such place. The draft goes to the folder drafts
in that of the council's own definitions, where it stops no export and changes
nothing that is approved, and never over another file. When it is finished, move
it up into that folder.

` + exitCodes

func (p *program) schemaNewCommand() *cobra.Command {
	var format, out string
	var options draft.Options
	c := p.jsonFlag(&cobra.Command{
		Use: "new FILE", Short: "Draft the definition of a report from a sample", Args: arguments(1, 1, "the sample: a CSV file or a workbook"),
		Example: "  postern schema new reports/early-help.csv\n  postern schema new reports/early-help.xlsx --format early_help --out drafts/early_help.yaml",
		Long:    schemaNewLong,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.schemaNew(cmd.Context(), args[0], format, out, options)
		},
	})
	c.Flags().StringVar(&format, "format", "", "the `NAME` of the format, in lower case (default: of the file's name)")
	c.Flags().StringVar(&out, "out", "", "the `PATH` of the draft (default: drafts/NAME.yaml in the folder that schemas names in postern.yaml)")
	c.Flags().IntVar(&options.Rows, "rows", 0, "how many `ROWS` to look at (default 50000)")
	c.Flags().BoolVar(&options.Headed, "headed", false, "you have looked at the first line: it is a header line, and none of it is a child's data")
	return c
}

func (p *program) schemaNew(ctx context.Context, sample, format, out string, options draft.Options) error {
	c, err := p.configOrNone()
	if err != nil {
		return err
	}
	if options.Rows < 0 {
		return usage("give a number of rows, or leave --rows out", "--rows is less than none")
	}
	given := format != ""
	if !given {
		format = draft.Name(strings.TrimSuffix(filepath.Base(sample), filepath.Ext(sample)), "report")
	} else if draft.Name(format, "") != format {
		return usage("write a letter first, then letters, digits and underscores, all in lower case", "--format is no name of a format")
	}
	if out, err = draftPath(c, format, out); err != nil {
		return err
	}
	cat, err := p.catalogueForDraft(c)
	if err != nil {
		return err
	}
	if cat.Version(format) > 0 {
		return usage("choose another name with --format", "there is a format of the name %s already", format)
	}
	tables, err := inspectSample(ctx, sample, cat, options)
	if err != nil {
		return err
	}
	text := draft.Write(format, tables)
	if c != nil && c.Schemas != "" && filepath.Dir(out) == filepath.Join(c.Schemas, draftsFolder) {
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil { //nolint:gosec // a definition is for everybody to read
			return usage("make the folder, or name the file with --out PATH", "the folder of drafts cannot be made: %w", err)
		}
	}
	if err := writeNew(out, text); err != nil {
		return err
	}
	d := draftedOf(out, format, text, tables)
	if d.inForce = c != nil && c.Schemas == filepath.Dir(out); p.json {
		return writeJSON(p.stdout, d)
	}
	if c != nil && c.Schemas != "" {
		d.folder = c.Schemas
	}
	return d.write(p.stdout)
}

// draftsFolder is where drafts are, in the folder of the council's own definitions: of that folder itself every file is in
// force, and one that is not finished stops every export.
const draftsFolder = "drafts"

// draftPath is where the draft goes: a path at which nothing is yet.
func draftPath(c *config.Config, format, out string) (string, error) {
	switch {
	case out != "":
		return out, mayWrite(out)
	case c == nil || c.Schemas == "":
		return "", usage("add schemas: ./schemas to postern.yaml and make that folder, or name the file with --out PATH",
			"there is no folder of the council's own definitions to write into")
	default:
		if err := mayWrite(filepath.Join(c.Schemas, format+".yaml")); err != nil {
			return "", err
		}
		out = filepath.Join(c.Schemas, draftsFolder, format+".yaml")
		if _, err := os.Lstat(out); err == nil {
			return "", taken(out)
		}
		return out, nil
	}
}

// catalogueForDraft is the catalogue with the council's own definitions, or without them where they have mistakes: an
// unfinished draft keeps nobody from the next.
func (p *program) catalogueForDraft(c *config.Config) (*dataset.Catalogue, error) {
	cat, err := catalogue(c)
	if err == nil {
		return cat, nil
	}
	_, _ = fmt.Fprintln(p.stderr, "postern: notice: the council's own definitions have mistakes, so the draft is held to the built-in ones alone: postern schema check")
	return dataset.Load(schemas.Files)
}

// inspectSample inspects each table of a sample.
func inspectSample(ctx context.Context, path string, cat *dataset.Catalogue, options draft.Options) ([]*draft.Table, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, usage("name a CSV file, or a workbook", "the sample cannot be read: it is no file")
	}
	samples, err := samplesOf(ctx, path)
	if err != nil {
		return nil, err
	}
	var tables []*draft.Table
	taken := make(map[string]bool)
	for _, s := range samples {
		if err := unknownYet(cat, path, s.rows); err != nil {
			return nil, err
		}
		name := s.name
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", s.name, n)
		}
		taken[name] = true
		t, err := draft.Inspect(ctx, name, s.rows, cat, options)
		var invalid *extract.Invalid
		if err != nil && !errors.As(err, &invalid) && ctx.Err() == nil {
			return nil, usageError{err} // what hints there are are its own
		}
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// sample is one table of a file: rows, and a name for the table.
type sample struct {
	name string
	rows draft.Rows
}

// samplesOf are the tables of a file: one of text, one for each sheet of a workbook.
func samplesOf(ctx context.Context, path string) ([]sample, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".tab", ".tsv", ".txt":
		return []sample{{name: "rows", rows: csv.Rows(ctx, path, path)}}, nil
	case ".xlsx", ".xlsm":
		sheets, err := xlsx.Samples(ctx, path, path)
		if err != nil {
			return nil, err
		}
		var out []sample
		for _, s := range sheets {
			name := "rows"
			if len(sheets) > 1 {
				name = fmt.Sprintf("sheet_%d", s.Number)
			}
			out = append(out, sample{name: name, rows: s.Rows})
		}
		return out, nil
	default:
		return nil, usage("save it as CSV UTF-8, or as a workbook (.xlsx)", "the sample is of a kind that is not read")
	}
}

// unknownYet refuses a sample that is of a table which the definitions have.
func unknownYet(cat *dataset.Catalogue, file string, rows draft.Rows) error {
	for cells, err := range rows {
		if err != nil {
			return err
		}
		names := make([]string, len(cells))
		for i, cell := range cells {
			names[i] = string(cell)
		}
		t, _, err := extract.Match(cat, file, names, &finding.Report{})
		if err == nil {
			return usage("put it among the extracts: postern inspect FILE shows it", "the sample is read already, as %s", t.ID())
		}
		break // it is of no table, or of more than one
	}
	return nil
}

// drafted is a draft as a machine reads it.
type drafted struct {
	File   string         `json:"file"`
	Format string         `json:"format"`
	Open   int            `json:"fill_in"` // places that are left to be filled in
	Tables []draftedTable `json:"tables"`

	inForce bool   // it lies in the folder of the council's own definitions
	folder  string // that folder; empty where there is none
}

type draftedTable struct {
	Table   string          `json:"table"`
	Rows    int64           `json:"rows"`
	Columns []draftedColumn `json:"columns"`
	Feeds   []string        `json:"suggested"`
}

type draftedColumn struct {
	Number   int           `json:"number"`
	Name     string        `json:"name"`
	Type     dataset.Type  `json:"type,omitempty"`
	Class    dataset.Class `json:"class,omitempty"`
	Distinct int64         `json:"distinct"`
	Notes    []string      `json:"notes,omitempty"`
}

// writeNew writes a draft where nothing is yet.
func writeNew(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a definition, or an agreement, is for everybody to read
	if errors.Is(err, fs.ErrExist) {
		return taken(file)
	}
	if err != nil {
		return usage("name a file in a folder that is there and may be written to", "the draft cannot be written: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the draft: %w", err), os.Remove(file))
	}
	return nil
}

func draftedOf(file, format string, text []byte, tables []*draft.Table) drafted {
	out := drafted{File: file, Format: format, Open: draft.Open(text)}
	for _, t := range tables {
		d := draftedTable{Table: format + "/" + t.Name, Rows: t.Rows, Feeds: []string{}}
		for i := range t.Columns {
			c := &t.Columns[i]
			notes := c.Notes
			if c.Skip != "" {
				notes = []string{"left out: " + c.Skip}
			}
			d.Columns = append(d.Columns, draftedColumn{Number: c.Number, Name: c.Name, Type: c.Type, Class: c.Class, Distinct: c.Distinct, Notes: notes})
		}
		for _, f := range t.Feeds {
			d.Feeds = append(d.Feeds, f.Core)
		}
		out.Tables = append(out.Tables, d)
	}
	return out
}

func (d drafted) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Wrote %s: a draft of %s, with %d places to fill in. No value of the sample is in it, or here.\n", d.File, d.Format, d.Open)
	for _, t := range d.Tables {
		fmt.Fprintf(&b, "\n%s, by %d rows:\n", t.Table, t.Rows)
		tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, c := range t.Columns {
			// A strings.Builder never fails.
			_, _ = fmt.Fprintf(tab, "  %d\t%s\t%s\t%s\t%s\n", c.Number, cmp.Or(c.Name, "-"), cmp.Or(c.Type, "-"), cmp.Or(c.Class, "-"), strings.Join(c.Notes, "; "))
		}
		_ = tab.Flush()
		if len(t.Feeds) > 0 {
			fmt.Fprintf(&b, "  may feed: %s\n", strings.Join(t.Feeds, ", "))
		}
	}
	if d.inForce {
		b.WriteString("\nWhat lies in that folder is part of what agreements are approved against: until the draft is finished nothing can be\n" +
			"exported, and then each agreement needs new decisions. To draft elsewhere: leave --out away.\n")
	}
	fmt.Fprintf(&b, "\nFill it in, then:\n  postern schema check %s\n", d.File)
	if !d.inForce && d.folder != "" {
		fmt.Fprintf(&b, "Nothing reads it until it is moved to %s. Then each agreement needs new decisions.\n", d.folder)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
