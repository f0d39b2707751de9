package finding_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestReportOrder(t *testing.T) {
	type added struct {
		rule     string
		severity finding.Severity
		place    finding.Place
	}
	// As it must come out: worst first, then file, table, column, rule.
	ordered := []added{
		{"FILE_EMPTY", finding.Stop, finding.Place{File: "z.csv"}},
		{"CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/a", Column: "LS", Row: 9}},
		{"DATE_ORDER", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/a", Column: "LS", Row: 2}},
		{"CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/a", Column: "SEX", Row: 1}},
		{"CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/b", Column: "LS", Row: 1}},
		{"CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "b.csv", Table: "f/a", Column: "LS", Row: 1}},
		{"NO_ROWS", finding.Warning, finding.Place{File: "a.csv"}},
		{"COLUMN_UNKNOWN", finding.Notice, finding.Place{File: "a.csv", Column: "number 3"}},
	}
	for seed := range uint64(20) {
		shuffled := slices.Clone(ordered)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var r finding.Report
		for _, a := range shuffled {
			r.Add(a.rule, a.severity, a.place, "message", "hint")
		}
		got := r.Findings()
		if len(got) != len(ordered) {
			t.Fatalf("%d findings, want %d", len(got), len(ordered))
		}
		for i, f := range got {
			if f.Rule != ordered[i].rule || f.Place != ordered[i].place || f.Severity != ordered[i].severity {
				t.Fatalf("seed %d: finding %d is %s, want %v", seed, i, f, ordered[i])
			}
		}
	}
}

func TestReportCountsAndKeepsFewRows(t *testing.T) {
	var r finding.Report
	const rows = 100_000
	for row := int64(7); row < 7+rows; row++ {
		r.Add("CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/a", Column: "LS", Row: row}, "first message", "first hint")
	}
	r.Add("CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/a", Column: "LS", Row: 1}, "later message", "later hint")
	got := r.Findings()
	if len(got) != 1 {
		t.Fatalf("%d findings, want 1", len(got))
	}
	f := got[0]
	if f.Count != rows+1 {
		t.Errorf("%d rows counted, want %d", f.Count, rows+1)
	}
	if want := []int64{7, 8, 9, 10, 11, 12, 13, 14, 15, 16}; !slices.Equal(f.Rows, want) || len(want) != finding.RowsKept {
		t.Errorf("rows kept: %v, want the first %d: %v", f.Rows, finding.RowsKept, want)
	}
	if f.Place.Row != 7 || f.Message != "first message" || f.Hint != "first hint" {
		t.Errorf("the finding is %v, want the first row's", f)
	}
	if n := testing.AllocsPerRun(100, func() {
		r.Add("CODE_UNKNOWN", finding.Quarantine, finding.Place{File: "a.csv", Table: "f/a", Column: "LS", Row: 5}, "m", "h")
	}); n != 0 {
		t.Errorf("a further row of a known finding costs %v allocations", n)
	}
}

func TestReportOfAFileKeepsNoRows(t *testing.T) {
	var r finding.Report
	r.Add("NO_ROWS", finding.Warning, finding.Place{File: "a.csv"}, "m", "h")
	if f := r.Findings()[0]; f.Count != 1 || f.Rows != nil {
		t.Errorf("%+v", f)
	}
}

func TestReportCountBySeverity(t *testing.T) {
	var r finding.Report
	if len(r.Findings()) != 0 || r.Count(finding.Notice) != 0 {
		t.Error("an empty report has findings")
	}
	r.Add("A", finding.Quarantine, finding.Place{Row: 1}, "", "")
	r.Add("A", finding.Quarantine, finding.Place{Row: 2}, "", "")
	r.Add("B", finding.Quarantine, finding.Place{Row: 2}, "", "")
	r.Add("C", finding.Stop, finding.Place{}, "", "")
	for severity, want := range map[finding.Severity]int{finding.Notice: 0, finding.Warning: 0, finding.Quarantine: 2, finding.Stop: 1} {
		if got := r.Count(severity); got != want {
			t.Errorf("%d findings of severity %s, want %d", got, severity, want)
		}
	}
}

func TestPlaceAndFindingText(t *testing.T) {
	for _, c := range []struct {
		place finding.Place
		want  string
	}{
		{finding.Place{}, ""},
		{finding.Place{File: "header.csv"}, "header.csv"},
		{finding.Place{File: "header.csv", Table: "ssda903/header", Row: 7, Column: "DOB"}, "header.csv, table ssda903/header, row 7, column DOB"},
		{finding.Place{Table: "children", Column: "sex"}, "table children, column sex"},
	} {
		if got := c.place.String(); got != c.want {
			t.Errorf("%+v is written %q, want %q", c.place, got, c.want)
		}
	}
	f := finding.Finding{Rule: "DATE_ORDER", Severity: finding.Quarantine, Place: finding.Place{File: "a.csv", Row: 3}, Count: 1, Message: "the date is early"}
	if got, want := f.String(), "quarantine: DATE_ORDER: a.csv, row 3: the date is early"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.Count = 12
	if got, want := f.String(), "quarantine: DATE_ORDER: a.csv, row 3: the date is early (12 rows)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A file may have any name; what it does to a terminal, or to the lines of a log, is not printed.
func TestShown(t *testing.T) {
	for name, want := range map[string]string{
		"2025-26/Kinder \u00e4lter.csv": "2025-26/Kinder \u00e4lter.csv",
		"a\nerror: b.csv":               `a\nerror: b.csv`,
		"a\x1b[31m.csv":                 `a\x1b[31m.csv`,
		"a\u202evsc.csv":                `a\u202evsc.csv`,
		"a\xff.csv":                     "a\xff.csv",
	} {
		if got := (finding.Place{File: name}).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFindingJSON(t *testing.T) {
	data, err := json.Marshal(finding.Finding{Rule: "R", Severity: finding.Stop, Place: finding.Place{File: "a.csv"}, Count: 1, Message: "m"})
	if want := `{"rule":"R","severity":"stop","place":{"file":"a.csv"},"count":1,"message":"m"}`; err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
	for severity, want := range map[finding.Severity]string{finding.Notice: "notice", finding.Warning: "warning", finding.Quarantine: "quarantine", finding.Stop: "stop"} {
		if text, err := severity.MarshalText(); err != nil || string(text) != want || severity.String() != want {
			t.Errorf("severity %d is written %s, want %s", severity, text, want)
		}
	}
	if finding.Notice >= finding.Warning || finding.Warning >= finding.Quarantine || finding.Quarantine >= finding.Stop {
		t.Error("severities are not in order")
	}
}

func BenchmarkReportAdd(b *testing.B) {
	var r finding.Report
	place := finding.Place{File: "a.csv", Table: "ssda903/episodes", Column: "LS", Row: 1}
	b.ReportAllocs()
	for b.Loop() {
		r.Add("CODE_UNKNOWN", finding.Quarantine, place, "message", "hint")
	}
}
