package harmonise_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/synth"
)

// sample is a file among the public samples beside the repository.
func sample(t *testing.T, path string) string {
	t.Helper()
	path = filepath.Join("..", "..", "..", "shared", "samples", filepath.FromSlash(path))
	if _, err := os.Stat(path); err != nil {
		t.Skip("the public samples are not beside the repository:", err)
	}
	return path
}

// told lists findings as rule, sheet, column and count, those on formulas left out.
func told(findings []finding.Finding) []string {
	var out []string
	for _, f := range findings {
		if f.Rule != xlsx.RuleFormula {
			out = append(out, fmt.Sprintf("%s %d %s %d", f.Rule, f.Place.Sheet, f.Place.Column, f.Count))
		}
	}
	slices.Sort(out)
	return out
}

// TestAnnexASample reads the public sample, and holds it to what a person sees in it: eleven lists in sheets 1 to 11, one
// need that is none of Annex A's, days of 2020 and 2021 in a file that is named for 2024, categories behind enumerators,
// a header with a bracket too many, "Age" for "Age of Child (Years)", #N/A for teams, and a date of birth that is missing.
func TestAnnexASample(t *testing.T) {
	path := sample(t, "SocialFinanceDigitalLabs+liia-tools-pipeline/liiatools/annex_a_pipeline/spec/samples/Annex_A_2024_Jan.xlsx")
	council := discover(t, builtIn(t), path)
	report := &finding.Report{}
	var rows []string
	for _, src := range council.inventory.Sources {
		d := &extract.Demand{Source: src, Want: src.Table.Columns, Report: report, Sink: func(*extract.Batch) error { return nil }}
		if err := (xlsx.Reader{}).Read(context.Background(), []*extract.Demand{d}); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s %d: %d %d", src.Table.Name, src.Year, d.Tally.Read, d.Tally.Quarantined))
	}
	slices.Sort(rows)
	want := []string{"list_1 2024: 5 0", "list_10 2024: 5 0", "list_11 2024: 5 0", "list_2 2024: 5 0", "list_3 2024: 6 0", "list_4 2024: 5 0", "list_5 2024: 5 0",
		"list_6 2024: 5 1", "list_7 2024: 7 0", "list_8 2024: 5 0", "list_9 2024: 6 0"}
	if !slices.Equal(rows, want) {
		t.Errorf("read\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	if got := told(report.Findings()); !slices.Equal(got, []string{"CODE_UNMAPPED 6 Primary Need Code 1"}) {
		t.Errorf("told %q", got)
	}
	tables, _ := council.everything(t, annexTables(), synth.CoreColumns)
	for id, n := range map[string]int{"referrals": 6, "assessments": 5, "cin_plans": 5, "cp_plans": 7, "looked_after_episodes": 5} {
		if m := tables[id]; len(m.rows) != n || m.tally.Quarantined > 0 {
			t.Errorf("%s has %d rows: %+v %v", id, len(m.rows), m.tally, m.found)
		}
	}
	const care = "1761444 2009-08-06  S E1 N1 U6 PR4    2024\n" +
		"1373595 2009-08-06  S C2 N1 U1 PR1    2024\n" +
		"14065184 2014-09-12  S C2 N1 U4 PR5    2024\n" +
		"2529037 2010-02-24  S C2 N1 U6 PR4    2024\n" +
		"3623204 2008-10-22 2020-09-22 S C1 N1 H5 PR4  E47  2024"
	if got := tables["looked_after_episodes"].text(); got != care {
		t.Errorf("made\n%s\nwant\n%s", got, care)
	}
	children := tables["children"].text()
	for _, row := range []string{"1761444 F NOBT 2002-02-13 false false", "14065184 F  2007-05-31 true false", "6537810 M WBRI 2004-07-18 false ", "13782635 F WBRI 2002-10-28 false "} {
		if !slices.Contains(strings.Split(children, "\n"), row) {
			t.Errorf("the children lack %q:\n%s", row, children)
		}
	}
}

// TestSENSample refuses the sample of another inspection's lists, which are of education plans and none of Annex A's, though
// its sheets are called List_1 and List_2 as well: both sheets are named.
func TestSENSample(t *testing.T) {
	path := sample(t, "data-to-insight+annex-a-sen-validator-be/fake_data/fake_sen.xlsx")
	report := &finding.Report{}
	_, err := extract.Discover(context.Background(), builtIn(t), map[string]extract.Reader{".xlsx": xlsx.Reader{}}, []string{path}, report)
	var bad *extract.Invalid
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	if got := told(bad.Findings); !slices.Equal(got, []string{"TABLE_UNKNOWN 1  1", "TABLE_UNKNOWN 2  1"}) {
		t.Errorf("told %q", got)
	}
	if got := told(report.Findings()); len(got) > 0 {
		t.Errorf("told %q", got)
	}
}
