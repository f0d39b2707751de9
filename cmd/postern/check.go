package main

import (
	"cmp"
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
	"github.com/postern-gateway/postern/pkg/civil"
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
			"only those named), and tells every mistake at once, with file, line and column:\n" +
			"what cannot be read, and what an agreement lacks before it may be submitted.\n" +
			"It reads no personal data and no key.\n\n" + exitCodes,
		Example: "  postern check\n  postern check agreements/mine.yaml --json",
		RunE:    func(_ *cobra.Command, args []string) error { return p.check(args) },
	})
}

// checked is one file that was looked at.
type checked struct {
	File string `json:"file"`
	What string `json:"what"`
	// Expired says of an agreement that its last day is over: what runs out with time was not looked at.
	Expired bool `json:"expired,omitempty"`
	// Warnings refuse nothing, and somebody should look.
	Warnings []string `json:"warnings,omitempty"`
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
		a, err := export.LoadAgreement(file, cat)
		if err := l.at(file, "agreement", err); err != nil {
			return err
		}
		if a != nil {
			if err := p.holdToChecks(&l, a, cat); err != nil {
				return err
			}
		}
	}
	for _, c := range l.looked {
		for _, w := range c.Warnings {
			_, _ = fmt.Fprintf(p.stderr, "postern: warning: %s: %s\n", c.File, w) // a warning that cannot be written stops nothing
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

// holdToChecks finds out what an agreement lacks, and what of it has run out today. An agreement whose last day is over
// is held to the first alone: what ran out since is no mistake of it.
func (p *program) holdToChecks(l *look, a *agreement.Agreement, cat *dataset.Catalogue) error {
	today, err := civil.On(p.now())
	if err != nil {
		return fmt.Errorf("check %s: %w", a.File, err)
	}
	entry := &l.looked[len(l.looked)-1]
	entry.Expired = today > a.Period.ShareTo
	checks := a.StandingChecks(cat)
	if !entry.Expired {
		checks = a.Checks(cat, today)
	}
	checks = append(checks, a.ProgrammeCheck(os.DirFS(filepath.Dir(a.File))))
	data, err := os.ReadFile(a.File)
	if err != nil {
		return fmt.Errorf("read agreement: %w", err)
	}
	root, _ := document.Parse(a.File, data)
	var failed document.Problems
	for _, c := range checks {
		switch c.Outcome {
		case finding.CheckFailed:
			place := root.KeyPlace(agreement.CheckedKey(c))
			failed = append(failed, document.Problem{
				File: a.File, Code: document.Code(c.Refusal.Code), Line: place.Line, Column: place.Column,
				Message: c.Refusal.Sentence, Hint: c.Refusal.Hint,
			})
		case finding.CheckWarned:
			entry.Warnings = append(entry.Warnings, c.Evidence)
		case finding.CheckPassed, finding.CheckNotApplicable:
		}
	}
	slices.SortStableFunc(failed, func(a, b document.Problem) int { return cmp.Compare(a.Line, b.Line) })
	l.problems = append(l.problems, failed...)
	return nil
}

// look gathers what was looked at and everything that is wrong with it.
type look struct {
	looked   []checked
	problems document.Problems
}

// at notes what became of reading a file. A file that cannot be read is one mistake among the others. It returns an
// error that is about no file.
func (l *look) at(file, what string, err error) error {
	l.looked = append(l.looked, checked{File: file, What: what})
	var found document.Problems
	var refusal *finding.Refusal
	var mistake usageError
	switch {
	case errors.As(err, &found):
		l.problems = append(l.problems, found...)
	case errors.As(err, &refusal):
		l.add(file, document.Code(refusal.Code), refusal.Sentence, refusal.Hint)
	case errors.As(err, &mistake):
		l.add(file, document.BrokenRule, err.Error(), finding.HintOf(err))
	default:
		return err
	}
	return nil
}

func (l *look) add(file string, code document.Code, message, hint string) {
	l.problems = append(l.problems, document.Problem{File: file, Code: code, Line: 1, Column: 1, Message: message, Hint: hint})
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
		what := l.What
		if l.Expired {
			what += ", expired: what runs out with time was not looked at"
		}
		fmt.Fprintf(&b, "good: %s (%s)\n", l.File, what)
	}
	b.WriteString("No mistakes. Whether an export may be made: postern agreement status AGREEMENT\n")
	_, err := io.WriteString(w, b.String())
	return err
}
