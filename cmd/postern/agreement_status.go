package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

func (p *program) agreementStatusCommand() *cobra.Command {
	return p.jsonFlag(&cobra.Command{
		Use: "status AGREEMENT", Short: "Say whether an export may be made, and which decisions count", Args: arguments(1, 1, "the agreement's file"),
		Example: "  postern agreement status agreements/family-valued-2026.yaml",
		Long:    "Says where an agreement stands, what refuses an export under it, and of each\ndecision whether it counts.\n\n" + exitCodes,
		RunE:    func(_ *cobra.Command, args []string) error { return p.status(args[0]) },
	})
}

// judged is an agreement's status as the register knows the roles.
func judged(g *export.Gateway, file string) (*agreement.Status, error) {
	books, err := g.ViewBooks()
	if err != nil {
		return nil, err
	}
	j, err := g.Judge(file, books)
	if err != nil {
		return nil, err
	}
	return j.Status, nil
}

// statusJSON is a status as a machine reads it.
type statusJSON struct {
	Agreement string          `json:"agreement"`
	Version   int             `json:"version"`
	State     agreement.State `json:"state"`
	MayExport bool            `json:"may_export"`
	// Conditions are those of the advice in force, Met what the approval in force says of how they are met.
	Conditions string `json:"conditions,omitempty"`
	Met        string `json:"met,omitempty"`

	Refusals  []*finding.Refusal `json:"refusals"`
	Decisions []decisionJSON     `json:"decisions"`
}

type decisionJSON struct {
	File     string `json:"file"`
	Role     string `json:"role"`
	Decision string `json:"decision"`
	Name     string `json:"name"`
	Reason   string `json:"reason,omitempty"`
	Counts   bool   `json:"counts"`
	Why      string `json:"why,omitempty"`
	Code     string `json:"code,omitempty"` // of the refusal that it comes to when nothing else makes its step
}

func (p *program) status(file string) error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	s, err := judged(g, file)
	if err != nil {
		return err
	}
	permit := s.Permit()
	var refusal *finding.Refusal
	if permit != nil && !errors.As(permit, &refusal) {
		return permit
	}
	out := statusJSON{
		Agreement: s.Agreement, Version: s.Version, State: s.State, MayExport: permit == nil,
		Conditions: s.Conditions, Met: s.Met,
		Refusals: append([]*finding.Refusal{}, s.Refusals...), Decisions: []decisionJSON{},
	}
	for _, d := range s.Decisions {
		out.Decisions = append(out.Decisions, decisionJSON{
			File: d.File, Role: string(d.Decision.Role), Decision: string(d.Decision.Verb), Name: d.Name,
			Reason: d.Decision.Reason, Counts: d.Counts, Why: d.Why, Code: string(d.Code),
		})
	}
	if p.json {
		return writeJSON(p.stdout, out)
	}
	return out.write(p.stdout)
}

func (s statusJSON) write(w io.Writer) error {
	var b strings.Builder
	may := "An export may be made."
	if !s.MayExport {
		may = "No export may be made."
	}
	fmt.Fprintf(&b, "%s version %d is %s. %s\n", s.Agreement, s.Version, s.State, may)
	for _, r := range s.Refusals {
		fmt.Fprintf(&b, "  %s: %s\n    %s\n", r.Code, r.Sentence, r.Hint)
	}
	if s.Conditions != "" {
		fmt.Fprintf(&b, "The advice has conditions: %s\n", s.Conditions)
		if s.Met != "" {
			fmt.Fprintf(&b, "How they are met: %s\n", s.Met)
		}
	}
	if len(s.Decisions) == 0 {
		b.WriteString("There is no decision on it yet.\n")
	}
	for _, d := range s.Decisions {
		counts := "counts"
		if !d.Counts {
			counts = "does not count: " + d.Why
		}
		fmt.Fprintf(&b, "  %s by %s (%s): %s\n", d.Decision, d.Name, d.Role, counts)
		if d.Reason != "" {
			fmt.Fprintf(&b, "    %s\n", d.Reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
