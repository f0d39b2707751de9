package xml

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
	"github.com/postern-gateway/postern/pkg/finding"
)

// What a header may be long.
const (
	maxHeader = 1 << 20 // bytes before the first row
	maxSaid   = 200     // bytes of what one of its elements says
)

// said is what the header of a document says, by the path that a definition gives for it.
type said map[string]string

// format is a document format of the definitions.
type format struct {
	name     string
	document *dataset.Document
	tables   []*dataset.Table
}

// formats lists the document formats of a catalogue, by name.
func formats(catalogue *dataset.Catalogue) []*format {
	var out []*format
	for _, t := range catalogue.Tables() {
		if t.Document == nil || t.Row == "" {
			continue
		}
		at := slices.IndexFunc(out, func(f *format) bool { return f.document == t.Document })
		if at < 0 {
			out = append(out, &format{name: t.Format, document: t.Document})
			at = len(out) - 1
		}
		out[at].tables = append(out[at].tables, t)
	}
	return out
}

// paths are where the header of a format's documents says what it says; none where they have no header.
func paths(d *dataset.Document) []string {
	if !d.Headed() {
		return nil
	}
	return []string{d.IsAt, d.Year, d.ReferenceDate, d.Authority}
}

func (f *format) headed() bool { return f.document.Headed() }

// years are the first and the last collection year that the definitions have of the format.
func (f *format) years() (from, to int) {
	for i, t := range f.tables {
		if i == 0 || t.From < from {
			from = t.From
		}
		to = max(to, t.To)
	}
	return from, to
}

// readHeader reads a document up to the first element behind its header, and says which format it is of: the one whose
// collection the header states, else the one whose documents have no header.
func readHeader(s *markup.Scanner, known []*format, place finding.Place) (*format, said, error) {
	k, err := s.Next()
	if err != nil {
		return nil, nil, err
	}
	rooted := slices.DeleteFunc(slices.Clone(known), func(f *format) bool {
		return k != markup.StartTag || f.document.Root != string(s.Name)
	})
	if len(rooted) == 0 {
		return nil, nil, unknown(known, place, "the root element is that of no document in the definitions")
	}
	if s.Foreign {
		return nil, nil, RuleNamespace
	}
	says := make(said)
	if slices.ContainsFunc(rooted, (*format).headed) {
		if says, err = gather(s, rooted, place); err != nil {
			return nil, nil, err
		}
	}
	of := slices.DeleteFunc(slices.Clone(rooted), func(f *format) bool { return !f.headed() || says[f.document.IsAt] != f.document.Is })
	if len(of) == 0 {
		of = slices.DeleteFunc(rooted, (*format).headed)
	}
	switch len(of) {
	case 0:
		return nil, nil, unknown(known, place, "the header states no collection that the definitions have")
	case 1:
		return of[0], says, nil
	default:
		return nil, nil, extract.Stop(extract.RuleTableAmbiguous, place,
			fmt.Sprintf("the document is one of %s and one of %s", of[0].name, of[1].name),
			"make the root elements or the collections of the council's own definitions tell the two apart")
	}
}

func unknown(known []*format, place finding.Place, message string) error {
	var names []string
	for _, f := range known {
		if f.headed() {
			names = append(names, fmt.Sprintf("%s (root %s, collection %s)", f.name, f.document.Root, f.document.Is))
		} else {
			names = append(names, fmt.Sprintf("%s (root %s)", f.name, f.document.Root))
		}
	}
	if len(names) > 0 {
		message += "; known are " + strings.Join(names, ", ")
	}
	return extract.Stop(RuleDocumentUnknown, place, message, "put files that are no extracts elsewhere, or add the format to the council's definitions")
}

// gather reads what the elements at the paths of some formats say. The header comes before everything else in the root.
func gather(s *markup.Scanner, rooted []*format, place finding.Place) (said, error) {
	root := &node{}
	for _, f := range rooted {
		for _, path := range paths(f.document) {
			root.add(path, false).leaf = true
		}
	}
	says := make(said)
	open := []*node{root}
	var text []byte
	for {
		k, err := s.Next()
		if err != nil {
			return nil, err
		}
		if s.Offset() > maxHeader {
			return nil, malformed(place, "the header is longer than 1 MiB")
		}
		at := open[len(open)-1]
		switch k {
		case markup.StartTag:
			var n *node
			if at != nil && !s.Foreign {
				n = at.child(s.Name)
			}
			if len(open) == 1 && (n == nil || n.count > 0) {
				return says, nil
			}
			if at != nil && at.leaf {
				return nil, malformed(elsewhere(place, at), "the element holds others where it says something")
			}
			open, text = append(open, n), text[:0]
			if n != nil {
				n.count++
			}
		case markup.TextRun:
			if at != nil && at.leaf {
				if text = append(text, s.Text...); len(text) > maxSaid {
					return nil, malformed(elsewhere(place, at), "what the element says is too long")
				}
			}
		default: // an end tag; a file does not end before its root has
			if open = open[:len(open)-1]; len(open) == 0 {
				return says, nil
			}
			if at == nil || !at.leaf {
				continue
			}
			if _, twice := says[at.path]; twice {
				return nil, malformed(elsewhere(place, at), "the element stands twice")
			}
			says[at.path] = string(bytes.TrimSpace(text))
		}
	}
}

func elsewhere(place finding.Place, n *node) finding.Place {
	place.Column = n.path
	return place
}

func malformed(place finding.Place, message string) error {
	return extract.Stop(RuleHeader, place, message+", in the header of the file", "correct the header, or export the file again from the source system")
}

// judge holds the header to its format: all that must be said is said, the year is one that the definitions have, and
// the reference date is its last day. A format without headers says no year, 0, and no authority.
func (f *format) judge(says said, place finding.Place) (year int, authority string, err error) {
	if !f.headed() {
		return 0, "", nil
	}
	for _, path := range paths(f.document) {
		if says[path] == "" {
			return 0, "", malformed(elsewhere(place, &node{path: path}), "the element is missing or empty")
		}
	}
	d := f.document
	year, ok := yearOf(says[d.Year])
	if !ok {
		return 0, "", malformed(elsewhere(place, &node{path: d.Year}), "the element says no year of four digits")
	}
	date, err := civil.ParseISO(says[d.ReferenceDate])
	if err != nil {
		return 0, "", malformed(elsewhere(place, &node{path: d.ReferenceDate}), "the element says no date (YYYY-MM-DD)")
	}
	begins := f.tables[0].YearBegins
	if stated := date.YearEnding(begins); stated != year {
		return 0, "", extract.Stop(extract.RuleYearMismatch, place,
			fmt.Sprintf("the header says collection year %d, but its reference date is of collection year %d", year, stated),
			"correct the one that is wrong in the header, or export the file again from the source system")
	}
	if (date + 1).YearEnding(begins) == year {
		return 0, "", extract.Stop(extract.RuleYearMismatch, place,
			fmt.Sprintf("the reference date of the header is not the last day of collection year %d", year),
			"correct the reference date in the header, or export the file again from the source system")
	}
	if from, to := f.years(); year < from || year > to {
		return 0, "", extract.Stop(RuleYearNotDefined, place,
			fmt.Sprintf("the file is of collection year %d; the definitions have %s for %d to %d", year, f.name, from, to),
			"leave the file out, or use a version of the definitions that has the year")
	}
	authority = says[d.Authority]
	if !isCode(authority) {
		return 0, "", malformed(elsewhere(place, &node{path: d.Authority}), "the element says no code of an authority")
	}
	return year, authority, nil
}

func yearOf(text string) (int, bool) {
	year := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		year = year*10 + int(c-'0')
	}
	return year, len(text) == 4
}

// isCode reports a short code of letters and digits.
func isCode(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(text) <= 10
}

// stopAt makes a finding of a fault that was met in the header; other errors stay what they are.
func stopAt(err error, place finding.Place, line int64) error {
	var f fault
	if errors.As(err, &f) {
		return stop(f, place, line)
	}
	return err
}
