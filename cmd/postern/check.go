package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/schemas"
)

func (p *program) checkCommand() *cobra.Command {
	return p.jsonFlag(&cobra.Command{
		Use: "check [AGREEMENT…]", Short: "Find every mistake in configuration, definitions and agreements",
		Long: "Reads postern.yaml, the dataset definitions, the roles file and the agreements (or\n" +
			"only those named), and tells every mistake at once, with file, line and column.\n" +
			"It reads no personal data and no key.\n\n" + exitCodes,
		Example: "  postern check\n  postern check agreements/mine.yaml --json",
		RunE:    func(_ *cobra.Command, args []string) error { return p.check(args) },
	})
}

// checked is one file that was looked at.
type checked struct {
	File string `json:"file"`
	What string `json:"what"`
}

func (p *program) check(files []string) error {
	var looked []checked
	var problems document.Problems
	note := func(file, what string, err error) error {
		looked = append(looked, checked{file, what})
		var found document.Problems
		if errors.As(err, &found) {
			problems = append(problems, found...)
			return nil
		}
		return err
	}
	c, err := p.loadConfig()
	if err := note(p.config, "configuration", err); err != nil {
		return err
	}
	cat, err := catalogue(c)
	if err := note("dataset definitions", "built-in and the council's own", err); err != nil {
		return err
	}
	if cat == nil { // agreements are held to the built-in definitions when the council's own are wrong
		if cat, err = dataset.Load(schemas.Files); err != nil {
			return err
		}
	}
	if c != nil && len(files) == 0 {
		if files, err = agreementFiles(c); err != nil {
			return err
		}
		roles := filepath.Join(c.Agreements, export.RolesFile)
		if err := note(roles, "roles", checkRoles(roles)); err != nil {
			return err
		}
	}
	for _, file := range files {
		_, err := export.LoadAgreement(file, cat)
		if err := note(file, "agreement", err); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return problems
	}
	if p.json {
		return writeJSON(p.stdout, looked)
	}
	return writeChecked(p.stdout, looked)
}

// agreementFiles lists the agreements of the council's folder.
func agreementFiles(c *config.Config) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(c.Agreements, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list agreements: %w", err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Base(f) == export.RolesFile })
	if len(files) == 0 {
		return nil, usage("put an agreement's YAML file there, or correct agreements in postern.yaml", "there is no agreement in %s", c.Agreements)
	}
	return files, nil
}

func checkRoles(path string) error {
	data, err := readFile(path, "the roles file")
	if err != nil {
		return err
	}
	_, err = agreement.ParseRoles(path, data)
	return err
}

func writeChecked(w io.Writer, looked []checked) error {
	var b strings.Builder
	for _, l := range looked {
		fmt.Fprintf(&b, "good: %s (%s)\n", l.File, l.What)
	}
	b.WriteString("No mistakes. Whether an export may be made: postern agreement status AGREEMENT\n")
	_, err := io.WriteString(w, b.String())
	return err
}
