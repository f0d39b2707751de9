package main

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
)

// A row that feeds several tables is told of once, and what to do once below those that ask for the same.
func TestWriteFindings(t *testing.T) {
	found := func(rule string, severity finding.Severity, row, count int64, hint string) finding.Finding {
		return finding.Finding{
			Rule: rule, Severity: severity, Place: finding.Place{File: "roll.csv", Row: row}, Count: count, Message: "it is wrong", Hint: hint,
		}
	}
	files := []finding.Finding{found("FILE_SKIPPED", finding.Notice, 0, 1, "nothing")}
	tables := []export.TableRecord{
		{Table: "attendance", Findings: []finding.Finding{
			found("DATE_ORDER", finding.Quarantine, 1, 4, "mend it"), found("DATE_ORDER", finding.Quarantine, 2, 1, "mend it"),
		}},
		{Table: "free_school_meals", Findings: []finding.Finding{
			found("DATE_ORDER", finding.Quarantine, 1, 2, "mend it"), found("DATE_ORDER", finding.Quarantine, 3, 1, "mend it otherwise"),
		}},
	}
	var b strings.Builder
	writeFindings(&b, files, tables)
	const want = `
FINDINGS (rule, place, what to do; never a value)
notice: FILE_SKIPPED: roll.csv: it is wrong
quarantine: DATE_ORDER: roll.csv, row 1: it is wrong (4 rows)
quarantine: DATE_ORDER: roll.csv, row 2: it is wrong
    mend it
quarantine: DATE_ORDER: roll.csv, row 3: it is wrong
    mend it otherwise
`
	if got := b.String(); got != want {
		t.Errorf("%s\nand not\n%s", got, want)
	}
}

// A column is told to be from the first of its sources, or the first two, where a terminal has room for them.
func TestOrigins(t *testing.T) {
	const long = "school_census/pupilnolongeronroll.termlysessionspossible"
	for want, sources := range map[string][]string{
		"":                                 nil,
		"a.b":                              {"a.b"},
		"a.b, c.d":                         {"a.b", "c.d"},
		"a.b, c.d and 2 more":              {"a.b", "c.d", "e.f", "g.h"},
		long + " and 1 more":               {long, "a.b.c.d"},
		long + " and 2 more":               {long, long, long},
		"ssda903/missing.CHILD, cin/child": {"ssda903/missing.CHILD", "cin/child"},
	} {
		if got := origins(sources); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
