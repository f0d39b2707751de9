// Package finding says what is wrong with an extract, and why the gate says no.
//
// A Finding names a rule and a place (file, table, row, column) and never a cell's value: findings are printed, logged
// and sent to the owner of a source system, who looks the cell up where it is allowed to be seen.
//
// A Refusal is the gate saying no: a stable code such as DSA_EXPIRED, one plain sentence, and what to do next. It is
// told apart from a failure, which is an ordinary error: something broke.
package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Severity says what a finding does to the run.
type Severity uint8

// The severities, mildest first.
const (
	Notice     Severity = iota // worth knowing; the row leaves
	Warning                    // probably wrong at the source; the row leaves
	Quarantine                 // the row is kept back and counted
	Stop                       // nothing can be made of the file or set: the run ends before anything is written
)

// String gives the word used in reports.
func (s Severity) String() string {
	switch s {
	case Notice:
		return "notice"
	case Warning:
		return "warning"
	case Quarantine:
		return "quarantine"
	default:
		return "stop"
	}
}

// MarshalText writes the severity's word, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Place is where a finding was made. Row counts data records from 1, the header not counted; 0 means the whole file or
// column. Column is a name from the dataset definitions, or "number 7" where the file's own name for it is not known
// (a file without a header line has data where its names should be, so unknown names are not repeated).
type Place struct {
	File   string `json:"file,omitempty"`
	Table  string `json:"table,omitempty"`
	Column string `json:"column,omitempty"`
	Row    int64  `json:"row,omitempty"`
	Sheet  int    `json:"sheet,omitempty"` // of a workbook: which of its sheets, from 1 at the left
}

// String writes the place as a reader would look for it: "header.csv, table ssda903/header, row 7, column DOB".
func (p Place) String() string {
	var parts []string
	if p.File != "" {
		parts = append(parts, Shown(p.File))
	}
	if p.Sheet > 0 {
		parts = append(parts, fmt.Sprintf("sheet %d", p.Sheet))
	}
	if p.Table != "" {
		parts = append(parts, "table "+p.Table)
	}
	if p.Row > 0 {
		parts = append(parts, fmt.Sprintf("row %d", p.Row))
	}
	if p.Column != "" {
		parts = append(parts, "column "+p.Column)
	}
	return strings.Join(parts, ", ")
}

// Shown is a file's name as it can be printed: a character in it that would end the line, or do something to a terminal,
// stands as \n or \x1b.
func Shown(file string) string {
	if strings.IndexFunc(file, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return file
	}
	quoted := strconv.Quote(file)
	return quoted[1 : len(quoted)-1]
}

// Finding is one rule broken at one or more rows of one column of one file.
type Finding struct {
	Rule     string   `json:"rule"` // stable, upper case: DATE_IMPOSSIBLE, CODE_UNKNOWN, …
	Severity Severity `json:"severity"`
	Place    Place    `json:"place"` // Row is the first row concerned
	Count    int64    `json:"count"` // rows concerned; 1 for a finding about a file
	Rows     []int64  `json:"rows,omitempty"`
	Message  string   `json:"message"` // a plain sentence that holds no value
	Hint     string   `json:"hint,omitempty"`
}

// RowsKept is how many row numbers a finding keeps, so that a million bad rows cost no memory.
const RowsKept = 10

// Report gathers findings, one per rule, file, table and column, in a deterministic order. The zero value is ready.
// It is not safe for concurrent use.
type Report struct {
	found  map[key]*Finding
	raised map[string]Severity
}

// Raise makes rules weigh more in this report than they do by themselves. It comes before the first finding. A severity
// below a rule's own changes nothing.
func (r *Report) Raise(rules map[string]Severity) { r.raised = rules }

type key struct {
	rule, file, table, column string
	sheet                     int
}

// Add records that a rule is broken at a place. Findings of one rule, file, table and column are counted together:
// the first message and hint stay. It returns the severity that holds: the one given, or that to which the rule is raised
// (Raise). Whoever adds a finding on a row keeps the row back when it is Quarantine or more.
func (r *Report) Add(rule string, severity Severity, place Place, message, hint string) Severity {
	severity = max(severity, r.raised[rule])
	if r.found == nil {
		r.found = make(map[key]*Finding)
	}
	k := key{rule, place.File, place.Table, place.Column, place.Sheet}
	f := r.found[k]
	if f == nil {
		f = &Finding{Rule: rule, Severity: severity, Place: place, Message: message, Hint: hint}
		r.found[k] = f
	}
	f.Count++
	if place.Row > 0 && len(f.Rows) < RowsKept {
		f.Rows = append(f.Rows, place.Row)
	}
	return severity
}

// Apart is an empty report in which rules weigh as much as in this one: for a part of a file whose first row's number is
// not known yet. Join brings it back.
func (r *Report) Apart() *Report { return &Report{raised: r.raised} }

// Join adds what was found in a part of a file, in which rows were counted from 1, behind the given number of rows. Parts
// are joined in the order of the file; then the report is that of one who read it in one piece.
func (r *Report) Join(part *Report, before int64) {
	for k, found := range part.found {
		if r.found == nil {
			r.found = make(map[key]*Finding)
		}
		f := r.found[k]
		if f == nil {
			f = &Finding{Rule: found.Rule, Severity: found.Severity, Place: found.Place, Message: found.Message, Hint: found.Hint}
			if f.Place.Row > 0 {
				f.Place.Row += before
			}
			r.found[k] = f
		}
		f.Count += found.Count
		for _, row := range found.Rows[:min(len(found.Rows), RowsKept-len(f.Rows))] {
			f.Rows = append(f.Rows, row+before)
		}
	}
}

// Stops are the findings that end the run.
func (r *Report) Stops() []Finding {
	return slices.DeleteFunc(r.Findings(), func(f Finding) bool { return f.Severity < Stop })
}

// Findings returns everything found, worst first, then by file, table, column and rule.
func (r *Report) Findings() []Finding {
	out := make([]Finding, 0, len(r.found))
	for _, f := range r.found {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Place.File, b.Place.File),
			cmp.Compare(a.Place.Sheet, b.Place.Sheet),
			cmp.Compare(a.Place.Table, b.Place.Table),
			cmp.Compare(a.Place.Column, b.Place.Column),
			cmp.Compare(a.Rule, b.Rule),
		)
	})
	return out
}

// Count is how many findings of a severity there are, each with its own count of rows.
func (r *Report) Count(s Severity) int {
	n := 0
	for _, f := range r.found {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// String writes the finding on one line.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: ", f.Severity, f.Rule)
	if place := f.Place.String(); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(f.Message)
	if f.Count > 1 {
		fmt.Fprintf(&b, " (%d rows)", f.Count)
	}
	return b.String()
}
