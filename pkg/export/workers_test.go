package export_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// registers are some megabytes of a register, with a note in each row that is nobody's business: quotes and lines in it look
// like rows of the register, and how long it is decides where a reader cuts the file.
func registers(rows, note int) string {
	var b strings.Builder
	b.WriteString("la_child_id,upn,dob,school_urn,session_date,session,attendance_code,fsm,ethnicity,gender,note\n")
	row := func(child, upn, day, half, mark, ethnicity string) string {
		return strings.Join([]string{child, upn, "01/02/2012", "100001", day, half, mark, "Y", ethnicity, "F", ""}, ",")
	}
	trap := row("TRAP1", upn(1), "03/09/2024", "AM", "@", "WBRI")
	trap += "\n" + row("7²", "", "03/09/2024", "PM", "/", "WBRI") + "\n"
	noted := strings.Repeat(trap+`""so`+"\r\n"+`it, ""says""`+"\n", note)
	for i := range rows {
		child, day, half, mark, ethnicity := strconv.Itoa(700000+i/14%400), fmt.Sprintf("%02d/09/2024", 2+i/2%7), "AM", "/", "WBRI"
		number := ""
		if i%2 == 1 {
			half, mark = "pm", `\`
		}
		switch i % 101 {
		case 3:
			mark = "@" // none
		case 4:
			day = "31/09/2024" // none
		case 5:
			child, number = "", upn(i/101%60) // found by the pupil's number
		case 6:
			child = "1.23E+11" // not usable
		case 7:
			child = "" // nobody's
		case 8, 9:
			child, day, half = "700001", "02/09/2024", "AM" // twice over
		case 10:
			b.WriteString("a,row,of,too,few\n")
		case 11:
			b.WriteString(",,,,,,,,,,\n\n")
		case 12:
			b.WriteString(strings.Replace(row(child, "", day, half, mark, ethnicity), "F", `"F"x`, 1) + "\n")
		case 13:
			ethnicity = "none"
		case 14:
			day = "2024-09-03" // written otherwise than the others
		case 15:
			half = " AM "
		}
		b.WriteString(row(child, number, day, half, mark, ethnicity) + `"` + noted + `"` + "\n")
	}
	return b.String()
}

// TestWorkersDecideNothing: however many workers read, treat, order and write, wherever a reader cuts the file, whatever is
// spilled and however many children have a number, the same bytes leave, and the run record says the same.
func TestWorkersDecideNothing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "extracts")
	header := "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
	for i := range 40 {
		header += fmt.Sprintf("%d,F,01/02/2012,WBRI,%s,,\n", 700000+i, upn(i/2*2)) // each number of two children, so that some are shared
		if i%4 == 0 {
			header += fmt.Sprintf("%d,F,01/02/2012,WBRI,%s,,\n", 710000+i, upn(i+1))
		}
	}
	mustMkdir(t, filepath.Join(folder, "2024-25"))
	mustWrite(t, filepath.Join(folder, "2024-25", "header.csv"), header)
	file := filepath.Join(folder, "2024-25", "attendance.csv")
	c := newCouncil(t)
	own := preamble(wideID, usualPeriod, "", "null") + `tables:
  attendance/daily:
    child: {from: la_child_id, treatment: pseudonym, why: it is tried}
    session_date: {treatment: date, to: day, joint_fineness: it is tried, why: it is tried}
    session: {treatment: keep, why: it is tried}
    attendance_code: {treatment: keep, why: it is tried}
    ethnicity: {treatment: keep, joint_fineness: it is tried, why: it is tried}
    gender: {treatment: keep, joint_fineness: it is tried, why: it is tried}
`
	core := agreementOver(c.catalogue, preamble(wideID, usualPeriod, "linkage: {pupils: 0, returns: 0}\nchoices: {stricter: {DAILY_REPEATED: quarantine}}\n", "null"),
		func(tab *dataset.Table) bool { return tab.ID() == "attendance_daily" || tab.ID() == "children" })
	for name, text := range map[string]string{"as returned": own, "core": core} {
		t.Run(name, func(t *testing.T) {
			var want map[string]string
			var wantTold string
			for _, tc := range []struct{ note, workers, budget, children int }{
				{1, 1, 0, 0}, {1, 2, 0, 0}, {1, 16, 0, 1}, {1, 2, 100, 45}, {2, 1, 0, 1}, {2, 2, 1 << 14, 0}, {2, 16, 100, 50}, {3, 2, 0, 45}, {3, 16, 1 << 14, 1},
			} {
				mustWrite(t, file, registers(6000, tc.note))
				c := newCouncil(t, text)
				g := c.gateway(t)
				g.Workers, g.StageBytes, g.MostChildren = tc.workers, tc.budget, tc.children
				g.Readers[".csv"] = csv.Reader{Workers: tc.workers}
				result := c.exportWith(t, g, wideID, folder)
				got, said := parquets(t, c.path("drops", result.Drop)), recordOf(t, result)
				if want == nil {
					want, wantTold = got, said
					rules := []string{"CODE_UNKNOWN", "DATE_IMPOSSIBLE", "ID_UNUSABLE", csv.RuleFieldCount, csv.RuleQuote, csv.RuleBlankRow}
					if name == "core" {
						rules = append(rules, harmonise.RuleDailyRepeated, harmonise.RuleShared)
					}
					for _, rule := range rules {
						if !strings.Contains(said, `"`+rule+`"`) {
							t.Errorf("no row breaks the rule %s", rule)
						}
					}
				}
				sameParquets(t, got, want)
				if said != wantTold {
					t.Errorf("with notes of %d, %d workers, %d bytes of memory and %d children with numbers the run record says\n%s\nwant\n%s", tc.note, tc.workers, tc.budget, tc.children, said, wantTold)
				}
			}
		})
	}
}

// recordOf is what a run record says of tables, findings and links.
func recordOf(t *testing.T, result *export.Result) string {
	t.Helper()
	data, err := json.MarshalIndent(struct {
		Tables, Findings, Linkage any
	}{result.Record.Tables, result.Record.Findings, result.Record.Linkage}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestCollisionSideBySide: two identifiers that become one refuse the run at the same row, however many workers there are; one
// that seems to stand in a note does not.
func TestCollisionSideBySide(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "extracts")
	file := filepath.Join(folder, "2024-25", "attendance.csv")
	mustMkdir(t, filepath.Dir(file))
	c := newCouncil(t)
	text := agreementOver(c.catalogue, preamble(wideID, usualPeriod, "linkage: {pupils: 0, returns: 0}\n", "null"), func(tab *dataset.Table) bool { return tab.ID() == "attendance_daily" })
	mustWrite(t, filepath.Join(folder, "2024-25", "header.csv"), "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,F,01/02/2012,WBRI,"+upn(1)+",,\n")
	rows := strings.SplitAfter(registers(5000, 2), "\n")
	heads := slices.DeleteFunc(slices.Clone(rows), func(s string) bool { return !strings.HasPrefix(s, "70") })
	for _, at := range []int{len(heads) / 3, len(heads) - 1} {
		var refusals []string
		for _, workers := range []int{1, 2, 16} {
			late := "70002²" + strings.TrimPrefix(heads[at], heads[at][:6])
			mustWrite(t, file, strings.Replace(strings.Join(rows, ""), heads[at], late, 1))
			c := newCouncil(t, text)
			g := c.gateway(t)
			g.Workers, g.Readers[".csv"] = workers, csv.Reader{Workers: workers}
			refusals = append(refusals, c.tryExport(t, g, wideID, folder).Error())
		}
		if len(slices.Compact(refusals)) != 1 || !strings.HasPrefix(refusals[0], "ID_COLLISION: ") {
			t.Errorf("refused as %q", refusals)
		}
	}
}
