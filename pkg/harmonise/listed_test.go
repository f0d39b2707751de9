package harmonise_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

func linksOf(t *testing.T, c *council) *harmonise.Links {
	t.Helper()
	links := harmonise.NewLinks(c.catalogue.Links(), &finding.Report{})
	in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read}
	if err := harmonise.Make(context.Background(), in, nil, links); err != nil {
		t.Fatal(err)
	}
	return links
}

// TestBase holds which table others are held against, and how many are found, to what there are extracts of.
func TestBase(t *testing.T) {
	const people, numbers = "pers_person_id,pers_sex,pers_ethnicity,pers_dob", "link_person_id,link_identifier_type,link_identifier_value"
	header := func(ids ...string) string {
		var rows []string
		for _, id := range ids {
			rows = append(rows, id+",F,01/01/2012,WBRI,,,")
		}
		return lines(headerLine, rows...)
	}
	persons := func(ids ...string) string {
		var rows []string
		for _, id := range ids {
			rows = append(rows, id+",F,WBRI,2012-01-01")
		}
		return lines(people, rows...)
	}
	cin := func(ids ...string) string {
		text := "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year><ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails>" +
			"<Source><LEA>331</LEA></Source></Header><Children>"
		for _, id := range ids {
			text += "<Child><ChildIdentifiers><LAchildID>" + id + "</LAchildID></ChildIdentifiers></Child>"
		}
		return text + "</Children></Message>"
	}
	catalogue := builtIn(t)
	for _, tc := range []struct {
		name  string
		files map[string]string
		base  string
		want  []string // table, children, found, not in it
		any   int64    // children whom any table lists
	}{
		{"returns", map[string]string{"2025-26/cin.xml": cin("1", "2", "3"), "2025-26/header.csv": header("2", "3", "4")},
			"cin/child", []string{"ssda903/header 3 2, 1 not"}, 4},
		{"returns of different years", map[string]string{"2025-26/cin.xml": cin("1", "2", "3"), "2024-25/header.csv": header("2", "3", "4")},
			"cin/child", nil, 4},
		{"a case system that has more, and less", map[string]string{"2025-26/cin.xml": cin("1", "2", "3"), "2025-26/ssd_person.csv": persons("2", "3", "4", "5", "6", "7")},
			"cin/child", []string{"ssd/person 3 2, 1 not"}, 7},
		{"a case system that has few", map[string]string{"2025-26/cin.xml": cin("1", "2", "3", "4", "5"), "2025-26/ssd_person.csv": persons("2", "9")},
			"cin/child", []string{"ssd/person 2 1, 4 not"}, 6},
		{"all three, of which two have each year", map[string]string{"2025-26/cin.xml": cin("1", "2"), "2024-25/header.csv": header("2", "3"), "2025-26/ssd_person.csv": persons("1", "2", "3")},
			"cin/child", []string{"ssd/person 2 2, 0 not"}, 3},
		{"no census", map[string]string{"2025-26/header.csv": header("1", "2"), "2025-26/ssd_person.csv": persons("1", "2", "3", "4")},
			"ssda903/header", []string{"ssd/person 2 2, 0 not"}, 4},
		{"the case system alone", map[string]string{"2025-26/ssd_person.csv": persons("1", "2"), "2025-26/ssd_linked_identifiers.csv": lines(numbers, "1,UPN,A331123412341", "8,UPN,A331123412342")},
			"ssd/person", nil, 2},
		{"numbers alone list nobody", map[string]string{"2025-26/ssd_linked_identifiers.csv": lines(numbers, "1,UPN,A331123412341")}, "", nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			links := linksOf(t, discover(t, catalogue, write(t, tc.files)...))
			base, there := links.Base()
			if base.Table != tc.base || there != (tc.base != "") {
				t.Errorf("the base is %q, %t; want %q", base.Table, there, tc.base)
			}
			var got []string
			for n, link := range catalogue.Links() {
				if r, known := links.Listed(n); known {
					got = append(got, fmt.Sprintf("%s %d %d, %d not", link.Table, r.Children, r.Found, links.Unlisted(n)))
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("listed %v, want %v", got, tc.want)
			}
			if all := links.Pupils(func(uint32) bool { return true }); all.Children != tc.any {
				t.Errorf("%d children, want %d", all.Children, tc.any)
			}
		})
	}
}

// TestCrosswalk finds the same children's pupils by each of the extracts that give pupil numbers.
func TestCrosswalk(t *testing.T) {
	opt := synth.CohortOptions{Children: 600, Seed: 12, Years: 2, Formats: []string{synth.CIN, synth.SSDA903, synth.SSD, synth.SchoolCensus}}
	dir := filepath.Join(t.TempDir(), "cohort")
	if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	catalogue := builtIn(t)
	pupils := func(leaveOut ...string) map[string]bool {
		var paths []string
		for _, src := range discover(t, catalogue, dir).inventory.Sources {
			if name := filepath.Base(src.Path); !slices.ContainsFunc(leaveOut, func(out string) bool { return strings.HasPrefix(name, out) }) && !slices.Contains(paths, src.Path) {
				paths = append(paths, src.Path)
			}
		}
		tables, _ := discover(t, catalogue, paths...).everything(t, []string{"free_school_meals"}, func(string) []string { return []string{"child_id"} })
		found := make(map[string]bool)
		for _, row := range tables["free_school_meals"].rows {
			found[row[0]] = true
		}
		return found
	}
	all := pupils()
	system, without := pupils("cin", "header"), pupils("cin", "header", "ssd_linked")
	returns, crossed, care := pupils("ssd_"), pupils("ssd_linked"), pupils("cin", "ssd_linked")
	if len(all) < 200 || len(without) > 0 || len(care) == 0 || len(care) >= len(all) {
		t.Errorf("%d pupils are found by all, %d by none, %d by the header alone", len(all), len(without), len(care))
	}
	for name, found := range map[string]map[string]bool{"the case system": system, "the returns": returns, "the returns, for a case system without numbers": crossed} {
		if len(found) != len(all) {
			t.Errorf("by %s %d pupils are found, by all %d", name, len(found), len(all))
		}
		for id := range found {
			if !all[id] {
				t.Errorf("by %s, another pupil is found", name)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "2024-25", "ssd_person.csv")); err == nil {
		t.Error("a case system is exported on the last day alone")
	}
}
