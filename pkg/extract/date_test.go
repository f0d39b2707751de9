package extract_test

import (
	"fmt"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// dated decodes a cell of a column of dates that are written in one form.
func dated(form, cell string) (extract.Value, string) {
	src := &extract.Source{Table: &dataset.Table{Format: "local", Name: "rows", DateFormats: []string{dataset.DateUK}}, Year: 2026}
	return extract.Decode(src, &dataset.Column{Name: "On", Type: dataset.Date, Dates: []string{form}}, []byte(cell))
}

// Each form reads what it names, and nothing else; a time of day is read and dropped.
func TestDateForms(t *testing.T) {
	day := civil.MustYMD(2024, 3, 5)
	good := map[string][]string{
		dataset.DateUK:        {"05/03/2024", " 05/03/2024 "},
		dataset.DateISO:       {"2024-03-05"},
		dataset.DateCensus:    {"2024-Mar-05 00:00:00", "2024-MAR-05 00:00:00"},
		dataset.DateTimeISO:   {"2024-03-05T00:00:00", "2024-03-05T23:59:59Z", "2024-03-05T09:30:00.123", "2024-03-05T09:30:00.1Z"},
		dataset.DateTimeSpace: {"2024-03-05 00:00:00", "2024-03-05 09:30:01.000"},
		dataset.DateDashes:    {"05-03-2024"},
		dataset.DateTimeUK:    {"05/03/2024 09:30", "05/03/2024 9:30", "05/03/2024 09:30:59", "05/03/2024 00:00"},
		dataset.DateMonthName: {"5 Mar 2024", "05 Mar 2024", "5 March 2024", "05 MARCH 2024", "5 mar 2024"},
		dataset.DateDigits:    {"20240305"},
	}
	for _, form := range dataset.DateForms() {
		if len(good[form]) == 0 {
			t.Errorf("nothing tests the form %s", form)
		}
		for _, cell := range good[form] {
			if v, rule := dated(form, cell); rule != "" || v.State != extract.Known || v.Num != int32(day) {
				t.Errorf("%s: %q is %v, %s", form, cell, v, rule)
			}
		}
		for other, cells := range good {
			for _, cell := range cells {
				if _, rule := dated(form, cell); other != form && rule != extract.RuleDateMalformed {
					t.Errorf("%s reads %q of %s (%s)", form, cell, other, rule)
				}
			}
		}
	}
}

func TestDatesThatAreNone(t *testing.T) {
	for _, c := range []struct{ form, cell, rule string }{
		{dataset.DateDashes, "31-02-2024", extract.RuleDateImpossible},
		{dataset.DateDashes, "00-01-2024", extract.RuleDateImpossible},
		{dataset.DateDashes, "01-13-2024", extract.RuleDateImpossible},
		{dataset.DateDashes, "05-03-1066", extract.RuleDateImpossible},
		{dataset.DateDashes, "5-3-2024", extract.RuleDateMalformed},
		{dataset.DateDashes, "05-03-24", extract.RuleDateMalformed},
		{dataset.DateDashes, "05/03-2024", extract.RuleDateMalformed},
		{dataset.DateDigits, "20240230", extract.RuleDateImpossible},
		{dataset.DateDigits, "240305", extract.RuleDateMalformed},
		{dataset.DateDigits, "2024030", extract.RuleDateMalformed},
		{dataset.DateDigits, "202403055", extract.RuleDateMalformed},
		{dataset.DateMonthName, "31 Feb 2024", extract.RuleDateImpossible},
		{dataset.DateMonthName, "5 Mar 24", extract.RuleDateMalformed},
		{dataset.DateMonthName, "5 Marc 2024", extract.RuleDateMalformed},
		{dataset.DateMonthName, "5  Mar 2024", extract.RuleDateMalformed},
		{dataset.DateMonthName, "Mar 5 2024", extract.RuleDateMalformed},
		{dataset.DateMonthName, "5 Mar", extract.RuleDateMalformed},
		{dataset.DateMonthName, "5 Ma 2024", extract.RuleDateMalformed},
		{dataset.DateTimeUK, "05/03/2024", extract.RuleDateMalformed},
		{dataset.DateTimeUK, "05/03/2024 24:00", extract.RuleDateMalformed},
		{dataset.DateTimeUK, "05/03/2024 09:60", extract.RuleDateMalformed},
		{dataset.DateTimeUK, "05/03/2024 0930", extract.RuleDateMalformed},
		{dataset.DateTimeUK, "30/02/2024 09:30", extract.RuleDateImpossible},
		{dataset.DateTimeUK, "05/03/24 09:30", extract.RuleDateMalformed},
		{dataset.DateTimeISO, "2024-03-05T09:30", extract.RuleDateMalformed},
		{dataset.DateTimeISO, "2024-03-05T09:30:00.", extract.RuleDateMalformed},
		{dataset.DateTimeISO, "2024-03-05T09:30:00+01:00", extract.RuleDateMalformed},
		{dataset.DateTimeISO, "2024-03-05T09:30:61", extract.RuleDateMalformed},
		{dataset.DateTimeSpace, "2024-03-05", extract.RuleDateMalformed},
		{dataset.DateCensus, "2024-Foo-05 00:00:00", extract.RuleDateMalformed},
		{dataset.DateCensus, "2024", extract.RuleDateMalformed},
	} {
		if _, rule := dated(c.form, c.cell); rule != c.rule {
			t.Errorf("%s: %q breaks %q, want %q", c.form, c.cell, rule, c.rule)
		}
	}
}

// Y and N are truths in a column that says so, and in no other.
func TestYesNo(t *testing.T) {
	src := &extract.Source{Table: &dataset.Table{Format: "local", Name: "rows"}, Year: 2026}
	for _, cell := range []string{"Y", "y", "Yes", "YES", "N", "no", "1", "0", "true", "False"} {
		v, rule := extract.Decode(src, &dataset.Column{Name: "NFA", Type: dataset.Boolean, YesNo: true}, []byte(cell))
		truth := map[byte]int32{'y': 1, 'Y': 1, '1': 1, 't': 1}[cell[0]]
		if rule != "" || v.State != extract.Known || v.Num != truth {
			t.Errorf("%s is %v, %s", cell, v, rule)
		}
		_, rule = extract.Decode(src, &dataset.Column{Name: "NFA", Type: dataset.Boolean}, []byte(cell))
		if strict := cell[0] == 'Y' || cell[0] == 'y' || cell[0] == 'N' || cell[0] == 'n'; strict != (rule == extract.RuleBooleanUnknown) {
			t.Errorf("%s without yes_no: %s", cell, rule)
		}
	}
	for _, cell := range []string{"U", "yep", "ja", "2", "-"} {
		if _, rule := extract.Decode(src, &dataset.Column{Name: "NFA", Type: dataset.Boolean, YesNo: true}, []byte(cell)); rule != extract.RuleBooleanUnknown {
			t.Errorf("%s: %s", cell, rule)
		}
	}
}

// That a column's dates are written in several forms is told once of a file, however many rows and batches there are, and
// never of cells that are no dates.
func TestDatesMixed(t *testing.T) {
	table := &dataset.Table{Format: "local", Name: "rows", DateFormats: []string{dataset.DateUK, dataset.DateISO}, Columns: []*dataset.Column{
		{Name: "Mixed", Type: dataset.Date}, {Name: "Same", Type: dataset.Date}, {Name: "Own", Type: dataset.Date, Dates: []string{dataset.DateDashes, dataset.DateMonthName}},
	}}
	src := &extract.Source{File: "rows.csv", Table: table, Year: 2026}
	var report finding.Report
	c := extract.NewCollector(src, extract.Want(table.Columns), &report)
	d := &extract.Demand{Source: src, Want: extract.Want(table.Columns), Report: &report, Sink: func(*extract.Batch) error { return nil }}
	for row := range 40 {
		cells := [][]byte{fmt.Appendf(nil, "%02d/03/2024", row%28+1), fmt.Appendf(nil, "2024-03-%02d", row%28+1), []byte("05-03-2024")}
		switch {
		case row == 25: // in the third batch
			cells[0] = []byte("2024-03-05")
		case row > 25 && row%2 == 0:
			cells[0] = []byte("2024-03-06")
		case row == 3:
			cells[1], cells[2] = []byte("neither"), []byte("05/03/2024")
		}
		c.Add(int64(row+1), cells)
		if row%10 == 9 {
			if err := c.Flush(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	told := 0
	for _, f := range report.Findings() {
		if f.Rule != extract.RuleDatesMixed {
			continue
		}
		told++
		if f.Place.Column != "Mixed" || f.Count != 1 || f.Place.Row != 0 || f.Severity != finding.Warning {
			t.Errorf("%+v", f)
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
