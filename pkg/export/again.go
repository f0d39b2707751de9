package export

import (
	"errors"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// noLongerPermitted is why a drop is abandoned that might have left when it was made.
const noLongerPermitted = "the agreement no longer permits it"

// lapsedError is the error of a run whose leave to publish ended while it was at work.
type lapsedError struct{ err error }

// Error is the refusal's.
func (l *lapsedError) Error() string { return l.err.Error() }

// Unwrap returns the refusal.
func (l *lapsedError) Unwrap() error { return l.err }

// judgeAgain asks once more what was asked before any extract was read, for a run may take hours: agreement, roles,
// decisions and definitions are read again, and held to the present day. The register gets what was decided meanwhile. A
// refusal comes as a *lapsedError, and the staged drop in dir must not leave. Any other error says that it could not be
// found out, and the drop waits for the next run.
func (r *run) judgeAgain(dir string) error {
	err := r.askAgain(dir)
	var refusal *finding.Refusal
	if errors.As(err, &refusal) {
		return &lapsedError{err}
	}
	return err
}

func (r *run) askAgain(dir string) error {
	catalogue, err := r.definitions()
	if err != nil {
		return err
	}
	if catalogue.Digest() != r.Catalogue.Digest() {
		return otherwise()
	}
	j, err := r.Judge(r.req.Agreement, r.books)
	if err != nil {
		return err
	}
	if err := r.books.EnterDecisions(j); err != nil {
		return err
	}
	again := *r
	again.judgement = j
	p := &preflight{run: &again}
	checks, err := j.checks()
	if err != nil {
		return err
	}
	p.add(checks...)
	if p.today, err = again.today(); err != nil {
		return err
	}
	if err := p.terms(); err != nil {
		return err
	}
	if err := p.verdict(); err != nil {
		return err
	}
	if j.Agreement.SHA256 != r.judgement.Agreement.SHA256 || !again.decidedAs(dir) {
		return otherwise()
	}
	return nil
}

func otherwise() error {
	return finding.Refuse(finding.DecisionOtherVersion, "run the export again: it makes the drop under what was decided last",
		"the agreement, the definitions or the decisions on it are not those any more under which the drop was made")
}

// definitions are those of the tables, as they lie there now.
func (r *run) definitions() (*dataset.Catalogue, error) {
	if r.Definitions == nil {
		return r.Catalogue, nil
	}
	return r.Definitions()
}
