package dataset_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// Where the definitions of the Standard Safeguarding Dataset say otherwise than the reference, and why.
var systemExceptions = map[string]dataset.Class{
	"cla_placement.clap_cla_placement_urn":          dataset.QuasiIdentifier,  // as the return's URN: it singles a home out
	"cla_placement.clap_cla_placement_provider":     dataset.Ordinary,         // as the return's PLACE_PROVIDER
	"legal_status.lega_legal_status":                dataset.CriminalOffence,  // as the return's LS: J1 to J3 are remand, detention and sentence
	"immigration_status.immi_immigration_status_id": dataset.RecordIdentifier, // the number of a row, which never leaves
}

// Tables that are no data about children.
var systemLeftOut = []string{"api_data_staging", "version_log"}

func TestSystemDefinitionsAgainstTheReference(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "reference", "columns.csv"))
	if err != nil {
		t.Skip("the reference list of columns is not beside the repository:", err)
	}
	defer func() { _ = f.Close() }() // only read from
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	c := builtIn(t)
	seen := 0
	for _, r := range records {
		table := strings.TrimPrefix(r[1], "ssd_")
		if !strings.HasPrefix(r[0], "SSD ") || slices.Contains(systemLeftOut, table) {
			continue
		}
		seen++
		id := table + "." + r[2]
		def := c.Table("ssd/" + table)
		if def == nil || def.Column(r[2]) == nil {
			t.Errorf("%s is not defined", id)
			continue
		}
		column, class := def.Column(r[2]), referenceClass(r[4])
		switch {
		case strings.HasPrefix(r[4], "RECORD"):
			class = dataset.RecordIdentifier
		case strings.HasPrefix(r[4], "FREE"):
			class = dataset.FreeText
		}
		if except, ok := systemExceptions[id]; ok {
			class = except
		}
		if column.Class != class {
			t.Errorf("%s is of class %s; the reference says %q", id, column.Class, r[4])
		}
		if date := strings.EqualFold(r[3], "datetime"); date && column.Type != dataset.Date && len(column.Treatments) > 0 || !date && column.Type == dataset.Date {
			t.Errorf("%s is of type %s; the reference says %q", id, column.Type, r[3])
		}
		if strings.HasSuffix(r[2], "_json") && (column.Type != dataset.Text || column.Class != dataset.FreeText || len(column.Treatments) > 0) {
			t.Errorf("%s: JSON is a text that never leaves, and is %s, %s, %v", id, column.Type, column.Class, column.Treatments)
		}
	}
	if seen != 342 {
		t.Errorf("the reference has %d columns of the dataset, want 342", seen)
	}
}

// TestSystemDefinitions holds what the core tables ask of the dataset's tables.
func TestSystemDefinitions(t *testing.T) {
	c := builtIn(t)
	for _, table := range c.Tables() {
		if table.Format != "ssd" {
			continue
		}
		if !table.Snapshot || table.Document != nil || !table.Delimited || table.Termly {
			t.Errorf("%s is no table of a snapshot in text", table.ID())
		}
		for _, column := range table.Columns {
			if column.Type == dataset.Text && len(column.Treatments) > 0 {
				t.Errorf("%s.%s is text and may leave", table.ID(), column.Name)
			}
		}
	}
	for _, id := range []string{"cin/child", "ssda903/header", "school_census/pupilonroll", "giap/pupil_premium"} {
		if c.Table(id).Snapshot {
			t.Errorf("%s is no snapshot", id)
		}
	}
	// One extract holds the codes of all years.
	for _, v := range [][3]string{
		{"cla_placement", "clap_cla_placement_type", "Z1"}, {"cla_placement", "clap_cla_placement_type", "Z11"}, {"cla_placement", "clap_cla_placement_type", "P2"},
		{"cla_episodes", "clae_cla_episode_ceased_reason", "E43"}, {"cla_episodes", "clae_cla_episode_ceased_reason", "E48"},
		{"person", "pers_sex", "1"}, {"person", "pers_sex", "M"}, {"person", "pers_ethnicity", "NOBT"}, {"disability", "disa_disability_code", "NONE"},
	} {
		if at, in := c.Table("ssd/"+v[0]).Column(v[1]).Code(v[2], 2026); at < 0 || !in {
			t.Errorf("%s.%s has no code %s", v[0], v[1], v[2])
		}
	}
	sources := func(core string) (out []string) {
		for _, s := range c.Table(core).Sources {
			if !slices.Contains(out, s.Table) {
				out = append(out, s.Table)
			}
		}
		return out
	}
	// The order of precedence: the returns before the case system.
	for core, want := range map[string][]string{
		"children":              {"cin/child", "cin/disabilities", "ssda903/header", "ssda903/uasc", "ssd/person", "ssd/disability", "ssd/immigration_status"},
		"referrals":             {"cin/cin_details", "ssd/cin_episodes"},
		"assessments":           {"cin/assessments", "ssd/cin_assessments"},
		"cin_plans":             {"cin/cin_plans", "ssd/cin_plans"},
		"cp_plans":              {"cin/cp_plans", "ssd/cp_plans"},
		"looked_after_episodes": {"ssda903/episodes", "ssd/cla_episodes"},
	} {
		if got := sources(core); !slices.Equal(got[:min(len(got), len(want))], want) {
			t.Errorf("%s is made of %v, want %v first", core, got, want)
		}
	}
	links := c.Links()
	var listing []string
	for _, l := range links {
		if l.Lists() {
			listing = append(listing, l.Table)
		}
	}
	if len(listing) < 3 || !slices.Equal(listing[:3], []string{"cin/child", "ssda903/header", "ssd/person"}) {
		t.Errorf("children are listed by %v", listing)
	}
}
