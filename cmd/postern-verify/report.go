package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/postern-gateway/postern/pkg/recipient"
)

// errOutput is a report that could not be written.
var errOutput = errors.New("the report could not be written")

// write writes a report: for people one line a check and the sentence that sums it up, or JSON.
func write(report *recipient.Report, asJSON bool, w io.Writer) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(report); err != nil {
			return fmt.Errorf("%w: %w", errOutput, err)
		}
		return nil
	}
	for _, c := range report.Checks {
		if _, err := fmt.Fprintf(w, "%-11s  %s: %s\n", c.Outcome, c.Name, c.Sentence); err != nil {
			return fmt.Errorf("%w: %w", errOutput, err)
		}
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", report.Sentence); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}
