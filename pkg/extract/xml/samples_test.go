package xml_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
)

// samples is the folder of public samples beside the repository.
func samples(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "..", "shared", "samples")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the public samples are not beside the repository:", err)
	}
	return folder
}

const (
	validator = "data-to-insight+csc-validator-be-cin/fake_data/"
	liia      = "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/cin_census_pipeline/spec/samples/"
	looked    = "data-to-insight+csc-validator-be-903/tests/fake_data/"
)

// sample is what is right about one file, found by looking at the file and not by running this program.
type sample struct {
	stop   string            // the rule that refuses the file as it lies, when one does
	mended []string          // replacements that make a header right
	year   int               // and the collection year that it has then
	rows   map[string]int64  // read, by table
	bad    map[string]int64  // of these kept back
	told   []string          // rule, table, column, count
	cells  map[string]string // the first row that passes
	why    string
}

// one is the number of rows of each table in a file of one child with one of everything; factors and disabilities aside.
func one(factors, disabilities int64) map[string]int64 {
	return map[string]int64{"child": 1, "disabilities": disabilities, "cin_details": 1, "assessments": 1, "factors": factors,
		"cin_plans": 1, "section_47": 1, "cp_plans": 1, "cp_reviews": 1}
}

func with(rows map[string]int64, more map[string]int64) map[string]int64 {
	for table, n := range more {
		rows[table] += n
	}
	return rows
}

var early = sample{
	year: 2023, rows: one(2, 2), bad: map[string]int64{"child": 1},
	told: []string{"DATE_IMPOSSIBLE child ExpectedPersonBirthDate 1", "TEXT_STRAY child Children/Child/ChildIdentifiers 1"},
	cells: map[string]string{
		"cin_details": "1|DFEX0000001|1970-10-06|1A|N4|1971-02-27|RC1|1970-12-06|0",
		"assessments": "1|DFEX0000001|1970-10-06|1970-06-03|1970-06-22|1971-07-18",
		"section_47":  "1|DFEX0000001|1970-10-06|1970-06-02|1970-06-23|1970-06-17|0",
		"cp_plans":    "1|DFEX0000001|1970-10-06|1970-02-17|1971-03-14|PHY|PHY|10",
		"cp_reviews":  "1|DFEX0000001|1970-02-17|1971-02-15",
	},
	why: "the birth is expected in 1066, so the child's row is kept back, and no other; a word stands behind UPNunknown",
}

// late are the two files of the later shape: their header says 2023, with a reference date in 2024.
func late(year int, told ...string) sample {
	s := sample{
		stop: extract.RuleYearMismatch, year: year,
		rows: with(one(3, 2), map[string]int64{"child": 1, "disabilities": 1, "cin_details": 1, "assessments": 1}),
		bad:  map[string]int64{"assessments": 1, "factors": 1},
		told: append([]string{"CODE_UNKNOWN factors AssessmentFactors 1", "DATE_ORDER assessments AssessmentAuthorisationDate 1",
			"TEXT_STRAY child Children/Child/ChildIdentifiers 1"}, told...),
		cells: map[string]string{
			"disabilities": "1|DFEX0000001|HAND",
			"cin_details":  "1|DFEX0000001|2022-10-06|1A|N4|2023-02-27|RC1|2022-12-06|0",
			"cin_plans":    "1|DFEX0000001|2022-10-06|2023-01-24|2023-01-26",
			"cp_reviews":   "1|DFEX0000001|2022-02-17|2023-02-15",
		},
		why: "an assessment begun in 2028 and authorised in 2020; RB is no factor; the second child's factors are an empty element",
	}
	s.mended = []string{"<Year>2023<", "<Year>" + digits(year) + "<", "<ReferenceDate>2024-", "<ReferenceDate>" + digits(year) + "-"}
	return s
}

func digits(year int) string { return string([]byte{'2', '0', '2', byte('0' + year%10)}) }

func wanted() map[string]sample {
	issues := early
	issues.stop, issues.mended = extract.RuleYearMismatch, []string{"2023-03-28", "2023-03-31"}
	one2024 := sample{
		stop: extract.RuleYearMismatch, mended: []string{"<Year>2023<", "<Year>2024<"}, year: 2024, rows: one(0, 2),
		told: []string{"TEXT_STRAY child Children/Child/ChildIdentifiers 1"},
		cells: map[string]string{
			"child":       "1|DFEX0000001|(check-digit)|(check-digit)|UN3|2015-03-27||1|||WBRI",
			"assessments": "1|DFEX0000001|2022-10-06|2023-01-24||",
		},
		why: "a header of 2023 with a reference date in 2024; one assessment without factors",
	}
	two := one2024
	two.rows = with(one(0, 2), map[string]int64{"cp_plans": 1, "cp_reviews": 1})
	return map[string]sample{
		validator + "CIN_Census_2021.xml":                       early,
		validator + "CIN_la_issues_2887Q.xml":                   early,
		validator + "CIN_header_issues_100.xml":                 issues,
		validator + "CIN_Census_2021_copy.xml":                  one2024,
		validator + "CIN_Census_2021_no_assessment_factors.xml": one2024,
		validator + "CIN2rows.xml":                              two,
		// Sex is of the returns from 2025 on: in one of 2024 it is not read, and in one of 2025 a 1 is no sex.
		validator + "CIN_Census_2024.xml": late(2024, "ELEMENT_NOT_IN_YEAR child Children/Child/ChildIdentifiers/Sex 2"),
		validator + "CIN_Census_2026.xml": func() sample {
			s := late(2026, "CODE_UNKNOWN child Sex 1", "ELEMENT_NOT_IN_YEAR cin_details Children/Child/CINdetails/PreProceedingsandFGDM 1")
			s.bad["child"] = 1
			s.cells["child"] = "2|(malformed)|(missing)|(missing)|UN1|2023-09-25|||M||WBRI" // an identifier of 23 characters
			return s
		}(),
		liia + "BAR_cin_2022.xml": {
			year: 2022, rows: one(2, 2),
			cells: map[string]string{
				"child":       "1|DFEX0000001|(check-digit)|(check-digit)|UN3|1966-03-24|1966-03-22|1||1980-10-08|WBRI",
				"cin_details": "1|DFEX0000001|1970-10-06|1A|N4|1971-02-27|RC1|1970-02-06|0",
				"factors":     "1|DFEX0000001|1970-06-03|2A",
				"cp_plans":    "1|DFEX0000001|1970-10-06|1970-02-17|1971-03-14|PHY|PHY|10",
			},
			why: "all is as it should be but for its dates, of which no rule says so: a plan and a conference may be older than the referral",
		},
	}
}

func TestSamples(t *testing.T) {
	root := samples(t)
	for name, w := range wanted() {
		t.Run(filepath.Base(name), func(t *testing.T) {
			path := filepath.Join(root, filepath.FromSlash(name))
			if w.stop != "" {
				if got := read(t, path); got.rule() != w.stop {
					t.Errorf("got %v, want %s: %s", got.err, w.stop, w.why)
				}
			}
			if w.rows == nil {
				return
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(w.mended); i += 2 {
				if !strings.Contains(string(data), w.mended[i]) {
					t.Fatalf("the sample does not say %s", w.mended[i])
				}
			}
			w.hold(t, file(t, strings.NewReplacer(w.mended...).Replace(string(data))))
		})
	}
}

func (w sample) hold(t *testing.T, path string) {
	t.Helper()
	got := read(t, path)
	if got.err != nil {
		t.Fatalf("got %v: %s", got.err, w.why)
	}
	slices.Sort(w.told)
	if !slices.Equal(got.told(), w.told) {
		t.Errorf("told\n%q, want\n%q", got.told(), w.told)
	}
	for _, src := range got.sources {
		name := src.Table.Name
		want := extract.Tally{Read: w.rows[name], Passed: w.rows[name] - w.bad[name], Quarantined: w.bad[name]}
		if src.Year != w.year || src.Authority != "201" || got.tally[name] != want {
			t.Errorf("%s: %+v of %d and %s, want %+v of %d", name, got.tally[name], src.Year, src.Authority, want, w.year)
		}
		if cells := w.cells[name]; cells != "" && (len(got.rows[name]) == 0 || got.rows[name][0] != cells) {
			t.Errorf("%s: %q, want first %s", name, got.rows[name], cells)
		}
	}
	if len(got.sources) != 9 {
		t.Errorf("%d tables", len(got.sources))
	}
}

// Every XML sample is in the list above.
func TestEverySampleIsJudged(t *testing.T) {
	root := samples(t)
	judged, seen := wanted(), 0
	judged[looked+"fake_903.xml"] = sample{why: "TestCareSample"}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".xml") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if _, is := judged[filepath.ToSlash(rel)]; !is {
			t.Errorf("%s is not judged", rel)
		}
		seen++
		return err
	})
	if err != nil || seen != len(judged) {
		t.Errorf("%v, %d samples, of which %d are judged", err, seen, len(judged))
	}
}
