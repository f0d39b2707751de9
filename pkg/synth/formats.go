package synth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The formats that a cohort is written in.
const (
	SSDA903      = "ssda903"       // the return of children looked after: a set of CSV files
	CIN          = "cin"           // the CIN census: cin.xml
	SchoolCensus = "school_census" // the school census, autumn and spring: CSV files of one table each
	GIAP         = "giap"          // PupilPremium of Get Information about Pupils: one file
)

// Formats are all of them, in the order in which their files are listed.
func Formats() []string { return []string{SSDA903, CIN, SchoolCensus, GIAP} }

// EarliestOther is the first collection year with another format than SSDA903. CIN plan dates exist from it on.
const EarliestOther = 2022

// formats says which formats are written in a year that has them.
type formats struct{ ssda903, cin, census, giap bool }

func formatsOf(names []string) formats {
	has := func(name string) bool { return slices.Contains(names, name) }
	return formats{ssda903: has(SSDA903), cin: has(CIN), census: has(SchoolCensus), giap: has(GIAP)}
}

// in are the formats of a collection year.
func (f formats) in(year int) formats {
	if year < EarliestOther {
		return formats{ssda903: f.ssda903}
	}
	return f
}

// chosen brings the names into order, each once, and refuses what is none.
func chosen(names []string) ([]string, error) {
	if len(names) == 0 {
		return Formats(), nil
	}
	var out []string
	for _, known := range Formats() {
		if slices.Contains(names, known) {
			out = append(out, known)
		}
	}
	for _, name := range names {
		if !slices.Contains(out, name) {
			return nil, finding.WithHint(errors.New("a format that is asked for is not known"),
				"choose from "+strings.Join(Formats(), ", "))
		}
	}
	return out, nil
}

// possible refuses options with which nothing would be written.
func (o *CohortOptions) possible() error {
	if o.LastYear < EarliestOther && !slices.Contains(o.Formats, SSDA903) {
		return finding.WithHint(fmt.Errorf("collection years up to %d have SSDA903 returns only", o.LastYear),
			fmt.Sprintf("choose a last collection year of %d or later, or the format %s", EarliestOther, SSDA903))
	}
	return nil
}
