package harmonise_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
)

// way is one of the ways in which a council may hand the same children over.
type way struct {
	tables map[string]*made
	links  *harmonise.Links
}

// handed writes a cohort in some formats and makes the core tables of it.
func handed(t *testing.T, opt synth.CohortOptions, tables []string, formats ...string) *way {
	t.Helper()
	opt.Formats = formats
	dir := filepath.Join(t.TempDir(), "cohort")
	if _, err := synth.Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	w := &way{}
	w.tables, w.links = discover(t, builtIn(t), dir).everything(t, tables, synth.CoreColumns)
	for id, m := range w.tables {
		if m.tally.Read != sum(m.tally) || m.tally.Left != int64(len(m.rows)) || m.tally.Quarantined > 0 && m.found[harmonise.RuleShared] == 0 {
			t.Errorf("%v: %s: %+v %v", formats, id, m.tally, m.found) // two children in each thousand have one pupil number
		}
	}
	return w
}

// keyed gives a table's rows by what makes a row unique; twice lists keys that more than one row has.
func keyed(m *made, table string) (rows map[string][]string, twice []string) {
	keys := 2
	switch table {
	case "children":
		keys = 1
	case "attendance", "free_school_meals":
		keys = 3
	}
	rows = make(map[string][]string)
	for _, row := range m.rows {
		key := strings.Join(row[:keys], " ")
		if rows[key] != nil {
			twice = append(twice, key)
		}
		rows[key] = row
	}
	return rows, twice
}

// difference is one that the two ways may have, by name: of a cell, or of whole rows where the column is empty. docs/formats.md
// has the reason for each.
type difference struct {
	name          string
	table, column string // "" for the column of every table
	holds         func(returns, other string, c *synth.Child) bool
}

// said reports whether any return says something of a child.
func said(value string, c *synth.Child, cin func(*synth.CINReturn) string, header func(*synth.Header) string) bool {
	return slices.ContainsFunc(c.CIN, func(r synth.CINReturn) bool { return cin(&r) == value }) ||
		slices.ContainsFunc(c.Headers, func(h synth.Header) bool { return header(&h) == value })
}

func systemDifferences() []difference {
	blank := func(_, other string, _ *synth.Child) bool { return other == "" }
	return []difference{
		{"the year of the extract, and not of a return", "", "collection_year", func(_, other string, c *synth.Child) bool { return other == fmt.Sprint(c.System.Year) }},
		{"sex as it is now", "children", "sex", func(returns, other string, c *synth.Child) bool {
			return other == c.System.Sex && said(returns, c, func(r *synth.CINReturn) string { return r.Sex }, func(h *synth.Header) string { return h.Sex })
		}},
		{"ethnicity as it is now", "children", "ethnicity", func(returns, other string, c *synth.Child) bool {
			return other == c.System.Ethnicity && said(returns, c, func(r *synth.CINReturn) string { return r.Ethnicity }, func(h *synth.Header) string { return h.Ethnicity })
		}},
		{"no disability is mostly not noted", "children", "disabled", func(returns, other string, c *synth.Child) bool {
			return returns == "false" && other == "" && c.System.Disabilities == nil
		}},
		{"no immigration status is noted", "children", "uasc", func(returns, other string, c *synth.Child) bool {
			return returns == "false" && other == "" && c.System.Statuses == nil
		}},
		{"an immigration status of a child who was never looked after", "children", "uasc", func(returns, other string, c *synth.Child) bool {
			return returns == "" && other == "false" && len(c.Headers) == 0 && !c.System.Statuses[0].UASC
		}},
		{"plans before there were plan dates in the census", "cin_plans", "", func(returns, _ string, _ *synth.Child) bool { return returns == "" }},
		{"previous plans are not in the dataset", "cp_plans", "previous_plans", blank},
		{"why a placement changed is said of the placement", "looked_after_episodes", "placement_change_reason", blank},
	}
}

// held holds two ways to making the same tables, up to the differences listed, which are counted by name.
func held(t *testing.T, returns, other *way, tables []string, children map[string]*synth.Child, allowed []difference, seen map[string]int) {
	t.Helper()
	wrong := 0
	tell := func(table, column, key string) {
		if wrong++; wrong <= 10 {
			t.Errorf("%s.%s differs at %s, and no difference that is listed says so", table, column, key)
		}
	}
	note := func(table, column, key, a, b string) {
		c := children[strings.Fields(key)[0]]
		for _, d := range allowed {
			if (d.table == table || d.table == "") && d.column == column && d.holds(a, b, c) {
				seen[d.name]++
				return
			}
		}
		tell(table, column, key)
	}
	for _, table := range tables {
		columns := synth.CoreColumns(table)
		a, twiceA := keyed(returns.tables[table], table)
		b, twiceB := keyed(other.tables[table], table)
		if len(twiceA)+len(twiceB) > 0 || len(a) < 20 {
			t.Fatalf("%s has %d rows, and %d and %d keys twice", table, len(a), len(twiceA), len(twiceB))
		}
		for key, row := range a {
			if b[key] == nil {
				note(table, "", key, key, "")
				continue
			}
			for i, name := range columns {
				if row[i] != b[key][i] {
					note(table, name, key, row[i], b[key][i])
				}
			}
		}
		for key := range b {
			if a[key] == nil {
				note(table, "", key, "", key)
			}
		}
	}
	if wrong > 10 {
		t.Errorf("%d differences are not listed", wrong)
	}
}

// truthOf is the children of a cohort, by their number.
func truthOf(t *testing.T, opt synth.CohortOptions, formats ...string) map[string]*synth.Child {
	t.Helper()
	opt.Formats = formats
	truth, err := synth.Truth(opt)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]*synth.Child)
	for c := range truth {
		out[c.ID] = &c
	}
	return out
}

// TestWays hands the same children over as returns and as a case system's dataset, each with the schools' files, and holds
// the core tables to being the same, up to a closed list of differences, of which each is met.
func TestWays(t *testing.T) {
	tables, seen := synth.CoreTables(), make(map[string]int)
	tables = slices.DeleteFunc(slices.Clone(tables), func(id string) bool { return !slices.Contains(sharedTables(), id) })
	for _, opt := range []synth.CohortOptions{{Children: 2500, Seed: 41, Years: 4}, {Children: 900, Seed: 7, Years: 7, LastYear: 2025}} {
		all := truthOf(t, opt, synth.CIN, synth.SSDA903, synth.SSD, synth.SchoolCensus, synth.GIAP)
		returns := handed(t, opt, tables, synth.CIN, synth.SSDA903, synth.SchoolCensus, synth.GIAP)
		system := handed(t, opt, tables, synth.SSD, synth.SchoolCensus, synth.GIAP)
		for _, id := range tables {
			var want []string
			for _, c := range all {
				for _, row := range c.SystemRows(id) {
					want = append(want, strings.Join(row, " "))
				}
			}
			compare(t, id+" of the dataset", system.tables[id], want, 20)
		}
		held(t, returns, system, tables, all, systemDifferences(), seen)
	}
	for _, d := range systemDifferences() {
		if seen[d.name] == 0 {
			t.Errorf("no child shows the difference %q", d.name)
		}
	}
}

// sharedTables are those that both ways make.
func sharedTables() []string {
	return []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes", "attendance", "free_school_meals", "pupil_premium"}
}

// TestAllWaysAtOnce reads the returns and the dataset together: no event leaves twice, and the one that the definitions
// name first decides in a year that has both.
func TestAllWaysAtOnce(t *testing.T) {
	opt := synth.CohortOptions{Children: 1200, Seed: 8, Years: 4}
	events := []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes"}
	returns := handed(t, opt, events, synth.CIN, synth.SSDA903)
	system := handed(t, opt, events, synth.SSD)
	both := handed(t, opt, events, synth.CIN, synth.SSDA903, synth.SSD)
	for _, id := range events {
		a, _ := keyed(returns.tables[id], id)
		b, _ := keyed(system.tables[id], id)
		all, twice := keyed(both.tables[id], id)
		if len(twice) > 0 || both.tables[id].found[harmonise.RuleRepeated] > 0 {
			t.Errorf("%s: %d rows leave twice: %v", id, len(twice), both.tables[id].found)
		}
		for key, row := range all {
			if id == "children" {
				continue
			}
			want := b[key]
			if year := len(row) - 1; a[key] != nil && (b[key] == nil || a[key][year] == b[key][year]) {
				want = a[key]
			}
			if !slices.Equal(row, want) {
				t.Errorf("%s: made\n%v\nwant\n%v", id, row, want)
			}
		}
		for key := range b {
			a[key] = b[key]
		}
		if len(all) != len(a) {
			t.Errorf("%s has %d rows; want %d", id, len(all), len(a))
		}
		if tally := both.tables[id].tally; tally.Superseded < int64(len(b)) && id != "children" {
			t.Errorf("%s: %d rows of %d in both are superseded", id, tally.Superseded, len(b))
		}
	}
	found := both.tables["children"].found
	if found[harmonise.RuleDiffer] < 5 || found[harmonise.RuleChanged] < 5 {
		t.Errorf("facts that differ are not counted: %v", found)
	}
}
