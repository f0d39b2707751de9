package export

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/minimise"
)

func TestBanded(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: Few, 9: Few, 10: "10", 4912: "4912"} {
		if got := Banded(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "no more and no fewer rows", 1: Few + " rows more", 9: Few + " rows more", -9: Few + " rows fewer", 10: "+10 rows", -12: "-12 rows"} {
		if got := bandedChange(n); got != want {
			t.Errorf("a change of %d is %q, want %q", n, got, want)
		}
	}
	for _, tc := range []struct {
		n, all int64
		want   string
	}{{100, 100, "100"}, {91, 100, "all but " + Few}, {90, 100, "90"}, {5, 100, Few}, {0, 100, "0"}, {0, 5, "all but " + Few}} {
		if got := bandedOf(tc.n, tc.all); got != tc.want {
			t.Errorf("%d of %d is %q, want %q", tc.n, tc.all, got, tc.want)
		}
	}
}

// Whoever sees a sum and all of its parts but a small one must not be able to work the small one out.
func TestBandedTotalGivesNothingAway(t *testing.T) {
	for left := range int64(60) {
		seen := make(map[string][]int64) // by what is shown, which small parts it may stand for
		for part := range int64(few) {
			shown := strings.Join([]string{bandedTotal(left+part, left, part), Banded(left), Banded(part)}, " ")
			seen[shown] = append(seen[shown], part)
		}
		for shown, parts := range seen {
			if parts[0] != 0 && len(parts) < few-1 && left > 0 && !small(left) {
				t.Errorf("left %d: %q stands for %v only", left, shown, parts)
			}
		}
	}
	for _, tc := range []struct {
		total int64
		parts []int64
		want  string
	}{
		{75, []int64{63, 12, 0}, "75"}, {27, []int64{25, 2}, "about 30"}, {33, []int64{24, 9}, "about 20"}, {15, []int64{8, 7}, "about 10"}, {604, []int64{600, 4}, "about 600"}, {0, []int64{0, 0}, "0"}, {8, []int64{4, 4}, Few},
	} {
		if got := bandedTotal(tc.total, tc.parts...); got != tc.want {
			t.Errorf("%v is %q, want %q", tc.parts, got, tc.want)
		}
	}
}

// A finding keeps its place and loses the number of its rows where that is small.
func TestBandedFindings(t *testing.T) {
	got := BandedFindings([]finding.Finding{
		{Rule: "A", Count: 3, Rows: []int64{4, 5, 6}, Place: finding.Place{File: "a.csv", Row: 4}, Message: "m", Hint: "h"}, {Rule: "B", Count: 30},
	})
	if len(got) != 2 || got[0].Rows != Few || got[1].Rows != "30" || got[0].Place.Row != 4 || got[0].Message != "m" || got[0].Hint != "h" {
		t.Errorf("%+v", got)
	}
	if BandedFindings(nil) == nil {
		t.Error("no findings are no list")
	}
}

func TestShape(t *testing.T) {
	number := &dataset.Column{Type: dataset.Integer, Min: 0, Max: 99}
	codes := []dataset.CodeValue{{Value: "F"}, {Value: "M"}, {Value: "U"}}
	for _, tc := range []struct {
		how    agreement.Treatment
		source *dataset.Column
		column minimise.Column
		want   string
	}{
		{agreement.Treatment{Kind: dataset.Pseudonym}, nil, minimise.Column{Kind: minimise.Pseudonym, Prefix: "c2_"}, "c2_ and 32 letters and digits"},
		{agreement.Treatment{Kind: dataset.Keep}, nil, minimise.Column{Kind: minimise.Code, Codes: codes}, "one of 3 codes"},
		{agreement.Treatment{Kind: dataset.Constant}, nil, minimise.Column{Kind: minimise.Code, Codes: codes[:1]}, "always F"},
		{agreement.Treatment{Kind: dataset.Flag}, nil, minimise.Column{Kind: minimise.Boolean}, "true or false"},
		{agreement.Treatment{Kind: dataset.DateTo, To: "day"}, nil, minimise.Column{Kind: minimise.Date}, "YYYY-MM-DD"},
		{agreement.Treatment{Kind: dataset.DateTo, To: "week"}, nil, minimise.Column{Kind: minimise.Date}, "YYYY-MM-DD, a Monday"},
		{agreement.Treatment{Kind: dataset.DateTo, To: "month"}, nil, minimise.Column{Kind: minimise.Date}, "YYYY-MM-01"},
		{agreement.Treatment{Kind: dataset.DateTo, To: "quarter"}, nil, minimise.Column{Kind: minimise.Date}, "YYYY-MM-01, MM one of 01, 04, 07, 10"},
		{agreement.Treatment{Kind: dataset.DateTo, To: "year"}, nil, minimise.Column{Kind: minimise.Date}, "YYYY-01-01"},
		{agreement.Treatment{Kind: dataset.AgeMonths}, nil, minimise.Column{Kind: minimise.Integer}, "a whole number, 0-215 for a child under 18"},
		{agreement.Treatment{Kind: dataset.AgeYears}, nil, minimise.Column{Kind: minimise.Integer}, "a whole number, 0-17 for a child under 18"},
		{agreement.Treatment{Kind: dataset.DaysSince}, number, minimise.Column{Kind: minimise.Integer}, "a whole number, below 0 for what came before"},
		{agreement.Treatment{Kind: dataset.Keep}, number, minimise.Column{Kind: minimise.Integer}, "a whole number, 0-99"},
	} {
		if got := shape(tc.how, tc.source, tc.column); got != tc.want {
			t.Errorf("%s %s looks like %q, want %q", tc.how.Kind, tc.how.To, got, tc.want)
		}
	}
}

func TestSinceDrop(t *testing.T) {
	table := func(name string, columns ...manifest.Column) manifest.Table {
		return manifest.Table{Name: name, Columns: columns}
	}
	was := &manifest.Manifest{Tables: []manifest.Table{
		table("a", manifest.Column{Name: "x", Treatment: "date to month"}, manifest.Column{Name: "y"}, manifest.Column{Name: "z", Codes: []manifest.Code{{Code: "1"}}}), table("b"),
	}}
	now := []manifest.Table{
		table("a", manifest.Column{Name: "x", Treatment: "date to day"}, manifest.Column{Name: "z", Codes: []manifest.Code{{Code: "2"}}}, manifest.Column{Name: "w"}), table("c"),
	}
	want := []string{
		"a.x is treated otherwise: date to day; it was: date to month", "a.z is made of other columns, or has other codes", "a.w is new", "a.y is there no more",
		"the table c is new", "the table b is there no more",
	}
	if got := sinceDrop(was, now); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := sinceDrop(was, was.Tables); got == nil || len(got) > 0 {
		t.Errorf("%q of what is the same", got)
	}
}

// Only an approval that holds counts, of this version or an earlier one; of this very file only one that is in force.
func TestLastApproval(t *testing.T) {
	a := &agreement.Agreement{ID: "dsa-a", Version: 3}
	a.SHA256[0] = 3
	on := func(version int, digest byte, day int) agreement.Considered {
		d := agreement.Decision{Agreement: "dsa-a", Version: version, Verb: agreement.Approve, Time: time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC)}
		d.SHA256[0] = digest
		return agreement.Considered{Decision: d, Holds: true}
	}
	lapsed, other, later, loose, submit := on(3, 3, 9), on(2, 2, 8), on(4, 4, 7), on(2, 2, 6), on(2, 2, 5)
	other.Decision.Agreement, loose.Holds, submit.Decision.Verb = "dsa-b", false, agreement.Submit
	decisions := []agreement.Considered{lapsed, other, later, loose, submit}
	if got := lastApproval(a, decisions); got != nil {
		t.Errorf("%+v", got)
	}
	decisions = append(decisions, on(1, 1, 1), on(2, 2, 2), on(2, 9, 1))
	if got := lastApproval(a, decisions); got == nil || got.Decision.Version != 2 || got.Decision.SHA256[0] != 2 {
		t.Errorf("%+v", got)
	}
	decisions[0].Counts = true
	if got := lastApproval(a, decisions); got != &decisions[0] {
		t.Errorf("%+v", got)
	}
}
