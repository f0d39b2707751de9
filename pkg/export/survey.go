package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/state"
)

// The rules that hold between an agreement and the extracts.
const (
	RuleTableMissing       = "TABLE_MISSING"
	RuleTableMissingInYear = "TABLE_MISSING_IN_YEAR"
	RuleNothingUsable      = "NOTHING_USABLE"
)

// Survey is a set of extracts treated under an agreement and staged: everything is known of what would leave, and
// nothing is written but rows beyond memory, which Gateway.CloseSurvey removes.
type Survey struct {
	Agreement *agreement.Agreement
	Reference civil.Date
	Inventory *extract.Inventory
	Sources   []*extract.Source // those that feed a table of the agreement
	Found     []finding.Finding // about files and sets
	Tables    []*Staged         // in the agreement's order
	plan      *minimise.Plan
	spillName string // of the staging folder of spilled rows
	spilled   bool   // it was made
	ownLock   bool   // nobody holds the state folder's lock for this survey: it is taken when rows are spilled
	lock      *state.Lock
}

// Staged is one table, treated and staged.
type Staged struct {
	Table *minimise.Table
	Stage *minimise.Stage
	Tally harmonise.Tally
	Held  *minimise.Held
	Found []finding.Finding // about the table's rows
	Risk  *disclosure.Risk  // of a table with one row per child
}

// Quarantined is how many rows findings kept back.
func (s *Staged) Quarantined() int64 { return s.Tally.Quarantined + s.Held.Unusable }

// HeldBack is how many rows were held back for other reasons than a finding.
func (s *Staged) HeldBack() int64 {
	return s.Tally.Superseded + s.Tally.Marks + s.Held.NotInCohort + s.Held.OutsidePeriod
}

// discover recognises the extracts and finds those that the agreement needs.
func (g *Gateway) discover(ctx context.Context, a *agreement.Agreement, paths []string) (*Survey, error) {
	g.progress("recognising extracts", "", 0)
	report := &finding.Report{}
	inventory, err := extract.Discover(ctx, g.Catalogue, g.Readers, paths, report)
	if err != nil {
		return nil, err
	}
	s := &Survey{Agreement: a, Inventory: inventory}
	if err := g.needed(s, report); err != nil {
		return nil, err
	}
	s.Found = report.Findings()
	return s, nil
}

// needed lists the sources that the agreement's tables are made of, and holds the inventory to having them.
func (g *Gateway) needed(s *Survey, report *finding.Report) error {
	var ids []string
	missing := &extract.Invalid{}
	add := func(table string) {
		def := g.Catalogue.Table(table)
		from := harmonise.SourceTables(def)
		for i, id := range from {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
			// The first source makes the rows; the others fill in and may be absent.
			told := slices.ContainsFunc(missing.Findings, func(f finding.Finding) bool { return f.Place.Table == id })
			if i == 0 && len(s.Inventory.Of(id)) == 0 && !told {
				missing.Findings = append(missing.Findings, finding.Finding{
					Rule: RuleTableMissing, Severity: finding.Stop, Count: 1, Place: finding.Place{Table: id},
					Message: fmt.Sprintf("no extract holds this table, which the agreement needs for %s", table),
					Hint:    "add the table's file to the extracts, or take the table out of the agreement",
				})
			}
		}
	}
	for _, t := range s.Agreement.Tables {
		add(t.ID)
	}
	if s.Agreement.Cohort != nil {
		add(s.Agreement.Cohort.Table)
	}
	for _, e := range s.Agreement.IndexEvents {
		add(e.Table)
	}
	if len(missing.Findings) > 0 {
		return missing
	}
	for _, src := range s.Inventory.Sources {
		if slices.Contains(ids, src.Table.ID()) {
			s.Sources = append(s.Sources, src)
		}
	}
	warnOfGaps(s, ids, report)
	return nil
}

// warnOfGaps reports each collection year that has extracts but lacks a table that is needed.
func warnOfGaps(s *Survey, ids []string, report *finding.Report) {
	var years []int
	for _, src := range s.Inventory.Sources {
		if !slices.Contains(years, src.Year) {
			years = append(years, src.Year)
		}
	}
	for _, id := range ids {
		for _, year := range years {
			sources := s.Inventory.Of(id)
			if len(sources) == 0 || !sources[0].Table.In(year) ||
				slices.ContainsFunc(sources, func(src *extract.Source) bool { return src.Year == year }) {
				continue
			}
			report.Add(RuleTableMissingInYear, finding.Warning, finding.Place{Table: id, File: fmt.Sprintf("collection year %d", year)},
				"the year has other extracts, but not this table", "add the table's file, unless the return of that year had none")
		}
	}
}

// InputDigest names everything that decides the bytes of the Parquet files: the program's version, the agreement, the
// definitions, the keys, the reference date and the extracts used.
func (g *Gateway) inputDigest(s *Survey, keyCheck string) string {
	h := sha256.New()
	definitions := g.Catalogue.Digest()
	_, _ = fmt.Fprintf(h, "postern %s\nagreement %x\ndefinitions %x\nkeys %s\nreference %s\n",
		g.Version, s.Agreement.SHA256, definitions, keyCheck, s.Reference) // a hash never fails
	lines := make([]string, len(s.Sources))
	for i, src := range s.Sources {
		lines[i] = fmt.Sprintf("%s %d %x\n", src.Table.ID(), src.Year, src.SHA256)
	}
	slices.Sort(lines)
	h.Write([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(h.Sum(nil))
}

// stage reads, brings together, treats and stages every table. Rows beyond memory go to the folder that spill makes.
func (g *Gateway) stage(ctx context.Context, s *Survey, keys minimise.Keys, spill func() (string, error)) error {
	plan, err := minimise.Compile(g.Catalogue, s.Agreement, keys, s.Reference)
	if err != nil {
		return err
	}
	s.plan = plan
	for _, look := range plan.Lookups {
		// What is wrong with these rows is reported when the table itself is read.
		in := g.input(s, &finding.Report{})
		g.progress("looking up", look.Source.ID(), 0)
		if _, err := harmonise.Table(ctx, in, look.Source, look.Needs, look.Observe); err != nil {
			return err
		}
	}
	for _, t := range plan.Tables {
		if err := g.stageTable(ctx, s, t, spill); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) stageTable(ctx context.Context, s *Survey, t *minimise.Table, spill func() (string, error)) error {
	report := &finding.Report{}
	staged := &Staged{Table: t, Stage: t.NewStage(spill), Held: minimise.NewHeld()}
	if g.StageBytes > 0 {
		staged.Stage.SpillAt(g.StageBytes)
	}
	s.Tables = append(s.Tables, staged)
	var err error
	staged.Tally, err = harmonise.Table(ctx, g.input(s, report), t.Source, t.Needs(), func(b *extract.Batch) error {
		treated, err := t.Apply(b, staged.Held, report)
		if err != nil {
			return err
		}
		if err := staged.Stage.Add(treated); err != nil {
			return err
		}
		g.progress("treating", t.ID, staged.Stage.Rows())
		return nil
	})
	staged.Found = report.Findings()
	if err != nil {
		return err
	}
	nobody, seen := staged.Held.Nobody+staged.Tally.Nobody, staged.Tally.Read-staged.Tally.Marks
	if t.Children >= 0 {
		if err := minimise.CheckUnusable(t.ID, nobody, seen, s.Agreement.Pseudonyms.MaxUnusable); err != nil {
			return err
		}
	}
	if t.PerChild() {
		risk, err := disclosure.Measure(ctx, staged.Stage, t.Quasi)
		if err != nil {
			return err
		}
		for _, i := range t.Quasi {
			risk.QuasiIdentifiers = append(risk.QuasiIdentifiers, t.ID+"."+t.Columns[i].Name)
		}
		staged.Risk = &risk
	}
	return nil
}

// input is what the harmoniser reads from.
func (g *Gateway) input(s *Survey, report *finding.Report) harmonise.Input {
	return harmonise.Input{
		Inventory: s.Inventory, Children: s.plan.Children(), Report: report,
		Read: func(ctx context.Context, src *extract.Source, want extract.Want, sink func(*extract.Batch) error) (extract.Tally, error) {
			g.detail("reading", src.File)
			reader := g.Readers[strings.ToLower(filepath.Ext(src.Path))]
			tally, err := reader.Read(ctx, src, want, sink, report)
			if err == nil && tally.Read > 0 && tally.Passed == 0 {
				return tally, nothingUsable(src, report)
			}
			return tally, err
		},
	}
}

// nothingUsable refuses a file of which every row was kept back: it is more likely the wrong file, or of another year,
// than a file of wrong rows.
func nothingUsable(src *extract.Source, report *finding.Report) error {
	bad := &extract.Invalid{Findings: []finding.Finding{{
		Rule: RuleNothingUsable, Severity: finding.Stop, Place: src.Place(0, ""), Count: 1,
		Message: "every row of the file was kept back, so nothing can be made of it",
		Hint:    "look at the findings on its rows; check that it is the right file of the right collection year",
	}}}
	for _, f := range report.Findings() {
		if f.Place.File == src.File {
			bad.Findings = append(bad.Findings, f)
		}
	}
	return bad
}
