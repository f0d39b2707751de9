package recipient

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
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

// Open opens a drop by what a command line calls it: a folder, also written dir:FOLDER.
func Open(path string) (*Dir, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok && scheme != "" {
		return nil, finding.WithHint(errors.New("a drop in a bucket cannot be verified where it is"), "download its folder and give that")
	}
	return FromDir(strings.TrimPrefix(path, "dir:"))
}
