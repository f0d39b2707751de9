package export

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// TestGaps holds what is told of tables that some years lack to what an analyst can act on.
func TestGaps(t *testing.T) {
	catalogue := definitions(t)
	// Sources are written "table year term", with a plus behind it when it has every column that there is.
	const totals = "school_census/pupilonroll 2022 spring+"
	for name, c := range map[string]struct {
		tables  string
		sources []string
		want    []string // table, and the times
	}{
		"nothing lacks":                   {"looked_after_episodes", []string{"ssda903/episodes 2021", "ssda903/episodes 2022"}, nil},
		"another table of the return":     {"looked_after_episodes", []string{"ssda903/header 2021", "ssda903/episodes 2022"}, []string{"ssda903/episodes: collection year 2021"}},
		"two years are no run":            {"looked_after_episodes", []string{"ssda903/header 2020", "ssda903/header 2021", "ssda903/episodes 2022"}, []string{"ssda903/episodes: collection years 2020 and 2021"}},
		"runs of years":                   {"looked_after_episodes", []string{"ssda903/header 2016", "ssda903/header 2017", "ssda903/header 2018", "ssda903/episodes 2019", "ssda903/header 2020"}, []string{"ssda903/episodes: collection years 2016 to 2018 and 2020"}},
		"before the data period, of care": {"looked_after_episodes", []string{"ssda903/header 2017", "ssda903/episodes 2022"}, []string{"ssda903/episodes: collection year 2017"}},
		"a document has all its tables":   {"referrals", []string{"cin/child 2021 document", "cin/cin_details 2022 document"}, nil},
		"a snapshot asks for no return":   {"referrals", []string{"ssd/cin_episodes 2021", "cin/cin_details 2022 document"}, nil},
		"sums that a roll has": {"attendance", []string{totals, "school_census/pupilnolongeronroll 2022 spring+"},
			nil},
		"sums that a roll lacks": {"attendance", []string{"school_census/pupilonroll 2022 spring", "school_census/pupilnolongeronroll 2022 spring+"},
			[]string{"school_census/termlysessiondetailsonroll: the spring term of academic year 2021/22"}},
		"no roll at all": {"attendance", []string{"school_census/fsmperiod 2022 spring"}, []string{
			"school_census/pupilnolongeronroll: the spring term of academic year 2021/22", "school_census/pupilonroll: the spring term of academic year 2021/22",
			"school_census/termlysessiondetailsoffroll: the spring term of academic year 2021/22", "school_census/termlysessiondetailsonroll: the spring term of academic year 2021/22",
		}},
		"meal periods, which nothing stands in for": {"free_school_meals", []string{totals, "school_census/pupilonroll 2022 autumn+"}, []string{
			"school_census/fsmperiod: the spring term of academic year 2021/22", "school_census/fsmperiodsonroll: the autumn term of academic year 2021/22",
		}},
		"a roll before the data period":          {"free_school_meals", []string{"school_census/pupilonroll 2019 spring+"}, nil},
		"premiums before the data period":        {"pupil_premium", []string{"cin/child 2020 document", "giap/pupil_premium 2022"}, nil},
		"premiums in the data period":            {"pupil_premium", []string{"cin/child 2021 document", "giap/pupil_premium 2022"}, []string{"giap/pupil_premium: collection year 2021"}},
		"premiums after the data period":         {"pupil_premium", []string{"cin/child 2025 document", "giap/pupil_premium 2022"}, nil},
		"a table that the agreement names":       {"giap/pupil_premium", []string{"cin/child 2017 document", "giap/pupil_premium 2022"}, []string{"giap/pupil_premium: collection year 2017"}},
		"a return of which there is none":        {"pupil_premium", []string{"cin/child 2021 document"}, nil},
		"registers of a year that others are of": {"attendance_daily", []string{"ssda903/header 2023", "attendance/daily 2022"}, []string{"attendance/daily: academic year 2022/23"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Survey{Agreement: &agreement.Agreement{Period: agreement.Period{DataFrom: civil.MustYMD(2020, 4, 1), DataTo: civil.MustYMD(2024, 3, 31)}}, Inventory: &extract.Inventory{}}
			s.Agreement.Tables = []agreement.Table{{ID: c.tables}}
			for _, text := range c.sources {
				s.Inventory.Sources = append(s.Inventory.Sources, sourceOf(t, catalogue, text))
			}
			n := &needs{inventory: s.Inventory, missing: &extract.Invalid{}}
			n.add(catalogue.Table(c.tables))
			report := &finding.Report{}
			warnOfGaps(s, catalogue, n.ids, report)
			var got []string
			for _, f := range report.Findings() {
				times := strings.TrimSuffix(strings.TrimPrefix(f.Message, "there are other extracts of "), ", but not this table")
				if f.Rule != RuleTableMissingInYear || f.Count != 1 || f.Place.File != "" || times == f.Message {
					t.Errorf("found %v", f)
				}
				got = append(got, f.Place.Table+": "+times)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("told of %q, want %q", got, c.want)
			}
		})
	}
}

// sourceOf makes a source of "table year term+".
func sourceOf(t *testing.T, catalogue *dataset.Catalogue, text string) *extract.Source {
	t.Helper()
	all := strings.HasSuffix(text, "+")
	words := strings.Fields(strings.TrimSuffix(text, "+"))
	src := &extract.Source{Table: catalogue.Table(words[0]), Header: extract.Header{At: make(map[string]int)}}
	for _, r := range words[1] {
		src.Year = src.Year*10 + int(r-'0')
	}
	switch {
	case len(words) > 2 && words[2] == "document":
		src.Form = extract.Document
	case len(words) > 2:
		src.Term = words[2]
	}
	for i, column := range src.Table.Columns {
		if all || !column.Optional {
			src.Header.At[column.Name] = i
		}
	}
	return src
}
