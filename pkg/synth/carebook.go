package synth

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// careBook writes one year's return of children looked after as a workbook with a sheet for each table, behind a cover.
// Every other sheet has its dates as text, the others as days of the calendar. What somebody typed below the reviews is
// no row of the return.
type careBook struct {
	*book
	year   year
	source *yearRows
	sheets []*worksheet
}

// sheetNames are what the sheets of a year's workbook are called, one of them misspelt; in the order of the tables.
func sheetNames() []string {
	return []string{"header", "episodes", "uasc", "reviews", "oc2", "oc3", "ad1", "placed_for_adoption", "previous_permenance", "missing", "social_worker"}
}

func newCareBook(b *book, y year) *careBook {
	c := &careBook{book: b, year: y, source: newYearRows(y)}
	cover := b.sheet("About")
	cover.row(cellText("Children looked after"), cellText("SSDA903 "+y.folder()))
	cover.row(cellText("Synthetic: none of these children exists"))
	for table := range c.source.files {
		s := b.sheet(sheetNames()[table])
		s.header(c.source.columns(table)...)
		c.sheets = append(c.sheets, s)
	}
	return c
}

// child writes what the year's return has of a child.
func (c *careBook) child(p *person, id *identity, said *annual) {
	c.source.take(c.year, p, id, said)
	for table, s := range c.sheets {
		for _, row := range c.source.of(table) {
			c.rows++
			cells := make([]sheetCell, len(row))
			for i, text := range row {
				cells[i] = careCell(c.source.columns(table)[i], text, table%2 == 0)
			}
			s.row(cells...)
		}
	}
}

// careCell is a cell as somebody's spreadsheet would have it: codes that are digits are numbers, the child's number and
// what is partly unknown are text.
func careCell(column, text string, datesAsText bool) sheetCell {
	switch column {
	case "CHILD", "UPN", "URN", "LA_PERM", "DATE_PERM", "HOME_POST", "PL_POST", "SW_ID":
		return cellText(text)
	}
	if n, err := strconv.Atoi(text); err == nil {
		return cellNumber(int64(n))
	}
	if d, err := civil.ParseUK(text); err == nil && !datesAsText && strings.Count(text, "/") == 2 {
		return cellDate(d)
	}
	return cellText(text)
}

func (c *careBook) finish() {
	s := c.sheets[reviews]
	s.skip()
	s.row(cellText("oops!"))
}
