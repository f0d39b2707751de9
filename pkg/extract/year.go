package extract

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of a collection year.
const (
	RuleYearUnknown    = "YEAR_UNKNOWN"
	RuleYearMismatch   = "YEAR_MISMATCH"
	RuleYearNotEvident = "YEAR_NOT_EVIDENT"
	RuleTermUnknown    = "TERM_UNKNOWN"
)

// A set is one return in text: the files of one format and folder that say the same year and term, or none. A document or
// a workbook is a set of its own. A document that does not state its year is told like text.
type set struct {
	folder  string
	format  string
	said    said   // the year that the path says
	term    string // the term that the path says, "" for none
	sources []*Source
	shown   int   // the year that the dates inside show, where it was asked for
	failed  error // that it could not be told
}

func sets(sources []*Source) []*set {
	var out []*set
	for _, src := range sources {
		s := &set{folder: filepath.Dir(src.Path), format: src.Table.Format, said: yearSaid(src.below)}
		if src.Form != Text {
			s.folder = src.Path
		}
		if src.Table.Termly {
			s.term = termSaid(src.below)
		}
		at := slices.IndexFunc(out, func(o *set) bool {
			return o.folder == s.folder && o.format == s.format && o.said == s.said && o.term == s.term
		})
		if at < 0 {
			out = append(out, s)
			at = len(out) - 1
		}
		out[at].sources = append(out[at].sources, src)
	}
	return out
}

func (s *set) termly() bool { return s.sources[0].Table.Termly }

// place is the set's file where it has one only, else its folder.
func (s *set) place() finding.Place {
	if len(s.sources) == 1 {
		return s.sources[0].Place(0, "")
	}
	return finding.Place{File: s.folder}
}

// termOf tells a set's term from what its path says, or from tables that one term alone has.
func (s *set) termOf() (string, error) {
	if !s.termly() || s.term != "" {
		return s.term, nil
	}
	term := ""
	for _, src := range s.sources {
		if len(src.Table.Terms) == 1 {
			term = src.Table.Terms[0]
		}
	}
	if term == "" {
		return "", Stop(RuleTermUnknown, s.place(), "nothing tells the term of these files",
			"put the set in a folder named for its term, such as 2025-26/autumn")
	}
	return term, nil
}

// yearOf tells a set's collection year from what its path says and what the dates inside show. Dates after the end of
// the year that the path says refuse the set; a path that says nothing leaves it to the dates.
func (d *discovery) yearOf(s *set) (int, error) {
	first := s.sources[0]
	said := s.said.ending(first.Table.YearBegins, s.term)
	if first.Year != 0 {
		if err := stated(s, said); err != nil {
			return 0, err
		}
		return first.Year, nil
	}
	shown, err := s.shown, s.failed
	if err != nil {
		return 0, err
	}
	switch {
	case said == 0 && shown == 0:
		return 0, Stop(RuleYearUnknown, s.place(), "nothing tells the collection year of these files",
			"put the set in a folder named for its year, such as 2025-26")
	case said == 0 && s.termly():
		// Days on which pupils came to a school bound the year from below, and do not tell it.
		return 0, Stop(RuleYearUnknown, s.place(), "nothing tells the academic year of these files for certain: the dates inside only say that it is not before some year",
			"put the set in a folder named for its year and term, such as 2025-26/autumn")
	case said == 0:
		return shown, nil
	case shown > said:
		return 0, Stop(RuleYearMismatch, s.place(),
			fmt.Sprintf("the path says collection year %d, but the dates inside run to collection year %d", said, shown),
			"put the set in the folder of its own year, or correct the dates that are after the end of the year")
	case shown != 0 && shown < said:
		d.report.Add(RuleYearNotEvident, finding.Warning, s.place(), fmt.Sprintf("the path says collection year %d, and no date inside is of it", said),
			"check that the set lies in the folder of its year")
	}
	return said, nil
}

// stated holds the year that a document states to the one that its path says.
func stated(s *set, said int) error {
	if year := s.sources[0].Year; said != 0 && said != year {
		return Stop(RuleYearMismatch, finding.Place{File: s.sources[0].File},
			fmt.Sprintf("the path says collection year %d, but the file says %d", said, year), "put the file in the folder of its own year")
	}
	return nil
}
