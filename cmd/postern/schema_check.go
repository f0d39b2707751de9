package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

const schemaCheckLong = `Reads the council's own definitions (the files named, or all of the folder that
schemas names in postern.yaml) and tells every mistake at once, with file, line
and column; a place that is still to be filled in is one. Of a file without any
it says which core tables each of its tables feeds, and which built-in table a
file of it might be taken for. With --extracts it also says which of the
extracts each table is recognised by. It reads no cell.

A file that is named and lies elsewhere (a draft) is checked as if it lay in that
folder, in the place of one of its name.

` + exitCodes

func (p *program) schemaCheckCommand() *cobra.Command {
	var files bool
	c := p.jsonFlag(&cobra.Command{
		Use: "check [FILE…]", Short: "Find every mistake in definitions, and say what each feeds",
		Example: "  postern schema check\n  postern schema check schemas/drafts/early_help.yaml --extracts",
		Long:    schemaCheckLong,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.schemaCheck(cmd.Context(), args, files)
		},
	})
	c.Flags().BoolVar(&files, "extracts", false, "say which files of the folder of extracts each table is recognised by")
	return c
}

// described is a table of the council's own.
type described struct {
	Table    string   `json:"table"`
	Meaning  string   `json:"meaning"`
	Columns  int      `json:"columns"`
	Never    int      `json:"never_leave"` // how many of them never leave
	Feeds    []fed    `json:"feeds"`
	Links    bool     `json:"links"`              // says which pupils are which children
	Warnings []string `json:"warnings,omitempty"` // refuse nothing, and somebody should look
	Files    []string `json:"files,omitempty"`    // extracts that are recognised as it
}

// fed is a core table that a table feeds.
type fed struct {
	Core    string `json:"core"`
	Adds    bool   `json:"adds"`
	Columns []pair `json:"columns"`
}

type pair struct {
	To   string   `json:"to"`
	From []string `json:"from"`
	Map  string   `json:"map,omitempty"`
}

func (p *program) schemaCheck(ctx context.Context, named []string, files bool) error {
	c, err := p.configOrNone()
	if err != nil {
		return err
	}
	if files && c == nil {
		return usage("leave --extracts out, or name the configuration with --config", "there is no configuration that says where the extracts are")
	}
	d, err := definitionsOf(c, named)
	if err != nil {
		return err
	}
	cat, err := d.load()
	if err != nil {
		return asNamed(err, d, named)
	}
	builtIn, err := dataset.Load(schemas.Files)
	if err != nil {
		return err
	}
	tables := describe(cat, builtIn)
	if files {
		if err := recognised(ctx, c, cat, tables); err != nil {
			return err
		}
	}
	if p.json {
		return writeJSON(p.stdout, tables)
	}
	return writeDescribed(p.stdout, c, d, tables)
}

// definitionsOf are the files named and, beside them, all of the council's folder.
func definitionsOf(c *config.Config, named []string) (*definitions, error) {
	d := &definitions{}
	for _, path := range named {
		if err := d.add(path); err != nil {
			return nil, err
		}
	}
	if c != nil && c.Schemas != "" {
		inFolder, err := filepath.Glob(filepath.Join(c.Schemas, "*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("list definitions: %w", err)
		}
		for _, path := range inFolder {
			if _, instead := d.paths[filepath.Base(path)]; instead {
				continue
			}
			if err := d.add(path); err != nil {
				return nil, err
			}
		}
	}
	if drafts := draftsOf(c); len(d.names) == 0 && len(drafts) > 0 {
		return nil, usage("check a draft by its path: postern schema check "+drafts[0], "there are no definitions of the council's own but drafts, which nothing reads")
	}
	if len(d.names) == 0 {
		return nil, usage("name a file, or let schemas in postern.yaml name the folder that has them: postern schema new drafts one",
			"there are no definitions of the council's own")
	}
	slices.Sort(d.names)
	return d, nil
}

// draftsOf lists the drafts of definitions.
func draftsOf(c *config.Config) []string {
	if c == nil || c.Schemas == "" {
		return nil
	}
	drafts, _ := filepath.Glob(filepath.Join(c.Schemas, draftsFolder, "*.yaml")) // the folder's own name may be no pattern: then there are none
	return drafts
}

// asNamed tells the mistakes with the paths of the files; of files that were named, theirs alone where there are any.
func asNamed(err error, d *definitions, named []string) error {
	var refusal *finding.Refusal
	var problems document.Problems
	if errors.As(err, &refusal) || !errors.As(err, &problems) {
		return err
	}
	var asked, all document.Problems
	for _, problem := range problems {
		path, own := d.paths[problem.File]
		if own {
			problem.File = path
		}
		if problem.Code == document.EmptyValue && problem.Hint == "" {
			problem.Hint = "fill it in: the comment beside it says with what"
		}
		all = append(all, problem)
		if slices.Contains(named, path) {
			asked = append(asked, problem)
		}
	}
	if len(asked) > 0 {
		return asked
	}
	return all
}

// describe says what each table does that is not built in.
func describe(cat, builtIn *dataset.Catalogue) []*described {
	out := []*described{}
	for _, t := range cat.Tables() {
		if builtIn.Table(t.ID()) != nil {
			continue
		}
		d := &described{Table: t.ID(), Meaning: t.Meaning, Columns: len(t.Columns), Feeds: feedsOf(cat, t), Warnings: warnings(t, builtIn)}
		for _, column := range t.Columns {
			if !column.Class.Releasable() || len(column.Treatments) == 0 {
				d.Never++
			}
		}
		d.Links = slices.ContainsFunc(cat.Links(), func(l dataset.Link) bool { return l.Table == t.ID() })
		if len(d.Feeds) == 0 && !t.Core() {
			d.Warnings = append(d.Warnings, "it feeds no core table: its rows leave only under an agreement that names it as "+t.ID())
		}
		out = append(out, d)
	}
	return out
}

func feedsOf(cat *dataset.Catalogue, t *dataset.Table) []fed {
	out := []fed{}
	for _, core := range cat.Tables() {
		for i := range core.Sources {
			s := &core.Sources[i]
			if s.Table != t.ID() {
				continue
			}
			f := fed{Core: core.ID(), Adds: s.Adds}
			for _, feed := range s.Columns {
				way := pair{To: feed.Column, From: feed.Reads()}
				if feed.Map != nil {
					way.Map = feed.Map.Name
				}
				f.Columns = append(f.Columns, way)
			}
			out = append(out, f)
		}
	}
	return out
}

// warnings are what somebody should look at in a table.
func warnings(t *dataset.Table, builtIn *dataset.Catalogue) []string {
	var out []string
	for _, other := range builtIn.Tables() {
		if t.Core() || other.Core() || !t.Delimited || !other.Delimited {
			continue
		}
		must, has := 0, 0
		for _, c := range other.Columns {
			if c.Optional || c.From != 0 || c.To != 0 {
				continue
			}
			must++
			if slices.ContainsFunc(t.Columns, func(own *dataset.Column) bool { return own.Fits(dataset.Fold(c.Heading())) > 0 }) {
				has++
			}
		}
		if must > 0 && 2*has >= must {
			out = append(out, fmt.Sprintf("it has %d of the %d columns that a file of %s must have: a file that has all of both cannot be told apart", has, must, other.ID()))
		}
	}
	if !t.Core() && t.Document == nil && len(t.YearEvidence) == 0 {
		out = append(out, "no date tells the collection year: its files must lie in a folder named for it, such as 2025-26")
	}
	must := slices.ContainsFunc(t.Columns, func(c *dataset.Column) bool { return !c.Optional && c.From == 0 && c.To == 0 })
	if !t.Core() && t.Delimited && !must {
		out = append(out, "all its columns are optional: any file that has one of them may be taken for it")
	}
	return out
}

func writeDescribed(w io.Writer, c *config.Config, d *definitions, tables []*described) error {
	var b strings.Builder
	var elsewhere, checked []string // files that nothing reads where they are
	for _, name := range d.names {
		path, err := filepath.Abs(d.paths[name])
		if err != nil {
			return err
		}
		checked = append(checked, path)
		if c != nil && c.Schemas != "" && filepath.Dir(path) != filepath.Clean(c.Schemas) {
			elsewhere = append(elsewhere, d.paths[name])
		}
		fmt.Fprintf(&b, "good: %s\n", d.paths[name])
	}
	for _, path := range draftsOf(c) {
		if !slices.Contains(checked, path) {
			fmt.Fprintf(&b, "draft, which nothing reads: %s\n", path)
		}
	}
	for _, t := range tables {
		fmt.Fprintf(&b, "\n%s: %d columns, of which %d never leave\n", t.Table, t.Columns, t.Never)
		for _, f := range t.Feeds {
			var ways []string
			for _, c := range f.Columns {
				way := c.To
				if len(c.From) > 0 {
					way += " from " + strings.Join(c.From, ", ")
				}
				if c.Map != "" {
					way += " by " + c.Map
				}
				ways = append(ways, way)
			}
			fmt.Fprintf(&b, "  feeds %s%s: %s\n", f.Core, map[bool]string{false: " (marks only)"}[f.Adds], strings.Join(ways, "; "))
		}
		if t.Links {
			b.WriteString("  links pupils to children\n")
		}
		for _, file := range t.Files {
			fmt.Fprintf(&b, "  recognised: %s\n", file)
		}
		for _, warning := range t.Warnings {
			fmt.Fprintf(&b, "  warning: %s\n", warning)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", cmp.Or(map[bool]string{true: "These files describe no table."}[len(tables) == 0],
		map[bool]string{true: "No mistakes. See what a file of it looks like to the gate: postern inspect FILE"}[len(elsewhere) == 0], "No mistakes."))
	if len(elsewhere) > 0 {
		fmt.Fprintf(&b, "Nothing reads %s until it is moved to %s. Then each agreement needs new decisions.\n", strings.Join(elsewhere, ", "), c.Schemas)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
