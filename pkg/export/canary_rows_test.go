//go:build unix

package export_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// rareCodes are codes that only canaries have: valid ones, long enough to be known again. No flag of the wide agreement is
// made of one.
func rareCodes() []string {
	return []string{"CUSTOD", "PN6", "SDQ4", "E15", "L12", "RD3", "FCONTA", "RHOM", "MWBA", "Z13", "PR3"}
}

// canary makes values that are valid for their column and stand nowhere else, and remembers them.
type canary struct {
	known  string // the text of the extracts they are planted among
	made   int
	day    civil.Date
	search *searcher
	ids    []string // of children in good rows
}

func newCanary(tb testing.TB, among string) *canary {
	tb.Helper()
	day, ok := civil.FromYMD(1994, 1, 2)
	if !ok {
		tb.Fatal("no such day")
	}
	var known strings.Builder
	for _, name := range filesBelow(tb, among) {
		known.WriteString(mustRead(tb, filepath.Join(among, name)))
	}
	return &canary{known: known.String(), day: day, search: newSearcher()}
}

// plant remembers a value that must stand nowhere else.
func (c *canary) plant(value, name string) string {
	if strings.Contains(c.known, value) && len(value) >= least {
		panic("a canary sings already: " + name)
	}
	c.search.plant(value, name)
	return value
}

// date is the next day that stands nowhere in the extracts, and is not the first of a year, as dates leave.
func (c *canary) date() string {
	for {
		c.day++
		y, m, d := c.day.YMD()
		text := fmt.Sprintf("%02d/%02d/%04d", d, m, y)
		if (m != 1 || d != 1) && !strings.Contains(c.known, text) {
			return text
		}
	}
}

// value is a good cell of a column, one of its kind wherever the column's values are not a closed list.
func (c *canary) value(t *dataset.Table, column *dataset.Column, year int) string {
	c.made++
	name := fmt.Sprintf("%s.%s number %d", t.ID(), column.Name, c.made)
	switch column.Type {
	case dataset.Identifier:
		return c.plant(c.identifier(column.Identifier), name)
	case dataset.Date, dataset.PartialDate:
		return c.plant(c.date(), name)
	case dataset.Text:
		return c.plant(fmt.Sprintf("CV%d %d%cZ", 100+c.made/260, c.made%10, 'A'+rune(c.made/10%26)), name)
	case dataset.Code:
		for _, code := range column.Codes {
			if slices.Contains(rareCodes(), code.Value) && code.In(year) {
				c.search.words[code.Value] = name
				return code.Value
			}
		}
		at := slices.IndexFunc(column.Codes, func(v dataset.CodeValue) bool { return v.In(year) })
		return column.Codes[at].Value
	default:
		return fmt.Sprint(column.Max)
	}
}

func (c *canary) identifier(kind string) string {
	switch identifier.Kind(kind) {
	case identifier.UPN:
		twelve := fmt.Sprintf("331%04d26%03d", 4000+c.made/1000, c.made%1000)
		letter, ok := identifier.UPNCheckLetter(twelve)
		if !ok {
			panic("not twelve characters of a UPN")
		}
		return string(letter) + twelve
	case identifier.SchoolURN:
		return fmt.Sprintf("SC%06d", 480000+c.made)
	case identifier.WorkerSWE:
		return fmt.Sprintf("SW%08d", 48290000+c.made)
	default:
		if c.made%2 == 0 {
			return fmt.Sprintf("RND%012d", 739184625000+c.made)
		}
		return fmt.Sprintf("%012d", 903184620000+c.made)
	}
}

// faulty makes one cell of a row wrong, with a value that must not be repeated either.
type faulty struct {
	name string
	set  func(c *canary, t *dataset.Table, row []string) []string
}

// at puts a marker into the first column of a type; a table without one keeps its row.
func at(of dataset.Type, value string) func(*canary, *dataset.Table, []string) []string {
	return func(c *canary, t *dataset.Table, row []string) []string {
		i := slices.IndexFunc(t.Columns, func(col *dataset.Column) bool { return col.Type == of })
		if i >= 0 {
			c.made++
			row[i] = c.plant(fmt.Sprintf(value, c.made), "a bad "+string(of)+" of "+t.ID())
		}
		return row
	}
}

// faults are the ways in which a row is kept back, or leaves without its child.
func faults() []faulty {
	return []faulty{
		{"none", func(_ *canary, _ *dataset.Table, row []string) []string { return row }},
		{"unknown code", at(dataset.Code, "QZX%04d")},
		{"no date", at(dataset.Date, "the 31st of May %04d")},
		{"impossible date", at(dataset.Date, "31/02/%04d")},
		{"no number", at(dataset.Integer, "77x%05d")},
		{"number out of range", func(_ *canary, t *dataset.Table, row []string) []string {
			if i := slices.IndexFunc(t.Columns, func(col *dataset.Column) bool { return col.Type == dataset.Integer }); i >= 0 {
				row[i] = "99"
			}
			return row
		}},
		{"child with a space", at(dataset.Identifier, "AB 4829 %04d Q")},
		{"not UTF-8", at(dataset.Identifier, "zebedee-%04d-\xff\xfe")},
		{"too many fields", func(c *canary, t *dataset.Table, row []string) []string {
			return append(row, c.plant(fmt.Sprintf("Zebedee Overlong %04d", c.made), "a field too many of "+t.ID()))
		}},
		{"too few fields", func(_ *canary, _ *dataset.Table, row []string) []string { return row[:len(row)-2] }},
		{"misplaced quote", func(c *canary, t *dataset.Table, row []string) []string {
			row[len(row)-1] = c.plant(fmt.Sprintf("Zebedee %04d", c.made), "a quoted field of "+t.ID()) + `"Quill"x`
			return row
		}},
	}
}

// plantIn adds a column that no table has, and canary rows, to every extract below a folder: for each table one good row and
// one with each fault. A table that the folder lacks gets a file of its own.
func (c *canary) plantIn(tb testing.TB, catalogue *dataset.Catalogue, folder string, year int) {
	tb.Helper()
	for _, t := range catalogue.Tables() {
		if t.Format != "ssda903" || !t.In(year) {
			continue
		}
		path, lines := c.extract(tb, t, folder)
		c.made++
		lines[0] = append(lines[0], c.plant(fmt.Sprintf("Family name %04d", c.made), "a column's name of "+t.ID()))
		for i := range lines[1:] {
			lines[i+1] = append(lines[i+1], "")
		}
		for _, fault := range faults() {
			row := make([]string, 0, len(t.Columns)+2)
			for _, name := range lines[0][:len(lines[0])-1] {
				column := t.Column(name)
				if column == nil { // the synthetic cohort's own column that no return has
					row = append(row, "")
					continue
				}
				row = append(row, c.value(t, column, year))
			}
			if fault.name == "none" {
				c.ids = append(c.ids, row[slices.Index(lines[0], t.ChildID)])
			}
			row = append(row, c.plant(fmt.Sprintf("Quillfeather %04d", c.made), "an unknown column's cell of "+t.ID()))
			lines = append(lines, fault.set(c, t, row))
		}
		writeCSV(tb, path, lines)
	}
}

// extract reads a table's file in a folder of synthetic extracts, or begins one.
func (c *canary) extract(tb testing.TB, t *dataset.Table, folder string) (path string, lines [][]string) {
	tb.Helper()
	for _, name := range filesBelow(tb, folder) {
		first, _, _ := strings.Cut(strings.TrimPrefix(mustRead(tb, filepath.Join(folder, name)), "\ufeff"), "\n")
		header := strings.Split(strings.TrimSpace(first), ",")
		if slices.Contains(header, t.ChildID) && !slices.ContainsFunc(t.Columns, func(col *dataset.Column) bool {
			return col.Name != dataset.CollectionYear && !slices.Contains(header, col.Name)
		}) {
			return filepath.Join(folder, name), readCSV(tb, filepath.Join(folder, name))
		}
	}
	var header []string
	for _, column := range t.Columns {
		if column.Name != dataset.CollectionYear {
			header = append(header, column.Name)
		}
	}
	mustMkdir(tb, folder)
	return filepath.Join(folder, t.Name+".csv"), [][]string{header}
}

func readCSV(tb testing.TB, path string) [][]string {
	tb.Helper()
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(mustRead(tb, path), "\ufeff"))).ReadAll()
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return lines
}

// writeCSV writes fields as they are: a quote in a field stays where it is, and is wrong there.
func writeCSV(tb testing.TB, path string, lines [][]string) {
	tb.Helper()
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.Join(line, ",") + "\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
}
