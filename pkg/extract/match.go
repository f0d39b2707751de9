package extract

import (
	"fmt"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of a header.
const (
	RuleTableUnknown    = "TABLE_UNKNOWN"
	RuleTableAmbiguous  = "TABLE_AMBIGUOUS"
	RuleHeaderTwice     = "HEADER_DUPLICATE"
	RuleHeaderAmbiguous = "HEADER_AMBIGUOUS"
	RuleColumnUnknown   = "COLUMN_UNKNOWN"
)

// Match finds the table that a header line is of: the one with the most columns among those of which the header has
// every column. A name is that of a column when it is the column's own, one of its other names, or of its pattern
// (dataset.Fold: without regard to case, white space and the forms of dashes and quotes); the closer kind decides, and a
// name that fits two columns equally well stops the run. Columns that the table does not have are allowed, reported as a
// notice, and never read.
func Match(catalogue *dataset.Catalogue, file string, fields []string, report *finding.Report) (*dataset.Table, Header, error) {
	place := finding.Place{File: file}
	names := make([]string, len(fields))
	folded := make(map[string]bool)
	for i, f := range fields {
		names[i] = dataset.Fold(f)
		folded[names[i]] = true
	}
	var best, all []*dataset.Table
	most := 0
	for _, t := range catalogue.Tables() {
		if !t.Delimited || t.Lacks(folded) {
			continue
		}
		had := found(t, names)
		switch n := len(had); {
		case len(lacking(t, had)) > 0:
		case n == 0: // a table of optional columns only, of which the header has none
		default:
			all = append(all, t)
			if n > most {
				best, most = nil, n
			}
			if n == most {
				best = append(best, t)
			}
		}
	}
	switch len(best) {
	case 0:
		return nil, Header{}, unknownTable(catalogue, place, names)
	case 1:
	default:
		return nil, Header{}, Stop(RuleTableAmbiguous, place,
			fmt.Sprintf("the header is that of %s and of %s", best[0].ID(), best[1].ID()),
			"make the columns of the council's own definitions tell the tables apart")
	}
	for _, other := range all {
		for i, name := range names {
			if best[0].Weakens(other, name) {
				place.Column = fmt.Sprintf("number %d", i+1)
				return nil, Header{}, Stop(RuleTableAmbiguous, place,
					fmt.Sprintf("the header is that of %s and of %s, which guards the column more", best[0].ID(), other.ID()),
					"give the column the class that it has there, in the council's own definitions, or one that never leaves")
			}
		}
	}
	header, err := layout(best[0], place, names, report)
	return best[0], header, err
}

// Fits reports whether a header line is still the one that was matched to the table: as many fields, every column in its
// place.
func (h *Header) Fits(table *dataset.Table, fields []string) bool {
	if len(fields) != h.Fields {
		return false
	}
	for name, at := range h.At {
		if at >= len(fields) {
			return false
		}
		if c := table.Takes(fields[at]); len(c) != 1 || c[0].Name != name {
			return false
		}
	}
	return true
}

// found is the columns of a table that a header has.
func found(t *dataset.Table, names []string) map[*dataset.Column]bool {
	out := make(map[*dataset.Column]bool)
	for _, name := range names {
		for _, c := range t.Takes(name) {
			out[c] = true
		}
	}
	return out
}

// lacking lists the columns of a table that a header must have and has not. Columns that only some collection years
// have, and optional ones, may be absent.
func lacking(t *dataset.Table, had map[*dataset.Column]bool) []string {
	var out []string
	for _, c := range t.Columns {
		if !c.Optional && c.From == 0 && c.To == 0 && !had[c] {
			out = append(out, c.Heading())
		}
	}
	return out
}

// layout finds where each column stands.
func layout(t *dataset.Table, place finding.Place, names []string, report *finding.Report) (Header, error) {
	place.Table = t.ID()
	h := Header{Fields: len(names), At: make(map[string]int)}
	for i, name := range names {
		fits := t.Takes(name)
		// The name is not repeated: a file without a header line has a child's data where its names should be.
		p := place
		p.Column = fmt.Sprintf("number %d", i+1)
		switch {
		case len(fits) == 0:
			h.Unknown = append(h.Unknown, i)
			report.Add(RuleColumnUnknown, finding.Notice, p, "the table has no column of this name; it is not read",
				"nothing, unless the return has a new column: then the definitions need it")
			continue
		case len(fits) > 1:
			return Header{}, Stop(RuleHeaderAmbiguous, p, fmt.Sprintf("the name may be that of %s or of %s", fits[0].Heading(), fits[1].Heading()),
				"give the column the name that the return has for it")
		}
		c := fits[0]
		if _, twice := h.At[c.Name]; twice {
			place.Column = c.Heading()
			return Header{}, Stop(RuleHeaderTwice, place, "the header names the column twice", "remove one of the two columns, or export the file again")
		}
		h.At[c.Name] = i
	}
	return h, nil
}

// unknownTable says which table the header comes nearest to, and what it lacks of it.
func unknownTable(catalogue *dataset.Catalogue, place finding.Place, names []string) error {
	var nearest *dataset.Table
	share := 0.0
	for _, t := range catalogue.Tables() {
		if !t.Delimited {
			continue
		}
		if s := float64(len(found(t, names))) / float64(len(t.Columns)); s > share {
			nearest, share = t, s
		}
	}
	const hint = "export the table with its header line, comma or tab separated; put files that are no extracts elsewhere"
	if nearest == nil || share < 0.5 {
		if t := flattened(catalogue, names); t != nil {
			return Stop(RuleTableUnknown, place, fmt.Sprintf("the header is that of no table; its columns are those of %s, which is read from the return's XML document and from no table made of it", t.ID()),
				"give postern the document itself, as it was sent to the department, and put this file elsewhere")
		}
		return Stop(RuleTableUnknown, place, "the header is that of no table in the definitions", hint)
	}
	return &Invalid{Near: true, Findings: []finding.Finding{{Rule: RuleTableUnknown, Severity: finding.Stop, Place: place, Count: 1, Hint: hint,
		Message: fmt.Sprintf("the header is that of no table; nearest is %s, of which it lacks %s",
			nearest.ID(), strings.Join(lacking(nearest, found(nearest, names)), ", ")),
	}}}
}
