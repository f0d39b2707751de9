package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/finding"
)

// version is the release. It is one of the inputs that decide a drop's bytes.
const version = "0.1.0"

// build is the source revision, set by the linker: -X main.build=….
var build = ""

const long = `Postern is the small gate through which a council's children's data leaves.
It reads extracts of social-care and school returns, keeps only what one Data
Sharing Agreement allows, replaces identifiers by codes, and publishes Parquet
files with a signed manifest.

Words:
  agreement   the YAML file of one Data Sharing Agreement (DSA): what may leave, to
              whom, why and until when
  extract     a file that a source system exported: of the SSDA903 return on
              looked-after children, the CIN census on children in need, the school
              census, or Get Information about Pupils
  collection  what a return is about, named for its end: that of 2025-26 is 2026.
  year        1 April to 31 March; of a school census 1 September to 31 August
  drop        one delivery: tables as Parquet files, which R, Python, DuckDB and
              Stata read, with a manifest (what it holds, under which agreement, to
              be checked by programs) and a signature
  store       the folder to which drops are published
  register    the council's signed record of decisions, drops and refusals
  finding     a rule broken at a place in an extract; never what stands there
  DPO, SIRO   Data Protection Officer, who advises on an agreement; Senior
              Information Risk Owner, who like an asset owner may approve it

A first drop, step by step:
  postern keys new agreements/mine.yaml        make the council's keys and register
  postern agreement sign agreements/roles.yaml --key KEY
                                               (who may decide: DPO and asset owner sign)
  postern agreement sign agreements/mine.yaml --decision submit --key KEY
                                               (then the DPO's advice, then the approval)
  postern check                                find every mistake; reads no personal data
  postern plan agreements/mine.yaml            see what would leave; writes nothing
  postern export agreements/mine.yaml          make and publish the drop

` + exitCodes

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	config         string
	json           bool
	logFormat      string
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, now func() time.Time) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, now: now}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	if err != nil {
		var told reported
		if p.json && !errors.As(err, &told) {
			complainJSON(stdout, err, code)
		}
		complain(ctx, stderr, err)
	}
	return code
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "postern", Short: "The gate through which a council's children's data leaves", Long: long, Version: version,
		Example:       "  postern plan agreements/family-valued-2026.yaml\n  postern export --help",
		SilenceErrors: true, SilenceUsage: true,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.logFormat != "text" && p.logFormat != "json" {
				return usage("write --log-format text or --log-format json", "--log-format is neither text nor json")
			}
			return nil
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		text, _, isNumber := strings.Cut(err.Error(), ": strconv.")
		if isNumber {
			text += ": it wants a whole number"
		}
		return usage("see "+cmd.CommandPath()+" --help", "%s", text)
	})
	flags := root.PersistentFlags()
	flags.StringVar(&p.config, "config", "postern.yaml", "the configuration `FILE`: where things are")
	flags.StringVar(&p.logFormat, "log-format", "text", "how steps are logged when standard error is no terminal, `FORM` text or json")
	root.AddCommand(p.checkCommand(), p.planCommand(), p.exportCommand(), p.withdrawCommand(), p.verifyCommand(), p.inspectCommand(),
		p.agreementCommand(), p.schemaCommand(), p.keysCommand(), p.registerCommand(), p.synthCommand())
	return root
}

// unknownCommand refuses words that are no command, and names the commands.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usage("the commands are: "+strings.Join(names, ", ")+"; see "+cmd.CommandPath()+" --help", "unknown command after %s", cmd.CommandPath())
}

// group is a command that only holds others. Its examples are theirs.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	var examples []string
	for _, c := range commands {
		examples = append(examples, c.Example)
	}
	c := &cobra.Command{
		Use: use, Short: short, Long: short + ".\n\n" + exitCodes, Example: strings.Join(examples, "\n"),
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(commands...)
	return c
}

// jsonFlag adds --json to a command.
func (p *program) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&p.json, "json", false, "write the result as one JSON document to standard output")
	return c
}

// arguments checks how many words a command was given.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usageError{finding.WithHint(errors.New(cmd.CommandPath()+" wants "+what), "see "+cmd.CommandPath()+" --help")}
		}
		return nil
	}
}
