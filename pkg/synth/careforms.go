package synth

import "strings"

// The return of children looked after in forms other than a set of text files. What they say is taken from the rows of
// that set, so that the same child is the same in each.

// yearRows are the rows that one year's set has of one child, by table.
type yearRows struct {
	files []*file
}

func newYearRows(y year) *yearRows {
	r := &yearRows{}
	for _, t := range tablesOf(y.number) {
		t.newline = "\n"
		r.files = append(r.files, &file{table: t})
	}
	return r
}

// take makes the rows of a child.
func (r *yearRows) take(y year, p *person, id *identity, said *annual) {
	for _, f := range r.files {
		f.buf = f.buf[:0]
	}
	w := writer{files: r.files, year: y, person: p, identity: id, said: said}
	w.rows()
}

// of lists the rows of a table, cell by cell.
func (r *yearRows) of(table int) [][]string {
	if table >= len(r.files) {
		return nil
	}
	var out [][]string
	for line := range strings.SplitSeq(strings.TrimPrefix(string(r.files[table].buf), "\n"), "\n") {
		if line != "" {
			out = append(out, strings.Split(line, ","))
		}
	}
	return out
}

// columns are the names of a table's columns.
func (r *yearRows) columns(table int) []string {
	return strings.Split(r.files[table].table.columns, ",")
}
