package interop

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// known is one core table as the generator of the extracts means it, before any agreement.
type known struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

func (k known) cell(row []string, column string) string { return row[slices.Index(k.Columns, column)] }

// eventDate is the column that is held to the agreement's data period, where a table has one.
func eventDate(table string) string {
	return map[string]string{
		"referrals": "referral_date", "assessments": "start_date", "cin_plans": "start_date", "cp_plans": "start_date",
		"looked_after_episodes": "start_date", "free_school_meals": "census_date",
	}[table]
}

// lastDay is the last day of what a row tells of, where its table has no dates: a term, or a financial year. Of one that
// ended before the agreement's data period, nothing leaves.
func lastDay(t *testing.T, table string, k known, row []string) string {
	t.Helper()
	ending := func(column, day string, years int) string {
		year, err := strconv.Atoi(k.cell(row, column))
		if err != nil {
			t.Fatal(err)
		}
		return strconv.Itoa(year+years) + day
	}
	switch table {
	case "attendance":
		switch k.cell(row, "term") {
		case "autumn":
			return ending("academic_year", "-12-31", -1)
		case "spring":
			return ending("academic_year", "-04-30", 0)
		case "summer_first_half":
			return ending("academic_year", "-05-31", 0)
		default:
			return ending("academic_year", "-08-31", 0)
		}
	case "pupil_premium":
		return ending("financial_year", "-03-31", 0)
	default:
		return dataTo
	}
}

// truths are the rows that must be in the drop, per table: those of the agreement's children, in its period, with its
// columns and treatments and the children's codes, "" for null.
func truths(t *testing.T, c council) map[string][][]string {
	t.Helper()
	out, err := exec.Command(c.truth, children, seed).Output()
	if err != nil {
		t.Fatalf("what is true of the children is not told: %v", err)
	}
	var all map[string]known
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	cohort := make(map[string]string) // by LA child ID, the child's code
	for _, row := range all["referrals"].Rows {
		if all["referrals"].cell(row, "referral_date") >= cohortFrom {
			cohort[row[0]] = ""
		}
	}
	encode(t, c, cohort)
	rows := make(map[string][][]string)
	for _, tab := range c.manifest.Tables {
		k, event := all[tab.Name], eventDate(tab.Name)
		for _, row := range k.Rows {
			code, in := cohort[row[0]]
			if !in || event != "" && (k.cell(row, event) < cohortFrom || k.cell(row, event) > dataTo) || lastDay(t, tab.Name, k, row) < cohortFrom {
				continue
			}
			cells := []string{code}
			for _, col := range tab.Columns[1:] {
				cells = append(cells, treated(t, c, k, row, col.Name))
			}
			rows[tab.Name] = append(rows[tab.Name], cells)
		}
	}
	return rows
}

// encode has Python compute the children's codes.
func encode(t *testing.T, c council, cohort map[string]string) {
	t.Helper()
	var ids []string
	for id := range cohort {
		ids = append(ids, id)
	}
	python := exec.Command("python3", "pseudonyms.py", filepath.Join(c.folder, "keys"), laCode, agreementID, "1", "codes")
	python.Stdin = strings.NewReader(strings.Join(ids, "\n"))
	out, err := python.Output()
	codes := strings.Fields(string(out))
	if err != nil || len(codes) != len(ids) {
		t.Fatalf("%d codes of %d children, %v", len(codes), len(ids), err)
	}
	for i, id := range ids {
		cohort[id] = codes[i]
	}
}

// treated is a cell as the agreement has it leave.
func treated(t *testing.T, c council, k known, row []string, column string) string {
	t.Helper()
	flag := func(of string, codes ...string) string {
		if cell := k.cell(row, of); cell != "" {
			return strconv.FormatBool(slices.Contains(codes, cell))
		}
		return ""
	}
	switch column {
	case "age_months":
		return monthsOld(t, k.cell(row, "birth_date"), c.manifest.ReferenceDate)
	case "kinship":
		return flag("placement_type", "U1", "U2", "U3")
	case "reunified":
		return flag("end_reason", "E4A", "E4B")
	default:
		return k.cell(row, column)
	}
}

// monthsOld is an age in completed months; "" for a child without a date of birth.
func monthsOld(t *testing.T, birth, on string) string {
	t.Helper()
	if birth == "" {
		return ""
	}
	b, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		t.Fatal(err)
	}
	o, err := time.Parse(time.DateOnly, on)
	if err != nil {
		t.Fatal(err)
	}
	months := 12*(o.Year()-b.Year()) + int(o.Month()) - int(b.Month())
	if o.Day() < b.Day() {
		months--
	}
	return strconv.Itoa(months)
}

// testReadme runs the query that README.md shows evaluators, in the drop.
func testReadme(t *testing.T, db *sql.DB, c council) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\n```sql\n")
	query, _, ended := strings.Cut(rest, "\n```\n")
	if !found || !ended {
		t.Fatal("README.md has no query")
	}
	if _, err := db.Exec("SET file_search_path = " + quote(c.drop)); err != nil {
		t.Fatal(err)
	}
	all := c.manifest.table(t, "children").Rows
	shown := "SELECT count(*) FROM (" + strings.TrimSuffix(strings.TrimSpace(query), ";") + "\n)"
	if got := count(t, db, shown); got != all {
		t.Errorf("the query that README.md shows has %d lines; there are %d children", got, all)
	}
	for _, column := range []string{"disabled", "days", "missed"} {
		if n := count(t, db, shown+" WHERE "+column+" IS NOT NULL"); n == 0 || n == all {
			t.Errorf("%s is known of %d children, of %d", column, n, all)
		}
	}
}

// testTruth holds every cell of every table to the truth, and one query that joins all tables to sums of it.
func testTruth(t *testing.T, db *sql.DB, c council) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not in PATH: the codes of the children are not computed anew")
	}
	want := truths(t, c)
	unknown(t, db, c, want["attendance"])
	for _, tab := range c.manifest.Tables {
		var cells []string
		for _, col := range tab.Columns {
			cells = append(cells, "coalesce(CAST("+name(col.Name)+" AS VARCHAR), '')")
		}
		got := texts(t, db, "SELECT concat_ws(' ', "+strings.Join(cells, ", ")+") FROM "+c.parquet(tab))
		compare(t, tab.Name, got, lines(want[tab.Name]))
	}
	got := texts(t, db, joined(t, c))
	compare(t, "the join of all tables", got, sums(want))
	if len(got) < 100 {
		t.Errorf("%d children are too few to tell anything", len(got))
	}
	// A row that is missing, or another's, is noticed.
	if difference(got, append(slices.Clone(got[1:]), got[1])) == "" || difference(got[1:], got) == "" {
		t.Error("the comparison finds no difference where there is one")
	}
}

// unknown takes out of the truth what nobody can tell from the extracts. Of so few children it happens that none of those
// who left a school in the second half of a summer term missed a session: their table of details is then without a row, as
// it would be had it been forgotten, and what it tells of leaves as null. More children than are in such a file cannot be
// concerned, and nothing else of their rows is.
func unknown(t *testing.T, db *sql.DB, c council, rows [][]string) {
	t.Helper()
	for _, path := range glob(t, c, "summerhalfterm2sessiondetailsoffroll.csv") {
		if records(t, path) > 0 {
			continue
		}
		folder := filepath.Dir(path)
		year, err := strconv.Atoi(filepath.Base(filepath.Dir(folder))[:4])
		if err != nil {
			t.Fatal(err)
		}
		term := strconv.Itoa(year) + " summer_second_half"
		null := texts(t, db, "SELECT concat_ws(' ', child_id, possible) FROM "+c.parquet(c.manifest.table(t, "attendance"))+
			" WHERE concat_ws(' ', academic_year, term) = '"+term+"' AND authorised IS NULL AND unauthorised IS NULL")
		if most := records(t, filepath.Join(folder, "pupilnolongeronroll.csv")); len(null) > most {
			t.Errorf("%s: %d children's sessions are not known, of %d who left", term, len(null), most)
		}
		for _, row := range rows {
			if row[1]+" "+row[2] == term && slices.Contains(null, row[0]+" "+row[3]) {
				row[4], row[5] = "", ""
			}
		}
	}
}

// glob lists the files of one name, of all terms.
func glob(t *testing.T, c council, name string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.folder, "extracts", "*", "*", name))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files %s, %v", len(paths), name, err)
	}
	return paths
}

// records is how many records a file has behind its header line.
func records(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(strings.TrimRight(string(data), "\n"), "\n")
}

func lines(rows [][]string) []string {
	var out []string
	for _, row := range rows {
		out = append(out, strings.Join(row, " "))
	}
	return out
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if d := difference(got, want); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

// difference says which rows only one of two lists has, the first of them in full: all of it is made up.
func difference(got, want []string) string {
	balance := make(map[string]int)
	for _, row := range got {
		balance[row]++
	}
	for _, row := range want {
		balance[row]--
	}
	var more, less []string
	for row, n := range balance {
		for range n {
			more = append(more, row)
		}
		for range -n {
			less = append(less, row)
		}
	}
	if len(more)+len(less) == 0 {
		return ""
	}
	slices.Sort(more)
	slices.Sort(less)
	return fmt.Sprintf("%d rows are in the drop alone, such as %q; %d in the truth alone, such as %q",
		len(more), more[:min(2, len(more))], len(less), less[:min(2, len(less))])
}

// joined is a query of one line per child, from all tables: the child's code, then what sums adds up.
func joined(t *testing.T, c council) string {
	t.Helper()
	part := func(table, sums string) string {
		return "(SELECT child_id, " + sums + " FROM " + c.parquet(c.manifest.table(t, table)) + " GROUP BY child_id)"
	}
	return "SELECT concat_ws(' ', c.child_id, coalesce(c.age_months, -1), coalesce(r.n, 0), coalesce(r.nfa, 0), coalesce(a.n, 0), coalesce(p.n, 0), coalesce(p.days, 0)," +
		" coalesce(q.n, 0), coalesce(q.days, 0), coalesce(q.again, 0), coalesce(e.n, 0), coalesce(e.days, 0), coalesce(e.home, 0)," +
		" coalesce(s.n, 0), coalesce(s.possible, 0), coalesce(s.missed, 0), coalesce(m.n, 0), coalesce(u.n, 0))" +
		" FROM " + c.parquet(c.manifest.table(t, "children")) + " c" +
		" LEFT JOIN " + part("referrals", "count(*) AS n, count(*) FILTER (no_further_action) AS nfa") + " r USING (child_id)" +
		" LEFT JOIN " + part("assessments", "count(*) AS n") + " a USING (child_id)" +
		" LEFT JOIN " + part("cin_plans", "count(*) AS n, sum(end_date - start_date) AS days") + " p USING (child_id)" +
		" LEFT JOIN " + part("cp_plans", "count(*) AS n, sum(end_date - start_date) AS days, sum(previous_plans) AS again") + " q USING (child_id)" +
		" LEFT JOIN " + part("looked_after_episodes", "count(*) AS n, sum(end_date - start_date) AS days, count(*) FILTER (reunified) AS home") + " e USING (child_id)" +
		" LEFT JOIN " + part("attendance", "count(*) AS n, sum(possible) AS possible, sum(unauthorised) AS missed") + " s USING (child_id)" +
		" LEFT JOIN " + part("free_school_meals", "count(*) FILTER (eligible) AS n") + " m USING (child_id)" +
		" LEFT JOIN " + part("pupil_premium", "count(*) FILTER (eligible) AS n") + " u USING (child_id)"
}

// sums adds the truth up for each child, as joined does the drop: the same numbers in the same order.
func sums(rows map[string][][]string) []string {
	const numbers = 16 // after code and age
	total := make(map[string]*[numbers]int)
	var out []string
	for _, row := range rows["children"] {
		total[row[0]] = new([numbers]int)
	}
	add := func(table string, to int, of func(row []string) int) {
		for _, row := range rows[table] {
			total[row[0]][to] += of(row)
		}
	}
	one := func([]string) int { return 1 }
	is := func(cell int) func([]string) int {
		return func(row []string) int {
			if row[cell] == "true" {
				return 1
			}
			return 0
		}
	}
	number := func(cell int) func([]string) int {
		return func(row []string) int { n, _ := strconv.Atoi(row[cell]); return n } // null adds nothing, as in SQL
	}
	days := func(row []string) int { return daysFrom(row[1], row[2]) }
	add("referrals", 0, one)
	add("referrals", 1, is(2))
	add("assessments", 2, one)
	add("cin_plans", 3, one)
	add("cin_plans", 4, days)
	add("cp_plans", 5, one)
	add("cp_plans", 6, days)
	add("cp_plans", 7, number(3))
	add("looked_after_episodes", 8, one)
	add("looked_after_episodes", 9, days)
	add("looked_after_episodes", 10, is(6))
	add("attendance", 11, one)
	add("attendance", 12, number(3))
	add("attendance", 13, number(5))
	add("free_school_meals", 14, is(3))
	add("pupil_premium", 15, is(2))
	for _, row := range rows["children"] {
		age := row[3]
		if age == "" {
			age = "-1"
		}
		line := row[0] + " " + age
		for _, n := range total[row[0]] {
			line += " " + strconv.Itoa(n)
		}
		out = append(out, line)
	}
	return out
}

// daysFrom is how many days lie between two; 0 while it lasts.
func daysFrom(start, end string) int {
	from, _ := time.Parse(time.DateOnly, start)
	to, err := time.Parse(time.DateOnly, end)
	if err != nil {
		return 0
	}
	return int(to.Sub(from).Hours() / 24)
}
