//go:build unix

package export_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/table"
)

// upn is the n-th pupil number of the tests, with its right check letter.
func upn(n int) string {
	twelve := fmt.Sprintf("331%09d", 829000000+n)
	letter, _ := identifier.UPNCheckLetter(twelve) // twelve digits have one
	return string(letter) + twelve
}

// inNeed writes a child of a CIN census: an identifier, pupil numbers now and before, a date of birth, and what else
// stands in the element.
func inNeed(id, number, former, born string, inside ...string) string {
	e := &element{name: "Child"}
	for name, text := range map[string]string{"LAchildID": id, "UPN": number, "FormerUPN": former, "PersonBirthDate": born} {
		if text != "" {
			e.at("ChildIdentifiers", name).text = text
		}
	}
	return strings.Replace(e.String(), "</Child>", strings.Join(inside, "")+"</Child>", 1)
}

func referred(day string, inside ...string) string {
	return "<CINdetails><CINreferralDate>" + day + "</CINreferralDate>" + strings.Join(inside, "") + "</CINdetails>"
}

// writeCIN writes a CIN census into the folder of its year.
func writeCIN(tb testing.TB, extracts string, year int, children ...string) {
	tb.Helper()
	folder := filepath.Join(extracts, fmt.Sprintf("%d-%02d", year-1, year%100))
	mustMkdir(tb, folder)
	mustWrite(tb, filepath.Join(folder, "cin.xml"), strings.Replace(emptyCIN(year, laCode), "</Children>", strings.Join(children, "")+"</Children>", 1))
}

// writeRows writes a file of text: a header line, and rows.
func writeRows(tb testing.TB, extracts, name, header string, rows ...string) {
	tb.Helper()
	path := filepath.Join(extracts, filepath.FromSlash(name))
	mustMkdir(tb, filepath.Dir(path))
	mustWrite(tb, path, strings.Join(append([]string{header}, rows...), "\n")+"\n")
}

// Headers of the school census with the columns that it must have.
const (
	rollHeader    = "pupilonrolltableid,NativeId,upn,formerupn,entrydate,enrolstatus,termlysessionspossible"
	sessionHeader = "pupilonrolltableid,NativeId,termlysessiondetailsonrolltableid,attendancereason,sessions"
	mealHeader    = "pupilonrolltableid,NativeId,fsmperiodsonrolltableid,fsmstartdate,fsmenddate,ukcountry"
)

// cellsOf are the rows of a Parquet file by the child's code.
func cellsOf(tb testing.TB, path, child string) map[string]map[string]string {
	tb.Helper()
	out := make(map[string]map[string]string)
	for _, row := range allCells(tb, path) {
		if _, twice := out[row[child]]; twice {
			tb.Errorf("%s has more than one row of a child", filepath.Base(path))
		}
		out[row[child]] = row
	}
	return out
}

// allCells are the rows of a Parquet file, their cells by column, as text; an empty cell is "".
func allCells(tb testing.TB, path string) []map[string]string {
	tb.Helper()
	f, err := table.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows := make([]map[string]string, f.Rows())
	for i := range rows {
		rows[i] = make(map[string]string)
	}
	for _, column := range f.Columns() {
		if err := f.Each(column.Name, func(row int64, v table.Value) error {
			switch {
			case v.IsNull():
				rows[row][column.Name] = ""
			case column.Type == table.String:
				rows[row][column.Name] = string(v.Bytes())
			case column.Type == table.Boolean:
				rows[row][column.Name] = fmt.Sprint(v.Boolean())
			default:
				rows[row][column.Name] = fmt.Sprint(v.Int32())
			}
			return nil
		}); err != nil {
			tb.Fatal(err)
		}
	}
	return rows
}
