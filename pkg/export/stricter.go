package export

import (
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// report makes a report in which findings weigh what the agreement says.
func (s *Survey) report() *finding.Report {
	r := &finding.Report{}
	r.Raise(s.Agreement.Choices.Stricter)
	return r
}

// weighs is the severity that a finding has under the agreement.
func (s *Survey) weighs(rule string, severity finding.Severity) finding.Severity {
	return max(severity, s.Agreement.Choices.Stricter[rule])
}

// ended gathers all that ends the run, so that it is told at once: an *extract.Invalid, or nil for nothing. Any other error
// that was met comes first. Rows that several tables are made of are told of once.
func (s *Survey) ended(met error, others ...*finding.Report) error {
	out := &extract.Invalid{}
	if met != nil && !errors.As(met, &out) {
		return met
	}
	type what struct {
		rule, message string
		place         finding.Place
	}
	seen := make(map[what]bool)
	for _, f := range out.Findings {
		seen[what{f.Rule, f.Message, f.Place}] = true
	}
	add := func(list []finding.Finding) {
		for _, f := range list {
			if w := (what{f.Rule, f.Message, f.Place}); f.Severity == finding.Stop && !seen[w] {
				seen[w] = true
				out.Findings = append(out.Findings, f)
			}
		}
	}
	add(s.Found)
	for _, t := range s.Tables {
		add(t.Found)
	}
	for _, r := range others {
		add(r.Stops())
	}
	if len(out.Findings) == 0 {
		return nil
	}
	return out
}

// balanced holds the account of a table to its identity: every row that was read is somewhere. One that is not is a
// mistake of this program, and nothing is published by it.
func (t TableRecord) balanced() error {
	if held := t.HeldBack.Total(); t.Read != t.Left+held+t.Quarantined {
		return finding.WithHint(fmt.Errorf("the rows of %s do not add up: %d were read, and %d left, %d were held back and %d quarantined",
			t.Table, t.Read, t.Left, held, t.Quarantined),
			"this is a mistake of postern, and nothing was published; tell who looks after postern here: the message holds no data")
	}
	return nil
}
