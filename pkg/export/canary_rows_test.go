//go:build unix

package export_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// rareCodes are codes that only canaries have: valid ones, long enough to be known again. No flag of the wide agreement is
// made of one.
func rareCodes() []string {
	return []string{"CUSTOD", "PN6", "SDQ4", "E15", "L12", "RD3", "FCONTA", "RHOM", "MWBA", "Z13", "PR3", "HAND", "RC9", "EMO", "23A", "LNCH"}
}

// canary makes values that are valid for their column and stand nowhere else, and remembers them.
type canary struct {
	known  string          // the text of the extracts they are planted among
	dates  map[string]bool // that stand in it, in any form
	made   int
	day    civil.Date
	within map[int]civil.Date // by year: the last day taken of it
	search *searcher
	ids    []string // of children in good rows
	first  string   // the child whose rows are good in each format that the cohort has not
	secret []string // of children of whom all rows were given in confidence
	pupils []pupil  // children of the CIN census, for rows of pupils
}

// pupil is a child with what a school knows the child by.
type pupil struct{ id, upn, former string }

func newCanary(tb testing.TB, among string) *canary {
	tb.Helper()
	c := &canary{dates: make(map[string]bool), day: civil.MustYMD(1994, 1, 2), within: make(map[int]civil.Date), search: newSearcher()}
	var known strings.Builder
	for _, name := range filesBelow(tb, among) {
		known.WriteString(mustRead(tb, filepath.Join(among, name)))
	}
	c.known = known.String()
	c.dates["2012-10-17"] = true // the version of every policy of a bucket
	for _, text := range regexp.MustCompile(`\d{2}/\d{2}/\d{4}|\d{4}-\d{2}-\d{2}|\d{4}-[A-Z][a-z]{2}-\d{2}`).FindAllString(c.known, -1) {
		c.dates[text] = true
		c.dates[text[1:]] = true // 2/10/2010 stands within 12/10/2010
	}
	return c
}

// plant remembers a value that must stand nowhere else.
func (c *canary) plant(value, name string) string {
	c.search.plant(value, name)
	return value
}

// alone holds that no canary sang before it was planted.
func (c *canary) alone(tb testing.TB) {
	tb.Helper()
	absent(tb, "what stood in the extracts before", c.search.bytes([]byte(c.known)), nil)
}

// written is a day as a format writes it.
func written(form string, d civil.Date) string {
	y, m, day := d.YMD()
	switch form {
	case dataset.DateISO:
		return d.String()
	case dataset.DateCensus:
		return fmt.Sprintf("%04d-%s-%02d 00:00:00", y, time.Month(m).String()[:3], day)
	default:
		return fmt.Sprintf("%02d/%02d/%04d", day, m, y)
	}
}

// date is the next day that stands nowhere in the extracts, and is not the first of a year, as dates leave. One that has
// to be within the collection year is a day of its first months.
func (c *canary) date(t *dataset.Table, column *dataset.Column, year int, name string) string {
	next := &c.day
	if column.InYear {
		day := c.within[year]
		if day == 0 {
			day = civil.MustYMD(year-1, int(t.YearBegins), 20)
		}
		next = &day
		defer func() { c.within[year] = day }()
	}
	for {
		*next++
		_, m, d := next.YMD()
		y, _, _ := next.YMD()
		free := (m != 1 || d != 1) && !c.dates[fmt.Sprintf("%d/%d/%d", d, m, y)]
		for _, form := range []string{dataset.DateISO, dataset.DateCensus, dataset.DateUK} {
			text, _, _ := strings.Cut(written(form, *next), " ")
			free = free && !c.dates[text]
		}
		if free {
			break
		}
	}
	text := written(t.DateFormats[0], *next)
	c.search.date(*next, text, name)
	return text
}

// value is a good cell of a column, one of its kind wherever the column's values are not a closed list.
func (c *canary) value(t *dataset.Table, column *dataset.Column, year int) string {
	c.made++
	name := fmt.Sprintf("%s.%s number %d", t.ID(), column.Name, c.made)
	switch column.Type {
	case dataset.Identifier:
		return c.plant(c.identifier(column.Identifier), name)
	case dataset.Date, dataset.PartialDate:
		return c.date(t, column, year, name)
	case dataset.Text:
		return c.plant(fmt.Sprintf("CV%d %d%cZ", 100+c.made/260, c.made%10, 'A'+rune(c.made/10%26)), name)
	case dataset.Key:
		return c.plant(fmt.Sprintf("key-%06d-Quill", 482900+c.made), name)
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
	case identifier.ULN:
		return fmt.Sprintf("%010d", 4829000000+c.made)
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
	set  func(c *canary, t *dataset.Table, header, row []string) []string
}

// at puts a marker into the first column of a type that the file has; a table without one keeps its row.
func at(of dataset.Type, value string) func(*canary, *dataset.Table, []string, []string) []string {
	return func(c *canary, t *dataset.Table, header, row []string) []string {
		if i := firstOf(t, header, of); i >= 0 {
			c.made++
			row[i] = c.plant(fmt.Sprintf(value, c.made), "a bad "+string(of)+" of "+t.ID())
		}
		return row
	}
}

// firstOf is where the first column of a type stands, in the order of the definitions; -1 for nowhere.
func firstOf(t *dataset.Table, header []string, of dataset.Type) int {
	for _, column := range t.Columns {
		if i := slices.Index(header, column.Heading()); i >= 0 && column.Type == of {
			return i
		}
	}
	return -1
}

// faults are the ways in which a row is kept back, or leaves without its child.
func faults() []faulty {
	return []faulty{
		{"none", func(_ *canary, _ *dataset.Table, _, row []string) []string { return row }},
		{"unknown code", at(dataset.Code, "QZX%04d")},
		{"no date", at(dataset.Date, "the 31st of May %04d")},
		{"impossible date", at(dataset.Date, "31/02/%04d")},
		{"no number", at(dataset.Integer, "77x%05d")},
		{"number out of range", func(_ *canary, t *dataset.Table, header, row []string) []string {
			if i := firstOf(t, header, dataset.Integer); i >= 0 {
				row[i] = fmt.Sprint(columnHeaded(t, header[i]).Max + 1)
			}
			return row
		}},
		{"neither true nor false", at(dataset.Boolean, "perhaps %04d")},
		{"a float where a key should be", at(dataset.Key, "48290%d.5")},
		{"child with a space", at(dataset.Identifier, "AB 4829 %04d Q")},
		{"not UTF-8", at(dataset.Identifier, "zebedee-%04d-\xff\xfe")},
		{"too many fields", func(c *canary, t *dataset.Table, _, row []string) []string {
			return append(row, c.plant(fmt.Sprintf("Zebedee Overlong %04d", c.made), "a field too many of "+t.ID()))
		}},
		{"too few fields", func(_ *canary, _ *dataset.Table, _, row []string) []string { return row[:len(row)-2] }},
		{"given in confidence", func(c *canary, t *dataset.Table, header, row []string) []string {
			for i, name := range header {
				switch column := columnHeaded(t, name); {
				case column == nil:
				case t.Marks(column.Name):
					row[i] = "1"
				case column.Name == t.ChildID && column.Type == dataset.Identifier:
					c.secret = append(c.secret, row[i])
				}
			}
			return row
		}},
		{"misplaced quote", func(c *canary, t *dataset.Table, _, row []string) []string {
			row[len(row)-1] = c.plant(fmt.Sprintf("Zebedee %04d", c.made), "a quoted field of "+t.ID()) + `"Quill"x`
			return row
		}},
	}
}

func columnHeaded(t *dataset.Table, heading string) *dataset.Column {
	at := slices.IndexFunc(t.Columns, func(c *dataset.Column) bool { return c.Heading() == heading })
	if at < 0 {
		return nil
	}
	return t.Columns[at]
}

// plantIn adds canary rows to every extract of the return on children looked after below a folder. A table that the
// folder lacks gets a file of its own.
func (c *canary) plantIn(tb testing.TB, catalogue *dataset.Catalogue, folder string, year int) {
	tb.Helper()
	for _, t := range catalogue.Tables() {
		if t.Format != "ssda903" || !t.In(year) {
			continue
		}
		path, lines := c.extract(tb, t, folder)
		lines = c.rows(t, lines, year, func(int, *dataset.Column) string { return "" })
		c.ids = append(c.ids, lines[len(lines)-len(faults())][slices.Index(lines[0], t.ChildID)])
		writeCSV(tb, path, ",", lines)
	}
}

// rows adds a column that no table has, and canary rows: a good one and one with each fault. A cell that is set is not
// the canary's own.
func (c *canary) rows(t *dataset.Table, lines [][]string, year int, set func(row int, column *dataset.Column) string) [][]string {
	c.made++
	more := []string{c.plant(fmt.Sprintf("Family name %04d", c.made), "a column's name of "+t.ID())}
	if t.Column(t.InConfidence) != nil && !slices.Contains(lines[0], t.Column(t.InConfidence).Heading()) {
		more = []string{t.InConfidence, more[0]}
	}
	lines[0] = append(lines[0], more...)
	for i := range lines[1:] {
		lines[i+1] = append(lines[i+1], make([]string, len(more))...)
	}
	for n, fault := range faults() {
		row := c.row(t, lines[0], year, func(column *dataset.Column) string { return set(n, column) })
		lines = append(lines, fault.set(c, t, lines[0], row))
	}
	return lines
}

// row is a good row, of canaries but for the cells that are set, with one in the last column, which no table has.
func (c *canary) row(t *dataset.Table, header []string, year int, set func(column *dataset.Column) string) []string {
	row := make([]string, 0, len(header)+1)
	for _, name := range header[:len(header)-1] {
		column := columnHeaded(t, name)
		cell := ""
		if column != nil { // the synthetic cohort has a column of its own that no return has
			if cell = set(column); cell == "" {
				cell = c.value(t, column, year)
			}
		}
		row = append(row, cell)
	}
	return append(row, c.plant(fmt.Sprintf("Quillfeather %04d", c.made), "an unknown column's cell of "+t.ID()))
}

// extract reads a table's file in a folder of synthetic extracts, or begins one.
func (c *canary) extract(tb testing.TB, t *dataset.Table, folder string) (path string, lines [][]string) {
	tb.Helper()
	for _, name := range filesBelow(tb, folder) {
		first, _, _ := strings.Cut(strings.TrimPrefix(mustRead(tb, filepath.Join(folder, name)), "\ufeff"), "\n")
		header := strings.Split(strings.TrimSpace(first), ",")
		if filepath.Ext(name) == ".csv" && slices.Contains(header, t.ChildID) && !slices.ContainsFunc(t.Columns, func(col *dataset.Column) bool {
			return col.Name != dataset.CollectionYear && col.Name != t.InConfidence && !slices.Contains(header, col.Name)
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
func writeCSV(tb testing.TB, path, delimiter string, lines [][]string) {
	tb.Helper()
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.Join(line, delimiter) + "\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
}
