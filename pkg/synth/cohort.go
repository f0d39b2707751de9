package synth

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The bounds of CohortOptions.
const (
	MinChildren = 100
	MaxChildren = 1_000_000
	FirstYear   = 2017 // the first collection year whose codes are known here: the 2016-17 return
	LatestYear  = 2026 // the last one: the 2025-26 return
)

// defaultLACode is Coventry's.
const defaultLACode = "331"

// CohortOptions says which cohort to make. Everything but Progress decides every byte.
type CohortOptions struct {
	// Children is the number of children, MinChildren to MaxChildren. Each is in at least one annual set.
	Children int
	// Seed picks one cohort of many; 0 is a seed like any other.
	Seed uint64
	// LastYear is the last collection year: 2026 is the return of 1 April 2025 to 31 March 2026. 0 means LatestYear.
	LastYear int
	// Years is the number of annual sets, 1 to 10. 0 means all from FirstYear to LastYear.
	Years int
	// Formats are the formats to write, of those that Formats lists. nil means those of DefaultFormats. Whether one of them
	// has children in need decides who the children are: all looked after without, about a third of them with it.
	Formats []string
	// LACode is the DfE code of the council, three digits, as UPNs begin with. "" means 331.
	LACode string
	// AttendanceYears is how many academic years, the last ones, have daily attendance where that format is written: a pupil
	// has some 400 sessions a year. 0 means 2.
	AttendanceYears int
	// Progress, when set, is told from time to time, and at the end, how many children are done. It does not change
	// what is made.
	Progress func(done, total int)
}

// withDefaults fills in what was left out and refuses what cannot be made.
func (o CohortOptions) withDefaults() (CohortOptions, error) {
	if o.LastYear == 0 {
		o.LastYear = LatestYear
	}
	if o.AttendanceYears == 0 {
		o.AttendanceYears = dailyYears
	}
	if o.AttendanceYears < 1 || o.AttendanceYears > maxYears {
		return o, finding.WithHint(fmt.Errorf("%d academic years of daily attendance cannot be made", o.AttendanceYears), fmt.Sprintf("ask for 1 to %d", maxYears))
	}
	if o.LACode == "" {
		o.LACode = defaultLACode
	}
	if o.Children < MinChildren || o.Children > MaxChildren {
		return o, finding.WithHint(fmt.Errorf("a cohort of %d children cannot be made", o.Children),
			fmt.Sprintf("ask for %d to %d children", MinChildren, MaxChildren))
	}
	if o.LastYear < FirstYear || o.LastYear > LatestYear {
		return o, finding.WithHint(fmt.Errorf("the codes of collection year %d are not known", o.LastYear),
			fmt.Sprintf("choose a last collection year from %d to %d", FirstYear, LatestYear))
	}
	most := o.LastYear - FirstYear + 1
	if o.Years == 0 {
		o.Years = most
	}
	if o.Years < 1 || o.Years > most {
		return o, finding.WithHint(fmt.Errorf("%d annual sets up to collection year %d cannot be made", o.Years, o.LastYear),
			fmt.Sprintf("ask for 1 to %d years: the first set is that of collection year %d", most, FirstYear))
	}
	var err error
	if o.Formats, err = chosen(o.Formats); err != nil {
		return o, err
	}
	if err := o.possible(); err != nil {
		return o, err
	}
	if !isLACode(o.LACode) {
		return o, finding.WithHint(errors.New("the local authority code is not three digits"), "use the DfE code, such as 331")
	}
	return o, nil
}

func isLACode(s string) bool {
	if len(s) != 3 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// CohortSummary says what was written.
type CohortSummary struct {
	Children    int             `json:"children"`    // children made
	Identifiers int             `json:"identifiers"` // LA child IDs in SSDA903 and the CIN census: a child who returned after an adoption has two
	Files       int             `json:"files"`
	Seed        uint64          `json:"seed"`
	Formats     []FormatSummary `json:"formats"` // those written, in the order of Formats
	Sets        []SetSummary    `json:"sets"`    // one for each annual set, earliest first
}

// SetSummary is one annual set.
type SetSummary struct {
	Year   int            `json:"year"`   // collection year: 2026 for 2025-26
	Folder string         `json:"folder"` // name of the set's folder: 2025-26
	Tables []TableSummary `json:"tables"`
}

// TableSummary is one file of a set.
type TableSummary struct {
	Format string `json:"format"`
	File   string `json:"file"` // header.csv, autumn/pupilonroll.csv
	// Rows is the number of data rows, the header line not counted; of cin.xml, the rows that its blocks flatten to: one
	// for each child, CINdetails, assessment, plan, inquiry, child protection plan and disability.
	Rows int64 `json:"rows"`
}

// FormatSummary is all that was written in one format.
type FormatSummary struct {
	Format string `json:"format"`
	Files  int    `json:"files"`
	Rows   int64  `json:"rows"`
}

// Rows is the number of data rows in all files.
func (s *CohortSummary) Rows() int64 {
	var n int64
	for _, set := range s.Sets {
		for _, t := range set.Tables {
			n += t.Rows
		}
	}
	return n
}

// progressEvery is how many children are made between two looks at the context.
const progressEvery = 1000

// Cohort writes a synthetic cohort's annual sets into dir, which is made when it does not exist and refused when
// anything is in it. While it writes, files have the suffix .part and dir holds a file named INCOMPLETE: what a killed
// run leaves behind cannot be taken for a cohort. After an error, or when ctx is done, all that was made is removed.
func Cohort(ctx context.Context, dir string, opt CohortOptions) (summary *CohortSummary, err error) {
	opt, err = opt.withDefaults()
	if err != nil {
		return nil, err
	}
	g := newGenerator(opt)
	out, err := createSets(dir, g)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.discard())
		}
	}()
	identifiers := 0
	for i := range opt.Children {
		if i%progressEvery == 0 {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("synthetic cohort: %w", context.Cause(ctx))
			}
			if opt.Progress != nil && i > 0 {
				opt.Progress(i, opt.Children)
			}
		}
		p := g.person(i)
		for _, id := range p.known() {
			if g.returned(id) {
				identifiers++
			}
		}
		if err := out.write(p); err != nil {
			return nil, err
		}
		if other := g.outsider(i); other != nil {
			out.writePupil(other, &other.first)
			if i%10 == 0 {
				out.writeDaily(other, &other.first, false)
			}
		}
	}
	if err := out.commit(); err != nil {
		return nil, err
	}
	if opt.Progress != nil {
		opt.Progress(opt.Children, opt.Children)
	}
	summary = &CohortSummary{
		Children: opt.Children, Identifiers: identifiers, Files: out.count(), Seed: opt.Seed, Sets: out.summary(),
	}
	summary.byFormat(opt.Formats)
	return summary, nil
}

// byFormat adds up the sets.
func (s *CohortSummary) byFormat(names []string) {
	for _, name := range names {
		f := FormatSummary{Format: name}
		for _, set := range s.Sets {
			for _, t := range set.Tables {
				if t.Format == name {
					f.Files++
					f.Rows += t.Rows
				}
			}
		}
		if f.Files > 0 {
			s.Formats = append(s.Formats, f)
		}
	}
}
