package harmonise_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

const (
	ownReport = `apiVersion: postern/dataset/v1
format: own
version: 1
title: A council's own report
collection_years: {from: 2020, to: 2027}
date_formats: [YYYY-MM-DD]
code_lists:
  extended: [{code: WENG, meaning: English}, {code: AWEL, meaning: Asian Welsh}, {code: BBRI, meaning: Black British}]
tables:
  - name: kids
    meaning: One row per child
    year_evidence: [seen]
    columns:
      - {name: number, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: background, type: code, codes: extended, class: special-category, meaning: Ethnic group}
      - {name: seen, type: date, class: quasi-identifier, meaning: Day}
`
	ownKids = `apiVersion: postern/core/v1
version: 1
title: A council's own tables
code_lists: {}
tables:
  - name: kids
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: ethnicity, type: code, codes: ssda903/ethnicity, class: special-category, meaning: Ethnic group}
    sources: [{table: own/kids, adds: true, columns: {child_id: {from: number}, ethnicity: {from: background, map: ethnicity_20}}}]
  - name: visits
    meaning: One row per visit
    child_id: child_id
    one_row_per: [child_id, day]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: day, type: date, class: quasi-identifier, meaning: Day}
      - {name: ethnicity, type: code, codes: ssda903/ethnicity, class: special-category, meaning: Ethnic group}
    sources: [{table: own/kids, adds: true, columns: {child_id: {from: number}, day: {from: seen}, ethnicity: {from: background, map: ethnicity_20}}}]
`
)

// TestUndecided: a code that belongs to more than one main code is what the agreement says, or null; where the agreement
// weighs it so, its row is kept back.
func TestUndecided(t *testing.T) {
	c := builtIn(t, fstest.MapFS{"own.yaml": {Data: []byte(ownReport)}, "kids.yaml": {Data: []byte(ownKids)}})
	council := discover(t, c, write(t, map[string]string{"2024-25/kids.csv": lines("number,background,seen", "1,WENG,2024-05-01", "2,AWEL,2024-05-01", "3,BBRI,2024-05-02")})...)
	for _, tc := range []struct {
		name    string
		choices harmonise.Choices
		raised  map[string]finding.Severity
		want    string
		found   int64
		tally   harmonise.Tally
	}{
		{"nothing decided", harmonise.Choices{}, nil, "1 WBRI|2 |3 ", 2, harmonise.Tally{Read: 3, Left: 3}},
		{"one decided", harmonise.Choices{Ethnicity: map[string]string{"AWEL": "AIND"}}, nil, "1 WBRI|2 AIND|3 ", 1, harmonise.Tally{Read: 3, Left: 3}},
		{"a decision on a code that is decided changes nothing", harmonise.Choices{Ethnicity: map[string]string{"AWEL": "AOTH", "BBRI": "BOTH", "WENG": "OOTH"}},
			nil, "1 WBRI|2 AOTH|3 BOTH", 0, harmonise.Tally{Read: 3, Left: 3}},
		{"raised to quarantine", harmonise.Choices{Ethnicity: map[string]string{"AWEL": "AOTH"}}, map[string]finding.Severity{harmonise.RuleUndecided: finding.Quarantine},
			"1 WBRI|2 AOTH", 1, harmonise.Tally{Read: 3, Left: 2, Quarantined: 1}},
	} {
		for _, table := range []string{"kids", "visits"} {
			t.Run(tc.name+", "+table, func(t *testing.T) {
				report, rows := &finding.Report{}, []string{}
				report.Raise(tc.raised)
				job := &harmonise.Job{Table: c.Table(table), Columns: []string{"child_id", "ethnicity"}, Report: report, Sink: func(b *extract.Batch) error {
					for row := range b.Len() {
						id, e := b.Column("child_id"), b.Column("ethnicity")
						rows = append(rows, cell(id.Def, id.At(row))+" "+cell(e.Def, e.At(row)))
					}
					return nil
				}}
				in := harmonise.Input{Inventory: council.inventory, Children: harmonise.NewChildren(), Read: council.read, Choices: tc.choices}
				if err := harmonise.Make(context.Background(), in, []*harmonise.Job{job}, nil); err != nil {
					t.Fatal(err)
				}
				found := int64(0)
				for _, f := range report.Findings() {
					if f.Rule == harmonise.RuleUndecided && f.Place.Column == "background" {
						found += f.Count
					}
				}
				if got := strings.Join(rows, "|"); got != tc.want || found != tc.found || job.Tally != tc.tally {
					t.Errorf("got %q, found %d, counted %+v; want %q, %d, %+v", got, found, job.Tally, tc.want, tc.found, tc.tally)
				}
			})
		}
	}
}
