package finding_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestRulesRaisable(t *testing.T) {
	for name, want := range map[string][]finding.Severity{
		"FILE_EMPTY":           nil,
		"CODE_UNKNOWN":         {finding.Stop},
		"ENROLMENT_NOT_STATED": {finding.Quarantine, finding.Stop},
		"NO_ROWS":              {finding.Stop},
		"SOURCES_DIFFER":       {finding.Warning, finding.Quarantine, finding.Stop},
		"COLUMN_UNKNOWN":       {finding.Warning, finding.Stop},
	} {
		rule, ok := finding.RuleOf(name)
		if got := rule.Raisable(); !ok || !slices.Equal(got, want) {
			t.Errorf("%s may be raised to %v, want %v", name, got, want)
		}
	}
	if _, ok := finding.RuleOf("NO_SUCH_RULE"); ok {
		t.Error("a rule that there is not is found")
	}
	all := finding.Rules()
	for i, r := range all {
		if i > 0 && all[i-1].Name >= r.Name {
			t.Errorf("%s stands after %s", r.Name, all[i-1].Name)
		}
		if found, ok := finding.RuleOf(r.Name); !ok || found != r {
			t.Errorf("%s is not found", r.Name)
		}
		for _, s := range r.Raisable() {
			if s <= r.Severity {
				t.Errorf("%s may be lowered to %s", r.Name, s)
			}
		}
	}
}

func TestSeverityOf(t *testing.T) {
	for _, s := range finding.Severities() {
		if got, ok := finding.SeverityOf(s.String()); !ok || got != s {
			t.Errorf("%s is read as %s", s, got)
		}
	}
	if _, ok := finding.SeverityOf("Stop"); ok {
		t.Error("a word that is none is read")
	}
}

func TestReportRaise(t *testing.T) {
	var r finding.Report
	r.Raise(map[string]finding.Severity{"A": finding.Stop, "B": finding.Quarantine, "C": finding.Notice})
	for _, c := range []struct {
		rule        string
		given, want finding.Severity
	}{
		{"A", finding.Notice, finding.Stop}, {"B", finding.Warning, finding.Quarantine}, {"B", finding.Stop, finding.Stop},
		{"C", finding.Quarantine, finding.Quarantine}, {"D", finding.Warning, finding.Warning},
	} {
		if got := r.Add(c.rule, c.given, finding.Place{File: c.given.String()}, "", ""); got != c.want {
			t.Errorf("%s %s holds as %s, want %s", c.rule, c.given, got, c.want)
		}
	}
	if stops := r.Stops(); len(stops) != 2 || stops[0].Rule != "A" || stops[1].Rule != "B" {
		t.Errorf("these end the run: %v", stops)
	}
	var plain finding.Report
	if plain.Add("A", finding.Warning, finding.Place{}, "", ""); len(plain.Stops()) != 0 {
		t.Error("a warning ends the run")
	}
}
