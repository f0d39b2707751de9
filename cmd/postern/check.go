package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
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
	var l look
	c, err := config.Load(p.config)
	if c == nil {
		return usageError{err}
	}
	if err := l.at(p.config, "configuration", err); err != nil {
		return err
	}
	cat, err := catalogue(c)
	if err := l.at("dataset definitions", "built-in and the council's own", err); err != nil {
		return err
	}
	if cat == nil { // agreements are held to the built-in definitions when the council's own are wrong
		if cat, err = dataset.Load(schemas.Files); err != nil {
			return err
		}
	}
	if len(files) == 0 && c.Agreements != "" {
		roles := filepath.Join(c.Agreements, export.RolesFile)
		if err := l.at(roles, "roles", checkRoles(roles)); err != nil {
			return err
		}
		if files, err = agreementFiles(c); err != nil {
			return l.orElse(err)
		}
	}
	for _, file := range files {
		_, err := export.LoadAgreement(file, cat)
		if err := l.at(file, "agreement", err); err != nil {
			return err
		}
	}
	if len(l.problems) > 0 {
		return l.problems
	}
	if p.json {
		return writeJSON(p.stdout, l.looked)
	}
	return writeChecked(p.stdout, l.looked)
}

// look gathers what was looked at and everything that is wrong with it.
type look struct {
	looked   []checked
	problems document.Problems
}

// at notes what became of reading a file. A file that cannot be read is one mistake among the others. It returns an
// error that is about no file.
func (l *look) at(file, what string, err error) error {
	l.looked = append(l.looked, checked{file, what})
	var found document.Problems
	var refusal *finding.Refusal
	var mistake usageError
	switch {
	case errors.As(err, &found):
		l.problems = append(l.problems, found...)
	case errors.As(err, &refusal):
		l.add(file, refusal.Sentence, refusal.Hint)
	case errors.As(err, &mistake):
		l.add(file, err.Error(), finding.HintOf(err))
	default:
		return err
	}
	return nil
}

func (l *look) add(file, message, hint string) {
	l.problems = append(l.problems, document.Problem{File: file, Line: 1, Column: 1, Message: message, Hint: hint})
}

// orElse is the problems found so far, or the error when there are none.
func (l *look) orElse(err error) error {
	if len(l.problems) > 0 {
		return l.problems
	}
	return err
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
	data, err := os.ReadFile(path)
	if err != nil {
		var inPath *fs.PathError
		if errors.As(err, &inPath) {
			err = inPath.Err
		}
		return usage("write it: who may submit, advise and approve, with their public keys", "the roles file cannot be read: %w", err)
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
