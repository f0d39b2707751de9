package xml_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xml"
)

// put sets the text of the element at a path below e, and makes what is missing of the path.
func (e *element) put(path, text string) {
	for name := range strings.SplitSeq(path, "/") {
		next := e.find(name)
		if next.name == "" {
			next = &element{name: name}
			e.inside = append(e.inside, next)
		}
		e = next
	}
	e.text = text
}

func (e *element) plain() string {
	out := "<" + e.name + ">" + e.text
	for _, i := range e.inside {
		out += i.plain()
	}
	return out + "</" + e.name + ">"
}

// stands is the path of a column's element from the root.
func stands(table *dataset.Table, column *dataset.Column) string {
	around, below := strings.Split(table.Row, "/"), column.Path
	for strings.HasPrefix(below, "../") {
		around, below = around[:len(around)-1], below[len("../"):]
	}
	return strings.TrimSuffix(strings.Join(append(around, below), "/"), "/.")
}

// oneOf is a document of a year with one row of a table, sound but for the text of one column, which is put there whether
// the year has it or not.
func oneOf(table *dataset.Table, column *dataset.Column, text string, year int) string {
	root := &element{name: table.Document.Root}
	if d := table.Document; d.Headed() {
		root.put(d.IsAt, d.Is)
		root.put(d.Year, fmt.Sprint(year))
		root.put(d.ReferenceDate, fmt.Sprint(year, "-03-31"))
		root.put(d.Authority, "331")
	}
	root.put(table.Row, "")
	root.put(stands(table, table.Column(table.ChildID)), "51")
	for _, c := range table.Columns {
		if c.Required && c.Type == dataset.Date {
			root.put(stands(table, c), fmt.Sprintf("%d-05-06", year-1))
		}
		if c.Required && c.Type == dataset.Code && c != column {
			root.put(stands(table, c), c.Codes[0].Value)
		}
	}
	for _, path := range table.RowIf {
		if !slices.ContainsFunc(table.Columns, func(c *dataset.Column) bool { return c.Path == path }) {
			root.put(table.Row+"/"+path, "1") // a flag, and no cell
		}
	}
	root.put(stands(table, column), text)
	return root.plain()
}

// rules reads a document of a year and lists the rules that its row of a table, or its elements, break.
func rules(t *testing.T, table *dataset.Table, content string, year int) (told []string, tally extract.Tally) {
	t.Helper()
	var got outcome
	if table.Document.Headed() {
		got = read(t, file(t, content))
	} else {
		inner := strings.TrimSuffix(strings.TrimPrefix(content, "<EXPSSDA903>"), "</EXPSSDA903>")
		got = discover(t, care(t, fmt.Sprintf("%d-%02d", year-1, year%100), inner))
	}
	if got.err != nil {
		t.Fatalf("%s of %d: %v\n%s", table.ID(), year, got.err, content)
	}
	for _, f := range got.findings {
		if f.Rule == extract.RuleCodeNotInYear && f.Place.Table == table.ID() || f.Rule == xml.RuleElementNotYear {
			told = append(told, f.Rule)
		}
	}
	return told, got.tally[table.Name]
}

// Every code and every element of both documents that not all collection years have is read in its first and its last
// year, and told in the year before and in the year after.
func TestEachYearIsReadByItsOwn(t *testing.T) {
	looked := 0
	for _, table := range catalogue(t).Tables() {
		if table.Row == "" || table.Format != "cin" && table.Format != "ssda903" {
			continue
		}
		first, last := 2017, 2027
		if table.Format == "ssda903" {
			first = 2016
		}
		for _, column := range table.Columns {
			if column.Path == "" {
				continue
			}
			if from, to := max(table.From, column.From), min(orLast(table.To), orLast(column.To)); from > first || to < last {
				looked++
				for _, year := range []int{from - 1, from, to, to + 1} {
					if year < first || year > last {
						continue
					}
					told, tally := rules(t, table, oneOf(table, column, sound(column, year), year), year)
					in := year >= from && year <= to
					if slices.Contains(told, xml.RuleElementNotYear) == in || in && tally.Passed != 1 {
						t.Errorf("%s.%s in %d: %v, %+v", table.ID(), column.Name, year, told, tally)
					}
				}
			}
			for _, code := range column.Codes {
				from, to := max(first, table.From, column.From, code.From), min(last, orLast(table.To), orLast(column.To), orLast(code.To))
				if code.From == 0 && code.To == 0 {
					continue
				}
				looked++
				for _, year := range []int{from - 1, from, to, to + 1} {
					if year < first || year > last || !table.In(year) || !column.In(year) {
						continue
					}
					told, tally := rules(t, table, oneOf(table, column, code.Value, year), year)
					in := year >= from && year <= to
					if slices.Contains(told, extract.RuleCodeNotInYear) == in || tally.Read != 1 || (tally.Passed == 1) != in {
						t.Errorf("%s.%s %s in %d: %v, %+v", table.ID(), column.Name, code.Value, year, told, tally)
					}
				}
			}
		}
	}
	if looked < 45 {
		t.Errorf("only %d codes and elements were looked at", looked)
	}
}

func orLast(year int) int {
	if year == 0 {
		return 9999
	}
	return year
}

// sound is a text that a column of a year takes.
func sound(column *dataset.Column, year int) string {
	switch column.Type {
	case dataset.Date:
		return fmt.Sprintf("%d-05-06", year-1)
	case dataset.Code:
		for _, code := range column.Codes {
			if code.In(year) {
				return code.Value
			}
		}
		return column.Codes[0].Value
	default:
		return "1"
	}
}
