//go:build unix

package export_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// outcomes says, by folder and file, what becomes of every public sample that is looked at by itself: the rule that
// refuses it, or each of its tables with the collection year, the term, the rows read and those kept back. Of a file that
// only lacks a folder of its year, what becomes of it there stands behind.
var outcomes = map[string]map[string]string{
	".": {"PROVENANCE.csv": "TABLE_UNKNOWN"},
	"DFE-Digital+get-information-about-pupils/DfE.GIAP.All/tests/DfE.GIAP.Core.IntegrationTests/contracts": {
		"fe_searchindex_returns_many_pupils.json":           "NO_EXTRACTS",
		"npd_searchindex_returns_many_pupils.json":          "NO_EXTRACTS",
		"pupilpremium_searchindex_returns_many_pupils.json": "NO_EXTRACTS",
	},
	"SocialFinanceDigitalLabs+csc-data-synthesizer/tests/data": {"CLA.xsd": "NO_EXTRACTS"},
	"SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/annex_a_pipeline/spec/samples": {
		"Annex_A_2024_Jan.xlsx": "annex_a/list_1 2024 5 0, annex_a/list_2 2024 5 0, annex_a/list_3 2024 6 0, annex_a/list_4 2024 5 0, annex_a/list_5 2024 5 0, " +
			"annex_a/list_6 2024 5 1, annex_a/list_7 2024 7 0, annex_a/list_8 2024 5 0, annex_a/list_9 2024 6 0, annex_a/list_10 2024 5 0, annex_a/list_11 2024 5 0",
	},
	cinSampleBAR: {
		"BAR_cin_2022.xml": "cin/assessments 2022 1 0, cin/child 2022 1 0, cin/cin_details 2022 1 0, cin/cin_plans 2022 1 0, cin/cp_plans 2022 1 0, " +
			"cin/cp_reviews 2022 1 0, cin/disabilities 2022 2 0, cin/factors 2022 2 0, cin/section_47 2022 1 0",
	},
	censusSamples: {
		"2024_autumn_addressesoffroll.csv":                     "school_census/addressesoffroll 2025 autumn 1698 0",
		"2024_autumn_fsmperiodsonroll.csv":                     "school_census/fsmperiodsonroll 2025 autumn 25358 6263",
		"2024_autumn_pupilnolongeronroll.csv":                  "school_census/pupilnolongeronroll 2025 autumn 308 0",
		"2024_autumn_pupilonroll.csv":                          "school_census/pupilonroll 2025 autumn 9088 0",
		"2024_autumn_summerhalfterm2sessiondetailsoffroll.csv": "school_census/summerhalfterm2sessiondetailsoffroll 2025 autumn 1343 17",
		"2024_autumn_summerhalfterm2sessiondetailsonroll.csv":  "school_census/summerhalfterm2sessiondetailsonroll 2025 autumn 39575 404",
		"2024_autumn_termlyexclusionsoffroll.csv":              "school_census/termlyexclusionsoffroll 2025 autumn 318 0",
		"2024_autumn_termlyexclusionsonroll.csv":               "school_census/termlyexclusionsonroll 2025 autumn 10373 0",
		"2024_autumn_termlysessiondetailsoffroll.csv":          "school_census/termlysessiondetailsoffroll 2025 autumn 1328 14",
		"2024_autumn_termlysessiondetailsonroll.csv":           "school_census/termlysessiondetailsonroll 2025 autumn 39953 365",
		"2025_spring_fsmperiod.csv":                            "school_census/fsmperiod 2025 spring 25889 6382",
		"2025_spring_pupilnolongeronroll.csv":                  "school_census/pupilnolongeronroll 2025 spring 375 0",
		"2025_spring_pupilonroll.csv":                          "school_census/pupilonroll 2025 spring 9498 0",
		"2025_spring_senneeds.csv":                             "school_census/senneeds 2025 spring 16954 0",
		"2025_spring_termlyexclusionsoffroll.csv":              "school_census/termlyexclusionsoffroll 2025 spring 516 0",
		"2025_spring_termlyexclusionsonroll.csv":               "school_census/termlyexclusionsonroll 2025 spring 10064 0",
		"2025_spring_termlysessiondetailsoffroll.csv":          "school_census/termlysessiondetailsoffroll 2025 spring 1684 18",
		"2025_spring_termlysessiondetailsonroll.csv":           "school_census/termlysessiondetailsonroll 2025 spring 41251 404",
	},
	"SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/ssda903_pipeline/spec/samples": {
		"SSDA903_2020_episodes.csv": "ssda903/episodes 2020 5 1",
		"SSDA903_2020_header.csv":   "ssda903/header 2020 5 1",
	},
	"data-to-insight+D2I-Jupyter-Notebook-Tools/ml-data science tutorials/data": {
		"CINdetails.csv": "TABLE_UNKNOWN", "ChildCharacteristics.csv": "TABLE_UNKNOWN", "ChildIdentifiers.csv": "TABLE_UNKNOWN",
	},
	"data-to-insight+annex-a-sen-validator-be/fake_data": {"fake_sen.xlsx": "TABLE_UNKNOWN"},
	"data-to-insight+csc-validator-be-903/output_data": {
		"903_2023_24_rule_info.csv": "TABLE_UNKNOWN", "903_2024_25_rule_info.csv": "TABLE_UNKNOWN",
	},
	"data-to-insight+csc-validator-be-903/tests/fake_data": {
		"DoLo.csv":                  "TABLE_NOT_IN_YEAR; 2026-27: ssda903/dolo 2027 1 0",
		"ad1.csv":                   "YEAR_UNKNOWN; 2017-18: ssda903/ad1 2018 29 0",
		"ch_fake.xlsx":              "TABLE_UNKNOWN",
		"combined_scp_ch_fake.xlsx": "TABLE_UNKNOWN",
		"episodes.csv":              "ssda903/episodes 2018 5050 442",
		"fake_903.xml": "ssda903/ad1 2018 3 0, ssda903/episodes 2018 459 34, ssda903/header 2018 253 0, ssda903/missing 2018 6 0, ssda903/oc2 2018 253 0, " +
			"ssda903/oc3 2018 6 1, ssda903/placed_adoption 2018 3 3, ssda903/prev_perm 2018 253 0, ssda903/reviews 2018 1206 0, ssda903/uasc 2018 12 0",
		"header.csv":                     "YEAR_UNKNOWN; 2017-18: ssda903/header 2018 2675 1",
		"missing.csv":                    "ssda903/missing 2018 43 0",
		"oc2.csv":                        "YEAR_UNKNOWN; 2017-18: ssda903/oc2 2018 2675 0",
		"oc3.csv":                        "YEAR_UNKNOWN; 2017-18: ssda903/oc3 2018 53 2",
		"placed_for_adoption.csv":        "YEAR_UNKNOWN; 2017-18: ssda903/placed_adoption 2018 29 29",
		"placed_for_adoption_errors.csv": "YEAR_UNKNOWN; 2017-18: ssda903/placed_adoption 2018 30 30",
		"previous_permanence.csv":        "YEAR_UNKNOWN; 2017-18: ssda903/prev_perm 2018 2675 0",
		"reviews.csv":                    "ssda903/reviews 2026 12582 0",
		"scp_ch_2025_fake.xlsx":          "TABLE_UNKNOWN",
		"scp_fake.xlsx":                  "TABLE_UNKNOWN",
		"scpch_assisted.xlsx":            "TABLE_UNKNOWN",
		"sw_episodes.csv":                "TABLE_NOT_IN_YEAR; 2023-24: ssda903/sw_episodes 2024 1 1",
		"uasc.csv":                       "YEAR_UNKNOWN; 2017-18: ssda903/uasc 2018 132 0",
	},
	cinSamples: {
		"CIN2rows.xml": "YEAR_MISMATCH", "CIN_Census_2021.xml": "YEAR_MISMATCH; 2022-23: " + cinSampleTables, "CIN_Census_2021_copy.xml": "YEAR_MISMATCH",
		"CIN_Census_2021_no_assessment_factors.xml": "YEAR_MISMATCH", "CIN_Census_2024.xml": "YEAR_MISMATCH", "CIN_Census_2026.xml": "YEAR_MISMATCH",
		"CIN_header_issues_100.xml": "YEAR_MISMATCH", "CIN_la_issues_2887Q.xml": cinSampleTables,
	},
	"data-to-insight+dfe-csc-api-data-flows/extracted_json": {
		"anon_payload_1.json": "NO_EXTRACTS", "anon_payload_2.json": "NO_EXTRACTS", "anon_payload_3.json": "NO_EXTRACTS", "anon_payload_4.json": "NO_EXTRACTS",
		"anon_payload_5.json": "NO_EXTRACTS", "anon_payload_6.json": "NO_EXTRACTS", "anon_payload_7.json": "NO_EXTRACTS",
	},
}

// cinSampleTables is what the CIN sample with one child has: a birth is expected in 1066.
const cinSampleTables = "cin/assessments 2023 1 0, cin/child 2023 1 1, cin/cin_details 2023 1 0, cin/cin_plans 2023 1 0, cin/cp_plans 2023 1 0, " +
	"cin/cp_reviews 2023 1 0, cin/disabilities 2023 2 0, cin/factors 2023 2 0, cin/section_47 2023 1 0"

// TestEverySample holds each public sample, by itself, to what must become of it. A sample that the list above does not
// know, and one that it knows and that is not there, fail the test.
func TestEverySample(t *testing.T) {
	root := samples(t, ".")
	there := make(map[string]bool)
	for _, name := range filesUnder(t, root) {
		there[name] = true
		if want := outcomes[filepath.Dir(name)][filepath.Base(name)]; want == "" {
			t.Errorf("%s is a sample of which nobody has said what must become of it", name)
		}
	}
	c := newCouncil(t)
	for folder, files := range outcomes {
		for file, want := range files {
			name := filepath.Join(folder, file)
			if !there[name] {
				t.Errorf("%s is not there", name)
				continue
			}
			alone, dated, _ := strings.Cut(want, "; ")
			path := filepath.Join(root, name)
			if got := c.outcome(t, path); got != alone {
				t.Errorf("%s alone: %s, want %s", name, got, alone)
			}
			if dated == "" {
				continue
			}
			year, want, _ := strings.Cut(dated, ": ")
			in := filepath.Join(t.TempDir(), year)
			mustMkdir(t, in)
			mustWrite(t, filepath.Join(in, "extract"+filepath.Ext(file)), mustRead(t, path))
			if got := c.outcome(t, in); got != want {
				t.Errorf("%s in %s: %s, want %s", name, year, got, want)
			}
		}
	}
}

// filesUnder lists the files of a folder and all below it.
func filesUnder(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// outcome reads all of an extract, and says what became of it.
func (c *council) outcome(t *testing.T, path string) string {
	t.Helper()
	g := c.gateway(t)
	report := &finding.Report{}
	inventory, err := extract.Discover(t.Context(), c.catalogue, g.Readers, []string{path}, report)
	var bad *extract.Invalid
	if errors.As(err, &bad) {
		var rules []string
		for _, f := range bad.Findings {
			if !slices.Contains(rules, f.Rule) {
				rules = append(rules, f.Rule)
			}
		}
		return strings.Join(rules, " ")
	}
	if err != nil {
		t.Fatal(err)
	}
	var demands []*extract.Demand
	for _, src := range inventory.Sources {
		var columns []string
		for _, column := range src.Table.Columns {
			columns = append(columns, column.Name)
		}
		demands = append(demands, &extract.Demand{Source: src, Want: extract.NewWant(src.Table, columns...), Report: report, Sink: func(*extract.Batch) error { return nil }})
	}
	if err := g.Readers[filepath.Ext(inventory.Sources[0].Path)].Read(t.Context(), demands); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range demands {
		if d.Tally.Read != d.Tally.Passed+d.Tally.Quarantined+d.Tally.Confidential {
			t.Errorf("%s: %+v does not add up", path, d.Tally)
		}
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s %d %s %d %d", d.Source.Table.ID(), d.Source.Year, d.Source.Term, d.Tally.Read, d.Tally.Quarantined)), " "))
	}
	return strings.Join(out, ", ")
}
