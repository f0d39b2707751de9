package csv_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
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
	fakeData = "data-to-insight+csc-validator-be-903/tests/fake_data"
	liia     = "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/ssda903_pipeline/spec/samples"
)

// want is what is right about one sample file, found by looking at the file and not by running this program.
type want struct {
	file  string
	with  string // another file of its set, which tells the year
	table string
	year  int
	term  string
	rows  int64
	bad   int64    // rows kept back
	rules []string // "RULE column count"
	stop  string   // the rule that refuses the file, when one does
	why   string
}

// The fake set is of collection year 2018: of its 8,687 dates of episodes, 12 are after 31 March 2018. Its header, and
// six more of its tables, have no date that tells a year, and are told by its episodes.
var wantFake = []want{
	{file: "episodes.csv", table: "episodes", year: 2018, rows: 5050, bad: 442,
		rules: []string{"CODE_NOT_IN_YEAR REASON_PLACE_CHANGE 216", "CODE_NOT_IN_YEAR REC 226"},
		why:   "216 rows have CUSTOD and 226 have E45 to E48, which the return has from 2018/19; none has both; no end is before its beginning"},
	{file: "header.csv", with: "episodes.csv", table: "header", year: 2018, rows: 2675, bad: 1, rules: []string{"CODE_UNKNOWN MOTHER 1"},
		why: "one child is a mother, written 1.0 as a data frame does"},
	{file: "header.csv", stop: extract.RuleYearUnknown, why: "alone, nothing in it tells its year"},
	{file: "uasc.csv", with: "episodes.csv", table: "uasc", year: 2018, rows: 132, why: "sex 1 and 2, dates to 2032, which a status may cease on"},
	{file: "oc2.csv", with: "episodes.csv", table: "oc2", year: 2018, rows: 2675, why: "scores 1 to 40 or none, 0 and 1"},
	{file: "oc3.csv", with: "episodes.csv", table: "oc3", year: 2018, rows: 53, bad: 2, rules: []string{"CODE_UNKNOWN ACCOM 2"},
		why: "01 and 02 are no kinds of accommodation; F3 and P3 are activities until 2020/21"},
	{file: "ad1.csv", with: "episodes.csv", table: "ad1", year: 2018, rows: 29, why: "each match is on the day of the decision"},
	{file: "missing.csv", with: "episodes.csv", table: "missing", year: 2018, rows: 43, why: "no end is before its beginning"},
	{file: "missing.csv", table: "missing", year: 2018, rows: 43, why: "its own dates end in 2018 too"},
	{file: "previous_permanence.csv", with: "episodes.csv", table: "prev_perm", year: 2018, rows: 2675, why: "Z1 throughout, no dates"},
	{file: "reviews.csv", with: "episodes.csv", table: "reviews", year: 2018, rows: 12582, why: "the episodes tell the year before the reviews do"},
	{file: "reviews.csv", table: "reviews", year: 2026, rows: 12582, why: "made up to 2031; 99 of 100 dates are before April 2026"},
	{file: "placed_for_adoption.csv", with: "episodes.csv", table: "placed_adoption", year: 2018, rows: 29, bad: 29,
		rules: []string{"CODE_UNKNOWN REASON_PLACED_CEASED 29"}, why: "every reason is XXX"},
	{file: "placed_for_adoption_errors.csv", with: "episodes.csv", table: "placed_adoption", year: 2018, rows: 30, bad: 30,
		rules: []string{"CODE_UNKNOWN REASON_PLACED_CEASED 30"}, why: "every reason is XXX"},
	{file: "sw_episodes.csv", stop: extract.RuleTableNotInYear, why: "its one row ends in January 2020, and the return has the table from 2023/24"},
	{file: "DoLo.csv", stop: extract.RuleTableNotInYear, why: "its one row begins in January 2025, and the return has the table from 2026/27"},
}

var wantLiia = []want{
	{file: "SSDA903_2020_header.csv", table: "header", year: 2020, rows: 5, bad: 1, rules: []string{"CODE_UNKNOWN ETHNIC 1"},
		why: "UNKN is no ethnicity; UPNs of a few digits are nobody's, and keep no row back; one child in several rows is for harmonising"},
	{file: "SSDA903_2020_episodes.csv", table: "episodes", year: 2020, rows: 5, bad: 1,
		rules: []string{"CODE_UNKNOWN RNE 1", "COLUMN_UNKNOWN number 14 1"}, why: "*DUMMY* is no reason; the fourteenth column is not the return's"},
}

func TestSamples(t *testing.T) {
	root := samples(t)
	for folder, wants := range map[string][]want{fakeData: wantFake, liia: wantLiia} {
		for _, w := range wants {
			t.Run(w.file+" with "+w.with, func(t *testing.T) {
				paths := []string{filepath.Join(root, filepath.FromSlash(folder), w.file)}
				if w.with != "" {
					paths = append(paths, filepath.Join(root, filepath.FromSlash(folder), w.with))
				}
				w.hold(t, paths)
			})
		}
	}
}

// Two samples are right but for the folder they lie in: in one of their year they load.
func TestSamplesInAFolderOfTheirYear(t *testing.T) {
	root := samples(t)
	for year, w := range map[string]want{
		"2023-24": {file: "sw_episodes.csv", table: "sw_episodes", year: 2024, rows: 1, bad: 1,
			rules: []string{"YEAR_NOT_EVIDENT  1", "CODE_UNKNOWN SW_REASON 1"}, why: "SWLAZY is no reason; a byte order mark and CRLF are read over"},
		"2026-27": {file: "DoLo.csv", table: "dolo", year: 2027, rows: 1, rules: []string{"YEAR_NOT_EVIDENT  1"},
			why: "the last line has no line end, and is a row"},
	} {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(fakeData), w.file))
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(t.TempDir(), year)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, w.file), string(data))
		w.hold(t, []string{filepath.Join(folder, w.file)})
	}
}

// hold reads a sample with all its columns and holds what comes out to what is right.
func (w want) hold(t *testing.T, paths []string) {
	t.Helper()
	report := &finding.Report{}
	inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, paths, report)
	if w.stop != "" {
		var bad *extract.Invalid
		if !errors.As(err, &bad) || len(bad.Findings) != 1 || bad.Findings[0].Rule != w.stop {
			t.Errorf("got %v, want %s: %s", err, w.stop, w.why)
		}
		return
	}
	if err != nil {
		t.Fatalf("got %v: %s", err, w.why)
	}
	at := slices.IndexFunc(inventory.Sources, func(s *extract.Source) bool { return s.Path == paths[0] })
	src := inventory.Sources[at]
	got := readSource(t, src, report)
	var rules []string
	for _, f := range got.findings {
		rules = append(rules, fmt.Sprintf("%s %s %d", f.Rule, f.Place.Column, f.Count))
	}
	slices.Sort(rules)
	slices.Sort(w.rules)
	if got.err != nil || src.Table.Name != w.table || src.Year != w.year || src.Term != w.term || !slices.Equal(rules, w.rules) ||
		got.tally != (extract.Tally{Read: w.rows, Passed: w.rows - w.bad, Quarantined: w.bad}) {
		t.Errorf("got %v, %s of %s, %+v with %v\nwant %+v", got.err, src.Table.ID(), src.When(), got.tally, rules, w)
	}
}

// The fake set as it lies cannot be read: its folder holds a table twice, and two tables that its year has not.
func TestSampleFolderAsAWhole(t *testing.T) {
	root := filepath.Join(samples(t), filepath.FromSlash(fakeData))
	_, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{root}, &finding.Report{})
	var bad *extract.Invalid
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range bad.Findings {
		got = append(got, f.Rule+" "+filepath.Base(f.Place.File))
	}
	if want := []string{"TABLE_NOT_IN_YEAR DoLo.csv", "TABLE_TWICE placed_for_adoption_errors.csv", "TABLE_NOT_IN_YEAR sw_episodes.csv"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Every sample that is a set of the return is in the tables above, and every other CSV is refused as what it is: of no
// table that the definitions have.
func TestEverySampleIsJudged(t *testing.T) {
	root := samples(t)
	judged := make(map[string]bool)
	for folder, wants := range map[string][]want{fakeData: wantFake, liia: wantLiia, census: wantCensus} {
		for _, w := range wants {
			judged[folder+"/"+w.file] = true
		}
	}
	others := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".csv") || filepath.Dir(path) == root {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || judged[filepath.ToSlash(rel)] {
			return err
		}
		others++
		got := read(t, catalogue(t), path, 2020)
		var bad *extract.Invalid
		if !errors.As(got.err, &bad) || bad.Findings[0].Rule != extract.RuleTableUnknown {
			t.Errorf("%s: %v", rel, got.err)
		}
		return nil
	})
	if err != nil || others == 0 {
		t.Errorf("%v, %d other files", err, others)
	}
}

// Of the fake set's 2,675 UPNs, drawn without regard to the check letter, 107 have the right one, 2,272 a wrong one, and
// 296 begin with a letter that no UPN has (I, O or S). None of them keeps a row back. The one row that is kept back, for
// its MOTHER, has a wrong letter.
func TestSampleUPNs(t *testing.T) {
	root := filepath.Join(samples(t), filepath.FromSlash(fakeData))
	got := read(t, catalogue(t), filepath.Join(root, "header.csv"), 2018)
	if got.err != nil {
		t.Fatal(got.err)
	}
	counts := make(map[string]int)
	for _, row := range got.cells {
		counts[strings.Join(strings.Fields(strings.Split(row, "|")[4])[:2], " ")]++
	}
	want := map[string]int{"1 ok": 107, "4 check-digit": 2271, "4 malformed": 296}
	if !maps.Equal(counts, want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}
