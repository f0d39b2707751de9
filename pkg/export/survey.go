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
	"github.com/postern-gateway/postern/pkg/dataset"
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
	RuleNothingLeaves      = "NOTHING_LEAVES"
	RuleOtherAuthority     = "OTHER_AUTHORITY"
	RuleLinkage            = "LINKAGE_BELOW_AGREED"
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
	Links     []LinkRecord      // how well children were found again in other extracts
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
	return s.Account().HeldBack.Total()
}

// discover recognises the extracts and finds those that the agreement needs.
func (g *Gateway) discover(ctx context.Context, a *agreement.Agreement, paths []string) (*Survey, error) {
	g.progress("recognising extracts", "", 0)
	s := &Survey{Agreement: a}
	report := s.report()
	inventory, err := extract.Discover(ctx, g.Catalogue, g.Readers, paths, report)
	if err != nil {
		return nil, err
	}
	s.Inventory = inventory
	if err := g.needed(s, report); err != nil {
		return nil, err
	}
	s.Found = report.Findings()
	return s, nil
}

// needed lists the sources that the agreement's tables are made of, and holds the inventory to having them.
func (g *Gateway) needed(s *Survey, report *finding.Report) error {
	n := &needs{inventory: s.Inventory, missing: &extract.Invalid{}}
	linked := false
	for _, id := range named(s.Agreement) {
		t := g.Catalogue.Table(id)
		linked = linked || t.Linked()
		n.add(t)
	}
	if linked {
		for _, link := range g.Catalogue.Links() {
			n.ids = appendNew(n.ids, link.Table)
		}
	}
	if len(n.missing.Findings) > 0 {
		return n.missing
	}
	for _, src := range s.Inventory.Sources {
		if slices.Contains(n.ids, src.Table.ID()) {
			s.Sources = append(s.Sources, src)
		}
	}
	if err := g.ownAuthority(s.Sources); err != nil {
		return err
	}
	warnOfGaps(s, g.Catalogue, n.ids, report)
	return nil
}

// named lists the tables that an agreement names: those that leave, and those that are looked at.
func named(a *agreement.Agreement) []string {
	var ids []string
	for _, t := range a.Tables {
		ids = append(ids, t.ID)
	}
	if a.Cohort != nil {
		ids = append(ids, a.Cohort.Table)
	}
	for _, e := range a.IndexEvents {
		ids = append(ids, e.Table)
	}
	return ids
}

// needs gathers the source tables that are needed, and findings on those of which there is no extract.
type needs struct {
	inventory *extract.Inventory
	ids       []string
	missing   *extract.Invalid
}

// add notes what a table is made of. One of the sources that make its rows must be there; the others fill in.
func (n *needs) add(def *dataset.Table) {
	rows := harmonise.RowSources(def)
	for _, id := range harmonise.SourceTables(def) {
		n.ids = appendNew(n.ids, id)
	}
	there := slices.ContainsFunc(rows, func(id string) bool { return len(n.inventory.Of(id)) > 0 })
	told := slices.ContainsFunc(n.missing.Findings, func(f finding.Finding) bool { return f.Place.Table == rows[0] })
	if there || told {
		return
	}
	message := fmt.Sprintf("no extract holds this table, which the agreement needs for %s", def.ID())
	if len(rows) > 1 {
		message += "; nor " + strings.Join(rows[1:], ", nor ")
	}
	n.missing.Findings = append(n.missing.Findings, finding.Finding{
		Rule: RuleTableMissing, Severity: finding.Stop, Count: 1, Place: finding.Place{Table: rows[0]},
		Message: message, Hint: "add the table's file to the extracts, or take the table out of the agreement",
	})
}

func appendNew(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// ownAuthority refuses an extract that says it is of another authority: its children are not this council's to share.
func (g *Gateway) ownAuthority(sources []*extract.Source) error {
	foreign := &extract.Invalid{}
	seen := make(map[string]bool)
	for _, src := range sources {
		if src.Authority == "" || src.Authority == g.LACode || seen[src.File] {
			continue
		}
		seen[src.File] = true
		foreign.Findings = append(foreign.Findings, finding.Finding{
			Rule: RuleOtherAuthority, Severity: finding.Stop, Count: 1, Place: finding.Place{File: src.File},
			Message: "the file says that it is of another local authority than postern.yaml names",
			Hint:    "use this council's own return; if it is, correct its LEA, or la_code in postern.yaml",
		})
	}
	if len(foreign.Findings) > 0 {
		return foreign
	}
	return nil
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
		lines[i] = fmt.Sprintf("%s %d%s %x\n", src.Table.ID(), src.Year, src.Term, src.SHA256)
	}
	slices.Sort(lines)
	h.Write([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(h.Sum(nil))
}

// StageMemory is how much of the treated rows all tables together keep in memory, in bytes, before they spill them.
const StageMemory = 160 << 20

// mostChildren is how many children of tables that pass row by row have a number, and so their pseudonym, in memory: more
// than nearly every council has. Beyond, rows have their pseudonyms with them: on a processor with SHA
// instructions, to find one child among so many costs about as much as to hash the identifier again.
const mostChildren = 1 << 18

// stage reads, brings together, treats and stages every table. Rows beyond memory go to the folder that spill makes.
func (g *Gateway) stage(ctx context.Context, s *Survey, keys minimise.Keys, spill func() (string, error)) error {
	plan, err := minimise.Compile(g.Catalogue, s.Agreement, keys, s.Reference)
	if err != nil {
		return err
	}
	s.plan = plan
	most := mostChildren
	if g.MostChildren > 0 {
		most = g.MostChildren
	}
	plan.Children().NumberAtMost(most, spill)
	in := harmonise.Input{Inventory: s.Inventory, Children: plan.Children(), Read: g.read, Choices: choicesOf(s.Agreement)}
	linking, looking := s.report(), s.report()
	if in.Links, err = g.lookUp(ctx, in, plan, linking, looking); err != nil {
		return err
	}
	var jobs []*harmonise.Job
	for _, t := range plan.Tables {
		jobs = append(jobs, g.job(s, t, spill, len(plan.Tables)))
	}
	err = harmonise.Make(ctx, in, jobs, nil)
	for i, job := range jobs {
		s.Tables[i].Tally, s.Tables[i].Found = job.Tally, job.Report.Findings()
	}
	s.Found = append(s.Found, linking.Findings()...)
	if err != nil {
		return err
	}
	if err := plan.Children().Distinct(); err != nil {
		return err
	}
	if err := s.ended(g.linkage(s, in.Links), looking); err != nil {
		return err
	}
	for _, t := range s.Tables {
		if err := t.judge(ctx, s); err != nil {
			return err
		}
		if err := t.Account().balanced(); err != nil {
			return err
		}
	}
	return s.ended(nil)
}

// choicesOf hands on what an agreement decides.
func choicesOf(a *agreement.Agreement) harmonise.Choices {
	c := a.Choices
	return harmonise.Choices{
		ShortBreaks: c.ShortBreaks == agreement.ShortBreaksCount, Premiums: c.Premiums, Ethnicity: c.Ethnicity, Confidential: c.Confidential,
	}
}

// lookUp finds out which children the agreement is about, when their index events were and, where the plan needs it,
// which pupils are which children. What is wrong with the rows that are looked up is told when the table itself is read;
// looking has it too, since what keeps a row back there keeps it back here.
func (g *Gateway) lookUp(ctx context.Context, in harmonise.Input, plan *minimise.Plan, report, looking *finding.Report) (*harmonise.Links, error) {
	var links *harmonise.Links
	if plan.Linked() {
		links = harmonise.NewLinks(g.Catalogue.Links(), report)
	}
	var jobs []*harmonise.Job
	for _, look := range plan.Lookups {
		jobs = append(jobs, &harmonise.Job{Table: look.Source, Columns: look.Needs, Report: looking, Sink: look.Observe})
		g.progress("looking up", look.Source.ID(), 0)
	}
	if plan.LooksUpPupils() {
		if err := harmonise.Make(ctx, in, nil, links); err != nil {
			return nil, err
		}
		in.Links = links
		return links, harmonise.Make(ctx, in, jobs, nil)
	}
	return links, harmonise.Make(ctx, in, jobs, links)
}

// judge holds a staged table to the agreement's limits, and measures what it discloses.
func (s *Staged) judge(ctx context.Context, all *Survey) error {
	nobody, seen := s.Held.Nobody+s.Tally.Nobody, s.Tally.Read-s.Tally.Marks-s.Tally.Confidential
	if s.Table.Children >= 0 {
		if err := minimise.CheckUnusable(s.Table.ID, nobody, seen, all.Agreement.Pseudonyms.MaxUnusable); err != nil {
			return err
		}
	}
	if s.Tally.Read > 0 && s.Stage.Rows() == 0 {
		s.Found = append(s.Found, finding.Finding{
			Rule: RuleNothingLeaves, Severity: all.weighs(RuleNothingLeaves, finding.Warning), Count: s.Tally.Read, Place: finding.Place{Table: s.Table.ID},
			Message: "rows were read, and none of the table leaves", Hint: "look at what was held back and why, before the drop is used",
		})
	}
	if !s.Table.PerChild() {
		return nil
	}
	risk, err := disclosure.Measure(ctx, s.Stage, s.Table.Quasi)
	if err != nil {
		return err
	}
	for _, i := range s.Table.Quasi {
		risk.QuasiIdentifiers = append(risk.QuasiIdentifiers, s.Table.ID+"."+s.Table.Columns[i].Name)
	}
	s.Risk = &risk
	return nil
}

// read reads what is wanted of one file.
func (g *Gateway) read(ctx context.Context, demands []*extract.Demand) error {
	src := demands[0].Source
	g.detail("reading", src.File)
	reader := g.Readers[strings.ToLower(filepath.Ext(src.Path))]
	if err := reader.Read(ctx, demands); err != nil {
		return err
	}
	for _, d := range demands {
		if d.Tally.Read >= leastRows(d.Source) && d.Tally.Passed+d.Tally.Confidential == 0 {
			return nothingUsable(d)
		}
	}
	return nil
}

// leastRows is from how many rows on a table of which none can be used stops the run. A document has tables of a few
// rows, and one wrong row of these is not yet a wrong file.
func leastRows(src *extract.Source) int64 {
	if src.Form == extract.Document {
		return 20
	}
	return 1
}

// nothingUsable refuses a table of which every row was kept back: it is more likely the wrong file, or of another year,
// than a file of wrong rows.
func nothingUsable(d *extract.Demand) error {
	src := d.Source
	bad := &extract.Invalid{Findings: []finding.Finding{{
		Rule: RuleNothingUsable, Severity: finding.Stop, Place: src.Place(0, ""), Count: 1,
		Message: "every row of the table was kept back, so nothing can be made of it",
		Hint:    "look at the findings on its rows; check that it is the right file of the right collection year",
	}}}
	for _, f := range d.Report.Findings() {
		if f.Place.File == src.File && f.Place.Table == src.Table.ID() {
			bad.Findings = append(bad.Findings, f)
		}
	}
	return bad
}
