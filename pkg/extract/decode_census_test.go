package extract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// termly is a table of a return that is made every term, with the columns that only such returns have.
func termly() *dataset.Table {
	return &dataset.Table{
		Format: "local", Name: "termly", DateFormats: []string{dataset.DateCensus, dataset.DateISO}, YearBegins: time.September, Termly: true,
		Columns: []*dataset.Column{
			{Name: "KEY", Type: dataset.Key, Class: dataset.RecordIdentifier},
			{Name: "KEYMUST", Type: dataset.Key, Class: dataset.RecordIdentifier, Required: true},
			{Name: "DAY", Type: dataset.Date},
			{Name: "OFYEAR", Type: dataset.Date, InYear: true},
			{Name: "UPN", Type: dataset.Identifier, Identifier: "child/upn"},
			{Name: dataset.CensusTerm, Type: dataset.Code, Optional: true, Codes: []dataset.CodeValue{{Value: "autumn"}, {Value: "spring"}, {Value: "summer"}}},
		},
	}
}

func TestDecodeOfTheCensus(t *testing.T) {
	const known, unusable = extract.Known, extract.Unusable
	long := strings.Repeat("k", 100)
	date := func(iso string) extract.Value { return extract.Value{State: known, Num: day(t, iso)} }
	key := func(text string) extract.Value { return extract.Value{State: known, Text: text} }
	table := termly()
	for _, c := range []struct {
		column, cell string
		want         extract.Value
		rule         string
	}{
		{"DAY", "2024-Oct-16 00:00:00", date("2024-10-16"), ""},
		{"DAY", "2024-oct-16 00:00:00", date("2024-10-16"), ""},
		{"DAY", "2024-OCT-16 00:00:00", date("2024-10-16"), ""},
		{"DAY", " 2024-Feb-29 00:00:00 ", date("2024-02-29"), ""},
		{"DAY", "2024-10-16", date("2024-10-16"), ""},
		{"DAY", "", extract.Value{}, ""},
		{"DAY", "2023-Feb-29 00:00:00", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", "2024-Oct-00 00:00:00", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", "1066-Apr-13 00:00:00", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", "2024-Okt-16 00:00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "2024-Sept-6 00:00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "2024-Oct-16 12:00:00", extract.Value{}, extract.RuleDateMalformed}, // a time of day says that it is no day
		{"DAY", "2024-Oct-16", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "2024-Oct-16 00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "2024/Oct/16 00:00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "16-Oct-2024 00:00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "16/10/2024", extract.Value{}, extract.RuleDateMalformed}, // a form that this table has not
		{"DAY", "2024-é1-16 00:00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", "2024-\u00b5c-16 00:00:00", extract.Value{}, extract.RuleDateMalformed},

		{"OFYEAR", "2024-Sep-01 00:00:00", date("2024-09-01"), ""},
		{"OFYEAR", "2025-Aug-31 00:00:00", date("2025-08-31"), ""},
		{"OFYEAR", "2024-Aug-31 00:00:00", extract.Value{}, extract.RuleDateNotInYear},
		{"OFYEAR", "2025-Sep-01 00:00:00", extract.Value{}, extract.RuleDateNotInYear},
		{"OFYEAR", "", extract.Value{}, ""},
		{"OFYEAR", "2025-Feb-29 00:00:00", extract.Value{}, extract.RuleDateImpossible},

		{"KEY", "0002e817-8ca", key("0002e817-8ca"), ""},
		{"KEY", " SCH7\t", key("SCH7"), ""},
		{"KEY", "sch7", key("sch7"), ""}, // nothing is folded: it names a record within its extract
		{"KEY", "SCHOOL 7, the other", key("SCHOOL 7, the other"), ""},
		{"KEY", "007", key("007"), ""},
		{"KEY", "12", key("12"), ""},
		{"KEY", "-12", key("-12"), ""},
		{"KEY", "12e4", key("12e4"), ""}, // hexadecimal digits
		{"KEY", "22455e10", key("22455e10"), ""},
		{"KEY", "1234567e-123", key("1234567e-123"), ""},
		{"KEY", "1.2.3", key("1.2.3"), ""},
		{"KEY", "v1.2", key("v1.2"), ""},
		{"KEY", "1.2a", key("1.2a"), ""},
		{"KEY", "12E+", key("12E+"), ""},
		{"KEY", "É", key("É"), ""},
		{"KEY", long, key(long), ""},
		{"KEY", "", extract.Value{}, ""},
		{"KEY", " \u00a0", extract.Value{}, ""},
		{"KEY", long + "k", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "12.0", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "-12.0", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "12.", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "12.50", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "1.23E+11", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "1.23e+11", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "1E+11", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "a\x00b", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "a\nb", extract.Value{}, extract.RuleKeyMalformed},
		{"KEY", "a\xff", extract.Value{}, extract.RuleEncoding},
		{"KEYMUST", "", extract.Value{}, extract.RuleRequiredEmpty},
		{"KEYMUST", "x", key("x"), ""},

		// A wrong check letter may link and is never hashed: the outcome says so, and the text is there to compare.
		{"UPN", "A801200001001", extract.Value{State: unusable, Outcome: identifier.CheckDigit, Text: "A801200001001"}, ""},
		{"UPN", " a801200001001", extract.Value{State: unusable, Outcome: identifier.CheckDigit, Text: "A801200001001"}, ""},
		{"UPN", "1.23E+11", extract.Value{State: unusable, Outcome: identifier.Malformed}, ""},
		{"UPN", "H801200001001.0", extract.Value{State: unusable, Outcome: identifier.Malformed}, ""},
		{"UPN", "21db2df8-fa0", extract.Value{State: unusable, Outcome: identifier.Malformed}, ""},
		{"UPN", "UN7", extract.Value{State: unusable, Outcome: identifier.Unknown}, ""},

		{dataset.CensusTerm, "", extract.Value{State: known, Num: 1}, ""},
		{dataset.CensusTerm, "autumn", extract.Value{State: known, Num: 1}, ""}, // read from no cell
	} {
		src := &extract.Source{Table: table, Year: 2025, Term: dataset.Spring}
		got, rule := extract.Decode(src, table.Column(c.column), []byte(c.cell))
		if rule != c.rule || rule == "" && got != c.want {
			t.Errorf("%s, %q: %+v, %q; want %+v, %q", c.column, c.cell, got, rule, c.want, c.rule)
		}
	}
	// While year and term are not told yet, nothing is held to them.
	src := &extract.Source{Table: table}
	if v, rule := extract.Decode(src, table.Column("OFYEAR"), []byte("1999-Jan-01 00:00:00")); rule != "" || v.State != known {
		t.Errorf("%+v, %q", v, rule)
	}
	if v, rule := extract.Decode(src, table.Column(dataset.CensusTerm), nil); rule != "" || v.State != extract.Empty {
		t.Errorf("%+v, %q", v, rule)
	}
}

// Every day has its form in the census, and it is the day's own.
func TestDecodeEveryDayOfTheCensus(t *testing.T) {
	table := termly()
	src := &extract.Source{Table: table, Year: 2025}
	for d := civil.MustYMD(2023, 12, 1); d <= civil.MustYMD(2025, 3, 1); d++ {
		y, m, dd := d.YMD()
		cell := fmt.Sprintf("%d-%s-%02d 00:00:00", y, time.Month(m).String()[:3], dd)
		if v, rule := extract.Decode(src, table.Column("DAY"), []byte(cell)); rule != "" || v.Num != int32(d) {
			t.Errorf("%s: %+v, %q", cell, v, rule)
		}
	}
}

// A key comes out as it went in, but for spaces around it, and never as anything longer than it may be.
func FuzzDecodeKey(f *testing.F) {
	for _, s := range []string{"", "0002e817-8ca", "12.0", "1.23E+11", "1E+", "-.5", "\xff", "a\x7f"} {
		f.Add(s)
	}
	table := termly()
	src := &extract.Source{Table: table, Year: 2025}
	f.Fuzz(func(t *testing.T, cell string) {
		v, rule := extract.Decode(src, table.Column("KEY"), []byte(cell))
		switch {
		case rule != "" && rule != extract.RuleKeyMalformed && rule != extract.RuleEncoding:
			t.Errorf("%q: %q", cell, rule)
		case rule == "" && (v.Text != strings.TrimSpace(cell) || len(v.Text) > 100 || (v.State == extract.Known) != (v.Text != "")):
			t.Errorf("%q: %+v", cell, v)
		}
	})
}
