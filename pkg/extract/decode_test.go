package extract_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/schemas"
)

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func day(t testing.TB, iso string) int32 {
	t.Helper()
	d, err := civil.ParseISO(iso)
	if err != nil {
		t.Fatal(err)
	}
	return int32(d)
}

// forms is a table with one column of every type.
func forms() *dataset.Table {
	codes := []dataset.CodeValue{{Value: "0"}, {Value: "1"}, {Value: "E4A"}, {Value: "K3", From: 2025}, {Value: "P2", To: 2025}, {Value: "lower"}}
	return &dataset.Table{
		Format: "local", Name: "forms", DateFormats: []string{dataset.DateUK, dataset.DateISO},
		Columns: []*dataset.Column{
			{Name: "CODE", Type: dataset.Code, Codes: codes},
			{Name: "MUST", Type: dataset.Code, Codes: codes, Required: true},
			{Name: "DAY", Type: dataset.Date},
			{Name: "DAY2", Type: dataset.Date, Required: true, NotBefore: "DAY"},
			{Name: "PART", Type: dataset.PartialDate},
			{Name: "N", Type: dataset.Integer, Min: -5, Max: 40},
			{Name: "YN", Type: dataset.Boolean},
			{Name: "TEXT", Type: dataset.Text, Class: dataset.FreeText},
			{Name: "ID", Type: dataset.Identifier, Identifier: "child/la-child-id"},
			{Name: "IDMUST", Type: dataset.Identifier, Identifier: "child/la-child-id", Required: true},
			{Name: "UPN", Type: dataset.Identifier, Identifier: "child/upn"},
			{Name: "NHS", Type: dataset.Identifier, Identifier: "child/nhs-number"},
			{Name: "OTHER", Type: dataset.Identifier, Identifier: "child/other"},
			{Name: dataset.CollectionYear, Type: dataset.Integer, Optional: true, Min: 2016, Max: 2027},
		},
	}
}

func TestDecode(t *testing.T) {
	const known, month, year, unusable = extract.Known, extract.Month, extract.Year, extract.Unusable
	table := forms()
	for _, c := range []struct {
		column string
		year   int
		cell   string
		want   extract.Value
		rule   string
	}{
		{"CODE", 2020, "E4A", extract.Value{State: known, Num: 2}, ""},
		{"CODE", 2020, "e4a", extract.Value{State: known, Num: 2}, ""}, // source systems differ in case
		{"CODE", 2020, " E4A ", extract.Value{State: known, Num: 2}, ""},
		{"CODE", 2020, "1", extract.Value{State: known, Num: 1}, ""},
		{"CODE", 2020, "1.0", extract.Value{}, extract.RuleCodeUnknown}, // a number to a spreadsheet, and no code
		{"CODE", 2020, "01", extract.Value{}, extract.RuleCodeUnknown},
		{"CODE", 2020, "E4", extract.Value{}, extract.RuleCodeUnknown},
		{"CODE", 2020, "E4A E4A", extract.Value{}, extract.RuleCodeUnknown},
		{"CODE", 2020, "*DUMMY*", extract.Value{}, extract.RuleCodeUnknown},
		{"CODE", 2020, "lower", extract.Value{State: known, Num: 5}, ""},
		{"CODE", 2020, "", extract.Value{}, ""},
		{"CODE", 2020, "  ", extract.Value{}, ""},
		{"CODE", 2024, "K3", extract.Value{}, extract.RuleCodeNotInYear},
		{"CODE", 2024, "k3", extract.Value{}, extract.RuleCodeNotInYear},
		{"CODE", 2025, "K3", extract.Value{State: known, Num: 3}, ""},
		{"CODE", 2025, "P2", extract.Value{State: known, Num: 4}, ""},
		{"CODE", 2026, "P2", extract.Value{}, extract.RuleCodeNotInYear},
		{"CODE", 0, "P2", extract.Value{State: known, Num: 4}, ""},
		{"CODE", 2020, "E4\xff", extract.Value{}, extract.RuleEncoding},
		{"MUST", 2020, "", extract.Value{}, extract.RuleRequiredEmpty},
		{"MUST", 2020, " \t", extract.Value{}, extract.RuleRequiredEmpty},
		{"MUST", 2020, "0", extract.Value{State: known, Num: 0}, ""},

		{"DAY", 2020, "29/02/2020", extract.Value{State: known, Num: day(t, "2020-02-29")}, ""},
		{"DAY", 2020, "2020-02-29", extract.Value{State: known, Num: day(t, "2020-02-29")}, ""},
		{"DAY", 2020, " 01/04/2020 ", extract.Value{State: known, Num: day(t, "2020-04-01")}, ""},
		{"DAY", 2020, "03/04/2020", extract.Value{State: known, Num: day(t, "2020-04-03")}, ""}, // never 4 March
		{"DAY", 2020, "29/02/2019", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "31/11/2019", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "00/00/0000", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "13/13/2019", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "13/04/1066", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "2019-13-01", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "1066-04-13", extract.Value{}, extract.RuleDateImpossible},
		{"DAY", 2020, "1/4/2020", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", 2020, "01/04/20", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", 2020, "01-04-2020", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", 2020, "2020-04-01 00:00:00", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", 2020, "43922", extract.Value{}, extract.RuleDateMalformed}, // a spreadsheet's count of days
		{"DAY", 2020, "ZZ/04/2020", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", 2020, "oops!", extract.Value{}, extract.RuleDateMalformed},
		{"DAY", 2020, "", extract.Value{}, ""},
		{"DAY2", 2020, "", extract.Value{}, extract.RuleRequiredEmpty},

		{"PART", 2020, "17/05/2021", extract.Value{State: known, Num: day(t, "2021-05-17")}, ""},
		{"PART", 2020, "2021-05-17", extract.Value{State: known, Num: day(t, "2021-05-17")}, ""},
		{"PART", 2020, "ZZ/05/2021", extract.Value{State: month, Num: day(t, "2021-05-01")}, ""},
		{"PART", 2020, "zz/05/2021", extract.Value{State: month, Num: day(t, "2021-05-01")}, ""},
		{"PART", 2020, "ZZ/ZZ/1993", extract.Value{State: year, Num: day(t, "1993-01-01")}, ""},
		{"PART", 2020, "ZZ/ZZ/ZZZZ", extract.Value{}, ""},
		{"PART", 2020, "zz/zz/zzzz", extract.Value{}, ""},
		{"PART", 2020, "", extract.Value{}, ""},
		{"PART", 2020, "ZZ/13/2021", extract.Value{}, extract.RuleDateImpossible},
		{"PART", 2020, "ZZ/ZZ/1066", extract.Value{}, extract.RuleDateImpossible},
		{"PART", 2020, "ZZ/05/ZZZZ", extract.Value{}, extract.RuleDateMalformed},
		{"PART", 2020, "ZZ/ZZ/", extract.Value{}, extract.RuleDateMalformed},
		{"PART", 2020, "ZZ/", extract.Value{}, extract.RuleDateMalformed},
		{"PART", 2020, "17/ZZ/2021", extract.Value{}, extract.RuleDateMalformed}, // a day of no month
		{"PART", 2020, "ZZ/ZZ/ZZZZZ", extract.Value{}, extract.RuleDateMalformed},
		{"PART", 2020, "30/02/2021", extract.Value{}, extract.RuleDateImpossible},

		{"N", 2020, "0", extract.Value{State: known}, ""},
		{"N", 2020, "40", extract.Value{State: known, Num: 40}, ""},
		{"N", 2020, "40.0", extract.Value{State: known, Num: 40}, ""},
		{"N", 2020, " 7 ", extract.Value{State: known, Num: 7}, ""},
		{"N", 2020, "007", extract.Value{State: known, Num: 7}, ""},
		{"N", 2020, "-5", extract.Value{State: known, Num: -5}, ""},
		{"N", 2020, "41", extract.Value{}, extract.RuleNumberRange},
		{"N", 2020, "-6", extract.Value{}, extract.RuleNumberRange},
		{"N", 2020, "999999999", extract.Value{}, extract.RuleNumberRange},
		{"N", 2020, "4294967296", extract.Value{}, extract.RuleNumberMalformed}, // 0 to a careless 32 bits
		{"N", 2020, "7.5", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, "7.00", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, "+7", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, "--7", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, "-", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, ".0", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, "1e1", extract.Value{}, extract.RuleNumberMalformed},
		{"N", 2020, "٣", extract.Value{}, extract.RuleNumberMalformed},

		{"YN", 2020, "0", extract.Value{State: known}, ""},
		{"YN", 2020, "1", extract.Value{State: known, Num: 1}, ""},
		{"YN", 2020, "false", extract.Value{State: known}, ""},
		{"YN", 2020, "TRUE", extract.Value{State: known, Num: 1}, ""},
		{"YN", 2020, "", extract.Value{}, ""},
		{"YN", 2020, "yes", extract.Value{}, extract.RuleBooleanUnknown},
		{"YN", 2020, "1.0", extract.Value{}, extract.RuleBooleanUnknown},
		{"YN", 2020, "2", extract.Value{}, extract.RuleBooleanUnknown},

		{"TEXT", 2020, "anything", extract.Value{State: unusable}, ""}, // that there is something is all that is known
		{"TEXT", 2020, "", extract.Value{}, ""},
		{"TEXT", 2020, "\xff", extract.Value{}, extract.RuleEncoding},

		{"ID", 2020, "510000", extract.Value{State: known, Text: "510000"}, ""},
		{"ID", 2020, " rnd01 ", extract.Value{State: known, Text: "RND01"}, ""}, // what trim and case make of it is no difference
		{"ID", 2020, "５１", extract.Value{State: known, Text: "51"}, ""},
		{"ID", 2020, "00123", extract.Value{State: known, Text: "00123"}, ""},
		{"ID", 2020, "", extract.Value{State: unusable, Outcome: identifier.Missing}, ""},
		{"ID", 2020, "000", extract.Value{State: unusable, Outcome: identifier.Placeholder}, ""},
		{"ID", 2020, "12.0", extract.Value{State: unusable, Outcome: identifier.Malformed}, ""},
		{"ID", 2020, "51 00", extract.Value{State: unusable, Outcome: identifier.Malformed}, ""},
		{"ID", 2020, "51\xff", extract.Value{}, extract.RuleEncoding},
		{"IDMUST", 2020, "  ", extract.Value{}, extract.RuleRequiredEmpty},
		{"IDMUST", 2020, "000", extract.Value{State: unusable, Outcome: identifier.Placeholder}, ""},
		{"UPN", 2020, "H801200001001", extract.Value{State: known, Text: "H801200001001"}, ""},
		{"UPN", 2020, "A801200001001", extract.Value{State: unusable, Outcome: identifier.CheckDigit, Text: "A801200001001"}, ""}, // may link, and is never hashed
		{"UPN", 2020, "UN3", extract.Value{State: unusable, Outcome: identifier.Unknown}, ""},
		{"NHS", 2020, "943 476 5919", extract.Value{State: known, Text: "9434765919", Simple: "943 476 5919"}, ""},
		{"OTHER", 2020, "510000", extract.Value{State: unusable, Outcome: identifier.Malformed}, ""}, // no such domain: nothing is hashed by accident

		{dataset.CollectionYear, 2020, "", extract.Value{State: known, Num: 2020}, ""},
		{dataset.CollectionYear, 2020, "1999", extract.Value{State: known, Num: 2020}, ""}, // read from no cell
	} {
		column := table.Column(c.column)
		got, rule := extract.Decode(&extract.Source{Table: table, Year: c.year}, column, []byte(c.cell))
		if rule != c.rule || rule == "" && got != c.want {
			t.Errorf("%s in %d, %q: %+v, %q; want %+v, %q", c.column, c.year, c.cell, got, rule, c.want, c.rule)
		}
	}
}

// The forms of a format are tried in their order and no others are.
func TestDecodeDatesOfOneForm(t *testing.T) {
	table := forms()
	table.DateFormats = []string{dataset.DateISO}
	for cell, rule := range map[string]string{"2020-04-01": "", "01/04/2020": extract.RuleDateMalformed, "ZZ/04/2020": extract.RuleDateMalformed} {
		if _, got := extract.Decode(&extract.Source{Table: table, Year: 2020}, table.Column("DAY"), []byte(cell)); got != rule {
			t.Errorf("%q: rule %q, want %q", cell, got, rule)
		}
	}
	if _, got := extract.Decode(&extract.Source{Table: table, Year: 2020}, table.Column("PART"), []byte("ZZ/04/2020")); got != extract.RuleDateMalformed {
		t.Errorf("a partial date in a form that the format has not: rule %q", got)
	}
}

func TestEveryRuleHasWords(t *testing.T) {
	rules := []string{extract.RuleCodeUnknown, extract.RuleCodeNotInYear, extract.RuleDateMalformed, extract.RuleDateImpossible,
		extract.RuleDateOrder, extract.RuleNumberMalformed, extract.RuleNumberRange, extract.RuleBooleanUnknown,
		extract.RuleRequiredEmpty, extract.RuleEncoding, extract.RuleKeyMalformed, extract.RuleDateNotInYear}
	seen := map[string]bool{extract.Message(""): true}
	for _, rule := range rules {
		if message := extract.Message(rule); seen[message] || message == "" || extract.Hint(rule) == "" {
			t.Errorf("%s has no message or hint of its own", rule)
		} else {
			seen[message] = true
		}
	}
}

// Whatever a cell holds, it becomes a value within its column's bounds, or breaks one of the rules that have words.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "E4A", "29/02/2020", "2020-02-29", "ZZ/ZZ/ZZZZ", "40.0", "-5", "true", "510000", "\xff", "H801200001001"} {
		f.Add(s, 2020)
	}
	table := forms()
	f.Fuzz(func(t *testing.T, cell string, year int) {
		for _, column := range table.Columns {
			v, rule := extract.Decode(&extract.Source{Table: table, Year: year}, column, []byte(cell))
			if rule != "" {
				if extract.Message(rule) == extract.Message("") {
					t.Errorf("%s: rule %q has no words", column.Name, rule)
				}
				continue
			}
			switch {
			case column.Name == dataset.CollectionYear, v.State != extract.Known:
			case column.Type == dataset.Code && (v.Num < 0 || int(v.Num) >= len(column.Codes) || !column.Codes[v.Num].In(year) ||
				!strings.EqualFold(column.Codes[v.Num].Value, strings.TrimSpace(cell))):
				t.Errorf("%s: %q is code %d", column.Name, cell, v.Num)
			case column.Type == dataset.Date && !strings.Contains(civil.Date(v.Num).String()+uk(v.Num), strings.TrimSpace(cell)):
				t.Errorf("%s: %q is %s", column.Name, cell, civil.Date(v.Num))
			case column.Type == dataset.Integer && (v.Num < column.Min || v.Num > column.Max):
				t.Errorf("%s: %q is %d", column.Name, cell, v.Num)
			case column.Type == dataset.Boolean && v.Num != 0 && v.Num != 1:
				t.Errorf("%s: %q is %d", column.Name, cell, v.Num)
			case column.Type == dataset.Text:
				t.Errorf("%s: text is a value", column.Name)
			case column.Type == dataset.Identifier && v.Text == "":
				t.Errorf("%s: %q is an identifier without text", column.Name, cell)
			}
		}
	})
}

func uk(n int32) string {
	iso := civil.Date(n).String()
	return " " + iso[8:] + "/" + iso[5:7] + "/" + iso[:4]
}

func BenchmarkDecode(b *testing.B) {
	table := forms()
	for column, cell := range map[string]string{"CODE": "E4A", "DAY": "29/02/2020", "N": "40", "ID": "510000", "UPN": "H801200001001"} {
		b.Run(column, func(b *testing.B) {
			src, c, raw := &extract.Source{Table: table, Year: 2020}, table.Column(column), []byte(cell)
			b.ReportAllocs()
			for b.Loop() {
				if _, rule := extract.Decode(src, c, raw); rule != "" {
					b.Fatal(rule)
				}
			}
		})
	}
}
