package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/synth"
)

const synthLong = `Makes the extracts of a council that does not exist, one folder per collection
year, of children who were never born. The same seed gives the same bytes.
Nothing in it is taken from real data.

  ssda903        the returns of children looked after: header.csv, episodes.csv, …
  cin            the CIN census: cin.xml
  school_census  of each term: autumn/pupilonroll.csv, spring/fsmperiod.csv, …
  giap           pupil premium, from Get Information about Pupils:
                 pupil_premium.tab in even years, pupil_premium.csv in odd ones
  ssda903_xml    when asked for: ssda903 as one document, ssda903.xml
  ssda903_xlsx   when asked for: ssda903 as one workbook, ssda903.xlsx
  giap_census    when asked for: census downloads of Get Information about Pupils,
                 autumn/giap_census.tab, …
  attendance     when asked for: daily attendance of the last two academic years,
                 attendance.csv: some 400 rows a year for each child at school

All formats are of the same children: about a third are looked after, the others
are in need and never enter care, and about as many pupils again are in nobody's
social care. With --formats that leave out cin, every child is looked after. All
but ssda903 and cin begin with collection year 2018.

It has what real returns have: children in several annual sets, open episodes
and cases that come again each year, changes of placement, kinship care, returns
home, adoptions with a new number, unaccompanied asylum seekers, the unborn,
plans over years, unknown, temporary and former pupil numbers, pupils on two
rolls, several open periods of free school meals.

` + exitCodes

func (p *program) synthCommand() *cobra.Command {
	var opt synth.CohortOptions
	cohort := p.jsonFlag(&cobra.Command{
		Use: "cohort DIR --children N --seed S", Short: "Make synthetic extracts in a new folder", Long: synthLong,
		Example: "  postern synth cohort extracts --children 2000 --seed 7\n  postern synth cohort care --children 500 --formats ssda903,cin",
		Args:    arguments(1, 1, "the folder to make"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.cohort(cmd.Context(), args[0], opt) },
	})
	flags := cohort.Flags()
	flags.IntVar(&opt.Children, "children", 1000, "how many children, `N` from 100 to 1,000,000")
	flags.Uint64Var(&opt.Seed, "seed", 1, "which council of many, a whole number `S`")
	flags.IntVar(&opt.Years, "years", 10, "how many annual sets, from 1 to 10")
	flags.StringSliceVar(&opt.Formats, "formats", nil, "which to write, `F,…` (default ssda903,cin,school_census,giap)")
	flags.IntVar(&opt.AttendanceYears, "attendance-years", 2, "how many academic years, the last ones, have daily attendance")
	flags.IntVar(&opt.LastYear, "last-year", synth.LatestYear, "the last collection year, by the year it ends in")
	return group("synth", "Make synthetic extracts", cohort)
}

func (p *program) cohort(ctx context.Context, dir string, opt synth.CohortOptions) error {
	steps := p.steps()
	opt.Progress = func(done, _ int) {
		if steps.terminal != nil {
			steps.show(export.Event{Step: "making children", Done: int64(done)})
		}
	}
	summary, err := synth.Cohort(ctx, dir, opt)
	steps.done()
	if err != nil {
		return usageError{err}
	}
	if p.json {
		return writeJSON(p.stdout, summary)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "Made %d children in %d annual sets: %d files, %d rows, in %s. None of them exists.\n",
		summary.Children, len(summary.Sets), summary.Files, summary.Rows(), dir)
	for _, f := range summary.Formats {
		fmt.Fprintf(&text, "  %-13s  %3d files  %8d rows\n", f.Format, f.Files, f.Rows)
	}
	_, err = fmt.Fprint(p.stdout, text.String())
	return err
}
