package synth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The bytes of one cohort in all formats, fixed as those of SSDA903 are.
const pinnedAll = "7f0723a75d5b23b118d9df6e732a1e7bc8eb689895693046ca1ecbe33092c1c2"

func TestAllFormatsSameBytes(t *testing.T) {
	base := CohortOptions{Children: 150, Seed: 7}
	first := make1(t, base)
	if first != pinnedAll {
		t.Errorf("the cohort of 150 children with seed 7 in all formats has changed: %s", first)
	}
	for _, spelt := range [][]string{DefaultFormats(), {}, {GIAP, CIN, SchoolCensus, SSDA903, CIN}} {
		if make1(t, CohortOptions{Children: 150, Seed: 7, Formats: spelt}) != first {
			t.Errorf("formats %v make other bytes than all", spelt)
		}
	}
	other := base
	other.Seed = 8
	if make1(t, other) == first {
		t.Error("another seed makes the same bytes")
	}
}

// files reads all files of a cohort by their path.
func files(t *testing.T, opt CohortOptions) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cohort")
	summary, err := Cohort(context.Background(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, f := range summary.Formats {
		rows += f.Rows
	}
	if rows != summary.Rows() || len(out) != summary.Files {
		t.Errorf("%d rows in formats, %d in all; %d files, %d in all", rows, summary.Rows(), len(out), summary.Files)
	}
	return out
}

// A format is the same whichever others are written with it, as long as the CIN census is written or not: it decides who
// the children are.
func TestFormatsDoNotDependOnEachOther(t *testing.T) {
	all := files(t, CohortOptions{Children: 300, Seed: 5, Years: 6})
	for _, chosen := range [][]string{{CIN}, {CIN, SSDA903}, {CIN, SchoolCensus}, {CIN, GIAP}} {
		some := files(t, CohortOptions{Children: 300, Seed: 5, Years: 6, Formats: chosen})
		want := 0
		for name := range all {
			if slices.Contains(chosen, formatOf(name)) {
				want++
			}
		}
		if len(some) != want {
			t.Errorf("%v: %d files, want %d", chosen, len(some), want)
		}
		for name, text := range some {
			if text != all[name] {
				t.Errorf("%v: %s is another than with all formats", chosen, name)
			}
		}
	}
	// Without the CIN census every child is looked after.
	care := files(t, CohortOptions{Children: 300, Seed: 5, Years: 6, Formats: []string{SSDA903}})
	with := files(t, CohortOptions{Children: 300, Seed: 5, Years: 6, Formats: []string{SSDA903, SchoolCensus, GIAP}})
	for name, text := range care {
		if with[name] != text {
			t.Errorf("%s changes with the school census", name)
		}
	}
	// A child looked after is the same with and without the census.
	for _, line := range strings.Split(all["2025-26/header.csv"], "\n") {
		if !strings.Contains(care["2025-26/header.csv"], line) {
			t.Error("a child of the cohort with a CIN census is not in the one without")
		}
	}
}

func formatOf(name string) string {
	switch base := filepath.Base(name); {
	case base == "cin.xml":
		return CIN
	case strings.HasPrefix(base, "pupil_premium"):
		return GIAP
	case strings.Count(name, "/") == 2:
		return SchoolCensus
	default:
		return SSDA903
	}
}

func TestFormatsRefused(t *testing.T) {
	for name, opt := range map[string]CohortOptions{
		"unknown":    {Children: 100, Formats: []string{SSDA903, "annex_b"}},
		"empty name": {Children: 100, Formats: []string{""}},
		"upper case": {Children: 100, Formats: []string{"CIN"}},
		"too early":  {Children: 100, LastYear: FirstYear, Formats: []string{SchoolCensus}},
	} {
		dir := filepath.Join(t.TempDir(), "cohort")
		if _, err := Cohort(context.Background(), dir, opt); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: error %v, hint %q", name, err, finding.HintOf(err))
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder was made", name)
		}
		if _, err := Pupils(opt); err == nil {
			t.Errorf("%s: accepted by Pupils", name)
		}
	}
	// Before a format's first year there is nothing of it, whatever is asked for.
	early := files(t, CohortOptions{Children: 100, LastYear: FirstYear, Years: 1})
	for name := range early {
		if Earliest(formatOf(name)) > FirstYear {
			t.Errorf("%s", name)
		}
	}
	only := files(t, CohortOptions{Children: 100, LastYear: FirstYear, Years: 1, Formats: []string{SSDA903, CIN}})
	for name, text := range only {
		if early[name] != text {
			t.Errorf("%s: another one than with the formats of that year alone", name)
		}
	}
}

// With every mixture of formats, what Truth yields is in a file.
func TestTruthKnowsOnlyWhatIsWritten(t *testing.T) {
	for _, chosen := range [][]string{{SSDA903}, {CIN}, {SchoolCensus}, {GIAP}, {CIN, GIAP}, nil} {
		opt := CohortOptions{Children: 150, Seed: 2, Years: 3, Formats: chosen}
		truth, err := Truth(opt)
		if err != nil {
			t.Fatal(err)
		}
		summary, err := Cohort(context.Background(), filepath.Join(t.TempDir(), "cohort"), opt)
		if err != nil {
			t.Fatal(err)
		}
		identifiers := 0
		has := map[string]int{}
		for c := range truth {
			identifiers += len(c.Rows("children"))
			has[SSDA903] += len(c.Years) + len(c.Episodes) + len(c.UPNs) + len(c.Headers)
			has[CIN] += len(c.CIN) + len(c.Referrals) + len(c.Assessments) + len(c.CINPlans) + len(c.CPPlans)
			has[SchoolCensus] += len(c.Rolls)
			has[GIAP] += len(c.Premiums)
			if chosen != nil && !slices.Contains(chosen, SSDA903) && (c.UASC || c.Sex != "" || c.Ethnicity != "") {
				t.Errorf("%v: %+v", chosen, c)
			}
		}
		if identifiers != summary.Identifiers {
			t.Errorf("%v: %d LA child IDs, the summary says %d", chosen, identifiers, summary.Identifiers)
		}
		for _, format := range DefaultFormats() {
			if want := chosen == nil || slices.Contains(chosen, format); (has[format] > 0) != want {
				t.Errorf("%v: %d facts of %s", chosen, has[format], format)
			}
		}
	}
}

func TestCensusDate(t *testing.T) {
	for want, got := range map[string]string{
		"2024-10-03": CensusDate(2025, "autumn").String(), "2025-01-16": CensusDate(2025, "spring").String(),
		"2025-10-02": CensusDate(2026, "autumn").String(), "2026-01-15": CensusDate(2026, "spring").String(),
		"2020-10-01": CensusDate(2021, "autumn").String(), "2025-05-15": CensusDate(2025, "summer").String(), "2020-05-21": CensusDate(2020, "summer").String(), "2026-10-01": CensusDate(2027, "autumn").String(),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for year := 2018; year <= 2030; year++ {
		for term := range terms {
			name := termName(term)
			if censusDay(year, term) != CensusDate(year, name) {
				t.Errorf("%d %s: %s", year, name, censusDay(year, term))
			}
		}
	}
}
