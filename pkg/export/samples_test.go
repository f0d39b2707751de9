//go:build unix

package export_test

import (
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
)

// samples is a folder of public samples beside the repository.
func samples(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "samples", filepath.FromSlash(folder))
	if _, err := os.Stat(path); err != nil {
		t.Skip("the public samples are not beside the repository:", err)
	}
	return path
}

const (
	cinSamples    = "data-to-insight+csc-validator-be-cin/fake_data"
	cinSampleBAR  = "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/cin_census_pipeline/spec/samples"
	censusSamples = "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/school_census_pipeline/spec/samples"
)

// sampled is what is right about a sample of the CIN census: the rule that refuses it under its own name and in the folder
// of the year that it states, "" for none; and what leaves of it.
type sampled struct {
	asItLies, inFolder string
	folder             string
	left               string // per table, in the order of the agreement
	why                string
}

// TestCINSamples plans an export of each public sample of the CIN census, at the council that they all say they are of.
func TestCINSamples(t *testing.T) {
	const header = extract.RuleYearMismatch
	const year = "the header says 2023, its reference date is of another year"
	// Of assessments, children, the nine tables of the return, cin_plans, cp_plans, referrals. A birth expected in 1066
	// keeps no row back where the agreement does not ask for it.
	const all = "1 1 1 1 1 1 1 1 2 2 1 1 1 1"
	for name, want := range map[string]sampled{
		cinSamples + "/CIN_Census_2021.xml":                       {header, "", "2022-23", all, "named for 2021, and says 2023; a birth is expected in 1066"},
		cinSamples + "/CIN_la_issues_2887Q.xml":                   {"", "", "2022-23", all, "a birth is expected in 1066"},
		cinSamples + "/CIN_header_issues_100.xml":                 {header, header, "2022-23", "", "a reference date before the end of March"},
		cinSamples + "/CIN_Census_2021_copy.xml":                  {header, header, "2022-23", "", year},
		cinSamples + "/CIN_Census_2021_no_assessment_factors.xml": {header, header, "2022-23", "", year},
		cinSamples + "/CIN2rows.xml":                              {header, header, "2022-23", "", year},
		cinSamples + "/CIN_Census_2024.xml":                       {header, header, "2022-23", "", year},
		cinSamples + "/CIN_Census_2026.xml":                       {header, header, "2022-23", "", year},
		cinSampleBAR + "/BAR_cin_2022.xml":                        {"", "", "2021-22", all, "all is as it should be"},
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			path := filepath.Join(samples(t, filepath.Dir(name)), filepath.Base(name))
			if _, err := os.Stat(path); err != nil {
				t.Fatal(err)
			}
			plannedSample(t, path, want.asItLies, want)
			folder := filepath.Join(t.TempDir(), want.folder)
			mustMkdir(t, folder)
			mustWrite(t, filepath.Join(folder, "cin.xml"), mustRead(t, path))
			plannedSample(t, folder, want.inFolder, want)
		})
	}
}

// plannedSample holds a plan over a sample to a rule, or to what leaves.
func plannedSample(t *testing.T, path, rule string, want sampled) {
	t.Helper()
	c := newCouncil(t)
	text := agreementOver(c.catalogue, preamble(wideID, strings.Replace(usualPeriod, "1990", "1960", 1), "", "null"), func(tab *dataset.Table) bool {
		return tab.ID() != "cin/pre_proceedings" && (tab.Format == "cin" || slices.Contains([]string{"children", "referrals", "assessments", "cin_plans", "cp_plans"}, tab.ID()))
	})
	c = newCouncil(t, text)
	g := c.gateway(t)
	g.LACode = "201"
	keys, err := custody.Open(references(c.dir)).AgreementKeys(laCode, wideID, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.Plan(t.Context(), export.Request{Agreement: c.agreementFile(wideID), Extracts: []string{path}}, keys)
	if rule != "" {
		var invalid *extract.Invalid
		if !errors.As(err, &invalid) || len(invalid.Findings) != 1 || invalid.Findings[0].Rule != rule {
			t.Errorf("the plan failed with %v, want %s: %s", err, rule, want.why)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v: %s", err, want.why)
	}
	var left []string
	for _, tab := range s.Tables {
		left = append(left, fmt.Sprint(tab.Stage.Rows()))
	}
	if got := strings.Join(left, " "); got != want.left {
		t.Errorf("%s rows leave, want %s: %s", got, want.left, want.why)
	}
	if err := g.CloseSurvey(s); err != nil {
		t.Error(err)
	}
	g.LACode = laCode
	var invalid *extract.Invalid
	if _, err := g.Plan(t.Context(), export.Request{Agreement: c.agreementFile(wideID), Extracts: []string{path}}, keys); !errors.As(err, &invalid) || invalid.Findings[0].Rule != export.RuleOtherAuthority {
		t.Errorf("at another council the plan failed with %v", err)
	}
}

// sampleRows reads a sample of the school census with the standard library: its header and rows.
func sampleRows(t *testing.T, folder, name string) (header []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read from
	all, err := stdcsv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

// roll is a sample of pupils on roll, of whom the first are given pupil numbers of the tests: those in the samples are
// none.
type roll struct {
	header []string
	rows   [][]string
}

func (r roll) cell(row int, name string) string { return r.rows[row][slices.Index(r.header, name)] }

// known is how many pupils of each roll are children of the CIN census that the test writes.
const known = 600

// told is a term of attendance: the roll and the table of sessions that tell of it, and the roll's column of possible
// sessions.
type told struct{ term, roll, sessions, possible string }

// TestCensusSamples exports the public samples of the school census, autumn 2024 and spring 2025, of whose pupils the
// first are made children of a CIN census. What leaves is held to what the standard library's reader finds in the
// files.
func TestCensusSamples(t *testing.T) {
	from := samples(t, censusSamples)
	extracts := t.TempDir()
	rolls := make(map[string]roll)
	for _, entry := range filesBelow(t, from) {
		if !strings.HasSuffix(entry, "_pupilonroll.csv") {
			mustWrite(t, filepath.Join(extracts, entry), mustRead(t, filepath.Join(from, entry)))
			continue
		}
		r := roll{}
		r.header, r.rows = sampleRows(t, from, entry)
		for i := range known {
			r.rows[i][slices.Index(r.header, "upn")] = upn(i)
		}
		f, err := os.Create(filepath.Join(extracts, entry))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(stdcsv.NewWriter(f).WriteAll(append([][]string{r.header}, r.rows...)), f.Close()); err != nil {
			t.Fatal(err)
		}
		rolls[entry] = r
	}
	var children []string
	for i := range known {
		children = append(children, inNeed(fmt.Sprintf("CHILD%d", i), upn(i), "", "2015-03-27", referred("2024-05-01")))
	}
	writeCIN(t, extracts, 2025, children...)
	c := newCouncil(t)
	text := agreementOver(c.catalogue, preamble(wideID, usualPeriod, "linkage: {pupils: 0.9}\n", "null"), func(tab *dataset.Table) bool {
		return slices.Contains([]string{"attendance", "free_school_meals"}, tab.ID())
	})
	// As they are, terms and years too.
	text = strings.NewReplacer("treatment: flag, codes: [\"autumn\"]", "treatment: keep").Replace(text)
	c = newCouncil(t, text)
	drop := c.export(t, wideID, extracts).Drop

	type sums struct{ rows, possible, authorised, unauthorised, unknown int }
	want, got := make(map[string]sums), make(map[string]sums)
	for _, w := range []told{
		{"summer_first_half", "2024_autumn_pupilonroll.csv", "2024_autumn_termlysessiondetailsonroll.csv", "termlysessionspossible"},
		{"summer_second_half", "2024_autumn_pupilonroll.csv", "2024_autumn_summerhalfterm2sessiondetailsonroll.csv", "summerhalfterm2sessionspossible"},
		{"autumn", "2025_spring_pupilonroll.csv", "2025_spring_termlysessiondetailsonroll.csv", "termlysessionspossible"},
	} {
		header, sessions := sampleRows(t, from, w.sessions)
		in := func(row []string, name string) string { return row[slices.Index(header, name)] }
		of := make(map[string][][]string)
		for _, row := range sessions {
			key := in(row, "NativeId") + " " + in(row, "pupilonrolltableid")
			of[key] = append(of[key], row)
		}
		s, r := sums{}, rolls[w.roll]
		for i := range known {
			if slices.Contains([]string{"S", "F", "O"}, r.cell(i, "enrolstatus")) {
				continue
			}
			s.rows++
			s.possible += number(t, r.cell(i, w.possible))
			authorised, unauthorised, whole := 0, 0, true
			for _, row := range of[r.cell(i, "NativeId")+" "+r.cell(i, "pupilonrolltableid")] {
				whole = whole && in(row, "sessions") != ""
				switch code := in(row, "attendancereason"); {
				case slices.Contains(strings.Fields("C C1 C2 E F H I J1 M R S T"), code):
					authorised += number(t, in(row, "sessions"))
				case slices.Contains(strings.Fields("G N O U"), code):
					unauthorised += number(t, in(row, "sessions"))
				}
			}
			if !whole {
				s.unknown++
				continue
			}
			s.authorised, s.unauthorised = s.authorised+authorised, s.unauthorised+unauthorised
		}
		want[w.term] = s
	}
	for _, row := range allCells(t, c.path("drops", drop, "attendance.parquet")) {
		s := got[row["term"]]
		s.rows++
		s.possible += number(t, row["possible"])
		s.authorised += number(t, row["authorised"])
		s.unauthorised += number(t, row["unauthorised"])
		if row["authorised"] == "" || row["unauthorised"] == "" {
			s.unknown++
		}
		got[row["term"]] = s
	}
	if first := want["summer_first_half"]; len(want) != 3 || first.rows < known/2 || first.unknown == 0 || first.unauthorised == 0 {
		t.Fatalf("the samples are not what they were: %+v", want)
	}
	if !maps.Equal(got, want) {
		t.Errorf("attendance: %+v, want %+v", got, want)
	}
	meals := make(map[string]int)
	for _, row := range allCells(t, c.path("drops", drop, "free_school_meals.parquet")) {
		meals[row["term"]]++
	}
	if meals["autumn"] != want["summer_first_half"].rows || meals["spring"] != want["autumn"].rows || len(meals) != 2 {
		t.Errorf("free school meals: %v", meals)
	}
}

// number reads 134.0 as 134, and nothing as nothing.
func number(t *testing.T, text string) int {
	t.Helper()
	if text == "" {
		return 0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(f)
}
