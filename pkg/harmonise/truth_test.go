package harmonise_test

import (
	"context"
	stdcsv "encoding/csv"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// cohort writes a synthetic council's returns of some years and lists the files.
func cohort(t testing.TB, children, years int) []string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cohort")
	if _, err := synth.Cohort(context.Background(), dir, cohortOf(children, years)); err != nil {
		t.Fatal(err)
	}
	var paths []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return paths
}

func cohortOf(children, years int) synth.CohortOptions {
	return synth.CohortOptions{Children: children, Years: years, Seed: 20, Formats: []string{"ssda903"}}
}

// renumber hands the table children on to a second numbering by the same Children.
func (c *council) renumber(children *harmonise.Children) error {
	report := &finding.Report{}
	in := harmonise.Input{Inventory: c.inventory, Children: children, Read: c.read}
	_, err := makeTable(in, report, c.catalogue.Table("children"), []string{"child_id"}, func(b *extract.Batch) error {
		_, err := children.NumbersOf(b, b.Column("child_id"))
		return err
	})
	return err
}

// TestTruth holds what is made of a council's files to what the generator meant, cell by cell.
func TestTruth(t *testing.T) {
	for _, opt := range []synth.CohortOptions{cohortOf(1000, 4), {Children: 300, Seed: 3, Years: 4, LastYear: 2020, Formats: []string{"ssda903"}}} {
		dir := filepath.Join(t.TempDir(), "cohort")
		if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
			t.Fatal(err)
		}
		council := discover(t, builtIn(t), dir)
		children := council.table(t, "children", "child_id", "sex", "ethnicity", "birth_date", "uasc")
		episodes := council.table(t, "looked_after_episodes", "child_id", "start_date", "end_date", "start_reason", "legal_status", "primary_need",
			"placement_type", "placement_provider", "placement_urn", "end_reason", "placement_change_reason", "collection_year")
		truth, err := synth.Truth(opt)
		if err != nil {
			t.Fatal(err)
		}
		urns := placements(t, dir)
		var wantChildren, wantEpisodes []string
		for c := range truth {
			uasc := c.UASC && len(c.EpisodeYears()) > 0 // care leavers have no row that could say so
			wantChildren = append(wantChildren, fmt.Sprint(c.ID, " ", c.Sex, " ", c.Ethnicity, " ", c.BirthDate, " ", uasc))
			for _, e := range c.Episodes {
				end := ""
				if e.Ended {
					end = e.End.String()
				}
				wantEpisodes = append(wantEpisodes, strings.Join([]string{
					c.ID, e.Start.String(), end, e.StartReason, e.LegalStatus, e.Need, e.Place, e.Provider,
					urns[c.ID+" "+e.Start.String()], e.EndReason, e.ChangeReason, strconv.Itoa(e.Years[len(e.Years)-1]),
				}, " "))
			}
		}
		compare(t, "children", children, wantChildren, opt.Children)
		compare(t, "looked_after_episodes", episodes, wantEpisodes, opt.Children)
		for _, m := range []*made{children, episodes} {
			if m.tally.Quarantined != 0 || m.tally.Read != sum(m.tally) || m.tally.Superseded == 0 {
				t.Errorf("%+v", m.tally)
			}
		}
	}
}

// compare holds a table to rows, in whatever order.
func compare(t *testing.T, name string, got *made, want []string, least int) {
	t.Helper()
	rows := strings.Split(got.text(), "\n")
	slices.Sort(rows)
	slices.Sort(want)
	if len(rows) != len(want) || len(want) < least {
		t.Errorf("%s has %d rows; want %d, and at least %d", name, len(rows), len(want), least)
	}
	differences := 0
	for i := range min(len(rows), len(want)) {
		if rows[i] != want[i] {
			if differences++; differences <= 5 {
				t.Errorf("%s: made\n%s\nwant\n%s", name, rows[i], want[i])
			}
		}
	}
	if differences > 5 {
		t.Errorf("%s: %d rows differ", name, differences)
	}
}

// placements reads the URN of each episode from the latest file that has the episode, by another CSV reader.
func placements(t *testing.T, dir string) map[string]string {
	t.Helper()
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out, filled := make(map[string]string), 0
	for _, folder := range folders { // earliest first
		f, err := os.Open(filepath.Join(dir, folder.Name(), "episodes.csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := stdcsv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		id, start, urn := slices.Index(rows[0], "CHILD"), slices.Index(rows[0], "DECOM"), slices.Index(rows[0], "URN")
		for _, row := range rows[1:] {
			date := strings.Split(row[start], "/")
			text := row[urn]
			if text == "" {
				text = "unusable: missing" // what identifies nothing is no value
			} else {
				filled++
			}
			out[row[id]+" "+date[2]+"-"+date[1]+"-"+date[0]] = text
		}
	}
	if filled < 50 {
		t.Fatalf("only %d episodes have a URN", filled)
	}
	return out
}

// TestAccounting draws small cohorts, with everything that may be wrong with a row, and holds rows read to be rows left,
// superseded, marking and quarantined; and the children to a second way of finding out what is known of them.
func TestAccounting(t *testing.T) {
	catalogue := builtIn(t)
	seen, held := harmonise.Tally{}, int64(0)
	for round := range 120 {
		r := rand.New(rand.NewPCG(7, uint64(round)))
		d := draw(r)
		council := discover(t, catalogue, write(t, d.files)...)
		council.rows = 1 + r.IntN(4)
		for id, columns := range map[string][]string{
			"children": {"child_id", "sex", "ethnicity", "birth_date", "uasc"}, "looked_after_episodes": {"child_id", "start_date", "end_date"},
			"ssda903/header": {"CHILD", "SEX", "DOB"},
		} {
			if id == "looked_after_episodes" && len(council.inventory.Of("ssda903/episodes")) == 0 {
				continue
			}
			got := council.table(t, id, columns...)
			written := int64(0)
			for _, source := range harmonise.SourceTables(catalogue.Table(id)) {
				written += d.written[source]
			}
			if got.tally.Read != written || got.tally.Read != sum(got.tally) || got.tally.Left != int64(len(got.rows)) || got.tally.Nobody > got.tally.Quarantined {
				t.Fatalf("round %d: %s: %d rows written, %d made, %+v", round, id, written, len(got.rows), got.tally)
			}
			if id == "looked_after_episodes" {
				rows := []string{}
				for _, row := range got.rows {
					rows = append(rows, strings.Join(row, " "))
				}
				slices.Sort(rows)
				if want := d.episodes(); !slices.Equal(rows, want) {
					t.Fatalf("round %d: made\n%s\nwant\n%s\n%v", round, strings.Join(rows, "\n"), strings.Join(want, "\n"), d.files)
				}
				held += got.found[harmonise.RuleHeldBack]
			}
			if id == "children" {
				rows := strings.Split(got.text(), "\n")
				slices.Sort(rows)
				if want := d.children(); !slices.Equal(rows, want) {
					t.Fatalf("round %d: made\n%s\nwant\n%s\n%v", round, strings.Join(rows, "\n"), strings.Join(want, "\n"), d.files)
				}
				seen.Superseded += got.tally.Superseded
				seen.Marks += got.tally.Marks
				seen.Quarantined += got.tally.Quarantined - got.tally.Nobody
				seen.Nobody += got.tally.Nobody
			}
		}
	}
	if seen.Superseded < 100 || seen.Marks < 100 || seen.Quarantined < 100 || seen.Nobody < 100 || held < 10 {
		t.Errorf("too little was drawn: %+v, %d held back", seen, held)
	}
}
