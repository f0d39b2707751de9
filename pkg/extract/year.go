package extract

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of a collection year.
const (
	RuleYearUnknown    = "YEAR_UNKNOWN"
	RuleYearMismatch   = "YEAR_MISMATCH"
	RuleYearNotEvident = "YEAR_NOT_EVIDENT"
)

// A set is one annual return: the files of one folder that say the same year, or none.
type set struct {
	folder  string
	said    int // the year that the path says, 0 for none
	sources []*Source
}

func sets(sources []*Source) []*set {
	var out []*set
	for _, src := range sources {
		folder, said := filepath.Dir(src.Path), yearSaid(src.below)
		at := slices.IndexFunc(out, func(s *set) bool { return s.folder == folder && s.said == said })
		if at < 0 {
			out = append(out, &set{folder: folder, said: said})
			at = len(out) - 1
		}
		out[at].sources = append(out[at].sources, src)
	}
	return out
}

// yearOf tells a set's collection year from what its path says and what the dates inside show. Dates after the end of
// the year that the path says refuse the set; a path that says nothing leaves it to the dates.
func (d *discovery) yearOf(ctx context.Context, s *set) (int, error) {
	shown, err := d.yearShown(ctx, s)
	if err != nil {
		return 0, err
	}
	place := finding.Place{File: s.folder}
	if len(s.sources) == 1 {
		place = s.sources[0].Place(0, "")
	}
	switch {
	case s.said == 0 && shown == 0:
		return 0, Stop(RuleYearUnknown, place, "nothing tells the collection year of these files",
			"put the set in a folder named for its year, such as 2025-26")
	case s.said == 0:
		return shown, nil
	case shown > s.said:
		return 0, Stop(RuleYearMismatch, place,
			fmt.Sprintf("the path says collection year %d, but the dates inside run to collection year %d", s.said, shown),
			"put the set in the folder of its own year, or correct the dates that are after 31 March of the year")
	case shown != 0 && shown < s.said:
		d.report.Add(RuleYearNotEvident, finding.Warning, place, fmt.Sprintf("the path says collection year %d, and no date inside is of it", s.said),
			"check that the set lies in the folder of its year")
	}
	return s.said, nil
}

// yearShown is the latest collection year of the dates that a set's evidence columns hold, slips of the keyboard aside:
// one date in a hundred may be later, and in small sets two, though never more than one in ten. The table with the most evidence columns is asked first (in the SSDA903
// return, the episodes); others only when it has no date. 0 when there is none.
func (d *discovery) yearShown(ctx context.Context, s *set) (int, error) {
	asked := slices.Clone(s.sources)
	slices.SortStableFunc(asked, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(len(b.Table.YearEvidence), len(a.Table.YearEvidence)), cmp.Compare(a.File, b.File))
	})
	for _, src := range asked {
		if len(src.Table.YearEvidence) == 0 {
			break
		}
		counts, err := d.evidence(ctx, src)
		if err != nil {
			return 0, err
		}
		if year := latestYear(counts); year != 0 {
			return year, nil
		}
	}
	return 0, nil
}

// evidence counts the dates of a source's evidence columns by collection year.
func (d *discovery) evidence(ctx context.Context, src *Source) (map[int]int64, error) {
	counts := make(map[int]int64)
	reader := d.readers[strings.ToLower(filepath.Ext(src.Path))]
	want := NewWant(src.Table, src.Table.YearEvidence...)
	_, err := reader.Read(ctx, src, want, func(b *Batch) error {
		for i := range b.Columns {
			count(&b.Columns[i], counts)
		}
		return nil
	}, &finding.Report{}) // what is wrong with the rows is reported when they are read for the drop
	return counts, err
}

func count(c *Column, counts map[int]int64) {
	if c.Def.Type != dataset.Date {
		return
	}
	for _, at := range c.Index {
		if v := c.Values[at]; v.State == Known {
			counts[civil.Date(v.Num).CollectionYear()]++
		}
	}
}

func latestYear(counts map[int]int64) int {
	years := make([]int, 0, len(counts))
	total := int64(0)
	for year, n := range counts {
		years = append(years, year)
		total += n
	}
	slices.Sort(years)
	slips := max(total/100, min(2, total/10))
	below := int64(0)
	for _, year := range years {
		below += counts[year]
		if total-below <= slips {
			return year
		}
	}
	return 0
}
