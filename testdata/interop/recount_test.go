package interop

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// files reads every annual set's file of one name.
func files(t *testing.T, c council, name string, least int) [][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.folder, "extracts", "*", name))
	if err != nil || len(paths) < least {
		t.Fatalf("%d files %s, %v; want %d", len(paths), name, err, least)
	}
	var out [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// episodes reads the children and first days of all episodes of care, with nothing but encoding/csv.
func episodes(t *testing.T, c council) [][2]string {
	t.Helper()
	var out [][2]string
	for _, data := range files(t, c, "episodes.csv", 10) {
		lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		at := make(map[string]int)
		for i, name := range lines[0] {
			at[name] = i
		}
		for _, line := range lines[1:] {
			d, err := time.Parse("02/01/2006", line[at["DECOM"]])
			if err != nil {
				t.Fatal("a date of the extracts is not DD/MM/YYYY")
			}
			out = append(out, [2]string{line[at["CHILD"]], d.Format(time.DateOnly)})
		}
	}
	return out
}

// census is a CIN census, as much of it as is counted.
type census struct {
	Children []struct {
		ID    string `xml:"ChildIdentifiers>LAchildID"`
		Cases []struct {
			Referral    string   `xml:"CINreferralDate"`
			Assessments []string `xml:"Assessments>AssessmentActualStartDate"`
			Plans       []string `xml:"CINPlanDates>CINPlanStartDate"`
			Protection  []string `xml:"ChildProtectionPlans>CPPstartDate"`
		} `xml:"CINdetails"`
	} `xml:"Children>Child"`
}

// recount is how many rows of each table the extracts hold of the agreement's children, counted without Postern: an event
// that several returns repeat once, and none from before the agreement's time.
func recount(t *testing.T, c council) map[string]int64 {
	t.Helper()
	cohort := make(map[string]bool)
	events := make(map[string][][2]string)
	for _, data := range files(t, c, "cin.xml", 10) {
		var m census
		if err := xml.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		for _, child := range m.Children {
			add := func(table string, days ...string) {
				for _, day := range days {
					events[table] = append(events[table], [2]string{child.ID, strings.TrimSpace(day)})
				}
			}
			for _, one := range child.Cases {
				add("referrals", one.Referral)
				add("assessments", one.Assessments...)
				add("cin_plans", one.Plans...)
				add("cp_plans", one.Protection...)
				cohort[child.ID] = cohort[child.ID] || strings.TrimSpace(one.Referral) >= cohortFrom
			}
		}
	}
	events["looked_after_episodes"] = episodes(t, c)
	out := map[string]int64{}
	for _, of := range cohort {
		if of {
			out["children"]++
		}
	}
	for table, all := range events {
		seen := make(map[[2]string]bool)
		for _, e := range all {
			if cohort[e[0]] && e[1] >= cohortFrom && e[1] <= dataTo && !seen[e] {
				seen[e] = true
				out[table]++
			}
		}
	}
	return out
}

// testRecount holds what DuckDB finds in the drop to what the extracts hold, and looks for rows without their child.
func testRecount(t *testing.T, db *sql.DB, c council) {
	for table, want := range recount(t, c) {
		if want < 10 {
			t.Fatalf("the extracts hold %d rows of %s: too few to tell anything", want, table)
		}
		if got := count(t, db, "SELECT count(*) FROM "+c.parquet(c.manifest.table(t, table))); got != want {
			t.Errorf("%s has %d rows; the extracts hold %d", table, got, want)
		}
	}
	children := c.parquet(c.manifest.table(t, "children"))
	for _, tab := range c.manifest.Tables {
		from := " FROM " + c.parquet(tab) + " t"
		if n := count(t, db, "SELECT count(*)"+from+" ANTI JOIN "+children+" c ON t.child_id = c.child_id"); n != 0 {
			t.Errorf("%s has %d rows without their child", tab.Name, n)
		}
		if n := count(t, db, "SELECT count(*)"+from+" JOIN "+children+" c ON t.child_id = c.child_id"); n != tab.Rows {
			t.Errorf("%s joins %d rows to children, of %d", tab.Name, n, tab.Rows)
		}
	}
	// The anti join does find what is missing.
	first := "(SELECT * FROM " + children + " ORDER BY child_id OFFSET 1)"
	if n := count(t, db, "SELECT count(*) FROM "+children+" t ANTI JOIN "+first+" c ON t.child_id = c.child_id"); n != 1 {
		t.Errorf("a child that is taken away leaves %d rows without it; want 1", n)
	}
}
