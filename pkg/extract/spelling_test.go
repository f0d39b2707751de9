package extract_test

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// formFile is a form whose headers and categories people type.
const formFile = `apiVersion: postern/dataset/v1
format: form
version: 1
title: A form
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists:
  sex: [{code: M, meaning: Male}, {code: F, meaning: Female}, {code: X, meaning: Later, from: 2025}]
aliases:
  sex:
    - {code: M, spellings: [Male]}
    - {code: F, spellings: [Female]}
    - {code: X, spellings: [Another]}
    - {code: blank, spellings: [Not asked]}
tables:
  - name: short
    meaning: Few columns
    columns:
      - {name: id, header: Child ID, type: text, class: direct-identifier, meaning: Number}
      - {name: sex, type: code, codes: sex, aliases: sex, class: quasi-identifier, meaning: Sex}
  - name: long
    meaning: More columns
    columns:
      - {name: id, header: Child ID, headers: [Child Number], like: 'child (no|ref)\.?', type: text, class: direct-identifier, meaning: Number}
      - {name: sex, headers: [Gender], type: code, codes: sex, aliases: sex, required: true, class: quasi-identifier, meaning: Sex}
      - {name: age, header: Age (Years), like: 'age.*', type: text, class: ordinary, meaning: Age}
      - {name: aged, header: Age at start, like: '.* at start', optional: true, type: text, class: ordinary, meaning: Age at first}
`

var form = sync.OnceValues(func() (*dataset.Catalogue, error) {
	return dataset.Load(fstest.MapFS{"form.yaml": {Data: []byte(formFile)}})
})

func formTables(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := form()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMatchSpelledHeaders matches headers as people write them: which column stands where, or what is wrong.
func TestMatchSpelledHeaders(t *testing.T) {
	c := formTables(t)
	for _, v := range []struct {
		header, table string
		at            []string // column per position, "" for none
		rule          string
	}{
		{"Child ID|sex", "form/short", []string{"id", "sex"}, ""},
		{"CHILD\u00a0ID |Sex\n", "form/short", []string{"id", "sex"}, ""},
		{"Child ID|sex|Age (Years)", "form/long", []string{"id", "sex", "age"}, ""}, // both tables: the one with more
		{"Child Number|Gender|Age", "form/long", []string{"id", "sex", "age"}, ""},
		{"child ref.|GENDER|Age of\nthe child", "form/long", []string{"id", "sex", "age"}, ""},
		{"Child ID|sex|Age (Years)|Age at start", "form/long", []string{"id", "sex", "age", "aged"}, ""}, // a name before a pattern
		{"Child ID|sex|Age (Years)|Weight at start", "form/long", []string{"id", "sex", "age", "aged"}, ""},
		{"Child ID|sex|Age (Years)|Age, roughly, at start", "", nil, extract.RuleHeaderAmbiguous}, // two patterns
		{"Child ID|sex|Age (Years)|Age", "", nil, extract.RuleHeaderTwice},
		{"Child ID|Child No|sex|Age", "", nil, extract.RuleHeaderTwice},
		{"Child ID|sex|Age (Years)|Weight", "form/long", []string{"id", "sex", "age", ""}, ""},
		{"Grandchild ID|sex|Age", "", nil, extract.RuleTableUnknown}, // the whole name, never a part of it
		{"Child ID|sexes|Age", "", nil, extract.RuleTableUnknown},
	} {
		report := &finding.Report{}
		fields := strings.Split(v.header, "|")
		table, header, err := extract.Match(c, "a.xlsx", fields, report)
		if v.rule != "" {
			if got := invalid(t, err); got.Rule != v.rule || strings.Contains(err.Error(), "roughly") {
				t.Errorf("%q: %v; want %s", v.header, err, v.rule)
			}
			continue
		}
		if err != nil || table.ID() != v.table {
			t.Errorf("%q: %v, %v; want %s", v.header, table, err, v.table)
			continue
		}
		unknown := 0
		for i, name := range v.at {
			if name == "" {
				unknown++
			} else if at, has := header.At[name]; !has || at != i {
				t.Errorf("%q: %s stands at %d, %t; want %d", v.header, name, at, has, i)
			}
		}
		if len(header.Unknown) != unknown || len(report.Findings()) != unknown || !header.Fits(table, fields) {
			t.Errorf("%q: %+v, %v", v.header, header, report.Findings())
		}
		if fields[0] = "Something else"; header.Fits(table, fields) {
			t.Errorf("%q fits another header", v.header)
		}
	}
}

func TestDecodeSpellings(t *testing.T) {
	table := formTables(t).Table("form/long")
	optional := formTables(t).Table("form/short")
	for _, v := range []struct {
		table      *dataset.Table
		year       int
		cell, code string
		rule       string
	}{
		{table, 2020, "M", "M", ""}, {table, 2020, "f", "F", ""}, {table, 2020, "b) Female", "F", ""}, {table, 2020, "\u00a0MALE.", "M", ""},
		{table, 2020, "Females", "", extract.RuleCodeUnmapped}, {table, 2020, "Fe Male", "", extract.RuleCodeUnmapped}, {table, 2020, "Femal", "", extract.RuleCodeUnmapped},
		{table, 2024, "Another", "", extract.RuleCodeNotInYear}, {table, 2025, "another", "X", ""},
		{table, 2020, "Not asked", "", extract.RuleRequiredEmpty}, {optional, 2020, "not asked", "", ""}, {optional, 2020, "", "", ""},
		{table, 2020, "Male\xff", "", extract.RuleEncoding},
	} {
		column := v.table.Column("sex")
		got, rule := extract.Decode(&extract.Source{Table: v.table, Year: v.year}, column, []byte(v.cell))
		code := ""
		if got.State == extract.Known {
			code = column.Codes[got.Num].Value
		}
		if code != v.code || rule != v.rule {
			t.Errorf("%q of %d is %q, %q; want %q, %q", v.cell, v.year, code, rule, v.code, v.rule)
		}
	}
	if hint := extract.Hint(extract.RuleCodeUnmapped); !strings.Contains(hint, "postern/aliases/v1") || extract.Message(extract.RuleCodeUnmapped) == extract.Message("") {
		t.Errorf("the hint names no file that adds spellings: %q", hint)
	}
}

// FuzzMatch: a header is matched to one table or refused, without a panic and without a name repeated; the same whatever
// the case, the white space and the order of its columns.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{"Child ID|sex", "Child Number|Gender|Age", "Age|Age at start|Child ID|sex", "||", "Child\u00a0ID|SEX|age (YEARS)", "\u2013|x"} {
		f.Add(s, uint64(1))
	}
	c := formTables(f)
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		fields := strings.Split(text, "|")
		table, header, err := extract.Match(c, "a.csv", fields, &finding.Report{})
		if err == nil && (!header.Fits(table, fields) || len(header.At)+len(header.Unknown) != len(fields)) {
			t.Fatalf("%q: %+v", text, header)
		}
		other := make([]string, len(fields))
		for i, field := range fields {
			other[i] = "\u00a0" + strings.ReplaceAll(field, " ", "  ") + " "
		}
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		again, _, err2 := extract.Match(c, "a.csv", other, &finding.Report{})
		if (err2 == nil) != (err == nil) || err == nil && again != table {
			t.Fatalf("%q is of %v (%v), and %q of %v (%v)", fields, table, err, other, again, err2)
		}
	})
}

// BenchmarkMatch matches the longest header of the built-in definitions, which fits none by name alone.
func BenchmarkMatch(b *testing.B) {
	c := catalogue(b)
	var fields []string
	for _, column := range c.Table("annex_a/list_8").Columns {
		if column.Name != dataset.CollectionYear {
			fields = append(fields, strings.ToUpper(strings.ReplaceAll(column.Heading(), " ", "\u00a0")))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := extract.Match(c, "a.csv", fields, &finding.Report{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeSpelling looks one category up, which is done once per distinct cell of a batch.
func BenchmarkDecodeSpelling(b *testing.B) {
	src := &extract.Source{Table: catalogue(b).Table("annex_a/list_8"), Year: 2026}
	column := src.Table.Column("category_of_need")
	b.ReportAllocs()
	for b.Loop() {
		if _, rule := extract.Decode(src, column, []byte("N1 - Abuse\u00a0or Neglect")); rule != "" {
			b.Fatal(rule)
		}
	}
}
