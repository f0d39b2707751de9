package dataset_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// councilCore is a council's own core table over the built-in format, with one column more.
const councilCore = `apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists: {}
code_maps: []
tables:
  - name: people
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: more, COLUMN, meaning: More}
    sources:
      - table: ssda903/header
        adds: true
        columns:
          child_id: {from: CHILD}
          more: {from: SOURCE}
`

// A council's core table releases nothing that the format's own definition holds back: nothing is dressed in another
// class, and no treatment is won on the way.
func TestCoreColumnsGuardTheirSources(t *testing.T) {
	const weaker, treatment = "the core column is of a weaker class than its source", "the core column permits a treatment that its source does not"
	returns := formats(t, "ssda903")
	for _, c := range []struct {
		name, source, column string
		want                 []string
	}{
		{"birth date as it is", "DOB", "type: date, class: quasi-identifier, treatments: [age_months, age_years, age_band]", nil},
		{"birth date, fewer ages", "DOB", "type: date, class: quasi-identifier, treatments: [age_years]", nil},
		{"birth date as an ordinary date", "DOB", "type: date, class: ordinary", []string{weaker, treatment}},
		{"birth date as any date", "DOB", "type: date, class: quasi-identifier", []string{treatment}},
		{"birth date that never leaves", "DOB", "type: date, class: direct-identifier", nil},
		{"birth date of the child's child", "MC_DOB", "type: date, class: quasi-identifier, treatments: [age_years]", []string{weaker}},
		{"birth date of the child's child, ordinary", "MC_DOB", "type: date, class: ordinary", []string{weaker}},
		{"birth date of the child's child that never leaves", "MC_DOB", "type: date, class: direct-identifier", nil},
		{"pupil number to link by", "UPN", "type: identifier, identifier: child/upn, class: linkage-identifier", []string{weaker}},
		{"pupil number that never leaves", "UPN", "type: identifier, identifier: child/upn, class: record-identifier", nil},
		{"ethnicity as it is", "ETHNIC", "type: code, codes: ssda903/ethnicity, class: special-category", nil},
		{"ethnicity as sensitive", "ETHNIC", "type: code, codes: ssda903/ethnicity, class: sensitive", []string{weaker}},
		{"collection year", "collection_year", "type: integer, min: 2016, max: 2100, class: ordinary, treatments: [keep, band]", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.NewReplacer("COLUMN", c.column, "SOURCE", c.source).Replace(councilCore)
			_, err := dataset.Load(returns, fstest.MapFS{"council.yaml": {Data: []byte(text)}})
			var problems document.Problems
			if err != nil && !errors.As(err, &problems) {
				t.Fatal(err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.Message)
				if place := placeOf(t, "council.yaml", text, c.source+"}\n"); !strings.HasPrefix(p.String(), place) || p.Hint == "" {
					t.Errorf("%s: not at %s, or without a hint", p, place)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPerChild(t *testing.T) {
	c := builtIn(t)
	for id, want := range map[string]bool{"children": true, "looked_after_episodes": false, "ssda903/header": false} {
		if got := c.Table(id).PerChild(); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
}
