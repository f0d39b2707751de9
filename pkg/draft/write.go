package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// FillIn marks each place of a draft that a person has to fill in.
const FillIn = "FILL IN"

// Bounds of the collection years of a draft: which years a sample is of is not told.
const firstYear, lastYear = 2010, 2050

// Write writes the tables of one report as a definition of a format.
func Write(format string, tables []*Table) []byte {
	w := &writer{}
	w.top(tables)
	w.line(0, "apiVersion: postern/dataset/v1")
	w.line(0, "format: %s", format)
	w.line(0, "version: 1")
	w.open(0, "title", "what the report is and which system writes it, in one line")
	w.line(0, "collection_years: {from: %d, to: %d}", firstYear, lastYear)
	forms := commonForms(tables)
	w.line(0, "date_formats: [%s]", formList(forms))
	w.lists(tables)
	w.line(0, "")
	w.line(0, "tables:")
	for _, t := range tables {
		w.table(t, forms)
	}
	w.links(format, tables)
	return []byte(w.text.String())
}

// Open counts the places of a draft that are to be filled in before it loads.
func Open(text []byte) int {
	n := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, "# "+FillIn+":") {
			n++
		}
	}
	return n
}

type writer struct{ text strings.Builder }

func (w *writer) line(indent int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text != "" {
		text = strings.Repeat(" ", indent) + text
	}
	w.text.WriteString(text + "\n")
}

// open is a key that is to be filled in.
func (w *writer) open(indent int, key, with string) {
	w.line(indent, "%s: # %s: %s", key, FillIn, with)
}

func (w *writer) top(tables []*Table) {
	w.line(0, "# A draft, made by looking at a sample. It holds no value of it, and it is not finished: postern schema check names every")
	w.line(0, "# place that is still to be filled in (%s).", FillIn)
	w.line(0, "#")
	w.line(0, "# 1. Fill in what each column means. It is what the recipient reads.")
	w.line(0, "# 2. Look at every class. It decides what may leave, whatever an agreement says: direct-identifier, staff, free-text and")
	w.line(0, "#    record-identifier never do; linkage-identifier only as a pseudonym. In doubt take the stricter one.")
	w.line(0, "# 3. List the codes, from the documentation of the system rather than from the report: a rare \"code\" may be a name.")
	w.line(0, "# 4. Take the # from the feeds that are right. A column that feeds no core table leaves only if an agreement names it.")
	w.line(0, "#")
	for _, t := range tables {
		more := ""
		if t.More {
			more = " (there are more)"
		}
		w.line(0, "# Table %s: %d rows were looked at%s.", t.Name, t.Rows, more)
		if t.Uneven > 0 {
			w.line(0, "#   %s of the rows have more or fewer cells than the header line: they will be kept back.", few(t.Uneven))
		}
	}
}

// commonForms are the forms of dates that the report has, the most usual first.
func commonForms(tables []*Table) []string {
	times := make(map[string]int)
	for _, t := range tables {
		for i := range t.Columns {
			if dates := t.Columns[i].Dates; len(dates) > 0 {
				times[dates[0]]++
			}
		}
	}
	var out []string
	for _, form := range dataset.DateForms() {
		if times[form] > 0 {
			out = append(out, form)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return times[b] - times[a] })
	if len(out) == 0 {
		return []string{dataset.DateUK, dataset.DateISO}
	}
	if partial := func(c Column) bool { return c.Type == dataset.PartialDate }; out[0] != dataset.DateUK &&
		slices.ContainsFunc(tables, func(t *Table) bool { return slices.ContainsFunc(t.Columns, partial) }) {
		return []string{out[0], dataset.DateUK} // the only form in which a part may be left open
	}
	return out[:1]
}

// lists writes an empty list for each column of codes that no list is known for.
func (w *writer) lists(tables []*Table) {
	begun := false
	for _, t := range tables {
		for i := range t.Columns {
			c := &t.Columns[i]
			if !c.codes {
				continue
			}
			if !begun {
				w.line(0, "\ncode_lists:")
				begun = true
			}
			w.line(2, "# Column %d of %s has %d different values. Each as - {code: \"X\", meaning: What it stands for}, in years", c.Number, t.Name, c.Distinct)
			w.line(2, "# that not all have with from: 2024 or to: 2025.")
			w.line(2, "%s: [] # %s: the codes", listName(t, c), FillIn)
		}
	}
	if !begun {
		w.line(0, "code_lists: {}")
	}
}

func listName(t *Table, c *Column) string { return Name(t.Name+"_"+strings.ToLower(c.Name), "list") }

func (w *writer) table(t *Table, forms []string) {
	w.line(2, "- name: %s", t.Name)
	w.open(4, "meaning", "what one row is, in one sentence")
	child := slices.IndexFunc(t.Columns, func(c Column) bool { return c.child() })
	if child >= 0 {
		w.line(4, "child_id: %s # which child a row is about", t.Columns[child].Name)
	} else {
		w.open(4, "child_id", "the column with the authority's own number for the child; take the line out if there is none")
	}
	dates := t.dates()
	for _, f := range t.Feeds {
		if core := f.dated(); core != "" {
			dates = append([]string{core}, slices.DeleteFunc(dates, func(d string) bool { return d == core })...)
		}
	}
	if len(dates) > 0 {
		w.line(4, "event_date: %s # the date that is held to the agreement's data period: look whether it is this one", dates[0])
		w.line(4, "year_evidence: [%s] # a date that falls into the year of the report", dates[0])
	} else {
		w.line(4, "# event_date: the date that is held to the agreement's data period. There is none; name folders for the year, such as 2025-26.")
	}
	w.line(4, "columns:")
	for i := range t.Columns {
		w.column(t, &t.Columns[i], forms)
	}
	w.feeds(t)
}

// dates lists the columns that are dates of something that happens, and not of a birth.
func (t *Table) dates() []string {
	var out []string
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Skip == "" && c.Type == dataset.Date && c.Treatments == nil {
			out = append(out, c.Name)
		}
	}
	return out
}

// dated is the column that dates the rows of the core table; empty for a table of children.
func (f *Feed) dated() string {
	if f.Core != "children" && len(f.Columns) > 1 {
		return f.Columns[1].From
	}
	return ""
}

// headerName is what a header key may be (see package dataset); any other header is told by a pattern.
var headerName = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_ ().:/&'?-]{0,198}[A-Za-z0-9_).?])?$`)

func (w *writer) column(t *Table, c *Column, forms []string) {
	if c.Skip != "" {
		w.line(6, "# Column %d is left out: %s. It is not read.", c.Number, c.Skip)
		return
	}
	for i, note := range c.Notes {
		start := "          "
		if i == 0 {
			start = fmt.Sprintf("Column %d: ", c.Number)
		}
		w.line(6, "# %s%s", start, note)
	}
	w.line(6, "- name: %s", quoted(c.Name))
	switch {
	case c.Header == c.Name:
	case headerName.MatchString(c.Header):
		w.line(8, "header: %s", inQuotes(c.Header))
	default:
		w.line(8, "like: %s", inQuotes(regexp.QuoteMeta(dataset.Fold(c.Header))))
	}
	w.line(8, "type: %s", c.Type)
	switch c.Type {
	case dataset.Identifier:
		w.line(8, "identifier: %s", c.Identifier)
	case dataset.Code:
		name := c.List
		if c.codes {
			name = listName(t, c)
		}
		w.line(8, "codes: %s", name)
	case dataset.Integer:
		low := int64(0)
		if c.Negative {
			low = -c.Max
		}
		w.line(8, "min: %d # rounded: set the least and the greatest number that can be right", low)
		w.line(8, "max: %d", c.Max)
	case dataset.Boolean:
		if c.YesNo {
			w.line(8, "yes_no: true")
		}
	case dataset.Date:
		if !slices.Equal(c.Dates, forms) {
			w.line(8, "dates: [%s]", formList(c.Dates))
		}
	}
	if c.Class == "" {
		w.open(8, "class", "what it can do to the child behind it")
	} else {
		w.line(8, "class: %s", c.Class)
	}
	if c.Treatments != nil {
		w.line(8, "treatments: [%s] # a date of birth leaves only as an age", strings.Join(c.Treatments, ", "))
	}
	if c.Meaning == "" {
		w.open(8, "meaning", "what the column says, in one sentence")
	} else {
		w.line(8, "meaning: %s", c.Meaning)
	}
}
