package extract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of a header.
const (
	RuleTableUnknown   = "TABLE_UNKNOWN"
	RuleTableAmbiguous = "TABLE_AMBIGUOUS"
	RuleHeaderTwice    = "HEADER_DUPLICATE"
	RuleColumnUnknown  = "COLUMN_UNKNOWN"
)

// Match finds the table that a header line is of: the one with the most columns among those of which the header has
// every column. Names are compared without regard to case and to spaces around them. Columns that the table does not
// have are allowed, reported as a notice, and never read.
func Match(catalogue *dataset.Catalogue, file string, fields []string, report *finding.Report) (*dataset.Table, Header, error) {
	place := finding.Place{File: file}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ToUpper(strings.TrimSpace(f))
	}
	var best []*dataset.Table
	most := 0
	for _, t := range catalogue.Tables() {
		if !t.Delimited || len(lacking(t, names)) > 0 {
			continue
		}
		switch n := having(t, names); {
		case n == 0: // a table of optional columns only, of which the header has none
		case n > most:
			best, most = []*dataset.Table{t}, n
		case n == most:
			best = append(best, t)
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
		c := table.Column(name)
		if c == nil || at >= len(fields) || !strings.EqualFold(strings.TrimSpace(fields[at]), c.Heading()) {
			return false
		}
	}
	return true
}

// lacking lists the columns of a table that a header must have and has not. Columns that only some collection years
// have, and optional ones, may be absent.
func lacking(t *dataset.Table, names []string) []string {
	var out []string
	for _, c := range t.Columns {
		if !c.Optional && c.From == 0 && c.To == 0 && !slices.Contains(names, strings.ToUpper(c.Heading())) {
			out = append(out, c.Heading())
		}
	}
	return out
}

func having(t *dataset.Table, names []string) int {
	n := 0
	for _, c := range t.Columns {
		if slices.Contains(names, strings.ToUpper(c.Heading())) {
			n++
		}
	}
	return n
}

// layout finds where each column stands.
func layout(t *dataset.Table, place finding.Place, names []string, report *finding.Report) (Header, error) {
	place.Table = t.ID()
	h := Header{Fields: len(names), At: make(map[string]int)}
	for i, name := range names {
		c := columnNamed(t, name)
		if c == nil {
			h.Unknown = append(h.Unknown, i)
			// The name is not repeated: a file without a header line has a child's data where its names should be.
			p := place
			p.Column = fmt.Sprintf("number %d", i+1)
			report.Add(RuleColumnUnknown, finding.Notice, p, "the table has no column of this name; it is not read",
				"nothing, unless the return has a new column: then the definitions need it")
			continue
		}
		if _, twice := h.At[c.Name]; twice {
			place.Column = c.Heading()
			return Header{}, Stop(RuleHeaderTwice, place, "the header names the column twice", "remove one of the two columns, or export the file again")
		}
		h.At[c.Name] = i
	}
	return h, nil
}

func columnNamed(t *dataset.Table, upper string) *dataset.Column {
	for _, c := range t.Columns {
		if strings.ToUpper(c.Heading()) == upper {
			return c
		}
	}
	return nil
}

// unknownTable says which table the header comes nearest to, and what it lacks of it.
func unknownTable(catalogue *dataset.Catalogue, place finding.Place, names []string) error {
	var nearest *dataset.Table
	share := 0.0
	for _, t := range catalogue.Tables() {
		if !t.Delimited {
			continue
		}
		if s := float64(having(t, names)) / float64(len(t.Columns)); s > share {
			nearest, share = t, s
		}
	}
	const hint = "export the table with its header line, comma or tab separated; put files that are no extracts elsewhere"
	if nearest == nil || share < 0.5 {
		return Stop(RuleTableUnknown, place, "the header is that of no table in the definitions", hint)
	}
	return Stop(RuleTableUnknown, place, fmt.Sprintf("the header is that of no table; nearest is %s, of which it lacks %s",
		nearest.ID(), strings.Join(lacking(nearest, names), ", ")), hint)
}
