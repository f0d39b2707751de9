package export

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// An account of which a row is missing, or counted twice, is a mistake of the program.
func TestBalanced(t *testing.T) {
	whole := TableRecord{Table: "children", Read: 45, Left: 1, Quarantined: 8, HeldBack: HeldBack{
		Superseded: 2, Marks: 3, Merged: 4, Aside: 5, Unlinked: 6, Elsewhere: 7, Confidential: 9, NotInCohort: 0, OutsidePeriod: 0}}
	if err := whole.balanced(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*TableRecord){
		func(r *TableRecord) { r.Read++ }, func(r *TableRecord) { r.Left-- }, func(r *TableRecord) { r.Quarantined++ },
		func(r *TableRecord) { r.HeldBack.Superseded++ }, func(r *TableRecord) { r.HeldBack.Marks++ }, func(r *TableRecord) { r.HeldBack.Merged++ },
		func(r *TableRecord) { r.HeldBack.Aside++ }, func(r *TableRecord) { r.HeldBack.Unlinked++ }, func(r *TableRecord) { r.HeldBack.Elsewhere++ },
		func(r *TableRecord) { r.HeldBack.Confidential++ }, func(r *TableRecord) { r.HeldBack.NotInCohort++ }, func(r *TableRecord) { r.HeldBack.OutsidePeriod++ },
	} {
		r := whole
		change(&r)
		if err := r.balanced(); err == nil || !strings.Contains(err.Error(), "the rows of children do not add up") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// What ends a run is told at once, and once each; an error that is none of the extracts' comes first.
func TestEnded(t *testing.T) {
	s := &Survey{Agreement: &agreement.Agreement{Choices: agreement.Choices{Stricter: map[string]finding.Severity{"NO_ROWS": finding.Stop}}}}
	add := func(rule string, row int64) []finding.Finding {
		r := s.report()
		r.Add(rule, finding.Warning, finding.Place{File: "a.csv", Row: row}, "m", "h")
		return r.Findings()
	}
	if err := s.ended(nil); err != nil {
		t.Error(err)
	}
	s.Found = append(add("NO_ROWS", 0), add("CHILD_UNKNOWN", 1)...)
	s.Tables = []*Staged{{Found: add("NO_ROWS", 0)}, {Found: add("NO_ROWS", 3)}}
	var bad *extract.Invalid
	if err := s.ended(nil); !errors.As(err, &bad) || len(bad.Findings) != 2 || bad.Findings[1].Place.Row != 3 {
		t.Errorf("%v", err)
	}
	below := &extract.Invalid{Findings: []finding.Finding{{Rule: RuleLinkage, Severity: finding.Stop}}}
	if err := s.ended(below); !errors.As(err, &bad) || len(bad.Findings) != 3 || bad.Findings[0].Rule != RuleLinkage {
		t.Errorf("%v", err)
	}
	broken := errors.New("the disk")
	if err := s.ended(broken); !errors.Is(err, broken) || errors.As(err, &bad) {
		t.Errorf("%v", err)
	}
}
