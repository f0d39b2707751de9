//go:build unix

package export_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// plantInSchools adds canary rows to every table of the school census of a term, in a folder of that term, and to the
// downloads of Get Information about Pupils, those of pupil premium in the folder above when it is the year's first. Row n of each table is about
// the n-th child that was planted in the CIN census, by that child's pupil numbers.
func (c *canary) plantInSchools(tb testing.TB, catalogue *dataset.Catalogue, folder, term string, year int) {
	tb.Helper()
	type keys struct{ school, on, off string }
	of := make([]keys, len(c.pupils))
	for i := range of {
		for part, key := range map[string]*string{"school": &of[i].school, "pupil": &of[i].on, "leaver": &of[i].off} {
			c.made++
			*key = c.plant(fmt.Sprintf("Key%06d-Zeb", 482000+c.made), "the key of a "+part)
		}
	}
	set := func(row int, column *dataset.Column) string {
		switch strings.ToLower(column.Name) {
		case "upn":
			return c.pupils[row].upn
		case "formerupn":
			return c.pupils[row].former
		case "nativeid":
			return of[row].school
		case "pupilonrolltableid":
			return of[row].on
		case "pupilnolongeronrolltableid":
			return of[row].off
		case "attendancereason":
			return "I" // an absence, so that the sum of the row's child has it
		default:
			return ""
		}
	}
	for _, t := range catalogue.Tables() {
		path, delimiter := filepath.Join(folder, term, t.Name+".csv"), ","
		switch {
		case t.Format == "school_census" && t.In(year) && t.InTerm(term):
		case t.Format == "giap_census" && t.In(year) && t.InTerm(term):
			path = filepath.Join(folder, term, "download.csv")
		case t.Format == "giap" && t.In(year) && term == dataset.Autumn:
			path = filepath.Join(folder, t.Name+".csv")
			if tab := filepath.Join(folder, t.Name+".tab"); exists(tab) {
				path, delimiter = tab, "\t"
			}
		default:
			continue
		}
		lines := c.wide(tb, t, path, delimiter, year)
		mustMkdir(tb, filepath.Dir(path))
		lines = c.rows(t, lines, year, set)
		if t.Format == "school_census" {
			lines = append(lines, c.together(t, lines[0], year, set)...)
		}
		writeCSV(tb, path, delimiter, lines)
	}
}

// pupilsMore is how many pupils there are for rows that are wrong only together.
const pupilsMore = 5

// together makes rows of a table that are wrong together, or beside another table: of a pupil on two rolls, of two
// pupils with one key, of a pupil whose number is two children's, and about a pupil of no roll.
func (c *canary) together(t *dataset.Table, header []string, year int, set func(int, *dataset.Column) string) [][]string {
	first := len(c.pupils) - pupilsMore
	row := func(pupil, school, key int) []string {
		return c.row(t, header, year, func(column *dataset.Column) string {
			switch column.Name {
			case "NativeId":
				return set(school, column)
			case "pupilonrolltableid":
				return set(key, column)
			default:
				return set(pupil, column)
			}
		})
	}
	if t.Name == "pupilonroll" {
		return [][]string{row(first, first, first), row(first, first+1, first+1), row(first+1, first+2, first+2), row(first+2, first+2, first+2), row(first+3, first+3, first+3)}
	}
	return [][]string{row(first, first, first), row(first+2, first+2, first+2), row(first+4, first+4, first+4)}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// wide reads a table's file with every column that the table has in its year, those that it lacks empty in the rows that
// are there. Without a file, it is the header alone.
func (c *canary) wide(tb testing.TB, t *dataset.Table, path, delimiter string, year int) [][]string {
	tb.Helper()
	lines := [][]string{nil}
	if exists(path) {
		lines = lines[:0]
		for line := range strings.Lines(mustRead(tb, path)) {
			lines = append(lines, strings.Split(strings.TrimRight(strings.TrimPrefix(line, "\ufeff"), "\r\n"), delimiter))
		}
	}
	for _, column := range t.Columns {
		asked := column.Name != dataset.CollectionYear && column.Name != dataset.CensusTerm && column.In(year)
		if !asked || slices.Contains(lines[0], column.Heading()) {
			continue
		}
		lines[0] = append(lines[0], column.Heading())
		for i := range lines[1:] {
			lines[i+1] = append(lines[i+1], "")
		}
	}
	return lines
}
