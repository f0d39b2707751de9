package export_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// TestNumbersDecideNothing: whether children have a number shows in no byte of a drop, in no run record, in no membership index
// and in no preview: of core tables, of returns as they are, of a cohort and index events that daily rows tell, of a child in
// two columns, and with extracts that nobody else says anything about.
func TestNumbersDecideNothing(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, wholeCohort(t), extracts)
	mustWrite(t, filepath.Join(extracts, "2024-25", "attendance.csv"), registers(3000, 0))
	c := newCouncil(t)
	linked := "linkage: {pupils: 0, returns: 0}\n"
	const cohort = "cohort: {table: attendance_daily, where: {mark: {in: [\"/\"]}}}\nindex_events: {seen: {table: attendance_daily, column: session_date, pick: latest}}\n"
	daily := "  attendance/daily:\n    day: {from: session_date, treatment: date, to: month, joint_fineness: it is tried, why: it is tried}\n" +
		"    child: {from: la_child_id, treatment: pseudonym, why: it is tried}\n"
	for name, text := range map[string]string{
		"all tables":  wideAgreement(c.catalogue, wideID, usualPeriod, "null", notYetAny()...),
		"as returned": agreementOver(c.catalogue, preamble(wideID, usualPeriod, "", "quarantine"), ownTables(notYetAny())),
		"told by days": strings.Replace(agreementOver(c.catalogue, preamble(wideID, usualPeriod, linked+cohort, "null"), coreOf("children", "looked_after_episodes")), "  looked_after_episodes:\n", "  attendance_daily:\n"+
			"    child_id: {treatment: pseudonym, why: it is tried}\n    mark: {treatment: keep, why: it is tried}\n"+
			"  looked_after_episodes:\n    days: {from: end_date, treatment: days_since, event: seen, joint_fineness: it is tried, why: it is tried}\n", 1),
		"in two columns":  preamble(wideID, usualPeriod, "", "null") + "tables:\n" + daily + "    again: {from: la_child_id, treatment: pseudonym, why: it is tried}\n",
		"in one of them":  preamble(wideID, usualPeriod, "", "null") + "tables:\n" + daily,
		"without a child": preamble(wideID, usualPeriod, "", "null") + "tables:\n" + strings.SplitAfter(daily, "why: it is tried}\n")[0],
	} {
		t.Run(name, func(t *testing.T) {
			var want numbered
			for _, tc := range []struct{ children, budget, workers int }{{0, 0, 1}, {1, 0, 2}, {1, 1 << 10, 3}, {150, 1 << 12, 2}} {
				c := newCouncil(t, text)
				got := c.numbered(t, tc.children, tc.budget, tc.workers, extracts)
				if want.parquets == nil {
					want = got
					continue
				}
				sameParquets(t, got.parquets, want.parquets)
				if got.said != want.said || got.previewed != want.previewed {
					t.Errorf("with %d children who have numbers the run record says\n%s\nand the preview\n%s\nwant\n%s\n%s", tc.children, got.said, got.previewed, want.said, want.previewed)
				}
				if !slices.Equal(got.members, want.members) {
					t.Errorf("with %d children who have numbers there are other members", tc.children)
				}
			}
			if (len(want.members) == 0) != (name == "without a child") {
				t.Errorf("there are %d members", len(want.members))
			}
		})
	}
}

// ownTables are the tables of returns that say which child a row is about, but for some.
func ownTables(without []string) func(*dataset.Table) bool {
	return func(t *dataset.Table) bool { return !t.Core() && t.ChildID != "" && !slices.Contains(without, t.ID()) }
}

func coreOf(ids ...string) func(*dataset.Table) bool {
	return func(t *dataset.Table) bool { return slices.Contains(ids, t.ID()) }
}

// numbered is all that must not turn on who has a number.
type numbered struct {
	parquets        map[string]string
	said, previewed string
	members         []string
}

// numbered plans and exports with so many children who have a number.
func (c *council) numbered(t *testing.T, children, budget, workers int, extracts string) (out numbered) {
	t.Helper()
	g := c.gateway(t)
	g.MostChildren, g.StageBytes, g.Workers = children, budget, workers
	planned := c.planned(t, g, extracts, &out)
	result := c.exportWith(t, g, wideID, extracts)
	out.parquets, out.said = parquets(t, c.path("drops", result.Drop)), recordOf(t, result)
	identities, err := age.ParseIdentities(strings.NewReader(mustRead(t, c.path("keys", "rights.identity"))))
	if err != nil {
		t.Fatal(err)
	}
	for i, table := range result.Manifest.Tables {
		listed := int64(0)
		if table.ChildrenColumn != "" {
			for p, err := range g.State.Membership(wideID, filepath.Base(result.Drop), table.Name, identities[0]) {
				if err != nil {
					t.Fatal(err)
				}
				out.members = append(out.members, table.Name+" "+p)
				listed++
			}
		}
		if p := planned[i]; p.Name != table.Name || p.Rows != table.Rows || p.DistinctChildren != table.DistinctChildren || listed != table.DistinctChildren {
			t.Errorf("%s: %d rows of %d children leave, %d are listed; planned were %d of %d", table.Name, table.Rows, table.DistinctChildren, listed, p.Rows, p.DistinctChildren)
		}
	}
	if len(out.members) > 0 {
		c.settled(t, wideID)
	}
	return out
}

// planned is what a plan says of the tables.
func (c *council) planned(t *testing.T, g *export.Gateway, extracts string, out *numbered) []manifest.Table {
	t.Helper()
	keys, err := custody.Open(references(c.dir)).AgreementKeys(laCode, wideID, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.Plan(t.Context(), export.Request{Agreement: c.agreementFile(wideID), Extracts: []string{extracts}}, keys)
	if err != nil {
		t.Fatal(err)
	}
	described, err := g.Describe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Preview(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	out.previewed = string(text)
	if err := g.CloseSurvey(s); err != nil {
		t.Error(err)
	}
	return described.Tables
}

// TestPlanAfterOneThatWasKilled: what a plan that was killed has left of what it kept on disk does not stop the next one.
func TestPlanAfterOneThatWasKilled(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustMkdir(t, filepath.Join(extracts, "2024-25"))
	mustWrite(t, filepath.Join(extracts, "2024-25", "attendance.csv"), registers(500, 0))
	c := newCouncil(t, preamble(wideID, usualPeriod, "", "null")+"tables:\n  attendance/daily:\n    child: {from: la_child_id, treatment: pseudonym, why: it is tried}\n")
	g := c.gateway(t)
	g.MostChildren, g.StageBytes = 1, 1
	for _, left := range []string{"children.met", "attendance_daily-0000.run"} {
		folder, err := g.State.Staging(wideID, "plan")
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, filepath.Join(folder, left), "left")
		if tables := c.planned(t, g, extracts, &numbered{}); tables[0].DistinctChildren == 0 {
			t.Error("no child is counted")
		}
		if below := filesBelow(t, c.path("state", "staging")); len(below) > 0 {
			t.Errorf("a plan leaves %q", below)
		}
	}
}

// TestUnnumberedChildrenAreKnown: a child who has no number is recognised all the same, in a text that would leave beside the
// data, and when another row names the child so that only normalisation makes the two one.
func TestUnnumberedChildrenAreKnown(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	file := filepath.Join(extracts, "2024-25", "attendance.csv")
	mustMkdir(t, filepath.Dir(file))
	text := preamble(wideID, usualPeriod, "", "null") + "tables:\n  attendance/daily:\n    child: {from: la_child_id, treatment: pseudonym, why: it is tried}\n"
	rows := registers(3000, 0)
	last := strings.LastIndex(strings.TrimSpace(rows), "\n") + 1
	twice := rows + "70002²" + rows[last+len("700022"):]
	for name, tc := range map[string]struct{ rows, title, want string }{
		"nothing":   {rows, "An agreement on 799999", ""},
		"a title":   {rows, "An agreement on 700022", "IDENTIFIER_FOUND: the agreement names an identifier of an extract"},
		"two forms": {twice, "An agreement", "ID_COLLISION: two different identifiers become the same child"},
	} {
		for _, children := range []int{0, 1} {
			mustWrite(t, file, tc.rows)
			c := newCouncil(t, strings.Replace(text, "title: An agreement of the tests", "title: "+tc.title, 1))
			g := c.gateway(t)
			g.MostChildren = children
			if tc.want == "" {
				c.exportWith(t, g, wideID, extracts)
				continue
			}
			err := c.tryExport(t, g, wideID, extracts)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "70002") || finding.HintOf(err) == "" {
				t.Errorf("%s, %d children who have numbers: refused as %v", name, children, err)
			}
			if drops := filesBelow(t, c.drops()); len(drops) > 0 {
				t.Errorf("%s: the store holds %q", name, drops)
			}
		}
	}
}
