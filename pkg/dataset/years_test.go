package dataset_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// bounds are the first and the last collection year of something; 0 is that of the format.
type bounds struct{ from, to int }

// bounded is all that not every collection year has, of the return on children looked after and of the CIN census: tables,
// columns and codes, as table, table.column and "table.column code". What it does not list is of every year. The facts are
// those of the department's guides and published schemas, by the year in which the collection year ends.
func bounded() map[string]bounds {
	out := map[string]bounds{
		"ssda903/sw_episodes": {from: 2024}, "ssda903/dolo": {from: 2027},
		"cin/cin_plans": {from: 2022}, "cin/pre_proceedings": {from: 2027},
		"cin/child.GenderCurrent": {to: 2024}, "cin/child.Sex": {from: 2025},
		"cin/cin_details.ReferralSource 5D": {from: 2023}, "cin/cin_details.ReasonForClosure RC9": {from: 2023},
		"cin/factors.AssessmentFactors 24A":           {from: 2022},
		"ssda903/episodes.REASON_PLACE_CHANGE CUSTOD": {from: 2019},
		"ssda903/episodes.PLACE K3":                   {from: 2025}, "ssda903/episodes.PLACE Z1": {to: 2025},
	}
	for codes, years := range map[string]bounds{
		"cin/factors.AssessmentFactors 18B 18C 19B 19C": {from: 2021},
		"ssda903/header.SEX 1 2":                        {to: 2024}, "ssda903/header.SEX M F U": {from: 2025},
		"ssda903/uasc.SEX 1 2": {to: 2025}, "ssda903/uasc.SEX M F U": {from: 2025},
		"ssda903/episodes.PLACE P2 H5": {to: 2025}, "ssda903/episodes.PLACE Z11 Z12 Z13 Z14": {from: 2026},
		"ssda903/episodes.REC E43 E44": {to: 2018}, "ssda903/episodes.REC E45 E46 E47 E48": {from: 2019},
		"ssda903/oc3.ACTIV F3 P3": {to: 2021},
	} {
		words := strings.Fields(codes)
		for _, code := range words[1:] {
			out[words[0]+" "+code] = years
		}
	}
	return out
}

// Every table, column and code of both returns is of the years that it should be: held in its first and its last year, and
// in the years beside them, and in every other one.
func TestWhatEachYearHas(t *testing.T) {
	all, wanted := map[string]bounds{"ssda903": {2016, 2027}, "cin": {2017, 2027}}, bounded()
	seen := make(map[string]bool)
	hold := func(id string, within bounds, in func(year int) bool) bounds {
		want := within
		if b, ok := wanted[id]; ok {
			seen[id] = true
			want = bounds{max(b.from, within.from), within.to}
			if b.to != 0 {
				want.to = min(b.to, within.to)
			}
		}
		var got []string
		for year := 2010; year <= 2035; year++ {
			if in(year) != (year >= want.from && year <= want.to) {
				got = append(got, fmt.Sprintf("%d: %v", year, in(year)))
			}
		}
		if got != nil {
			t.Errorf("%s is of %d to %d; wrong are %v", id, want.from, want.to, got)
		}
		return want
	}
	items := 0
	for _, table := range builtIn(t).Tables() {
		format, ok := all[table.Format]
		if !ok {
			continue
		}
		years := hold(table.ID(), format, table.In)
		for _, column := range table.Columns {
			if column.Name == dataset.CollectionYear || column.Name == "in_confidence" {
				continue
			}
			items++
			id := table.ID() + "." + column.Name
			within := hold(id, years, func(year int) bool { return table.In(year) && column.In(year) })
			for _, code := range column.Codes {
				items++
				hold(id+" "+code.Value, within, func(year int) bool {
					_, in := column.Code(code.Value, year)
					return in && table.In(year) && column.In(year)
				})
			}
		}
	}
	for id := range wanted {
		if !seen[id] {
			t.Errorf("%s is not defined", id)
		}
	}
	if items < 450 {
		t.Errorf("only %d columns and codes were looked at", items)
	}
}

// What the document of children looked after holds, and what only its other forms do.
func TestTablesOfTheDocument(t *testing.T) {
	var in, not []string
	for _, table := range builtIn(t).Tables() {
		if table.Format != "ssda903" {
			continue
		}
		if table.Document == nil || table.Document.Headed() || table.Document.Root != "EXPSSDA903" || !table.Delimited {
			t.Errorf("%s: %+v", table.ID(), table.Document)
		}
		if table.Row == "" {
			not = append(not, table.Name)
			continue
		}
		in = append(in, table.Name)
		for _, column := range table.Columns {
			if column.Path == "" && column.Name != dataset.CollectionYear && column.Name != "in_confidence" {
				t.Errorf("%s.%s is in no element", table.ID(), column.Name)
			}
		}
		sometimes := !slices.Contains([]string{"header", "episodes", "oc2"}, table.Name)
		if (len(table.RowIf) > 0) != sometimes {
			t.Errorf("%s is a row when %v", table.ID(), table.RowIf)
		}
	}
	if want := []string{"ad1", "episodes", "header", "missing", "oc2", "oc3", "placed_adoption", "prev_perm", "reviews", "uasc"}; !slices.Equal(in, want) {
		t.Errorf("the document has %v", in)
	}
	if want := []string{"dolo", "sw_episodes"}; !slices.Equal(not, want) {
		t.Errorf("the document has not %v", not)
	}
}
