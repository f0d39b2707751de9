package recipient

import (
	"fmt"
	"io"
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
