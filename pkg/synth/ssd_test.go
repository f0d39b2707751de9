package synth

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

// systemTables reads the files of an extract with the standard library's reader.
func systemTables(t *testing.T, dir string) map[string][]map[string]string {
	t.Helper()
	out := make(map[string][]map[string]string)
	paths, err := filepath.Glob(filepath.Join(dir, "*", "ssd_*.csv"))
	if err != nil || len(paths) != ssdCount {
		t.Fatalf("%d files of an extract, want %d: %v", len(paths), ssdCount, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, row := range rows[1:] {
			cells := make(map[string]string)
			for i, name := range rows[0] {
				cells[name] = row[i]
			}
			out[filepath.Base(path)] = append(out[filepath.Base(path)], cells)
		}
	}
	return out
}

// TestSystemExtract holds an extract to the rules of the dataset: numbers of records are unique and those that others name
// are there, everybody is a person of it, NHS numbers have a right check digit.
func TestSystemExtract(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cohort")
	opt := CohortOptions{Children: 800, Seed: 15, Years: 6, Formats: []string{SSD}}
	if _, err := Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	tables := systemTables(t, dir)
	people := make(map[string]bool)
	for _, row := range tables["ssd_person.csv"] {
		people[row["pers_person_id"]] = true
		number, sum := row["pers_common_child_id"], 0
		for i := range 9 {
			sum += int(number[i]-'0') * (10 - i)
		}
		if len(number) != 10 || !strings.HasPrefix(number, "999") || (sum+int(number[9]-'0'))%11 != 0 {
			t.Errorf("an NHS number is none of those for tests")
		}
	}
	numbers := make(map[string]map[string]bool)
	for file, key := range map[string]string{
		"ssd_cin_episodes.csv": "cine_referral_id", "ssd_cin_assessments.csv": "cina_assessment_id", "ssd_cin_plans.csv": "cinp_cin_plan_id",
		"ssd_cp_plans.csv": "cppl_cp_plan_id", "ssd_cla_episodes.csv": "clae_cla_episode_id", "ssd_cla_placement.csv": "clap_cla_placement_id",
		"ssd_legal_status.csv": "lega_legal_status_id", "ssd_linked_identifiers.csv": "link_table_id", "ssd_disability.csv": "disa_table_id", "ssd_immigration_status.csv": "immi_immigration_status_id",
	} {
		numbers[file] = make(map[string]bool)
		for _, row := range tables[file] {
			if numbers[file][row[key]] {
				t.Errorf("%s has a number twice", file)
			}
			numbers[file][row[key]] = true
			for name, cell := range row {
				if strings.HasSuffix(name, "_person_id") && !people[cell] {
					t.Errorf("%s has a row of nobody", file)
				}
			}
		}
		if len(numbers[file]) < 20 {
			t.Errorf("%s has %d rows only", file, len(numbers[file]))
		}
	}
	shared := make(map[string]int)
	for _, row := range tables["ssd_cla_episodes.csv"] {
		shared[row["clae_cla_placement_id"]]++
		if !numbers["ssd_cla_placement.csv"][row["clae_cla_placement_id"]] {
			t.Error("an episode names a placement that is not there")
		}
	}
	for _, file := range []string{"ssd_cin_assessments.csv", "ssd_cin_plans.csv", "ssd_cp_plans.csv"} {
		for _, row := range tables[file] {
			if !numbers["ssd_cin_episodes.csv"][row["cina_referral_id"]+row["cinp_referral_id"]+row["cppl_referral_id"]] {
				t.Errorf("%s names a case that is not there", file)
			}
		}
	}
	if len(shared) == len(tables["ssd_cla_episodes.csv"]) {
		t.Error("no two episodes share a placement")
	}
	if kinds := tables["ssd_linked_identifiers.csv"]; !slices.ContainsFunc(kinds, func(r map[string]string) bool { return r["link_valid_to_date"] != "" }) {
		t.Error("no number was ever temporary")
	}
}

// TestSystemIsBesideTheOthers: what is written in other formats does not change by one byte.
func TestSystemIsBesideTheOthers(t *testing.T) {
	dir := t.TempDir()
	for name, formats := range map[string][]string{"without": {CIN, SSDA903, SchoolCensus}, "with": {CIN, SSDA903, SchoolCensus, SSD}} {
		if _, err := Cohort(context.Background(), filepath.Join(dir, name), CohortOptions{Children: 150, Seed: 3, Years: 2, Formats: formats}); err != nil {
			t.Fatal(err)
		}
	}
	files := 0
	if err := filepath.WalkDir(filepath.Join(dir, "without"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		one, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other, err := os.ReadFile(strings.Replace(path, "without", "with", 1))
		if err != nil || !bytes.Equal(one, other) {
			t.Errorf("%s differs: %v", path, err)
		}
		return nil
	}); err != nil || files < 40 {
		t.Errorf("%d files: %v", files, err)
	}
}

// TestSummertime holds the rule to the time zone that the standard library has.
func TestSummertime(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("the machine does not know the time zone of London:", err)
	}
	for d := civil.MustYMD(1996, 1, 1); d <= civil.MustYMD(2030, 12, 31); d++ {
		y, m, day := d.YMD()
		_, offset := time.Date(y, time.Month(m), day, 0, 0, 0, 0, london).Zone()
		if summertime(d) != (offset != 0) {
			t.Fatalf("%s begins %d seconds before Universal Time", d, offset)
		}
	}
}
