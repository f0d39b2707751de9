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
	SchoolCensus = "school_census" // the school census: CSV files of one table each
	GIAP         = "giap"          // PupilPremium of Get Information about Pupils: one file
	SSDA903XML   = "ssda903_xml"   // the return of children looked after as one document: ssda903.xml
	SSDA903Sheet = "ssda903_xlsx"  // the same as one workbook: ssda903.xlsx
	SSD          = "ssd"           // the Standard Safeguarding Dataset, of the last collection year: CSV files of one table each
	AnnexA       = "annex_a"       // Ofsted's Annex A, of the last collection year: annex_a.xlsx
	GIAPCensus   = "giap_census"   // census downloads of Get Information about Pupils
	Attendance   = "attendance"    // daily attendance: attendance.csv
)

// Formats are all of them, in the order in which their files are listed.
func Formats() []string {
	return append(DefaultFormats(), SSDA903XML, SSDA903Sheet, SSD, AnnexA, GIAPCensus, Attendance)
}

// DefaultFormats are those that are written when none is named: one of each kind of fact, none of them twice.
func DefaultFormats() []string { return []string{SSDA903, CIN, SchoolCensus, GIAP} }

// Earliest is the first collection year with a format.
func Earliest(format string) int {
	switch format {
	case SSDA903, SSDA903XML, SSDA903Sheet, CIN:
		return FirstYear
	default:
		return EarliestOther
	}
}

// EarliestOther is the first collection year with a format of schools.
const EarliestOther = 2018

// plansFrom is the first collection year whose CIN census has plan dates.
const plansFrom = 2022

// formats says which formats are written, by their names.
type formats map[string]bool

func formatsOf(names []string) formats {
	out := make(formats)
	for _, name := range names {
		out[name] = true
	}
	return out
}

// in are the formats of a collection year.
func (f formats) in(year int) formats {
	out := make(formats)
	for name := range f {
		if year >= Earliest(name) {
			out[name] = true
		}
	}
	return out
}

// annual are those that are made every year. Of the others, the case system as it is on a day, the last year alone has one.
func (f formats) annual() formats {
	out := make(formats)
	for name := range f {
		if name != SSD && name != AnnexA {
			out[name] = true
		}
	}
	return out
}

// need reports whether children in need are among those made, who may never be looked after.
func (f formats) need() bool { return f[CIN] || f[SSD] || f[AnnexA] }

// care reports whether what a return of children looked after says is written in some form.
func (f formats) care() bool {
	return f[SSDA903] || f[SSDA903XML] || f[SSDA903Sheet] || f[SSD] || f[AnnexA]
}

// chosen brings the names into order, each once, and refuses what is none.
func chosen(names []string) ([]string, error) {
	if len(names) == 0 {
		return DefaultFormats(), nil
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
	if slices.ContainsFunc(o.Formats, func(name string) bool { return Earliest(name) <= o.LastYear }) {
		return nil
	}
	return finding.WithHint(fmt.Errorf("collection years up to %d have none of the formats that are asked for", o.LastYear),
		fmt.Sprintf("choose a later last collection year, or one of the formats %s and %s", SSDA903, CIN))
}
