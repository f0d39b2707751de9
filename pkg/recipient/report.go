package recipient

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the report for people: one line a check, and the sentence that sums it up.
func (r *Report) WriteText(w io.Writer) error {
	for _, c := range r.Checks {
		if _, err := fmt.Fprintf(w, "%-11s  %s: %s\n", c.Outcome, c.Name, c.Sentence); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Sentence)
	return err
}

// WriteText writes the report for people: one line a drop, the checks that failed below it, and what is wrong with the
// store.
func (r *PullReport) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, d := range r.Drops {
		fmt.Fprintf(&b, "%-12s  %s: %s\n", d.State, d.Drop, d.Sentence)
		if d.State != Unverified || d.Report == nil {
			continue
		}
		for _, c := range d.Report.Checks {
			if c.Outcome == Failed {
				fmt.Fprintf(&b, "%-12s  %s: %s\n", "", c.Name, c.Sentence)
			}
		}
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "%-12s  %s\n", "store", p)
	}
	if len(r.Drops)+len(r.Problems) == 0 {
		b.WriteString("The store has no drop of this agreement.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
